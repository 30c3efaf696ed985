"""Checks on who pulls where the cluster uses managed identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...arm_ids import same_id
from ...catalogue import Outcome, RemedyTemplate, check, skipped
from ...facts import Cluster, Facts, NodeHost, NotKnownError, known
from ...model import Finding, Severity
from .node_hosts import TROUBLESHOOT_URL, not_by_kubelet_identity

SERVICE_ACCOUNT_URL = (
    "https://learn.microsoft.com/javascript/api/@azure/arm-containerservice/serviceaccountimagepullprofile"
)

_RECONCILE = "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} --yes"
KUBELET_IDENTITY_MISSING = Outcome(
    id="identity.kubelet-identity-missing",
    severity=Severity.ERROR,
    summary="The kubelet identity that the nodes pull with {fault}.",
    url=TROUBLESHOOT_URL,
    evidence_keys=(
        "cluster",
        "resource_group",
        "subscription",
        "fault",
        "identity",
        "profile_client_id",
        "profile_object_id",
        "client_id",
        "object_id",
        "identity_subscription",
        "identity_group",
        "identity_name",
    ),
    remedies=(
        RemedyTemplate("Reconcile the cluster: AKS puts its kubelet identity in order again", _RECONCILE),
        RemedyTemplate(
            "A kubelet identity of your own: create it again",
            "az identity create --subscription {identity_subscription} --resource-group {identity_group} "
            "--name {identity_name}",
        ),
        RemedyTemplate(
            "and make the cluster take it over (asks for a user-assigned control-plane identity); then grant it pull "
            "at the registry, since it has a new object id",
            "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} "
            "--assign-kubelet-identity {identity} "
            "--yes",
        ),
    ),
    explains=(
        "unauthorized-401",
        "credential-provider",
        "nodes.kubelet-identity-unassigned",
        "identity.node-identity-outdated",
        "access.pull-role-missing",
        "access.pull-role-on-other-principal",
        "registry.check-acr-failed",
    ),
    article="1.4",
)

NODE_IDENTITY_OUTDATED = Outcome(
    id="identity.node-identity-outdated",
    severity=Severity.ERROR,
    summary="Nodes of {pools} were set up for kubelet client id {node_client_ids}; the cluster's is {client_id} now.",
    url=TROUBLESHOOT_URL,
    evidence_keys=("cluster", "resource_group", "subscription", "pools", "client_id", "node_client_ids", "hosts"),
    remedies=(
        RemedyTemplate(
            "Upgrade the node images, which sets every node up again with the present identity",
            "az aks upgrade --resource-group {resource_group} --name {cluster} --subscription {subscription} "
            "--node-image-only --yes",
        ),
        RemedyTemplate("Where the images are the newest already: reconcile the cluster", _RECONCILE),
    ),
    explains=(
        "unauthorized-401",
        "credential-provider",
        "nodes.kubelet-identity-unassigned",
        "registry.check-acr-failed",
    ),
    article="1.4",
)

SERVICE_ACCOUNT_PULL = Outcome(
    id="identity.service-account-pull",
    severity=Severity.WARNING,
    summary="Pods pull by service-account identity (preview), so what the kubelet identity may do says nothing; "
    "service accounts that name no identity pull {otherwise}.",
    url=SERVICE_ACCOUNT_URL,
    evidence_keys=("cluster", "resource_group", "subscription", "otherwise", "default_identity"),
    remedies=(
        RemedyTemplate(
            "See which identity is the default, and grant it pull at the registry",
            "az identity show --ids {default_identity}",
        ),
    ),
    explains=("unauthorized-401",),
)


@check(
    "identity.kubelet-identity",
    needs=("cluster", "kubelet_identity_resource"),
    outcomes=(KUBELET_IDENTITY_MISSING,),
)
def the_kubelet_identity_exists(facts: Facts) -> Iterator[Finding]:
    """The kubelet identity that the cluster's profile names exists, with the same ids.

    Nodes sign in to the registry as this identity (never as the control plane's). Without
    it they get no token and pull anonymously. One that was deleted and created again under
    the same name has a new client and object id: nodes ask for the old one, and grants
    were made to the old one.

    Decided by ``identityProfile.kubeletidentity`` of the cluster and a GET of the identity
    that it names: absent from the profile, absent from Azure, or with other ids. A cluster
    that is being created has no profile yet. Does not apply to clusters that pull as a
    service principal or by service account.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    if cluster.provisioning_state == "Creating":
        yield skipped(cluster.id, "The cluster is being created; its kubelet identity is not there yet.")
        return
    named = known(cluster.kubelet_identity)
    if named is None:
        yield _missing(cluster, "is not in the cluster's profile", {})
        return
    ids = {"identity": named.resource_id, "profile_client_id": named.client_id, "profile_object_id": named.object_id}
    existing = known(facts.kubelet_identity_resource)
    if existing is None:
        yield _missing(cluster, f"({named.resource_id}) was deleted", ids)
    elif (existing.client_id.lower(), existing.principal_id.lower()) != (
        named.client_id.lower(),
        named.object_id.lower(),
    ):
        actual = {"client_id": existing.client_id, "object_id": existing.principal_id}
        yield _missing(cluster, f"({named.resource_id}) was deleted and created again with other ids", ids | actual)


@check(
    "identity.node-identity",
    needs=("cluster", "node_hosts"),
    outcomes=(NODE_IDENTITY_OUTDATED,),
)
def nodes_were_set_up_for_the_present_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """Every node was set up for the kubelet identity that the cluster has now.

    A node asks the metadata service for a token of the client id that it was started with.
    After the cluster got another kubelet identity, nodes that were not set up again still
    ask for the former one, to which nothing is granted or which no longer exists.

    Decided by the tag ``aks-managed-kubeletIdentityClientID`` of scale sets, instances and
    machines against the client id in the cluster's profile. A host without the tag is no
    fault: older and auto-provisioned ones have none.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    identity = known(cluster.kubelet_identity)
    if identity is None:
        yield skipped(cluster.id, "The cluster's profile names no kubelet identity to compare with.")
        return
    hosts = known(facts.node_hosts)
    outdated = [
        host
        for host in hosts
        if host.tagged_kubelet_client_id and host.tagged_kubelet_client_id.lower() != identity.client_id.lower()
    ]
    if outdated:
        yield NODE_IDENTITY_OUTDATED.at(
            cluster.id,
            pools=sorted({host.pool for host in outdated}),
            client_id=identity.client_id,
            node_client_ids=sorted({str(host.tagged_kubelet_client_id).lower() for host in outdated}),
            hosts=sorted(host.name for host in outdated),
            **_cluster_words(cluster),
        )
    _all_read(hosts)


@check(
    "identity.service-account-pull",
    needs=("cluster",),
    outcomes=(SERVICE_ACCOUNT_PULL,),
)
def pods_pull_by_the_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """Pods pull by the cluster's own identity, not by identities of their service accounts.

    With service-account image pull (preview) kubelet signs in to the registry as the
    identity that the pod's service account names, else as the cluster-wide default
    identity, else anonymously; the kubelet identity is not used. Grants to the kubelet
    identity then prove nothing.

    Decided by ``securityProfile.serviceAccountImagePullProfile``, which only preview
    versions of the cluster's answer show.
    """
    cluster = known(facts.cluster)
    profile = known(cluster.service_account_pull)
    if profile is not None and profile.enabled:
        default = profile.default_identity_id
        yield SERVICE_ACCOUNT_PULL.at(
            cluster.id, otherwise=f"as {default}" if default else "anonymously", default_identity=default
        )


def _missing(cluster: Cluster, fault: str, ids: dict[str, str]) -> Finding:
    identity = ids.get("identity")
    # /subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/N
    parts = (identity or "").strip("/").split("/")
    subscription, group, name = (parts[1], parts[3], parts[7]) if len(parts) == 8 else (None, None, None)
    finding = KUBELET_IDENTITY_MISSING.at(
        cluster.id,
        fault=fault,
        identity=identity,
        profile_client_id=ids.get("profile_client_id"),
        profile_object_id=ids.get("profile_object_id"),
        client_id=ids.get("client_id"),
        object_id=ids.get("object_id"),
        identity_subscription=subscription,
        identity_group=group,
        identity_name=name,
        **_cluster_words(cluster),
    )
    reconcile, create, assign = finding.remedies
    if group is None or same_id(group, str(cluster.node_resource_group)):
        # What is in the node resource group is AKS's own to make.
        return replace(finding, remedies=(reconcile,))
    return replace(finding, remedies=(assign,) if "client_id" in ids else (create, assign))


def _all_read(hosts: Iterable[NodeHost]) -> None:
    for host in hosts:
        if host.unread is not None:
            raise NotKnownError(host.unread)


def _cluster_words(cluster: Cluster) -> dict[str, Any]:
    return {"resource_group": cluster.resource_group, "cluster": cluster.name, "subscription": cluster.subscription}
