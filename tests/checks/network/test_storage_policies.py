"""Mirror of checks/network_storage.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.arm_ids import same_id
from azext_acrpulldiag.checks.network.storage_policies import layers_may_come_from_storage
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import NodePlace, PrivateEndpointConnection, Unreadable
from azext_acrpulldiag.model import Confidence, SeenFrom, Status, Verdict
from tests.build import (
    CLUSTER_ID,
    REGISTRY_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    failing,
    healthy_facts,
    kubernetes,
    network,
    node,
    registry,
    storage_policy_facts,
    subnet,
)

NOT_READ = Unreadable("forbidden", "no right to read it", "Microsoft.X/read", "Microsoft.X/read")
BLOCKED = layers_may_come_from_storage.outcomes[0].id
ACCOUNT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/ours"
# https://github.com/Azure/AKS/issues/1383
REFUSED = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": rpc error: code = Unknown desc = error pulling image '
    "configuration: error parsing HTTP 403 response body: invalid character 'ï' looking for beginning of value: "
    '"\\ufeff<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?><Error><Code>AuthorizationFailure</Code><Message>This '
    'request is not authorized to perform this operation.</Message></Error>"'
)
PODS = kubernetes(failing(REFUSED))
APPROVED = PrivateEndpointConnection(f"{REGISTRY_ID}/privateEndpointConnections/contosoreg.1", "Approved", None)


def judged(facts):
    return evaluate(layers_may_come_from_storage, facts)


def statuses(facts):
    return [finding.status for finding in judged(facts)]


@pytest.mark.parametrize("resources", [(f"/subscriptions/{SUBSCRIPTION}",), (ACCOUNT, "/services/Azure/DataFactory")])
def test_a_policy_that_names_accounts_keeps_layers_out(resources):
    (finding,) = judged(storage_policy_facts(*resources))
    assert (finding.outcome, finding.status, finding.confidence) == (BLOCKED, Status.FAIL, Confidence.INFERRED)
    assert (finding.resource, finding.evidence["pools"]) == (SUBNET_ID, ["pool1"])
    assert (finding.evidence["policies"], finding.evidence["allowed"]) == (["only-ours"], list(resources))
    assert finding.evidence["path"][-1]["state"] == "broken"
    assert [remedy.command for remedy in finding.remedies] == [
        f"az acr update --name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION} "
        "--data-endpoint-enabled true",
        f"az network vnet subnet update --resource-group MC_rg-app_prod_westeurope --subscription {SUBSCRIPTION} "
        "--vnet-name aks-vnet-14326078 --name aks-subnet --service-endpoint-policy null",
    ]


def test_taking_the_policies_off_is_another_option():
    (finding,) = judged(storage_policy_facts())
    assert [(remedy.option, remedy.requires) for remedy in finding.remedies] == [
        (1, ("Microsoft.ContainerRegistry/registries/write",)),
        (2, ("Microsoft.Network/virtualNetworks/subnets/write",)),
    ]


@pytest.mark.parametrize("sku", ["Basic", "Standard", NOT_READ])
def test_only_a_premium_registry_has_data_endpoints(sku):
    (finding,) = judged(storage_policy_facts(registry=registry(sku=sku)))
    assert [remedy.command.split()[1] for remedy in finding.remedies] == ["network"]


def test_a_policy_of_aliases_alone_is_not_in_effect():
    assert statuses(storage_policy_facts("/services/Azure/DataFactory")) == [Status.PASS]


@pytest.mark.parametrize("services", [(), ("microsoft.sql",)])
def test_a_policy_without_the_service_endpoint_for_storage_is_not_in_effect(services):
    facts = storage_policy_facts()
    (policy_id,) = facts.network.endpoint_policies
    here = subnet(service_endpoints=services, endpoint_policy_ids=(policy_id,))
    found = network(subnets={SUBNET_ID.lower(): here}, endpoint_policies=facts.network.endpoint_policies)
    assert statuses(storage_policy_facts(network=found)) == [Status.PASS]


@pytest.mark.parametrize("alias", ["/services/Azure", "/services/azure/", "/services/Azure/AKS"])
def test_an_alias_may_hold_the_storage_of_registries(alias):
    (finding,) = judged(storage_policy_facts(ACCOUNT, alias))
    assert finding.status is Status.UNKNOWN
    assert alias in finding.reason


def test_a_service_endpoint_without_a_policy_is_healthy():
    here = subnet(service_endpoints=("microsoft.storage",))
    found = judged(healthy_facts(network=network(subnets={SUBNET_ID.lower(): here})))
    assert diagnose((layers_may_come_from_storage,), found).verdict is Verdict.HEALTHY
    assert [finding.status for finding in found] == [Status.PASS]


def test_data_endpoints_are_no_storage():
    hosts = ("contosoreg.westeurope.data.azurecr.io",)
    assert statuses(storage_policy_facts(registry=registry(data_endpoint_hosts=hosts))) == [Status.SKIPPED]


def test_a_private_endpoint_brings_data_endpoints():
    facts = storage_policy_facts(registry=registry(private_endpoints=(APPROVED,)))
    assert statuses(facts) == [Status.SKIPPED]


@pytest.mark.parametrize(
    "facts",
    [
        storage_policy_facts(registry=NOT_READ),
        storage_policy_facts(registry=registry(data_endpoint_hosts=NOT_READ)),
        storage_policy_facts(network=NOT_READ),
        healthy_facts(network=network(subnets={})),
        healthy_facts(network=network(subnets={SUBNET_ID.lower(): None})),
        healthy_facts(network=network(places=(NodePlace(("pool1",), NOT_READ),))),
    ],
)
def test_what_is_not_read_is_unknown(facts):
    assert statuses(facts) == [Status.UNKNOWN]


@pytest.mark.parametrize("policy", [NOT_READ, None])
def test_a_policy_that_is_not_read_is_unknown(policy):
    facts = storage_policy_facts()
    (policy_id,) = facts.network.endpoint_policies
    found = network(subnets=facts.network.subnets, endpoint_policies={policy_id: policy})
    assert statuses(storage_policy_facts(network=found)) == [Status.UNKNOWN]


def test_a_network_that_nobody_asked_for():
    assert statuses(storage_policy_facts(network=None)) == [Status.SKIPPED]


# --- what pods report ------------------------------------------------------------------


def test_pods_prove_the_policy():
    (finding,) = judged(storage_policy_facts(kubernetes=PODS))
    assert (finding.outcome, finding.confidence) == (BLOCKED, Confidence.OBSERVED)
    assert finding.evidence["pods"] == ["web/web-5d4f-x2x9z"]
    assert "AuthorizationFailure" in finding.evidence["message"]


def test_a_pod_of_a_node_that_is_not_known_is_of_the_only_policy():
    (finding,) = judged(storage_policy_facts(kubernetes=kubernetes(failing(REFUSED, node=None))))
    assert finding.confidence is Confidence.OBSERVED


@pytest.mark.parametrize("found", [network(), None, NOT_READ])
def test_pods_are_believed_where_no_policy_was_found(found):
    findings = judged(healthy_facts(kubernetes=PODS, network=found))
    (finding,) = [each for each in findings if each.outcome]
    assert (finding.outcome, finding.seen_from) == (BLOCKED, SeenFrom.KUBERNETES)
    assert same_id(finding.resource, CLUSTER_ID)
    assert (finding.evidence["pools"], finding.evidence["subnet"]) == (["pool1"], None)
    assert [remedy.command and remedy.command.split()[1] for remedy in finding.remedies] == ["acr", None]


def test_pods_of_another_pool_do_not_prove_this_policy():
    other = kubernetes(failing(REFUSED, node="aks-batch-1"), nodes=(node(), node("aks-batch-1", "batch")))
    mine, theirs = judged(storage_policy_facts(kubernetes=other))
    assert (mine.evidence["pools"], mine.confidence) == (["pool1"], Confidence.INFERRED)
    assert (theirs.evidence["pools"], theirs.confidence) == (["batch"], Confidence.OBSERVED)


def test_other_failures_are_not_of_the_storage():
    facts = healthy_facts(kubernetes=kubernetes(failing()))
    assert statuses(facts) == [Status.PASS]
