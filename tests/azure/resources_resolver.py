"""Resource Manager JSON of DNS Private Resolver, made from recordings."""

from __future__ import annotations

from collections.abc import Sequence

from tests import build
from tests.recordings import body

from .resources import LOCATION, ZERO_SUBSCRIPTION, renamed
from .store import Json


def resolver(resolver_id: str, network_id: str) -> Json:
    resource = _at(resolver_id, body("dns/dns_resolver_get"))
    resource["properties"]["virtualNetwork"] = {"id": network_id}
    return resource | {"location": LOCATION}


def inbound_endpoint(endpoint_id: str, subnet_id: str, address: str) -> Json:
    resource = _at(endpoint_id, body("dns/dns_resolver_inbound_endpoints_list")["value"][0])
    (configuration,) = resource["properties"]["ipConfigurations"]
    configuration |= {"subnet": {"id": subnet_id}, "privateIpAddress": address}
    return resource | {"location": LOCATION}


def ruleset(ruleset_id: str, outbound_endpoint_id: str) -> Json:
    resource = _at(ruleset_id, body("dns/dns_resolver_ruleset_get"))
    resource["properties"]["dnsResolverOutboundEndpoints"] = [{"id": outbound_endpoint_id}]
    return resource | {"location": LOCATION}


def forwarding_rule(ruleset_id: str, name: str, domain: str, servers: Sequence[str], enabled: bool) -> Json:
    """A rule; ``domain`` ends in a dot."""
    resource = _at(f"{ruleset_id}/forwardingRules/{name}", body("dns/dns_resolver_forwarding_rules_list")["value"][0])
    resource["properties"] |= {
        "domainName": domain,
        "targetDnsServers": [{"ipAddress": each, "port": 53} for each in servers],
        "forwardingRuleState": "Enabled" if enabled else "Disabled",
    }
    return resource


def ruleset_link(ruleset_id: str, name: str, network_id: str) -> Json:
    recorded = body("dns/dns_resolver_ruleset_vnet_links_list")["value"][0]
    resource = _at(f"{ruleset_id}/virtualNetworkLinks/{name}", recorded)
    resource["properties"]["virtualNetwork"] = {"id": network_id}
    return resource


def rulesets_of_a_network(links: Sequence[Json]) -> Json:
    """What ``listDnsForwardingRulesets`` of a network answers, given the links to it."""
    answer: Json = body("dns/spec_vnet_list_dns_forwarding_rulesets_post")
    answer["value"] = [
        {
            "id": link["id"].partition("/virtualNetworkLinks/")[0],
            "properties": {"virtualNetworkLink": {"id": link["id"]}},
        }
        for link in links
    ]
    return answer


def _at(resource_id: str, recorded: Json) -> Json:
    resource: Json = renamed(recorded, **{ZERO_SUBSCRIPTION: f"/subscriptions/{build.SUBSCRIPTION}"})
    return resource | {"id": resource_id, "name": resource_id.rpartition("/")[2]}
