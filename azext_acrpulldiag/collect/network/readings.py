"""The reads of the network, each begun as early as what it depends on allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...facts import Cluster, Network, Outbound, Registry, Unreadable
from ..ask.arm import ArmReader
from ..ask.deadline import Deadline
from ..ask.once import Once
from ..ask.session import Session
from ..plan import Plan, Task, needing
from .appliances import near_networks, read_endpoint_side, read_hubs, read_rules
from .outbound import filters_by_address, read_outbound
from .private_link import read_endpoints
from .private_zones import find_zones, search_zones
from .topology import NodeSide, read_named_networks, read_node_side
from .virtual_hubs import read_hub_routing, unread_routing


class NetworkReads:
    """Begun in the constructor, where the network is ``wanted``.

    How the nodes leave does not wait for private endpoints, and nothing here waits for the
    instances of scale sets.
    """

    def __init__(
        self,
        plan: Plan,
        reader: ArmReader,
        session: Session,
        registry: Task[Any],
        cluster: Task[Any],
        models: Task[Any],
        wanted: bool,
    ) -> None:
        self._reader, self._session = reader, session
        self._once = once = Once(reader)

        def start(name: str, work: Callable[..., Any], *after: Task[Any]) -> Task[Any]:
            return plan.start(name, work if wanted else lambda *_: None, *after)

        managed = start("networks", needing(self._read_named), cluster)
        self._side = side = start("nodeNetworks", self._read_node_side, cluster, models, managed)
        self._hubs = hubs = start("hubs", needing(lambda found: read_hubs(once, found.network)), side)
        self._rules = start("firewallRules", needing(lambda found: read_rules(once, found)), hubs)
        self._wan = start(
            "virtualHubs", needing(lambda found: read_hub_routing(once.ask, found.network.networks)), side
        )
        self.outbound: Task[tuple[Outbound, ...] | None] = start(
            "outbound", self._read_outbound, registry, cluster, side, hubs
        )
        self._endpoints = endpoints = start(
            "privateEndpoints", needing(lambda found: read_endpoints(reader, found)), registry
        )
        graph = start("zonesInGraph", self._find_zones, registry, cluster)
        self._zones = start("privateZones", self._search_zones, registry, cluster, endpoints, side, graph)
        self._whole = start("endpointNetworks", self._read_endpoint_side, side, hubs, endpoints)

    def network(self, deadline: Deadline) -> Network | Unreadable | None:
        """Wait for everything; where a part was not read in time, the others stand. ``None``: not wanted."""
        whole, rules = self._whole.answer(deadline), self._rules.answer(deadline)
        side, hubs = self._side.answer(deadline), self._hubs.answer(deadline)
        if side is None or isinstance(side, Unreadable):
            return side
        network = _widest(side, hubs) if isinstance(whole, Unreadable) else whole
        if not isinstance(rules, Unreadable):
            network = replace(
                network,
                firewalls={**network.firewalls, **rules.firewalls},
                ip_groups={**network.ip_groups, **rules.ip_groups},
            )
        wan = self._wan.answer(deadline)
        routing, ip_groups = (unread_routing(network.networks, wan), {}) if isinstance(wan, Unreadable) else wan
        return replace(
            network,
            endpoints=self._endpoints.answer(deadline),
            zones=self._zones.answer(deadline),
            hubs=routing,
            ip_groups={**network.ip_groups, **ip_groups},
        )

    def _read_named(self, cluster: Cluster | None) -> str | Unreadable | None:
        return None if cluster is None else read_named_networks(self._once, cluster)

    def _read_node_side(self, cluster: Any, models: Any, managed: Any) -> NodeSide | Unreadable:
        """Unreadable hosts are no hindrance: the cluster's own pools stand in for them."""
        if cluster is None:
            return Unreadable("not-found", "The cluster does not exist")
        return cluster if isinstance(cluster, Unreadable) else read_node_side(self._once, cluster, models, managed)

    def _read_outbound(self, registry: Any, cluster: Any, side: Any, hubs: Any) -> Any:
        """``None`` also where the registry does not filter by address."""
        if isinstance(registry, Unreadable):
            return registry
        if not filters_by_address(registry):
            return None
        if isinstance(side, Unreadable):
            return side
        return read_outbound(self._once, cluster, side, _widest(side, hubs))

    def _find_zones(self, registry: Any, cluster: Any) -> Any:
        if isinstance(registry, Unreadable):
            return registry
        return find_zones(self._reader, self._session, registry, _subscriptions(registry, cluster))

    def _search_zones(self, registry: Any, cluster: Any, endpoints: Any, side: Any, graph: Any) -> Any:
        if isinstance(registry, Unreadable):
            return registry
        near = [] if isinstance(endpoints, Unreadable) else [endpoint.id for endpoint in endpoints]
        near.extend(() if isinstance(side, Unreadable) else near_networks(side.network))
        subscriptions = {one.split("/")[2].lower() for one in near if one} | _subscriptions(registry, cluster)
        return search_zones(self._reader, self._session, registry, endpoints, subscriptions, graph)

    def _read_endpoint_side(self, side: Any, hubs: Any, endpoints: Any) -> Any:
        if isinstance(side, Unreadable) or isinstance(endpoints, Unreadable):
            return side if isinstance(side, Unreadable) else endpoints
        return read_endpoint_side(self._once, _widest(side, hubs), endpoints)


def _widest(side: NodeSide, hubs: Network | Unreadable) -> Network:
    """What was read of the network; where nothing behind it could be, the nodes' side of it."""
    return side.network if isinstance(hubs, Unreadable) else hubs


def _subscriptions(registry: Registry, cluster: Any) -> set[str]:
    found = {registry.subscription.lower()}
    return found | {cluster.subscription.lower()} if isinstance(cluster, Cluster) else found
