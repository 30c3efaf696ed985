"""Pods that wait for the image of their sandbox (``pause``), before any image of their own is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..ask.arm import Json
from ..members import member
from .objects import objects_in, text_at, when

CREATE_FAILED = "FailedCreatePodSandBox"
"""The reason of kubelet's event, which is written of networks far more often than of images."""
NAME = "POD"
"""What the sandbox stands under among the containers of its pod, as kubelet has called it."""
# ``RunPodSandbox`` in internal/cri/server/podsandbox/sandbox_run.go of https://github.com/containerd/containerd
_IMAGE = re.compile(r'failed to get sandbox image "([^"\s]{1,512})"')


def sandbox_image(message: str) -> str | None:
    """The image that a sandbox could not be made without; ``None``: the message is of something else."""
    found = _IMAGE.search(message)
    return found[1] if found else None


def sandbox_not_created(pod: Json, events: Iterable[Json]) -> tuple[str, Json] | None:
    """The image that a pod's sandbox waits for, and the newest event, which says so; ``None``: it waits for none.

    The sandbox is there as soon as a container has got further than ``ContainerCreating``, or condition
    ``PodReadyToStartContainers`` says so, whatever events remain. Events of an earlier pod of that name do not count.
    """
    uid = member(pod, "metadata", "uid")
    theirs = (each for each in events if not uid or member(each, "involvedObject", "uid") in (None, uid))
    told = max((each for each in theirs if member(each, "reason") == CREATE_FAILED), key=when, default=None)
    image = None if told is None else sandbox_image(text_at(told, "message"))
    if told is None or image is None or text_at(pod, "status", "phase") != "Pending" or _has_begun(pod):
        return None
    return image, told


def _has_begun(pod: Json) -> bool:
    for condition in objects_in(member(pod, "status", "conditions")):
        if text_at(condition, "type") == "PodReadyToStartContainers" and text_at(condition, "status") == "True":
            return True
    every = ("initContainerStatuses", "containerStatuses")
    statuses = [status for each in every for status in objects_in(member(pod, "status", each))]
    reasons = {text_at(status, "state", "waiting", "reason") for status in statuses}
    return not reasons <= {"ContainerCreating", "PodInitializing"}
