"""Virtual networks as Azure answers them, made values: subnets, routes, NAT gateways, firewalls, addresses.

Every function that maps an answer raises ``KeyError`` for a member that is not shown and
``AttributeError``, ``TypeError`` or ``ValueError`` for JSON of another form; :func:`mapped`
turns those into ``Unreadable``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any, TypeVar

from ..facts import Unreadable, same_id
from .arm import Json, operation_of

T = TypeVar("T")

REGISTRY_SERVICE = "microsoft.containerregistry"
REGISTRY_TAG = "azurecontainerregistry"
# A route this narrow is one to a private network (10.0.0.0/8) or to a few addresses.
_NARROW = 8


@dataclass(frozen=True)
class Subnet:
    """What a subnet says about leaving it."""

    id: str
    nat_gateway_id: str | None
    route_table_id: str | None
    service_endpoint: bool
    private: bool
    """``defaultOutboundAccess`` is off: without an explicit way there is none."""

    @property
    def network_id(self) -> str:
        """The id of its virtual network."""
        return network_of(self.id)


@dataclass(frozen=True)
class Route:
    """The user-defined route that carries traffic to the registry's public address."""

    name: str
    next_hop: str
    address: str | None


@dataclass(frozen=True)
class Peering:
    """A network that the subnet's network is joined to."""

    network_id: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Firewall:
    """An Azure Firewall in a virtual network. Its management address carries no traffic of nodes."""

    id: str
    private_ips: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    public_ip_ids: tuple[str, ...]


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


def subnet_from(body: Json) -> Subnet:
    """Map a subnet. Its natGateway, routeTable and serviceEndpoints are absent where unset (recorded)."""
    properties = body["properties"]
    services = [str(item.get("service", "")).lower() for item in properties.get("serviceEndpoints") or ()]
    return Subnet(
        id=str(body["id"]),
        nat_gateway_id=_reference(properties.get("natGateway")),
        route_table_id=_reference(properties.get("routeTable")),
        service_endpoint=REGISTRY_SERVICE in services,
        private=properties.get("defaultOutboundAccess") is False,
    )


def nat_sources_from(body: Json) -> tuple[str, ...]:
    """Ids of a NAT gateway's addresses (the member is ``publicIpAddresses``) and prefixes."""
    properties = body["properties"]
    sources = _references(properties, "publicIpAddresses") + _references(properties, "publicIpPrefixes")
    if not sources:
        raise KeyError("publicIpAddresses")
    return sources


def route_from(body: Json) -> Route | Unreadable | None:
    """Find the user-defined route for the registry. ``None``: the table has none.

    A route for the registry's service tag is narrower than one for everything. Where several
    wide routes disagree, which one is taken depends on an address that is not known here.
    """
    routes = [(item["name"], item["properties"]) for item in body["properties"]["routes"]]
    tagged = [item for item in routes if item[1]["addressPrefix"].lower() == REGISTRY_TAG]
    wide = tagged or [item for item in routes if _is_wide(item[1]["addressPrefix"])]
    found = [_route(name, rule) for name, rule in wide]
    if len({(route.next_hop.lower(), route.address) for route in found}) > 1:
        names = ", ".join(sorted(route.name for route in found))
        return Unreadable("unsupported", f"Routes {names} of {body['id']} disagree about the way to the registry")
    return found[0] if found else None


def _route(name: str, rule: Json) -> Route:
    appliance = rule["nextHopType"].lower() == "virtualappliance"
    return Route(name, rule["nextHopType"], rule["nextHopIpAddress"] if appliance else None)


def peerings_from(items: Iterable[Json]) -> tuple[Peering, ...]:
    """Map the peerings of a virtual network."""
    return tuple(
        Peering(
            item["properties"]["remoteVirtualNetwork"]["id"],
            tuple((item["properties"].get("remoteAddressSpace") or {}).get("addressPrefixes") or ()),
        )
        for item in items
    )


def firewalls_from(items: Iterable[Json]) -> tuple[Firewall, ...]:
    """Map a list of Azure Firewalls; those of a virtual hub have no ipConfigurations and match nothing."""
    return tuple(_firewall(item) for item in items)


def _firewall(body: Json) -> Firewall:
    configurations = [item["properties"] for item in body["properties"].get("ipConfigurations") or ()]
    return Firewall(
        id=str(body["id"]),
        private_ips=tuple(item["privateIPAddress"] for item in configurations if item.get("privateIPAddress")),
        subnet_ids=tuple(item["subnet"]["id"] for item in configurations if item.get("subnet")),
        public_ip_ids=tuple(item["publicIPAddress"]["id"] for item in configurations if item.get("publicIPAddress")),
    )


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


def home_of(address: str, network_id: str, peerings: Iterable[Peering]) -> str:
    """The virtual network that an appliance's private address lies in.

    Private addresses repeat from network to network, so that one may be compared only within
    the network that this one reaches under it.
    """
    target = ip_address(address)
    for peering in peerings:
        if any(target in ip_network(prefix) for prefix in peering.prefixes):
            return peering.network_id
    return network_id


def firewall_at(address: str, network_id: str, firewalls: Iterable[Firewall]) -> Firewall | None:
    """The firewall with that private address in that network."""
    for firewall in firewalls:
        inside = any(same_id(network_of(subnet), network_id) for subnet in firewall.subnet_ids)
        if inside and address in firewall.private_ips:
            return firewall
    return None


def network_of(subnet_id: str) -> str:
    """The id of a subnet's virtual network."""
    return subnet_id.rstrip("/").rsplit("/", 2)[0]


def _is_wide(prefix: str) -> bool:
    if prefix.lower().startswith((f"{REGISTRY_TAG}.", "azurecloud")):
        return True
    try:
        network = ip_network(prefix)
    except ValueError:
        return False  # another service's tag
    return isinstance(network, IPv4Network) and network.prefixlen < _NARROW


def _reference(member: Json | None) -> str | None:
    return str(member["id"]) if member else None


def _references(properties: Json, member: str) -> tuple[str, ...]:
    return tuple(str(item["id"]) for item in properties.get(member) or ())
