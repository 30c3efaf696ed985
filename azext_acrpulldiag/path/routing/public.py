"""The path to the registry's public endpoint: which routes may be taken, and what each of them passes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..filters.sides import services_of
from ..hops import BROKEN, OK, UNKNOWN, Hop
from .appliances import by_appliance
from .routes import APPLIANCE, GATEWAY, HUB, INTERNET, SERVICE_ENDPOINT, Route, to_public
from .start import Way, by_gateway, dropped, sound, undecided
from .virtual_hubs import announces, by_hub


def routes_out(way: Way) -> tuple[Route, ...]:
    """The route to the public endpoint; behind it those that may be taken instead, with another next hop.

    This is the one choice that every check rests on.
    """
    announced = announces(way.network, way.here.id, way.table)
    services = services_of(way.registry, way.network, way.destination)
    choice = to_public(services, way.subnet.service_endpoints, way.table, announced)
    return (choice.route, *choice.instead(ends=_state(along(way, choice.route)) == BROKEN))


def to_the_public_side(way: Way) -> Iterator[Hop]:
    """Follow the route. Where another one that may be taken instead ends otherwise, it is unknown."""
    route, *others = routes_out(way)
    hops = list(along(way, route))
    state = _state(hops)
    differing = [each for each in others if _state(along(way, each)) != state]
    if differing:
        yield undecided(way, route, differing)
    else:
        yield from hops


def _state(hops: Iterable[Hop]) -> str:
    """Of several hops in a row: the worst."""
    states = {hop.state for hop in hops}
    return next((each for each in (BROKEN, UNKNOWN) if each in states), OK)


def along(way: Way, route: Route) -> Iterator[Hop]:
    """Follow one route for public addresses."""
    if route.next_hop == APPLIANCE:
        yield from by_appliance(way, route)
    elif route.next_hop == GATEWAY:
        yield by_gateway(way, route)
    elif route.next_hop == HUB:
        yield from by_hub(way)
    elif route.next_hop in (INTERNET, SERVICE_ENDPOINT):
        yield sound(way, route)
    else:
        yield dropped(way, route, f"has next hop {route.user.next_hop if route.user else 'None'}")
