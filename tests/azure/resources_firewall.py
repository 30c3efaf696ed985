"""Rules of Azure Firewalls, and their policies, with the members of recorded answers and official examples."""

from __future__ import annotations

from typing import Any

from tests.recordings import body

from .store import Json

ANY = ("*",)


def application_rule(name: str, *fqdns: str, sources: tuple[str, ...] = ANY, tags: tuple[str, ...] = ()) -> Json:
    """HTTPS to names; the same in a policy and in classic rules but for the type that a policy writes."""
    return {
        "ruleType": "ApplicationRule",
        "name": name,
        "protocols": [{"protocolType": "Https", "port": 443}],
        "fqdnTags": list(tags),
        "webCategories": [],
        "targetFqdns": list(fqdns),
        "targetUrls": [],
        "terminateTLS": False,
        "sourceAddresses": list(sources),
        "destinationAddresses": [],
        "sourceIpGroups": [],
    }


def network_rule(name: str, *destinations: str, sources: tuple[str, ...] = ANY, groups: tuple[str, ...] = ()) -> Json:
    """TCP 443 to addresses, ranges or service tags; ``groups`` are IP groups as sources."""
    return {
        "ruleType": "NetworkRule",
        "name": name,
        "ipProtocols": ["TCP"],
        "sourceAddresses": [] if groups else list(sources),
        "sourceIpGroups": list(groups),
        "destinationAddresses": list(destinations),
        "destinationIpGroups": [],
        "destinationFqdns": [],
        "destinationPorts": ["443"],
    }


def collection(name: str, rules: list[Json], action: str = "Allow", priority: int = 200) -> Json:
    """A filter collection of a policy."""
    return {
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": name,
        "priority": priority,
        "action": {"type": action},
        "rules": rules,
    }


def classic(firewall_id: str, made: Json) -> tuple[str, Json]:
    """The same collection as a firewall's own rules have it, and the member that it belongs to."""
    kind = "network" if made["rules"][0]["ruleType"] == "NetworkRule" else "application"
    member = f"{kind}RuleCollections"
    (recorded,) = body("network/azurefirewall_get_classic_rules")["properties"]["networkRuleCollections"]
    recorded |= {
        "name": made["name"],
        "id": f"{firewall_id}/{member}/{made['name']}",
        "type": f"Microsoft.Network/azureFirewalls/{member}",
        "properties": {
            "provisioningState": "Succeeded",
            "priority": made["priority"],
            "action": made["action"],
            "rules": [_classic_rule(rule) for rule in made["rules"]],
        },
    }
    return member, recorded


def policy(resource_id: str, base_id: str | None) -> Json:
    """A policy without rules or DNS settings."""
    resource: Json = body("network/firewall_policy_get_example")
    resource |= {"id": resource_id, "name": resource_id.rpartition("/")[2], "location": "westeurope"}
    properties: dict[str, Any] = resource["properties"]
    properties |= {"ruleCollectionGroups": [], "sku": {"tier": "Standard"}}
    del properties["dnsSettings"]
    if base_id:
        properties["basePolicy"] = {"id": base_id}
    return resource


def group(policy_id: str, name: str, collections: list[Json], priority: int = 300) -> Json:
    """A rule collection group."""
    resource: Json = body("network/firewall_policy_rulecollectiongroup_get")
    resource |= {"id": f"{policy_id}/ruleCollectionGroups/{name}", "name": name}
    resource["properties"] |= {"priority": priority, "ruleCollections": collections}
    return resource


def ip_group(resource_id: str, *addresses: str) -> Json:
    """An IP group."""
    return {
        "id": resource_id,
        "name": resource_id.rpartition("/")[2],
        "type": "Microsoft.Network/ipGroups",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", "ipAddresses": list(addresses), "firewalls": []},
    }


def _classic_rule(rule: Json) -> Json:
    policy_only = ["ruleType", "ipProtocols", "webCategories", "targetUrls", "terminateTLS"]
    if rule["ruleType"] == "ApplicationRule":
        policy_only.append("destinationAddresses")
    made = {key: value for key, value in rule.items() if key not in policy_only}
    return made | ({"protocols": rule["ipProtocols"]} if "ipProtocols" in rule else {})


# --- virtual hubs: the members of the official examples of each type -------------------------


def virtual_hub(resource_id: str) -> Json:
    """A virtual hub."""
    return {
        "id": resource_id,
        "name": resource_id.rpartition("/")[2],
        "type": "Microsoft.Network/virtualHubs",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", "addressPrefix": "10.9.0.0/24", "sku": "Standard"},
    }


def hub_connection(hub_id: str, network_id: str, takes_default_route: bool) -> Json:
    """A network's connection to a hub."""
    table = f"{hub_id}/hubRouteTables/defaultRouteTable"
    return {
        "id": f"{hub_id}/hubVirtualNetworkConnections/{network_id.rpartition('/')[2]}",
        "name": network_id.rpartition("/")[2],
        "properties": {
            "provisioningState": "Succeeded",
            "remoteVirtualNetwork": {"id": network_id},
            "enableInternetSecurity": takes_default_route,
            "routingConfiguration": {
                "associatedRouteTable": {"id": table},
                "propagatedRouteTables": {"labels": ["default"], "ids": [{"id": table}]},
            },
        },
    }


def routing_intent(hub_id: str, next_hop_id: str) -> Json:
    """A hub's routing policy for the internet."""
    policy = {"name": "InternetTraffic", "destinations": ["Internet"], "nextHop": next_hop_id}
    return {
        "id": f"{hub_id}/routingIntent/hubRoutingIntent",
        "name": "hubRoutingIntent",
        "properties": {"provisioningState": "Succeeded", "routingPolicies": [policy]},
    }


def hub_route_table(hub_id: str, next_hop_id: str | None) -> Json:
    """A hub's default route table, with a default route or without one."""
    route = {
        "name": "internet",
        "destinationType": "CIDR",
        "destinations": ["0.0.0.0/0"],
        "nextHopType": "ResourceId",
        "nextHop": next_hop_id,
    }
    return {
        "id": f"{hub_id}/hubRouteTables/defaultRouteTable",
        "name": "defaultRouteTable",
        "properties": {
            "provisioningState": "Succeeded",
            "labels": ["default"],
            "routes": [route] if next_hop_id else [],
        },
    }
