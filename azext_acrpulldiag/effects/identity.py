"""Identities and service principals, and the nodes that sign in as them, as repairs make and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..arm_ids import name_of, same_id, subscription_of
from ..facts import (
    AssignedIdentity,
    Cluster,
    Facts,
    KubeletIdentity,
    Kubernetes,
    ManagedIdentity,
    Node,
    NodeHost,
    PasswordCredential,
    Puller,
    RoleAssignment,
    SecretEntry,
    ServicePrincipal,
    Unreadable,
)
from ..repairs import UntoldError
from ._common import each, in_secrets, signing_in_anew
from .access import settled

# https://learn.microsoft.com/cli/azure/ad/sp/credential: without --years or --end-date, a secret is valid for a year.
_VALID_FOR = timedelta(days=365)


def _new(kind: str, of: str) -> str:
    """What stands for an id that is told only when the thing is made. Nobody takes it for one."""
    return f"new-{kind}-of-{name_of(of)}"


# --- service principals ------------------------------------------------------------------


def principal_enabled(values: Mapping[str, Any], facts: Facts) -> Facts:
    """The service principal of the detail ``app_id`` may sign in again."""
    return signing_in_anew(_of_application(facts, values["app_id"], lambda found: replace(found, enabled=True)))


def secret_added(values: Mapping[str, Any], facts: Facts) -> Facts:
    """A client secret more for the application of the detail ``app_id``, beside those that it has."""
    made = PasswordCredential(_new("secret", values["app_id"]), settled(facts.now), facts.now + _VALID_FOR)

    def with_secret(found: ServicePrincipal) -> ServicePrincipal:
        if isinstance(found.passwords, Unreadable):
            return replace(found, seen_passwords=(*found.seen_passwords, made))
        return replace(found, passwords=(*found.passwords, made))

    return _of_application(facts, values["app_id"], with_secret)


def principal_made(values: Mapping[str, Any], facts: Facts) -> Facts:
    """A service principal for an application that is there. It has a new object id, so that it holds no role.

    Raises :class:`UntoldError` where it is not known that the application is there.
    """
    app_id, found = values["app_id"], facts.service_principal
    if isinstance(found, ServicePrincipal) and not isinstance(found.application_object_id, str):
        raise UntoldError("Whether the application still exists is not known, and without it this fails.")
    object_id = _new("object-id", app_id)
    changed = _of_application(facts, app_id, lambda app: replace(app, object_id=object_id, enabled=True))
    return _pulled_as(changed, Puller(object_id, app_id, "service-principal", app_id), ())


def nodes_given_the_secret(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """The nodes made anew with the service principal's secret: none is older than that."""

    def anew(host: NodeHost) -> NodeHost:
        return host if host.kind == "scale-set" or host.unread else replace(host, created=facts.now)

    return signing_in_anew(replace(facts, node_hosts=each(facts.node_hosts, anew)))


def _of_application(facts: Facts, app_id: str, change: Callable[[ServicePrincipal], ServicePrincipal]) -> Facts:
    """The application wherever it is read: of the cluster, and in pull secrets."""

    def changed(found: Any) -> Any:
        mine = isinstance(found, ServicePrincipal) and found.app_id.lower() == app_id.lower()
        return change(found) if mine else found

    def entry(held: SecretEntry) -> SecretEntry:
        return replace(held, principal=changed(held.principal))

    return in_secrets(replace(facts, service_principal=changed(facts.service_principal)), entry)


# --- managed identities ------------------------------------------------------------------


def identity_made(values: Mapping[str, Any], facts: Facts) -> Facts:
    """The managed identity of the detail ``identity`` made again, with new ids.

    Raises :class:`UntoldError` where the tenant that it is made in is not known.
    """
    here = [one for one in (facts.cluster, facts.registry) if not isinstance(one, Unreadable)]
    tenants = {one.subscription.lower(): one.tenant_id for one in here}
    tenant = tenants.get((subscription_of(values["identity"]) or "").lower())
    if not isinstance(tenant, str):
        raise UntoldError("Which tenant the identity is made in is not known.")
    client_id, object_id = (_new(kind, values["identity"]) for kind in ("client-id", "object-id"))
    return replace(facts, kubelet_identity_resource=ManagedIdentity(values["identity"], client_id, object_id, tenant))


def identity_given_to_nodes(values: Mapping[str, Any], facts: Facts) -> Facts:
    """The managed identity of the detail ``identity`` is the kubelet identity, and every node is made anew with it.

    It holds what was assigned to it directly. Raises :class:`UntoldError` where the identity was not read.
    """
    cluster, there = facts.cluster, facts.kubelet_identity_resource
    if not isinstance(cluster, Cluster) or not isinstance(there, ManagedIdentity):
        raise UntoldError("The ids of the identity are not known.")
    identity = KubeletIdentity(values["identity"], there.client_id, there.principal_id)

    def host_anew(host: NodeHost) -> NodeHost:
        tag = host.tagged_kubelet_client_id and there.client_id
        return _carrying(replace(host, tagged_kubelet_client_id=tag), identity)

    def node_anew(node: Node) -> Node:
        return replace(node, kubelet_client_id=node.kubelet_client_id and there.client_id)

    kubernetes = facts.kubernetes
    if isinstance(kubernetes, Kubernetes):
        kubernetes = replace(kubernetes, nodes=each(kubernetes.nodes, node_anew))
    changed = replace(
        facts,
        cluster=replace(cluster, kubelet_identity=identity),
        node_hosts=each(facts.node_hosts, host_anew),
        kubernetes=kubernetes,
    )
    puller = Puller(identity.object_id, identity.client_id, "kubelet-identity", name_of(identity.resource_id))
    around, own = facts.access.at_scope, identity.object_id.lower()
    held = around if isinstance(around, Unreadable) else tuple(one for one in around if one.principal_id.lower() == own)
    return _pulled_as(changed, puller, held)


def identity_assigned(values: Mapping[str, Any], facts: Facts) -> Facts:
    """AKS has given the kubelet identity to the scale sets and machines of node pool ``pool``, instances left out."""
    return _assigned(facts, lambda host: host.kind != "instance" and host.pool.lower() == values["pool"].lower())


def instances_updated(values: Mapping[str, Any], facts: Facts) -> Facts:
    """Instances ``instance_ids`` of ``scale_set`` have the identities of its model."""
    wanted = set(values["instance_ids"])

    def is_one(host: NodeHost) -> bool:
        return (
            host.kind == "instance"
            and host.pool.lower() == values["pool"].lower()
            and name_of(host.resource_id) in wanted
        )

    return _assigned(facts, is_one)


def _assigned(facts: Facts, chosen: Callable[[NodeHost], bool]) -> Facts:
    identity = facts.cluster.kubelet_identity if isinstance(facts.cluster, Cluster) else None
    if not isinstance(identity, KubeletIdentity):
        return facts
    given = identity

    def changed(host: NodeHost) -> NodeHost:
        return _carrying(host, given) if chosen(host) else host

    return signing_in_anew(replace(facts, node_hosts=each(facts.node_hosts, changed)))


def _carrying(host: NodeHost, identity: KubeletIdentity) -> NodeHost:
    """The host with the identity, in the place of what it carries by the same name."""
    if isinstance(host.identities, Unreadable):
        return host
    others = (one for one in host.identities if not same_id(one.resource_id, identity.resource_id))
    mine = AssignedIdentity(identity.resource_id, identity.object_id, identity.client_id)
    return replace(host, identities=(*others, mine))


def _pulled_as(facts: Facts, puller: Puller, held: tuple[RoleAssignment, ...] | Unreadable) -> Facts:
    """Another principal pulls, which holds these role assignments."""
    access = replace(facts.access, puller=puller, effective=held, group_ids=())
    return signing_in_anew(replace(facts, access=access))
