"""What the modules of routing share: where a path begins, and what is said of a route that it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...arm_ids import group_of, name_of, network_id_of, subscription_of
from ...details import Details, internal
from ...facts import Firewall, Network, NodePlace, Registry, RouteTable, Subnet, Unreadable, VirtualNetwork
from ..addresses import prefix_length
from ..filters.sides import for_want_of_regions, own_network, service_tag_of
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from ..lookups import looked_up, subnet_of, table_of
from .gateways import advertisers, listens
from .routes import APPLIANCE, ENDPOINT, HUB, INTERNET, LOCAL, SERVICE_ENDPOINT, WIDE, Route

DROPS = "network.route-drops-registry"

_IN_WORDS = {
    INTERNET: "the internet",
    SERVICE_ENDPOINT: "the service endpoint of the subnet",
    ENDPOINT: "the private endpoint",
    LOCAL: "the virtual network",
}


@dataclass(frozen=True)
class TagRoute(Details):
    """A route to add for a service tag."""

    tag: str

    @property
    def tag_route(self) -> str:
        """Its name."""
        return f"to-{self.tag}"


@dataclass(frozen=True)
class DroppingRoute(Details):
    """A route that ends. What is of a table is ``None`` where Azure made the route."""

    route_table: str | None
    table_name: str | None
    resource_group: str | None
    subscription: str | None
    route: str | None
    prefix: str
    next_hop: str
    next_hop_address: str | None
    problem: str
    destinations: tuple[str, ...]
    appliance: str | None
    """The address of the firewall that should be the next hop, as far as that can be told."""
    tags: tuple[TagRoute, ...] = internal()
    """The service tags of public destinations, where the route's prefix covers much else."""
    for_service: bool = internal()
    """Its prefix covers little else than a public destination, and its next hop has no address."""


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
    table = table_of(network, subnet)
    if isinstance(table, Unreadable):
        return table
    return Way(registry, network, place, destination, here, subnet, table)


def sound(way: Way, route: Route, to: str | None = None) -> Hop:
    """Say that a route carries the traffic."""
    words = to or _IN_WORDS.get(route.next_hop, "the peered network")
    why = f"Traffic to {way.destination.host} goes to {words}, through {named(way, route)}."
    if route.user is None and route.next_hop == INTERNET and _has_gateway(way):
        why += " Routes that a gateway advertises could not be read; a default route among them would override it."
    return route_hop(way, route, OK, why)


def _has_gateway(way: Way) -> bool:
    return listens(way.table) and bool(advertisers(way.here))


def by_gateway(way: Way, route: Route) -> Hop:
    """Say that a route's next hop is a gateway, behind which nothing can be read from Azure."""
    detail = (
        f"{_capital(named(way, route))} has a virtual network gateway as its next hop, and what is done on premises "
        "with traffic to the registry cannot be read from Azure. Test a connection to port 443 from a node"
    )
    return _unknown(way, route, Unreadable("unsupported", detail))


def undecided(way: Way, route: Route, others: Iterable[Route]) -> Hop:
    """Say that one of several routes is taken."""
    reason = "the endpoint's subnet" if way.destination.private else "the registry's addresses"
    found = (route, *others)
    why = one_of([named(way, each) for each in found], reason)
    return _unknown(way, route, for_want_of_regions(why, way.registry, way.network, (each.prefix for each in found)))


def one_of(ways: Sequence[str], reason: str) -> Unreadable:
    """Why it is not known which of several routes is taken: it depends on ``reason``."""
    first, *others = ways
    detail = f"Traffic takes {first}, or {', '.join(others)}: that depends on {reason}, which could not be read"
    return Unreadable("unsupported", detail)


def _unknown(way: Way, route: Route, why: Unreadable) -> Hop:
    return route_hop(way, route, UNKNOWN, f"On the path to {way.destination.host}: {why.sentence}", unread=why)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def dropped(way: Way, route: Route, problem: str) -> Hop:
    """Say that a route ends here, and what is wrong with it."""
    table_id = way.table.id if way.table and route.user else None
    why = f"Traffic to {way.destination.host} is dropped: {named(way, route)} {problem}."
    public, length = not way.destination.private, prefix_length(route.prefix)
    wide = length is not None and length <= WIDE
    ends = DroppingRoute(
        route_table=table_id,
        table_name=name_of(table_id) if table_id else None,
        resource_group=group_of(table_id) if table_id else None,
        subscription=subscription_of(table_id) if table_id else None,
        route=route.user.name if route.user else None,
        prefix=route.prefix,
        next_hop=route.user.next_hop if route.user else "None",
        next_hop_address=route.address,
        problem=problem,
        destinations=way.destination.addresses or (service_tag_of(way.destination),),
        appliance=_firewall_address(way) if route.next_hop == APPLIANCE else None,
        tags=(TagRoute(service_tag_of(way.destination)),) if public and wide else (),
        for_service=public and not wide and not route.address,
    )
    return route_hop(way, route, BROKEN, why, details=(ends,))


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
    unread: Unreadable | None = None,
    details: tuple[Details, ...] = (),
) -> Hop:
    """Make the hop of a route."""
    name = route.user.name if route.user else route.prefix
    resource_id = f"{way.table.id}/routes/{route.user.name}" if way.table and route.user else way.subnet.id
    outcome = DROPS if state == BROKEN else None
    return Hop("route", name, resource_id, state, why, outcome, unread=unread, details=details)


def named(way: Way, route: Route) -> str:
    """The route in words."""
    if route.next_hop == HUB:
        return "the default route of a virtual hub"
    if route.user is None:
        return f"the system route for {route.prefix}"
    table = f" of route table {name_of(way.table.id)}" if way.table else ""
    return f"route {route.user.name} ({route.prefix}){table}"
