"""Read who pulls where pods pull as the identities of their service accounts (preview).

Kubelet has a token of the pod's service account exchanged, through an identity binding of the cluster, for one of
the identity whose client id the account is annotated with, else of the cluster's default identity. Without either, or
without a binding, the credential provider fails and the pull is anonymous.

Sources: https://learn.microsoft.com/azure/aks/identity-bindings; ``cse_config.sh`` of
https://github.com/Azure/AgentBaker; ``pkg/credentialprovider/identity_bindings_credentials.go`` of
https://github.com/kubernetes-sigs/cloud-provider-azure. The form of a binding is that of the example
``IdentityBindings_List.json`` of https://github.com/Azure/azure-rest-api-specs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ...arm_ids import name_of, same_id
from ...facts import (
    Access,
    AccountIdentity,
    AccountPull,
    DenyAssignment,
    IdentityBinding,
    Permission,
    Puller,
    RoleAssignment,
    RoleDefinition,
    Unreadable,
)
from ..ask.arm import ArmReader, Json, ReadError, operation_of
from ..ask.session import Session
from ..members import Body, MemberError, maybe, shown
from . import access as rbac
from .cluster import PREVIEW_API_VERSION

ANNOTATION = "kubernetes.azure.com/acr-client-id"

Account = tuple[str, str]
Bindings = tuple[IdentityBinding, ...]


def client_id_of(account: Json) -> str | None:
    """The client id that a service account is annotated with; ``None``: it names none. Raises ``MemberError``."""
    return maybe(Body(account).text, "metadata", "annotations", ANNOTATION) or None


def read_identity_bindings(reader: ArmReader, cluster_id: str) -> Bindings | Unreadable:
    """List the identity bindings of a cluster: one request."""
    path = f"{cluster_id}/identityBindings"
    try:
        found = reader.list(path, PREVIEW_API_VERSION)
    except ReadError as error:
        return error.why
    if found is None:
        return Unreadable("not-found", f"{cluster_id} does not exist any more", operation_of(path))
    try:
        return tuple(map(identity_binding_from, found))
    except MemberError as error:
        return error.why


def identity_binding_from(answer: Json) -> IdentityBinding:
    """Map one identity binding. Raises ``MemberError``."""
    identity = Body(answer).object("properties", "managedIdentity")
    return IdentityBinding(
        resource_id=identity.text("resourceId"),
        client_id=identity.text("clientId"),
        object_id=identity.text("objectId"),
        tenant_id=shown(identity.text, "tenantId"),
    )


def pulls_of(
    clients: Mapping[Account, str | Unreadable | None], default: str | None, bindings: Iterable[IdentityBinding]
) -> tuple[AccountIdentity, ...]:
    """Group accounts by who pulls: the accounts, what names the identity, and its binding (``None``: there is none).

    The default identity is one of them also where no account of a failing pod falls back to it. Pure.
    """
    bound = tuple(bindings)
    accounts: dict[str | Unreadable | None, list[Account]] = {} if default is None else {default: []}
    for account, client in sorted(clients.items(), key=lambda item: item[0]):
        accounts.setdefault(default if client is None else client, []).append(account)
    return tuple(AccountIdentity(tuple(held), who, _binding(who, bound)) for who, held in accounts.items())


def _binding(who: str | Unreadable | None, bindings: Collection[IdentityBinding]) -> IdentityBinding | None:
    if not isinstance(who, str):
        return None
    return next(
        (each for each in bindings if same_id(each.resource_id, who) or each.client_id.lower() == who.lower()), None
    )


@dataclass(frozen=True)
class AtRegistry:
    """The registry, and what was read of the rights at it, whoever has them."""

    session: Session
    registry_id: str
    at_scope: tuple[RoleAssignment, ...] | Unreadable
    denials: tuple[DenyAssignment, ...] | Unreadable
    caller_permissions: tuple[Permission, ...] | Unreadable


def read_account_pull(there: AtRegistry, named: AccountIdentity) -> AccountPull:
    """Read what one identity, one of :func:`pulls_of`, holds at the registry."""
    accounts, who, binding = named.accounts, named.identity, named.binding
    if isinstance(who, Unreadable):
        return AccountPull(accounts, None, who, Access.unread(who))
    if binding is None:
        unshown = Unreadable("not-shown", "No identity binding of the cluster shows the tenant of this identity")
        return AccountPull(accounts, who, unshown, _assembled(there, None, (), {}))
    puller = Puller(binding.object_id, binding.client_id, "account-identity", name_of(binding.resource_id))
    held = rbac.read_effective(there.session, there.registry_id, binding.object_id)
    wanted = rbac.wanted_definitions(there.registry_id, held, there.at_scope)
    roles = rbac.read_definitions(there.session, there.registry_id, wanted)
    return AccountPull(accounts, who, binding.tenant_id, _assembled(there, puller, held, roles))


def _assembled(
    there: AtRegistry,
    puller: Puller | None,
    held: tuple[RoleAssignment, ...] | Unreadable,
    roles: Mapping[str, RoleDefinition | Unreadable],
) -> Access:
    return rbac.assemble(puller, held, there.at_scope, roles, there.denials, there.caller_permissions)
