"""What became of a probe's pod, by its status and its events. Pure.

The order in which kubelet works is that of ``startContainer`` in ``pkg/kubelet/kuberuntime/kuberuntime_container.go``
of https://github.com/kubernetes/kubernetes: the image is pulled first, and all that may go wrong with the container
comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..collect.ask.arm import Json
from ..collect.kubernetes.objects import objects_in, text_at, when
from ..collect.kubernetes.refused import policy_in
from ..collect.kubernetes.workloads import WAITING_REASONS, failing_from
from ..collect.members import member
from ..facts.probe import ENDED, FAILED, NOT_PROBED, NOT_SCHEDULABLE, PULLED, REFUSED, TIMED_OUT
from ..images.references import is_pinned_from
from ..masking import masked
from .api import Refusal
from .pod import CONTAINER

LONGEST = 2000
_AFTER_THE_PULL = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff")
_LOST = "ContainerStatusUnknown"
_PULLED = re.compile(
    r'Successfully pulled image "[^"]+" in (?P<took>[\d.hmsµnu]+)(?: \([^)]*\))?(?:\. Image size: (?P<size>\d+) bytes)?'
)
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|µs|us|ns|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_CONSTRAINT = re.compile(r"denied the request: \[([\w.-]{1,253})\]")
_SECURITY = re.compile(r"violates PodSecurity \"([\w.:-]{1,63})\"")
_QUOTA = re.compile(r"(?:exceeded|failed) quota: ([\w.-]{1,253})")
_NO_RIGHT = re.compile(r"is forbidden: User (?:\S+|\"[^\"]*\") cannot create resource")
_NO_NAMESPACE = re.compile(r"^namespaces \"")


@dataclass(frozen=True)
class Settled:
    """What is known to have become of a pod."""

    result: str
    message: str = ""
    policy: str | None = None


def settled(pod: Json) -> Settled | None:
    """What became of a pod; ``None``: it goes on."""
    status = _ours(member(pod, "status", "containerStatuses"))
    waiting = text_at(status, "state", "waiting", "reason")
    ended = text_at(status, "state", "terminated", "reason")
    if waiting in WAITING_REASONS:
        return Settled(FAILED, text_at(status, "state", "waiting", "message"))
    started = waiting in _AFTER_THE_PULL or isinstance(member(status, "state", "running"), dict)
    if text_at(status, "imageID") or started or (ended and ended != _LOST):
        return Settled(PULLED)
    reason, message = text_at(pod, "status", "reason"), text_at(pod, "status", "message")
    if reason == "DeadlineExceeded":
        return Settled(TIMED_OUT, message)
    if text_at(pod, "status", "phase") in ("Failed", "Succeeded"):
        return Settled(ENDED, ": ".join(filter(None, (reason, message))))
    for condition in objects_in(member(pod, "status", "conditions")):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return Settled(NOT_SCHEDULABLE, text_at(condition, "message"))
    if text_at(pod, "metadata", "deletionTimestamp"):
        return Settled(ENDED, GONE)
    return None


def unfinished(pod: Json | None, unread: str) -> Settled:
    """What became of a pod by the end of the time, as it was last seen; ``unread``: why that was not of late."""
    if unread or pod is None or text_at(pod, "spec", "nodeName"):
        return Settled(TIMED_OUT, unread)
    conditions = objects_in(member(pod, "status", "conditions"))
    said = (text_at(each, "message") for each in conditions if each.get("type") == "PodScheduled")
    return Settled(NOT_SCHEDULABLE, next(filter(None, said), "The scheduler did not place it in time."))


def _ours(of_containers: object) -> Json:
    """That of our container among those that others may have added to the pod; empty: there is none."""
    return next((each for each in objects_in(of_containers) if each.get("name") == CONTAINER), {})


GONE = "Somebody deleted its pod."
_OF_CONTAINER = ("image", "imagePullPolicy", "command", "args")
_OF_POD = ("serviceAccountName", "affinity")


def altered(asked: Json, stored: Json) -> str:
    """What admission changed of a pod, so that it would not show what was asked; empty: nothing.

    With another image, policy, identity or place its result is of something else, and another command may run.
    """
    ours = [_ours(member(each, "spec", "containers")) for each in (asked, stored)]
    specs = [member(each, "spec") for each in (asked, stored)]
    for names, (before, after) in ((_OF_CONTAINER, ours), (_OF_POD, specs)):
        for name in names:
            was, now = member(before, name), member(after, name)
            pinned = name == "image" and is_pinned_from(str(now), str(was))  # a policy may put digests for tags
            if was != now and not pinned:
                to = f" to {now}" if isinstance(now, str) else ""
                return masked(f"Admission changed {name} of its pod{to}")[:LONGEST]
    return ""


def refused(refusal: Refusal) -> Settled:
    """What it means that a pod was not made."""
    message = masked(refusal.message)[:LONGEST] or f"HTTP {refusal.status} from the API server"
    by_policy = policy_in(message)  # which may answer with any status
    if _NO_RIGHT.search(message) or not (by_policy or refusal.status in (400, 403, 422)):
        return Settled(NOT_PROBED, message)
    found = next(filter(None, (each.search(message) for each in (_CONSTRAINT, _QUOTA))), None)
    security = _SECURITY.search(message)
    policy = found[1] if found else f"PodSecurity {security[1]}" if security else by_policy
    return Settled(REFUSED, message, policy)


def is_without_namespace(refusal: Refusal) -> bool:
    """Whether a pod was not made since there is no such namespace."""
    return refusal.status == 404 and bool(_NO_NAMESPACE.match(refusal.message))


def failure_text(pod: Json, events: Iterable[Json]) -> str:
    """Why the pull failed: the text that names the cause, be it the status's or an event's; secrets masked."""
    failing = (each.message for each in failing_from([pod], events) if each.container == CONTAINER)
    return next(failing, "")


def last_warning(events: Iterable[Json]) -> str:
    """What was last said of a pod that came to no end; empty: nothing."""
    warnings = [each for each in events if each.get("type") == "Warning"]
    return masked(text_at(max(warnings, key=when, default={}), "message"))[:LONGEST]


def pull_told(events: Iterable[Json]) -> tuple[int | None, int | None]:
    """Milliseconds that a pull took and bytes of the image, as the event ``Pulled`` tells them."""
    for event in events:
        found = _PULLED.match(text_at(event, "message")) if event.get("reason") == "Pulled" else None
        if found:
            return round(1000 * _seconds(found["took"])), int(found["size"]) if found["size"] else None
    return None, None


def _seconds(duration: str) -> float:
    """A duration as Go writes it: ``1m2.5s``."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))
