"""Read by which public addresses the nodes leave, where the registry filters by address.

The chain of dependent requests is subnet, then its NAT gateway and route table, then the
addresses; behind a route to an appliance, the firewall and its own subnet come in between.
Each resource is asked for once, whoever needs it, and what does not depend on one another is
asked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ..facts import Cluster, NodeHost, Outbound, Registry, Unreadable
from .arm import ArmReader, in_parallel
from .egress import Egress, Way, firewall_way, leaving_path
from .network import (
    Peering,
    Route,
    Subnet,
    addresses_from,
    firewall_at,
    firewalls_from,
    home_of,
    mapped,
    nat_sources_from,
    peerings_from,
    route_from,
    subnet_from,
)
from .placement import Group, grouped, members_of

# The oldest that has all that is read here, so that sovereign clouds, which lag, know it.
NETWORK_API = "2024-05-01"
# Addresses of scale set instances are served by this version only (it is what `az vmss
# list-instance-public-ips` asks for).
INSTANCE_ADDRESS_API = "2018-10-01"
MANAGED_SUBNET = "aks-subnet"
FIREWALL_SUBNET = "AzureFirewallSubnet"  # the name that Azure demands
READ_FIREWALLS = "Microsoft.Network/azureFirewalls/read"

Answers = Mapping[str, Any]


def filters_by_address(registry: Registry) -> bool:
    """Tell whether the addresses that nodes leave by can matter to this registry."""
    rules = registry.network_rules
    closed = isinstance(registry.public_network_access, str) and registry.public_network_access.lower() == "disabled"
    if closed or rules is None or isinstance(rules, Unreadable):
        return False
    return rules.default_action.lower() != "allow"


def read_outbound(
    reader: ArmReader, cluster: Cluster, node_hosts: tuple[NodeHost, ...] | Unreadable
) -> tuple[Outbound, ...] | Unreadable:
    """Read how the nodes of every pool leave: one :class:`Outbound` a subnet and kind of node.

    ``Unreadable`` where not even the pools are known; what is unreadable about one subnet
    stays with that one.
    """
    members = members_of(cluster, node_hosts)
    if isinstance(members, Unreadable):
        return members
    nowhere_else = any(member.subnet_id is None for member in members)
    groups = grouped(members, _read_managed_subnet(reader, cluster) if nowhere_else else "")
    subnets = _read_subnets(reader, {group.subnet_id for group in groups if isinstance(group.subnet_id, str)})
    egresses, peerings = _read_ways_out(reader, subnets, with_peerings=True)
    appliances = _read_appliances(reader, egresses, peerings)
    ways = []
    for group in groups:
        if isinstance(group.subnet_id, Unreadable):
            ways.append(leaving_path(group, Egress(group.subnet_id), None, cluster))
        else:
            key = group.subnet_id.lower()
            ways.append(leaving_path(group, egresses[key], appliances.get(key), cluster))
    addresses = _read_addresses(reader, ways)
    return tuple(
        _outbound(group, way, found, subnets) for group, way, found in zip(groups, ways, addresses, strict=True)
    )


def _outbound(
    group: Group, way: Way, addresses: tuple[str, ...] | Unreadable, subnets: Mapping[str, Subnet | Unreadable]
) -> Outbound:
    subnet = group.subnet_id if isinstance(group.subnet_id, Unreadable) else subnets[group.subnet_id.lower()]
    return Outbound(
        pools=group.pools,
        subnet_id=None if isinstance(group.subnet_id, Unreadable) else group.subnet_id,
        path=way.kind,
        addresses=addresses,
        service_endpoint=subnet if isinstance(subnet, Unreadable) else subnet.service_endpoint,
        via=way.via,
    )


# --- reading -----------------------------------------------------------------------------


def _read(reader: ArmReader, gets: Iterable[str] = (), lists: Iterable[str] = ()) -> Answers:
    """Ask for resources and collections at once; answers by lower-case path, each asked for once."""
    calls: dict[str, partial[Any]] = {}
    for path in gets:
        calls.setdefault(path.lower(), partial(reader.get, path, NETWORK_API))
    for path in lists:
        version = INSTANCE_ADDRESS_API if "/microsoft.compute/" in path.lower() else NETWORK_API
        calls.setdefault(path.lower(), partial(reader.list, path, version))
    return dict(zip(calls, in_parallel(list(calls.values())), strict=True))


def _read_managed_subnet(reader: ArmReader, cluster: Cluster) -> str | Unreadable:
    """Find the node subnet of the network that AKS made in the node resource group."""
    if isinstance(cluster.node_resource_group, Unreadable):
        return cluster.node_resource_group
    group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_resource_group}"
    path = f"{group}/providers/Microsoft.Network/virtualNetworks"
    found = mapped(
        lambda networks: [subnet["id"] for network in networks for subnet in network["properties"].get("subnets", ())],
        _read(reader, lists=[path])[path.lower()],
        path,
    )
    if isinstance(found, Unreadable):
        return found
    nodes = [subnet for subnet in found if subnet.lower().endswith(f"/subnets/{MANAGED_SUBNET}")]
    if len(nodes) != 1:
        return Unreadable(
            "not-found", f"{path} shows {len(nodes)} subnets named {MANAGED_SUBNET} where one is expected"
        )
    return str(nodes[0])


def _read_subnets(reader: ArmReader, subnet_ids: Iterable[str]) -> dict[str, Subnet | Unreadable]:
    """Read subnets; the keys are their ids in lower case."""
    ids = sorted({subnet_id.lower(): subnet_id for subnet_id in subnet_ids}.values())
    answers = _read(reader, gets=ids)
    return {subnet_id.lower(): mapped(subnet_from, answers[subnet_id.lower()], subnet_id) for subnet_id in ids}


def _read_ways_out(
    reader: ArmReader, subnets: Mapping[str, Subnet | Unreadable], with_peerings: bool
) -> tuple[dict[str, Egress], dict[str, tuple[Peering, ...] | Unreadable]]:
    """Read the NAT gateways and route tables of subnets, and the peerings that a route may need.

    The egresses are by subnet, the peerings by network, both in lower case.
    """
    read = [subnet for subnet in subnets.values() if isinstance(subnet, Subnet)]
    gets = [subnet.nat_gateway_id for subnet in read] + [subnet.route_table_id for subnet in read]
    networks = {subnet.network_id.lower(): subnet.network_id for subnet in read if subnet.route_table_id}
    lists = {key: f"{network}/virtualNetworkPeerings" for key, network in networks.items()} if with_peerings else {}
    answers = _read(reader, [path for path in gets if path], lists.values())
    return (
        {key: _egress(subnet, answers) for key, subnet in subnets.items()},
        {key: mapped(peerings_from, answers[path.lower()], path) for key, path in lists.items()},
    )


def _egress(subnet: Subnet | Unreadable, answers: Answers) -> Egress:
    if isinstance(subnet, Unreadable):
        return Egress(subnet)
    nat, table = subnet.nat_gateway_id, subnet.route_table_id
    return Egress(
        subnet,
        mapped(route_from, answers[table.lower()], table) if table else None,
        mapped(nat_sources_from, answers[nat.lower()], nat) if nat else None,
    )


def _read_appliances(
    reader: ArmReader, egresses: Mapping[str, Egress], peerings: Mapping[str, tuple[Peering, ...] | Unreadable]
) -> dict[str, Way]:
    """Read the ways behind the appliances that routes name; by subnet, in lower case."""
    ways: dict[str, Way] = {}
    homes: dict[str, tuple[Route, str]] = {}
    for key, egress in egresses.items():
        if not isinstance(egress.subnet, Subnet) or not isinstance(egress.route, Route):
            continue
        if egress.route.next_hop.lower() != "virtualappliance":
            continue
        home = _home(egress.route, egress.subnet, peerings[egress.subnet.network_id.lower()])
        if isinstance(home, Unreadable):
            ways[key] = Way("unknown", home)
        else:
            homes[key] = (egress.route, home)
    firewall_subnets = {home.lower(): f"{home}/subnets/{FIREWALL_SUBNET}" for _, home in homes.values()}
    lists = {home.lower(): _firewalls_beside(home) for _, home in homes.values()}
    answers = _read(reader, firewall_subnets.values(), lists.values())
    subnets = {path.lower(): mapped(subnet_from, answers[path.lower()], path) for path in firewall_subnets.values()}
    ways_out, _ = _read_ways_out(reader, subnets, with_peerings=False)
    for key, (route, home) in homes.items():
        out = ways_out[firewall_subnets[home.lower()].lower()]
        ways[key] = _appliance_way(route, home, answers[lists[home.lower()].lower()], out)
    return ways


def _home(route: Route, subnet: Subnet, peerings: tuple[Peering, ...] | Unreadable) -> str | Unreadable:
    if isinstance(peerings, Unreadable):
        return peerings
    path = f"{subnet.network_id}/virtualNetworkPeerings"
    return mapped(lambda known: home_of(str(route.address), subnet.network_id, known), peerings, path)


def _firewalls_beside(network_id: str) -> str:
    """The path of all firewalls of a network's subscription."""
    return f"/subscriptions/{network_id.split('/')[2]}/providers/Microsoft.Network/azureFirewalls"


def _appliance_way(route: Route, home: str, listed: Any, out: Egress) -> Way:
    path = _firewalls_beside(home)
    firewalls = mapped(firewalls_from, listed, path)
    sent = f"Route {route.name} sends traffic to the appliance {route.address} in {home}"
    permission = f"{READ_FIREWALLS} at {home.partition('/providers/')[0]}"
    if isinstance(firewalls, Unreadable):
        detail = f"{sent}, and the Azure Firewalls there could not be read: {firewalls.detail}"
        return Way("unknown", Unreadable(firewalls.reason, detail, READ_FIREWALLS, permission))
    firewall = firewall_at(str(route.address), home, firewalls)
    if firewall is None:
        # A list shows what the caller may see: it may be empty for want of a right.
        detail = f"{sent}, which is no Azure Firewall that this login may see, so its public address is not known"
        return Way("unknown", Unreadable("not-shown", detail, READ_FIREWALLS, permission))
    return firewall_way(firewall, out)


def _read_addresses(reader: ArmReader, ways: Iterable[Way]) -> list[tuple[str, ...] | Unreadable]:
    """Read the addresses of each way; one that is unreadable leaves the whole of its way so."""
    ways = list(ways)
    sources = {path for way in ways if not isinstance(way.sources, Unreadable) for path in way.sources}
    lists = sorted(path for path in sources if "/microsoft.compute/" in path.lower())
    answers = _read(reader, sorted(sources.difference(lists)), lists)
    return [_addresses(way, answers) for way in ways]


def _addresses(way: Way, answers: Answers) -> tuple[str, ...] | Unreadable:
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
