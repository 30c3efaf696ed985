"""Checks on the nodes themselves: is the identity that pulls assigned to each?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ...access.puller import accounts_pull
from ...arm_ids import key_of, name_of, parent_of, same_id
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...effects.identity import identity_assigned, instances_updated
from ...facts import AgentPool, Cluster, Facts, KubeletIdentity, NodeHost, Unreadable, known
from ...images.mirrors import bootstrap_of
from ...model import Finding, Severity
from ...repairs import Step, option
from .._named import ClusterNames
from ._reconcile import reconcile

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"


@dataclass(frozen=True)
class Unassigned(Details):
    """The hosts of a node pool that lack the kubelet identity."""

    node_resource_group: str | None
    pool: str
    identity: str
    where: str
    lacking: tuple[str, ...]
    assigned: tuple[str, ...]
    """The identities that they have."""
    hosts_read: int
    scale_set: str | None
    """The one whose instances lack it; ``None``: there is none, or they are of several."""
    instance_ids: tuple[str, ...] | None


_TO_THE_MODEL = "Update the instances that lack it to the scale set's model"
KUBELET_IDENTITY_UNASSIGNED = Outcome(
    id="nodes.kubelet-identity-unassigned",
    severity=Severity.ERROR,
    summary="In node pool {pool} the kubelet identity {identity} is not assigned to {where}, so those nodes cannot "
    "sign in to the registry.",
    url=TROUBLESHOOT_URL,
    details=(ClusterNames, Unassigned),
    repairs=(
        option(
            reconcile(
                "Reconcile the cluster: AKS assigns the identity to its scale sets and machines again",
                effect=identity_assigned,
            ),
            Step(
                _TO_THE_MODEL,
                "az vmss update-instances --subscription {subscription} --resource-group {node_resource_group} "
                "--name {scale_set} --instance-ids {instance_ids}",
                when="instance_ids",
                instead=_TO_THE_MODEL,
                requires=("Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action",),
                changes="every other difference from the scale set's model is overwritten, too",
                effect=instances_updated,
            ),
        ),
    ),
    explains=("unauthorized-401", "credential-provider", "registry.check-acr-failed"),
    article="1.4",
)


@check(
    "nodes.kubelet-identity",
    needs=("cluster", "node_hosts"),
    outcomes=(KUBELET_IDENTITY_UNASSIGNED,),
)
def every_node_pool_carries_the_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """The kubelet identity is assigned to every scale set, instance and machine of the node pools.

    Kubelet's credential provider asks the instance metadata service for a token of this
    identity. A host that lost it (somebody edited the node resource group) gets none; the
    pull is then anonymous and ends in 401, whatever roles the identity has. Documented as
    a cause, with the repair, in the troubleshooting article that this check links to.

    Decided by the identity's resource id, compared without regard to case, among the
    user-assigned identities of each scale set's model, of each of its instances (with
    AKS's manual upgrade policy an instance may differ from its model) and of each
    stand-alone or auto-provisioned machine. An answer without ``identity`` means that none
    is assigned. A pool that is stopped gives a warning only: nothing runs there now. A pool
    with no instances is judged by its scale set alone.

    Does not apply to clusters that pull as a service principal or by service account.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    identity = known(cluster.kubelet_identity)
    if identity is None:
        yield skipped(cluster.id, "The cluster's profile names no kubelet identity.")
        return
    hosts = known(facts.node_hosts)
    by_pool: dict[str, list[NodeHost]] = {}
    for host in hosts:
        if host.pool:
            by_pool.setdefault(host.pool.lower(), []).append(host)
    for _, of_pool in sorted(by_pool.items()):
        yield from _judge_pool(cluster, identity, of_pool)
    yield from _unread(cluster, hosts)


def not_by_kubelet_identity(cluster: Cluster) -> str | None:
    """Say why the kubelet identity does not pull here, or ``None`` where it does."""
    if cluster.service_principal_client_id is not None:
        return "The cluster pulls as a service principal, not by a managed identity."
    if accounts_pull(cluster) and not isinstance(bootstrap_of(cluster), str):  # a mirror is asked as that identity
        return "Pods pull by service account identity, so the kubelet identity is not used."
    return None


def _judge_pool(cluster: Cluster, identity: KubeletIdentity, hosts: Sequence[NodeHost]) -> Iterator[Finding]:
    judged = [host for host in hosts if not isinstance(host.identities, Unreadable)]
    lacking = [host for host in judged if not carries(host, identity.resource_id)]
    if not lacking:
        return
    pool, aks_group = hosts[0].pool, cluster.node_resource_group
    model = next((host for host in judged if host.kind == "scale-set"), None)
    instances = [host for host in lacking if host.kind == "instance"]
    scale_sets = {key_of(parent_of(host.resource_id)) for host in instances}
    found = Unassigned(
        node_resource_group=aks_group if isinstance(aks_group, str) else None,
        pool=pool,
        identity=identity.resource_id,
        where=_where(lacking, judged),
        lacking=tuple(sorted(host.name for host in lacking)),
        assigned=tuple(sorted({one.resource_id for host in lacking for one in known(host.identities)})),
        hosts_read=len(judged),
        scale_set=model.name if model and len(scale_sets) == 1 else None,
        instance_ids=tuple(name_of(host.resource_id) for host in instances) or None,
    )
    severity = Severity.WARNING if _is_of_a_stopped_pool(cluster, pool) else None
    yield KUBELET_IDENTITY_UNASSIGNED.at(lacking[0].resource_id, ClusterNames.of(cluster), found, severity=severity)


def carries(host: NodeHost, resource_id: str) -> bool:
    """Tell whether the identity is among those of a host that was read."""
    return any(same_id(assigned.resource_id, resource_id) for assigned in known(host.identities))


def _where(lacking: list[NodeHost], judged: list[NodeHost]) -> str:
    parts = []
    for kind, one in (("scale-set", "scale set"), ("instance", "instance"), ("virtual-machine", "machine")):
        of_kind = [host for host in judged if host.kind == kind]
        missing = [host for host in lacking if host.kind == kind]
        if missing and kind == "scale-set":
            parts.append(f"its scale set {missing[0].name}")
        elif missing:
            parts.append(f"{len(missing)} of {len(of_kind)} {one}{'s' if len(of_kind) > 1 else ''}")
    return " and ".join(parts)


def _unread(cluster: Cluster, hosts: Iterable[NodeHost]) -> Iterator[Finding]:
    """One unknown for each kind of ignorance, so that 100 refused pools are not 100 lines."""
    groups: dict[tuple[str, str | None, str], list[tuple[NodeHost, Unreadable]]] = {}
    for host in hosts:
        why = host.identities
        if isinstance(why, Unreadable):
            groups.setdefault((why.reason, why.permission, host.kind), []).append((host, why))
    for members in groups.values():
        host, why = members[0]
        if len(members) == 1:
            yield unknown(host.resource_id, why)
        else:
            names = ", ".join(sorted({member.pool for member, _ in members if member.pool}))
            detail = f"{why.detail.rstrip('.')} (and {len(members) - 1} more, of node pools {names})"
            yield unknown(cluster.id, replace(why, detail=detail))


def _is_of_a_stopped_pool(cluster: Cluster, pool: str) -> bool:
    if isinstance(cluster.agent_pools, Unreadable):
        return False
    return any(ours.name.lower() == pool.lower() and is_stopped(ours) for ours in cluster.agent_pools)


def is_stopped(part: Cluster | AgentPool) -> bool:
    """Tell whether AKS reports that a cluster or a node pool is stopped."""
    return isinstance(part.power_state, str) and part.power_state.lower() == "stopped"
