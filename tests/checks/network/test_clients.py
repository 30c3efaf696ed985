"""What the registry's own refusals tell of where nodes come from; mirror of client_address.py and _clients.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.client_address import no_node_is_refused_by_its_address as observed
from azext_acrpulldiag.checks.network.service_endpoints import nodes_arrive_as_the_firewall_expects
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import HttpProxy, NetworkRules, PrivateEndpointConnection, Unreadable
from azext_acrpulldiag.model import Confidence, SeenFrom, Status
from tests.build import (
    CONNECTION_ID,
    ENDPOINT_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    network,
    outbound,
    registry,
    service_endpoint_facts,
    subnet,
)

SHOWN = "20.50.60.70"
ALLOW = f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION}"
NOT_SHOWN = Unreadable("not-shown", "the answer does not show it", "Microsoft.X/read", "Microsoft.X/read")


def refused(address, host="contosoreg.azurecr.io", **changes):
    text = (
        f'failed to resolve reference "{host}/team/app:1.2": unexpected status from HEAD request to '
        f"https://{host}/v2/team/app/manifests/1.2: 403 Forbidden: denied: client with IP '{address}' is not allowed "
        "access. Refer https://aka.ms/acr/firewall to grant access."
    )
    return failing(text, **changes)


def judged(*containers, rules=(SHOWN,), action="Deny", shown=(SHOWN,), **facts):
    filtered = registry(network_rules=NetworkRules(action, tuple(rules), ()))
    told = {
        "registry": filtered,
        "network": network(),
        "outbound": outbound(*shown),
        "kubernetes": kubernetes(*containers),
    }
    return evaluate(observed, healthy_facts(**{**told, **facts}))


def commands(finding):
    return [remedy.command for remedy in finding.remedies if remedy.command]


def test_the_address_that_the_registry_names_is_observed_whatever_azure_shows():
    (finding,) = judged(refused("20.88.7.6"))
    assert (finding.outcome, finding.status) == ("network.outbound-ip-not-allowed", Status.FAIL)
    assert (finding.confidence, finding.seen_from) == (Confidence.OBSERVED, SeenFrom.KUBERNETES)
    assert (finding.evidence["path"], finding.evidence["uncovered"]) == ("registry-answer", ["20.88.7.6"])
    assert (finding.evidence["shown_addresses"], finding.evidence["pools"]) == ([SHOWN], ["pool1"])
    assert commands(finding) == [f"{ALLOW} --ip-address 20.88.7.6"]
    assert f"Azure shows {SHOWN} for them" in finding.summary


def test_a_message_without_a_host_is_of_the_images_own():
    bare = "403 Forbidden: denied: client with IP '20.88.7.6' is not allowed access"
    (finding,) = judged(failing(bare))
    assert finding.evidence["uncovered"] == ["20.88.7.6"]
    for elsewhere in ("contosoregg.azurecr.io/team/app:1.2", "contosoreg.azurecr.io/:"):
        (finding,) = judged(failing(bare, image=elsewhere))
        assert finding.status is Status.PASS


def test_an_address_that_azure_shows_too_is_told_with_the_way():
    (finding,) = judged(refused("20.88.7.6"), shown=("20.88.7.6", "20.88.7.7"))
    assert (finding.confidence, finding.resource) == (Confidence.OBSERVED, SUBNET_ID)
    assert (finding.evidence["path"], finding.evidence["shown_addresses"]) == ("load-balancer", [])
    assert finding.evidence["uncovered"] == ["20.88.7.6", "20.88.7.7"], "any of them may be next"


def test_several_addresses_are_one_finding():
    pods = (refused("20.88.7.6"), refused("20.88.7.9", pod="b"), refused("20.88.7.6", pod="c"))
    (finding,) = judged(*pods)
    assert finding.evidence["uncovered"] == ["20.88.7.9", "20.88.7.6"], "in the order of the pods"
    assert len(commands(finding)) == 2
    assert len(finding.evidence["pods"]) == 3


@pytest.mark.parametrize("address", ["2603:1020:206::5", "2603:1020:0206:0::0005"])
def test_no_rule_is_made_for_an_address_of_ipv6(address):
    (finding,) = judged(refused(address))
    assert (finding.confidence, finding.evidence["uncovered"]) == (Confidence.OBSERVED, ["2603:1020:206::5"])
    assert commands(finding) == []
    assert any("--endpoint-protocol IPv4" in each.description for each in finding.remedies)


def test_an_address_of_ipv4_in_the_form_of_ipv6_is_one_of_ipv4():
    (finding,) = judged(refused("::ffff:20.88.7.6"))
    assert commands(finding) == [f"{ALLOW} --ip-address 20.88.7.6"]


@pytest.mark.parametrize(
    "changes", [{"rules": ("20.88.7.6",)}, {"rules": (SHOWN, "20.88.0.0/16")}, {"rules": (), "action": "Allow"}]
)
def test_an_address_that_is_allowed_by_now_was_refused_before(changes):
    (finding,) = judged(refused("20.88.7.6"), **changes)
    assert finding.status is Status.PASS
    assert "allows 20.88.7.6 by now" in finding.summary


@pytest.mark.parametrize("host", ["contosoregg.azurecr.io", "contosoreg.azurecr.us"])
def test_what_another_registry_answers_tells_nothing_of_this_one(host):
    (finding,) = judged(refused("20.88.7.6", host, image=f"{host}/team/app:1.2"))
    assert (finding.status, finding.summary) == (Status.PASS, observed.title)


@pytest.mark.parametrize("address", ["10.224.0.5", "172.16.3.4", "192.168.1.1", "100.64.0.9", "fde4:8dba::5"])
def test_a_private_address_is_no_matter_of_ip_rules(address):
    (finding,) = judged(refused(address), rules=())
    assert (finding.status, finding.outcome) == (Status.SKIPPED, None), "the registry did refuse it: no pass"
    assert "service endpoint" in finding.summary


def test_nodes_that_pass_a_private_endpoint_by_are_not_to_get_another():
    connected = registry(
        network_rules=NetworkRules("Deny", (SHOWN,), ()),
        private_endpoints=(PrivateEndpointConnection(CONNECTION_ID, "Approved", ENDPOINT_ID),),
    )
    (past,) = judged(refused("20.88.7.6"), registry=connected)
    (without,) = judged(refused("20.88.7.6"))
    words, others = (" ".join(each.description for each in told.remedies) for told in (past, without))
    assert "lead registry contosoreg to its private endpoint" in words
    assert "create a private endpoint" not in words
    assert "create a private endpoint" in others
    assert "to its private endpoint" not in others


@pytest.mark.parametrize("address", ["x.x.x.x", "<ip-address>", "300.1.1.1", ""])
def test_what_is_no_address_is_none(address):
    (finding,) = judged(refused(address))
    assert finding.status is Status.PASS


@pytest.mark.parametrize("facts", [{"outbound": NOT_SHOWN}, {"network": NOT_SHOWN}])
def test_what_azure_does_not_show_is_not_needed(facts):
    found = judged(refused("20.88.7.6"), **facts)
    assert found[0].confidence is Confidence.OBSERVED
    assert found[0].evidence["shown_addresses"] == []


def test_behind_a_proxy_the_address_is_known_by_the_answer():
    proxied = cluster(http_proxy=HttpProxy("http://10.0.0.9:3128", "http://10.0.0.9:3128", (), False))
    (finding,) = judged(refused("20.88.7.6"), cluster=proxied)
    assert finding.confidence is Confidence.OBSERVED


def test_nodes_that_were_not_read_are_named_by_none():
    (finding, *_) = judged(kubernetes=replace(kubernetes(refused("20.88.7.6")), nodes=NOT_SHOWN))
    assert "of nodes." in finding.summary


def test_nodes_that_pass_by_a_private_endpoint_are_told_so():
    joined = PrivateEndpointConnection(CONNECTION_ID, "Approved", ENDPOINT_ID)
    filtered = registry(network_rules=NetworkRules("Deny", (), ()), private_endpoints=(joined,))
    found = judged(refused("20.88.7.6"), registry=filtered)
    assert found[0].evidence["past_the_endpoint"] is True
    assert "their DNS does not lead them there" in found[0].summary


def test_with_public_access_disabled_no_rule_counts():
    shut = registry(network_rules=NetworkRules("Deny", (), ()), public_network_access="Disabled")
    found = judged(refused("20.88.7.6"), registry=shut)
    assert {each.status for each in found} == {Status.SKIPPED}
    basic = registry(network_rules=None)
    assert {each.status for each in judged(refused("20.88.7.6"), registry=basic)} == {Status.SKIPPED}


def test_without_pods_or_the_registry_nothing_is_told():
    (finding,) = evaluate(observed, healthy_facts())
    assert finding.status is Status.SKIPPED
    (finding,) = evaluate(observed, healthy_facts(kubernetes=NOT_SHOWN))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
    for unread in (NOT_SHOWN, registry(network_rules=NOT_SHOWN), registry(public_network_access=NOT_SHOWN)):
        facts = healthy_facts(registry=unread, kubernetes=kubernetes(refused("20.88.7.6")))
        (finding,) = evaluate(observed, facts)
        assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


# --- a private address, by a service endpoint ---


def by_service_endpoint(*containers, subnets=NOT_SHOWN):
    here = subnet(service_endpoints=("microsoft.containerregistry",))
    return evaluate(
        nodes_arrive_as_the_firewall_expects,
        service_endpoint_facts(
            registry=registry(network_rules=NetworkRules("Deny", (), subnets)),
            network=network(subnets={SUBNET_ID.lower(): here}),
            kubernetes=kubernetes(*containers),
        ),
    )


@pytest.mark.parametrize("subnets", [NOT_SHOWN, ()])
def test_a_private_address_proves_that_no_rule_allows_the_subnet(subnets):
    (finding,) = by_service_endpoint(refused("10.224.0.5"), subnets=subnets)
    assert (finding.outcome, finding.confidence) == ("network.subnet-not-allowed", Confidence.OBSERVED)


@pytest.mark.parametrize("containers", [(), (refused("20.88.7.6"),), (failing("403 Forbidden"),)])
def test_without_one_rules_that_are_not_shown_are_unknown(containers):
    (finding,) = by_service_endpoint(*containers)
    assert finding.status is Status.UNKNOWN


def test_a_private_address_does_not_contradict_a_rule_that_is_shown():
    (finding,) = by_service_endpoint(refused("10.224.0.5"), subnets=(SUBNET_ID,))
    assert finding.status is Status.PASS
