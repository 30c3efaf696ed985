"""Read the public addresses by which nodes may leave, where the registry filters by address.

Subnets, routes and firewalls are there already; what is asked for here are NAT gateways, and then the addresses
of everything that outbound traffic may pass. Which of them it does pass is judged later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from ...arm_ids import key_of
from ...facts import Cluster, Firewall, Network, NodeAddresses, Outbound, Registry, Subnet, Unreadable
from ...path.routing.outbound import FIREWALL_SUBNET
from ..ask.once import Once
from ..members import mapped
from .outbound_models import addresses_from, nat_sources_from
from .placement import Group, grouped
from .topology import NodeSide

Sources = tuple[str, ...] | Unreadable
"""Ids of public addresses, prefixes and lists of such."""


def filters_by_address(registry: Registry) -> bool:
    """Tell whether the nodes' outbound IPs can matter to this registry."""
    rules = registry.network_rules
    closed = isinstance(registry.public_network_access, str) and registry.public_network_access.lower() == "disabled"
    if closed or rules is None or isinstance(rules, Unreadable):
        return False
    return rules.default_action.lower() != "allow"


def read_outbound(once: Once, cluster: Cluster, side: NodeSide, network: Network) -> Outbound:
    """Read the addresses of node pools, the cluster, NAT gateways and firewalls.

    ``network`` is that of ``side`` with the firewalls that are next hops of its routes. What is unreadable
    about one of them stays with that one.
    """
    groups = grouped(side.members)
    nat_gateways = _read_nat_sources(once, network)
    firewalls = {key_of(each.id): each.public_ip_ids for each in network.firewalls.values() if _has_addresses(each)}
    nodes = [_own_sources(group) for group in groups]
    of_cluster = _effective(cluster)
    answers = _read(once, [*nodes, of_cluster, *nat_gateways.values(), *firewalls.values()])
    return Outbound(
        nodes=tuple(
            NodeAddresses(group.pools, group.subnet_id, group.public_ip, _addresses(sources, answers))
            for group, sources in zip(groups, nodes, strict=True)
        ),
        cluster=_addresses(of_cluster, answers),
        nat_gateways={key: _addresses(sources, answers) for key, sources in nat_gateways.items()},
        firewalls={key: _addresses(sources, answers) for key, sources in firewalls.items()},
    )


def _has_addresses(firewall: Firewall | Unreadable | None) -> TypeGuard[Firewall]:
    return isinstance(firewall, Firewall) and bool(firewall.public_ip_ids)


def _own_sources(group: Group) -> Sources:
    """Where the nodes' own addresses are; empty: they have none, or it is not known whether they do."""
    if group.public_ip is not True:
        return ()
    if group.prefix_id:
        return (group.prefix_id,)
    if group.scale_set_ids:
        return tuple(f"{scale_set}/publicIPAddresses" for scale_set in group.scale_set_ids)
    if group.unlisted is not None:
        return group.unlisted
    pools = ", ".join(group.pools)
    return Unreadable("unsupported", f"The public IPs of the nodes of node pool {pools} are not read")


def _effective(cluster: Cluster) -> Sources:
    ids = cluster.effective_outbound_ip_ids
    if isinstance(ids, Unreadable) or ids:
        return ids
    return Unreadable("not-shown", f"{cluster.id} shows no effective outbound IP")


def _read_nat_sources(once: Once, network: Network) -> dict[str, Sources]:
    """Read the NAT gateways of the nodes' subnets and of firewalls' ones; their addresses' ids, by key."""
    nodes = [place.subnet_id for place in network.places if isinstance(place.subnet_id, str)]
    behind = [
        f"{each.network_id}/subnets/{FIREWALL_SUBNET}"
        for each in network.firewalls.values()
        if isinstance(each, Firewall) and each.network_id
    ]
    subnets = [network.subnets.get(key_of(each)) for each in (*nodes, *behind)]
    ids = {
        key_of(subnet.nat_gateway_id): subnet.nat_gateway_id
        for subnet in subnets
        if isinstance(subnet, Subnet) and subnet.nat_gateway_id is not None
    }
    answers = once.ask(ids.values())
    return {key: mapped(nat_sources_from, answers[path.lower()], path) for key, path in ids.items()}


def _read(once: Once, sources: Iterable[Sources]) -> Mapping[str, Any]:
    paths = {path for each in sources if not isinstance(each, Unreadable) for path in each}
    lists = sorted(path for path in paths if "/microsoft.compute/" in path.lower())
    return once.ask(sorted(paths.difference(lists)), lists)


def _addresses(sources: Sources, answers: Mapping[str, Any]) -> tuple[str, ...] | Unreadable:
    """The addresses behind some ids; one that is unreadable leaves the whole so."""
    if isinstance(sources, Unreadable):
        return sources
    found: dict[str, None] = {}
    for path in sources:
        answer = answers[path.lower()]
        items = [answer] if isinstance(answer, dict) else answer
        addresses = mapped(addresses_from, items, path)
        if isinstance(addresses, Unreadable):
            return addresses
        found.update(dict.fromkeys(addresses))
    return tuple(found)
