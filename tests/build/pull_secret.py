"""Pull secrets and the credentials in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from azext_acrpulldiag.facts import Offer, PullSecret, RegistryToken, RoleAssignment, RolesHeld, SecretEntry

from .access import acr_pull, assignment
from .ids import ACR_PULL, NOW, SP_OBJECT_ID


def secret_entry(user: str = "pull-app", kind: str = "token", **changes: object) -> SecretEntry:
    """An entry for the registry of :func:`registry`, which accepts it."""
    entry = SecretEntry(
        host="contosoreg.azurecr.io",
        user=user,
        user_kind=kind,
        repositories=("team/app",),
        token=registry_token() if kind == "token" else None,
        offers=(Offer(True, 200, "manifest", "team/app"),),
    )
    return replace(entry, **changes)


def roles_held(*effective: RoleAssignment, **changes: object) -> RolesHeld:
    """The application of :func:`service_principal` may pull."""
    return replace(RolesHeld(effective or (assignment(SP_OBJECT_ID),), {ACR_PULL: acr_pull()}), **changes)


def pull_secret(*entries: SecretEntry, **changes: object) -> PullSecret:
    held = entries or (secret_entry(),)
    return replace(
        PullSecret(
            namespace="team",
            name="regcred",
            named_by=("pod/web-1",),
            exists=True,
            hosts=tuple(entry.host for entry in held),
            entries=held,
            secret_type="kubernetes.io/dockerconfigjson",
        ),
        **changes,
    )


def registry_token(**changes: object) -> RegistryToken:
    return replace(
        RegistryToken(
            name="pull-app",
            status="enabled",
            password_ends=(NOW - timedelta(days=3), NOW + timedelta(days=90)),
            scope_map_actions=("repositories/team/app/content/read", "repositories/other/metadata/read"),
            scope_map="pull-app-scope-map",
        ),
        **changes,
    )
