"""Which route Azure takes from a subnet. Pure.

The longest prefix wins; of equal ones a user's route beats the system's. Routes of a virtual network gateway
are not shown by any read that needs no running machine, so they are not among these.

Sources: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview,
https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...facts import RouteTable, UserRoute, VirtualNetwork
from ..addresses import PUBLIC, address_set, prefix_length, span_of
from ..filters.rules import Match, Services
from ..filters.service_tags import AZURE_CLOUD, tag_of
from ..lookups import is_connected

LOCAL, PEERED, INTERNET, NOWHERE = "vnetlocal", "vnetpeering", "internet", "none"
ENDPOINT, SERVICE_ENDPOINT = "interfaceendpoint", "virtualnetworkserviceendpoint"
APPLIANCE, GATEWAY, HUB = "virtualappliance", "virtualnetworkgateway", "virtualhub"


@dataclass(frozen=True)
class Route:
    """A route that applies to a destination."""

    prefix: str
    next_hop: str
    """In lower case: one of the constants of this module."""
    address: str | None = None
    """Of a firewall or NVA."""
    user: UserRoute | None = None
    """``None``: Azure made it."""

    @property
    def way(self) -> tuple[str, str | None]:
        """What tells two routes apart."""
        return self.next_hop, self.address


@dataclass(frozen=True)
class Choice:
    """The route that is taken."""

    route: Route
    perhaps: tuple[Route, ...] = ()
    """Others that may be taken instead, with another next hop; empty: it is certain."""
    narrow: tuple[Route, ...] = ()
    """Others for ranges that most likely are somebody's own; see :data:`WIDE`."""

    def instead(self, *, ends: bool) -> tuple[Route, ...]:
        """What may be taken instead of ``route``. ``ends``: that one drops traffic."""
        return (*self.perhaps, *self.narrow) if ends else self.perhaps


WIDE = 12
"""A user's route for a range of public addresses may be about the registry, whose addresses nobody is told.

One this wide is about the internet, Azure's part of it too. A narrower one is mostly about somebody's own
addresses (a company's, a partner's), and to doubt every way for one would leave most networks unknown. It counts
where the route that would be taken without it ends: whoever reaches the registry at all then does so by
such a one. One address alone never counts: nobody reaches a registry by that.
"""


def to_address(
    address: str,
    here: VirtualNetwork,
    table: RouteTable | None,
    joined: bool,
    space: tuple[str, ...] = (),
    obeys: bool | None = False,
) -> Choice:
    """Choose the route from a subnet of ``here`` to the address of a private endpoint.

    ``joined``: the endpoint's network is this one, or peered with it, so that its route of one address is here.
    ``space`` are the prefixes of the endpoint's network; ``obeys``: the endpoint's subnet lets a user's route for
    that whole network, or for less of it, take the place of that route (``None``: not known).
    """
    users = [_of_user(route) for route in _holding(address, table)]
    system = [Route("0.0.0.0/0", NOWHERE)]  # a private address is not on the internet
    system += (Route(each, LOCAL) for each in here.prefixes if _holds(each, address))
    for peering in here.peerings:
        if is_connected(peering):
            system += (Route(each, PEERED) for each in peering.remote_prefixes if _holds(each, address))
    direct = _longest([*users, *system, Route(f"{address}/32", ENDPOINT)])
    if not joined:
        return Choice(_longest([*users, *system]))
    least = max((prefix_length(each) or 0 for each in space if _holds(each, address)), default=33)
    overriding = [each for each in users if (prefix_length(each.prefix) or 0) >= least]
    if obeys is False or not overriding or direct.user is not None:
        return Choice(direct)
    instead = _longest(overriding)
    return Choice(instead) if obeys else Choice(direct, (instead,))


def to_public(
    services: Services, service_endpoints: tuple[str, ...], table: RouteTable | None, announced: bool = False
) -> Choice:
    """Choose the route to public addresses that are known by their service tags alone.

    A service endpoint of the subnet (its service in lower case) cannot be overridden. A user's route for a tag beats
    one for a wide range: tags are lists of narrower ones. Tags of other services, and of regions that the registry is
    not in, are not about it. What no user's route carries leaves by Azure's own, or by the one that a virtual hub
    has ``announced``.
    """
    for service in service_endpoints:
        if _ENDPOINT_SERVICES.get(service) in services.names:
            return Choice(Route(service, SERVICE_ENDPOINT))
    users = [_of_user(route) for route in (table.routes if table else ())]
    ranges = [each for each in users if _is_public(each.prefix)]
    narrow = [each for each in ranges if WIDE < (prefix_length(each.prefix) or 0) < 32]
    tagged = sorted((each for each in users if span_of(each.prefix) is None), key=_breadth)
    certain = next((each for each in tagged if services.match(each.prefix) is Match.YES), None)
    regional = _of_regions(tagged, services)
    if certain is not None:
        return _choice(certain, regional.values(), narrow)
    if regional and services.complete and regional.keys() >= set(services.regions):  # in each a tag takes it
        first, *rest = regional.values()
        return _choice(first, rest, narrow)
    *others, widest = _in_force(ranges, Route("0.0.0.0/0", HUB if announced else INTERNET))
    return _choice(widest, [*regional.values(), *others], narrow)


def _of_regions(tagged: Iterable[Route], services: Services) -> dict[str, Route]:
    """Routes for tags of regions that the registry may be in, by region: those that no tag without one precedes."""
    found: dict[str, Route] = {}
    for each in tagged:
        match, (_, region) = services.match(each.prefix), tag_of(each.prefix)
        if match is Match.YES and not region:
            break
        if match is Match.MAYBE:
            found.setdefault(region, each)
    return found


def may_carry(prefix: str) -> bool:
    """Tell whether a user-defined route for ``prefix`` may be about a registry's public endpoint, or its layers."""
    if span_of(prefix) is None:
        return tag_of(prefix)[0] in _TAGS
    return _is_public(prefix) and prefix_length(prefix) != 32


def _choice(route: Route, perhaps: Iterable[Route], narrow: Iterable[Route]) -> Choice:
    """A choice without those that have the same next hop as ``route``."""
    differing, more = ({each.way: each for each in some if each.way != route.way} for some in (perhaps, narrow))
    return Choice(route, tuple(differing.values()), tuple(more.values()))


def _in_force(ranges: Iterable[Route], default: Route) -> list[Route]:
    """The wide ones that are the longest match of some public address, the widest last; behind them, Azure's own."""
    wide = [each for each in ranges if (prefix_length(each.prefix) or 0) <= WIDE]
    left, found = PUBLIC, []
    for route in (*sorted(wide, key=lambda each: -(prefix_length(each.prefix) or 0)), default):
        here = address_set((route.prefix,))
        if left.overlaps(here):
            found.append(route)
            left = left.without(here)
    return found


# The tag of each service that a subnet may have an endpoint for.
_ENDPOINT_SERVICES = {
    "microsoft.containerregistry": "azurecontainerregistry",
    "microsoft.storage": "storage",
    "microsoft.storage.global": "storage",
}
_TAGS = ("azurecontainerregistry", "storage", AZURE_CLOUD)


def _of_user(route: UserRoute) -> Route:
    return Route(route.prefix, route.next_hop.lower(), route.address, route)


def _holding(address: str, table: RouteTable | None) -> Iterator[UserRoute]:
    for route in table.routes if table else ():
        if _holds(route.prefix, address):
            yield route


def _holds(prefix: str, address: str) -> bool:
    return span_of(prefix) is not None and address_set((prefix,)).covers(address_set((address,)))


def _longest(routes: Iterable[Route]) -> Route:
    return max(routes, key=lambda route: (prefix_length(route.prefix) or 0, route.user is not None))


def _breadth(route: Route) -> tuple[bool, bool]:
    """A region's tag before the whole service's, a service's before the cloud's."""
    name, region = tag_of(route.prefix)
    return name == AZURE_CLOUD, not region


def _is_public(prefix: str) -> bool:
    return PUBLIC.overlaps(address_set((prefix,)))
