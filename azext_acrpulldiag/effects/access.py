"""Role assignments and deny assignments, as repairs make and change them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..access.grants import ABAC_MODE, ABAC_PULL, ACR_PULL, LEGACY_MODE, LEGACY_PULL, REPOSITORY_READER, definition_key
from ..access.standing import modes
from ..arm_ids import same_id
from ..facts import (
    Access,
    DenyAssignment,
    Facts,
    Permission,
    Puller,
    Registry,
    RoleAssignment,
    RoleDefinition,
    RolesHeld,
    SecretEntry,
    ServicePrincipal,
    Unreadable,
)
from ..repairs import Effect
from ._common import each, in_secrets, signing_in_anew

LEGACY_ROLE, ABAC_ROLE = "AcrPull", "Container Registry Repository Reader"
_ROLE_IN = {LEGACY_MODE: LEGACY_ROLE, ABAC_MODE: ABAC_ROLE}

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
_BUILT_IN = {
    LEGACY_ROLE: (ACR_PULL, Permission(actions=(LEGACY_PULL.name,))),
    ABAC_ROLE: (
        REPOSITORY_READER,
        Permission(
            data_actions=(ABAC_PULL.name, "Microsoft.ContainerRegistry/registries/repositories/metadata/read"),
        ),
    ),
}


_LONG_AGO = timedelta(days=30)


def settled(now: datetime) -> datetime:
    """When something was made whose age says nothing any more (UTC)."""
    return now - _LONG_AGO


def granted(role: str, principal: str = "principal", condition: str = "") -> Effect:
    """A built-in role for the principal, by object id, that the detail ``principal`` names, at the registry.

    ``condition`` names the detail with the assignment's condition.
    """

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        return given_role(
            facts, role, values[principal], values["registry_id"], values[condition] if condition else None
        )

    return effect


def given_role(facts: Facts, role: str, principal_id: str, registry_id: str, condition: str | None = None) -> Facts:
    """A built-in role for a principal, wherever role assignments are listed."""
    key, permission = _BUILT_IN[role]
    name = uuid5(NAMESPACE_URL, f"{registry_id}/{key}/{principal_id}".lower())
    made = RoleAssignment(
        id=f"{registry_id}/providers/Microsoft.Authorization/roleAssignments/{name}",
        scope=registry_id,
        role_definition_id=f"/providers/Microsoft.Authorization/roleDefinitions/{key}",
        principal_id=principal_id,
        principal_type="ServicePrincipal",
        condition=condition,
        created=settled(facts.now),
    )
    definition = RoleDefinition(made.role_definition_id, role, custom=False, permissions=(permission,))
    changed = _wherever_listed(facts, lambda access: _held(access, made, definition))
    return signing_in_anew(in_secrets(changed, lambda entry: _held_by_application(entry, made, definition)))


def pull_role_given(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """The role of the registry's mode for the one that pulls; both roles where that mode is not known.

    Without a registry that was read there is none to speak of.
    """
    puller, registry = facts.access.puller, facts.registry
    if isinstance(puller, Puller) and isinstance(registry, Registry):
        for mode in modes(registry):
            facts = given_role(facts, _ROLE_IN[mode], puller.object_id, registry.id)
    return facts


def _held(access: Access, made: RoleAssignment, definition: RoleDefinition) -> Access:
    puller, effective = access.puller, access.effective
    if isinstance(effective, tuple) and isinstance(puller, Puller) and _is(puller.object_id, made):
        effective = (*effective, made)
    at_scope = (*access.at_scope, made) if isinstance(access.at_scope, tuple) else access.at_scope
    return replace(
        access, effective=effective, at_scope=at_scope, definitions=_with(access.definitions, made, definition)
    )


def _held_by_application(entry: SecretEntry, made: RoleAssignment, definition: RoleDefinition) -> SecretEntry:
    """The application of a pull secret; what the registry refused it before is no answer any more.

    A wrong client secret is refused just as a missing role is, so that the credential is judged as one that was not
    offered.
    """
    principal, roles = entry.principal, entry.roles
    if roles is None or not isinstance(principal, ServicePrincipal) or not _is(principal.object_id, made):
        return entry
    effective = (*roles.effective, made) if isinstance(roles.effective, tuple) else roles.effective
    held = RolesHeld(effective, _with(roles.definitions, made, definition))
    return replace(entry, roles=held, offers=())


def _is(object_id: Any, made: RoleAssignment) -> bool:
    return isinstance(object_id, str) and object_id.lower() == made.principal_id.lower()


def _with(
    definitions: Mapping[str, RoleDefinition | Unreadable], made: RoleAssignment, definition: RoleDefinition
) -> Mapping[str, RoleDefinition | Unreadable]:
    """The role's definition among those that were read; one that may not be read stays unread."""
    return {definition_key(made.role_definition_id): definition, **definitions}


# --- what is there already ---------------------------------------------------------------


def assignment_updated(detail: str) -> Effect:
    """The condition of a role assignment that is there, as the JSON of this detail has it."""

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        wanted = json.loads(values[detail])

        def updated(held: RoleAssignment) -> RoleAssignment:
            return replace(held, condition=wanted["condition"]) if same_id(held.id, wanted["id"]) else held

        def within(access: Access) -> Access:
            return replace(access, effective=each(access.effective, updated), at_scope=each(access.at_scope, updated))

        def of_application(entry: SecretEntry) -> SecretEntry:
            roles = entry.roles
            return replace(entry, roles=roles and replace(roles, effective=each(roles.effective, updated)))

        return signing_in_anew(in_secrets(_wherever_listed(facts, within), of_application))

    return effect


def excluded(values: Mapping[str, Any], facts: Facts) -> Facts:
    """The principal of the detail ``principal`` excluded from the deny assignment that ``denial_id`` names."""

    def spared(denial: DenyAssignment) -> DenyAssignment:
        if not same_id(denial.id, values["denial_id"]):
            return denial
        return replace(denial, excluded_principal_ids=(*denial.excluded_principal_ids, values["principal"]))

    changed = _wherever_listed(facts, lambda access: replace(access, denials=each(access.denials, spared)))
    return signing_in_anew(changed)


def in_force(values: Mapping[str, Any], facts: Facts) -> Facts:
    """The assignments of the detail ``principal`` and of its groups, once they have had the time to take effect."""
    long_ago = settled(facts.now)

    def older(held: RoleAssignment) -> RoleAssignment:
        return replace(held, created=min(held.created, long_ago)) if held.created else held

    def within(access: Access) -> Access:
        puller = access.puller
        if not isinstance(puller, Puller) or puller.object_id.lower() != values["principal"].lower():
            return access
        return replace(access, effective=each(access.effective, older))

    return signing_in_anew(_wherever_listed(facts, within))


# --- where it is read --------------------------------------------------------------------


def _wherever_listed(facts: Facts, change: Callable[[Access], Access]) -> Facts:
    """What the one that pulls holds, and what identities of service accounts do."""
    access = change(facts.access)
    if isinstance(access.by_account, tuple):
        pulls = tuple(replace(pull, access=change(pull.access)) for pull in access.by_account)
        access = replace(access, by_account=pulls)
    return replace(facts, access=access)
