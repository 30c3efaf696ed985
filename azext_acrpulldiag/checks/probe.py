"""The check on what a real pull on every pool came to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..catalogue import Outcome, check, passed, skipped, unknown
from ..details import Details
from ..facts import Facts, Unreadable
from ..facts.probe import (
    ENDED,
    FAILED,
    NOT_PROBED,
    NOT_SCHEDULABLE,
    POD_PREFIX,
    PULLED,
    REFUSED,
    TIMED_OUT,
    PoolProbe,
    ProbeReport,
)
from ..model import Finding, Reach, SeenFrom, Severity
from ..pull_errors import classify
from ..quoting import printable, quoted
from ..repairs import Step
from ._kubernetes import LONGEST_MESSAGE

_NOT_ASKED = "No image was pulled for real (--probe)."
_MOST_NAMES = 10
_POD = re.compile(POD_PREFIX + r"[\w-]{1,60}")
_NOT_KNOWN = "what became of its pod is not known"
_WORDS = {
    NOT_SCHEDULABLE: "its pod found no room there",
    REFUSED: "admission took no such pod",
    TIMED_OUT: "the pull did not end in time",
    ENDED: "its pod was ended before it had pulled",
    NOT_PROBED: "it was not tried",
}


@dataclass(frozen=True)
class Pulled(Details):
    """A pull that succeeded."""

    pool: str | None
    node: str | None
    image: str
    layers: bool
    """Whether layers were fetched; else it proves sign-in and manifest only."""
    milliseconds: int | None
    size: int | None


@dataclass(frozen=True)
class PoolFailed(Details):
    """A pull that failed."""

    pool: str | None
    place: str
    node: str | None
    image: str
    namespace: str
    service_account: str
    pull_secrets: tuple[str, ...]
    symptom_class: str
    message: str


PULL_FAILED = Outcome(
    id="probe.pull-failed",
    severity=Severity.ERROR,
    summary="{place} cannot pull {image} as {service_account} of namespace {namespace} ({symptom_class}): {message}",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster",
    seen_from=SeenFrom.NODE,
    details=(PoolFailed,),
    repairs=(Step("The root causes say why, and what repairs it; then run the diagnosis with --probe again"),),
)


@dataclass(frozen=True)
class Left(Details):
    """A pod of a probe that could not be deleted."""

    pod: str
    namespace: str


POD_LEFT = Outcome(
    id="probe.pod-left",
    severity=Severity.WARNING,
    summary="Pod {pod} of a probe could not be deleted from namespace {namespace}; nothing runs in it.",
    url="https://learn.microsoft.com/azure/aks/concepts-clusters-workloads",
    seen_from=SeenFrom.KUBERNETES,
    details=(Left,),
    repairs=(
        Step(
            "Nothing has to be done: nothing runs in it, and the next run with --probe deletes it once its own "
            "deadline has passed"
        ),
    ),
)


@check(
    "probe.pull",
    needs=("probe",),
    outcomes=(PULL_FAILED, POD_LEFT),
    seen_from=SeenFrom.NODE,
)
def every_pool_pulls_the_image(facts: Facts) -> Iterator[Finding]:
    """The image was pulled on every node pool.

    What Azure shows and what a node does can differ: only a pull proves a pull. Its failure is judged as that of any
    pod: the root causes are those of its message.

    Decided by one pod a pool (and kind of its nodes), started with --probe, whose image kubelet pulls as the workload's
    service account and with its pull secrets, and whose command does not exist, so that nothing of the image runs. A
    node that has the image already proves that one can sign in and get the manifest, not that layers can be fetched.
    What is found holds for this image, namespace, service account and these pull secrets only. A pool where no pod came
    to pull is unknown, with the reason; so is one whose pod admission made another of, with another image, command,
    service account or node: it is deleted at once. Of each pod the Kubernetes API confirms the deletion, also of those
    of earlier runs whose own deadline has passed, or it is named.
    """
    if facts.probe is None:
        yield skipped(facts.targets.cluster.id, _NOT_ASKED)
        return
    if isinstance(facts.probe, Unreadable):
        yield unknown(facts.targets.cluster.id, facts.probe, decisive=False)
        return
    pulled = facts.probe.of(PULLED)
    for each in facts.probe.pools:
        if each.result in (PULLED, FAILED):
            yield _of_pool(facts, facts.probe, each, bool(pulled))
    yield from _not_known(facts, facts.probe)
    for left in facts.probe.left:
        yield POD_LEFT.at(f"namespaces/{left.namespace}/pods/{left.pod}", Left(left.pod, left.namespace))


def _of_pool(facts: Facts, report: ProbeReport, found: PoolProbe, any_pulled: bool) -> Finding:
    resource = _resource(facts, found)
    if found.result == PULLED:
        return passed(resource, pulled_in_words(found, report), _pulled(found, report))
    of_class = classify(found.message).symptom_class
    if of_class == "platform-mismatch" and any_pulled:
        return skipped(resource, f"{place_of(found)} has another platform than the image, which other pools pulled.")
    subject = report.subject
    failed = PoolFailed(
        pool=found.pool,
        place=place_of(found),
        node=found.node,
        image=printable(subject.image),
        namespace=printable(subject.namespace),
        service_account=printable(subject.service_account),
        pull_secrets=tuple(map(printable, subject.pull_secrets)),
        symptom_class=of_class,
        message=quoted(found.message, LONGEST_MESSAGE),
    )
    return PULL_FAILED.at(resource, failed, reach=Reach(pods=frozenset({(subject.namespace, found.pod or "")})))


def _pulled(found: PoolProbe, report: ProbeReport) -> Pulled:
    return Pulled(found.pool, found.node, printable(report.subject.image), found.layers, found.milliseconds, found.size)


def pulled_in_words(found: PoolProbe, report: ProbeReport) -> str:
    """What a pull that succeeded proves."""
    took = "" if found.milliseconds is None else f" in {found.milliseconds / 1000:.1f} s"
    size = "" if found.size is None else f" ({found.size / 1e6:.0f} MB)"
    part = "" if found.layers else "; its node may have had the image, so this proves sign-in and manifest only"
    return f"{place_of(found)} pulled {printable(report.subject.image)}{took}{size}{part}."


def place_of(found: PoolProbe) -> str:
    """The pool, or the node that is of none, at the beginning of a sentence."""
    if found.pool is not None:
        return f"Node pool {printable(found.pool)}"
    return f"Node {printable(found.node or '')}"


def names_of(pools: Sequence[PoolProbe], report: ProbeReport) -> str:
    """The first few pools, at the beginning of a sentence."""
    names = sorted({_name(each, report) for each in pools})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"Node pool{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_NAMES])}{more}"


def _name(found: PoolProbe, report: ProbeReport) -> str:
    """The pool; with the node image or the node where its nodes do not all tell the same."""
    name = printable(found.pool or f"of node {found.node}")
    kinds = [each for each in report.pools if each.pool == found.pool]
    if len({each.result for each in kinds}) == 1:
        return name
    alone = [each.node_image for each in kinds].count(found.node_image) == 1
    return f"{name} ({printable((found.node_image if alone else found.node) or '')})"


def reason_of(found: PoolProbe) -> str:
    """What pools that did not pull have in common: who refused their pods, else the text without their names."""
    return found.policy or _POD.sub("", found.message)


def not_seen(alike: Sequence[PoolProbe], report: ProbeReport) -> str:
    """Why pools did not come to pull, which is the same of all, in the words of the first; without its full stop."""
    first = alike[0]
    policy = f" ({printable(first.policy)})" if first.policy else ""
    told = f": {quoted(first.message, LONGEST_MESSAGE)}" if first.message else ""
    were = "were" if len({_name(each, report) for each in alike}) > 1 else "was"
    why = f"{_WORDS.get(first.result, _NOT_KNOWN)}{policy}{told}".rstrip(".")
    return f"{names_of(alike, report)} {were} not seen to pull: {why}"


def _not_known(facts: Facts, report: ProbeReport) -> Iterator[Finding]:
    """An unknown for each reason for which pools did not come to pull."""
    alike: dict[tuple[str, str], list[PoolProbe]] = {}
    for each in report.pools:
        if each.result not in (PULLED, FAILED):
            alike.setdefault((each.result, reason_of(each)), []).append(each)
    for (result, _), pools in sorted(alike.items()):
        resource = _resource(facts, pools[0]) if len(pools) == 1 else facts.targets.cluster.id
        told = not_seen(pools, report)
        if result == TIMED_OUT:
            yield unknown(resource, Unreadable("timeout", told, "--probe"), decisive=True)
        else:
            yield unknown(resource, Unreadable("unsupported", told, "--probe"), decisive=False)


def _resource(facts: Facts, found: PoolProbe) -> str:
    if found.pool is None:
        return f"nodes/{found.node}"
    return f"{facts.targets.cluster.id}/agentPools/{found.pool}"
