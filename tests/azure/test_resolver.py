"""DNS Private Resolver in the simulated cloud: as recorded, and listed by the network that rulesets are linked to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.azure.client import Client
from tests.azure.resources import VNET_ID
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.recordings import body

VERSION = "2022-07-01"
OWN_LIST = f"{VNET_ID}/listDnsForwardingRulesets"


@pytest.fixture
def client(simulated_azure: Server) -> Iterator[Client]:
    made = Client(simulated_azure)
    yield made
    made.close()


def test_a_ruleset_is_as_recorded(client: Client, cloud: Cloud) -> None:
    ruleset_id = cloud.ruleset("10.0.2.4", enabled=False)
    ruleset = client.arm(ruleset_id, VERSION).json
    assert ruleset.keys() == body("dns/dns_resolver_ruleset_get").keys()
    (rule,) = client.arm(f"{ruleset_id}/forwardingRules", VERSION).json["value"]
    (recorded,) = body("dns/dns_resolver_forwarding_rules_list")["value"]
    assert (rule.keys(), rule["properties"].keys()) == (recorded.keys(), recorded["properties"].keys())
    assert rule["properties"]["domainName"] == "privatelink.azurecr.io."
    assert rule["properties"]["forwardingRuleState"] == "Disabled"
    (link,) = client.arm(f"{ruleset_id}/virtualNetworkLinks", VERSION).json["value"]
    assert link["properties"]["virtualNetwork"]["id"] == VNET_ID


def test_an_inbound_endpoint_is_as_recorded(client: Client, cloud: Cloud) -> None:
    resolver_id = cloud.inbound_endpoint(cloud.endpoint_subnet(), "10.225.0.9")
    resolver = client.arm(resolver_id, VERSION).json
    assert resolver["properties"]["virtualNetwork"]["id"] == VNET_ID
    (endpoint,) = client.arm(f"{resolver_id}/inboundEndpoints", VERSION).json["value"]
    (recorded,) = body("dns/dns_resolver_inbound_endpoints_list")["value"]
    assert endpoint["properties"].keys() == recorded["properties"].keys()
    assert endpoint["properties"]["ipConfigurations"][0]["privateIpAddress"] == "10.225.0.9"


def test_a_network_lists_its_rulesets(client: Client, cloud: Cloud) -> None:
    answer = client.arm(OWN_LIST, VERSION, method="POST").json
    assert answer == body("dns/spec_vnet_list_dns_forwarding_rulesets_post") | {"value": []}
    ruleset_id = cloud.ruleset("10.0.2.4")
    (found,) = client.arm(OWN_LIST, VERSION, method="POST").json["value"]
    assert found["id"] == ruleset_id
    assert found["properties"]["virtualNetworkLink"]["id"].startswith(f"{ruleset_id}/virtualNetworkLinks/")


def test_reader_may_not_ask_it_for_them(client: Client, cloud: Cloud) -> None:
    cloud.forbid("Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action")
    assert client.arm(OWN_LIST, VERSION, method="POST").status == 403
