"""Microsoft.Insights: the Activity Log of a subscription, with the filters that are documented and no others."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests.recordings import body, recording

from .arm_errors import authorization_failed
from .authorization import may
from .changes_access import ago, iso
from .messages import Request, Response, answer, replay
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

READ = "Microsoft.Insights/eventtypes/values/read"
ALICE = "alice@contoso.com"
# https://learn.microsoft.com/rest/api/monitor/activity-logs/list: "No other syntax is allowed."
_FILTER = re.compile(
    r"eventTimestamp ge '(?P<since>[^']+)' and eventTimestamp le '(?P<until>[^']+)'"
    r"(?: and (?P<by>resourceGroupName|resourceUri|resourceProvider|correlationId) eq '(?P<value>(?:[^']|'')*)')?"
)
_MEMBERS = {
    "resourceGroupName": ("resourceGroupName",),
    "resourceUri": ("resourceId",),
    "resourceProvider": ("resourceProviderName", "value"),
    "correlationId": ("correlationId",),
}
_KEPT = timedelta(days=90)


class ActivityChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def activity(
        self: Cloud,
        operation: str,
        resource_id: str,
        when: datetime | None = None,
        by: str = ALICE,
        status: str = "Succeeded",
        request: Any = None,
        response: Any = None,
    ) -> str:
        """Let somebody have done something, 5 minutes ago by default; return its correlation id.

        It has two entries, as the recorded write of a role assignment: one that it began, with the body of the
        ``request``, and three seconds later one that it ended so, with that of the ``response``.
        """
        correlation = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{operation}|{resource_id}|{len(self.activity_log)}"))
        began = when or ago(minutes=5)
        for name, at, said in (("Started", began, request), (status, began + timedelta(seconds=3), response)):
            event = _event(operation, resource_id, at, by, name, correlation)
            if said is not None:
                key = "requestbody" if name == "Started" else "responseBody"
                event["properties"][key] = said if isinstance(said, str) else json.dumps(said)
            self.activity_log.append(event)
        return correlation

    def role_revoked(
        self: Cloud,
        assignment: Json,
        when: datetime | None = None,
        written: datetime | None = None,
        by: str = ALICE,
        response: Any = None,
    ) -> str:
        """Let a role assignment have been deleted, and its creation be in the log where ``written`` says when."""
        kind = "Microsoft.Authorization/roleAssignments"
        if written is not None:
            self.activity(f"{kind}/write", assignment["id"], written, "terraform", request=_request_of(assignment))
        self.role_assignments = [each for each in self.role_assignments if each["id"] != assignment["id"]]
        return self.activity(f"{kind}/delete", assignment["id"], when, by, response=response)


def _request_of(assignment: Json) -> Json:
    """The body of a write as the documentation shows it, its members with capitals."""
    properties = assignment["properties"]
    return {
        "Id": assignment["name"],
        "Properties": {
            "PrincipalId": properties["principalId"],
            "RoleDefinitionId": properties["roleDefinitionId"],
            "Scope": properties["scope"],
        },
    }


def _event(operation: str, resource_id: str, at: datetime, by: str, status: str, correlation: str) -> Json:
    event: Json = body("monitor/docs_activity_log_event_nsg_write")["value"][0]
    parts = resource_id.split("/")
    provider = operation.partition("/")[0]
    group = parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""
    data_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{correlation}|{status}"))
    scope = resource_id.replace("/resourceGroups/", "/resourcegroups/")  # as documented
    return event | {
        "authorization": {"action": operation, "scope": scope},
        "caller": by,
        "correlationId": correlation,
        "eventDataId": data_id,
        "eventName": _named("BeginRequest" if status == "Started" else "EndRequest"),
        "eventTimestamp": iso(at),
        "id": f"{scope}/events/{data_id}/ticks/{int(at.timestamp())}",
        "operationName": _named(operation),
        "resourceGroupName": group,
        "resourceProviderName": _named(provider),
        "resourceType": _named(operation.rpartition("/")[0]),
        "resourceId": scope,
        "status": _named(status),
        "submissionTimestamp": iso(at + timedelta(seconds=20)),
        "subscriptionId": parts[2],
        "properties": {"statusCode": "OK"} if status != "Started" else {},
    }


def _named(value: str) -> Json:
    return {"value": value, "localizedValue": value}


def handle(cloud: Cloud, request: Request, subscription: str) -> Response:
    """Answer a list: newest first, in pages."""
    from .arm import page

    scope = f"/subscriptions/{subscription}"
    if not may(cloud, READ, scope):
        return authorization_failed(cloud, READ, f"{scope}/providers/Microsoft.Insights/eventtypes/management")
    asked = _FILTER.fullmatch(request.query.get("$filter", ""))
    if asked is None or "$select" in request.query:
        return answer({"code": "BadRequest", "message": "The filter is not supported."}, 400)
    since, until = _time(asked["since"]), _time(asked["until"])
    if datetime.now(timezone.utc) - since > _KEPT:
        return replay(recording("monitor/activity_log_400_start_time_over_90_days"))
    events = [
        each
        for each in cloud.activity_log
        if each["subscriptionId"].lower() == subscription.lower()
        and since <= _time(each["eventTimestamp"]) <= until
        and (asked["by"] is None or _at(each, _MEMBERS[asked["by"]]) == asked["value"].replace("''", "'").lower())
    ]
    return page(cloud, request, sorted(events, key=lambda each: str(each["eventTimestamp"]), reverse=True))


def _time(text: str) -> datetime:
    seconds = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    fraction = re.match(r"\.(\d{1,6})", text[19:])
    return seconds + timedelta(microseconds=int(fraction[1].ljust(6, "0")) if fraction else 0)


def _at(event: Json, path: tuple[str, ...]) -> str:
    value: Any = event
    for name in path:
        value = value[name]
    return str(value).lower()
