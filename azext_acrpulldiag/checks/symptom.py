"""The check on what pods report: every failing pull must have an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..catalogue import Outcome, check, unknown
from ..details import Details, internal
from ..facts import Facts, Kubernetes, Unreadable, known
from ..images.mirrors import is_mirrored
from ..model import Finding, Reach, SeenFrom, Severity, Symptom
from ..pull_errors import classify
from ..pull_errors.explain import explanation_of
from ..pull_errors.symptoms import scope_unread, symptoms_of
from ..quoting import quoted
from ..repairs import Step, option
from ._kubectl import GET_CREDENTIALS, Kubectl
from ._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from ._named import ClusterNames

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
PODS = "symptom.pods"
_OF_THE_NODE = ("disk-full", "other", "server-error")


@dataclass(frozen=True)
class Unexplained(Details):
    """Symptoms of one class: what they mean, and the first of them."""

    symptom_class: str
    meaning: str
    decided_by: str
    article_section: str | None
    message: str
    image: str
    containers: int
    pods: tuple[str, ...]
    pod: str
    namespace: str
    node: str | None
    through_registry: bool = internal(default=False)
    """Whether nodes ask the registry first for what the image's own host has, and the text is of that host."""

    @property
    def says_nothing(self) -> bool:
        """Whether the cause has expired, so that the text tells nothing of it."""
        return self.symptom_class == "backoff-only" and not self.through_registry

    @property
    def may_be_of_the_node(self) -> bool:
        """Whether the node may tell more, and is known."""
        return self.symptom_class in _OF_THE_NODE and self.node is not None


UNEXPLAINED = Outcome(
    id="symptom.unexplained",
    severity=Severity.ERROR,
    summary="Pods fail with {symptom_class}, and no other finding explains it: {meaning} First: {pod}: {message}",
    url=TROUBLESHOOT_URL,
    seen_from=SeenFrom.KUBERNETES,
    details=(Unexplained, ClusterNames, Kubectl),
    repairs=(
        option(
            GET_CREDENTIALS,
            Step("Read the pod's events and status", "kubectl {kubectl} describe pod {pod} --namespace {namespace}"),
            Step(
                "The event that names the cause has expired; kubelet retries within 5 minutes and writes another: wait "
                "for it, then run the diagnosis again",
                "kubectl {kubectl} get events --namespace {namespace} --field-selector involvedObject.name={pod} "
                "--watch",
                when="says_nothing",
            ),
            Step(
                "Read the log of containerd on its node (journalctl -u containerd): it has what the registry answered "
                "before the node asked the image's own host",
                when="through_registry",
            ),
            Step(
                "Check its node for disk pressure, images and events",
                "kubectl {kubectl} describe node {node}",
                when="may_be_of_the_node",
            ),
            Step("What decides: {decided_by}"),
        ),
    ),
)


@check(
    PODS,
    needs=("kubernetes", "registry", "options", "cluster"),
    outcomes=(UNEXPLAINED,),
    seen_from=SeenFrom.KUBERNETES,
)
def every_failing_pull_is_explained(facts: Facts) -> Iterator[Finding]:
    """Every container that waits on an image of the registry is explained by another finding.

    What pods report is the fault itself; a report that names a cause which does not fit it would
    mislead. So each class of messages that no other finding accounts for, and
    that nothing unread could account for, is reported as it is, with what decides it.

    Decided by the waiting containers of Pending pods, and of pods that events of failed pulls
    name; container statuses first, events second, because they expire after about an hour. Only
    images whose host is the registry's, or resembles it, are judged, and on network-isolated clusters those of
    mcr.microsoft.com, which nodes get through the bootstrap registry (``bootstrapProfile`` of the cluster): where
    that fails, nodes ask mcr.microsoft.com itself, and that it is out of reach tells nothing. The diagnosis withdraws
    what another finding explains. Where pods cannot be read, the diagnosis goes on with what Azure shows.
    """
    cluster, failing = facts.targets.cluster, failing_pods_of(facts)
    if failing is None:
        yield not_seen(facts, failing)
        return
    if isinstance(failing, Unreadable):
        # A pod or namespace that the user named and that is not there: nothing is known of what was meant. Where no
        # registry is named either, pods alone can tell of one.
        decisive = failing.reason == "not-found" or not facts.targets.registry.is_named
        yield unknown(cluster.id, _with_a_way_out(failing), decisive=decisive)
        return
    by_class: dict[str, list[Symptom]] = {}
    for symptom in symptoms_of(facts)[0]:
        by_class.setdefault(symptom.symptom_class, []).append(symptom)
    for _, alike in sorted(by_class.items()):
        yield _unexplained(cluster.id, (ClusterNames.of(cluster), Kubectl.of(facts)), alike)
    kubernetes, named = facts.kubernetes, facts.targets.registry.is_named
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(cluster.id, _with_a_way_out(kubernetes.overlooked, "not all pods were read"), decisive=not named)
    known(scope_unread(facts))


def narrowed(finding: Finding, left: Sequence[Symptom]) -> Finding:
    """The finding about the symptoms that are ``left``, where others of its class are explained."""
    pods = frozenset((symptom.namespace, symptom.pod) for symptom in left)
    of_cluster = (finding.detail(ClusterNames), finding.detail(Kubectl))
    of_these = _unexplained(finding.resource, of_cluster, left, Reach(pods=pods))
    return replace(of_these, check=finding.check)


def _unexplained(
    resource: str, of_cluster: tuple[ClusterNames, Kubectl], symptoms: Sequence[Symptom], reach: Reach | None = None
) -> Finding:
    """``symptoms`` are of one class, and not none."""
    first = symptoms[0]
    error = classify(first.message)
    meaning = explanation_of(replace(error, symptom_class=first.symptom_class))
    unexplained = Unexplained(
        symptom_class=first.symptom_class,
        meaning=meaning.words,
        decided_by=meaning.decided_by,
        article_section=meaning.article,
        message=quoted(first.message, LONGEST_MESSAGE),
        image=first.image,
        containers=len(symptoms),
        pods=pod_names(symptoms),
        pod=first.pod,
        namespace=first.namespace,
        node=first.node,
        through_registry=is_mirrored(first.image) and first.symptom_class != error.symptom_class,
    )
    return UNEXPLAINED.at(resource, unexplained, *of_cluster, reach=reach, explains=(first.symptom_class,))


def _with_a_way_out(why: Unreadable, so: str = "pods were not read") -> Unreadable:
    if why.reason in ("unreachable", "timeout"):
        detail = (
            f"{why.detail.rstrip('.')}; {so}. A private cluster or one with authorized IP ranges can "
            "be reached from its network only: run this there, or give --kubeconfig"
        )
    elif why.reason == "forbidden":
        detail = f"{why.detail.rstrip('.')}; {so}. Give --namespace if you may read one, or --kubeconfig"
    else:
        detail = f"{why.detail.rstrip('.')}; {so}"
    return replace(why, detail=detail)
