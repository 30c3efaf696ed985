"""Checks on the nodes themselves: does each carry the identity that pulls?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...arm_ids import same_id
from ...catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Cluster, Facts, KubeletIdentity, NodeHost, Unreadable, known
from ...model import Finding, Severity

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"

KUBELET_IDENTITY_UNASSIGNED = Outcome(
    id="nodes.kubelet-identity-unassigned",
    severity=Severity.ERROR,
    summary="Node pool {pool} lacks the kubelet identity {identity} on {where}, so those nodes cannot sign in to "
    "the registry.",
    url=TROUBLESHOOT_URL,
    evidence_keys=(
        "cluster",
        "resource_group",
        "subscription",
        "node_resource_group",
        "pool",
        "identity",
        "where",
        "lacking",
        "assigned",
        "hosts_read",
        "scale_set",
        "instance_ids",
    ),
    remedies=(
        RemedyTemplate(
            "Reconcile the cluster: AKS assigns the identity to its scale sets and machines again",
            "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} --yes",
        ),
        RemedyTemplate(
            "Bring the instances that lack it to the scale set's model",
            "az vmss update-instances --subscription {subscription} --resource-group {node_resource_group} "
            "--name {scale_set} --instance-ids {instance_ids}",
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
    """Every scale set, instance and machine of the node pools carries the kubelet identity.

    Kubelet's credential provider asks the instance metadata service for a token of this
    identity. A host that lost it (somebody edited the node resource group) gets none; the
    pull is then anonymous and ends in 401, whatever roles the identity holds. Documented as
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
        yield skipped(cluster.id, "The cluster's profile names no kubelet identity that nodes could carry.")
        return
    hosts = known(facts.node_hosts)
    pools = sorted({host.pool for host in hosts if host.pool})
    for pool in pools:
        yield from _judge_pool(cluster, identity, pool, [host for host in hosts if host.pool == pool])
    yield from _unread(cluster, hosts)


def not_by_kubelet_identity(cluster: Cluster) -> str | None:
    """Say why the kubelet identity does not pull here, or ``None`` where it does."""
    if cluster.service_principal_client_id is not None:
        return "The cluster pulls as a service principal, not by a managed identity."
    by_service_account = cluster.service_account_pull
    if by_service_account and not isinstance(by_service_account, Unreadable) and by_service_account.enabled:
        return "Pods pull by service-account identity, so the kubelet identity does not matter."
    return None


def _judge_pool(cluster: Cluster, identity: KubeletIdentity, pool: str, hosts: Iterable[NodeHost]) -> Iterator[Finding]:
    judged = [host for host in hosts if not isinstance(host.identities, Unreadable)]
    lacking = [host for host in judged if not carries(host, identity.resource_id)]
    if not lacking:
        return
    model = next((host for host in judged if host.kind == "scale-set"), None)
    instances = [host for host in lacking if host.kind == "instance"]
    of_one_set = {host.resource_id.lower().partition("/virtualmachines/")[0] for host in instances}
    finding = KUBELET_IDENTITY_UNASSIGNED.at(
        lacking[0].resource_id,
        severity=Severity.WARNING if _is_stopped(cluster, pool) else None,
        pool=pool,
        identity=identity.resource_id,
        where=_where(lacking, judged),
        lacking=sorted(host.name for host in lacking),
        assigned=sorted({one.resource_id for host in lacking for one in known(host.identities)}),
        hosts_read=len(judged),
        resource_group=cluster.resource_group,
        cluster=cluster.name,
        subscription=cluster.subscription,
        node_resource_group=_value(cluster.node_resource_group),
        scale_set=model.name if model and len(of_one_set) == 1 else None,
        instance_ids=[host.resource_id.rpartition("/")[2] for host in instances] or None,
    )
    # Without instances that lack it there is nothing to bring to the model.
    yield finding if instances else replace(finding, remedies=finding.remedies[:1])


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


def _is_stopped(cluster: Cluster, pool: str) -> bool:
    if isinstance(cluster.agent_pools, Unreadable):
        return False
    return any(ours.name == pool and ours.power_state == "Stopped" for ours in cluster.agent_pools)


def _value(fact: str | Unreadable) -> str | None:
    return None if isinstance(fact, Unreadable) else fact
