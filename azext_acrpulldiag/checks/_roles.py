"""The repair that gives a principal the right to pull."""

from __future__ import annotations

from ..repairs import Step

LEGACY_ROLE, ABAC_ROLE = "AcrPull", "Container Registry Repository Reader"


def grant_pull(
    description: str,
    role: str,
    *,
    principal: str = "principal",
    options: str = "",
    when: str | tuple[str, ...] = "",
    instead: str = "",
) -> Step:
    """Give a role at the registry to the principal whose object id is the detail ``principal``.

    The details are to have ``registry_id`` as well; ``options`` are further options of the command.
    """
    word = f'"{role}"' if " " in role else role
    command = (
        f"az role assignment create --assignee-object-id {{{principal}}} --assignee-principal-type ServicePrincipal "
        f"--role {word} --scope {{registry_id}}" + (f" {options}" if options else "")
    )
    rights = ("Microsoft.Authorization/roleAssignments/write",)
    return Step(description, command, when=when, instead=instead, requires=rights)
