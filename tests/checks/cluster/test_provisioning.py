"""Mirror of checks/cluster.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.cluster.provisioning import cluster_is_provisioned, cluster_is_running
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from tests.build import CLUSTER_ID, SUBSCRIPTION, agent_pool, cluster, healthy_facts

HIDDEN = Unreadable("forbidden", "No right", permission="Microsoft.ContainerService/managedClusters/read")
ROUTINE = ["Succeeded", "Updating", "Upgrading", "Scaling", "Starting"]


def judged(checked, **changes):
    return evaluate(checked, replace(healthy_facts(), **changes))


@pytest.mark.parametrize("check", [cluster_is_running, cluster_is_provisioned])
def test_passes_when_healthy(check):
    assert [finding.status for finding in judged(check)] == ["pass"]


@pytest.mark.parametrize("check", [cluster_is_running, cluster_is_provisioned])
def test_an_unreadable_cluster_is_unknown(check):
    (finding,) = judged(check, cluster=HIDDEN)
    assert (finding.status, finding.permission) == ("unknown", HIDDEN.permission)


@pytest.mark.parametrize("state", ["Stopped", "stopped"])
def test_a_stopped_cluster_fails_with_the_command_that_starts_it(state):
    (finding,) = judged(cluster_is_running, cluster=cluster(power_state=state))
    assert (finding.status, finding.outcome) == ("fail", "cluster.stopped")
    assert finding.remedies[0].command == (
        f"az aks start --resource-group rg-app --name prod --subscription {SUBSCRIPTION}"
    )


def test_a_power_state_that_is_not_shown_is_unknown():
    (finding,) = judged(cluster_is_running, cluster=cluster(power_state=HIDDEN))
    assert finding.status == "unknown"


@pytest.mark.parametrize("state", ["Failed", "Canceled", "Creating", "Deleting"])
def test_a_cluster_that_is_not_provisioned_is_a_warning(state):
    (finding,) = judged(cluster_is_provisioned, cluster=cluster(provisioning_state=state))
    assert (finding.status, finding.outcome) == ("warn", "cluster.not-ready")
    assert (finding.resource, finding.evidence["provisioning_state"]) == (CLUSTER_ID, state)
    assert finding.explains == ()


def test_only_the_failed_pool_is_named():
    pools = (agent_pool("pool1"), agent_pool("gpu", provisioning_state="Failed"))
    (finding,) = judged(cluster_is_provisioned, cluster=cluster(agent_pools=pools))
    assert finding.resource == f"{CLUSTER_ID}/agentPools/gpu"
    assert (finding.evidence["part"], finding.evidence["name"]) == ("node pool", "gpu")


@pytest.mark.parametrize("state", ROUTINE)
def test_routine_operations_are_healthy(state):
    pools = (agent_pool(provisioning_state=state),)
    assert [f.status for f in judged(cluster_is_provisioned, cluster=cluster(agent_pools=pools))] == ["pass"]
    assert [f.status for f in judged(cluster_is_provisioned, cluster=cluster(provisioning_state=state))] == ["pass"]


def test_a_stopped_pool_is_left_out():
    pools = (agent_pool(power_state="Stopped", provisioning_state="Failed"),)
    assert [f.status for f in judged(cluster_is_provisioned, cluster=cluster(agent_pools=pools))] == ["pass"]


def test_a_stopped_cluster_is_not_judged_for_its_provisioning():
    (finding,) = judged(cluster_is_provisioned, cluster=cluster(power_state="Stopped", provisioning_state="Failed"))
    assert finding.status == "skipped"


def test_a_state_that_is_not_shown_does_not_hide_the_others():
    pools = (agent_pool("pool1", provisioning_state=HIDDEN), agent_pool("gpu", provisioning_state="Failed"))
    findings = judged(cluster_is_provisioned, cluster=cluster(agent_pools=pools))
    assert [finding.status for finding in findings] == ["unknown", "warn"]


def test_pools_that_are_not_shown_are_unknown_beside_a_failed_cluster():
    findings = judged(cluster_is_provisioned, cluster=cluster(provisioning_state="Failed", agent_pools=HIDDEN))
    assert [finding.status for finding in findings] == ["warn", "unknown"]
