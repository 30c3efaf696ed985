"""Virtual networks and what is attached to their subnets, as Azure answers them, made facts. Pure.

Every function raises :class:`~..members.MemberError` for a member that is not there or of another type;
:func:`~..members.mapped` turns that into ``Unreadable``. Absent where unset, as recorded: a subnet's
networkSecurityGroup, routeTable, natGateway, serviceEndpoints and serviceEndpointPolicies, and a network's dhcpOptions.
"""

from __future__ import annotations

import re

from ...arm_ids import key_of
from ...facts import (
    EndpointPolicy,
    Peering,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Subnet,
    Unreadable,
    UserRoute,
    VirtualNetwork,
)
from ..ask.arm import Json
from ..members import Body, mapped, maybe, shown

# As of version 2024-05-01 of
# https://github.com/Azure/azure-rest-api-specs/tree/main/specification/network/resource-manager/Microsoft.Network
PEERING_STATES = ("Initiated", "Connected", "Disconnected")
ENDPOINT_NETWORK_POLICIES = ("Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled")
DIRECTIONS = ("Inbound", "Outbound")
ACCESS = ("Allow", "Deny")
PROTOCOLS = ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")
APPLIANCE = "VirtualAppliance"
GATEWAY_SUBNET, ROUTE_SERVER_SUBNET = "gatewaysubnet", "routeserversubnet"
_CONFIGURATION = re.compile("/ipConfigurations/[^/]+$", re.IGNORECASE)
NEXT_HOPS = (APPLIANCE, "VnetLocal", "Internet", "VirtualNetworkGateway", "None")


def virtual_network_from(answer: Json) -> VirtualNetwork:
    """Map a virtual network with its side of its peerings."""
    body = Body(answer)
    properties = body.object("properties")
    options = maybe(properties.object, "dhcpOptions")
    return VirtualNetwork(
        id=body.text("id"),
        prefixes=properties.object("addressSpace").texts("addressPrefixes"),
        dns_servers=(maybe(options.texts, "dnsServers") if options else None) or (),
        peerings=tuple(peering_from(item.json) for item in properties.objects("virtualNetworkPeerings")),
        gateways=shown(_gateways, properties),
        location=shown(body.text, "location"),
    )


def _gateways(network: Body) -> tuple[str, ...]:
    """What sits in the subnets that Azure keeps for gateways and route servers, by the names that it demands.

    A subnet refers to the IP configurations in it, and has no such member while it is empty (recorded), as a
    GatewaySubnet is before its gateway is made. One for a route server is for nothing else.

    Sources: https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings,
    https://learn.microsoft.com/azure/route-server/overview
    """
    found: dict[str, str] = {}
    for subnet in network.objects("subnets"):
        name = subnet.text("name").lower()
        if name in (GATEWAY_SUBNET, ROUTE_SERVER_SUBNET):
            inside = [
                _CONFIGURATION.sub("", each) for each in maybe(subnet.ids, "properties", "ipConfigurations") or ()
            ]
            if name == ROUTE_SERVER_SUBNET and not inside:
                inside = [subnet.text("id")]
            found.update({key_of(each): each for each in inside})
    return tuple(found.values())


def peering_from(answer: Json) -> Peering:
    """Map one side of a peering. What is in force is ``remoteAddressSpace``, also where it is not in sync."""
    body = Body(answer)
    properties = body.object("properties")
    return Peering(
        id=body.text("id"),
        name=body.text("name"),
        remote_network_id=properties.object("remoteVirtualNetwork").text("id"),
        state=shown(properties.enum, PEERING_STATES, "peeringState"),
        allows_access=shown(properties.flag, "allowVirtualNetworkAccess"),
        allows_forwarded=shown(properties.flag, "allowForwardedTraffic"),
        uses_remote_gateways=shown(properties.flag, "useRemoteGateways"),
        remote_prefixes=properties.object("remoteAddressSpace").texts("addressPrefixes"),
    )


def subnets_from(answer: Json) -> dict[str, Subnet | Unreadable]:
    """Map the subnets that a virtual network shows; the keys are their ids in lower case."""
    found = [(item.text("id"), item.json) for item in Body(answer).object("properties").objects("subnets")]
    return {key_of(subnet_id): mapped(subnet_from, item, subnet_id) for subnet_id, item in found}


def subnet_from(answer: Json) -> Subnet:
    """Map a subnet, whether its network shows it or it is asked for by itself."""
    body = Body(answer)
    properties = body.object("properties")
    return Subnet(
        id=body.text("id"),
        prefixes=prefixes_of(properties),
        security_group_id=properties.reference("networkSecurityGroup"),
        route_table_id=properties.reference("routeTable"),
        nat_gateway_id=properties.reference("natGateway"),
        service_endpoints=tuple(
            item.text("service").lower() for item in maybe(properties.objects, "serviceEndpoints") or ()
        ),
        endpoint_policy_ids=maybe(properties.ids, "serviceEndpointPolicies") or (),
        endpoint_network_policies=shown(properties.enum, ENDPOINT_NETWORK_POLICIES, "privateEndpointNetworkPolicies"),
        private=maybe(properties.flag, "defaultOutboundAccess") is False,
    )


def prefixes_of(subnet: Body) -> tuple[str, ...]:
    """The ranges in a subnet's properties, where either member may be left out."""
    return maybe(subnet.texts, "addressPrefixes") or (subnet.text("addressPrefix"),)


def security_group_from(answer: Json) -> SecurityGroup:
    """Map a network security group, its own rules before Azure's."""
    body = Body(answer)
    properties = body.object("properties")
    rules = [*properties.objects("securityRules"), *properties.objects("defaultSecurityRules")]
    return SecurityGroup(body.text("id"), tuple(map(_rule, rules)))


def _rule(item: Body) -> SecurityRule:
    rule = item.object("properties")
    source_groups = maybe(rule.ids, "sourceApplicationSecurityGroups") or ()
    destination_groups = maybe(rule.ids, "destinationApplicationSecurityGroups") or ()
    return SecurityRule(
        name=item.text("name"),
        priority=rule.number("priority"),
        direction=rule.enum(DIRECTIONS, "direction"),
        access=rule.enum(ACCESS, "access"),
        protocol=rule.enum(PROTOCOLS, "protocol"),
        sources=_one_or_more(rule, "sourceAddressPrefix", "sourceAddressPrefixes", source_groups),
        destinations=_one_or_more(rule, "destinationAddressPrefix", "destinationAddressPrefixes", destination_groups),
        source_ports=_one_or_more(rule, "sourcePortRange", "sourcePortRanges"),
        destination_ports=_one_or_more(rule, "destinationPortRange", "destinationPortRanges"),
        source_groups=source_groups,
        destination_groups=destination_groups,
    )


def _one_or_more(rule: Body, singular: str, plural: str, instead: tuple[str, ...] = ()) -> tuple[str, ...]:
    """One address or port stands in the singular member, several in the plural one (recorded: the other is empty).

    Neither needs to where the rule has something ``instead``.
    """
    one = maybe(rule.text, singular)
    found = (*((one,) if one else ()), *(maybe(rule.texts, plural) or ()))
    if not found and not instead:
        raise rule.not_shown(singular)
    return found


def route_table_from(answer: Json) -> RouteTable:
    """Map a route table."""
    body = Body(answer)
    disabled = shown(body.flag, "properties", "disableBgpRoutePropagation")
    return RouteTable(
        id=body.text("id"),
        routes=tuple(map(_route, body.object("properties").objects("routes"))),
        gateway_routes=disabled if isinstance(disabled, Unreadable) else not disabled,
    )


def _route(item: Body) -> UserRoute:
    rule = item.object("properties")
    next_hop = rule.enum(NEXT_HOPS, "nextHopType")
    address = rule.text("nextHopIpAddress") if next_hop == APPLIANCE else None
    return UserRoute(item.text("name"), rule.text("addressPrefix"), next_hop, address)


def endpoint_policy_from(answer: Json) -> EndpointPolicy:
    """Map a service endpoint policy: what all of its definitions allow, aliases of service ``Global`` too."""
    body = Body(answer)
    found: dict[str, None] = {}
    for definition in body.object("properties").objects("serviceEndpointPolicyDefinitions"):
        found.update(dict.fromkeys(definition.object("properties").texts("serviceResources")))
    return EndpointPolicy(body.text("id"), tuple(found))
