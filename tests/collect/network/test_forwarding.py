"""Rulesets, their rules and inbound endpoints: mapped from recordings, and found in the simulated cloud."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.deadline import begin_after
from azext_acrpulldiag.collect.ask.once import Once
from azext_acrpulldiag.collect.members import MemberError
from azext_acrpulldiag.collect.network.forwarding import (
    inbound_from,
    linked_from,
    links_from,
    read_forwarding,
    rules_from,
)
from azext_acrpulldiag.collect.network.private_zones import FoundZones, find_zones
from azext_acrpulldiag.facts import LinkedRulesets, PrivateEndpointConnection, Unreadable
from tests import build
from tests.azure import resources as make
from tests.azure.state import Subscription
from tests.collect.simulated import simulated_session
from tests.recordings import body

HUB, FAR = build.HUB_NETWORK_ID, build.HUB_NETWORK_ID.replace("hub", "far")
OTHER = "11111111-7a3e-4a53-8d0e-2f3e1c9b7a10"
OWN_LIST = "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action"
READ_LINKS = "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks/read"
READ_RULES = "Microsoft.Network/dnsForwardingRulesets/forwardingRules/read"
READ_INBOUND = "Microsoft.Network/dnsResolvers/inboundEndpoints/read"
NODES = make.VNET_ID.lower()
WHY = Unreadable("forbidden", "no right", "op", "right")
REGISTRY = replace(
    build.private_registry(),
    private_endpoints=(PrivateEndpointConnection(build.CONNECTION_ID, "Approved", build.ENDPOINT_ID),),
)


# --- mapping ---------------------------------------------------------------------------


def test_a_rule_is_mapped():
    (rule,) = rules_from(body("dns/dns_resolver_forwarding_rules_list")["value"])
    assert (rule.name, rule.domain, rule.enabled, rule.targets) == ("rule-000002", "contoso.com", True, ("10.0.0.1",))


def test_a_rule_that_does_not_show_its_state_is_not_taken_for_enabled():
    answer = body("dns/dns_resolver_forwarding_rules_list")["value"]
    del answer[0]["properties"]["forwardingRuleState"]
    assert rules_from(answer)[0].enabled.reason == "not-shown"
    answer[0]["properties"]["targetDnsServers"] = []
    with pytest.raises(MemberError):
        rules_from(answer)


def test_a_rule_for_all_names_has_an_empty_domain():
    answer = body("dns/dns_resolver_forwarding_rules_list")["value"]
    answer[0]["properties"]["domainName"] = "."
    assert rules_from(answer)[0].domain == ""


def test_an_inbound_endpoint_is_mapped():
    (endpoint,) = inbound_from(body("dns/dns_resolver_inbound_endpoints_list")["value"])
    assert endpoint.addresses == ("10.0.0.4",)
    assert endpoint.network_id.endswith("/virtualNetworks/vnet-000004")


def test_one_without_an_address_has_none():
    answer = body("dns/dns_resolver_inbound_endpoints_list")["value"]
    del answer[0]["properties"]["ipConfigurations"][0]["privateIpAddress"]
    assert inbound_from(answer)[0].addresses == ()
    answer[0]["properties"]["ipConfigurations"] = []
    with pytest.raises(MemberError):
        inbound_from(answer)


def test_links_are_keys_of_networks():
    (found,) = links_from(body("dns/dns_resolver_ruleset_vnet_links_list")["value"])
    assert found.endswith("/virtualnetworks/vnet-000006")


def test_a_networks_own_list_is_whole_or_not_read():
    answer = body("dns/spec_vnet_list_dns_forwarding_rulesets_post")
    assert [each.rpartition("/")[2] for each in linked_from(answer)] == ["sampleDnsForwardingRuleset"]
    with pytest.raises(MemberError):
        linked_from({**answer, "nextLink": "https://management.azure.com/more"})


# --- reading ---------------------------------------------------------------------------


@pytest.fixture
def read(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads what is linked to the nodes' network, as it is now."""

    def read_now(network=None, graph=None):
        found = network or build.private_link_network()
        with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
            read_now.meter = session.meter
            reader = ArmReader(session)
            shown = graph or find_zones(reader, session, REGISTRY, [build.SUBSCRIPTION])
            session.meter.requests = session.meter.longest_chain = 0
            begin_after(0)
            return read_forwarding(reader, Once(reader), found, REGISTRY, shown)

    return read_now


def hub(cloud, network_id=HUB, address="10.100.0.10"):
    group = network_id.split("/")[4]
    cloud.ensure_group(group)
    cloud.resources.add(make.virtual_network(network_id, f"{address.rpartition('.')[0]}.0/24"))
    subnet_id = cloud.subnet("inbound", f"{address.rpartition('.')[0]}.0/28", network_id)
    cloud.inbound_endpoint(subnet_id, address, group)


def test_where_no_ruleset_is_linked_one_request_says_so(read, cloud):
    assert read().linked == {NODES: LinkedRulesets(())}
    assert (read.meter.requests, read.meter.longest_chain) == (1, 1)


def test_a_linked_ruleset_is_read_with_the_endpoint_that_it_names(read, cloud):
    hub(cloud)
    ruleset_id = cloud.ruleset("10.100.0.10")
    found = read()
    assert set(found.linked) == {NODES, HUB.lower()}
    (linked,) = found.linked[NODES].rulesets
    assert (linked.id, [rule.targets for rule in linked.rules]) == (ruleset_id, [("10.100.0.10",)])
    assert [each.network_id for each in found.inbound] == [HUB]
    assert (found.inbound_unread, found.linked[HUB.lower()]) == (None, LinkedRulesets(()))
    # the list of the network; its rules; inbound endpoints; the list of their network
    assert (read.meter.requests, read.meter.longest_chain) == (4, 4)


def test_no_endpoint_is_read_for_rules_about_other_names(read, cloud):
    hub(cloud)
    cloud.ruleset("10.100.0.10", domain="contoso.com.")
    assert read().inbound == ()
    assert read.meter.requests == 2


def test_a_ruleset_in_another_subscription_is_in_the_networks_own_list(read, cloud):
    cloud.subscriptions[OTHER] = Subscription("Other")
    cloud.ruleset("10.100.0.10", subscription=OTHER)
    assert len(read().linked[NODES].rulesets) == 1


def test_where_the_list_is_refused_the_rulesets_that_are_seen_are_asked_for_their_links(read, cloud):
    hub(cloud)
    cloud.ruleset("10.100.0.10")
    cloud.ruleset("10.100.0.10", name="other", network_id=HUB)
    cloud.forbid(OWN_LIST)
    found = read()
    linked = found.linked[NODES]
    assert [each.id.rpartition("/")[2] for each in linked.rulesets] == ["ruleset"]
    assert (linked.unlisted.permission, linked.unread) == (OWN_LIST, None)
    assert [each.id.rpartition("/")[2] for each in found.linked[HUB.lower()].rulesets] == ["other"]


def test_those_of_another_region_cannot_be_linked_here(read, cloud):
    ruleset_id = cloud.ruleset("10.100.0.10")
    cloud.resources[ruleset_id]["location"] = "eastus"
    cloud.forbid(OWN_LIST)
    linked = read().linked[NODES]
    assert (linked.rulesets, linked.unread) == ((), None)


def test_that_links_may_not_be_read_is_ignorance(read, cloud):
    cloud.ruleset("10.100.0.10")
    cloud.forbid(OWN_LIST)
    cloud.forbid(READ_LINKS)
    linked = read().linked[NODES]
    assert (linked.rulesets, linked.unread.permission) == ((), READ_LINKS)


def test_a_ruleset_that_is_gone_is_linked_to_nothing(read, cloud):
    ruleset_id = cloud.ruleset("10.100.0.10")
    row = {"id": f"{ruleset_id}-gone", "location": make.LOCATION}
    cloud.forbid(OWN_LIST)
    linked = read(graph=FoundZones((), None, (row,))).linked[NODES]
    assert (linked.rulesets, linked.unread) == ((), None)


@pytest.mark.parametrize("graph", [WHY, FoundZones((), WHY)])
def test_without_resource_graph_the_subscriptions_near_are_looked_through(read, cloud, graph):
    hub(cloud)
    cloud.ruleset("10.100.0.10")
    cloud.forbid(OWN_LIST)
    found = read(graph=graph)
    assert len(found.linked[NODES].rulesets) == 1
    assert found.linked[NODES].unread.permission == OWN_LIST  # elsewhere there may be more
    assert len(found.inbound) == 1
    assert found.inbound_unread == WHY


def test_rules_that_may_not_be_read_stay_with_their_ruleset(read, cloud):
    cloud.ruleset("10.100.0.10")
    cloud.forbid(READ_RULES)
    (linked,) = read().linked[NODES].rulesets
    assert linked.rules.permission == READ_RULES


def test_inbound_endpoints_that_may_not_be_read_are_told(read, cloud):
    hub(cloud)
    cloud.ruleset("10.100.0.10")
    cloud.forbid(READ_INBOUND)
    found = read()
    assert (found.inbound, found.inbound_unread.permission) == ((), READ_INBOUND)


def test_rules_of_the_networks_behind_are_followed_and_no_further_than_they_lead(read, cloud):
    hub(cloud)
    hub(cloud, FAR, "10.7.0.4")
    cloud.ruleset("10.100.0.10")
    cloud.ruleset("10.7.0.4", network_id=HUB, name="on")
    cloud.ruleset("10.100.0.10", network_id=FAR, name="back")
    found = read()
    assert set(found.linked) == {NODES, HUB.lower(), FAR.lower()}
    assert all(len(each.rulesets) == 1 for each in found.linked.values())
