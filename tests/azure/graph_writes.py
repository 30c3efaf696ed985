"""Changes to applications and service principals, as ``az ad sp`` asks Graph for them."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from tests.recordings import body

from .changes_access import iso
from .messages import Request, Response, answer
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

_CREATE = "/v1.0/servicePrincipals"
_UPDATE = re.compile(r"^/v1\.0/(applications|servicePrincipals)/([^/()]+)$")
_ADD_PASSWORD = re.compile(r"^/v1\.0/(applications|servicePrincipals)/([^/()]+)/addPassword$")
_PASSWORD_DAYS = 730
"""How long a password holds that was asked for without an end."""


def handle(cloud: Cloud, request: Request, path: str) -> Response | None:
    """Answer a change; ``None``: it is none that is simulated."""
    if path == _CREATE and request.method == "POST":
        return _created(cloud, request)
    for pattern, method, change in ((_UPDATE, "PATCH", _updated), (_ADD_PASSWORD, "POST", _password_added)):
        match = pattern.match(path)
        if match and request.method == method:
            objects = cloud.applications if match[1] == "applications" else cloud.service_principals
            found = next((each for each in objects if each["id"].lower() == match[2].lower()), None)
            return change(cloud, request, found) if found else not_there(match[2])
    return None


def _created(cloud: Cloud, request: Request) -> Response:
    """https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals; refusals as users report them."""
    app_id = request.json["appId"]
    if any(each["appId"] == app_id for each in cloud.service_principals):
        said = (
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use."
        )
        return _refused("Request_MultipleObjectsWithSameKeyValue", said, 409)
    if not any(each["appId"] == app_id for each in cloud.applications):
        said = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        return _refused("Request_BadRequest", said, 400)
    principal = body("graph/serviceprincipals_filter_aks_sp")["value"][0]
    principal |= {
        "id": str(uuid.uuid4()),
        "appId": app_id,
        "accountEnabled": bool(request.json.get("accountEnabled", True)),
        "appOwnerOrganizationId": cloud.tenant,
        "createdDateTime": iso(_now(), 0),
        "servicePrincipalNames": [app_id],
        "passwordCredentials": [],
    }
    cloud.service_principals.append(principal)
    return answer({"@odata.context": _context("servicePrincipals/$entity"), **principal}, 201)


def _updated(cloud: Cloud, request: Request, found: Json) -> Response:
    found.update(request.json)
    return Response(204, b"")


def _password_added(cloud: Cloud, request: Request, found: Json) -> Response:
    """https://learn.microsoft.com/graph/api/serviceprincipal-addpassword: the one answer that has ``secretText``."""
    asked = (request.json or {}).get("passwordCredential") or {}
    secret, now = f"sim~{secrets.token_urlsafe(30)}", _now()
    entry: Json = {
        "customKeyIdentifier": None,
        "displayName": asked.get("displayName"),
        "endDateTime": asked.get("endDateTime") or iso(now + timedelta(days=_PASSWORD_DAYS), 0),
        "hint": secret[:3],
        "keyId": str(uuid.uuid4()),
        "secretText": None,
        "startDateTime": asked.get("startDateTime") or iso(now, 0),
    }
    found["passwordCredentials"] = [*found["passwordCredentials"], entry]
    for registry in cloud.resources.of_type("Microsoft.ContainerRegistry/registries"):
        plane = cloud.data_plane(registry["properties"]["loginServer"])
        plane.generated.setdefault(found["appId"], {})[entry["keyId"]] = secret
    context = {"@odata.context": _context("microsoft.graph.passwordCredential")}
    return answer({**context, **entry, "secretText": secret})


def not_there(value: str) -> Response:
    """The answer for an object that the directory does not have."""
    said = f"Resource '{value}' does not exist or one of its queried reference-property objects are not present."
    error = body("graph/error_404_request_resourcenotfound")
    error["error"]["message"] = said
    return answer(error, 404)


def _refused(code: str, message: str, status: int) -> Response:
    error = body("graph/error_403_authorization_requestdenied")
    error["error"] |= {"code": code, "message": message}
    return answer(error, status)


def _context(what: str) -> str:
    return f"https://graph.microsoft.com/v1.0/$metadata#{what}"


def _now() -> datetime:
    return datetime.now(timezone.utc)
