"""Checks on limits that pods run into: kubelet's own, and the registry's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..catalogue import Outcome, check, unknown
from ..details import Details, internal
from ..facts import Facts, FailingContainer, Kubernetes, Registry, known
from ..model import Finding, Reach, SeenFrom, Severity
from ..pull_errors.symptoms import FailedPull, failed_pulls, scope_unread
from ..quoting import quoted
from ..repairs import Step, option
from ._kubectl import GET_CREDENTIALS, Kubectl
from ._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names

_MOST_WORKLOADS = 10
_HIGHER_SKU = {"basic": "Standard", "standard": "Premium"}
# Kinds whose pod template may be changed; that of a Job may not.
_PATCHABLE = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")


@dataclass(frozen=True)
class Patch(Details):
    """The change to a workload that has one of its containers pulled only where the node lacks the image."""

    workload: str
    """``deployment/web``."""
    namespace: str
    patch: str


@dataclass(frozen=True)
class PullLimit(Details):
    """The nodes whose kubelet refuses pulls, and the pods that use up its limit; the first patch by itself."""

    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    always_pulling: tuple[str, ...]
    workload: str | None
    namespace: str | None
    patch: str | None
    patches: tuple[Patch, ...] = internal()


@dataclass(frozen=True)
class Throttling(Details):
    """The pods that a registry refuses too many requests, and its tier; ``None``: not known."""

    registry: str
    subscription: str | None
    pods: tuple[str, ...]
    nodes: tuple[str, ...]
    message: str
    sku: str | None
    higher_sku: str | None
    """``None``: there is no tier above it."""


_SEE_USAGE = "See how much of its storage and limits the registry uses"

PULL_QPS_EXCEEDED = Outcome(
    id="kubelet.pull-qps-exceeded",
    severity=Severity.ERROR,
    summary="Kubelet on {nodes} exceeds its own limit of pulls (5 a second, bursts of 10) and fails the others without "
    "asking the registry. Failing pods with imagePullPolicy Always: {always_pulling}.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster",
    seen_from=SeenFrom.KUBERNETES,
    details=(PullLimit, Kubectl),
    repairs=(
        option(
            GET_CREDENTIALS,
            Step(
                "Let {workload} pull only what the node does not have yet",
                "kubectl {kubectl} patch {workload} --namespace {namespace} --type strategic --patch {patch}",
                each="patches",
                requires=tuple(f"patch {kind.lower()}s" for kind in _PATCHABLE),
                changes="its pods are replaced",
                untold="How many pulls are left at once shows only when the pods start again.",
            ),
            when="patches",
        ),
        Step(
            "Only a tag that is overwritten (latest) needs a pull at every start: give each image a tag of its own, "
            "and set imagePullPolicy: IfNotPresent in their manifests"
        ),
        Step("Start fewer pods at once: the limit counts all pulls of a node in a second"),
    ),
    explains=("kubelet-qps",),
    article="6",
)

THROTTLED = Outcome(
    id="registry.throttled",
    severity=Severity.ERROR,
    summary="Registry {registry} throttles the nodes: it answers HTTP 429 (too many requests) to {pods}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-skus#registry-throttling",
    seen_from=SeenFrom.KUBERNETES,
    details=(Throttling,),
    repairs=(
        Step(
            "Move the registry to a tier with higher limits",
            "az acr update --name {registry} --subscription {subscription} --sku {higher_sku}",
            when="higher_sku",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="the registry costs more",
            untold="Whether the limits of the higher tier are enough shows only when the pods pull again.",
        ),
        Step(
            _SEE_USAGE,
            "az acr show-usage --name {registry} --subscription {subscription}",
            instead=_SEE_USAGE,
        ),
        Step("Pull less at once: imagePullPolicy: IfNotPresent, smaller steps when scaling out"),
    ),
    explains=("registry-throttled",),
)


@check(
    "kubelet.pull-qps",
    needs=("kubernetes", "registry", "options", "cluster"),
    outcomes=(PULL_QPS_EXCEEDED,),
    seen_from=SeenFrom.KUBERNETES,
)
def kubelet_starts_every_pull_that_it_is_asked_for(facts: Facts) -> Iterator[Finding]:
    """Kubelet starts every pull that it is asked for.

    Kubelet limits the pulls that it starts (registryPullQPS 5, registryBurst 10, which AKS does
    not let anybody change); beyond that it fails a pull without asking the registry, so nothing
    about the registry shows it. Pods with ``imagePullPolicy: Always`` use the limit up at
    every start, also where the image is on the node.

    Decided by the text ``pull QPS exceeded`` of waiting containers. The remedy names the pods on
    the same nodes that fail and always pull.
    """
    failing = failing_pods_of(facts)
    if not isinstance(failing, tuple):
        yield not_seen(facts, failing)
        return
    limited = [pull for pull in failed_pulls(facts)[0] if pull.symptom_class == "kubelet-qps"]
    if limited:
        yield _limited(limited, [each.container for side in failed_pulls(facts) for each in side], facts)
    else:
        yield from _not_certain(facts)


@check(
    "registry.throttling",
    needs=("kubernetes", "registry", "cluster"),
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
    failing = failing_pods_of(facts)
    if not isinstance(failing, tuple):
        yield not_seen(facts, failing)
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


def _not_certain(facts: Facts) -> Iterator[Finding]:
    """What keeps pods without such a message from a pass: some not read, or whose images they pull not known.

    See :func:`scope_unread`.
    """
    kubernetes = facts.kubernetes
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(facts.targets.cluster.id, kubernetes.overlooked, decisive=False)
    else:
        known(scope_unread(facts))


def _limited(limited: list[FailedPull], failing: Iterable[FailingContainer], facts: Facts) -> Finding:
    nodes = tuple(sorted({pull.container.node for pull in limited if pull.container.node}))
    always = [each for each in failing if each.pull_policy == "Always" and each.node in nodes]
    patches = tuple(dict.fromkeys(patch for each in always if (patch := _patch(each))))[:_MOST_WORKLOADS]
    first = patches[0] if patches else None
    limit = PullLimit(
        nodes=nodes or ("its node",),
        pods=pod_names(pull.container for pull in limited),
        always_pulling=pod_names(always),
        workload=first.workload if first else None,
        namespace=first.namespace if first else None,
        patch=first.patch if first else None,
        patches=patches,
    )
    return PULL_QPS_EXCEEDED.at(facts.targets.cluster.id, limit, Kubectl.of(facts), reach=_reach(limited))


def _patch(container: FailingContainer) -> Patch | None:
    """``None``: a bare pod's or a job's policy cannot be changed, so that is advised only."""
    workload = _workload(container)
    return Patch(workload, container.namespace, _policy_patch(container)) if workload else None


def _workload(container: FailingContainer) -> str | None:
    """``deployment/web``, where its pods can be given another pull policy."""
    kind, _, name = (container.owner or "").partition("/")
    return f"{kind.lower()}/{name}" if kind in _PATCHABLE and name else None


def _policy_patch(container: FailingContainer) -> str:
    change = [{"name": container.container, "imagePullPolicy": "IfNotPresent"}]
    return json.dumps({"spec": {"template": {"spec": {container.kind: change}}}}, separators=(",", ":"))


def _throttled(throttled: list[FailedPull], facts: Facts) -> Finding:
    registry = facts.registry if isinstance(facts.registry, Registry) else None
    given = facts.targets.registry.given
    sku = registry.sku if registry and isinstance(registry.sku, str) else None
    throttling = Throttling(
        registry=registry.name if registry else given,
        subscription=registry.subscription if registry else None,
        pods=pod_names(pull.container for pull in throttled),
        nodes=tuple(sorted({pull.container.node for pull in throttled if pull.container.node})),
        message=quoted(throttled[0].container.message, LONGEST_MESSAGE),
        sku=sku,
        higher_sku=_HIGHER_SKU.get((sku or "").lower()),
    )
    return THROTTLED.at(registry.id if registry else given, throttling, reach=_reach(throttled))


def _reach(pulls: Iterable[FailedPull]) -> Reach:
    return Reach(pods=frozenset((pull.container.namespace, pull.container.pod) for pull in pulls))
