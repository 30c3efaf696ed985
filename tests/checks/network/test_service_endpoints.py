"""Mirror of checks/network/service_endpoints.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.service_endpoints import nodes_arrive_as_the_firewall_expects
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import NetworkRules, NodeAddresses, NodePlace, Unreadable
from azext_acrpulldiag.model import Confidence, Status, Verdict
from azext_acrpulldiag.path import Destination
from tests.build import (
    SUBNET_ID,
    SUBSCRIPTION,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    network,
    outbound,
    private_endpoint,
    registry,
    service_endpoint_facts,
    subnet,
)

NOT_READ = Unreadable("forbidden", "no right to read it", "Microsoft.X/read", "Microsoft.X/read")
LACKING = network()
TOLD = kubernetes(failing("failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden"))
MISSING, NOT_ALLOWED = (each.id for each in nodes_arrive_as_the_firewall_expects.outcomes)


def judged(**changes):
    return evaluate(nodes_arrive_as_the_firewall_expects, service_endpoint_facts(**changes))


def ruled(*ip_rules, subnets=(SUBNET_ID,), **changes):
    return registry(network_rules=NetworkRules("Deny", ip_rules, subnets), **changes)


def statuses(findings):
    return [finding.status for finding in findings]


def test_a_service_endpoint_and_the_rule_for_it():
    findings = judged()
    assert statuses(findings) == [Status.PASS]
    assert diagnose((nodes_arrive_as_the_firewall_expects,), findings).verdict is Verdict.HEALTHY


def test_the_rule_without_the_service_endpoint():
    (finding,) = judged(network=LACKING, outbound=outbound("20.61.112.7"))
    assert (finding.outcome, finding.status, finding.confidence) == (MISSING, Status.FAIL, Confidence.INFERRED)
    assert (finding.resource, finding.evidence["pools"]) == (SUBNET_ID, ["pool1"])
    assert finding.evidence["addresses"] == ["20.61.112.7"]
    assert finding.evidence["hosts"] == ["contosoreg.azurecr.io"]
    assert finding.evidence["path"][-1]["state"] == "broken"
    assert finding.hop > 0
    assert finding.remedies[0].command == (
        f"az network vnet subnet update --resource-group MC_rg-app_prod_westeurope --subscription {SUBSCRIPTION} "
        "--vnet-name aks-vnet-14326078 --name aks-subnet --service-endpoints Microsoft.ContainerRegistry"
    )


def test_the_service_endpoints_that_are_there_are_named_again():
    here = subnet(service_endpoints=("microsoft.sql", "microsoft.storage"))
    (finding,) = judged(network=network(subnets={SUBNET_ID.lower(): here}))
    assert finding.remedies[0].command.endswith(
        "--service-endpoints Microsoft.ContainerRegistry Microsoft.Sql Microsoft.Storage"
    )


def test_an_ip_rule_may_admit_what_the_subnet_rule_does_not():
    findings = judged(network=LACKING, outbound=outbound("20.61.112.7"), registry=ruled("20.61.112.0/24"))
    assert statuses(findings) == [Status.PASS]


@pytest.mark.parametrize(
    ("addresses", "rules"),
    [
        (("20.61.112.7", "20.61.112.8"), ("20.61.112.7",)),
        (("20.61.112.7",), ("20.9.9.9",)),
        (("20.61.112.7",), ()),
    ],
)
def test_an_ip_rule_must_admit_every_address(addresses, rules):
    (finding,) = judged(network=LACKING, outbound=outbound(*addresses), registry=ruled(*rules))
    assert (finding.outcome, finding.evidence["addresses"]) == (MISSING, list(addresses))


def test_nodes_without_a_public_address_are_admitted_by_no_ip_rule():
    nowhere = cluster(outbound_type="block")
    (finding,) = judged(network=LACKING, outbound=outbound(), cluster=nowhere, registry=ruled("20.61.112.7"))
    assert finding.outcome == MISSING


@pytest.mark.parametrize(
    "ways",
    [
        None,
        outbound(nodes=()),
        NOT_READ,
        outbound(cluster=NOT_READ),
        outbound(nodes=(NodeAddresses(("pool1",), "/other", False),)),
        outbound(nodes=(NodeAddresses(("batch",), SUBNET_ID, False),)),
    ],
)
def test_an_ip_rule_may_admit_addresses_that_are_not_read(ways):
    assert statuses(judged(network=LACKING, outbound=ways, registry=ruled("20.61.112.7"))) == [Status.UNKNOWN]


@pytest.mark.parametrize(("pods", "status"), [(kubernetes(), Status.UNKNOWN), (TOLD, Status.FAIL)])
def test_beside_a_gateway_an_ip_rule_may_admit_what_it_leads_to_unless_pods_get_403(pods, status):
    here = SUBNET_ID.partition("/subnets/")[0]
    gateway = replace(LACKING.networks[here.lower()], gateways=("/virtualNetworkGateways/vpn",))
    found = network(networks={here.lower(): gateway})
    findings = judged(network=found, outbound=outbound("20.61.112.7"), registry=ruled("198.51.100.20"), kubernetes=pods)
    assert statuses(findings) == [status]


@pytest.mark.parametrize("ways", [None, NOT_READ, outbound(cluster=NOT_READ)])
def test_without_ip_rules_the_address_does_not_matter(ways):
    (finding,) = judged(network=LACKING, outbound=ways)
    assert (finding.outcome, finding.evidence["addresses"]) == (MISSING, [])


def test_a_rule_that_cannot_be_read_may_admit_the_address():
    (finding,) = judged(network=LACKING, outbound=outbound("20.61.112.7"), registry=ruled("nonsense"))
    assert finding.status is Status.UNKNOWN
    assert "nonsense" in finding.reason


@pytest.mark.parametrize("rules", [(), ("20.61.112.7",)])
def test_the_service_endpoint_without_a_rule(rules):
    (finding,) = judged(registry=ruled(*rules, subnets=("/other",)))
    assert (finding.outcome, finding.status, finding.resource) == (NOT_ALLOWED, Status.FAIL, SUBNET_ID)
    assert finding.remedies[0].command == (
        f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION} "
        f"--subnet {SUBNET_ID}"
    )


def test_a_full_list_of_rules_takes_no_other():
    (finding,) = judged(registry=ruled(subnets=tuple(f"/other{number}" for number in range(100))))
    assert [remedy.command for remedy in finding.remedies] == [None]


def test_rules_that_are_not_shown_leave_a_service_endpoint_unknown():
    (finding,) = judged(registry=ruled(subnets=NOT_READ))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


def test_rules_that_are_not_shown_do_not_matter_to_other_subnets():
    assert statuses(judged(registry=ruled(subnets=NOT_READ), network=LACKING)) == [Status.PASS]


def test_each_subnet_has_its_own_finding():
    edge = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/edge"
    two = network(
        places=(NodePlace(("pool1",), SUBNET_ID), NodePlace(("edge",), edge)),
        subnets={
            SUBNET_ID.lower(): subnet(service_endpoints=("microsoft.containerregistry",)),
            edge.lower(): subnet(edge, service_endpoints=("microsoft.containerregistry",)),
        },
    )
    (finding,) = judged(network=two)
    assert (finding.outcome, finding.evidence["pools"], finding.resource) == (NOT_ALLOWED, ["edge"], edge)


def test_nodes_that_come_to_a_private_endpoint_are_not_judged(monkeypatch):
    private = Destination("contosoreg.azurecr.io", ("10.225.0.5",), private_endpoint())
    monkeypatch.setattr("azext_acrpulldiag.path.walk.resolved", lambda *_: ((), private))
    assert statuses(judged(registry=ruled(subnets=()))) == [Status.PASS]


@pytest.mark.parametrize(
    "facts",
    [
        healthy_facts(),
        healthy_facts(registry=registry(network_rules=None, sku="Basic")),
        service_endpoint_facts(registry=ruled(subnets=(), public_network_access="Disabled")),
        service_endpoint_facts(network=None),
    ],
)
def test_where_it_does_not_apply(facts):
    (finding,) = evaluate(nodes_arrive_as_the_firewall_expects, facts)
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize(
    "changes",
    [
        {"registry": NOT_READ},
        {"registry": registry(network_rules=NOT_READ)},
        {"registry": ruled(public_network_access=NOT_READ)},
        {"network": NOT_READ},
        {"network": network(subnets={})},
        {"network": network(subnets={SUBNET_ID.lower(): NOT_READ})},
        {"network": network(places=(NodePlace(("pool1",), NOT_READ),))},
    ],
)
def test_what_is_not_read_is_unknown(changes):
    assert statuses(judged(**changes)) == [Status.UNKNOWN]
