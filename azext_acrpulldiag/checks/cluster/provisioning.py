"""Checks on the cluster as a whole: is there anything running that could pull?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import AgentPool, Cluster, Facts, Unreadable, known
from ...model import Finding, Severity

STOPPED = Outcome(
    id="cluster.stopped",
    severity=Severity.ERROR,
    summary="Cluster {cluster} is stopped: it has no nodes that could pull an image.",
    url="https://learn.microsoft.com/azure/aks/start-stop-cluster",
    evidence_keys=("cluster", "resource_group", "subscription", "power_state"),
    remedies=(
        RemedyTemplate(
            "Start the cluster",
            "az aks start --resource-group {resource_group} --name {cluster} --subscription {subscription}",
        ),
    ),
    explains=("registry.check-acr-failed",),
)

NOT_READY = Outcome(
    id="cluster.not-ready",
    severity=Severity.WARNING,
    summary="The state of {part} {name} is {provisioning_state}; its nodes may be missing or half set up.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/availability-performance/cluster-node-virtual-machine-failed-state",
    evidence_keys=("part", "name", "provisioning_state", "cluster", "resource_group", "subscription"),
    remedies=(
        RemedyTemplate(
            "Let AKS bring the cluster back to the state that it should have",
            "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} --yes",
        ),
    ),
)

# Other states than these are routine (Updating, Scaling, Upgrading, ...): pulls go on meanwhile.
_BAD_STATES = ("failed", "canceled", "creating", "deleting")


@check("cluster.power", needs=("cluster",), outcomes=(STOPPED,))
def cluster_is_running(facts: Facts) -> Iterator[Finding]:
    """The cluster is running.

    A stopped cluster keeps its definition but has neither control plane nor nodes, so no image
    is pulled and no pod can say so. Decided from the power state that AKS reports
    (https://learn.microsoft.com/azure/aks/start-stop-cluster).
    """
    cluster = known(facts.cluster)
    state = known(cluster.power_state)
    if state.lower() == "stopped":
        yield STOPPED.at(cluster.id, power_state=state, **_names(cluster))


@check("cluster.provisioning", needs=("cluster",), outcomes=(NOT_READY,))
def cluster_is_provisioned(facts: Facts) -> Iterator[Finding]:
    """The cluster and its node pools are provisioned.

    After a failed or canceled operation, nodes may lack their identity, their network rules or
    their extension, and kubelet on them may not be able to pull; while a cluster is created or
    deleted, parts of it are not there. Decided from the provisioning states of the cluster and of
    each node pool. Running operations on an existing cluster (Updating, Scaling, Upgrading) count
    as healthy, since its nodes go on pulling. Pools that are stopped are left out.
    """
    cluster = known(facts.cluster)
    if not isinstance(cluster.power_state, Unreadable) and cluster.power_state.lower() == "stopped":
        yield skipped(cluster.id, "The cluster is stopped.")
        return
    yield from _judge(cluster, "cluster", cluster.name, cluster.provisioning_state, cluster.id)
    for pool in known(cluster.agent_pools):
        if not _is_stopped(pool):
            resource = f"{cluster.id}/agentPools/{pool.name}"
            yield from _judge(cluster, "node pool", pool.name, pool.provisioning_state, resource)


def _judge(cluster: Cluster, part: str, name: str, state: str | Unreadable, resource: str) -> Iterator[Finding]:
    if isinstance(state, Unreadable):
        yield unknown(resource, state)
    elif state.lower() in _BAD_STATES:
        yield NOT_READY.at(resource, part=part, name=name, provisioning_state=state, **_names(cluster))


def _is_stopped(pool: AgentPool) -> bool:
    return isinstance(pool.power_state, str) and pool.power_state.lower() == "stopped"


def _names(cluster: Cluster) -> dict[str, Any]:
    return {
        "cluster": cluster.name,
        "resource_group": cluster.resource_group,
        "subscription": cluster.subscription,
    }
