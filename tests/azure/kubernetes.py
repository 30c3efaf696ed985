"""The Kubernetes API of a simulated cluster: enough of it for the real kubectl and the Python client.

One thing is played rather than kept: a pod that ``az aks check-acr`` creates (``canipull-...``)
ends as :class:`~tests.azure.kubernetes_state.Canipull` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from tests.recordings import body

from . import apply, entra, openapi, pod_security, protobuf, scheduling
from .kubernetes_state import KINDS, NOW, Canipull, Kubernetes, Object, Pulling, selector
from .kubernetes_writes import found, invalid_answer, not_found, patched, refusal, shown
from .messages import Request, Response

__all__ = ["KINDS", "Canipull", "Kubernetes", "Pulling", "handle", "serve"]

WATCH_SECONDS = 300.0


def handle(request: Request, cloud: Any) -> Response:
    """Answer one request to the Kubernetes API of a cluster of ``cloud``, made when first asked."""
    if "aadProfile" in cloud.cluster["properties"]:
        said = entra.claims(request.bearer) or {}
        if said.get("aud") != entra.AKS_SERVER_APP:
            return refusal(401, "Unauthorized", "Unauthorized")
    return serve(request, cloud.kubernetes_of(request.host))


def serve(request: Request, state: Kubernetes) -> Response:
    """Answer one request to one API server."""
    if state.tokens is not None and request.bearer not in state.tokens:
        return refusal(401, "Unauthorized", "Unauthorized")
    for pattern, answerer in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match:
            return answerer(request, state, **match.groupdict(default=""))
    return refusal(404, "NotFound", "the server could not find the requested resource")


# --- discovery -------------------------------------------------------------------------


def _version(request: Request, state: Kubernetes) -> Response:
    return shown({**body("k8s/version_aks_2025"), "minor": state.minor, "gitVersion": state.git_version})


def _core(request: Request, state: Kubernetes) -> Response:
    return shown({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})


def _groups(request: Request, state: Kubernetes) -> Response:
    version = {"groupVersion": "apps/v1", "version": "v1"}
    group = {"name": "apps", "versions": [version], "preferredVersion": version}
    return shown({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]})


def _resources(request: Request, state: Kubernetes, group: str = "") -> Response:
    verbs = ["create", "delete", "get", "list", "patch", "watch"]
    kinds = [kind for kind in KINDS.values() if kind.group == group]
    listed = [
        {
            "name": kind.plural,
            "singularName": kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": verbs,
            "shortNames": list(kind.short),
        }
        for kind in kinds
    ]
    if not group:
        listed += [
            {"name": f"pods/{name}", "singularName": "", "namespaced": True, "kind": kind, "verbs": verbs}
            for name, kind in (("attach", "PodAttachOptions"), ("log", "Pod"))
        ]
    version = kinds[0].api_version
    return shown({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed})


def _openapi(request: Request, state: Kubernetes) -> Response:
    return shown(openapi.groups())


def _openapi_of(request: Request, state: Kubernetes, group: str = "") -> Response:
    return shown(openapi.described(group))


# --- objects ---------------------------------------------------------------------------


def _collection(request: Request, state: Kubernetes, plural: str, namespace: str = "") -> Response:
    if plural not in KINDS:
        return refusal(404, "NotFound", "the server could not find the requested resource")
    if request.method == "POST":
        return _create(request, state, plural, namespace)
    if request.query.get("watch") in ("1", "true"):
        return _refused(state, "watch", plural, namespace) or _watch(request, state, plural, namespace)
    return _refused(state, "list", plural, namespace) or _list(request, state, plural, namespace)


def _one(request: Request, state: Kubernetes, plural: str, name: str, namespace: str = "") -> Response:
    verb = {"GET": "get", "DELETE": "delete"}.get(request.method, request.method.lower())
    forbidden = _refused(state, verb, plural, namespace)
    if forbidden:
        return forbidden
    if request.method == "PATCH":
        return patched(request, state, plural, namespace, name)
    item = found(state, plural, namespace, name)
    if item is None:
        return not_found(plural, name)
    if request.method == "GET":
        return shown(item)
    if request.method == "DELETE":
        if plural == "pods" and state.sticky:
            ending = deepcopy(item)
            ending["metadata"] |= {"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 30}
            return shown(state.update(plural, ending))
        return shown(state.remove(plural, namespace, name))
    return refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _create(request: Request, state: Kubernetes, plural: str, namespace: str) -> Response:
    forbidden = _refused(state, "create", plural, namespace)
    if forbidden:
        return forbidden
    if request.headers.get("content-type") == protobuf.CONTENT_TYPE:
        item = protobuf.secret(request.body)
    else:
        item = request.json
    metadata = item.setdefault("metadata", {})
    if KINDS[plural].namespaced:
        metadata["namespace"] = namespace
    if (plural, metadata.get("namespace", ""), metadata["name"]) in state.objects:
        return refusal(409, "AlreadyExists", f'{plural} "{metadata["name"]}" already exists')
    objection = invalid_answer(plural, None, item)
    if objection:
        return objection
    if plural == "pods":
        item = _mutated(item, state.mutations)
        denied = _denied(state, namespace, item)
        if denied:
            return denied
        item = _with_status(item, state)
    if plural in apply.KINDS:
        item = apply.updated(None, item, request.query.get("fieldManager", "unknown"), NOW)
    warnings = {"warning": ", ".join(f'299 - "{text}"' for text in state.warnings)} if state.warnings else {}
    kept = state.add(plural, item)
    if plural == "pods" and not _is_canipull(kept):
        scheduling.placed(state, kept)
    return shown(kept, 201, **warnings)


_OWN = ("default", "kube-system", "kube-public")


def _namespaces(state: Kubernetes) -> list[str]:
    return [each["metadata"]["name"] for each in state.select("namespaces", "")]


def _denied(state: Kubernetes, namespace: str, pod: Object) -> Response | None:
    """What admission has against a pod."""
    name = pod["metadata"]["name"]
    if state.denied_by:
        return refusal(403, "Forbidden", f"admission webhook {state.denied_by}")
    if namespace not in (*_OWN, *_namespaces(state)):
        return refusal(404, "NotFound", f'namespaces "{namespace}" not found', name=namespace, kind="namespaces")
    refused = state.pods_refused or _insecure(state, namespace, pod)
    if refused:
        return refusal(403, "Forbidden", f'pods "{name}" is forbidden: {refused}', name=name, kind="pods")
    found = pod_security.not_on_windows(pod["spec"])
    if found:
        said = f'Pod "{name}" is invalid: {found[0]}: Forbidden: cannot be set for a windows pod'
        return refusal(422, "Invalid", said, name=name, kind="Pod")
    return None


def _mutated(pod: Object, mutations: Object) -> Object:
    """A pod as a mutating webhook hands it on."""
    pod = deepcopy(pod)
    for path, value in mutations.items():
        *way, last = path.split(".")
        found: Any = pod
        for each in way:
            found = found[int(each)] if each.isdecimal() else found.setdefault(each, {})
        found[last] = deepcopy(value)
    return pod


def _insecure(state: Kubernetes, namespace: str, pod: Object) -> str | None:
    """What Pod Security has against a pod, in a namespace that enforces *restricted*."""
    labels = state.objects.get(("namespaces", "", namespace), {}).get("metadata", {}).get("labels") or {}
    found = pod_security.restricted(pod) if labels.get("pod-security.kubernetes.io/enforce") == "restricted" else []
    return f'violates PodSecurity "restricted:latest": {", ".join(found)}' if found else None


def _is_canipull(pod: Object) -> bool:
    return bool(pod["metadata"]["name"].startswith("canipull-"))


def _with_status(pod: Object, state: Kubernetes) -> Object:
    """A pod as the API server stores it; that of ``az aks check-acr`` as it ends."""
    if _is_canipull(pod):
        return pod | {"status": _canipull_status(pod, state.canipull)}
    pod["metadata"]["creationTimestamp"] = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return scheduling.defaulted(pod)


def _canipull_status(pod: Object, play: Canipull) -> Object:
    container: Object = {
        "name": pod["metadata"]["name"],
        "image": pod["spec"]["containers"][0]["image"],
        "imageID": "",
        "restartCount": 0,
        "ready": play.phase == "Running",
    }
    if play.phase == "Pending":
        container["state"] = {"waiting": {"reason": "ContainerCreating"}}
    elif play.phase == "Running":
        container["state"] = {"running": {"startedAt": NOW}}
    else:
        reason = "Error" if play.exit_code else "Completed"
        ended = {"exitCode": play.exit_code, "reason": reason, "startedAt": NOW, "finishedAt": NOW}
        container["state"] = {"terminated": ended}
    ready = {"type": "Ready", "status": "True" if play.phase == "Running" else "False"}
    return {"phase": play.phase, "conditions": [ready], "containerStatuses": [container]}


def _list(request: Request, state: Kubernetes, plural: str, namespace: str) -> Response:
    kind = KINDS[plural]
    wanted = selector(request.query.get("fieldSelector", ""), request.query.get("labelSelector", ""))
    items = [item for item in state.select(plural, namespace) if wanted(item)]
    metadata: Object = {"resourceVersion": str(state.revision)}
    limit, start = int(request.query.get("limit") or 0), int(request.query.get("continue") or 0)
    page = items[start : start + limit] if limit else items[start:]
    if start + len(page) < len(items):
        metadata |= {"continue": str(start + len(page)), "remainingItemCount": len(items) - start - len(page)}
    if plural == "events" and "as=Table" in request.headers.get("accept", ""):
        return shown(_table_of_events(page, metadata))
    return shown({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": page})


_EVENT_COLUMNS = (
    *(("Last Seen", 0), ("Type", 0), ("Reason", 0), ("Object", 0), ("Subobject", 1), ("Source", 1), ("Message", 0)),
    *(("First Seen", 1), ("Count", 1), ("Name", 1)),
)


def _table_of_events(items: list[Object], metadata: Object) -> Object:
    """Events as the server prints them for kubectl.

    Source: ``printEvent`` in ``pkg/printers/internalversion/printers.go`` of https://github.com/kubernetes/kubernetes.
    """
    columns = [
        {"name": name, "type": "string", "format": "", "description": "", "priority": priority}
        for name, priority in _EVENT_COLUMNS
    ]
    rows = [{"cells": _event_cells(item), "object": _partial(item)} for item in items]
    kind = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}
    return kind | {"metadata": metadata, "columnDefinitions": columns, "rows": rows}


def _event_cells(event: Object) -> list[str]:
    about, source = event["involvedObject"], event.get("source", {})
    return [
        "4m12s",
        event["type"],
        event["reason"],
        f"{about['kind'].lower()}/{about['name']}",
        about.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component"), source.get("host")))),
        event["message"].strip(),
        "17m",
        str(event.get("count", 1)),
        event["metadata"]["name"],
    ]


def _partial(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _watch(request: Request, state: Kubernetes, plural: str, namespace: str) -> Response:
    wanted = selector(request.query.get("fieldSelector", ""), request.query.get("labelSelector", ""))
    after = request.query.get("resourceVersion") or "0"
    seconds = min(WATCH_SECONDS, float(request.query.get("timeoutSeconds") or WATCH_SECONDS))

    def lines() -> Iterator[bytes]:
        if state.expired:
            yield _line("ERROR", {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410})
            return
        if after == "0":
            revision = state.revision
            for item in filter(wanted, state.select(plural, namespace)):
                yield _line("ADDED", item)
        else:
            revision = int(after)
        for change in state.changes(plural, revision, seconds):
            if change is None:
                # An empty line is no event; it tells whether the other side is still there.
                yield b"\n"
            elif namespace in ("", change[1]["metadata"].get("namespace", "")) and wanted(change[1]):
                yield _line(*change)

    return Response(200, lines(), {"content-type": "application/json"})


def _line(what: str, item: Object) -> bytes:
    return json.dumps({"type": what, "object": item}).encode() + b"\n"


def _refused(state: Kubernetes, verb: str, plural: str, namespace: str) -> Response | None:
    if (verb, plural) not in state.forbidden:
        return None
    group = KINDS[plural].group
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    said = f'{plural} is forbidden: User "clusterUser" cannot {verb} resource "{plural}" in API group "{group}"{where}'
    return refusal(403, "Forbidden", said, kind=plural)


# --- what is done rather than kept ------------------------------------------------------


def _log(request: Request, state: Kubernetes, namespace: str, name: str) -> Response:
    if ("pods", namespace, name) not in state.objects:
        return refusal(404, "NotFound", f'pods "{name}" not found', name=name, kind="pods")
    return Response(200, state.canipull.log.encode(), {"content-type": "text/plain"})


def _attach(request: Request, state: Kubernetes, namespace: str, name: str) -> Response:
    if state.canipull.attach == "silent":
        return Response(200, hijack=_say_nothing)
    return refusal(500, "InternalError", "error attaching to container: container not running (simulated)")


def _say_nothing(connection: Any, already_read: bytes) -> None:
    while connection.recv(65536):
        continue


def _access_review(request: Request, state: Kubernetes) -> Response:
    asked = request.json["spec"].get("resourceAttributes", {})
    allowed = (asked.get("verb"), asked.get("resource")) not in state.forbidden
    review = body("k8s/selfsubjectaccessreview_201")
    return shown({**review, "spec": request.json["spec"], "status": {"allowed": allowed}}, 201)


_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Response]], ...] = tuple(
    (re.compile(pattern), answerer)
    for pattern, answerer in (
        (r"/version/?", _version),
        (r"/api/?", _core),
        (r"/apis/?", _groups),
        (r"/api/v1/?", _resources),
        (r"/apis/(?P<group>apps)/v1/?", _resources),
        (r"/openapi/v3/?", _openapi),
        (r"/openapi/v3/(?:api|apis/(?P<group>apps))/v1/?", _openapi_of),
        (r"/apis/authorization\.k8s\.io/v1/selfsubjectaccessreviews", _access_review),
        (r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/log", _log),
        (r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/attach", _attach),
        (r"/(?:api|apis/apps)/v1/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)", _collection),
        (r"/(?:api|apis/apps)/v1/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)/(?P<name>[^/]+)", _one),
        (r"/(?:api|apis/apps)/v1/(?P<plural>[^/]+)", _collection),
        (r"/(?:api|apis/apps)/v1/(?P<plural>nodes|namespaces)/(?P<name>[^/]+)", _one),
    )
)
