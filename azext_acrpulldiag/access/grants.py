"""What role and deny assignments do to a pull, judged from definitions and never from names.

A registry is in one of two modes. In legacy mode an *action* lets a principal pull, in ABAC
mode a *data action* does, and the other kind counts for nothing
(https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions).
Pure functions over facts; every answer has a third value for what cannot be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ..arm_ids import name_of, same_id
from ..facts import DenyAssignment, Permission, RoleAssignment, RoleDefinition, Unreadable
from .conditions import (
    Answer,
    all_of,
    answer_of,
    any_of,
    condition_holds,
    matches_operation,
    names_the_repository,
    negated,
)

LEGACY_MODE = "LegacyRegistryPermissions"
ABAC_MODE = "AbacRepositoryPermissions"


@dataclass(frozen=True)
class Operation:
    """An operation that a role may allow; ``is_data`` tells which half of a role decides."""

    name: str
    is_data: bool = False


LEGACY_PULL = Operation("Microsoft.ContainerRegistry/registries/pull/read")
ABAC_PULL = Operation("Microsoft.ContainerRegistry/registries/repositories/content/read", is_data=True)
PULL_IN = {LEGACY_MODE: LEGACY_PULL, ABAC_MODE: ABAC_PULL}

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
"""Container Registry Repository Reader."""
_IMPORTER_AND_READER = "577a9874-89fd-4f24-9dbd-b5034d0ad23a"
PULL_ROLES = {
    LEGACY_MODE: frozenset(
        {
            _IMPORTER_AND_READER,
            ACR_PULL,
            "8311e382-0749-4cb8-b61a-304f252e45ec",  # AcrPush
            "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
            "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",  # Reader
        }
    ),
    ABAC_MODE: frozenset(
        {
            _IMPORTER_AND_READER,
            REPOSITORY_READER,
            "2a1e307c-b015-4ebd-883e-5b7698a07328",  # Container Registry Repository Writer
            "2efddaa5-3f1f-4df3-97df-af3f13818f4c",  # Container Registry Repository Contributor
        }
    ),
}
"""The built-in roles that let pull, by the mode in which they do."""


def definition_key(role_definition_id: str) -> str:
    """The key of ``Access.definitions``: the GUID that ends the id, in lower case.

    Azure answers with and without a subscription before it; the GUID is the same in all.
    """
    return name_of(role_definition_id).lower()


def covers(permission: Permission, operation: Operation) -> bool:
    """Tell whether one element of ``permissions`` allows ``operation``: its actions less its notActions."""
    allowed, taken = _halves(permission, operation)
    return _any_matches(allowed, operation) and not _any_matches(taken, operation)


def names_exactly(permission: Permission, operation: Operation) -> bool:
    """Tell whether an element spells ``operation`` out, without a wildcard."""
    return operation.name.lower() in (action.lower() for action in _halves(permission, operation)[0])


def granting_permissions(definition: RoleDefinition, operation: Operation) -> tuple[Permission, ...]:
    """The elements of a role that allow ``operation``.

    Each element is judged by itself: what one takes away with notActions, another may give.
    """
    return tuple(permission for permission in definition.permissions if covers(permission, operation))


def allows(permissions: Iterable[Permission], operation: Operation) -> Answer:
    """Answer whether a principal with these permissions may do ``operation``, their conditions heeded."""
    return any_of(
        condition_holds(permission.condition, operation.name, None)
        for permission in permissions
        if covers(permission, operation)
    )


# --- role assignments ------------------------------------------------------------------


@dataclass(frozen=True)
class Grant:
    """What one role assignment does for one operation on one repository.

    ``conditional``: the role allows it, and a condition decides. ``probable``: a custom
    role allows it by a wildcard only, which registries do not always honour
    (https://learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles).
    ``why`` is set where ``answer`` is unknown.
    """

    assignment: RoleAssignment
    role: str | None
    answer: Answer
    conditional: bool = False
    probable: bool = False
    why: Unreadable | None = None


def judge_assignment(
    assignment: RoleAssignment,
    definitions: Mapping[str, RoleDefinition | Unreadable],
    operation: Operation,
    repository: str | None,
) -> Grant:
    """Judge one role assignment. ``repository`` is ``None`` where none is known."""
    key = definition_key(assignment.role_definition_id)
    definition = definitions.get(key, Unreadable("not-shown", f"The role definition {key} was not read"))
    if isinstance(definition, Unreadable):
        return Grant(assignment, None, Answer.UNKNOWN, why=definition)
    elements = granting_permissions(definition, operation)
    if not elements:
        return Grant(assignment, definition.name, Answer.NO)
    # The repository's name is an attribute of requests to repositories, not of legacy pulls.
    name = repository if operation.is_data else None
    of_elements = any_of(condition_holds(element.condition, operation.name, name) for element in elements)
    answer = all_of((condition_holds(assignment.condition, operation.name, name), of_elements))
    probable = definition.custom and not any(names_exactly(element, operation) for element in elements)
    return Grant(
        assignment,
        definition.name,
        answer,
        conditional=assignment.condition is not None or all(element.condition is not None for element in elements),
        probable=probable,
        why=_unsettled(assignment, elements, operation, name) if answer is Answer.UNKNOWN else None,
    )


class Standing(Enum):
    """Where a principal stands, all its assignments taken together."""

    GRANTED = "granted"
    EXCLUDED = "excluded"
    """Only conditions keep it from the repository."""
    NONE = "none"
    UNKNOWN = "unknown"


def standing(grants: Collection[Grant]) -> Standing:
    """Add up assignments: one yes is enough, and ignorance of one keeps the answer open."""
    answer = any_of(grant.answer for grant in grants)
    if answer is Answer.YES:
        return Standing.GRANTED
    if answer is Answer.UNKNOWN:
        return Standing.UNKNOWN
    return Standing.EXCLUDED if any(grant.conditional for grant in grants) else Standing.NONE


# --- deny assignments ------------------------------------------------------------------


def denies(
    denial: DenyAssignment,
    operation: Operation,
    registry_id: str,
    principal_ids: Collection[str],
    repository: str | None,
) -> Answer:
    """Answer whether a deny assignment takes ``operation`` from a principal.

    ``principal_ids`` are the principal's object id and those of its groups that are known.
    Membership in any other group that the assignment names or excludes is unknown
    (https://learn.microsoft.com/azure/role-based-access-control/deny-assignments).
    """
    reaches = denial.applies_to_child_scopes or same_id(denial.scope, registry_id)
    name = repository if operation.is_data else None
    taken = any_of(
        condition_holds(element.condition, operation.name, name)
        for element in denial.permissions
        if covers(element, operation)
    )
    everyone = Answer.YES if denial.everyone else Answer.NO
    named = any_of((everyone, _among(denial.principal_ids, denial.group_ids, principal_ids)))
    excluded = _among(denial.excluded_principal_ids, denial.group_ids, principal_ids)
    holds = condition_holds(denial.condition, operation.name, name)
    return all_of((answer_of(denial.enforced and reaches), taken, named, negated(excluded), holds))


def _among(listed: Iterable[str], groups: Iterable[str], principal_ids: Iterable[str]) -> Answer:
    ours = {principal.lower() for principal in principal_ids}
    those = {principal.lower() for principal in listed}
    if those & ours:
        return Answer.YES
    return Answer.UNKNOWN if those & {group.lower() for group in groups} else Answer.NO


def _halves(permission: Permission, operation: Operation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if operation.is_data:
        return permission.data_actions, permission.not_data_actions
    return permission.actions, permission.not_actions


def _any_matches(patterns: Iterable[str], operation: Operation) -> bool:
    return any(matches_operation(pattern, operation.name) for pattern in patterns)


def _unsettled(
    assignment: RoleAssignment, elements: Iterable[Permission], operation: Operation, repository: str | None
) -> Unreadable:
    conditions = [assignment.condition, *(element.condition for element in elements)]
    if operation.is_data and repository is None and any(names_the_repository(text) for text in conditions):
        return Unreadable(
            "not-shown",
            "Every role assignment that allows pulls has a condition on the repository's name; give --image to "
            "have it judged",
        )
    return Unreadable("unsupported", f"The condition of the role assignment {assignment.id} is not understood")
