"""Pods that are replaced, or that pull at last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..access.standing import Held, may_pull
from ..facts import (
    ACCOUNT,
    FAILING_POD,
    RUNNING_POD,
    Facts,
    FailingContainer,
    Kubernetes,
    PulledImage,
    Puller,
    PullSecret,
    Registry,
    RunningPod,
    RunningPods,
)
from ..pull_errors.symptoms import FailedPull, failed_pulls
from ..repairs import Effect

ContainerKey = tuple[str, str, str]
"""Namespace, pod, container."""
_PodKey = tuple[str, str]


def key_of(container: FailingContainer) -> ContainerKey:
    """What tells a container from others."""
    return container.namespace, container.pod, container.container


def failing_in(facts: Facts) -> tuple[FailingContainer, ...]:
    """The containers that wait, as far as they were read."""
    kubernetes = facts.kubernetes
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else ()
    return failing if isinstance(failing, tuple) else ()


def changed(facts: Facts, change: Callable[[FailingContainer], FailingContainer]) -> Facts:
    """The facts with ``change`` made to every container that waits."""
    kubernetes = facts.kubernetes
    if not isinstance(kubernetes, Kubernetes) or not isinstance(kubernetes.failing, tuple):
        return facts
    return replace(facts, kubernetes=replace(kubernetes, failing=tuple(map(change, kubernetes.failing))))


def is_of(pod: FailingContainer | RunningPod, workload: str) -> bool:
    """Tell whether a pod is one of ``deployment/web``, or is itself ``pod/web-1``."""
    kind, _, name = workload.partition("/")
    if kind == "pod":
        return name == (pod.pod if isinstance(pod, FailingContainer) else pod.name)
    owner_kind, _, owner = (pod.owner or "").partition("/")
    return (owner_kind.lower(), owner) == (kind, name)


# --- commands ------------------------------------------------------------------------------


def image_set(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``kubectl set image``: ``suggestion`` for ``container`` of ``workload``, whose pods are replaced.

    What they said of the former name tells nothing of the new one, which the registry has. Whether they may have it
    from there is judged by who pulls and by the way there.
    """

    def renamed(each: FailingContainer) -> FailingContainer:
        return replace(each, image=values["suggestion"]) if is_it(each) else each

    def is_it(each: FailingContainer) -> bool:
        here = each.namespace == values["namespace"] and each.container == values["container"]
        return here and is_of(each, values["workload"])

    return pulled(changed(facts, renamed), (key_of(each) for each in failing_in(facts) if is_it(each)))


def moved(kind: str) -> Effect:
    """A node selector for a workload of this kind, which the detail ``kind`` names: its pods go to other nodes."""

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        workload, namespace = f"{kind}/{values[kind]}", values["namespace"]
        pods = (each for each in failing_in(facts) if each.namespace == namespace and is_of(each, workload))
        return pulled(facts, map(key_of, pods))

    return effect


# --- pods that have pulled -------------------------------------------------------------------


def pulled(facts: Facts, keys: Iterable[ContainerKey]) -> Facts:
    """The facts of a run that finds these containers with their images.

    Their pods run, if none of their containers waits any more, and have just pulled; on which node is left out, since
    it has not happened and is to speak against nothing else.
    """
    gone, kubernetes = frozenset(keys), facts.kubernetes
    if not gone or not isinstance(kubernetes, Kubernetes) or not isinstance(kubernetes.failing, tuple):
        return facts
    done = [each for each in kubernetes.failing if key_of(each) in gone]
    left = tuple(each for each in kubernetes.failing if key_of(each) not in gone)
    events = kubernetes.pulled
    if isinstance(events, tuple):
        events += tuple(PulledImage(each.image, None, None, facts.now, each.namespace, each.pod) for each in done)
    facts = replace(facts, kubernetes=replace(kubernetes, failing=left, pulled=events))
    return _without_unnamed(_running(facts, _pods_of(done, left)))


def pulled_where(facts: Facts, chosen: Callable[[FailedPull], bool]) -> Facts:
    """The same for these failed pulls of the registry, whose messages tell of what is no more."""
    return pulled(facts, (key_of(pull.container) for pull in failed_pulls(facts)[0] if chosen(pull)))


def _pods_of(done: Iterable[FailingContainer], left: Iterable[FailingContainer]) -> dict[_PodKey, RunningPod]:
    waiting = {(each.namespace, each.pod) for each in left}
    pods: dict[_PodKey, RunningPod] = {}
    for each in done:
        key = (each.namespace, each.pod)
        if key not in waiting:
            before = pods[key].images if key in pods else ()
            pods[key] = RunningPod(*key, (*before, each.image), each.pull_secrets, each.owner)
    return pods


def _running(facts: Facts, pods: Mapping[_PodKey, RunningPod]) -> Facts:
    """Pods that run besides those that were read.

    Where none were read, since the pods that failed told who pulls, these are all that is known of.
    """
    running = facts.running
    if isinstance(running, RunningPods):
        running = replace(running, pods=(*running.pods, *pods.values()))
    elif running is None:
        running = RunningPods(tuple(pods.values()), complete=True)
    facts = replace(facts, running=running)
    if isinstance(facts.pull_secrets, tuple):
        secrets = tuple(_named_by_running(each, pods) for each in facts.pull_secrets)
        facts = replace(facts, pull_secrets=secrets)
    return without_needless(facts)


def without_needless(facts: Facts) -> Facts:
    """The facts without pods that run, and their secrets, where nobody needs to know by what they pull.

    A run reads them only where the nodes' identity may not pull.
    """
    if facts.running is None or not _everybody_may_pull(facts):
        return facts
    facts = replace(facts, running=None)
    if not isinstance(facts.pull_secrets, tuple):
        return facts
    named = (_named(each, lambda name: not name.startswith(RUNNING_POD)) for each in facts.pull_secrets)
    return replace(facts, pull_secrets=tuple(each for each in named if each.named_by))


def _named(secret: PullSecret, by: Callable[[str], bool]) -> PullSecret:
    return replace(secret, named_by=tuple(filter(by, secret.named_by)))


def _named_by_running(secret: PullSecret, pods: Collection[_PodKey]) -> PullSecret:
    gone = {f"{FAILING_POD}{pod}" for namespace, pod in pods if namespace == secret.namespace}
    renamed = (f"{RUNNING_POD}{name.removeprefix(FAILING_POD)}" if name in gone else name for name in secret.named_by)
    return replace(secret, named_by=tuple(sorted(set(renamed))))


def _without_unnamed(facts: Facts) -> Facts:
    """Without what only pods that fail lead a run to: secrets of their accounts, and images that name no host."""
    failing = failing_in(facts)
    if isinstance(facts.pull_secrets, tuple):
        accounts = {(pod.namespace, f"{ACCOUNT}{pod.service_account}") for pod in failing if not pod.pull_secrets}
        named = (_named(each, partial(_is_asked, each.namespace, accounts)) for each in facts.pull_secrets)
        facts = replace(facts, pull_secrets=tuple(each for each in named if each.named_by))
    if isinstance(facts.hostless_images, tuple):
        texts = {pod.image for pod in failing}
        left = tuple(each for each in facts.hostless_images if each.text in texts)
        facts = replace(facts, hostless_images=left or None)
    return facts


def _is_asked(namespace: str, accounts: Collection[tuple[str, str]], name: str) -> bool:
    return not name.startswith(ACCOUNT) or (namespace, name) in accounts


def _everybody_may_pull(facts: Facts) -> bool:
    """Whether it is certain that pods need no secret, or have identities of their own."""
    registry, access = facts.registry, facts.access
    if access.by_account is not None:
        return True
    if not isinstance(registry, Registry):
        return False
    by_role = isinstance(access.puller, Puller) and may_pull(registry, Held.by(access.puller, access)) is True
    return registry.anonymous_pull is True or by_role
