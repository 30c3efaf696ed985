"""The repair of a condition that leaves a repository out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ...access.grants import ABAC_PULL, REPOSITORY_READER, Grant, definition_key
from ...arm_ids import name_of, same_id

# Repository names of the distribution specification: nothing in them can end a quoted word.
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_NAME_IS = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase '{}'"
_METADATA_READ = "Microsoft.ContainerRegistry/registries/repositories/metadata/read"


def condition_repair(
    registry_id: str, principal_id: str, repositories: Iterable[str], excluding: Iterable[Grant]
) -> tuple[str | None, str | None]:
    """Return the condition that covers ``repositories``, and the assignment to extend by it as JSON.

    Azure keeps one assignment for a principal, a role and a scope: where the principal has
    Repository Reader on the registry already, creating another is refused as a duplicate,
    and the existing one must be updated. Then the second value is what ``az role assignment
    update`` wants; otherwise it is ``None``. Names that are no repository's are left out;
    both values are ``None`` where no other is left.
    """
    names = [name for name in repositories if _REPOSITORY.fullmatch(name)]
    if not names:
        return None, None
    name_is = " OR ".join(map(_NAME_IS.format, names))
    wanted = f"((!(ActionMatches{{'{ABAC_PULL.name}'}}) AND !(ActionMatches{{'{_METADATA_READ}'}})) OR ({name_is}))"
    for grant in excluding:
        held = grant.assignment
        if (
            held.condition is not None
            and same_id(held.scope, registry_id)
            and held.principal_id.lower() == principal_id.lower()
            and definition_key(held.role_definition_id) == REPOSITORY_READER
        ):
            return wanted, json.dumps(
                {
                    "id": held.id,
                    "name": name_of(held.id),
                    "type": "Microsoft.Authorization/roleAssignments",
                    "scope": held.scope,
                    "roleDefinitionId": held.role_definition_id,
                    "principalId": held.principal_id,
                    "principalType": held.principal_type,
                    "condition": f"({' '.join(held.condition.split())}) OR ({name_is})",
                    "conditionVersion": "2.0",
                }
            )
    return wanted, None
