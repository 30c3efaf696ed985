"""The check on what pods report: every failing pull must have an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from ..catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ..explain import explanation_of
from ..facts import Facts, Kubernetes, Unreadable, known
from ..model import Finding, SeenFrom, Severity
from ..quoting import printable
from ..symptoms import FailedPull, failed_pulls

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
PODS = "symptom.pods"
_LONGEST_MESSAGE = 400
_MOST_PODS = 10

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
    remedies=(
        RemedyTemplate("Read the pod's own account", "kubectl describe pod {pod} --namespace {namespace}"),
        RemedyTemplate(
            "Where the cause has expired: let the controller start the pod again, and run this within the hour",
            "kubectl delete pod {pod} --namespace {namespace}",
        ),
        RemedyTemplate("See the disk pressure, the images and the events of its node", "kubectl describe node {node}"),
        RemedyTemplate("What decides: {decided_by}"),
    ),
)
_DELETES = 1
_NODE = 2
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
    inside, _ = failed_pulls(facts)
    for symptom_class, pulls in groupby(sorted(inside, key=lambda pull: pull.symptom_class), _class_of):
        yield _unexplained(symptom_class, list(pulls), facts)
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(cluster.id, _with_a_way_out(kubernetes.overlooked, "not all pods were read"), decisive=False)
    if isinstance(kubernetes, Kubernetes) and kubernetes.failing:
        known(facts.registry)  # what is in scope was judged by its name alone


def _class_of(pull: FailedPull) -> str:
    return pull.symptom_class


def _unexplained(symptom_class: str, pulls: list[FailedPull], facts: Facts) -> Finding:
    first, cluster = pulls[0].container, facts.targets.cluster
    meaning = explanation_of(replace(pulls[0].error, symptom_class=symptom_class))
    pods = sorted({f"{pull.container.namespace}/{pull.container.pod}" for pull in pulls})
    finding = UNEXPLAINED.at(
        cluster.id,
        symptom_class=symptom_class,
        meaning=meaning.words,
        decided_by=meaning.decided_by,
        article_section=meaning.article,
        message=printable(first.message[:_LONGEST_MESSAGE]),
        image=printable(first.image[:_LONGEST_MESSAGE]),
        containers=len(pulls),
        pods=pods[:_MOST_PODS],
        pod=first.pod,
        namespace=first.namespace,
        node=first.node,
        cluster=cluster.name,
        resource_group=cluster.resource_group,
    )
    left_out = {_DELETES} if symptom_class != "backoff-only" else set()
    if symptom_class not in _OF_THE_NODE or first.node is None:
        left_out.add(_NODE)
    remedies = tuple(each for index, each in enumerate(finding.remedies) if index not in left_out)
    return replace(finding, remedies=remedies, explains=(symptom_class,))


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
