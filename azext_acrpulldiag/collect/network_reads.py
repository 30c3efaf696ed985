"""The reads of the network, each begun as early as what it depends on allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..facts import Cluster, Network, Outbound, PrivateEndpoint, Registry, Unreadable
from .arm import ArmReader
from .hubs import read_endpoint_side, read_hubs
from .once import Once
from .outbound import filters_by_address, read_outbound
from .plan import Plan, Task, needing
from .topology import NodeSide, read_named_networks, read_node_side


class NetworkReads:
    """Begun in the constructor. ``None`` in every answer: the network was not asked for.

    How the nodes leave does not wait for private endpoints, and nothing here waits for the
    instances of scale sets.
    """

    def __init__(
        self, plan: Plan, reader: ArmReader, registry: Task[Any], cluster: Task[Any], models: Task[Any], wanted: bool
    ) -> None:
        self._once = once = Once(reader)
        managed: Task[Any] = plan.start("networks", _if(wanted, needing(self._read_named)), cluster)
        node_side: Task[Any] = plan.start("nodeNetworks", _if(wanted, self._read_node_side), cluster, models, managed)
        hubs: Task[Any] = plan.start(
            "hubs", _if(wanted, needing(lambda side: read_hubs(once, side.network))), node_side
        )
        self.outbound: Task[tuple[Outbound, ...] | None] = plan.start(
            "outbound", _if(wanted, self._read_outbound), registry, cluster, node_side, hubs
        )
        self.network: Task[Network | None] = plan.start(
            "network", _if(wanted, self._read_endpoint_side), registry, node_side, hubs
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

    def _read_endpoint_side(self, registry: Any, side: Any, hubs: Any) -> Any:
        if isinstance(side, Unreadable):
            return side
        return read_endpoint_side(self._once, _widest(side, hubs), _endpoints(registry), None)


def _if(wanted: bool, work: Callable[..., Any]) -> Callable[..., Any]:
    return work if wanted else lambda *_: None


def _widest(side: NodeSide, hubs: Network | Unreadable) -> Network:
    """What was read of the network; where nothing behind it could be, the nodes' side of it."""
    return side.network if isinstance(hubs, Unreadable) else hubs


def _endpoints(registry: Registry | Unreadable) -> tuple[PrivateEndpoint, ...] | Unreadable:
    if isinstance(registry, Unreadable):
        return registry
    if registry.private_endpoints == ():
        return ()
    return Unreadable("not-shown", "The private endpoints of the registry were not read")
