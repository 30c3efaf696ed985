"""What the stages of routing share: where a way begins, and what is said of a route that it takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...arm_ids import group_of, name_of, network_id_of, subscription_of
from ...facts import Firewall, Network, NodePlace, Peering, Registry, RouteTable, Subnet, Unreadable, VirtualNetwork
from ..addresses import address_set
from ..filters.sides import own_network, service_tag_of
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from ..lookups import looked_up, subnet_of
from .peering import is_virtual_hub
from .routes import APPLIANCE, ENDPOINT, INTERNET, LOCAL, SERVICE_ENDPOINT, Route

DROPS = "network.route-drops-registry"

_IN_WORDS = {
    INTERNET: "the internet",
    SERVICE_ENDPOINT: "the service endpoint of the subnet",
    ENDPOINT: "the private endpoint",
    LOCAL: "the virtual network",
}


@dataclass(frozen=True)
class Way:
    """From a place of nodes to a destination, with what lies at its beginning."""

    registry: Registry
    network: Network
    place: NodePlace
    destination: Destination
    here: VirtualNetwork
    subnet: Subnet
    table: RouteTable | None


def way_of(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Way | Unreadable:
    """Gather what routing needs, or say what of it could not be read."""
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        return subnet
    here = own_network(network, place)
    if not isinstance(here, VirtualNetwork):
        return looked_up({}, network_id_of(subnet.id), "Virtual network") if here is None else here
    table: RouteTable | Unreadable | None = None
    if subnet.route_table_id is not None:
        table = looked_up(network.route_tables, subnet.route_table_id, "Route table")
    if isinstance(table, Unreadable):
        return table
    return Way(registry, network, place, destination, here, subnet, table)


def home_of(way: Way, address: str) -> str | None:
    """The network, of those that this one reaches by itself, that an address lies in."""
    wanted = address_set((address,))
    if not wanted.spans:
        return None
    if address_set(way.here.prefixes).covers(wanted):
        return way.here.id
    for peering in way.here.peerings:
        if address_set(peering.remote_prefixes).covers(wanted):
            return peering.remote_network_id
    return None


def sound(way: Way, route: Route, to: str | None = None) -> Hop:
    """Say that a route carries the traffic."""
    words = to or _IN_WORDS.get(route.next_hop, "the peered network")
    why = f"Traffic to {way.destination.host} goes to {words}, by {named(way, route)}."
    if route.user is None and route.next_hop == INTERNET and _has_gateway(way):
        why += " Routes that a gateway announces are not shown; one for every address would take its place."
    return route_hop(way, route, OK, why)


def _has_gateway(way: Way) -> bool:
    listens = way.table is None or way.table.gateway_routes is not False
    return listens and any(may_route(each) for each in way.here.peerings)


def by_gateway(way: Way, route: Route) -> Hop:
    """Say that a route leads where Azure does not look."""
    detail = (
        f"{_capital(named(way, route))} leads to a virtual network gateway, and what is done on premises with traffic "
        "to the registry cannot be read from Azure. A connection to port 443 from a node tells"
    )
    return _unknown(way, route, Unreadable("unsupported", detail))


def undecided(way: Way, route: Route, others: list[Route]) -> Hop:
    """Say that one of several routes is taken."""
    others_named = ", ".join(named(way, each) for each in others)
    reason = "the endpoint's subnet" if way.destination.private else "the registry's addresses"
    detail = f"Traffic goes by {named(way, route)}, or by {others_named}: that depends on {reason}, not known here"
    return _unknown(way, route, Unreadable("unsupported", detail))


def _unknown(way: Way, route: Route, why: Unreadable) -> Hop:
    return route_hop(way, route, UNKNOWN, f"On the way to {way.destination.host}: {why.sentence}", unread=why)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def dropped(way: Way, route: Route, problem: str) -> Hop:
    """Say that a route ends here, and what is wrong with it."""
    table_id = way.table.id if way.table and route.user else None
    why = f"Traffic to {way.destination.host} is dropped: {named(way, route)} {problem}."
    evidence = {
        "route_table": table_id,
        "table_name": name_of(table_id) if table_id else None,
        "resource_group": group_of(table_id) if table_id else None,
        "subscription": subscription_of(table_id) if table_id else None,
        "route": route.user.name if route.user else None,
        "prefix": route.prefix,
        "next_hop": route.user.next_hop if route.user else "None",
        "next_hop_address": route.address,
        "problem": problem,
        "destinations": list(way.destination.addresses) or [service_tag_of(way.destination)],
        "appliance": _firewall_address(way) if route.next_hop == APPLIANCE else None,
    }
    return route_hop(way, route, BROKEN, why, evidence)


def _firewall_address(way: Way) -> str | None:
    """Of the only Azure Firewall that the nodes' network is seen to reach."""
    own = f"{way.here.id} ".lower()
    found = {
        each.private_ips[0]
        for key, each in way.network.firewalls.items()
        if key.startswith(own) and isinstance(each, Firewall) and each.private_ips
    }
    return found.pop() if len(found) == 1 else None


def route_hop(
    way: Way,
    route: Route,
    state: str,
    why: str,
    evidence: dict[str, Any] | None = None,
    unread: Unreadable | None = None,
) -> Hop:
    """Make the hop of a route."""
    name = route.user.name if route.user else route.prefix
    resource_id = f"{way.table.id}/routes/{route.user.name}" if way.table and route.user else way.subnet.id
    return Hop("route", name, resource_id, state, why, DROPS if state == BROKEN else None, evidence or {}, unread)


def named(way: Way, route: Route) -> str:
    """The route in words."""
    if route.user is None:
        return f"Azure's own route for {route.prefix}"
    table = f" of route table {name_of(way.table.id)}" if way.table else ""
    return f"route {route.user.name} ({route.prefix}){table}"


def may_route(peering: Peering) -> bool:
    """Tell whether a gateway or hub behind a peering may announce routes."""
    return is_virtual_hub(peering.remote_network_id) or peering.uses_remote_gateways is not False
