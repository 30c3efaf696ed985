"""The way to the internet as Azure answers it, made values: NAT gateways, public addresses, the route that counts.

Every function that maps an answer raises ``KeyError`` for a member that is not shown and
``AttributeError``, ``TypeError`` or ``ValueError`` for JSON of another form; :func:`mapped`
turns those into ``Unreadable``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any, TypeVar

from ...facts import RouteTable, Unreadable, UserRoute, VirtualNetwork
from ..ask.arm import Json, operation_of

T = TypeVar("T")

REGISTRY_SERVICE = "microsoft.containerregistry"
REGISTRY_TAG = "azurecontainerregistry"
# A route this narrow is one to a private network (10.0.0.0/8) or to a few addresses.
_NARROW = 8


def mapped(mapping: Callable[[Any], T | Unreadable], answer: Any, path: str) -> T | Unreadable:
    """Apply ``mapping`` to an answer; ignorance, absence and misshapen JSON become ``Unreadable``."""
    if isinstance(answer, Unreadable):
        return answer
    if answer is None:
        return Unreadable("not-found", f"{path} does not exist", operation_of(path))
    try:
        return mapping(answer)
    except KeyError as missing:
        return Unreadable("not-shown", f"The answer for {path} does not show {missing}", operation_of(path))
    except (AttributeError, TypeError, ValueError):
        return Unreadable("malformed", f"The answer for {path} has an unexpected form", operation_of(path))


def nat_sources_from(body: Json) -> tuple[str, ...]:
    """Ids of a NAT gateway's addresses (the member is ``publicIpAddresses``) and prefixes."""
    properties = body["properties"]
    sources = _references(properties, "publicIpAddresses") + _references(properties, "publicIpPrefixes")
    if not sources:
        raise KeyError("publicIpAddresses")
    return sources


def registry_route(table: RouteTable) -> UserRoute | Unreadable | None:
    """Find the user-defined route for the registry's public address. ``None``: the table has none.

    A route for the registry's service tag is narrower than one for everything. Where several
    wide routes disagree, which one is taken depends on an address that is not known here.
    """
    tagged = [route for route in table.routes if route.prefix.lower() == REGISTRY_TAG]
    found = tagged or [route for route in table.routes if is_wide(route.prefix)]
    if len({(route.next_hop.lower(), route.address) for route in found}) > 1:
        names = ", ".join(sorted(route.name for route in found))
        return Unreadable("unsupported", f"Routes {names} of {table.id} disagree about the way to the registry")
    return found[0] if found else None


def addresses_from(items: Iterable[Json]) -> tuple[str, ...] | Unreadable:
    """IPv4 addresses and prefixes of public IP resources; registries' rules know no IPv6.

    An address that is not allocated has no ``ipAddress`` (recorded), so is ``Unreadable``.
    """
    found: list[str] = []
    for item in items:
        properties = item["properties"]
        if str(properties.get("publicIPAddressVersion", "")).lower() == "ipv6":
            continue
        text = properties.get("ipPrefix" if "/publicipprefixes/" in item["id"].lower() else "ipAddress")
        if not text:
            return Unreadable(
                "not-shown", f"{item['id']} shows no address: none is allocated", operation_of(item["id"])
            )
        network = ip_network(text)
        if network.version == 4:
            found.append(str(network).removesuffix("/32"))
    return tuple(found)


def home_of(address: str, network: VirtualNetwork) -> str:
    """The id of the virtual network that a private address lies in, as seen from ``network``.

    Private addresses repeat from network to network, so that one may be compared only within
    the network that this one reaches under it. Raises ``ValueError`` for what is no address.
    """
    for peering in network.peerings:
        if holds(peering.remote_prefixes, address):
            return peering.remote_network_id
    return network.id


def holds(prefixes: Iterable[str], address: str) -> bool:
    """Tell whether an address lies in one of some ranges. Raises ``ValueError`` for what is neither."""
    target = ip_address(address)
    return any(target in ip_network(prefix, strict=False) for prefix in prefixes)


def in_hub(network_id: str) -> bool:
    """Tell whether a network is that of a virtual hub: Microsoft's own, of this name, as peerings show it."""
    return "/virtualnetworks/hv_" in network_id.lower()


def is_wide(prefix: str) -> bool:
    """Tell whether a route's prefix may take traffic for the registry's public address."""
    if prefix.lower().startswith((f"{REGISTRY_TAG}.", "azurecloud")):
        return True
    try:
        network = ip_network(prefix)
    except ValueError:
        return False  # another service's tag
    return isinstance(network, IPv4Network) and network.prefixlen < _NARROW


def reference(member: Json | None) -> str | None:
    """The id in a member that is absent where nothing is attached."""
    return str(member["id"]) if member else None


def _references(properties: Json, member: str) -> tuple[str, ...]:
    return tuple(str(item["id"]) for item in properties.get(member) or ())
