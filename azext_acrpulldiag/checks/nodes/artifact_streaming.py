"""The check on artifact streaming: does the mirror on the node answer, through which streaming pools pull?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...catalogue import Outcome, check
from ...details import Details, internal
from ...facts import AgentPool, Cluster, Facts, Unreadable, known
from ...model import Finding, Reach, Severity
from ...pull_errors.symptoms import (
    MIRROR_FAILED,
    FailedPull,
    failed_pulls,
    is_of_streaming_mirror,
    pool_of,
    scope_unread,
)
from ...quoting import printable, quoted
from ...repairs import Step, option
from .._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from .._named import ClusterNames


@dataclass(frozen=True)
class ManagedPool(Details):
    """A node pool that AKS scales and upgrades as such."""

    pool: str


@dataclass(frozen=True)
class Streaming(Details):
    """Who fails at the mirror, and where artifact streaming is on."""

    pools: tuple[str, ...]
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    message: str
    streaming_pools: tuple[str, ...] | None
    """The node pools that have it on, as AKS shows; ``None``: not shown for all."""
    managed: tuple[ManagedPool, ...] = internal()
    """The pools whose nodes fail, as far as AKS has them."""
    may_be_on: tuple[ManagedPool, ...] = internal()
    """Those of them for which AKS does not show it off."""

    @property
    def who(self) -> str:
        """Whose nodes, for a sentence."""
        return f"nodes of node pool {', '.join(self.pools)}" if self.pools else "some nodes"

    @property
    def where(self) -> str:
        """Where it is on, in a sentence with a space before it; empty: not shown."""
        if self.streaming_pools is None:
            return ""
        if not self.streaming_pools:
            return " AKS shows artifact streaming off for every node pool, so these nodes are as they were before."
        return f" AKS shows artifact streaming on for node pool {', '.join(self.streaming_pools)}."


STREAMING_FAILS = Outcome(
    id="nodes.artifact-streaming",
    severity=Severity.WARNING,
    summary="The artifact streaming mirror (localhost:8578) on {who} does not answer, so pulls there end before they "
    "reach the registry.{where}",
    url="https://learn.microsoft.com/azure/aks/artifact-streaming",
    details=(Streaming, ClusterNames),
    repairs=(
        option(
            Step(
                "Make the nodes of node pool {pool} anew with a newer node image, which starts the mirror anew; where "
                "only some of its nodes fail, replacing those is enough",
                "az aks nodepool upgrade --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
                "--subscription {subscription} --node-image-only",
                each="managed",
                requires=("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",),
                changes="every node of the pool is cordoned, drained and reimaged",
                untold="Nodes are made again, and whether the mirror answers on them nobody can tell from here.",
            ),
            when="managed",
        ),
        option(
            Step(
                "Or turn artifact streaming off for node pool {pool}: images are then pulled whole (Azure CLI 2.87 or "
                "later)",
                "az aks nodepool update --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
                "--subscription {subscription} --disable-artifact-streaming",
                each="may_be_on",
                requires=("Microsoft.ContainerService/managedClusters/agentPools/write",),
                changes="images of the pool's nodes are no longer streamed, and pods start slower",
                untold="Whether nodes that are there already stop asking the mirror is not documented.",
            ),
            when="may_be_on",
        ),
        Step(
            "Read the mirror's log on one of the nodes (journalctl -u acr-mirror): az vmss run-command invoke runs it "
            "there, which takes Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"
        ),
    ),
    explains=("other", "timeout-network"),
)


@check("nodes.artifact-streaming", needs=("cluster", "registry", "kubernetes"), outcomes=(STREAMING_FAILS,))
def streaming_mirrors_answer(facts: Facts) -> Iterator[Finding]:
    """The artifact streaming mirror on nodes answers where pulls go through it.

    On a node pool with artifact streaming, containerd asks a mirror on the node, localhost:8578, for images of
    registries, and the mirror asks the registry. Where the mirror does not run, pulls fail on the node.

    Decided by the messages of failing pods whose request went to localhost:8578: the port is proof that streaming is
    on, also where AKS does not show ``artifactStreamingProfile``. An answer 503 of the mirror means that it could not
    reach the registry or sign in to it: then role and network are judged as for any pull, and the mirror is not at
    fault.

    Sources: https://learn.microsoft.com/azure/aks/artifact-streaming,
    https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-streaming; the mirror is the service
    acr-mirror in ``parts/linux/cloud-init/artifacts/cse_config.sh`` of https://github.com/Azure/AgentBaker
    """
    failing = failing_pods_of(facts)
    if failing is None or isinstance(failing, Unreadable):
        yield not_seen(facts, failing)
        return
    at_the_mirror = [pull for pull in failed_pulls(facts)[0] if is_of_streaming_mirror(pull.error)]
    silent = [pull for pull in at_the_mirror if pull.error.status != MIRROR_FAILED]
    if silent:
        yield _finding(facts, silent)
    known(scope_unread(facts))


def _finding(facts: Facts, silent: Sequence[FailedPull]) -> Finding:
    cluster, containers = facts.cluster, [pull.container for pull in silent]
    pools = {pool for each in containers if (pool := pool_of(each.node, facts))}
    ours = cluster.agent_pools if isinstance(cluster, Cluster) else ()
    managed = () if isinstance(ours, Unreadable) else ours
    theirs = [each for each in managed if each.name.lower() in map(str.lower, pools)]
    found = Streaming(
        pools=tuple(sorted(map(printable, pools))),
        nodes=tuple(sorted({printable(each.node) for each in containers if each.node})),
        pods=pod_names(containers),
        message=quoted(containers[0].message, LONGEST_MESSAGE),
        streaming_pools=_streaming(managed),
        managed=tuple(ManagedPool(each.name) for each in theirs),
        may_be_on=tuple(ManagedPool(each.name) for each in theirs if each.artifact_streaming is not False),
    )
    reach = Reach(pods=frozenset((each.namespace, each.pod) for each in containers))
    classes = tuple(sorted({pull.symptom_class for pull in silent}))
    names = ClusterNames.of(facts.targets.cluster)
    return STREAMING_FAILS.at(facts.targets.cluster.id, found, names, reach=reach, explains=classes)


def _streaming(pools: Iterable[AgentPool]) -> tuple[str, ...] | None:
    told = {pool.name: pool.artifact_streaming for pool in pools}
    if not told or any(isinstance(each, Unreadable) for each in told.values()):
        return None
    return tuple(sorted(name for name, enabled in told.items() if enabled is True))
