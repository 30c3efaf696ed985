"""The check on what pods report: every failing pull must have an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ..facts import Facts, Kubernetes, Unreadable, known
from ..model import Finding, Reach, SeenFrom, Severity, Symptom
from ..pull_errors import classify
from ..pull_errors.explain import explanation_of
from ..pull_errors.symptoms import symptoms_of

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
PODS = "symptom.pods"
_LONGEST_MESSAGE = 400
_MOST_PODS = 10

_DESCRIBE_POD = RemedyTemplate("Read the pod's own account", "kubectl describe pod {pod} --namespace {namespace}")
_START_AGAIN = RemedyTemplate(
    "Where the cause has expired: let the controller start the pod again, and run this within the hour",
    "kubectl delete pod {pod} --namespace {namespace}",
)
_DESCRIBE_NODE = RemedyTemplate(
    "See the disk pressure, the images and the events of its node", "kubectl describe node {node}"
)
_DECIDES = RemedyTemplate("What decides: {decided_by}")

UNEXPLAINED = Outcome(
    id="symptom.unexplained",
    severity=Severity.ERROR,
    summary="Pods fail with {symptom_class}, and nothing that was read explains it: {meaning} First: {pod}: {message}",
    url=TROUBLESHOOT_URL,
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=(
        "symptom_class",
        "meaning",
        "decided_by",
        "article_section",
        "message",
        "image",
        "containers",
        "pods",
        "pod",
        "namespace",
        "node",
        "cluster",
        "resource_group",
    ),
    remedies=(_DESCRIBE_POD, _START_AGAIN, _DESCRIBE_NODE, _DECIDES),
)
_OF_THE_NODE = ("disk-full", "other", "server-error")


@check(
    PODS,
    needs=("kubernetes", "registry"),
    outcomes=(UNEXPLAINED,),
    seen_from=SeenFrom.KUBERNETES,
)
def every_failing_pull_is_explained(facts: Facts) -> Iterator[Finding]:
    """Every container that waits on an image of the registry is explained by another finding.

    What pods report is the fault itself; a report that names a cause which does not fit it would
    send people the wrong way. So each class of messages that no other finding accounts for, and
    that nothing unread could account for, is reported as it is, with what decides it.

    Decided by the waiting containers of Pending pods, and of pods that events of failed pulls
    name; container statuses first, events second, because they expire after about an hour. Only
    images whose host is the registry's, or resembles it, are judged. The diagnosis withdraws what
    another finding explains. Where pods cannot be read, the run goes on with what Azure tells.
    """
    cluster = facts.targets.cluster
    kubernetes = facts.kubernetes
    if kubernetes is None:
        yield skipped(cluster.id, "The Kubernetes API was not asked (--cluster-access none).")
        return
    unread = kubernetes if isinstance(kubernetes, Unreadable) else kubernetes.failing
    if isinstance(unread, Unreadable):
        # A pod or namespace that the user named and that is not there: nothing is known of what was meant.
        yield unknown(cluster.id, _with_a_way_out(unread), decisive=unread.reason == "not-found")
        return
    by_class: dict[str, list[Symptom]] = {}
    for symptom in symptoms_of(facts)[0]:
        by_class.setdefault(symptom.symptom_class, []).append(symptom)
    for _, alike in sorted(by_class.items()):
        yield _unexplained(cluster.id, alike, cluster=cluster.name, resource_group=cluster.resource_group)
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(cluster.id, _with_a_way_out(kubernetes.overlooked, "not all pods were read"), decisive=False)
    if isinstance(kubernetes, Kubernetes) and kubernetes.failing:
        known(facts.registry)  # what is in scope was judged by its name alone


def narrowed(finding: Finding, left: Sequence[Symptom]) -> Finding:
    """The finding about the symptoms that are ``left``, where others of its class are explained."""
    names = {key: finding.evidence[key] for key in ("cluster", "resource_group")}
    pods = frozenset((symptom.namespace, symptom.pod) for symptom in left)
    of_these = _unexplained(finding.resource, left, **names)
    return replace(of_these, check=finding.check, seen_from=finding.seen_from, reach=Reach(pods=pods))


def _unexplained(resource: str, symptoms: Sequence[Symptom], **names: Any) -> Finding:
    """``symptoms`` are of one class, and not none."""
    first = symptoms[0]
    meaning = explanation_of(replace(classify(first.message), symptom_class=first.symptom_class))
    pods = sorted({f"{symptom.namespace}/{symptom.pod}" for symptom in symptoms})
    finding = replace(UNEXPLAINED, remedies=tuple(_remedies(first))).at(
        resource,
        symptom_class=first.symptom_class,
        meaning=meaning.words,
        decided_by=meaning.decided_by,
        article_section=meaning.article,
        message=first.message[:_LONGEST_MESSAGE],
        image=first.image[:_LONGEST_MESSAGE],
        containers=len(symptoms),
        pods=pods[:_MOST_PODS],
        pod=first.pod,
        namespace=first.namespace,
        node=first.node,
        **names,
    )
    return replace(finding, explains=(first.symptom_class,))


def _remedies(symptom: Symptom) -> Iterator[RemedyTemplate]:
    yield _DESCRIBE_POD
    if symptom.symptom_class == "backoff-only":
        yield _START_AGAIN
    if symptom.symptom_class in _OF_THE_NODE and symptom.node is not None:
        yield _DESCRIBE_NODE
    yield _DECIDES


def _with_a_way_out(why: Unreadable, so: str = "pods were not read") -> Unreadable:
    if why.reason in ("unreachable", "timeout"):
        detail = (
            f"{why.detail.rstrip('.')}; {so}. A private cluster or one with authorized IP ranges answers "
            "inside its network only: run this there, or give --kubeconfig"
        )
    elif why.reason == "forbidden":
        detail = f"{why.detail.rstrip('.')}; {so}. Give --namespace if you may read one, or --kubeconfig"
    else:
        detail = f"{why.detail.rstrip('.')}; {so}"
    return replace(why, detail=detail)
