"""The repair that gives a principal the right to pull."""

from __future__ import annotations

from ..repairs import Step

LEGACY_ROLE, ABAC_ROLE = "AcrPull", "Container Registry Repository Reader"


def grant_pull(description: str, role: str, *, principal: str = "principal", options: str = "", when: str = "") -> Step:
    """Give a role at the registry to the principal whose object id is the detail ``principal``.

    The details are to have ``registry_id`` as well; ``options`` are further options of the command.
    """
    command = (
        f"az role assignment create --assignee-object-id {{{principal}}} --assignee-principal-type ServicePrincipal "
        f'--role "{role}" --scope {{registry_id}}' + (f" {options}" if options else "")
    )
    return Step(description, command, when=when, requires=("Microsoft.Authorization/roleAssignments/write",))
