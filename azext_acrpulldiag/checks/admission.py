"""The check on pods that never came to be, because an admission policy refuses their image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..catalogue import Outcome, check, skipped, unknown
from ..details import Details
from ..facts import Facts, Kubernetes, RefusedWorkload, Unreadable
from ..model import Finding, SeenFrom, Severity
from ..pull_errors.symptoms import is_of_registry
from ..quoting import printable
from ..repairs import Step, option
from ._kubectl import GET_CREDENTIALS, Kubectl
from ._kubernetes import LONGEST_MESSAGE, not_seen

_URL = re.compile(r"https?://\S{1,500}")
_REFERENCE = re.compile(r"[\w.:-]{1,255}/[\w.:@/-]{1,500}")
_ABOUT_AN_IMAGE = re.compile(
    r"\bimages?\b|\btags?\b|\bdigest|\bregistr(?:y|ies)\b|\bsignature|verification", re.IGNORECASE
)


@dataclass(frozen=True)
class Denial(Details):
    """What refused the pods of a workload, and how many of its pods run."""

    namespace: str
    controller: str
    policy: str
    image: str | None
    running: int
    count: int | None
    message: str
    consequence: str


ADMISSION_DENIED = Outcome(
    id="symptom.admission-denied",
    severity=Severity.ERROR,
    summary="An admission policy ({policy}) refuses the pods of {controller} in namespace {namespace} for their image, "
    "so that nothing is pulled. {consequence}: {message}",
    url="https://learn.microsoft.com/azure/aks/use-azure-policy",
    seen_from=SeenFrom.KUBERNETES,
    details=(Denial, Kubectl),
    repairs=(
        option(
            GET_CREDENTIALS,
            Step(
                "Read what the policy answered",
                "kubectl {kubectl} describe {controller} --namespace {namespace}",
                requires=("get replicasets", "get jobs", "get daemonsets", "get statefulsets"),
            ),
            Step(
                "Use an image that the policy allows, or have whoever owns the policy allow this one; the controller "
                "tries again by itself"
            ),
        ),
    ),
    explains=("admission-denied",),
)


@check(
    "symptom.admission",
    needs=("kubernetes", "registry", "options", "cluster"),
    outcomes=(ADMISSION_DENIED,),
    seen_from=SeenFrom.KUBERNETES,
)
def no_policy_refuses_an_image(facts: Facts) -> Iterator[Finding]:
    """No admission policy refuses pods for an image of the registry.

    A pod that is refused never exists: it has no status and no event of a pull, and the workload is short of pods
    without anything that fails.

    Decided by events ``FailedCreate`` of replica sets, jobs, daemon sets and stateful sets, which say what an admission
    webhook (Gatekeeper with Azure Policy, Ratify, others) or a ValidatingAdmissionPolicy answered. A text that names
    images of other registries only is out of scope, and so is one about something else than an image. An error where
    no pod of the workload runs, those of older replica sets included, else a warning.
    """
    kubernetes, cluster = facts.kubernetes, facts.targets.cluster
    if not isinstance(kubernetes, Kubernetes):
        yield not_seen(facts, kubernetes)
        return
    if isinstance(kubernetes.refused, Unreadable):
        yield unknown(cluster.id, kubernetes.refused, decisive=False)
        return
    refused = [(each, image) for each in kubernetes.refused for image in _image_of(each, facts)]
    if not refused:
        yield skipped(cluster.id, "No workload was refused a pod for an image in the last hour.")
    for each, image in refused:
        if isinstance(each.running, Unreadable):
            yield unknown(_resource(each), each.running)
        else:
            yield _denied(each, image, each.running, facts)


def _image_of(workload: RefusedWorkload, facts: Facts) -> tuple[str | None, ...]:
    """The image of the registry that a text names, or one ``None`` where it names none; empty: it is out of scope."""
    told = _URL.sub(" ", workload.message.partition("denied")[2])
    named = [each.rstrip(".:,") for each in _REFERENCE.findall(told)]
    hosts = [each for each in named if "." in each.partition("/")[0] or ":" in each.partition("/")[0]]
    ours = [each for each in hosts if is_of_registry(each, facts)]
    if ours:
        return (ours[0],)
    return (None,) if not hosts and _ABOUT_AN_IMAGE.search(told) else ()


def _denied(workload: RefusedWorkload, image: str | None, running: int, facts: Facts) -> Finding:
    kind, _, name = workload.controller.partition("/")
    pods = "1 pod of it runs" if running == 1 else f"{running} pods of it run"
    denial = Denial(
        namespace=workload.namespace,
        controller=f"{kind.lower()}/{name}",
        policy=printable(workload.policy),
        image=image,
        running=running,
        count=workload.count,
        message=printable(workload.message[:LONGEST_MESSAGE]),
        consequence=f"{pods} as before" if running else "No pod of it runs",
    )
    severity = Severity.WARNING if running else Severity.ERROR
    return ADMISSION_DENIED.at(_resource(workload), denial, Kubectl.of(facts), severity=severity)


def _resource(workload: RefusedWorkload) -> str:
    kind, _, name = workload.controller.partition("/")
    return f"namespaces/{workload.namespace}/{kind.lower()}s/{name}"
