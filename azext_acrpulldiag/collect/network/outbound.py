"""Read by which public addresses the nodes leave, where the registry filters by address.

Subnets, routes and firewalls are there already; what is asked for here are NAT gateways, and then
the addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import network_id_of
from ...facts import Cluster, Firewall, Network, Outbound, Registry, Subnet, Unreadable, UserRoute, firewall_key
from ..ask.once import Once
from .egress import Egress, Way, firewall_way, leaving_path
from .firewalls import FIREWALL_SUBNET
from .outbound_models import (
    REGISTRY_SERVICE,
    addresses_from,
    mapped,
    nat_sources_from,
    registry_route,
)
from .placement import Group, grouped
from .topology import NodeSide

_NOT_READ = Unreadable("timeout", "What answers there was not read")


def filters_by_address(registry: Registry) -> bool:
    """Tell whether the addresses that nodes leave by can matter to this registry."""
    rules = registry.network_rules
    closed = isinstance(registry.public_network_access, str) and registry.public_network_access.lower() == "disabled"
    if closed or rules is None or isinstance(rules, Unreadable):
        return False
    return rules.default_action.lower() != "allow"


def read_outbound(once: Once, cluster: Cluster, side: NodeSide, network: Network) -> tuple[Outbound, ...]:
    """Read how the nodes of every pool leave: one :class:`Outbound` a subnet and kind of node.

    ``network`` is that of ``side`` with the firewalls that its routes lead to. What is unreadable
    about one subnet stays with that one.
    """
    groups = grouped(side.members)
    egresses = {key: _egress(network, key) for key in _needed(groups, network)}
    sources = _read_nat_sources(once, egresses.values())
    egresses = {key: _with_nat(egress, sources) for key, egress in egresses.items()}
    ways = [_way(group, egresses, network, cluster) for group in groups]
    addresses = _read_addresses(once, ways)
    return tuple(
        _outbound(group, way, found, network) for group, way, found in zip(groups, ways, addresses, strict=True)
    )


def _outbound(group: Group, way: Way, addresses: tuple[str, ...] | Unreadable, network: Network) -> Outbound:
    subnet = group.subnet_id if isinstance(group.subnet_id, Unreadable) else _subnet(network, group.subnet_id)
    return Outbound(
        pools=group.pools,
        subnet_id=None if isinstance(group.subnet_id, Unreadable) else group.subnet_id,
        path=way.kind,
        addresses=addresses,
        service_endpoint=subnet if isinstance(subnet, Unreadable) else REGISTRY_SERVICE in subnet.service_endpoints,
        via=way.via,
    )


# --- what is known of the network ---------------------------------------------------------


def _needed(groups: Iterable[Group], network: Network) -> dict[str, None]:
    """Ids, in lower case, of the subnets that are left by: of the nodes, and of firewalls that routes lead to."""
    nodes = [group.subnet_id for group in groups if isinstance(group.subnet_id, str)]
    behind = [_firewall_subnet(network, _egress(network, subnet_id)) for subnet_id in nodes]
    return dict.fromkeys(one.lower() for one in [*nodes, *behind] if one is not None)


def _egress(network: Network, subnet_id: str) -> Egress:
    subnet = _subnet(network, subnet_id)
    if isinstance(subnet, Unreadable) or subnet.route_table_id is None:
        return Egress(subnet)
    table = network.route_tables.get(subnet.route_table_id.lower())
    return Egress(subnet, mapped(registry_route, table, subnet.route_table_id))


def _subnet(network: Network, subnet_id: str) -> Subnet | Unreadable:
    found = network.subnets.get(subnet_id.lower())
    return mapped(lambda subnet: subnet, found, subnet_id)


def _appliance(egress: Egress) -> UserRoute | None:
    """The route to an appliance that the subnet's traffic takes."""
    route = egress.route
    return route if isinstance(route, UserRoute) and route.next_hop.lower() == "virtualappliance" else None


def _firewall_at(network: Network, egress: Egress, route: UserRoute) -> Firewall | Unreadable | None:
    assert isinstance(egress.subnet, Subnet)
    return network.firewalls.get(firewall_key(network_id_of(egress.subnet.id), str(route.address)), _NOT_READ)


def _firewall_subnet(network: Network, egress: Egress) -> str | None:
    route = _appliance(egress)
    firewall = None if route is None else _firewall_at(network, egress, route)
    inside = firewall.network_id if isinstance(firewall, Firewall) else None
    return None if inside is None else f"{inside}/subnets/{FIREWALL_SUBNET}"


def _way(group: Group, egresses: Mapping[str, Egress], network: Network, cluster: Cluster) -> Way:
    if isinstance(group.subnet_id, Unreadable):
        return leaving_path(group, Egress(group.subnet_id), None, cluster)
    egress = egresses[group.subnet_id.lower()]
    route = _appliance(egress)
    behind = None if route is None else _appliance_way(network, egress, route, egresses)
    return leaving_path(group, egress, behind, cluster)


def _appliance_way(network: Network, egress: Egress, route: UserRoute, egresses: Mapping[str, Egress]) -> Way:
    firewall = _firewall_at(network, egress, route)
    sent = f"Route {route.name} sends traffic to the appliance {route.address}"
    if firewall is None:
        detail = f"{sent}, which is no Azure Firewall, so its public address is not known"
        return Way("unknown", Unreadable("not-shown", detail))
    if isinstance(firewall, Unreadable):
        return Way("unknown", replace(firewall, detail=f"{sent}: {firewall.detail}"))
    subnet_id = _firewall_subnet(network, egress)
    if subnet_id is None:
        detail = f"{sent}, the firewall {firewall.id} of a virtual hub, whose public addresses are not read"
        return Way("unknown", Unreadable("unsupported", detail), firewall.id)
    return firewall_way(firewall, egresses[subnet_id.lower()])


# --- reading -----------------------------------------------------------------------------


def _read_nat_sources(once: Once, egresses: Iterable[Egress]) -> dict[str, tuple[str, ...] | Unreadable]:
    """Read NAT gateways; ids of their addresses by gateway, in lower case."""
    ids = {
        egress.subnet.nat_gateway_id.lower(): egress.subnet.nat_gateway_id
        for egress in egresses
        if isinstance(egress.subnet, Subnet) and egress.subnet.nat_gateway_id is not None
    }
    answers = once.ask(ids.values())
    return {key: mapped(nat_sources_from, answers[key], path) for key, path in ids.items()}


def _with_nat(egress: Egress, sources: Mapping[str, tuple[str, ...] | Unreadable]) -> Egress:
    gateway = egress.subnet.nat_gateway_id if isinstance(egress.subnet, Subnet) else None
    return egress if gateway is None else replace(egress, nat_sources=sources[gateway.lower()])


def _read_addresses(once: Once, ways: Iterable[Way]) -> list[tuple[str, ...] | Unreadable]:
    """Read the addresses of each way; one that is unreadable leaves the whole of its way so."""
    ways = list(ways)
    sources = {path for way in ways if not isinstance(way.sources, Unreadable) for path in way.sources}
    lists = sorted(path for path in sources if "/microsoft.compute/" in path.lower())
    answers = once.ask(sorted(sources.difference(lists)), lists)
    return [_addresses(way, answers) for way in ways]


def _addresses(way: Way, answers: Mapping[str, Any]) -> tuple[str, ...] | Unreadable:
    if isinstance(way.sources, Unreadable):
        return way.sources
    found: dict[str, None] = {}
    for path in way.sources:
        answer = answers[path.lower()]
        items = [answer] if isinstance(answer, dict) else answer
        addresses = mapped(addresses_from, items, path)
        if isinstance(addresses, Unreadable):
            return addresses
        found.update(dict.fromkeys(addresses))
    return tuple(found)
