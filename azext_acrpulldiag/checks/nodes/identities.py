"""The check on machines with several identities: is it certain which of them kubelet pulls as?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped
from ...details import Details
from ...facts import Cluster, Facts, KubeletIdentity, Kubernetes, Node, NodeHost, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity
from ...pull_errors import PullError
from ...pull_errors.symptoms import FailedPull, failed_pulls, scope_unread
from ...quoting import printable, quoted
from ...repairs import Step, option
from .._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from .._named import ClusterNames
from ..identity.node_hosts import carries, not_by_kubelet_identity

# error_description of the instance metadata service, see
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
_SEVERAL = "multiple user assigned identities exist"


@dataclass(frozen=True)
class SeveralIdentities(Details):
    """Machines with several identities, and the pods on them that pull without a credential."""

    identity: str
    pools: tuple[str, ...]
    nodes: tuple[str, ...]
    assigned: tuple[str, ...]
    """All user-assigned identities of these machines."""
    pods: tuple[str, ...]
    message: str
    said: bool
    """Whether the instance metadata service says so itself."""

    @property
    def doubt(self) -> str:
        """What is not certain, as a sentence."""
        if self.said:
            return "The instance metadata service says that it was not told which."
        return "Which of them their credential provider asks for is not shown; asked for none, it gets none."


IDENTITY_AMBIGUOUS = Outcome(
    id="nodes.identity-ambiguous",
    severity=Severity.WARNING,
    confidence=Confidence.INFERRED,
    summary="Nodes of {pools} carry several user-assigned identities beside the kubelet identity, and pods on them "
    "pull without a credential. {doubt}",
    url="https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token",
    details=(SeveralIdentities, ClusterNames),
    repairs=(
        option(
            Step(
                "Look which identity a node asks for: userAssignedIdentityID in /etc/kubernetes/azure.json must be the "
                "client ID of {identity}. az vmss run-command invoke or az vm run-command invoke reads it there, which "
                "takes Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action or "
                "Microsoft.Compute/virtualMachines/runCommand/action"
            ),
            Step(
                "Where it is empty: give Karpenter the kubelet identity's client ID (KUBELET_IDENTITY_CLIENT_ID of a "
                "self-hosted installation), and have it replace its nodes; in a node pool, upgrade the node image, "
                "which makes its nodes anew"
            ),
        ),
        Step("Or take the identities off these machines that nothing on them uses, and leave {identity}"),
    ),
    explains=("unauthorized-401", "aad-token", "credential-provider"),
    article="1.4",
)


@check(
    "nodes.identity",
    needs=("cluster", "registry", "node_hosts", "kubernetes"),
    outcomes=(IDENTITY_AMBIGUOUS,),
)
def nodes_ask_for_one_identity(facts: Facts) -> Iterator[Finding]:
    """Nodes with several identities pull as a certain one of them.

    A machine may carry several user-assigned identities; addons of AKS add theirs. The instance metadata service gives
    a token only if the request names one of them, and the credential provider names the one in the node's azure.json.
    Where that names none, the pull goes out without a credential and ends in 401.

    Decided by the identities of the machines on which pods get 401 without having sent a credential, where the kubelet
    identity is among several. Several are no fault by themselves: AKS writes the kubelet identity's client ID into
    azure.json and into the label ``kubernetes.azure.com/kubelet-identity-client-id`` of the node, so a node of a node
    pool with that label is certain. Auto-provisioned machines have what Karpenter was told. The words of the metadata
    service in a message settle it.

    Sources: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token,
    https://github.com/Azure/karpenter-provider-azure/issues/704, ``pkg/credentialprovider/azure_credentials.go`` of
    https://github.com/kubernetes-sigs/cloud-provider-azure
    """
    failing = failing_pods_of(facts)
    if failing is None or isinstance(failing, Unreadable):
        yield not_seen(facts, failing)
        return
    refused = [each for each in failed_pulls(facts)[0] if _without_a_credential(each)]
    if not refused:
        known(scope_unread(facts))
        return
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason or cluster.kubelet_identity is None:
        yield skipped(cluster.id, reason or "The cluster's profile names no kubelet identity.")
        return
    yield from _judged(facts, cluster, known(cluster.kubelet_identity), refused)
    known(scope_unread(facts))


def _judged(
    facts: Facts, cluster: Cluster, identity: KubeletIdentity, refused: Sequence[FailedPull]
) -> Iterator[Finding]:
    hosts, nodes = known(facts.node_hosts), _nodes(facts)
    met: list[FailedPull] = []
    carried: set[str] = set()
    for pull in refused:
        node = nodes.get(pull.container.node or "")
        of_node = () if node is None else tuple(_several(hosts, node, identity))
        if node is not None and of_node and (_says_so(pull) or not _certain(node, cluster, identity)):
            met.append(pull)
            carried.update(one.resource_id for host in of_node for one in known(host.identities))
    if met:
        yield _finding(cluster, identity, met, nodes, carried)


def _finding(
    cluster: Cluster, identity: KubeletIdentity, met: Sequence[FailedPull], nodes: Mapping[str, Node], carried: set[str]
) -> Finding:
    containers = [pull.container for pull in met]
    here = [nodes[each.node or ""] for each in containers]
    said = any(map(_says_so, met))
    found = SeveralIdentities(
        identity=identity.resource_id,
        pools=tuple(sorted({printable(node.pool or node.name) for node in here})),
        nodes=tuple(sorted({printable(node.name) for node in here})),
        assigned=tuple(sorted(carried)),
        pods=pod_names(containers),
        message=quoted(containers[0].message, LONGEST_MESSAGE),
        said=said,
    )
    return IDENTITY_AMBIGUOUS.at(
        cluster.id,
        found,
        ClusterNames.of(cluster),
        confidence=Confidence.OBSERVED if said else None,
        reach=Reach(pods=frozenset((each.namespace, each.pod) for each in containers)),
        explains=tuple(sorted({pull.symptom_class for pull in met})),
    )


def _without_a_credential(pull: FailedPull) -> bool:
    error: PullError = pull.error
    anonymous = error.credential == "anonymous" and len(error.causes) == 1
    return (pull.symptom_class == "unauthorized-401" and anonymous) or _says_so(pull)


def _says_so(pull: FailedPull) -> bool:
    return _SEVERAL in pull.container.message.lower()


def _several(hosts: Iterable[NodeHost], node: Node, identity: KubeletIdentity) -> Iterator[NodeHost]:
    """The machine of a node, or the hosts of its pool, where they carry the kubelet identity among several."""
    of_pool = [host for host in hosts if host.pool.lower() == (node.pool or "").lower()]
    own = [host for host in of_pool if host.name.lower() == node.name.lower()]
    for host in own or of_pool:
        if (
            not isinstance(host.identities, Unreadable)
            and len(host.identities) > 1
            and carries(host, identity.resource_id)
        ):
            yield host


def _certain(node: Node, cluster: Cluster, identity: KubeletIdentity) -> bool:
    """Whether the node names the identity that it pulls as, and AKS itself wrote that."""
    pools = () if isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools
    managed = any(pool.name.lower() == (node.pool or "").lower() for pool in pools)
    return managed and (node.kubelet_client_id or "").lower() == identity.client_id.lower()


def _nodes(facts: Facts) -> Mapping[str, Node]:
    kubernetes = facts.kubernetes
    nodes = known(kubernetes.nodes) if isinstance(kubernetes, Kubernetes) else ()
    return {node.name: node for node in nodes}
