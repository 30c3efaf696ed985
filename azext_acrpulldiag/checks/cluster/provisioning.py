"""Checks on the cluster as a whole: is there anything running that could pull?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...effects.cluster import started
from ...facts import Cluster, Facts, Unreadable, known
from ...model import Finding, Severity
from ...repairs import Step
from .._named import ClusterNames
from ..identity.node_hosts import is_stopped


@dataclass(frozen=True)
class PowerState(Details):
    """Whether the cluster runs, as AKS reports it."""

    power_state: str


@dataclass(frozen=True)
class PartNotReady(Details):
    """A part of the cluster that is not as it should be."""

    part: str
    """``cluster``, ``node pool`` ..."""
    name: str
    provisioning_state: str
    nodes: tuple[str, ...] = ()
    """Those that are not ready, where Kubernetes was asked."""

    @property
    def only_node(self) -> str | None:
        """The node, where exactly one is not ready."""
        return self.nodes[0] if len(self.nodes) == 1 else None


STOPPED = Outcome(
    id="cluster.stopped",
    severity=Severity.ERROR,
    summary="Cluster {cluster} is stopped: it has no nodes that could pull an image.",
    url="https://learn.microsoft.com/azure/aks/start-stop-cluster",
    details=(ClusterNames, PowerState),
    repairs=(
        Step(
            "Start the cluster",
            "az aks start --resource-group {resource_group} --name {cluster} --subscription {subscription}",
            requires=("Microsoft.ContainerService/managedClusters/start/action",),
            effect=started,
        ),
    ),
    explains=("registry.check-acr-failed",),
)

NOT_READY = Outcome(
    id="cluster.not-ready",
    severity=Severity.WARNING,
    summary="The state of {part} {name} is {provisioning_state}; its nodes may be missing or not fully configured.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/availability-performance/cluster-node-virtual-machine-failed-state",
    details=(PartNotReady, ClusterNames),
    repairs=(
        Step(
            "Cordon and drain node {only_node}, then restart that one instance, or reimage it if that does not help",
            when="only_node",
        ),
        Step(
            "Reconcile the cluster: an update without changes",
            "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} --yes",
            requires=("Microsoft.ContainerService/managedClusters/write",),
            changes="AKS reconciles the whole cluster",
            untold="Whether AKS gets through this time with what failed before, nobody can tell from here.",
        ),
    ),
)

# Other states than these are routine (Updating, Scaling, Upgrading, ...): pulls go on meanwhile.
_BAD_STATES = ("failed", "canceled", "creating", "deleting")


@check("cluster.power", needs=("cluster",), outcomes=(STOPPED,))
def cluster_is_running(facts: Facts) -> Iterator[Finding]:
    """The cluster is running.

    A stopped cluster keeps its definition but has neither control plane nor nodes, so no image
    is pulled and no pod reports it. Decided from the power state that AKS reports
    (https://learn.microsoft.com/azure/aks/start-stop-cluster).
    """
    cluster = known(facts.cluster)
    state = known(cluster.power_state)
    if state.lower() == "stopped":
        yield STOPPED.at(cluster.id, ClusterNames.of(cluster), PowerState(state))


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
    if is_stopped(cluster):
        yield skipped(cluster.id, "The cluster is stopped.")
        return
    yield from _judge(cluster, "cluster", cluster.name, cluster.provisioning_state, cluster.id)
    for pool in known(cluster.agent_pools):
        if not is_stopped(pool):
            resource = f"{cluster.id}/agentPools/{pool.name}"
            yield from _judge(cluster, "node pool", pool.name, pool.provisioning_state, resource)


def _judge(cluster: Cluster, part: str, name: str, state: str | Unreadable, resource: str) -> Iterator[Finding]:
    if isinstance(state, Unreadable):
        yield unknown(resource, state)
    elif state.lower() in _BAD_STATES:
        yield NOT_READY.at(resource, PartNotReady(part, name, state), ClusterNames.of(cluster))
