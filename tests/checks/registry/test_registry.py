"""Mirror of checks/registry.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.registry.registry import (
    nodes_need_no_arm_tokens,
    registry_is_provisioned,
)
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from tests.build import (
    APP_ID,
    CLUSTER_ID,
    SUBSCRIPTION,
    agent_pool,
    cluster,
    healthy_facts,
    registry,
)

ALL = [
    registry_is_provisioned,
    nodes_need_no_arm_tokens,
]
HIDDEN = Unreadable("forbidden", "No right", permission="Microsoft.ContainerRegistry/registries/read")
OLD_IMAGE = "AKSUbuntu-2204gen2containerd-202503.21.0"


def judged(checked, **changes):
    return evaluate(checked, replace(healthy_facts(), **changes))


@pytest.mark.parametrize("check", ALL)
def test_passes_when_healthy(check):
    assert [finding.status for finding in judged(check)] == ["pass"]


@pytest.mark.parametrize("check", ALL)
def test_an_unreadable_registry_is_unknown(check):
    (finding,) = judged(check, registry=HIDDEN)
    assert (finding.status, finding.permission) == ("unknown", HIDDEN.permission)


# --- provisioning ----------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Creating", "Deleting", "deleting"])
def test_a_registry_that_is_not_there_yet_or_any_more_stops_pulls(state):
    (finding,) = judged(registry_is_provisioned, registry=registry(provisioning_state=state))
    assert (finding.status, finding.outcome) == ("fail", "registry.not-ready")
    assert "image-not-found" in finding.explains


@pytest.mark.parametrize("state", ["Updating", "Failed", "Canceled"])
def test_another_state_is_a_warning_that_explains_no_symptom(state):
    (finding,) = judged(registry_is_provisioned, registry=registry(provisioning_state=state))
    assert (finding.status, finding.outcome, finding.explains) == ("warn", "registry.not-ready", ())
    assert finding.evidence["provisioning_state"] == state


def test_a_state_that_is_not_shown_is_unknown():
    assert judged(registry_is_provisioned, registry=registry(provisioning_state=HIDDEN))[0].status == "unknown"


# --- authentication as ARM -------------------------------------------------------------


def test_only_the_pool_with_the_old_image_is_refused():
    pools = (agent_pool("new"), agent_pool("old", node_image_version=OLD_IMAGE))
    facts = {"registry": registry(arm_audience_tokens="disabled"), "cluster": cluster(agent_pools=pools)}
    (finding,) = judged(nodes_need_no_arm_tokens, **facts)
    assert (finding.status, finding.outcome) == ("warn", "registry.arm-token-refused")
    assert (finding.resource, finding.evidence["image_date"]) == (f"{CLUSTER_ID}/agentPools/old", "2025-03-21")
    assert finding.remedies[0].command == (
        f"az aks nodepool upgrade --resource-group rg-app --cluster-name prod --name old "
        f"--subscription {SUBSCRIPTION} --node-image-only"
    )


def test_an_old_image_is_no_fault_where_the_registry_takes_such_tokens():
    pools = (agent_pool("old", node_image_version=OLD_IMAGE),)
    assert judged(nodes_need_no_arm_tokens, cluster=cluster(agent_pools=pools))[0].status == "pass"


@pytest.mark.parametrize("version", ["AKSUbuntu-2204gen2containerd-202504.16.0", "custom-image", HIDDEN])
def test_an_image_that_does_not_tell_is_unknown(version):
    pools = (agent_pool("pool1", node_image_version=version),)
    facts = {"registry": registry(arm_audience_tokens="disabled"), "cluster": cluster(agent_pools=pools)}
    (finding,) = judged(nodes_need_no_arm_tokens, **facts)
    assert (finding.status, finding.resource) == ("unknown", f"{CLUSTER_ID}/agentPools/pool1")


def test_service_principal_clusters_send_no_token():
    changed = cluster(service_principal_client_id=APP_ID, agent_pools=(agent_pool(node_image_version=OLD_IMAGE),))
    facts = {"registry": registry(arm_audience_tokens="disabled"), "cluster": changed}
    assert judged(nodes_need_no_arm_tokens, **facts)[0].status == "skipped"
