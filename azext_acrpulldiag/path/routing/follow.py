"""Where routes and peerings carry what the nodes send. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ...arm_ids import key_of, network_id_of, same_id
from ...facts import Network, NodePlace, Registry, Subnet, Unreadable, VirtualNetwork
from ..hops import BROKEN, UNKNOWN, Destination, Hop
from ..lookups import home_of, looked_up
from .appliances import leads_on, roundabout
from .joining import crossing, unjoined
from .peering import joint_of, peering_with
from .public import to_the_public_side
from .routes import APPLIANCE, GATEWAY, INTERNET, NOWHERE, Choice, to_address
from .start import Way, by_gateway, dropped, sound, undecided, way_of


def carried(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Iterator[Hop]:
    """Follow the route from the nodes' subnet, over peerings and appliances, and yield what it passes."""
    way = way_of(registry, network, place, destination)
    if isinstance(way, Unreadable):
        subnet_id = place.subnet_id if isinstance(place.subnet_id, str) else None
        yield Hop("route", "routes of the nodes' subnet", subnet_id, UNKNOWN, way.sentence, unread=way)
        return
    hops: list[Hop] = []
    for hop in _to_endpoint(way) if destination.private else to_the_public_side(way):
        if hop not in hops:  # addresses of one endpoint share most of their way
            hops.append(hop)
            yield hop


# --- to a private endpoint -------------------------------------------------------------------


def _to_endpoint(way: Way) -> Iterator[Hop]:
    for address in way.destination.addresses:
        there = _network_of_endpoint(way, address)
        if isinstance(there, Unreadable):
            yield Hop("peering", way.here.id, way.here.id, UNKNOWN, there.sentence, unread=there)
        elif same_id(there, way.here.id):
            yield from _directly(way, address, there)
        else:
            yield from _between_networks(way, address, there)


def _network_of_endpoint(way: Way, address: str) -> str | Unreadable:
    endpoint = way.destination.endpoint
    if endpoint is not None and isinstance(endpoint.subnet_id, str):
        return network_id_of(endpoint.subnet_id)
    home = home_of(address, way.here)
    if home is not None:
        return home
    if endpoint is not None and isinstance(endpoint.subnet_id, Unreadable):
        return endpoint.subnet_id
    return Unreadable("not-found", f"The virtual network of address {address} is not known")


def _between_networks(way: Way, address: str, there: str) -> Iterator[Hop]:
    joint = joint_of(way.network, way.here.id, there, there=(address,), back=way.subnet.prefixes)
    detour = to_address(address, way.here, way.table, joined=False).route
    hop = crossing(way, joint, address)
    if hop is not None:
        if hop.state == BROKEN and leads_on(way, detour, there):
            yield from roundabout(way, detour, there, address)
            return
        yield hop
        yield from _directly(way, address, there)
    elif detour.user is not None and detour.next_hop == APPLIANCE:
        yield from roundabout(way, detour, there, address)
    elif detour.user is not None and detour.next_hop == GATEWAY:
        yield by_gateway(way, detour)
    else:
        yield unjoined(way, joint, address)


def _directly(way: Way, address: str, there: str) -> Iterator[Hop]:
    """The route where the endpoint is in this network or one that is peered with it."""
    choice = _choice(way, address, there)
    if choice.perhaps:
        yield undecided(way, choice.route, choice.perhaps)
        return
    route = choice.route
    if route.next_hop == APPLIANCE:
        yield from roundabout(way, route, there, address)
    elif route.next_hop == GATEWAY:
        yield by_gateway(way, route)
    elif route.next_hop in (NOWHERE, INTERNET):
        yield dropped(way, route, f"has next hop {route.user.next_hop if route.user else 'None'}")
    else:
        yield sound(way, route)


def _choice(way: Way, address: str, there: str) -> Choice:
    endpoint = way.destination.endpoint
    space: tuple[str, ...] = ()
    obeys: bool | None = False
    if endpoint is not None and isinstance(endpoint.subnet_id, str):
        subnet = looked_up(way.network.subnets, endpoint.subnet_id, "Subnet")
        around = way.network.networks.get(key_of(there))
        space = around.prefixes if isinstance(around, VirtualNetwork) else _seen_from(way.here, there)
        obeys = _obeys_routes(subnet)
    return to_address(address, way.here, way.table, True, space, obeys)


def _seen_from(here: VirtualNetwork, there: str) -> tuple[str, ...]:
    peering = peering_with(here, there)
    return peering.remote_prefixes if peering else ()


def _obeys_routes(subnet: Subnet | Unreadable) -> bool | None:
    if isinstance(subnet, Unreadable) or isinstance(subnet.endpoint_network_policies, Unreadable):
        return None
    return subnet.endpoint_network_policies.lower() in ("enabled", "routetableenabled")
