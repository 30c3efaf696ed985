"""Workloads whose pods an admission policy refuses: what controllers write of it, and whether any pod runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

from ...facts import RefusedWorkload, Unreadable
from ...masking import masked
from ..ask.arm import Json, in_parallel
from ..members import member
from .api import KubeApi
from .objects import count_of, text_at, when, when_or_none
from .owners import owner_of
from .questions import Question

WORKLOADS = 20
"""How many refused workloads are looked at, the latest refused first."""
PODS = 5000
"""How many running pods of a namespace are looked through for theirs."""
RUNNING = "status.phase=Running"

_KINDS = ("ReplicaSet", "Job", "DaemonSet", "StatefulSet")
# A webhook's and a ValidatingAdmissionPolicy's words, as the API server writes them.
_DENIED = re.compile(
    r"admission webhook \"([^\"]{1,253})\" denied the request:|"
    r"ValidatingAdmissionPolicy '([^']{1,253})' with binding '[^']{1,253}' denied request:"
)


def policy_in(message: str) -> str | None:
    """The admission webhook or policy that a refusal is of; ``None``: it is of none."""
    denied = _DENIED.search(message)
    return (denied[1] or denied[2]) if denied else None


def refused_from(events: Iterable[Json]) -> tuple[RefusedWorkload, ...]:
    """The workloads that events ``FailedCreate`` of their controllers tell of, each with its newest text.

    Only those that an admission webhook or policy refused: a quota, or a webhook that does not answer, is no policy.
    """
    found: dict[tuple[str, ...], RefusedWorkload] = {}
    for event in sorted(events, key=when, reverse=True):
        kind, message = text_at(event, "involvedObject", "kind"), text_at(event, "message")
        policy = policy_in(message)
        if member(event, "reason") != "FailedCreate" or kind not in _KINDS or policy is None:
            continue
        namespace, name = text_at(event, "involvedObject", "namespace"), text_at(event, "involvedObject", "name")
        workload = RefusedWorkload(
            namespace=namespace,
            controller=f"{kind}/{name}",
            policy=policy,
            message=masked(message),
            count=count_of(event),
            last_seen=when_or_none(event),
        )
        found.setdefault((namespace, kind, name), workload)
    return tuple(islice(found.values(), WORKLOADS))


def running_of(api: KubeApi, refused: tuple[RefusedWorkload, ...]) -> tuple[RefusedWorkload, ...]:
    """The same with the pods of theirs that run; asks only where something was refused."""
    namespaces = _namespaces(refused)
    answers = dict(zip(namespaces, in_parallel([_running(api, each) for each in namespaces]), strict=True))
    return tuple(replace(each, running=_pods_of(each, answers[each.namespace])) for each in refused)


def running_pods_of(refused: Iterable[RefusedWorkload]) -> list[Question]:
    """What :func:`running_of` asks."""
    return [Question("pods", each, selector=RUNNING) for each in _namespaces(refused)]


def _namespaces(refused: Iterable[RefusedWorkload]) -> list[str]:
    return sorted({each.namespace for each in refused})


def _running(api: KubeApi, namespace: str) -> Callable[[], list[Json]]:
    return lambda: list(islice(api.pods(namespace, RUNNING), PODS + 1))


def _pods_of(workload: RefusedWorkload, pods: list[Json] | Unreadable) -> int | Unreadable:
    """How many of the running ``pods`` are the workload's."""
    if isinstance(pods, Unreadable):
        return pods
    owners = [owner_of(pod) for pod in pods]
    kind, _, name = workload.controller.partition("/")
    # A Deployment's pods are refused in the name of its newest ReplicaSet; those of older ones may still run.
    deployment = f"Deployment/{name.rpartition('-')[0]}"
    running = owners.count(deployment if kind == "ReplicaSet" and deployment in owners else workload.controller)
    if running == 0 and len(pods) > PODS:
        what = f"list pods in namespace {workload.namespace}"
        return Unreadable("unsupported", f"More than {PODS} pods run in namespace {workload.namespace}", what)
    return running
