"""Role assignments that are made and changed: https://learn.microsoft.com/azure/role-based-access-control/role-assignments-rest."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tests.recordings import body, recording

from .messages import Request, Response, answer, replay
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

# What one assignment may change; role, principal and scope are for good, as the same page says.
CHANGEABLE = ("condition", "conditionVersion", "description", "principalType")


def assign(cloud: Cloud, request: Request, scope: str, name: str) -> Response:
    """Make an assignment, or change the condition of one."""
    sent = (request.json or {})["properties"]
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    old = next((each for each in cloud.role_assignments if each["name"].lower() == name.lower()), None)
    if old is not None:
        if any(_last(old["properties"][key]) != _last(sent[key]) for key in ("principalId", "roleDefinitionId")):
            return _refused(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                400,
            )
        old["properties"] |= {key: sent[key] for key in CHANGEABLE if key in sent} | {"updatedOn": now}
        return answer(old, 201)
    if _last(sent["roleDefinitionId"]) not in cloud.role_definitions:
        return _refused(
            "RoleDefinitionDoesNotExist",
            "The specified role definition with ID "
            f"'{_last(sent['roleDefinitionId']).replace('-', '')}' does not exist.",
            404,
        )
    if any(_is_same(each, sent, scope) for each in cloud.role_assignments):
        return replay(recording("authz/roleassignment_put_409_exists"))
    made: Json = body("authz/roleassignment_get_msi")
    made["properties"] |= {
        "roleDefinitionId": sent["roleDefinitionId"],
        "principalId": sent["principalId"],
        "principalType": sent.get("principalType", "ServicePrincipal"),
        "scope": scope,
        "condition": sent.get("condition"),
        "conditionVersion": sent.get("conditionVersion"),
        "createdOn": now,
        "updatedOn": now,
    }
    base = "" if scope == "/" else scope
    made |= {"id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{name}", "name": name}
    cloud.role_assignments.append(made)
    return answer(made, 201)


def _is_same(assignment: Json, sent: Json, scope: str) -> bool:
    """Role, principal and scope are the same; a condition does not make it another."""
    known = assignment["properties"]
    same = (_last(known[key]) == _last(sent[key]) for key in ("principalId", "roleDefinitionId"))
    return all(same) and bool(known["scope"].lower() == scope.lower())


def _last(text: str) -> str:
    return text.rpartition("/")[2].lower()


def _refused(code: str, message: str, status: int) -> Response:
    return answer({"error": {"code": code, "message": message}}, status)
