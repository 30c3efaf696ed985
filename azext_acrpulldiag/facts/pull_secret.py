"""Pull secrets, described without any secret: whose a credential is, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .access import RoleAssignment, RoleDefinition
from .cluster import ServicePrincipal
from .envelope import Unreadable

ARGUMENT = "argument"
"""In :attr:`PullSecret.named_by`: ``--pull-secret`` names it."""
FAILING_POD, RUNNING_POD, ACCOUNT = "pod/", "running-pod/", "serviceaccount/"
"""In :attr:`PullSecret.named_by`, before a name: a pod that fails, one that runs, or a service account names it."""


@dataclass(frozen=True)
class RegistryToken:
    """A repository-scoped token of the registry."""

    name: str
    status: str | Unreadable
    password_ends: tuple[datetime | None, ...] | Unreadable
    """Expiry of each password; ``None``: it never ends. Empty: it has no password."""
    scope_map_actions: tuple[str, ...] | Unreadable
    scope_map: str | None = None
    """The scope map's name; ``None``: the answer does not show one."""


@dataclass(frozen=True)
class Offer:
    """What the registry answered to a credential: a token request, then HEAD of the manifest."""

    accepted: bool
    status: int
    step: str
    """``token`` or ``manifest``."""
    repository: str | None = None
    """The repository of the manifest that was asked for."""


@dataclass(frozen=True)
class RolesHeld:
    """What an application holds at the registry."""

    effective: tuple[RoleAssignment, ...] | Unreadable
    """Assignments in force for it: direct, inherited, through groups."""
    definitions: Mapping[str, RoleDefinition | Unreadable] = field(default_factory=dict, hash=False)
    """Their role definitions, by the lower-case GUID that ends their id."""


@dataclass(frozen=True)
class SecretEntry:
    """One ``auths`` entry whose host matches an image of the registry by kubelet's rules."""

    host: str
    """The key of the entry, as written."""
    user: str
    user_kind: str
    """``application``, ``admin``, ``token``, ``login-token`` (the all-zero id) or ``other``."""
    application_id: str | None = None
    admin_password_matches: bool | Unreadable | None = None
    """``None``: not compared, because the user is not the admin account or that is off."""
    token: RegistryToken | Unreadable | None = None
    """``None`` with ``user_kind`` ``token``: the registry has no such token."""
    login_token_ends: datetime | Unreadable | None = None
    """``None``: the user is not the all-zero id, or the token names no end."""
    login_token_issued: datetime | Unreadable | None = None
    """``None``: the user is not the all-zero id, or the token does not say when it was issued."""
    offers: tuple[Offer | Unreadable, ...] = ()
    """One a repository. Empty: not offered (switched off, or no failing pod and no argument names the secret)."""
    principal: ServicePrincipal | Unreadable | None = None
    """The application in the registry's tenant; ``None``: the user is no application id."""
    roles: RolesHeld | None = None
    """What the application holds at the registry.
    ``None``: the user is no application id, or no object id is known that could hold a role."""
    repositories: tuple[str, ...] = ()
    """The repositories of the registry that kubelet would use the entry for, as far as known."""
    unusable: str | None = None
    """Why kubelet sends nothing useful with it (a clause); ``None``: it has a user and a password."""
    stray_white_space: bool = False
    """The password begins or ends in white space, such as a line break."""


@dataclass(frozen=True)
class PullSecret:
    """A secret that a pod, a service account or ``--pull-secret`` names."""

    namespace: str
    name: str
    named_by: tuple[str, ...]
    """``pod/web-1``, ``running-pod/web-2``, ``serviceaccount/default`` or ``argument``."""
    exists: bool | Unreadable
    malformed: str | None = None
    """Why kubelet cannot use it; ``None``: it can."""
    hosts: tuple[str, ...] = ()
    """Every host key in it."""
    entries: tuple[SecretEntry, ...] = ()
    breaks_every_pull: bool = False
    """Kubelet fails each pull of its pods because of it, whatever other credential there is."""
    secret_type: str | None = None
    """``type`` of the secret; ``None``: it does not exist, or was not read."""
    immutable: bool = False
    """Kubernetes lets nobody change its data."""
    owner: str | None = None
    """``ExternalSecret/regcred``: who writes it, and would undo a change; ``None``: nobody is known to."""
    created: datetime | None = None
    """``None``: it does not exist, was not read, or does not show when it was made."""
