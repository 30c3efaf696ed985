"""Checks on limits that pods run into: kubelet's own, and the registry's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ..facts import Facts, FailingContainer, Kubernetes, Unreadable, known
from ..model import Finding, Reach, Remedy, SeenFrom, Severity
from ..pull_errors.symptoms import FailedPull, failed_pulls
from ..quoting import fill_command

_PATCH = "kubectl patch {workload} --namespace {namespace} --type strategic --patch {patch}"
_MOST_WORKLOADS = 10
# Kinds whose pod template may be changed; that of a Job may not.
_PATCHABLE = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")

PULL_QPS_EXCEEDED = Outcome(
    id="kubelet.pull-qps-exceeded",
    severity=Severity.ERROR,
    summary="Kubelet on {nodes} refuses pulls itself: more than its own limit at once, 5 a second with bursts of 10. "
    "Pods that pull at every start: {always_pulling}.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster",
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=("nodes", "pods", "always_pulling", "workload", "namespace", "patch"),
    remedies=(
        RemedyTemplate("Let it pull only what the node does not have yet", _PATCH),
        RemedyTemplate(
            "A tag that is overwritten (latest) needs to be pulled at every start: give images tags of their own, and "
            "set imagePullPolicy: IfNotPresent in their manifests"
        ),
        RemedyTemplate("Start fewer pods at once: the limit counts all pulls of a node in a second"),
    ),
    explains=("kubelet-qps",),
    article="6",
)

THROTTLED = Outcome(
    id="registry.throttled",
    severity=Severity.ERROR,
    summary="Registry {registry} throttles the nodes (HTTP 429): {pods} get too many requests refused.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-skus#registry-throttling",
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=("registry", "subscription", "pods", "nodes", "message", "sku", "higher_sku"),
    remedies=(
        RemedyTemplate(
            "Move the registry to a tier with higher limits",
            "az acr update --name {registry} --subscription {subscription} --sku {higher_sku}",
        ),
        RemedyTemplate(
            "See how much of its storage and limits the registry uses",
            "az acr show-usage --name {registry} --subscription {subscription}",
        ),
        RemedyTemplate("Pull less at once: imagePullPolicy: IfNotPresent, smaller steps when scaling out"),
    ),
    explains=("registry-throttled",),
)


@check(
    "kubelet.pull-qps",
    needs=("kubernetes", "registry"),
    outcomes=(PULL_QPS_EXCEEDED,),
    seen_from=SeenFrom.KUBERNETES,
)
def kubelet_starts_every_pull_that_it_is_asked_for(facts: Facts) -> Iterator[Finding]:
    """Kubelet starts every pull that it is asked for.

    Kubelet limits the pulls that it starts (registryPullQPS 5, registryBurst 10, which AKS does
    not let anybody change); beyond that it fails a pull without asking the registry, so nothing
    that is read of the registry tells. Pods with ``imagePullPolicy: Always`` use the limit up at
    every start, also where the image is on the node.

    Decided by the text ``pull QPS exceeded`` of waiting containers. The remedy names the pods on
    the same nodes that fail and always pull.
    """
    nothing = _unread(facts)
    if nothing is not None:
        yield nothing
        return
    limited = [pull for pull in failed_pulls(facts)[0] if pull.symptom_class == "kubelet-qps"]
    if limited:
        yield _limited(limited, [each.container for side in failed_pulls(facts) for each in side], facts)
    else:
        yield from _not_certain(facts)


@check(
    "registry.throttling",
    needs=("kubernetes", "registry"),
    outcomes=(THROTTLED,),
    seen_from=SeenFrom.KUBERNETES,
)
def the_registry_answers_every_pull(facts: Facts) -> Iterator[Finding]:
    """The registry answers every request of the nodes.

    Each tier of a registry has a number of reads a minute and a bandwidth; beyond it the registry
    answers 429 and kubelet backs off. Scaling out with ``imagePullPolicy: Always`` or many large
    layers is enough
    (https://learn.microsoft.com/azure/container-registry/container-registry-skus#registry-throttling).

    Decided by the 429 in the messages of waiting containers. A 429 that a cache rule's upstream
    gave is another matter, and one to our own requests says nothing about the nodes.
    """
    nothing = _unread(facts)
    if nothing is not None:
        yield nothing
        return
    throttled = [
        pull
        for pull in failed_pulls(facts)[0]
        if pull.symptom_class == "registry-throttled" and pull.error.mechanism != "artifact-cache"
    ]
    if throttled:
        yield _throttled(throttled, facts)
    else:
        yield from _not_certain(facts)


def _unread(facts: Facts) -> Finding | None:
    """What to say where pods were not read; ``None``: they were."""
    cluster, kubernetes = facts.targets.cluster, facts.kubernetes
    if kubernetes is None:
        return skipped(cluster.id, "The Kubernetes API was not asked (--cluster-access none).")
    if isinstance(kubernetes, Unreadable):
        return unknown(cluster.id, kubernetes, decisive=False)
    if isinstance(kubernetes.failing, Unreadable):
        return unknown(cluster.id, kubernetes.failing, decisive=False)
    return None


def _not_certain(facts: Facts) -> Iterator[Finding]:
    """What keeps pods without such a message from a pass: some not read, or whose images they pull not known.

    Without the registry, a failing image's host is compared with the name that the user gave.
    """
    kubernetes = facts.kubernetes
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(facts.targets.cluster.id, kubernetes.overlooked, decisive=False)
    elif isinstance(kubernetes, Kubernetes) and kubernetes.failing:
        known(facts.registry)


def _limited(limited: list[FailedPull], failing: Iterable[FailingContainer], facts: Facts) -> Finding:
    nodes = sorted({pull.container.node for pull in limited if pull.container.node})
    always = [each for each in failing if each.pull_policy == "Always" and each.node in nodes]
    first = next((each for each in always if _workload(each)), None)
    finding = PULL_QPS_EXCEEDED.at(
        facts.targets.cluster.id,
        reach=_reach(limited),
        nodes=nodes or ["its node"],
        pods=_pods(pull.container for pull in limited),
        always_pulling=_pods(always),
        workload=_workload(first) if first else None,
        namespace=first.namespace if first else None,
        patch=_policy_patch(first) if first else None,
    )
    _, *advice = finding.remedies
    return replace(finding, remedies=(*_patches(always), *advice))


def _patches(always: Iterable[FailingContainer]) -> Iterator[Remedy]:
    """One command a container of a workload; a bare pod or a job is advised only."""
    done: set[tuple[str, str, str]] = set()
    for each in always:
        workload = _workload(each)
        key = (each.namespace, workload or "", each.container)
        if workload is None or key in done or len(done) >= _MOST_WORKLOADS:
            continue
        done.add(key)
        values = {"workload": workload, "namespace": each.namespace, "patch": _policy_patch(each)}
        yield Remedy(f"Let {workload} pull only what the node does not have yet", fill_command(_PATCH, values))


def _workload(container: FailingContainer | None) -> str | None:
    """``deployment/web``, where its pods can be given another pull policy."""
    kind, _, name = ((container.owner if container else None) or "").partition("/")
    return f"{kind.lower()}/{name}" if kind in _PATCHABLE and name else None


def _policy_patch(container: FailingContainer) -> str:
    change = [{"name": container.container, "imagePullPolicy": "IfNotPresent"}]
    return json.dumps({"spec": {"template": {"spec": {container.kind: change}}}}, separators=(",", ":"))


def _throttled(throttled: list[FailedPull], facts: Facts) -> Finding:
    registry = facts.registry
    sku = None if isinstance(registry, Unreadable) or isinstance(registry.sku, Unreadable) else registry.sku
    finding = THROTTLED.at(
        facts.targets.registry.given if isinstance(registry, Unreadable) else registry.id,
        reach=_reach(throttled),
        registry=facts.targets.registry.given if isinstance(registry, Unreadable) else registry.name,
        subscription=None if isinstance(registry, Unreadable) else registry.subscription,
        pods=_pods(pull.container for pull in throttled),
        nodes=sorted({pull.container.node for pull in throttled if pull.container.node}),
        message=throttled[0].container.message[:400],
        sku=sku,
        higher_sku={"basic": "Standard", "standard": "Premium"}.get((sku or "").lower()),
    )
    # Premium has no tier above it.
    return finding if finding.evidence["higher_sku"] else replace(finding, remedies=finding.remedies[1:])


def _reach(pulls: Iterable[FailedPull]) -> Reach:
    return Reach(pods=frozenset((pull.container.namespace, pull.container.pod) for pull in pulls))


def _pods(containers: Iterable[FailingContainer]) -> list[str]:
    return sorted({f"{each.namespace}/{each.pod}" for each in containers})[:_MOST_WORKLOADS]
