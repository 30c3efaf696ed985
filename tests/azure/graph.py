"""graph.microsoft.com: applications, service principals, directory objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.recordings import body

from . import entra, graph_writes
from .messages import Request, Response, answer
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

_BY_APP_ID = re.compile(r"^/v1\.0/(applications|servicePrincipals)\(appId='([^']+)'\)(/\w+)?$")
_BY_ID = re.compile(r"^/v1\.0/(applications|servicePrincipals)/([^/()]+)$")
_LIST = re.compile(r"^/v1\.0/(applications|servicePrincipals)$")
_APP_ID_FILTER = re.compile(r"appId eq '([^']+)'")
_NAMES_FILTER = re.compile(r"servicePrincipalNames/any\(c:c eq '([^']+)'\)")
_ID_FILTER = re.compile(r"(?<![A-Za-z])id eq '([^']+)'")


def handle(cloud: Cloud, request: Request) -> Response:
    claims = entra.claims(request.bearer)
    if claims is None or "graph.microsoft.com" not in claims["aud"]:
        return _error("InvalidAuthenticationToken", "Access token is empty.", 401)
    if cloud.graph_forbidden:
        return answer(body("graph/error_403_authorization_requestdenied"), 403)
    path = request.path
    if request.method != "GET" and (changed := graph_writes.handle(cloud, request, path)):
        return changed
    if match := _BY_APP_ID.match(path):
        return _one(cloud, request, match[1], "appId", match[2])
    if match := _BY_ID.match(path):
        return _one(cloud, request, match[1], "id", match[2])
    if match := _LIST.match(path):
        return _list(cloud, request, match[1])
    if path == "/v1.0/directoryObjects/getByIds" and request.method == "POST":
        return _by_ids(cloud, request)
    return _error("BadRequest", f"Resource not found for the segment '{path.rpartition('/')[2]}'.", 400)


def _objects(cloud: Cloud, kind: str) -> list[Json]:
    return cloud.applications if kind == "applications" else cloud.service_principals


def _one(cloud: Cloud, request: Request, kind: str, member: str, value: str) -> Response:
    found = next((each for each in _objects(cloud, kind) if each[member].lower() == value.lower()), None)
    if found is None:
        return graph_writes.not_there(value)
    context = f"https://graph.microsoft.com/v1.0/$metadata#{kind}/$entity"
    return answer({"@odata.context": context, **_selected(request, found)})


def _list(cloud: Cloud, request: Request, kind: str) -> Response:
    condition = request.query.get("$filter", "")
    objects = _objects(cloud, kind)
    if match := _APP_ID_FILTER.search(condition):
        objects = [each for each in objects if each["appId"].lower() == match[1].lower()]
    elif match := _NAMES_FILTER.search(condition):
        objects = [each for each in objects if match[1] in each.get("servicePrincipalNames", [])]
    elif match := _ID_FILTER.search(condition):
        objects = [each for each in objects if each["id"].lower() == match[1].lower()]
    context = f"https://graph.microsoft.com/v1.0/$metadata#{kind}"
    return answer({"@odata.context": context, "value": [_selected(request, each) for each in objects]})


def _by_ids(cloud: Cloud, request: Request) -> Response:
    """Objects of the directory by id; an id that is not there is left out."""
    wanted = {each.lower() for each in request.json.get("ids", [])}
    found = [
        {"@odata.type": "#microsoft.graph.servicePrincipal", **each}
        for each in cloud.service_principals
        if each["id"].lower() in wanted
    ]
    return answer({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#directoryObjects", "value": found})


def _selected(request: Request, found: Json) -> Json:
    names = [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]
    return {name: found[name] for name in names if name in found} if names else found


def _error(code: str, message: str, status: int) -> Response:
    error = body("graph/error_403_authorization_requestdenied")
    error["error"] |= {"code": code, "message": message}
    return answer(error, status)
