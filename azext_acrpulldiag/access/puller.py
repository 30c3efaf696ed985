"""Who pulls when a pod brings no pull secret. Pure."""

from __future__ import annotations

from ..arm_ids import name_of
from ..facts import Cluster, Puller, ServiceAccountPull, ServicePrincipal, Unreadable


def puller_of(
    cluster: Cluster | Unreadable, service_principal: ServicePrincipal | Unreadable | None
) -> Puller | Unreadable | None:
    """Return the principal that role assignments are judged for.

    It is the kubelet identity, or the service principal of a cluster without managed
    identities; never the control plane's identity. ``None``: there definitely is none (the
    profile names no kubelet identity, or the service principal does not exist). Where pods pull as the identities
    of their service accounts, it is left with what nodes get through a mirror, see ``Access.by_account``.
    """
    if isinstance(cluster, Unreadable):
        return cluster
    if cluster.service_principal_client_id is not None:
        return _of_service_principal(cluster.service_principal_client_id, service_principal)
    identity = cluster.kubelet_identity
    if identity is None or isinstance(identity, Unreadable):
        return identity
    return Puller(identity.object_id, identity.client_id, "kubelet-identity", name_of(identity.resource_id))


def accounts_pull(cluster: Cluster) -> bool:
    """Tell whether pods pull as the identities of their service accounts."""
    profile = cluster.service_account_pull
    return isinstance(profile, ServiceAccountPull) and profile.enabled


def default_identity(cluster: Cluster) -> str | None:
    """The id of the identity of pods whose service accounts name none; ``None``: there is none."""
    profile = cluster.service_account_pull
    return profile.default_identity_id if isinstance(profile, ServiceAccountPull) else None


def _of_service_principal(app_id: str, principal: ServicePrincipal | Unreadable | None) -> Puller | Unreadable | None:
    if principal is None:
        return Unreadable("not-found", f"The service principal {app_id} was not read")
    if isinstance(principal, Unreadable):
        return principal
    object_id = principal.object_id
    if object_id is None or isinstance(object_id, Unreadable):
        return object_id
    return Puller(object_id, app_id, "service-principal", app_id)
