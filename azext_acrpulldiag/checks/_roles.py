"""The repair that gives a principal the right to pull."""

from __future__ import annotations

from ..effects.access import ABAC_ROLE, LEGACY_ROLE, granted
from ..repairs import Step

__all__ = ["ABAC_ROLE", "LEGACY_ROLE", "grant_pull"]


def grant_pull(
    description: str,
    role: str,
    *,
    principal: str = "principal",
    condition: str = "",
    when: str | tuple[str, ...] = "",
    instead: str = "",
) -> Step:
    """Give a role at the registry to the principal whose object id is the detail ``principal``.

    The details are to have ``registry_id`` as well; ``condition`` is the detail with the assignment's condition.
    """
    word = f'"{role}"' if " " in role else role
    command = (
        f"az role assignment create --assignee-object-id {{{principal}}} --assignee-principal-type ServicePrincipal "
        f"--role {word} --scope {{registry_id}}"
        + (f" --condition {{{condition}}} --condition-version 2.0" if condition else "")
    )
    rights = ("Microsoft.Authorization/roleAssignments/write",)
    effect = granted(role, principal, condition)
    return Step(description, command, when=when, instead=instead, requires=rights, effect=effect)
