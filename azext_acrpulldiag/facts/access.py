"""Who may do what at the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .envelope import Unreadable


@dataclass(frozen=True)
class RoleAssignment:
    """One role assignment, at the registry or above it."""

    id: str
    scope: str
    role_definition_id: str
    principal_id: str
    principal_type: str | None
    condition: str | None
    created: datetime | None


@dataclass(frozen=True)
class Permission:
    """One element of a role definition's ``permissions`` (or a deny assignment's)."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str | None = None


@dataclass(frozen=True)
class RoleDefinition:
    """A built-in or custom role."""

    id: str
    name: str
    custom: bool
    permissions: tuple[Permission, ...]


@dataclass(frozen=True)
class DenyAssignment:
    """A deny assignment in force at the registry."""

    id: str
    name: str
    scope: str
    permissions: tuple[Permission, ...]
    principal_ids: tuple[str, ...]
    excluded_principal_ids: tuple[str, ...]
    everyone: bool
    """All principals (the zero GUID of type SystemDefined)."""
    condition: str | None
    applies_to_child_scopes: bool
    group_ids: tuple[str, ...] = ()
    """Which of the named and excluded principals are groups."""
    enforced: bool = True
    """``False``: ``denyAssignmentEffect`` is ``audit``, which blocks nothing."""


@dataclass(frozen=True)
class Puller:
    """The principal that pulls without a pull secret."""

    object_id: str
    client_id: str
    kind: str
    """``kubelet-identity``, ``service-principal`` or ``account-identity``: a service account's."""
    name: str


@dataclass(frozen=True)
class IdentityBinding:
    """An identity that pods of the cluster may use through their service accounts."""

    resource_id: str
    client_id: str
    object_id: str
    tenant_id: str | Unreadable


@dataclass(frozen=True)
class AccountIdentity:
    """What names the identity that pulls for pods of certain service accounts, and its binding."""

    accounts: tuple[tuple[str, str], ...]
    """Namespace and name of each, of failing pods; empty: of pods that are not known."""
    identity: str | Unreadable | None
    """The client id in the accounts' annotation, else the id of the default identity; ``None``: there is neither."""
    binding: IdentityBinding | None
    """``None``: the cluster has none for it."""

    @property
    def is_nobody(self) -> bool:
        """Whether pulls are anonymous: no identity is named, or none that the cluster has a binding for."""
        return self.binding is None and not isinstance(self.identity, Unreadable)


@dataclass(frozen=True)
class AccountPull:
    """Who pulls for pods of certain service accounts, where pods pull as the identities of those."""

    accounts: tuple[tuple[str, str], ...]
    """Namespace and name of each, of failing pods; empty: of pods that are not known."""
    identity: str | None
    """The client id in the accounts' annotation, else the id of the default identity; ``None``: there is neither."""
    tenant_id: str | Unreadable
    access: Access
    """What that identity holds. Its puller is ``None`` where there is none, or the cluster has no binding for it."""


@dataclass(frozen=True)
class Access:
    """Everything that decides whether the puller may pull."""

    puller: Puller | Unreadable | None
    """``None``: the cluster definitely has no principal to pull with."""
    effective: tuple[RoleAssignment, ...] | Unreadable
    """Assignments in force for the puller at the registry: direct, inherited, through groups."""
    at_scope: tuple[RoleAssignment, ...] | Unreadable
    """Every role assignment in force at the registry, of any principal."""
    definitions: Mapping[str, RoleDefinition | Unreadable]
    """Role definitions by the lower-case GUID that ends their id."""
    denials: tuple[DenyAssignment, ...] | Unreadable
    group_ids: tuple[str, ...] | Unreadable = ()
    """Groups of the puller that hold an effective assignment."""
    by_account: tuple[AccountPull, ...] | Unreadable | None = None
    """Who pulls instead where pods pull as the identities of their service accounts; ``None``: they do not. The
    puller is left with the images that nodes get through a mirror."""

    @classmethod
    def unread(cls, why: Unreadable) -> Access:
        """Nothing of it is known."""
        return cls(puller=why, effective=why, at_scope=why, definitions={}, denials=why, group_ids=why)
