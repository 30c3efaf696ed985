"""Can the principal that pulls sign in to the registry at all, whatever roles it has? Pure."""

from __future__ import annotations

from ...facts import Cluster, Facts, ManagedIdentity, NotKnownError, Puller, Registry, ServicePrincipal, known


def home_of(facts: Facts) -> str:
    """The tenant of the managed identity that pulls. Raises ``NotKnownError`` where nothing that was read shows it.

    Its own answer tells. Of one that is gone, or was not read, the cluster's tells when it was left behind by a move to
    another directory, and never that it was not.
    """
    cluster, tenant = known(facts.cluster), known(known(facts.registry).tenant_id)
    identity, of_cluster = facts.kubelet_identity_resource, cluster.identity_tenant_id
    if isinstance(identity, ManagedIdentity):
        return identity.tenant_id
    if isinstance(of_cluster, str) and (identity is None or of_cluster.lower() != tenant.lower()):
        return of_cluster
    return known(cluster.tenant_id if identity is None else identity)


def is_of_another_tenant(facts: Facts) -> bool:
    """Tell whether it is known that a managed identity pulls which is not of the registry's tenant."""
    puller, registry = facts.access.puller, facts.registry
    if not isinstance(puller, Puller) or puller.kind == "service-principal" or not isinstance(registry, Registry):
        return False
    try:
        return home_of(facts).lower() != known(registry.tenant_id).lower()
    except NotKnownError:
        return False


def cannot_sign_in(facts: Facts) -> bool:
    """Tell whether it is known that no registry of this tenant gives the principal that pulls a token.

    It is of another tenant, is gone, was made again with other ids, is disabled, or has no valid client secret left.
    """
    puller = facts.access.puller
    if not isinstance(puller, Puller):
        return False
    if puller.kind == "service-principal":
        return _is_locked_out(facts)
    return is_of_another_tenant(facts) or (puller.kind == "kubelet-identity" and _is_gone(facts, puller))


def _is_gone(facts: Facts, puller: Puller) -> bool:
    if not isinstance(facts.cluster, Cluster):
        return False
    there = facts.kubelet_identity_resource
    if there is None:
        return True
    if not isinstance(there, ManagedIdentity):
        return False
    ids = (there.client_id.lower(), there.principal_id.lower())
    return ids != (puller.client_id.lower(), puller.object_id.lower())


def _is_locked_out(facts: Facts) -> bool:
    principal = facts.service_principal
    if not isinstance(principal, ServicePrincipal):
        return False
    passwords = principal.passwords if isinstance(principal.passwords, tuple) else None
    ended = passwords is not None and not any(one.end is None or one.end > facts.now for one in passwords)
    return principal.enabled is False or ended
