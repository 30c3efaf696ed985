"""Azure Resource Graph, as far as selecting whole rows by type and by one more member goes."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from . import views
from .authorization import may
from .messages import Request, Response, answer
from .store import Json, type_of

if TYPE_CHECKING:
    from .state import Cloud

_CLAUSE = re.compile(
    r"^(?P<member>[\w.]+|tolower\([\w.]+\))\s*(?P<operator>=~|==|in~|in|startswith|has)\s*(?P<value>'[^']*'|\([^)]*\))$"
)
_TEXTS = re.compile(r"'([^']*)'")
_MEMBERS = ("id", "name", "type", "location", "kind", "tags", "sku", "identity", "properties", "zones", "managedBy")


class NotUnderstoodError(ValueError):
    """A query beyond what is simulated."""


def handle(cloud: Cloud, request: Request) -> Response:
    query = request.json
    try:
        rows = _select(cloud, query["query"], query.get("subscriptions"))
    except NotUnderstoodError as error:
        details = [{"code": "ParserFailure", "message": str(error)}]
        return answer(
            {"error": {"code": "BadRequest", "message": "Please provide below info.", "details": details}}, 400
        )
    options = query.get("options") or {}
    size = cloud.page_size or int(options.get("$top", 1000))
    start = int(options.get("$skip", 0))
    if options.get("$skipToken"):
        start = int(base64.b64decode(options["$skipToken"]))
    shown = rows[start : start + size]
    result: Json = {
        "totalRecords": len(rows),
        "count": len(shown),
        "data": shown,
        "facets": [],
        "resultTruncated": "false",
    }
    if start + size < len(rows):
        result["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer(result, x_ms_user_quota_remaining="14", x_ms_user_quota_resets_after="00:00:05")


def _select(cloud: Cloud, query: str, subscriptions: list[str] | None) -> list[Json]:
    table, *steps = [step.strip() for step in query.split("|")]
    if table.lower() != "resources":
        raise NotUnderstoodError(f"table {table}")
    visible = {each.lower() for each in (subscriptions if subscriptions is not None else cloud.subscriptions)}
    rows = [
        _row(cloud, resource)
        for resource in list(cloud.resources.values())
        if "/providers/" in resource["id"]
        and resource["id"].split("/")[2].lower() in visible
        # Only resources of their own are in the table, not children of others.
        and type_of(resource["id"]).count("/") == 1
        and may(cloud, views.operation(resource["id"], "read"), resource["id"])
    ]
    for step in steps:
        rows = _apply(step, rows)
    return rows


def _row(cloud: Cloud, resource: Json) -> Json:
    view = views.shown(cloud, resource, "2026-09-01-preview")
    _, _, subscription, _, group, *_ = resource["id"].split("/")
    row: Json = {name: view.get(name) for name in _MEMBERS}
    tenant = cloud.subscriptions[subscription.lower()].tenant
    return row | {
        "type": type_of(resource["id"]),
        "tenantId": tenant,
        "subscriptionId": subscription,
        "resourceGroup": group.lower(),
    }


def _apply(step: str, rows: list[Json]) -> list[Json]:
    verb, _, rest = step.partition(" ")
    if verb == "where":
        return [row for row in rows if _holds(rest, row)]
    if verb in ("project", "project-away", "order", "sort"):
        if verb == "project":
            names = [name.strip() for name in rest.split(",")]
            return [{name: _member(row, name) for name in names} for row in rows]
        return rows
    if verb in ("limit", "take"):
        return rows[: int(rest)]
    raise NotUnderstoodError(step)


def _holds(condition: str, row: Json) -> bool:
    alternatives = re.split(r"\s+or\s+", condition.strip().removeprefix("(").removesuffix(")"))
    if len(alternatives) > 1:
        return any(_holds(alternative, row) for alternative in alternatives)
    return all(_clause(clause.strip(), row) for clause in re.split(r"\s+and\s+", condition))


def _clause(text: str, row: Json) -> bool:
    match = _CLAUSE.match(text)
    if match is None:
        raise NotUnderstoodError(text)
    name, operator = match["member"], match["operator"]
    folded = operator in ("=~", "in~", "startswith", "has") or name.startswith("tolower(")
    value = str(_member(row, name.removeprefix("tolower(").rstrip(")")) or "")
    wanted = _TEXTS.findall(match["value"])
    if folded:
        value, wanted = value.lower(), [each.lower() for each in wanted]
    if operator == "startswith":
        return value.startswith(wanted[0])
    return wanted[0] in value if operator == "has" else value in wanted


def _member(row: Json, name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
