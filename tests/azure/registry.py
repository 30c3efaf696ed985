"""The registries' login servers: challenge, tokens, manifests, tags, attributes, blobs."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import jwt

from tests.recordings import body, recording

from . import entra, users
from .images import encoded
from .messages import Request, Response, answer, replay
from .store import Json

if TYPE_CHECKING:
    from .images import DataPlane, Repository
    from .state import Cloud

BLOB_SUFFIX = ".blob.core.windows.net"
BLOB_HOST = f"weumanaged193{BLOB_SUFFIX}"
ISSUER = "Azure Container Registry"
NO_USER = "00000000-0000-0000-0000-000000000000"
ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
THIS_MACHINE = "203.0.113.40"
SIGNATURE = "c2ltdWxhdGVkIHN0b3JhZ2Ugc2lnbmF0dXJl"
"""Signs the addresses of blobs, and is not to be seen anywhere."""

_MANIFEST = re.compile(r"^/v2/(.+)/manifests/([^/]+)$")
_TAGS = re.compile(r"^/v2/(.+)/tags/list$")
_BLOB = re.compile(r"^/v2/(.+)/blobs/(sha256:[0-9a-f]{64})$")
_ATTRIBUTES = re.compile(r"^/acr/v1/(.+?)(?:/(_tags|_manifests)(?:/([^/]+))?)?$")


def hosts(cloud: Cloud) -> set[str]:
    """The login servers of all registries."""
    return {each["properties"]["loginServer"].lower() for each in _registries(cloud)}


def _registries(cloud: Cloud) -> list[Json]:
    return list(cloud.resources.of_type("Microsoft.ContainerRegistry/registries"))


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer whoever runs ``az``."""
    plane = cloud.data_plane(request.host)
    if plane.refuses_this_machine:
        return replay(recording("acr-dataplane/docs_403_denied_client_ip"), **{"<ip-address>": THIS_MACHINE})
    return _served(cloud, plane, request)


def handle_node(cloud: Cloud, request: Request) -> Response:
    """Answer a node, whose way to the registry is clear; what the registry has against ``az``'s caller is not its."""
    return _served(cloud, dataclasses.replace(cloud.data_plane(request.host), refuses_exchange=False), request)


def _served(cloud: Cloud, plane: DataPlane, request: Request) -> Response:
    registry = next(each for each in _registries(cloud) if each["properties"]["loginServer"].lower() == request.host)
    path = request.path
    if path == "/oauth2/exchange":
        return _exchange(cloud, plane, registry, request)
    if path == "/oauth2/token":
        return _token(cloud, plane, registry, request)
    return _content(plane, request, path)


def _exchange(cloud: Cloud, plane: DataPlane, registry: Json, request: Request) -> Response:
    """An Entra token for a refresh token of this registry."""
    claims = entra.claims(request.form.get("access_token"))
    audience = str((claims or {}).get("aud", "")).rstrip("/")
    policy = registry["properties"].get("policies", {}).get("azureADAuthenticationAsArmPolicy", {})
    refuses_arm = policy.get("status") == "disabled" and audience in ARM_AUDIENCES
    if claims is None or refuses_arm or plane.refuses_exchange:
        correlation = "69598458-2779-41e5-9c5b-e596f3210c5e"
        return replay(recording("acr-dataplane/exchange_401_no_acrpull_2026"), **{correlation: str(uuid.uuid4())})
    refresh = body("acr-dataplane/oauth2_exchange_refresh_token_claims")
    return answer(
        {"refresh_token": _signed(refresh | {"sub": claims["oid"], "appid": claims["appid"]}, request, 10800)}
    )


def _token(cloud: Cloud, plane: DataPlane, registry: Json, request: Request) -> Response:
    """An access token: for a refresh token, a user with a password, or nobody at all."""
    form = request.form if request.method == "POST" else request.query
    user, password = _credentials(request, form)
    anonymous = not (form.get("refresh_token") or user or password)
    if anonymous:
        allowed = bool(registry["properties"].get("anonymousPullEnabled"))
    elif form.get("grant_type") == "refresh_token" or user == NO_USER:
        allowed = _decoded(form.get("refresh_token") or password) is not None
    else:
        allowed = users.signs_in(cloud, registry, user, password)
    if not allowed:
        return answer(body("acr-dataplane/docs_401_unauthorized_no_detail"), 401)
    scopes = [value for name, value in [*request.query_list, *form.items()] if name == "scope"]
    claims: Json = {"access": [_access(scope) for scope in dict.fromkeys(scopes)], "grant_type": "access_token"}
    if anonymous:
        claims |= {
            "sub": "acr_anon_pull",
            "access": [each | {"Actions": [a for a in each["Actions"] if a == "pull"]} for each in claims["access"]],
        }
    elif user and user != NO_USER:
        for access in claims["access"]:
            may = users.allowed(cloud, registry, user, access["Name"])
            access["Actions"] = [action for action in access["Actions"] if action in may]
    return answer({"access_token": _signed(claims, request, 4500)}, x_ms_ratelimit_remaining_calls_per_second="166.5")


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if header.lower().startswith("basic "):
        user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        return user, password
    return form.get("username", ""), form.get("password", "")


def _access(scope: str) -> Json:
    kind, name, actions = [*scope.split(":", 2), "", ""][:3]
    return {"Type": kind, "Name": name, "Actions": actions.split(",")}


def _content(plane: DataPlane, request: Request, path: str) -> Response:
    for pattern, action, show in (
        (_MANIFEST, "pull", _manifest),
        (_TAGS, "pull", _tags),
        (_BLOB, "pull", _blob),
        (_ATTRIBUTES, "metadata_write" if request.method == "PATCH" else "metadata_read", _attributes),
    ):
        match = pattern.match(path)
        if match and match[1] != "_catalog":
            granted = _granted(request, "repository", match[1], action)
            if granted is not True:
                return _challenge(request, f"repository:{match[1]}:{action}", granted)
            if show is _manifest and match[1] in plane.refusals:
                status, error = plane.refusals[match[1]]
                return answer({"errors": [error]}, status)
            repository = plane.repositories.get(match[1])
            if repository is None:
                error = recording("acr-dataplane/acr_v1_tags_404_name_unknown")
                return replay(error, **{"wrong-name": match[1]})
            return show(request, match[1], repository, *match.groups()[1:])
    if path in ("/v2/_catalog", "/acr/v1/_catalog"):
        granted = _granted(request, "registry", "catalog", "*")
        if granted is not True:
            return _challenge(request, "registry:catalog:*", granted)
        return _paged(request, "repositories", sorted(plane.repositories), {})
    if path.rstrip("/") == "/v2":
        return Response(200, b"{}") if _decoded(request.bearer) is not None else _challenge(request, None, None)
    return answer({"errors": [{"code": "UNSUPPORTED", "message": path}]}, 404)


def _granted(request: Request, kind: str, name: str, action: str) -> bool | str | None:
    """True, or the ``error`` of the challenge (``None`` for a caller without any token)."""
    claims = _decoded(request.bearer)
    if claims is None:
        return "malformed_token" if request.bearer else None
    for access in claims.get("access", []):
        if access["Type"] == kind and access["Name"] in (name, "*") and {action, "*"} & set(access["Actions"]):
            return True
    return "insufficient_scope"


def _challenge(request: Request, scope: str | None, error: bool | str | None) -> Response:
    parts = [f'realm="https://{request.host}/oauth2/token"', f'service="{request.host}"']
    denied = body("acr-dataplane/v2_root_401")
    if scope:
        parts.append(f'scope="{scope}"')
        access = _access(scope)
        denied["errors"][0]["detail"] = [
            {"Type": access["Type"], "Name": access["Name"], "Action": action} for action in access["Actions"]
        ]
    if error:
        parts.append(f'error="{error}"')
    return answer(denied, 401, www_authenticate=f"Bearer {','.join(parts)}", **_SERVER)


_SERVER = {"docker_distribution_api_version": "registry/2.0", "server": "AzureContainerRegistry"}


def _manifest(request: Request, name: str, repository: Repository, reference: str) -> Response:
    digest = repository.tags.get(reference, reference)
    if {name, reference, digest} & repository.locked:
        return _disallowed()
    if digest in repository.quarantined and reference == digest:
        return _disallowed()
    manifest = repository.manifests.get(digest)
    if manifest is None or digest in repository.quarantined:
        return replay(recording("acr-dataplane/manifest_404_manifest_unknown"), **{"wrong-tag": reference})
    content = encoded(manifest)
    headers = {"content-type": manifest["mediaType"], "docker-content-digest": digest, "etag": f'"{digest}"'}
    return Response(200, content, {**headers, "docker-distribution-api-version": "registry/2.0"})


def _disallowed() -> Response:
    """The code and text are users' reports; that its status is 403 is not confirmed by any."""
    text = (
        "The operation is disallowed on this registry, repository or image. View troubleshooting steps at "
        "https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation"
    )
    return answer({"errors": [{"code": "REGISTRY_DISALLOWED_OPERATION", "message": text}]}, 403)


def _tags(request: Request, name: str, repository: Repository) -> Response:
    return _paged(request, "tags", sorted(repository.tags), {"name": name})


def _blob(request: Request, name: str, repository: Repository, digest: str) -> Response:
    query = f"se=2026-11-22T13%3A00%3A00Z&sig={SIGNATURE}&sp=r&spr=https"
    location = f"https://{BLOB_HOST}/{request.host}/{name}/{digest}?{query}"
    headers = {"location": location, "docker-content-digest": digest, "content-type": "text/html; charset=utf-8"}
    return Response(307, f'<a href="{location}">Temporary Redirect</a>.\n\n'.encode(), headers)


def handle_blob(cloud: Cloud, request: Request) -> Response:
    """The storage account that layers are redirected to."""
    login_server, _, rest = request.path.lstrip("/").partition("/")
    name, _, digest = rest.rpartition("/")
    repository = cloud.data_plane(login_server).repositories.get(name)
    if repository is None or digest not in repository.blobs:
        return Response(404, b"<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>")
    return Response(200, repository.blobs[digest], {"content-type": "application/octet-stream"})


def _attributes(
    request: Request, name: str, repository: Repository, collection: str | None, reference: str | None
) -> Response:
    """The registry's own metadata API: a PATCH is answered with what it leads to, as a GET would be."""
    changes = request.json if request.method == "PATCH" else {}
    base: Json = {"registry": request.host, "imageName": name}
    if collection is None:
        _lock(repository, name, changes)
        attributes = body("acr-dataplane/acr_v1_repository_attributes_200") | base
        attributes |= {"manifestCount": len(repository.manifests), "tagCount": len(repository.tags)}
        return answer(_locked(attributes, name in repository.locked))
    of_one, listed = (_tag_json, repository.tags) if collection == "_tags" else (_manifest_json, repository.manifests)
    if reference is None:
        rows = [of_one(repository, each) for each in listed]
        return answer(base | {collection.strip("_"): rows})
    if reference not in listed:
        return replay(recording("acr-dataplane/manifest_404_manifest_unknown"), **{"wrong-tag": reference})
    _lock(repository, reference, changes)
    return answer(base | {collection.strip("_")[:-1]: of_one(repository, reference)})


def _lock(repository: Repository, part: str, attributes: Json) -> None:
    """Lock a repository, tag or manifest against reading, or unlock it; other attributes change nothing here."""
    if "readEnabled" in attributes:
        change = repository.locked.discard if attributes["readEnabled"] else repository.locked.add
        change(part)


def _tag_json(repository: Repository, tag: str) -> Json:
    recorded = body("acr-dataplane/acr_v1_tag_attributes_200")["tag"]
    changes = {"name": tag, "digest": repository.tags[tag]}
    return _locked(recorded | changes | _quarantine(repository, changes["digest"]), tag in repository.locked)


def _manifest_json(repository: Repository, digest: str) -> Json:
    recorded = body("acr-dataplane/acr_v1_manifest_attributes_200")["manifest"]
    manifest = repository.manifests[digest]
    tags = [tag for tag, target in repository.tags.items() if target == digest]
    changes = {"digest": digest, "mediaType": manifest["mediaType"], "tags": tags}
    config = repository.blobs.get(manifest.get("config", {}).get("digest"))
    platform = json.loads(config) if config else {}
    changes |= {key: platform[key] for key in ("architecture", "os") if key in platform}
    return _locked(recorded | changes | _quarantine(repository, digest), digest in repository.locked)


def _quarantine(repository: Repository, digest: str) -> Json:
    return {"quarantineState": "Quarantined"} if digest in repository.quarantined else {}


def _locked(attributes: Json, locked: bool) -> Json:
    attributes["changeableAttributes"] = {**attributes["changeableAttributes"], "readEnabled": not locked}
    return attributes


def _paged(request: Request, member: str, items: list[str], base: Json) -> Response:
    """A list in pages; the ``Link`` to the next has a relative URL."""
    items = [item for item in items if item > request.query.get("last", "")]
    size = int(request.query.get("n", len(items) or 1))
    response = answer(base | {member: items[:size]})
    if len(items) > size:
        link = f"{request.path}?last={items[size - 1]}&n={size}&orderby="
        response.headers["link"] = f'<{link}>; rel="next"'
    return response


def _signed(claims: Json, request: Request, lifetime: int) -> str:
    now = int(time.time())
    times = {"iat": now, "nbf": now, "exp": now + lifetime}
    identity = {"jti": str(uuid.uuid4()), "iss": ISSUER, "aud": request.host, "version": "1.0", "rid": "0000"}
    return jwt.encode({**claims, **identity, **times}, entra.SIGNING_KEY, algorithm="HS256")


def _decoded(token: str | None) -> Json | None:
    claims: Any = entra.claims(token)
    return claims if claims and claims.get("iss") == ISSUER else None
