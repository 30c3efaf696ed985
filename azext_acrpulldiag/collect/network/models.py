"""Virtual networks and what is attached to their subnets, as Azure answers them, made facts. Pure.

Every function raises ``KeyError`` for a member that is not shown and ``AttributeError``, ``TypeError``
or ``ValueError`` for JSON of another form; :func:`~.network.mapped` turns those into ``Unreadable``.
Absent where unset, as recorded: a subnet's networkSecurityGroup, routeTable, natGateway, serviceEndpoints and
serviceEndpointPolicies, and a network's dhcpOptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
from ..members import shown, text
from .outbound_models import mapped, reference


def virtual_network_from(body: Json) -> VirtualNetwork:
    """Map a virtual network with its side of its peerings."""
    properties = body["properties"]
    options = properties.get("dhcpOptions") or {}
    return VirtualNetwork(
        id=str(body["id"]),
        prefixes=_texts(properties["addressSpace"]["addressPrefixes"]),
        dns_servers=_texts(options.get("dnsServers") or []),
        peerings=tuple(peering_from(item) for item in properties["virtualNetworkPeerings"]),
    )


def peering_from(item: Json) -> Peering:
    """Map one side of a peering. What is in force is ``remoteAddressSpace``, also where it is not in sync."""
    properties = item["properties"]
    return Peering(
        id=str(item["id"]),
        name=str(item["name"]),
        remote_network_id=str(properties["remoteVirtualNetwork"]["id"]),
        state=text(item, "properties", "peeringState"),
        allows_access=shown(item, bool, "properties", "allowVirtualNetworkAccess"),
        allows_forwarded=shown(item, bool, "properties", "allowForwardedTraffic"),
        uses_remote_gateways=shown(item, bool, "properties", "useRemoteGateways"),
        remote_prefixes=_texts(properties["remoteAddressSpace"]["addressPrefixes"]),
    )


def subnets_from(body: Json) -> dict[str, Subnet | Unreadable]:
    """Map the subnets that a virtual network shows; the keys are their ids in lower case."""
    found = [(str(item["id"]), item) for item in body["properties"]["subnets"]]
    return {subnet_id.lower(): mapped(subnet_from, item, subnet_id) for subnet_id, item in found}


def subnet_from(body: Json) -> Subnet:
    """Map a subnet, whether its network shows it or it is asked for by itself."""
    properties = body["properties"]
    prefixes = _texts(properties.get("addressPrefixes") or [])
    return Subnet(
        id=str(body["id"]),
        prefixes=prefixes or (_text(properties["addressPrefix"]),),
        security_group_id=reference(properties.get("networkSecurityGroup")),
        route_table_id=reference(properties.get("routeTable")),
        nat_gateway_id=reference(properties.get("natGateway")),
        service_endpoints=tuple(_text(item["service"]).lower() for item in properties.get("serviceEndpoints") or ()),
        endpoint_policy_ids=_ids(properties.get("serviceEndpointPolicies")),
        endpoint_network_policies=text(body, "properties", "privateEndpointNetworkPolicies"),
        private=properties.get("defaultOutboundAccess") is False,
    )


def security_group_from(body: Json) -> SecurityGroup:
    """Map a network security group, its own rules before Azure's."""
    properties = body["properties"]
    rules = [*properties["securityRules"], *properties["defaultSecurityRules"]]
    return SecurityGroup(str(body["id"]), tuple(_rule(item) for item in rules))


def _rule(item: Json) -> SecurityRule:
    """One address or port stands in the singular member, several in the plural one (recorded: the other is empty)."""
    rule = item["properties"]
    found = SecurityRule(
        name=str(item["name"]),
        priority=int(rule["priority"]),
        direction=_text(rule["direction"]),
        access=_text(rule["access"]),
        protocol=_text(rule["protocol"]),
        sources=_one_or_more(rule, "sourceAddressPrefix", "sourceAddressPrefixes"),
        destinations=_one_or_more(rule, "destinationAddressPrefix", "destinationAddressPrefixes"),
        source_ports=_one_or_more(rule, "sourcePortRange", "sourcePortRanges"),
        destination_ports=_one_or_more(rule, "destinationPortRange", "destinationPortRanges"),
        source_groups=_ids(rule.get("sourceApplicationSecurityGroups")),
        destination_groups=_ids(rule.get("destinationApplicationSecurityGroups")),
    )
    for name, values in (
        ("source", (*found.sources, *found.source_groups)),
        ("destination", (*found.destinations, *found.destination_groups)),
        ("sourcePortRange", found.source_ports),
        ("destinationPortRange", found.destination_ports),
    ):
        if not values:
            raise KeyError(f"{name} of rule {found.name}")
    return found


def route_table_from(body: Json) -> RouteTable:
    """Map a route table."""
    disabled = shown(body, bool, "properties", "disableBgpRoutePropagation")
    return RouteTable(
        id=str(body["id"]),
        routes=tuple(_route(item["name"], item["properties"]) for item in body["properties"]["routes"]),
        gateway_routes=disabled if isinstance(disabled, Unreadable) else not disabled,
    )


def _route(name: str, rule: Json) -> UserRoute:
    next_hop = _text(rule["nextHopType"])
    appliance = next_hop.lower() == "virtualappliance"
    address = _text(rule["nextHopIpAddress"]) if appliance else None
    return UserRoute(str(name), _text(rule["addressPrefix"]), next_hop, address)


def endpoint_policy_from(body: Json) -> EndpointPolicy:
    """Map a service endpoint policy: what all of its definitions allow, aliases of service ``Global`` too."""
    found: dict[str, None] = {}
    for definition in body["properties"]["serviceEndpointPolicyDefinitions"]:
        found.update(dict.fromkeys(_texts(definition["properties"]["serviceResources"])))
    return EndpointPolicy(str(body["id"]), tuple(found))


def _one_or_more(rule: Mapping[str, Any], singular: str, plural: str) -> tuple[str, ...]:
    one = rule.get(singular)
    return (*((_text(one),) if one else ()), *_texts(rule.get(plural) or []))


def _ids(items: Iterable[Json] | None) -> tuple[str, ...]:
    return tuple(str(item["id"]) for item in items or ())


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{type(values).__name__} instead of a list")
    return tuple(_text(value) for value in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of a text")
    return value
