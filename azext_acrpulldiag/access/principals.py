"""Principals that are provably this cluster's, though none of them is the one that pulls."""

from __future__ import annotations

from collections.abc import Iterator

from ..arm_ids import name_of
from ..facts import Cluster, KubeletIdentity, NodeHost, Puller, ServicePrincipal, Unreadable


def other_principals(
    puller: Puller,
    cluster: Cluster | Unreadable,
    service_principal: ServicePrincipal | Unreadable | None,
    node_hosts: tuple[NodeHost, ...] | Unreadable,
) -> dict[str, str]:
    """Return id -> what it is, for every id a role may have been given to by mistake.

    Ids are in lower case. What could not be read adds nothing: a principal is in here only
    if it is certain that it belongs to this cluster and is not the puller.
    """
    others: dict[str, str] = {}
    pulls = {puller.object_id.lower()}
    for principal, description in _candidates(puller, cluster, service_principal, node_hosts):
        if principal and principal.lower() not in pulls:
            others.setdefault(principal.lower(), description)
    return others


def _candidates(
    puller: Puller,
    cluster: Cluster | Unreadable,
    service_principal: ServicePrincipal | Unreadable | None,
    node_hosts: tuple[NodeHost, ...] | Unreadable,
) -> Iterator[tuple[str | None, str]]:
    if puller.kind == "service-principal":
        yield puller.client_id, "the application id of the cluster's service principal"
    elif puller.kind == "account-identity":
        yield puller.client_id, "the client id of that identity, where its object id is needed"
        if isinstance(cluster, Cluster) and isinstance(cluster.kubelet_identity, KubeletIdentity):
            yield cluster.kubelet_identity.object_id, "the kubelet identity, which does not pull for these pods"
    else:
        yield puller.client_id, "the client id of the kubelet identity, where its object id is needed"
    if isinstance(service_principal, ServicePrincipal):
        yield service_principal.app_id, "the application id of the cluster's service principal"
        if isinstance(service_principal.application_object_id, str):
            yield (
                service_principal.application_object_id,
                "the application object behind the cluster's service principal",
            )
    if isinstance(cluster, Cluster) and not isinstance(cluster.control_plane_principal_ids, Unreadable):
        for principal in cluster.control_plane_principal_ids:
            yield principal, "the cluster's control-plane identity, which does not pull"
    for host in () if isinstance(node_hosts, Unreadable) else node_hosts:
        for identity in () if isinstance(host.identities, Unreadable) else host.identities:
            name = name_of(identity.resource_id)
            yield identity.principal_id, f"the identity {name} on {host.name}, which is not the kubelet identity"
            yield identity.client_id, f"the client id of the identity {name} on {host.name}"
