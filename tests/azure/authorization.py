"""Microsoft.Authorization: assignments with inheritance and groups, definitions, denials, the caller's own rights."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tests.recordings import recording

from . import writes_access
from .arm_errors import authorization_failed
from .messages import Request, Response, answer, replay
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

# The principal of a denial that is meant for all.
EVERYONE = "00000000-0000-0000-0000-000000000000"

_PROVIDER = "/providers/microsoft.authorization/"
_ASSIGNED_TO = re.compile(r"assignedTo\(\s*'([^']+)'\s*\)", re.IGNORECASE)
_PRINCIPAL = re.compile(r"principalId\s+eq\s+'([^']+)'", re.IGNORECASE)
_ROLE_NAME = re.compile(r"roleName\s+eq\s+'([^']+)'", re.IGNORECASE)


def owns(path: str) -> bool:
    """Whether a path belongs to this provider."""
    return _PROVIDER in f"{path.lower()}/"


def may(cloud: Cloud, operation: str, scope: str) -> bool:
    """Whether the caller may do ``operation`` at ``scope``."""
    if any(forbids(rule, operation, scope) for rule in cloud.forbidden):
        return False
    return any(
        any(_covers(pattern, operation) for pattern in grant.actions)
        and not any(_covers(pattern, operation) for pattern in grant.not_actions)
        for grant in cloud.caller_grants
        if _is_at_or_below(scope, grant.scope)
    )


def forbids(rule: str, operation: str, scope: str) -> bool:
    """Whether a rule of ``Cloud.forbid`` refuses this."""
    return _is_at_or_below(scope, rule) if rule.startswith("/") else _covers(rule, operation)


def scopes_above(cloud: Cloud, scope: str) -> list[str]:
    """``scope`` and everything that it inherits from, up to the root; lower case."""
    found = [scope.lower().rstrip("/") or "/"]
    subscription = re.match(r"^/subscriptions/([^/]+)", found[0])
    if subscription:
        group = re.match(r"^/subscriptions/[^/]+/resourcegroups/[^/]+", found[0])
        found += [match[0] for match in (group, subscription) if match]
        above = cloud.subscriptions[subscription[1]].management_group
        found += [above.lower()] if above else []
    return list(dict.fromkeys([*found, "/"]))


def handle(cloud: Cloud, request: Request, path: str) -> Response:
    at = path.lower().rindex(_PROVIDER)
    scope, parts = path[:at] or "/", path[at + len(_PROVIDER) :].split("/")
    kind = parts[0].lower()
    name = parts[1] if len(parts) > 1 else None
    if kind == "permissions":
        return _permissions(cloud, request, scope)
    operation = f"Microsoft.Authorization/{parts[0]}/{'read' if request.method == 'GET' else 'write'}"
    if kind == "roleassignments" and cloud.assignments_hidden and name is None:
        return answer({"value": []})
    writes_assignment = request.method == "PUT" and kind == "roleassignments" and name is not None
    if not (request.method == "GET" or writes_assignment) or not may(cloud, operation, scope):
        return authorization_failed(cloud, operation, scope)
    if writes_assignment:
        return writes_access.assign(cloud, request, scope, name)
    if kind == "roleassignments":
        return _role_assignments(cloud, request, scope, name)
    if kind == "roledefinitions":
        return _role_definitions(cloud, request, scope, name)
    if kind == "denyassignments":
        return _paged(cloud, request, _filtered(cloud, cloud.deny_assignments, request, scope))
    return answer({"value": []})


def _role_assignments(cloud: Cloud, request: Request, scope: str, name: str | None) -> Response:
    if name is None:
        listed = _filtered(cloud, cloud.role_assignments, request, scope)
        return _paged(cloud, request, [_seen_from(scope, each) for each in listed])
    found = next((each for each in cloud.role_assignments if each["name"].lower() == name.lower()), None)
    return answer(found) if found else replay(recording("authz/roleassignment_get_404"))


def _filtered(cloud: Cloud, items: list[Json], request: Request, scope: str) -> list[Json]:
    """Apply a filter as Azure documents it.

    Without ``atScope()`` what lies below the scope is listed too; ``assignedTo`` expands groups, ``principalId``
    does not.
    """
    condition = request.query.get("$filter", "")
    above = scopes_above(cloud, scope)
    assigned, principal = _ASSIGNED_TO.search(condition), _PRINCIPAL.search(condition)
    below = "atscope()" not in condition.lower() and not assigned
    holders = None
    if assigned:
        holders = {assigned[1].lower(), EVERYONE, *groups_of(cloud, assigned[1])}
    elif principal:
        holders = {principal[1].lower()}
    kept = []
    for item in items:
        where = item["properties"]["scope"].lower().rstrip("/") or "/"
        if where not in above and not (below and _is_at_or_below(where, above[0])):
            continue
        if holders is None or holders & {each.lower() for each in _principals(item)}:
            kept.append(item)
    return kept


def _seen_from(scope: str, assignment: Json) -> Json:
    """An assignment in a list: the role's id lies below the subscription that was asked, if one was."""
    prefix = _subscription_of(scope)
    role = assignment["properties"]["roleDefinitionId"].rpartition("/")[2]
    role_id = f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return assignment | {"properties": assignment["properties"] | {"roleDefinitionId": role_id}}


def _subscription_of(scope: str) -> str:
    match = re.match(r"^/subscriptions/[^/]+", scope, re.IGNORECASE)
    return match[0] if match else ""


def _principals(item: Json) -> list[str]:
    properties = item["properties"]
    if "principalId" in properties:
        return [properties["principalId"]]
    return [each["id"] for each in properties["principals"]]


def groups_of(cloud: Cloud, principal_id: str) -> set[str]:
    """The groups that a principal is in, directly or through other groups; lower case."""
    found: set[str] = set()
    wanted = {principal_id.lower()}
    while wanted:
        holding = {
            group.lower() for group, members in cloud.groups.items() if wanted & {member.lower() for member in members}
        }
        wanted = holding - found
        found |= holding
    return found


def _role_definitions(cloud: Cloud, request: Request, scope: str, name: str | None) -> Response:
    definitions = [_at(definition, _subscription_of(scope)) for definition in cloud.role_definitions.values()]
    if name is not None:
        found = next((each for each in definitions if each["name"].lower() == name.lower()), None)
        if found:
            return answer(found)
        message = f"The specified role definition with ID '{name.replace('-', '')}' does not exist."
        return answer({"error": {"code": "RoleDefinitionDoesNotExist", "message": message}}, 404)
    condition = request.query.get("$filter", "")
    if wanted := _ROLE_NAME.search(condition):
        definitions = [each for each in definitions if each["properties"]["roleName"].lower() == wanted[1].lower()]
    return _paged(cloud, request, definitions)


def _at(definition: Json, prefix: str) -> Json:
    return definition | {"id": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{definition['name']}"}


def _permissions(cloud: Cloud, request: Request, scope: str) -> Response:
    """The caller's own rights: everyone may ask, and gets what is granted at or above."""
    if any(forbids(rule, "Microsoft.Authorization/permissions/read", scope) for rule in cloud.forbidden):
        return authorization_failed(cloud, "Microsoft.Authorization/permissions/read", scope)
    rights = [
        {
            "actions": list(grant.actions),
            "notActions": list(grant.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
        for grant in cloud.caller_grants
        if _is_at_or_below(scope, grant.scope)
    ]
    return _paged(cloud, request, rights)


def _paged(cloud: Cloud, request: Request, items: list[Json]) -> Response:
    from .arm import page

    return page(cloud, request, items)


def _covers(pattern: str, operation: str) -> bool:
    return fnmatchcase(operation.lower(), pattern.lower())


def _is_at_or_below(scope: str, above: str) -> bool:
    scope, above = scope.lower().rstrip("/"), above.lower().rstrip("/")
    return scope == above or scope.startswith(f"{above}/")
