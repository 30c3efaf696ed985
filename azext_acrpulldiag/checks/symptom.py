"""The check on what pods report: every failing pull must have an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ..catalogue import Outcome, check, unknown
from ..details import Details, internal
from ..facts import COMMAND_INVOKE, Facts, Kubernetes, Options, Unreadable, known
from ..facts.probe import POD_PREFIX
from ..images.mirrors import is_mirrored
from ..model import Finding, Reach, SeenFrom, Severity, Symptom
from ..pull_errors import classify
from ..pull_errors.explain import explanation_of
from ..pull_errors.symptoms import is_of_streaming_mirror, scope_unread, symptoms_of
from ..quoting import quoted
from ..repairs import Step, option
from ._kubectl import GET_CREDENTIALS, Kubectl
from ._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from ._named import ClusterNames
from .unexplained import Answers, Apart, RuledOut, Sizes

TROUBLESHOOT_URL = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
PODS = "symptom.pods"
_OF_THE_NODE = ("disk-full", "other", "server-error")
_OF_KUBELET = ("unauthorized-401", "credential-provider", "aad-token")
_OF_CONTAINERD = ("blob-download", "forbidden-403", "server-error", "timeout-network", "tls-trust")


@dataclass(frozen=True)
class Unexplained(Details):
    """Symptoms of one class: what they mean, and the first of them."""

    symptom_class: str
    meaning: str
    decided_by: str | None
    """The fact that would tell; ``None``: this run has read all that it is known to come from."""
    article_section: str | None
    message: str
    image: str
    containers: int
    pods: tuple[str, ...]
    pod: str
    namespace: str
    node: str | None
    last_tried: str | None = None
    """When the last of them failed, in UTC; ``None``: no event says so."""
    likely: tuple[str, ...] = internal(default=())
    """The outcomes that are known to cause it, likeliest first."""
    asks_other_nodes: bool = internal(default=False)
    """Whether ``decided_by`` asks if another node can pull the same image."""
    narrower: tuple[str, str] | None = internal(default=None)
    """A check, and what it means where that has passed."""
    at_streaming_mirror: bool = internal(default=False)
    """Whether the artifact streaming mirror on the node answered, and not the registry."""
    pod_is_there: bool = internal(default=True)
    """Whether the pod can be looked at: those of a probe are deleted."""
    through_registry: bool = internal(default=False)
    """Whether nodes ask the registry first for what the image's own host has, and the text is of that host."""

    @property
    def says_nothing(self) -> bool:
        """Whether the cause has expired, so that the text tells nothing of it."""
        return self.symptom_class == "backoff-only" and not self.through_registry and not self.at_streaming_mirror

    @property
    def may_be_of_the_node(self) -> bool:
        """Whether the node may tell more, and is known."""
        return self.symptom_class in _OF_THE_NODE and self.node is not None

    @property
    def told_by_kubelet(self) -> bool:
        """Whether kubelet's log on the node tells why it had no credential, or which it had."""
        return self.symptom_class in _OF_KUBELET and self.node is not None

    @property
    def told_by_containerd(self) -> bool:
        """Whether containerd's log on the node tells more of the request that failed, or nothing else is left to."""
        return self.node is not None and (self.symptom_class in _OF_CONTAINERD or not self.pod_is_there)

    @property
    def asks_kubectl(self) -> bool:
        """Whether a step has a command for kubectl, which takes credentials for the cluster."""
        return self.pod_is_there or self.says_nothing or self.may_be_of_the_node


_ON_THE_NODE = (
    "Either az vmss run-command invoke runs it there, which takes "
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action, or kubectl debug node/{node}, which "
    "starts a pod there"
)
UNEXPLAINED = Outcome(
    id="symptom.unexplained",
    severity=Severity.ERROR,
    summary="Pods fail with {symptom_class}, and no other finding explains it: {meaning}{answered}{size}{difference}"
    "{ruled} First: {pod}: {message}",
    url=TROUBLESHOOT_URL,
    seen_from=SeenFrom.KUBERNETES,
    details=(Unexplained, ClusterNames, Kubectl, Apart, RuledOut, Sizes, Answers),
    repairs=(
        option(
            replace(GET_CREDENTIALS, when=("kubeconfig_file", "asks_kubectl")),
            Step(
                "Read the pod's events and status",
                "kubectl {kubectl} describe pod {pod} --namespace {namespace}",
                when="pod_is_there",
            ),
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
                "Read the mirror's log of that time on node {node}: it has what the registry answered (journalctl -u "
                f"acr-mirror). {_ON_THE_NODE}",
                when=("at_streaming_mirror", "node"),
            ),
            Step(
                "Check its node for disk pressure, images and events",
                "kubectl {kubectl} describe node {node}",
                when="may_be_of_the_node",
            ),
            Step(
                "Compare these nodes with those that pulled it: VM size and OS disk (vmSize, osDiskType and "
                "osDiskSizeGb in az aks nodepool show) are what bounds the download and the unpacking of large layers; "
                "smaller layers, an ephemeral OS disk or a VM size with more bandwidth shorten both",
                when="sizes",
            ),
            Step(
                "Try another node image on some of these nodes, or the same image on nodes of another: az aks nodepool "
                "get-upgrades shows whether AKS has a newer one",
                when="other_image",
            ),
            Step(
                "Read kubelet's log of that time on node {node}: lines of the credential provider say why it had no "
                f"credential (journalctl -u kubelet; on Windows C:\\k\\kubelet.err.log). {_ON_THE_NODE}",
                when="told_by_kubelet",
            ),
            Step(
                "Read containerd's log of that time on node {node}: it has the whole request and answer (journalctl -u "
                f"containerd). {_ON_THE_NODE}",
                when="told_by_containerd",
            ),
            Step(
                "What was repaired after {last_tried} shows only when kubelet tries again, within five minutes; then "
                "run the diagnosis again",
                when="last_tried",
            ),
            Step("What decides: {decided_by}", when="decided_by"),
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
        yield unknown(cluster.id, _with_a_way_out(failing, facts.options), decisive=decisive)
        return
    by_class: dict[str, list[Symptom]] = {}
    for symptom in symptoms_of(facts)[0]:
        by_class.setdefault(symptom.symptom_class, []).append(symptom)
    for _, alike in sorted(by_class.items()):
        yield _unexplained(cluster.id, (ClusterNames.of(cluster), Kubectl.of(facts)), alike)
    kubernetes, named = facts.kubernetes, facts.targets.registry.is_named
    if isinstance(kubernetes, Kubernetes) and kubernetes.overlooked is not None:
        yield unknown(
            cluster.id,
            _with_a_way_out(kubernetes.overlooked, facts.options, "not all pods were read"),
            decisive=not named,
        )
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
    """``symptoms`` are of one class, and not none. What others find is told in the diagnosis."""
    first = min(symptoms, key=lambda each: each.pod.startswith(POD_PREFIX))
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
        last_tried=_utc(max(filter(None, map(_tries_again, symptoms)), default=None)),
        likely=meaning.outcomes,
        asks_other_nodes=meaning.asks_other_nodes,
        narrower=meaning.narrower,
        at_streaming_mirror=is_of_streaming_mirror(error),
        pod_is_there=not first.pod.startswith(POD_PREFIX),
        through_registry=is_mirrored(first.image) and first.symptom_class != error.symptom_class,
    )
    details = (unexplained, *of_cluster, Apart(), RuledOut(), Sizes(), Answers())
    return UNEXPLAINED.at(resource, *details, reach=reach, explains=(first.symptom_class,))


def _tries_again(symptom: Symptom) -> datetime | None:
    """When a pull failed that will be tried again; ``None``: no event says so, or it was a probe's, which is over."""
    return None if symptom.pod.startswith(POD_PREFIX) else symptom.last_seen


def _utc(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_a_way_out(why: Unreadable, options: Options, so: str = "pods were not read") -> Unreadable:
    """With what else may show them; what starts a pod is named to who left the way open, and never chosen."""
    so = f"{why.detail.rstrip('.')}; {so}"
    if options.cluster_access == COMMAND_INVOKE:
        in_azure = (why.permission or "").startswith("Microsoft.")
        narrower = "" if why.reason != "forbidden" or in_azure else " Give --namespace if you may read one."
        return replace(
            why, detail=f"{so}.{narrower} Where this machine reaches the API server, leave --cluster-access out"
        )
    if why.reason in ("unreachable", "timeout"):
        inside = ", or --cluster-access command-invoke, for which AKS starts a pod that asks from inside"
        by_file = options.kubeconfig is not None or options.context is not None
        detail = (
            f"{so}. A private cluster or one with authorized IP ranges can be reached from its network only: run this "
            f"there, or give --kubeconfig{inside if options.cluster_access == 'auto' and not by_file else ''}"
        )
    elif why.reason == "forbidden":
        detail = f"{so}. Give --namespace if you may read one, or --kubeconfig"
    else:
        detail = so
    return replace(why, detail=detail)
