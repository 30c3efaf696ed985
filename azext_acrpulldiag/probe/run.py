"""Pull an image for real on every pool at once, and tell what came of it. Every pod that is made is deleted."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from ..collect.ask.arm import Json, by_key, in_parallel
from ..collect.ask.errors import ReadError
from ..collect.kubernetes.objects import objects_in, text_at
from ..collect.members import member
from ..facts import Unreadable
from ..facts.probe import ENDED, FAILED, NOT_PROBED, PULLED, TIMED_OUT, PoolProbe, ProbeReport, ProbeSubject
from .api import ProbeApi, Refusal
from .deletion import SECONDS as DELETION_SECONDS
from .deletion import Connect, deleted_at_end, swept
from .plan import NODE_IMAGE, Host, host_from, planned
from .pod import Pods, body_of
from .results import (
    GONE,
    Settled,
    altered,
    failure_text,
    is_without_namespace,
    last_warning,
    pull_told,
    refused,
    settled,
    unfinished,
)

VERBS = ("create", "delete", "list", "watch")
"""What a probe does to pods. The first two are asked for before anything is made, so that no pod is left."""
WATCH_SECONDS = 10.0
_END_SECONDS = 5.0
"""Kept for reading the events of what was pulled."""
_EVENT_TRIES = 4
_EVENT_SECONDS = 0.4
_PAUSE_SECONDS = 0.5
_BUSY = 429
_BUSY_PAUSES = (1.0, 2.0)
"""Between tries to make a pod where the API server has too much to do."""
_MARGIN_SECONDS = 30
"""By which Kubernetes' own deadline comes after ours."""

Watch = Callable[[Callable[[], list[str]]], AbstractContextManager[None]]


@dataclass(frozen=True)
class Wanted:
    """What is to be pulled, as whom, on which pools and by when."""

    subject: ProbeSubject
    declared: tuple[str, ...] = ()
    """The pools that the cluster has, whether or not they have nodes."""
    seconds: float = 300.0
    """Until everything has to be over, deletion included."""


def probed(connect: Connect, wanted: Wanted, watch: Watch | None = None) -> ProbeReport | Unreadable:
    """Pull the image on a node of every pool; Unreadable where that cannot be tried at all."""
    subject = wanted.subject
    with connect(max(1.0, wanted.seconds - DELETION_SECONDS)) as api:
        why = _hindrance(api, subject.namespace)
        if why is not None:
            return why
        try:
            hosts = [host_from(item, subject.image) for item in api.nodes()]
        except ReadError as error:
            return error.why
        chosen, left_out = planned(hosts, wanted.declared)
        stale = swept(api, subject.namespace)
        run = _Run(api, Pods(uuid.uuid4().hex[:8], subject, int(wanted.seconds) + _MARGIN_SECONDS), chosen)
        with (
            deleted_at_end(connect, run.pods, run.hosts, run.is_making) as left,
            (watch or (lambda _: nullcontext()))(run.waited_for),
        ):
            run.pull()
    if run.missing is not None:
        return run.missing
    pools = sorted((*run.results(), *left_out), key=lambda each: (each.pool or "", each.node or ""))
    return ProbeReport(run.subject(), tuple(pools), tuple(sorted({*stale, *left})))


def _hindrance(api: ProbeApi, namespace: str) -> Unreadable | None:
    """Why nothing may be made; ``None``: it may."""
    answers = by_key({verb: _asking(api, verb, namespace) for verb in VERBS})
    unread = next((each for each in answers.values() if isinstance(each, Unreadable)), None)
    if unread is not None:
        return unread
    lacking = [verb for verb, allowed in answers.items() if not allowed]
    if not lacking:
        return None
    what = f"{', '.join(lacking)} pods in namespace {namespace}"
    return Unreadable("forbidden", f"No pod was started: no permission to {what}", what, what)


def _asking(api: ProbeApi, verb: str, namespace: str) -> Callable[[], bool]:
    return lambda: api.may(verb, namespace)


@dataclass
class _Run:
    """The pods of one run, and what has become of them so far."""

    api: ProbeApi
    pods: Pods
    chosen: Iterable[Host]
    missing: Unreadable | None = None
    """Why no pod could be made at all: there is no such namespace."""
    _made: dict[str, Json] = field(default_factory=dict)
    _settled: dict[str, Settled] = field(default_factory=dict)
    _events: dict[str, list[Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hosts = {self.pods.name(number): host for number, host in enumerate(self.chosen)}
        self._bodies = {
            name: body_of(self.pods, number, host) for number, (name, host) in enumerate(self.hosts.items())
        }
        self._lock = threading.Lock()
        self._under_way = 0
        self._over = False

    def is_making(self) -> bool:
        """Whether a request that makes a pod is under way; none is begun after this was asked."""
        with self._lock:
            self._over = True
            return self._under_way > 0

    def waited_for(self) -> list[str]:
        """The pools that have not answered."""
        return sorted({f"probe of {_place(self.hosts[name])}" for name in self._waiting()})

    def _waiting(self) -> list[str]:
        return [name for name in self.hosts if name not in self._settled]

    def pull(self) -> None:
        """Make the pods, and wait until each has come to something."""
        in_parallel([self._making(name) for name in self.hosts])
        unread = ""
        while self._waiting() and self.api.remaining() > _END_SECONDS:
            until = time.monotonic() + _PAUSE_SECONDS
            try:
                self._follow()
                unread = ""
            except ReadError as error:
                unread = f"What became of its pod could not be read: {error.why.sentence}"
            if self._waiting():  # a watch may end at once, and each time
                time.sleep(max(0.0, min(until - time.monotonic(), self.api.remaining())))
        for name in self._waiting():
            self._settled[name] = unfinished(self._made.get(name), unread)
        told = [name for name in self._made if self._settled[name].result in (PULLED, FAILED, TIMED_OUT)]
        in_parallel([self._reading(name) for name in told])

    def _making(self, name: str) -> Callable[[], None]:
        return lambda: self._make(name)

    def _make(self, name: str) -> None:
        namespace = self.pods.subject.namespace
        try:
            answer = self._created(name)
            if answer is None:
                return
            if not isinstance(answer, Refusal):
                self._made[name] = answer
                changed = altered(self._bodies[name], answer)
                if changed:
                    self._settled[name] = Settled(NOT_PROBED, changed)
                    self.api.delete(namespace, name)  # before anything of it runs; at the end it is deleted again
                return
        except ReadError as error:
            # It may be there for all that; whatever became of it is not waited for.
            self._settled.setdefault(name, Settled(NOT_PROBED, error.why.sentence))
            return
        if is_without_namespace(answer):
            self.missing = Unreadable("not-found", f"No pod was started: there is no namespace {namespace}")
        self._settled[name] = refused(answer)

    def _created(self, name: str) -> Json | Refusal | None:
        """The answer to the request that makes a pod, tried again while the server is busy; ``None``: all is over."""
        pauses = iter(_BUSY_PAUSES)
        while True:
            with self._lock:
                if self._over:
                    return None
                self._under_way += 1
            try:
                answer = self.api.create(self.pods.subject.namespace, self._bodies[name])
            finally:
                with self._lock:
                    self._under_way -= 1
            busy = isinstance(answer, Refusal) and answer.status == _BUSY
            pause = next(pauses, None) if busy else None
            if pause is None:
                return answer
            time.sleep(max(0.0, min(pause, self.api.remaining() - _END_SECONDS)))

    def _follow(self) -> None:
        """Look at all pods, and then at what changes until the watch ends."""
        namespace, label = self.pods.subject.namespace, self.pods.label
        listed, revision = self.api.labelled(label, namespace)
        names = {text_at(each, "metadata", "name") for each in listed}
        for pod in listed:
            self._note(pod)
        for name in self._waiting():
            if name not in names:
                self._settled[name] = Settled(ENDED, GONE)
        if not self._waiting():
            return
        seconds = min(WATCH_SECONDS, self.api.remaining() - _END_SECONDS)
        for kind, pod in self.api.changes(namespace, label, revision, seconds):
            self._note(pod, kind == "DELETED")
            if not self._waiting() or self.api.remaining() <= _END_SECONDS:
                return

    def _note(self, pod: Json, deleted: bool = False) -> None:
        name = text_at(pod, "metadata", "name")
        if name not in self.hosts or name in self._settled:
            return
        found = settled(pod) or (Settled(ENDED, GONE) if deleted else None)
        placed = text_at(pod, "spec", "nodeName")
        if placed and placed != self.hosts[name].node.name:
            found = Settled(NOT_PROBED, f"Its pod was placed on another node, {placed}")
        self._made[name] = pod
        if found is not None:
            self._settled[name] = found

    def _reading(self, name: str) -> Callable[[], None]:
        return lambda: self._read_events(name)

    def _read_events(self, name: str) -> None:
        """What was told of a pod; kubelet writes of a pull after it has shown it in the status."""
        for number in range(_EVENT_TRIES):
            time.sleep(_EVENT_SECONDS if number else 0.0)
            selector = f"involvedObject.name={name}"
            self._events[name] = list(self.api.events(self.pods.subject.namespace, selector))
            if self._settled[name].result != PULLED or pull_told(self._events[name])[0] is not None:
                return

    def results(self) -> list[PoolProbe]:
        """What came of it on each node."""
        return [self._result(name, host) for name, host in self.hosts.items()]

    def _result(self, name: str, host: Host) -> PoolProbe:
        found, events = self._settled[name], self._events.get(name, [])
        milliseconds, size = pull_told(events) if found.result == PULLED else (None, None)
        message = found.message
        if found.result == FAILED:
            message = failure_text(self._made[name], events) or message
        elif found.result == TIMED_OUT:
            message = last_warning(events) or message
        return PoolProbe(
            pool=host.node.pool,
            result=found.result,
            node=host.node.name,
            pod=name if name in self._made else None,
            message=message,
            policy=found.policy,
            layers=found.result == PULLED and host.fetched(size),
            milliseconds=milliseconds,
            size=size,
            at=self.api.clock,
            node_image=host.node.labels.get(NODE_IMAGE),
        )

    def subject(self) -> ProbeSubject:
        """What was pulled as whom: with the pull secrets that the pods were given, be it by their service account."""
        for pod in self._made.values():
            named = (text_at(each, "name") for each in objects_in(member(pod, "spec", "imagePullSecrets")))
            return replace(self.pods.subject, pull_secrets=tuple(filter(None, named)))
        return self.pods.subject


def _place(host: Host) -> str:
    return host.node.pool or host.node.name
