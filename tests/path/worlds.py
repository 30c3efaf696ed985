"""Networks for tests of the way: the nodes' one, a hub, and one with the registry's private endpoint."""

from __future__ import annotations

from dataclasses import replace

from azext_acrpulldiag.facts import (
    EndpointAddress,
    Firewall,
    Network,
    NodePlace,
    Peering,
    PrivateEndpoint,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Unreadable,
    UserRoute,
    VirtualNetwork,
)
from azext_acrpulldiag.path.hops import Destination
from tests import build

RESOURCES = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
NODES_ID = build.SUBNET_ID.rpartition("/subnets/")[0]
HUB_ID = f"{RESOURCES}/virtualNetworks/vnet-hub"
SHARED_ID = f"{RESOURCES}/virtualNetworks/vnet-shared"
SHARED_SUBNET = f"{SHARED_ID}/subnets/endpoints"
TABLE_ID = f"{RESOURCES}/routeTables/rt-nodes"
GROUP_ID = f"{RESOURCES}/networkSecurityGroups/nsg-nodes"
NIC_GROUP_ID = f"{RESOURCES}/networkSecurityGroups/nsg-nics"
ENDPOINT_ID = f"{RESOURCES}/privateEndpoints/pe-registry"
PREFIXES = {NODES_ID: "10.224.0.0/12", HUB_ID: "10.100.0.0/16", SHARED_ID: "10.50.0.0/16"}
ADDRESS, APPLIANCE = "10.50.0.4", "10.100.0.4"
PLACE = NodePlace(("pool1",), build.SUBNET_ID)
FORBIDDEN = Unreadable("forbidden", "Not allowed", "GET", "Microsoft.Network/virtualNetworks/read")

LOGIN = Destination("contosoreg.azurecr.io")
LAYERS = Destination("*.blob.core.windows.net")
ENDPOINT = PrivateEndpoint(
    connection_id=f"{build.REGISTRY_ID}/privateEndpointConnections/c1",
    id=ENDPOINT_ID,
    status="Approved",
    subnet_id=SHARED_SUBNET,
    addresses=(EndpointAddress(ADDRESS, "registry", ("contosoreg.azurecr.io",)),),
)
PRIVATE = Destination("contosoreg.azurecr.io", (ADDRESS,), ENDPOINT)


def side(here: str, there: str, **changes: object) -> Peering:
    """One side of a peering that works."""
    name = f"to-{there.rpartition('/')[2]}"
    prefixes = (PREFIXES.get(there, "10.60.0.0/16"),)
    whole = Peering(f"{here}/virtualNetworkPeerings/{name}", name, there, "Connected", True, True, False, prefixes)
    return replace(whole, **changes)


def peered(*pairs: tuple[str, str]) -> dict[str, VirtualNetwork | Unreadable | None]:
    """All three networks, each of ``pairs`` peered on both sides."""
    sides = [side(*pair) for one, other in pairs for pair in ((one, other), (other, one))]
    return with_sides(*sides)


def with_sides(*sides: Peering) -> dict[str, VirtualNetwork | Unreadable | None]:
    """All three networks with these sides of peerings."""
    return {
        network_id.lower(): VirtualNetwork(
            network_id, (prefix,), (), tuple(each for each in sides if each.id.startswith(f"{network_id}/"))
        )
        for network_id, prefix in PREFIXES.items()
    }


def rule(priority: int = 100, access: str = "Deny", **changes: object) -> SecurityRule:
    """A rule about everything that leaves."""
    whole = SecurityRule(f"rule{priority}", priority, "Outbound", access, "*", ("*",), ("*",), ("*",), ("*",))
    return replace(whole, **changes)


# Azure's own: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
DEFAULT_RULES = (
    rule(65000, "Allow", name="AllowVnetOutBound", sources=("VirtualNetwork",), destinations=("VirtualNetwork",)),
    rule(65001, "Allow", name="AllowInternetOutBound", destinations=("Internet",)),
    rule(65500, "Deny", name="DenyAllOutBound"),
    rule(
        65000,
        "Allow",
        name="AllowVnetInBound",
        direction="Inbound",
        sources=("VirtualNetwork",),
        destinations=("VirtualNetwork",),
    ),
    rule(65500, "Deny", name="DenyAllInBound", direction="Inbound"),
)


def group(*rules: SecurityRule, group_id: str = GROUP_ID) -> SecurityGroup:
    """A security group with Azure's default rules."""
    return SecurityGroup(group_id, (*rules, *DEFAULT_RULES))


def user(prefix: str, next_hop: str = "None", address: str | None = None, name: str = "default") -> UserRoute:
    return UserRoute(name, prefix, next_hop, address)


def through(address: str = APPLIANCE, prefix: str = "0.0.0.0/0") -> UserRoute:
    """A route to an appliance."""
    return user(prefix, "VirtualAppliance", address)


def guarded(*rules: SecurityRule, on_interface: bool = False, **changes: object) -> Network:
    """The plain network with a security group on the nodes' subnet or on their interfaces."""
    if on_interface:
        changes["places"] = (replace(PLACE, interface_group_ids=(NIC_GROUP_ID,)),)
        groups = {NIC_GROUP_ID.lower(): group(*rules, group_id=NIC_GROUP_ID)}
        return build.network(security_groups=groups, **changes)
    subnets = {
        build.SUBNET_ID.lower(): build.subnet(security_group_id=GROUP_ID),
        SHARED_SUBNET.lower(): build.subnet(SHARED_SUBNET, "10.50.0.0/24"),
    }
    return build.network(**{"subnets": subnets, "security_groups": {GROUP_ID.lower(): group(*rules)}, **changes})


def routed(
    *routes: UserRoute,
    networks: dict[str, VirtualNetwork | Unreadable | None] | None = None,
    firewalls: dict[str, Firewall | Unreadable | None] | None = None,
    policies: str | Unreadable = "Disabled",
    gateway_routes: bool = True,
    service_endpoints: tuple[str, ...] = (),
    **changes: object,
) -> Network:
    """The three networks, unpeered unless ``networks`` says so, with these routes in the nodes' table.

    ``firewalls`` are by address.
    """
    nodes = build.subnet(route_table_id=TABLE_ID if routes else None, service_endpoints=service_endpoints)
    endpoints = build.subnet(SHARED_SUBNET, "10.50.0.0/24", endpoint_network_policies=policies)
    return build.network(
        networks=peered() if networks is None else networks,
        subnets={build.SUBNET_ID.lower(): nodes, SHARED_SUBNET.lower(): endpoints},
        route_tables={TABLE_ID.lower(): RouteTable(TABLE_ID, routes, gateway_routes)} if routes else {},
        firewalls={f"{NODES_ID} {address}".lower(): each for address, each in (firewalls or {}).items()},
        **changes,
    )
