"""By which public addresses nodes leave for the registry's public side. Pure.

Azure takes the first of: a route that leads elsewhere than to the internet, a NAT gateway on the subnet, an address
of the instance itself, the load balancer's outbound rules, default outbound access
(https://learn.microsoft.com/azure/nat-gateway/nat-overview). What the cluster calls its outbound type is
therefore only asked last. Which route it is, :func:`~.public.routes_out` says, as for every other check; that a
gateway may advertise a default route, :mod:`~.gateways`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arm_ids import key_of, name_of
from ...facts import (
    Cluster,
    Firewall,
    Network,
    NodeAddresses,
    NodePlace,
    Outbound,
    Registry,
    RouteTable,
    Subnet,
    Unreadable,
)
from ..filters.sides import for_want_of_regions, services_of
from ..hops import Destination
from ..lookups import looked_up, subnet_of, table_of
from .appliances import appliance_at
from .gateways import default_route
from .public import routes_out
from .routes import APPLIANCE, HUB, INTERNET, NOWHERE, SERVICE_ENDPOINT, Route, to_public
from .start import Way, named, one_of, way_of
from .virtual_hubs import announces

REGISTRY_SERVICE = "microsoft.containerregistry"
FIREWALL_SUBNET = "AzureFirewallSubnet"  # the name that Azure demands

Addresses = tuple[str, ...] | Unreadable


@dataclass(frozen=True)
class WayOut:
    """One way to leave for the internet."""

    path: str
    """``nat-gateway``, ``node-public-ip``, ``load-balancer``, ``firewall``, ``none`` or ``unknown``."""
    addresses: Addresses
    """Public IPv4 addresses and prefixes in CIDR form; any of them may be used."""
    via: str | None = None
    """The NAT gateway or firewall whose addresses they are; ``None``: no such resource on the way."""


@dataclass(frozen=True)
class Egress:
    """How the nodes of some pools leave for the registry's public side."""

    pools: tuple[str, ...]
    subnet_id: str | None
    """``None``: not known."""
    private_source: bool | Unreadable
    """The subnet has the registry's service endpoint: traffic arrives with a private address."""
    ways: tuple[WayOut, ...]
    """With several it is one of them. None where the source is private."""
    doubt: Unreadable | None = None
    """Why it is not known which of several ways it is."""
    learnt: Unreadable | None = None
    """Why it may be none of them: a gateway may advertise a default route. ``None``: none can."""


def egresses_of(registry: Registry, network: Network, cluster: Cluster, outbound: Outbound) -> tuple[Egress, ...]:
    """Say how the nodes leave: one :class:`Egress` a subnet and kind of node."""
    return tuple(_egress(_Leaving(registry, network, cluster, outbound, nodes)) for nodes in outbound.nodes)


@dataclass(frozen=True)
class _Leaving:
    """Some nodes, with what their way out may depend on."""

    registry: Registry
    network: Network
    cluster: Cluster
    outbound: Outbound
    nodes: NodeAddresses

    @property
    def place(self) -> NodePlace:
        return NodePlace(self.nodes.pools, self.nodes.subnet_id)

    @property
    def destination(self) -> Destination:
        return Destination(self.registry.login_server)


_Named = tuple[str, WayOut]
"""A way, and in words the route that makes it."""


def _egress(leaving: _Leaving) -> Egress:
    nodes = leaving.nodes
    subnet = subnet_of(leaving.network, leaving.place)
    source = subnet if isinstance(subnet, Unreadable) else REGISTRY_SERVICE in subnet.service_endpoints
    ways: dict[WayOut, str] = {}
    for words, way in _ways(leaving) if source is not True else ():
        ways.setdefault(way, words)
    doubt = _doubt(leaving, list(ways.values())) if len(ways) > 1 else None
    subnet_id = nodes.subnet_id if isinstance(nodes.subnet_id, str) else None
    learnt = _learnt(leaving) if source is not True else None
    return Egress(nodes.pools, subnet_id, source, tuple(ways), doubt, learnt)


def _learnt(leaving: _Leaving) -> Unreadable | None:
    """Why Azure's own default route may not hold, where nodes would leave by it."""
    way = way_of(leaving.registry, leaving.network, leaving.place, leaving.destination)
    if isinstance(way, Unreadable) or not any(_is_azures(route) for route in routes_out(way)):
        return None
    return default_route(way.here, way.table)


def _is_azures(route: Route) -> bool:
    return route.user is None and route.next_hop == INTERNET


def _doubt(leaving: _Leaving, ways: list[str]) -> Unreadable:
    network = leaving.network
    tables = [each for each in network.route_tables.values() if isinstance(each, RouteTable)]
    prefixes = (route.prefix for table in tables for route in table.routes)
    return for_want_of_regions(one_of(ways, "the registry's addresses"), leaving.registry, network, prefixes)


def _ways(leaving: _Leaving) -> Iterator[_Named]:
    way = way_of(leaving.registry, leaving.network, leaving.place, leaving.destination)
    if isinstance(way, Unreadable):
        yield "a route that was not read", WayOut("unknown", way)
        return
    for route in routes_out(way):
        words = named(way, route)
        if route.next_hop == INTERNET:
            yield words, _directly(leaving, way.subnet)
        elif route.next_hop == NOWHERE:
            yield words, WayOut("none", ())
        elif route.next_hop == APPLIANCE:
            yield from _by_appliance(leaving, way, route)
        elif route.next_hop == HUB:
            yield words, _by_hub(leaving, way)
        else:
            hop = route.user.next_hop if route.user else route.next_hop
            detail = f"Route {route_name(route)} of {way.subnet.id} has next hop type {hop}"
            why = Unreadable("unsupported", f"{detail}, whose outbound IP cannot be read from Azure")
            yield words, WayOut("unknown", why)


def route_name(route: Route) -> str:
    """The user's name of a route, or its prefix."""
    return route.user.name if route.user else route.prefix


# --- straight out ----------------------------------------------------------------------------


def _directly(leaving: _Leaving, subnet: Subnet) -> WayOut:
    nodes = leaving.nodes
    if subnet.nat_gateway_id is not None:
        return _by_nat_gateway(leaving.outbound, subnet.nat_gateway_id)
    if isinstance(nodes.public_ip, Unreadable):
        return WayOut("unknown", nodes.public_ip)
    if nodes.public_ip:
        return WayOut("node-public-ip", nodes.addresses)
    return _of_the_cluster(leaving.cluster, leaving.outbound, subnet)


def _by_nat_gateway(outbound: Outbound, gateway_id: str) -> WayOut:
    missing = Unreadable("not-shown", f"The addresses of NAT gateway {name_of(gateway_id)} were not read")
    return WayOut("nat-gateway", outbound.nat_gateways.get(key_of(gateway_id), missing), gateway_id)


def _of_the_cluster(cluster: Cluster, outbound: Outbound, subnet: Subnet) -> WayOut:
    """The way that AKS set up, where nothing on the subnet or the nodes overrides it.

    Of type ``none`` AKS sets up nothing, and nodes have Azure's default outbound access unless their subnet switches
    that off; its address is Azure's, is shown nowhere and may change. Of type ``block`` AKS denies all that leaves.

    Sources: https://learn.microsoft.com/azure/aks/egress-outboundtype,
    https://learn.microsoft.com/dotnet/api/microsoft.azure.management.containerservice.models.outboundtype ("All AKS
    nodes follows Azure VM default outbound behavior"),
    https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
    """
    if isinstance(cluster.outbound_type, Unreadable):
        return WayOut("unknown", cluster.outbound_type)
    kind = cluster.outbound_type.lower()
    if kind == "loadbalancer":
        return WayOut("load-balancer", outbound.cluster)
    if kind == "managednatgatewayv2":
        return WayOut("nat-gateway", outbound.cluster)
    # A route learnt from a gateway is not shown, and userDefinedRouting may rely on one.
    if kind == "block" or (subnet.private and kind != "userdefinedrouting"):
        return WayOut("none", ())
    missing = {
        "none": "leaves the nodes Azure's default outbound access, whose address is not shown and may change",
        "userdefinedrouting": "has no user-defined route for the internet",
        "managednatgateway": "has no NAT gateway",
        "userassignednatgateway": "has no NAT gateway",
    }.get(kind, "has nothing that shows its outbound IP")
    detail = f"The cluster's outbound type is {cluster.outbound_type}, and subnet {subnet.id} {missing}"
    return WayOut("unknown", Unreadable("not-shown", detail))


# --- by a firewall ---------------------------------------------------------------------------


def _by_appliance(leaving: _Leaving, way: Way, route: Route) -> Iterator[_Named]:
    words, found = named(way, route), appliance_at(way, route.address or "")
    sent = f"Route {route_name(route)} has next hop {route.address}"
    if isinstance(found, Firewall):
        for part, out in _by_firewall(leaving, found, sent):
            yield f"{words}{part}", out
    elif isinstance(found, Unreadable):
        yield words, WayOut("unknown", replace(found, detail=f"{sent}: {found.detail}"))
    else:
        detail = f"{sent}, a network virtual appliance, so its outbound IP is not known"
        yield words, WayOut("unknown", Unreadable("not-shown", detail))


def _by_hub(leaving: _Leaving, way: Way) -> WayOut:
    hub = leaving.network.hubs[key_of(way.here.id)]
    if isinstance(hub, Unreadable):
        return WayOut("unknown", hub)
    sent = f"The default route of virtual hub {name_of(hub.hub_id)} has next hop {name_of(hub.internet or '')}"
    if isinstance(hub.firewall, Unreadable):
        return WayOut("unknown", replace(hub.firewall, detail=f"{sent}: {hub.firewall.detail}"), hub.internet)
    via = hub.firewall.id if isinstance(hub.firewall, Firewall) else None
    return WayOut("unknown", Unreadable("unsupported", f"{sent}, whose outbound IPs are not read"), via)


def _by_firewall(leaving: _Leaving, firewall: Firewall, sent: str) -> Iterator[_Named]:
    """How an Azure Firewall leaves: its own subnet may have a NAT gateway, or routes, too.

    Source: https://learn.microsoft.com/azure/firewall/integrate-with-nat-gateway
    """
    if firewall.network_id is None:
        detail = f"{sent}, firewall {firewall.id} of a virtual hub, whose outbound IPs are not read"
        yield "", WayOut("unknown", Unreadable("unsupported", detail), firewall.id)
        return
    network = leaving.network
    subnet = looked_up(network.subnets, f"{firewall.network_id}/subnets/{FIREWALL_SUBNET}", "Subnet")
    if isinstance(subnet, Unreadable):
        yield "", WayOut("unknown", subnet, firewall.id)
        return
    table = table_of(network, subnet)
    if isinstance(table, Unreadable):
        yield "", WayOut("unknown", table, firewall.id)
        return
    announced = announces(network, firewall.network_id, table)
    services = services_of(leaving.registry, network, leaving.destination)
    choice = to_public(services, subnet.service_endpoints, table, announced)
    for route in (choice.route, *choice.instead(ends=choice.route.next_hop == NOWHERE)):
        words = f" and route {route_name(route)} of firewall {name_of(firewall.id)}"
        yield words, _of_the_firewall(leaving.outbound, firewall, subnet, route)


def _of_the_firewall(outbound: Outbound, firewall: Firewall, subnet: Subnet, route: Route) -> WayOut:
    if route.next_hop == SERVICE_ENDPOINT:
        detail = f"{firewall.id} reaches registries through the service endpoint of its subnet, with a private address"
        return WayOut("unknown", Unreadable("unsupported", detail), firewall.id)
    if route.next_hop != INTERNET:
        name = route_name(route)
        detail = f"{firewall.id} does not use its own outbound IPs: route {name} of its subnet has another next hop"
        return WayOut("unknown", Unreadable("unsupported", detail), firewall.id)
    if subnet.nat_gateway_id is not None:
        return _by_nat_gateway(outbound, subnet.nat_gateway_id)
    if not firewall.public_ip_ids:
        shows_none = Unreadable("not-shown", f"{firewall.id} shows no public IP")
        return WayOut("firewall", shows_none, firewall.id)
    missing = Unreadable("not-shown", f"The addresses of firewall {name_of(firewall.id)} were not read")
    return WayOut("firewall", outbound.firewalls.get(key_of(firewall.id), missing), firewall.id)
