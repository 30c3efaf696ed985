"""What a simulated cluster's API server keeps: objects as Kubernetes shows them, and their changes."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

NOW = "2026-11-22T12:00:00Z"


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
        Kind("apps", "statefulsets", "StatefulSet", short=("sts",)),
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
class Pulling:
    """How the pull of an image goes on a node, for a pod that somebody creates."""

    message: str | None = None
    """What the runtime says of a pull that fails; ``None``: it succeeds."""
    seconds: float = 0.0
    """How long it takes."""
    size: int = 29112312
    never_ends: bool = False
    """It takes for ever, unless ``evicts``."""
    evicts: str | None = None
    """What kubelet says when it evicts the pod after ``seconds``; with ``never_ends``."""
    refuses: tuple[str, str] | None = None
    """Reason and message with which kubelet refuses the pod that the scheduler gave it."""
    config_error: str | None = None
    """What is wrong with the container once its image is there (``runAsNonRoot`` and the like)."""
    full: str | None = None
    """``cpu`` or ``memory``: the scheduler finds no room on the node."""


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
    pods_refused: str | None = None
    """The text with which another part of admission (Pod Security, a quota, a policy) refuses every pod."""
    mutations: Object = field(default_factory=dict)
    """What a webhook sets in every pod that is created: values by their path (``spec.containers.0.image``)."""
    expired: bool = False
    """Whether every watch ends at once, since its revision is too old."""
    pulling: dict[str, Pulling] = field(default_factory=dict)
    """How pulls go for pods that are created, by the name of a node or of its pool; else they succeed at once."""
    scaled_up: list[str] = field(default_factory=list)
    """Pods for which the autoscaler would have added a node."""
    started: list[str] = field(default_factory=list)
    """Pods whose image ran."""
    sticky: bool = False
    """Whether pods that are deleted go on ending."""
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

    def update(self, plural: str, item: Object) -> Object:
        """Keep a changed object (a copy); answers it as the API shows it."""
        item = deepcopy(item)
        self._change("MODIFIED", plural, item)
        return item

    def update_if_there(self, plural: str, item: Object) -> None:
        """Keep a changed object unless it was deleted, or made anew, meanwhile."""
        metadata = item["metadata"]
        with self._changed:
            there = self.objects.get((plural, metadata.get("namespace", ""), metadata["name"]))
            if there is not None and there["metadata"]["uid"] == metadata["uid"]:
                self._change("MODIFIED", plural, deepcopy(item))

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


def selector(of_fields: str, of_labels: str) -> Callable[[Object], bool]:
    """What a list's or watch's ``fieldSelector`` and ``labelSelector`` let through."""
    fields = [_requirement(text) for text in filter(None, of_fields.split(","))]
    labels = [_requirement(text) for text in filter(None, re.split(r",(?![^(]*\))", of_labels))]

    def wanted(item: Object) -> bool:
        carried = item["metadata"].get("labels") or {}
        return all(fits(_at(item, name)) for name, fits in fields) and all(
            fits(carried.get(name)) for name, fits in labels
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
