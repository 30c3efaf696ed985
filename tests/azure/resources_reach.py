"""Resource Manager JSON of security rules and routes, made from recordings."""

from __future__ import annotations

from typing import Any

from tests.recordings import body

from .resources import LOCATION, renamed
from .store import Json


def security_group(resource_id: str, rules: list[Json]) -> Json:
    """A network security group with these rules and Azure's default ones."""
    recorded = body("network/nsg_get_2025_05_01")
    resource: Json = renamed(recorded, **{recorded["id"]: resource_id})
    resource |= {"id": resource_id, "name": resource_id.rpartition("/")[2], "location": LOCATION}
    for rule in rules:
        rule["id"] = f"{resource_id}/securityRules/{rule['name']}"
    resource["properties"]["securityRules"] = rules
    return resource


def security_rule(
    name: str, priority: int, access: str, destination: str | list[str], direction: str = "Outbound", **members: Any
) -> Json:
    """A rule about TCP from anywhere to any port; several destinations stand in a member of their own, as recorded."""
    (rule,) = body("network/nsg_get_custom_rules")["properties"]["securityRules"][:1]
    rule = {key: value for key, value in rule.items() if key in ("id", "name", "etag", "type", "properties")}
    several = isinstance(destination, list)
    rule["name"] = name
    rule["properties"] = {
        "provisioningState": "Succeeded",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": "*",
        "access": access,
        "priority": priority,
        "direction": direction,
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": destination if several else [],
        **({} if several else {"destinationAddressPrefix": destination}),
        **members,
    }
    return rule


def route(table_id: str, name: str, prefix: str, next_hop: str, address: str | None = None) -> Json:
    """A route of a user's."""
    (resource,) = body("network/routetable_get_with_routes")["properties"]["routes"]
    resource |= {"id": f"{table_id}/routes/{name}", "name": name}
    resource["properties"] |= {"addressPrefix": prefix, "nextHopType": next_hop}
    if address is not None:
        resource["properties"]["nextHopIpAddress"] = address
    return resource  # type: ignore[no-any-return]
