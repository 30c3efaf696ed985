"""What Resource Manager does with PUT, PATCH and the actions that change something.

A PUT replaces what can be written of a resource and keeps what Azure alone sets; a PATCH merges. What a type does
besides (a peering's state, the records of a zone group) is in the modules that ``TYPES`` and ``ACTIONS`` come from.
Long operations answer as ARM documents them, with ``Azure-AsyncOperation``, and are done when they are first asked for:
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import commands, views, writes_cluster, writes_network, writes_private, writes_registry, writes_tokens
from .arm_errors import authorization_failed, not_found, precondition_failed
from .authorization import may
from .messages import Request, Response, answer
from .patches import merged
from .store import Json, type_of

if TYPE_CHECKING:
    from .state import Cloud

# Members of ``properties`` that a request does not set; a PUT leaves them as they are.
READ_ONLY = frozenset(
    (
        "creationDate", "currentAgentPool", "customDnsConfigs", "dataEndpointHostNames", "defaultSecurityRules",
        "fqdn", "loginServer", "networkInterfaces", "peeringState", "peeringSyncLevel", "powerState",
        "privateEndpoint", "privateEndpointConnections", "provisioningState", "regionalEndpointHostNames",
        "remoteAddressSpace", "remoteVirtualNetworkAddressSpace", "resourceGuid", "status", "subnets",
        "virtualNetworkLinkState", "virtualNetworkPeerings",
    )
)  # fmt: skip
_OPERATION = re.compile(r"^/subscriptions/[^/]+/providers/[^/]+/locations/[^/]+/operations/[^/]+$", re.IGNORECASE)
# Answered at once, in every version; all else takes its time.
_AT_ONCE = ("microsoft.network/privatednszones/a", "microsoft.containerregistry/registries/privateendpointconnections")

Put = Callable[["Cloud", Json, Json | None, Request], "Response | None"]
"""Called with what a write would make of a resource and what it was: completes that, or refuses."""

_TYPES: dict[str, Put] = {
    **writes_cluster.TYPES,
    **writes_network.TYPES,
    **writes_private.TYPES,
    **writes_registry.TYPES,
    **writes_tokens.TYPES,
}
_ACTIONS: dict[tuple[str, str], Callable[[Cloud, Request, Json], Response | None]] = {
    **commands.ACTIONS,
    **writes_cluster.ACTIONS,
    **writes_registry.ACTIONS,
    **writes_tokens.ACTIONS,
}


def is_operation(path: str) -> bool:
    """Whether a path is that of a long operation."""
    return bool(_OPERATION.match(path))


def finished(cloud: Cloud, request: Request) -> Response:
    """The state of a long operation."""
    return answer({"name": request.path.rpartition("/")[2], "status": "Succeeded"})


def handle(cloud: Cloud, request: Request, path: str) -> Response:
    """Answer a PUT or a PATCH of a resource. Nothing else that writes is simulated: no repair deletes."""
    needed = views.operation(path, "write")
    if request.method not in ("PUT", "PATCH") or not may(cloud, needed, path):
        return authorization_failed(cloud, needed, path)
    missing = _missing(cloud, path)
    old = views.find(cloud, path)
    if missing or (old is None and request.method == "PATCH"):
        return not_found(cloud, missing or path)
    if _is_overtaken(request, old):
        return precondition_failed(path)
    sent = request.json or {}
    if old and request.method == "PATCH":
        made = _patched(old, sent)
    else:
        hidden = _hidden(old, views.shown(cloud, old, request.query["api-version"])) if old else {}
        made = _put(path, old, merged(hidden, sent))
    complete = _TYPES.get(type_of(path))
    refusal = complete(cloud, made, old, request) if complete else None
    if refusal is not None:
        return refusal
    views.keep(cloud, made)
    shown = views.shown(cloud, made, request.query["api-version"])
    return _accepted(request, shown, 200 if old else 201)


def act(cloud: Cloud, request: Request, path: str) -> Response | None:
    """Do an action that changes a resource; ``None``: there is no such action here."""
    resource_id, _, action = path.rpartition("/")
    do = _ACTIONS.get((type_of(resource_id), action.lower()))
    if do is None:
        return None
    needed = views.operation(resource_id, f"{action}/action")
    if not may(cloud, needed, resource_id):
        return authorization_failed(cloud, needed, resource_id)
    resource = views.find(cloud, resource_id)
    if resource is None:
        return not_found(cloud, resource_id)
    return do(cloud, request, resource) or _under_way(request)


def _missing(cloud: Cloud, path: str) -> str | None:
    """What a resource is to be made in and is not there: its group, or its parent."""
    group, _, types = path.rpartition("/providers/")
    if group.lower() not in cloud.resources:
        return group
    parent = path.rsplit("/", 2)[0]
    is_child = types.count("/") > 2
    return parent if is_child and views.find(cloud, parent) is None else None


def _is_overtaken(request: Request, old: Json | None) -> bool:
    """Whether ``If-Match`` names another state than there is, or ``If-None-Match: *`` meets one."""
    wanted = request.headers.get("if-match")
    if wanted and wanted != "*" and (old is None or wanted.strip('"') != str(old.get("etag", "")).strip('"')):
        return True
    return request.headers.get("if-none-match") == "*" and old is not None


def _put(path: str, old: Json | None, sent: Json) -> Json:
    """What a PUT makes of a resource."""
    made = copy.deepcopy(old) if old else {"type": _spelled(path)}
    made |= {key: copy.deepcopy(value) for key, value in sent.items() if key not in ("id", "name", "type", "etag")}
    known = (old or {}).get("properties", {})
    kept = {key: value for key, value in known.items() if key in READ_ONLY}
    made["properties"] = {**copy.deepcopy(sent.get("properties") or {}), **copy.deepcopy(kept)}
    return _stamped(path, made, old)


def _hidden(old: Json, shown: Json) -> Json:
    """What an api-version does not show, and so cannot set."""
    found: Json = {}
    for key, value in old.items():
        if key not in shown:
            found[key] = value
        elif isinstance(value, dict) and isinstance(shown[key], dict) and (below := _hidden(value, shown[key])):
            found[key] = below
    return found


def _patched(old: Json, sent: Json) -> Json:
    """What a PATCH makes of a resource: objects are merged, all else is replaced."""
    return _stamped(old["id"], merged(old, sent), old)


def _stamped(path: str, made: Json, old: Json | None) -> Json:
    """With the names that Azure gives; an etag where the type has one."""
    made |= {"id": old["id"] if old else path, "name": old["name"] if old else path.rpartition("/")[2]}
    made["properties"]["provisioningState"] = "Succeeded"
    if old and "etag" in old:
        made["etag"] = f'W/"{uuid.uuid4()}"'
    return made


def _spelled(path: str) -> str:
    parts = path.rpartition("/providers/")[2].split("/")
    return "/".join([parts[0], *parts[1::2]])


def _accepted(request: Request, shown: Json, status: int) -> Response:
    if type_of(shown["id"]) in _AT_ONCE:
        return answer(shown, status)
    shown["properties"]["provisioningState"] = "Updating"
    return answer(shown, status, **_pointing(request))


def _under_way(request: Request) -> Response:
    return Response(202, b"", {name.replace("_", "-"): value for name, value in _pointing(request).items()})


def _pointing(request: Request) -> dict[str, str]:
    """Where to ask how it goes. Azure says ten seconds and more; here nobody waits."""
    subscription, provider = request.path.split("/")[2], request.path.rpartition("/providers/")[2].split("/")[0]
    where = f"/subscriptions/{subscription}/providers/{provider}/locations/westeurope/operations/{uuid.uuid4()}"
    url = f"https://{request.host}{where}?api-version={request.query['api-version']}"
    return {"azure_asyncOperation": url, "retry_after_ms": "20"}
