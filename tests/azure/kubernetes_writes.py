"""Changes to what is there: the patches that kubectl sends, and what an API server refuses of them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

import yaml

from . import apply, patches, workloads
from .kubernetes_state import KINDS, Kubernetes, Object
from .messages import Request, Response

_APPLY = "application/apply-patch+yaml"
_MANAGED = apply.KINDS
_REQUIRED_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}


def patched(request: Request, state: Kubernetes, plural: str, namespace: str, name: str) -> Response:
    """Answer a PATCH: of an object, or by server-side apply of one that need not be there."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == _APPLY:
        return _applied(request, state, plural, namespace, name)
    if kind not in patches.KINDS:
        return refusal(415, "UnsupportedMediaType", f"the body of the request was in an unknown format - {kind}")
    live = found(state, plural, namespace, name)
    if live is None:
        return not_found(plural, name)
    patch = request.json
    try:
        item = patches.KINDS[kind](live, patch)
    except ValueError as error:
        return refusal(422, "Invalid", f"the server rejected our request due to an error in our request: {error}")
    return stored(request, state, plural, item)


def stored(request: Request, state: Kubernetes, plural: str, item: Object) -> Response:
    """Keep a changed object unless something forbids the change, and let its controller act."""
    metadata = item["metadata"]
    live = state.objects[plural, metadata.get("namespace", ""), metadata["name"]]
    if metadata.get("resourceVersion") != live["metadata"]["resourceVersion"]:
        return _stale(plural, metadata["name"])
    objection = invalid_answer(plural, live, item)
    if objection:
        return objection
    if plural in _MANAGED:
        item = apply.updated(live, item, request.query.get("fieldManager", "unknown"), _now())
    return _kept(request, state, plural, live, item)


def _kept(request: Request, state: Kubernetes, plural: str, live: Object, item: Object) -> Response:
    if "dryRun" in request.query or item == live:
        return shown(item)
    if item.get("spec") != live.get("spec") and "generation" in live["metadata"]:
        item["metadata"]["generation"] = live["metadata"]["generation"] + 1
    before = live.get("spec", {}).get("template")
    kept = state.update(plural, item)
    if kept.get("spec", {}).get("template") != before:
        workloads.rolled_out(state, plural, kept)
    return shown(kept)


def _applied(request: Request, state: Kubernetes, plural: str, namespace: str, name: str) -> Response:
    manager = request.query.get("fieldManager")
    if plural not in apply.KINDS:
        return refusal(415, "UnsupportedMediaType", f"{plural} cannot be applied in this simulation")
    if not manager:
        return refusal(400, "BadRequest", "fieldManager: Required value: is required for apply patch")
    wanted = yaml.safe_load(request.body)
    wanted.setdefault("metadata", {}).update({"name": name, "namespace": namespace})
    live = state.objects.get((plural, namespace, name))
    try:
        item = apply.applied(live, wanted, manager, request.query.get("force") == "true", _now())
    except apply.ConflictError as conflict:
        return _conflict(conflict, wanted["apiVersion"])
    objection = invalid_answer(plural, live, item)
    if objection:
        return objection
    if live is not None:
        return _kept(request, state, plural, live, item)
    item["metadata"] |= {"name": name, "namespace": namespace}
    return shown(item if "dryRun" in request.query else state.add(plural, item), 201)


def found(state: Kubernetes, plural: str, namespace: str, name: str) -> Object | None:
    """An object, or a workload that pods are said to be of."""
    return state.objects.get((plural, namespace, name)) or workloads.implied(state, plural, namespace, name)


# --- what is refused -------------------------------------------------------------------


def _objections(plural: str, live: Object | None, item: Object) -> Iterator[tuple[str, str, str]]:
    """What validation has against an object: (field, reason, message). ``live``: what it was, if it was there.

    Source of the words: ``pkg/apis/core/validation/validation.go`` (ValidateSecret, ValidateSecretUpdate,
    ValidatePodUpdate) in https://github.com/kubernetes/kubernetes.
    """
    if plural == "secrets":
        yield from _invalid_secret(live, item)
    if plural == "pods" and live is not None and _without_images(live["spec"]) != _without_images(item["spec"]):
        yield "spec", "FieldValueForbidden", "Forbidden: pod updates may not change fields other than images"


def _invalid_secret(live: Object | None, item: Object) -> Iterator[tuple[str, str, str]]:
    kind, data = item.get("type", "Opaque"), item.get("data") or {}
    if live is not None and kind != live.get("type", "Opaque"):
        yield "type", "FieldValueInvalid", f'Invalid value: "{kind}": field is immutable'
    if live is not None and live.get("immutable"):
        message = "Forbidden: field is immutable when `immutable` is set"
        if not item.get("immutable"):
            yield "immutable", "FieldValueForbidden", message
        if data != (live.get("data") or {}):
            yield "data", "FieldValueForbidden", message
    key = _REQUIRED_KEYS.get(kind)
    if key is not None and key not in data:
        yield f"data[{key}]", "FieldValueRequired", "Required value"
    elif key is not None and not _is_json(data[key]):
        yield f"data[{key}]", "FieldValueInvalid", 'Invalid value: "<secret contents redacted>": invalid JSON'


def _is_json(encoded: str) -> bool:
    try:
        json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return False
    return True


def _without_images(spec: Object) -> Object:
    plain = deepcopy(spec)
    for member in ("containers", "initContainers", "ephemeralContainers"):
        for each in plain.get(member, ()):
            each.pop("image", None)
    return plain


def invalid_answer(plural: str, live: Object | None, item: Object) -> Response | None:
    """The refusal of an object that validation has something against; ``None``: it has nothing."""
    objections = list(_objections(plural, live, item))
    if not objections:
        return None
    kind, name = KINDS[plural], item["metadata"]["name"]
    texts = [f"{field}: {message}" for field, _, message in objections]
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = [{"reason": reason, "message": message, "field": field} for field, reason, message in objections]
    return refusal(422, "Invalid", f'{kind.kind} "{name}" is invalid: {said}', name=name, kind=kind.kind, causes=causes)


def _stale(plural: str, name: str) -> Response:
    resource = f"{plural}.{KINDS[plural].group}" if KINDS[plural].group else plural
    said = (
        f'Operation cannot be fulfilled on {resource} "{name}": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )
    return refusal(409, "Conflict", said, name=name, kind=plural)


def _conflict(conflict: apply.ConflictError, version: str) -> Response:
    """As API servers of 1.2x to 1.3x write it."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}" using {version}', "field": field}
        for manager, field in conflict.fields
    ]
    told = [f"{each['message']}: {each['field']}" for each in causes]
    count = f"{len(told)} conflict{'s' if len(told) > 1 else ''}"
    return refusal(409, "Conflict", f"Apply failed with {count}: {', '.join(told)}", causes=causes)


def not_found(plural: str, name: str) -> Response:
    """The answer for an object that is not there."""
    resource = f"{plural}.{KINDS[plural].group}" if KINDS[plural].group else plural
    return refusal(404, "NotFound", f'{resource} "{name}" not found', name=name, kind=plural)


def refusal(code: int, reason: str, message: str, **details: Any) -> Response:
    """A refusal in the API's own shape."""
    said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return shown(said | {"message": message, "reason": reason, "details": details, "code": code}, code)


def shown(item: Any, code: int = 200, **headers: str) -> Response:
    """An answer with an object."""
    return Response(code, json.dumps(item).encode() + b"\n", {"content-type": "application/json", **headers})


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
