"""Checks on the nodes as Kubernetes shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ...catalogue import check, skipped
from ...facts import Facts, known
from ...model import Finding, SeenFrom
from .._kubernetes import nodes_of, not_seen
from .._named import ClusterNames
from ..identity.kubelet_identity import NODE_IDENTITY_OUTDATED, OutdatedNodes
from ..identity.node_hosts import not_by_kubelet_identity
from .provisioning import NOT_READY, PartNotReady

# A node that has just been added is not ready yet, which is no fault.
_SETTING_UP = timedelta(minutes=10)


@check("cluster.ready-nodes", needs=("kubernetes",), outcomes=(NOT_READY,), seen_from=SeenFrom.KUBERNETES)
def every_node_is_ready(facts: Facts) -> Iterator[Finding]:
    """Every node that has been there for ten minutes is ready.

    On a node that is not ready, kubelet or the container runtime is down, the network is not
    configured or the disk is full; it pulls nothing, and pods are moved off it.

    Decided by the condition ``Ready`` of each node in Kubernetes, one finding a node pool.
    """
    cluster = facts.targets.cluster
    nodes = nodes_of(facts)
    if not isinstance(nodes, tuple):
        yield not_seen(facts, nodes)
        return
    settled = [node for node in nodes if node.created is None or facts.now - node.created > _SETTING_UP]
    for pool in sorted({node.pool or "" for node in settled if not node.ready}):
        of_pool = [node for node in settled if (node.pool or "") == pool]
        unready = [node.name for node in of_pool if not node.ready]
        yield NOT_READY.at(
            f"{cluster.id}/agentPools/{pool}" if pool else cluster.id,
            PartNotReady(
                "node pool" if pool else "the nodes of cluster",
                pool or cluster.name,
                f"not ready ({len(unready)} of {len(of_pool)} nodes)",
                tuple(sorted(unready)),
            ),
            ClusterNames.of(cluster),
        )


@check(
    "identity.node-labels",
    needs=("cluster", "kubernetes"),
    outcomes=(NODE_IDENTITY_OUTDATED,),
    seen_from=SeenFrom.KUBERNETES,
)
def nodes_registered_with_the_present_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """Every node registered with the kubelet identity that the cluster has now.

    A node asks for tokens of the client id that it was created with. Machines of node
    auto-provisioning belong to no scale set, so their tags do not tell; the label does.

    Decided by the label ``kubernetes.azure.com/kubelet-identity-client-id`` of the nodes against
    the client id in the cluster's profile. A node without the label is no fault: nodes of
    service-principal clusters and some auto-provisioned ones have none.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    nodes = nodes_of(facts)
    if not isinstance(nodes, tuple):
        yield not_seen(facts, nodes)
        return
    identity = known(cluster.kubelet_identity)
    if identity is None:
        yield skipped(cluster.id, "The cluster's profile names no kubelet identity to compare with.")
        return
    outdated = [
        node
        for node in nodes
        if node.kubelet_client_id and node.kubelet_client_id.lower() != identity.client_id.lower()
    ]
    if outdated:
        yield NODE_IDENTITY_OUTDATED.at(
            cluster.id,
            ClusterNames.of(cluster),
            OutdatedNodes(
                pools=tuple(sorted({node.pool or node.name for node in outdated})),
                client_id=identity.client_id,
                node_client_ids=tuple(sorted({str(node.kubelet_client_id).lower() for node in outdated})),
                hosts=tuple(sorted(node.name for node in outdated)),
                one_node=f"node {outdated[0].name}" if len(outdated) == 1 else None,
            ),
        )
