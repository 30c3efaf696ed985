"""The Kubernetes API of a simulated cluster: enough of it for the real kubectl and the Python client.

Objects are kept as Kubernetes shows them, by resource, namespace and name; lists select, page
and are watched. One thing is played rather than kept: a pod that ``az aks check-acr`` creates
(``canipull-...``) ends as :class:`Canipull` says.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.recordings import body

from .messages import Request, Response

Object = dict[str, Any]

NOW = "2026-11-22T12:00:00Z"
WATCH_SECONDS = 300.0


@dataclass(frozen=True)
class Kind:
    """A resource that the API serves."""

    group: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"


KINDS = {
    kind.plural: kind
    for kind in (
        Kind("", "pods", "Pod", short=("po",)),
        Kind("", "nodes", "Node", namespaced=False, short=("no",)),
        Kind("", "namespaces", "Namespace", namespaced=False, short=("ns",)),
        Kind("", "events", "Event", short=("ev",)),
        Kind("", "secrets", "Secret"),
        Kind("", "serviceaccounts", "ServiceAccount", short=("sa",)),
        Kind("", "configmaps", "ConfigMap", short=("cm",)),
        Kind("apps", "deployments", "Deployment", short=("deploy",)),
        Kind("apps", "daemonsets", "DaemonSet", short=("ds",)),
        Kind("apps", "replicasets", "ReplicaSet", short=("rs",)),
    )
}


@dataclass
class Canipull:
    """How the pod of ``az aks check-acr`` goes.

    ``phase`` other than ``Succeeded`` and ``Failed`` never changes: a pod that is never placed
    (``Pending``), or one that never ends (``Running``, whose attach is refused or never answered).
    """

    log: str = ""
    exit_code: int = 0
    phase: str = "Succeeded"
    attach: str = "refused"
    """``refused`` or ``silent``, where ``phase`` is ``Running``."""


@dataclass
class Kubernetes:
    """The state of one cluster's API server; the tests write to it as they like."""

    git_version: str = "v1.32.4"
    minor: str = "32"
    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    """By (plural, namespace, name); the namespace of a cluster-wide object is empty."""
    tokens: set[str] | None = None
    """Bearer tokens that are accepted; ``None``: any, and none."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """(verb, plural) that are refused."""
    warnings: tuple[str, ...] = ()
    """Admission warnings on every created object."""
    denied_by: str | None = None
    """The text with which an admission webhook refuses every pod."""
    canipull: Canipull = field(default_factory=Canipull)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._revision = 1000
        self._events: list[tuple[int, str, str, Object]] = []

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_changed"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._changed = threading.Condition()

    def add(self, plural: str, item: Object) -> Object:
        """Keep an object (a copy); answers it as the API shows it."""
        kind = KINDS[plural]
        item = {"apiVersion": kind.api_version, "kind": kind.kind, **deepcopy(item)}
        metadata = item.setdefault("metadata", {})
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", NOW)
        self._change("ADDED", plural, item)
        return item

    def remove(self, plural: str, namespace: str, name: str) -> Object:
        """Take an object out and answer it; raises ``KeyError``."""
        item = self.objects[plural, namespace, name]
        self.deleted.append((plural, namespace, name))
        self._change("DELETED", plural, item)
        return item

    def select(self, plural: str, namespace: str) -> list[Object]:
        """The objects of a resource, sorted; an empty namespace means all of them."""
        with self._changed:
            kept = sorted(self.objects.items())
        return [item for (of, where, _), item in kept if of == plural and namespace in ("", where)]

    @property
    def revision(self) -> int:
        return self._revision

    def changes(self, plural: str, after: int, seconds: float) -> Iterator[tuple[str, Object] | None]:
        """What happens to a resource after a revision; ``None`` now and then, while nothing does."""
        end, seen = time.monotonic() + seconds, after
        while time.monotonic() < end:
            with self._changed:
                fresh = [event for event in self._events if event[0] > seen]
                if not fresh:
                    self._changed.wait(1.0)
            for revision, what, of, item in fresh:
                seen = max(seen, revision)
                if of == plural:
                    yield what, item
            if not fresh:
                yield None

    def _change(self, what: str, plural: str, item: Object) -> None:
        metadata = item["metadata"]
        key = (plural, metadata.get("namespace", ""), metadata["name"])
        with self._changed:
            self._revision += 1
            metadata["resourceVersion"] = str(self._revision)
            if what == "DELETED":
                del self.objects[key]
            else:
                self.objects[key] = item
            self._events.append((self._revision, what, plural, deepcopy(item)))
            self._changed.notify_all()


def handle(request: Request, cloud: Any) -> Response:
    """Answer one request to the Kubernetes API of ``cloud`` (its ``kubernetes``, made when first asked)."""
    if cloud.kubernetes is None:
        cloud.kubernetes = Kubernetes()
    return serve(request, cloud.kubernetes)


def serve(request: Request, state: Kubernetes) -> Response:
    """Answer one request to one API server."""
    if state.tokens is not None and request.bearer not in state.tokens:
        return status(401, "Unauthorized", "Unauthorized")
    for pattern, answerer in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match:
            return answerer(request, state, **match.groupdict(default=""))
    return status(404, "NotFound", "the server could not find the requested resource")


def status(code: int, reason: str, message: str, **details: Any) -> Response:
    """A refusal in the API's own shape."""
    return shown(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        },
        code,
    )


def shown(item: Any, code: int = 200, **headers: str) -> Response:
    return Response(code, json.dumps(item).encode() + b"\n", {"content-type": "application/json", **headers})


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
    verbs = ["create", "delete", "get", "list", "watch"]
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


# --- objects ---------------------------------------------------------------------------


def _collection(request: Request, state: Kubernetes, plural: str, namespace: str = "") -> Response:
    if plural not in KINDS:
        return status(404, "NotFound", "the server could not find the requested resource")
    if request.method == "POST":
        return _create(request, state, plural, namespace)
    if request.query.get("watch") in ("1", "true"):
        return _refused(state, "watch", plural, namespace) or _watch(request, state, plural, namespace)
    return _refused(state, "list", plural, namespace) or _list(request, state, plural, namespace)


def _one(request: Request, state: Kubernetes, plural: str, name: str, namespace: str = "") -> Response:
    verb = {"GET": "get", "DELETE": "delete"}.get(request.method, request.method.lower())
    refusal = _refused(state, verb, plural, namespace)
    if refusal:
        return refusal
    item = state.objects.get((plural, namespace, name))
    if item is None:
        return status(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)
    if request.method == "GET":
        return shown(item)
    if request.method == "DELETE":
        return shown(state.remove(plural, namespace, name))
    return status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _create(request: Request, state: Kubernetes, plural: str, namespace: str) -> Response:
    refusal = _refused(state, "create", plural, namespace)
    if refusal:
        return refusal
    if plural == "pods" and state.denied_by:
        return status(403, "Forbidden", f"admission webhook {state.denied_by}")
    item = request.json
    metadata = item.setdefault("metadata", {})
    if KINDS[plural].namespaced:
        metadata["namespace"] = namespace
    if (plural, metadata.get("namespace", ""), metadata["name"]) in state.objects:
        return status(409, "AlreadyExists", f'{plural} "{metadata["name"]}" already exists')
    if plural == "pods" and metadata["name"].startswith("canipull-"):
        item["status"] = _canipull_status(item, state.canipull)
    warnings = {"warning": ", ".join(f'299 - "{text}"' for text in state.warnings)} if state.warnings else {}
    return shown(state.add(plural, item), 201, **warnings)


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
    wanted = _selector(request)
    items = [item for item in state.select(plural, namespace) if wanted(item)]
    metadata: Object = {"resourceVersion": str(state.revision)}
    limit, start = int(request.query.get("limit") or 0), int(request.query.get("continue") or 0)
    page = items[start : start + limit] if limit else items[start:]
    if start + len(page) < len(items):
        metadata |= {"continue": str(start + len(page)), "remainingItemCount": len(items) - start - len(page)}
    return shown({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": page})


def _watch(request: Request, state: Kubernetes, plural: str, namespace: str) -> Response:
    wanted = _selector(request)
    after = request.query.get("resourceVersion") or "0"
    seconds = min(WATCH_SECONDS, float(request.query.get("timeoutSeconds") or WATCH_SECONDS))

    def lines() -> Iterator[bytes]:
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
    return status(403, "Forbidden", said, kind=plural)


# --- selectors -------------------------------------------------------------------------


def _selector(request: Request) -> Callable[[Object], bool]:
    fields = [_requirement(text) for text in filter(None, request.query.get("fieldSelector", "").split(","))]
    labels = [
        _requirement(text) for text in filter(None, re.split(r",(?![^(]*\))", request.query.get("labelSelector", "")))
    ]

    def wanted(item: Object) -> bool:
        of_labels = item["metadata"].get("labels") or {}
        return all(fits(_at(item, name)) for name, fits in fields) and all(
            fits(of_labels.get(name)) for name, fits in labels
        )

    return wanted


def _requirement(text: str) -> tuple[str, Callable[[str | None], bool]]:
    """One term of a selector: its key, and what its value must be."""
    text = text.strip()
    among = re.fullmatch(r"(\S+) (in|notin) \((.*)\)", text)
    if among:
        values = {value.strip() for value in among[3].split(",")}
        return among[1], (lambda value: (value in values) == (among[2] == "in"))
    compared = re.fullmatch(r"([^!=]+)(!=|==|=)(.*)", text)
    if compared:
        name, sign, wanted = compared.groups()
        return name, (lambda value: ((value or "") == wanted) == (sign != "!="))
    if text.startswith("!"):
        return text[1:], (lambda value: value is None)
    return text, (lambda value: value is not None)


def _at(item: Object, path: str) -> str | None:
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)


# --- what is done rather than kept ------------------------------------------------------


def _log(request: Request, state: Kubernetes, namespace: str, name: str) -> Response:
    if ("pods", namespace, name) not in state.objects:
        return status(404, "NotFound", f'pods "{name}" not found', name=name, kind="pods")
    return Response(200, state.canipull.log.encode(), {"content-type": "text/plain"})


def _attach(request: Request, state: Kubernetes, namespace: str, name: str) -> Response:
    if state.canipull.attach == "silent":
        return Response(200, hijack=_say_nothing)
    return status(500, "InternalError", "error attaching to container: container not running (simulated)")


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
        (r"/apis/authorization\.k8s\.io/v1/selfsubjectaccessreviews", _access_review),
        (r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/log", _log),
        (r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/attach", _attach),
        (r"/(?:api|apis/apps)/v1/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)", _collection),
        (r"/(?:api|apis/apps)/v1/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)/(?P<name>[^/]+)", _one),
        (r"/(?:api|apis/apps)/v1/(?P<plural>[^/]+)", _collection),
        (r"/(?:api|apis/apps)/v1/(?P<plural>nodes|namespaces)/(?P<name>[^/]+)", _one),
    )
)
