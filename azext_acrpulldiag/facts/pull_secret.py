"""Pull secrets, described without any secret: whose a credential is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .envelope import Unreadable


@dataclass(frozen=True)
class RegistryToken:
    """A repository-scoped token of the registry."""

    name: str
    status: str | Unreadable
    password_ends: tuple[datetime | None, ...] | Unreadable
    """Expiry of each password; ``None``: it never ends. Empty: it has no password."""
    scope_map_actions: tuple[str, ...] | Unreadable


@dataclass(frozen=True)
class Offer:
    """What the registry answered to a credential: a token request, then HEAD of the manifest."""

    accepted: bool
    status: int
    step: str
    """``token`` or ``manifest``."""


@dataclass(frozen=True)
class SecretEntry:
    """One ``auths`` entry whose host matches an image of the registry by kubelet's rules."""

    host: str
    user: str
    user_kind: str
    """``application``, ``admin``, ``token``, ``login-token`` (the all-zero id) or ``other``."""
    application_id: str | None = None
    admin_password_matches: bool | Unreadable | None = None
    """``None``: not the admin account."""
    token: RegistryToken | Unreadable | None = None
    """``None`` with ``user_kind`` ``token``: the registry has no such token."""
    login_token_ends: datetime | Unreadable | None = None
    offer: Offer | Unreadable | None = None
    """``None``: not offered (switched off, or no failing pod and no argument names the secret)."""


@dataclass(frozen=True)
class PullSecret:
    """A secret that a pod, a service account or ``--pull-secret`` names."""

    namespace: str
    name: str
    named_by: tuple[str, ...]
    """``pod/web-1``, ``serviceaccount/default`` or ``argument``."""
    exists: bool
    malformed: str | None = None
    """Why kubelet cannot use it; ``None``: it can."""
    hosts: tuple[str, ...] = ()
    """Every host key in it."""
    entries: tuple[SecretEntry, ...] = ()
