"""The functions behind the table's rows about the network.

Each takes the run's readers and the answers of the rows that it comes after. How the nodes leave does
not wait for private endpoints, and nothing here waits for the instances of scale sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...arm_ids import subscription_of
from ...facts import (
    Cluster,
    Forwarding,
    HubRouting,
    Managed,
    Network,
    NodeHost,
    Outbound,
    PrivateEndpoint,
    Registry,
    Replication,
    Unreadable,
    ZoneSearch,
)
from ..ask.readers import Readers
from .appliances import near_networks, read_endpoint_side, read_hubs, read_rules
from .forwarding import read_forwarding
from .managers import find_managers, read_managed, read_named_rules, unread_managed
from .outbound import filters_by_address, read_outbound
from .private_link import read_endpoints
from .private_zones import FoundZones, find_zones, search_zones
from .topology import NodeSide, read_named_networks, read_node_side
from .virtual_hubs import read_hub_routing, unread_routing

Endpoints = tuple[PrivateEndpoint, ...]
Regions = tuple[Replication, ...]
Routing = tuple[Mapping[str, HubRouting | Unreadable], Mapping[str, tuple[str, ...] | Unreadable | None]]
"""What virtual hubs announce, and the IP groups of their firewalls' rules."""
PrivateDns = tuple[ZoneSearch | Unreadable | None, Forwarding | Unreadable | None]
"""What Azure's DNS answers from private zones, and whom it forwards names to."""


def named_networks(readers: Readers, cluster: Cluster) -> str | Unreadable | None:
    """The networks that the cluster names, before its hosts are known; see :func:`~.topology.read_named_networks`."""
    return read_named_networks(readers.once, cluster)


def node_side(
    readers: Readers,
    cluster: Cluster | Unreadable,
    hosts: tuple[NodeHost, ...] | Unreadable,
    managed: str | Unreadable | None,
) -> NodeSide | Unreadable:
    """Where the nodes sit. Unreadable hosts are no hindrance: the cluster's own pools stand in for them."""
    return cluster if isinstance(cluster, Unreadable) else read_node_side(readers.once, cluster, hosts, managed)


def hubs(readers: Readers, side: NodeSide) -> Network:
    """What answers at the addresses that DNS settings, and routes for public addresses, name."""
    return read_hubs(readers.once, side.network)


def firewall_rules(readers: Readers, found: Network) -> Network:
    """The policies of the firewalls among the hubs."""
    return read_rules(readers.once, found)


def virtual_hubs(readers: Readers, side: NodeSide) -> Routing:
    """What virtual hubs announce to the networks of the nodes."""
    return read_hub_routing(readers.once.ask, side.network.networks)


def outbound(
    readers: Readers,
    registry: Registry | Unreadable,
    cluster: Cluster | Unreadable,
    side: NodeSide | Unreadable,
    found: Network | Unreadable,
) -> Outbound | Unreadable | None:
    """How the nodes leave. ``None``: the registry does not filter by address."""
    if isinstance(registry, Unreadable):
        return registry
    if not filters_by_address(registry):
        return None
    if isinstance(cluster, Unreadable):
        return cluster
    if isinstance(side, Unreadable):
        return side
    return read_outbound(readers.once, cluster, side, _widest(side, found))


def endpoints(readers: Readers, registry: Registry) -> Endpoints | Unreadable:
    """The private endpoints of the registry."""
    return read_endpoints(readers.arm, registry)


def zones_in_graph(
    readers: Readers, registry: Registry | Unreadable, cluster: Cluster | Unreadable
) -> FoundZones | Unreadable | None:
    """The private zones, resolvers and rulesets that Resource Graph shows; see :func:`~.private_zones.find_zones`."""
    if isinstance(registry, Unreadable):
        return registry
    return find_zones(readers.arm, readers.session, registry, _subscriptions(registry, cluster))


def private_zones(
    readers: Readers,
    registry: Registry | Unreadable,
    cluster: Cluster | Unreadable,
    ends: Endpoints | Unreadable,
    side: NodeSide | Unreadable,
    graph: FoundZones | Unreadable | None,
) -> ZoneSearch | Unreadable | None:
    """The private zones that a query for the registry's names can meet; see :func:`~.private_zones.search_zones`."""
    if isinstance(registry, Unreadable):
        return registry
    near = [] if isinstance(ends, Unreadable) else [each.id for each in ends]
    near.extend(() if isinstance(side, Unreadable) else near_networks(side.network))
    subscriptions = _subscriptions(registry, cluster)
    subscriptions |= {found.lower() for one in near if one and (found := subscription_of(one))}
    return search_zones(readers.arm, readers.session, registry, ends, subscriptions, graph)


def forwarding(
    readers: Readers,
    registry: Registry | Unreadable,
    side: NodeSide | Unreadable,
    found: Network | Unreadable,
    rules: Network | Unreadable,
    graph: FoundZones | Unreadable | None,
) -> Forwarding | Unreadable | None:
    """The forwarding rules that a query for the registry's names can meet; see :func:`~.forwarding.read_forwarding`.

    A firewall may be the nodes' DNS server, and its policy has its DNS settings. ``None``: no name passes through
    private link.
    """
    if isinstance(registry, Unreadable):
        return registry
    if graph is None:
        return None
    if isinstance(side, Unreadable):
        return side
    known = found if isinstance(rules, Unreadable) else rules
    return read_forwarding(readers.arm, readers.once, _widest(side, known), registry, graph)


def private_dns(
    _: Readers, zones: ZoneSearch | Unreadable | None, forwarded: Forwarding | Unreadable | None
) -> PrivateDns:
    """Put what decides about private names together."""
    return zones, forwarded


def endpoint_side(
    readers: Readers, side: NodeSide | Unreadable, found: Network | Unreadable, ends: Endpoints | Unreadable
) -> Network | Unreadable:
    """The networks of the private endpoints, and what answers where routes send traffic for them."""
    if isinstance(side, Unreadable):
        return side
    if isinstance(ends, Unreadable):
        return ends
    return read_endpoint_side(readers.once, _widest(side, found), ends)


def admin_rules(readers: Readers, cluster: Cluster | Unreadable, managed: str | Unreadable | None) -> None:
    """Ask early for the security admin rules of the networks that the cluster names."""
    if not isinstance(cluster, Unreadable):
        read_named_rules(readers.once, cluster, managed)


def managed_networks(
    readers: Readers,
    registry: Registry | Unreadable,
    cluster: Cluster | Unreadable,
    side: NodeSide | Unreadable,
    found: Network | Unreadable,
    ends: Endpoints | Unreadable,
    whole: Network | Unreadable,
    _: Unreadable | None,
) -> Managed | Unreadable:
    """What Virtual Network Managers do to the networks on the way; see :func:`~.managers.read_managed`."""
    if isinstance(side, Unreadable):
        return side
    near = [each.subscription for each in (registry, cluster) if not isinstance(each, Unreadable)]
    joined = _widest(side, found) if isinstance(whole, Unreadable) else whole
    return read_managed(
        readers.once, lambda: find_managers(readers.arm, readers.session, near), joined, _readable(ends)
    )


def network(
    _: Readers,
    side: NodeSide | Unreadable,
    found: Network | Unreadable,
    rules: Network | Unreadable,
    announced: Routing | Unreadable,
    ends: Endpoints | Unreadable,
    private: PrivateDns | Unreadable,
    whole: Network | Unreadable,
    regions: Regions | Unreadable,
    managed: Managed | Unreadable,
) -> Network | Unreadable:
    """Put the network together; where a part was not read in time, the others stand."""
    if isinstance(side, Unreadable):
        return side
    joined = _widest(side, found) if isinstance(whole, Unreadable) else whole
    if not isinstance(rules, Unreadable):
        joined = replace(
            joined,
            firewalls={**joined.firewalls, **rules.firewalls},
            ip_groups={**joined.ip_groups, **rules.ip_groups},
        )
    routing, ip_groups = (
        (unread_routing(joined.networks, announced), {}) if isinstance(announced, Unreadable) else announced
    )
    zones, forwarded = (private, private) if isinstance(private, Unreadable) else private
    return replace(
        joined,
        endpoints=ends,
        zones=zones,
        forwarding=forwarded,
        hubs=routing,
        ip_groups={**joined.ip_groups, **ip_groups},
        replications=regions,
        managed=unread_managed(joined, _readable(ends), managed) if isinstance(managed, Unreadable) else managed,
    )


def _readable(ends: Endpoints | Unreadable) -> Endpoints:
    return () if isinstance(ends, Unreadable) else ends


def _widest(side: NodeSide, found: Network | Unreadable) -> Network:
    """What was read of the network; where nothing behind it could be, the nodes' side of it."""
    return side.network if isinstance(found, Unreadable) else found


def _subscriptions(registry: Registry, cluster: Cluster | Unreadable) -> set[str]:
    found = {registry.subscription.lower()}
    return found | {cluster.subscription.lower()} if isinstance(cluster, Cluster) else found
