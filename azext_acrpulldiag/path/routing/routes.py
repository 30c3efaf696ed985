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

LOCAL, PEERED, INTERNET, NOWHERE = "vnetlocal", "vnetpeering", "internet", "none"
ENDPOINT, SERVICE_ENDPOINT = "interfaceendpoint", "virtualnetworkserviceendpoint"
APPLIANCE, GATEWAY = "virtualappliance", "virtualnetworkgateway"


@dataclass(frozen=True)
class Route:
    """A route that holds for a destination."""

    prefix: str
    next_hop: str
    """In lower case: one of the constants of this module."""
    address: str | None = None
    """Of an appliance."""
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
    """Others that may be taken instead, and lead elsewhere; empty: it is certain."""


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
        if peering.state == "Connected":
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


def to_public(services: Services, service_endpoints: tuple[str, ...], table: RouteTable | None) -> Choice:
    """Choose the route to public addresses that are known by their service tags alone.

    A service endpoint of the subnet (its service in lower case) cannot be overridden. A user's route for a tag beats
    one for every address; one for a range may be about these addresses, a range of one address never is: nobody
    reaches a registry by that one alone.
    """
    for service in service_endpoints:
        if _ENDPOINT_SERVICES.get(service) in services.names:
            return Choice(Route(service, SERVICE_ENDPOINT))
    users = [_of_user(route) for route in (table.routes if table else ())]
    tagged = sorted((each for each in users if span_of(each.prefix) is None), key=_breadth)
    certain = next((each for each in tagged if services.match(each.prefix) is Match.YES), None)
    perhaps = [each for each in tagged if services.match(each.prefix) is Match.MAYBE]
    ranges = [each for each in users if span_of(each.prefix) is not None]
    everything = [each for each in ranges if prefix_length(each.prefix) == 0]
    narrower = [each for each in ranges if 0 < (prefix_length(each.prefix) or 0) < 32 and _is_public(each.prefix)]
    split = _together_everything(narrower)
    if split is not None:
        everything, narrower = [split], [each for each in narrower if each.way != split.way]
    certain = certain or next(iter(everything), Route("0.0.0.0/0", INTERNET))
    differing = {each.way: each for each in (*perhaps, *narrower) if each.way != certain.way}
    return Choice(certain, tuple(differing.values()))


# The tag of each service that a subnet may have an endpoint for.
_ENDPOINT_SERVICES = {
    "microsoft.containerregistry": "azurecontainerregistry",
    "microsoft.storage": "storage",
    "microsoft.storage.global": "storage",
}


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
    tag = route.prefix.lower()
    return tag.startswith("azurecloud"), "." not in tag


def _is_public(prefix: str) -> bool:
    return PUBLIC.overlaps(address_set((prefix,)))


def _together_everything(routes: Iterable[Route]) -> Route | None:
    """Several ranges of the same next hop that leave no public address out (``0.0.0.0/1`` and ``128.0.0.0/1``)."""
    alike: dict[tuple[str, str | None], list[Route]] = {}
    for route in routes:
        alike.setdefault(route.way, []).append(route)
    for several in alike.values():
        if address_set(tuple(each.prefix for each in several)).covers(PUBLIC):
            return several[0]
    return None
