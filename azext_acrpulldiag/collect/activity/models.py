"""Map entries of the Activity Log. Pure.

https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema. Of a body nothing is kept but whom and
which role a role assignment is for: it may hold anything, secrets too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...facts import Change, LogQuestion, Unreadable
from ...facts.changes import FAILED, SUCCEEDED
from ..ask.arm import Json
from ..ask.errors import operation_of
from ..members import Body, MemberError, maybe, shown

STATUSES = ("Started", "Accepted", "In Progress", SUCCEEDED, FAILED)
_ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments/"
_LONGEST_BODY = 64 * 1024
# As the documentation's examples spell them, see docs_activity_log_*.json; compared without regard to case.
_BODIES = ("requestbody", "responsebody")


@dataclass(frozen=True)
class Event:
    """One entry: a step of an operation."""

    operation: str
    resource_id: str
    at: datetime
    status: str
    by: str | None
    correlation_id: str | None
    principal_id: str | None
    role_definition_id: str | None


def events_from(items: Iterable[Json], question: LogQuestion, path: str) -> tuple[list[Event], Unreadable | None]:
    """Return the entries of the question's operations, and why others may be among those that cannot be read."""
    wanted = {operation.lower() for operation in question.operations}
    found: list[Event] = []
    why: Unreadable | None = None
    for item in items:
        body = Body(item, of=f"an entry of the Activity Log about {question.words}")
        try:
            if body.text("operationName", "value").lower() in wanted:
                found.append(_event(body))
        except MemberError as error:
            why = Unreadable(error.why.reason, error.why.detail, operation_of(path))
    return found, why


def _event(body: Body) -> Event:
    operation = body.text("operationName", "value")
    of_a_role = operation.lower().startswith(_ROLE_ASSIGNMENTS)
    principal, role = _assigned(body) if of_a_role else (None, None)
    status = maybe(body.enum, STATUSES, "status", "value")
    return Event(
        operation=operation,
        resource_id=body.text("resourceId"),
        at=body.moment("eventTimestamp"),
        status=status or "",
        by=maybe(body.text, "caller"),
        correlation_id=maybe(body.text, "correlationId"),
        principal_id=principal,
        role_definition_id=role,
    )


def _assigned(body: Body) -> tuple[str | None, str | None]:
    """The principal and the role in the body of a request or an answer; ``None``: not shown there."""
    properties = shown(body.value, dict, "properties")
    if isinstance(properties, Unreadable):
        return None, None
    principal: str | None = None
    role: str | None = None
    for text in _members(properties, _BODIES):
        for part in _parts(text):
            principal = principal or next(_texts(part, "principalid"), None)
            role = role or next(_texts(part, "roledefinitionid"), None)
    return principal, role


def _parts(text: Any) -> Sequence[Json]:
    """The object in a body, and its ``properties``."""
    if not isinstance(text, str) or len(text) > _LONGEST_BODY:
        return ()
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(whole, dict):
        return ()
    return (whole, *(each for each in _members(whole, ("properties",)) if isinstance(each, dict)))


def _members(body: Json, names: Sequence[str]) -> list[Any]:
    """The members of these names, however they are capitalised: of a request's body they begin with a capital."""
    return [value for name, value in body.items() if name.lower() in names]


def _texts(body: Json, name: str) -> Iterator[str]:
    return iter([each for each in _members(body, (name,)) if isinstance(each, str) and each])


def changes_from(events: Sequence[Event]) -> tuple[Change, ...]:
    """Put the entries of each operation together; newest first."""
    steps: dict[tuple[str, str, str | None], list[Event]] = {}
    for event in dict.fromkeys(events):
        key = (event.operation.lower(), event.resource_id.lower(), event.correlation_id)
        steps.setdefault(key if event.correlation_id else (*key[:2], f"at {event.at}"), []).append(event)
    found = (_change(sorted(each, key=lambda event: event.at)) for each in steps.values())
    return tuple(sorted(found, key=lambda each: (each.began, each.operation, each.resource_id), reverse=True))


def _change(steps: Sequence[Event]) -> Change:
    first, last = steps[0], steps[-1]
    # A client that tries again may keep its correlation id (Terraform's has one a run, see
    # https://github.com/hashicorp/terraform-provider-azurerm/pull/3253): what it asked for is done once it succeeded.
    ended = (end for end in (SUCCEEDED, FAILED) if any(each.status == end for each in steps))
    return Change(
        operation=first.operation,
        resource_id=first.resource_id,
        began=first.at,
        status=next(ended, last.status),
        by=next((each.by for each in steps if each.by), None),
        correlation_id=first.correlation_id,
        principal_id=next((each.principal_id for each in steps if each.principal_id), None),
        role_definition_id=next((each.role_definition_id for each in steps if each.role_definition_id), None),
    )
