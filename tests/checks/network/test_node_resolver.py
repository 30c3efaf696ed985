"""Mirror of checks/network/node_resolver.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks.network.node_resolver import nodes_resolve_what_dns_answers
from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import LocalDns, Unreadable, VirtualNetwork, ZoneSearch
from azext_acrpulldiag.model import Confidence, Reach, Status, Verdict
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    DATA_HOST,
    NOW,
    SUBSCRIPTION,
    UNRESOLVED_AT_NODE,
    VNET_ID,
    agent_pool,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    network,
    node,
    node_resolver_facts,
    private_link_network,
    private_zone,
)

NOT_READ = Unreadable("forbidden", "no right to read it", "Microsoft.X/read", "Microsoft.X/read")
NO_RECORD = ZoneSearch(
    (private_zone(records={"contosoreg": None, "contosoreg.westeurope.data": None}),), (SUBSCRIPTION,)
)
HOST = "contosoreg.azurecr.io"
UNNAMED = UNRESOLVED_AT_NODE.replace(" on 169.254.10.10:53", "")
ELSEWHERE = UNRESOLVED_AT_NODE.replace("169.254.10.10", "168.63.129.16")


def judged(facts):
    return evaluate(nodes_resolve_what_dns_answers, facts)


def statuses(facts):
    return [finding.status for finding in judged(facts)]


def with_pods(*containers, **changes):
    return node_resolver_facts(kubernetes=kubernetes(*containers), **changes)


def with_pool(local_dns, message=UNRESOLVED_AT_NODE):
    return with_pods(failing(message), cluster=cluster(agent_pools=(agent_pool(local_dns=local_dns),)))


def test_pods_that_fail_at_their_nodes_resolver_while_dns_is_right():
    facts = node_resolver_facts()
    (finding,) = judged(facts)
    assert (finding.outcome, finding.status, finding.confidence) == (
        "network.node-resolver",
        Status.WARN,
        Confidence.INFERRED,
    )
    assert finding.reach == Reach(pods=frozenset({("web", "web-5d4f-x2x9z")}))
    assert {**finding.evidence, "message": None} == {
        "pools": ["pool1"],
        "local_dns": [{"pool": "pool1", "mode": "Required", "state": "Enabled"}],
        "address": "169.254.10.10",
        "hosts": [HOST],
        "pods": ["web/web-5d4f-x2x9z"],
        "message": None,
        "last_failed": (NOW - timedelta(minutes=1)).isoformat(),
        "kept_until": (NOW + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M"),
        "cluster": "prod",
        "resource_group": "rg-app",
        "subscription": SUBSCRIPTION,
    }
    wait, upgrade = finding.remedies
    assert wait.command is None and wait.option == 1 and finding.evidence["kept_until"] in wait.description
    assert upgrade.command == (
        "az aks nodepool upgrade --resource-group rg-app --cluster-name prod --name pool1 "
        f"--subscription {SUBSCRIPTION} --node-image-only"
    )
    assert upgrade.requires == ("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",)


def test_it_is_the_cause_then():
    facts = node_resolver_facts()
    checks = [nodes_resolve_what_dns_answers, names_lead_to_the_endpoint]
    found = [finding for checked in checks for finding in evaluate(checked, facts)]
    diagnosis = diagnose(checks, found, symptoms_of(facts)[0])
    assert diagnosis.verdict is Verdict.BROKEN
    assert [root.finding.outcome for root in diagnosis.root_causes] == ["network.node-resolver"]


@pytest.mark.parametrize("profile", [NOT_READ, LocalDns("Disabled", "Disabled"), LocalDns("Required", NOT_READ)])
def test_the_address_in_a_message_proves_that_it_is_on(profile):
    (finding,) = judged(with_pool(profile))
    assert finding.outcome == "network.node-resolver"


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        (LocalDns("Preferred", "Enabled"), Status.WARN),
        (LocalDns("Required", "Disabled"), Status.PASS),
        (LocalDns("Required", NOT_READ), Status.PASS),
        (NOT_READ, Status.PASS),
    ],
)
def test_the_state_tells_for_a_message_that_names_no_server(profile, status):
    assert statuses(with_pool(profile, UNNAMED)) == [status]


@pytest.mark.parametrize(
    "containers",
    [
        (failing(ELSEWHERE),),
        (failing(),),
        (failing(UNNAMED, node="unknown"),),
        # A host that is none of the registry's: what it resolves to is not judged.
        (failing(UNRESOLVED_AT_NODE.replace(f"lookup {HOST}", "lookup proxy.corp")),),
        (failing(UNRESOLVED_AT_NODE.replace("contosoreg", "fabrikam"), image="fabrikam.azurecr.io/a:1"),),
    ],
)
def test_what_is_no_failure_of_it_passes(containers):
    assert statuses(with_pods(*containers)) == [Status.PASS]


def test_without_failing_pods_it_passes():
    assert statuses(node_resolver_facts(kubernetes=kubernetes())) == [Status.PASS]


def test_a_missing_record_is_the_cause_itself():
    facts = node_resolver_facts(network=private_link_network(zones=NO_RECORD))
    assert statuses(facts) == [Status.PASS]
    (record,) = evaluate(names_lead_to_the_endpoint, facts)
    assert (record.outcome, "dns-failure" in record.explains) == ("network.private-dns-record-missing", True)


@pytest.mark.parametrize("private", [True, False])
def test_a_dns_server_that_nobody_knows_leaves_it_unknown(private):
    own = VirtualNetwork(VNET_ID, ("10.224.0.0/12",), ("192.168.7.4",), ())
    there = private_link_network() if private else network()
    found = replace(there, networks={**there.networks, VNET_ID.lower(): own})
    public = {} if private else {"registry": healthy_facts().registry}
    (finding,) = judged(node_resolver_facts(network=found, **public))
    assert (finding.status, finding.code) == (Status.UNKNOWN, "unsupported")
    assert "192.168.7.4" in finding.reason


def test_a_public_registry_that_resolves_is_judged_alike():
    (finding,) = judged(node_resolver_facts(network=network(), registry=healthy_facts().registry))
    assert finding.outcome == "network.node-resolver"


def test_a_data_endpoint_is_a_host_of_the_registry_too():
    message = UNRESOLVED_AT_NODE.replace(f"lookup {HOST}", f"lookup {DATA_HOST}")
    (finding,) = judged(with_pods(failing(message)))
    assert finding.evidence["hosts"] == [DATA_HOST]


def test_auto_provisioned_nodes_are_in_no_pool_that_could_be_upgraded():
    nodes = (node(), node("aks-auto-1", pool="auto"))
    containers = (failing(UNRESOLVED_AT_NODE, pod="api-0", node="aks-auto-1"), failing(UNRESOLVED_AT_NODE))
    (finding,) = judged(node_resolver_facts(kubernetes=kubernetes(*containers, nodes=nodes)))
    assert finding.evidence["pools"] == ["auto", "pool1"]
    assert [remedy.command is None for remedy in finding.remedies] == [True, False, True]
    (other,) = judged(node_resolver_facts(kubernetes=kubernetes(containers[0], nodes=nodes)))
    assert [remedy.command for remedy in other.remedies] == [None, None]


def test_nodes_that_were_not_read():
    (finding,) = judged(node_resolver_facts(kubernetes=kubernetes(failing(UNRESOLVED_AT_NODE), nodes=NOT_READ)))
    assert finding.summary.startswith("Some nodes ask their own resolver")
    assert finding.evidence["pools"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kubernetes": None}, Status.SKIPPED),
        ({"kubernetes": NOT_READ}, Status.UNKNOWN),
        ({"kubernetes": replace(kubernetes(), failing=NOT_READ)}, Status.UNKNOWN),
        ({"network": None}, Status.SKIPPED),
        ({"network": NOT_READ}, Status.UNKNOWN),
        ({"registry": NOT_READ}, Status.UNKNOWN),
        ({"cluster": NOT_READ}, Status.UNKNOWN),
        ({"network": private_link_network(zones=NOT_READ)}, Status.UNKNOWN),
    ],
)
def test_what_was_not_read(changes, status):
    assert statuses(node_resolver_facts(**changes)) == [status]


def test_each_pool_is_judged_by_its_own_place():
    here, network_id = private_link_network(), f"{VNET_ID}-other"
    other = replace(here.places[0], pools=("pool2",), subnet_id=f"{network_id}/subnets/a")
    found = replace(here, places=(*here.places, other))
    assert statuses(node_resolver_facts(network=found)) == [Status.WARN]
    elsewhere = kubernetes(failing(UNRESOLVED_AT_NODE, node="n2"), nodes=(node("n2", pool="pool2"),))
    assert statuses(node_resolver_facts(network=found, kubernetes=elsewhere)) == [Status.UNKNOWN]
