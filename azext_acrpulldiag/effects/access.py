"""Role assignments that repairs make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..access.grants import ABAC_PULL, LEGACY_PULL
from ..facts import Access, Facts, Permission, RoleAssignment, RoleDefinition, Unreadable
from ..repairs import Effect

LEGACY_ROLE, ABAC_ROLE = "AcrPull", "Container Registry Repository Reader"

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
_BUILT_IN = {
    LEGACY_ROLE: ("7f951dda-4ed3-4680-a7ca-43fe172d538d", Permission(actions=(LEGACY_PULL.name,))),
    ABAC_ROLE: (
        "b93aa761-3e63-49ed-ac28-beffa264f7ac",
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
        key, permission = _BUILT_IN[role]
        made = RoleAssignment(
            id=f"{values['registry_id']}/providers/Microsoft.Authorization/roleAssignments/{key}",
            scope=values["registry_id"],
            role_definition_id=f"/providers/Microsoft.Authorization/roleDefinitions/{key}",
            principal_id=values[principal],
            principal_type="ServicePrincipal",
            condition=values[condition] if condition else None,
            created=settled(facts.now),
        )
        definition = RoleDefinition(made.role_definition_id, role, custom=False, permissions=(permission,))
        return _with_assignment(facts, made, definition)

    return effect


def _with_assignment(facts: Facts, made: RoleAssignment, definition: RoleDefinition) -> Facts:
    """Wherever role assignments are listed: of the one that pulls, and of service accounts' identities."""
    access = _held(facts.access, made, definition)
    if isinstance(access.by_account, tuple):
        pulls = tuple(replace(each, access=_held(each.access, made, definition)) for each in access.by_account)
        access = replace(access, by_account=pulls)
    return replace(facts, access=access)


def _held(access: Access, made: RoleAssignment, definition: RoleDefinition) -> Access:
    puller, key = access.puller, made.role_definition_id.rpartition("/")[2]
    effective, at_scope = access.effective, access.at_scope
    of_puller = puller is not None and not isinstance(puller, Unreadable) and puller.object_id == made.principal_id
    if of_puller and not isinstance(effective, Unreadable):
        effective = (*effective, made)
    if not isinstance(at_scope, Unreadable):
        at_scope = (*at_scope, made)
    definitions = {key: definition, **access.definitions}
    return replace(access, effective=effective, at_scope=at_scope, definitions=definitions)
