"""What a real pull says against what was only read: results of a probe come before inference. Pure.

A result speaks of one image, namespace, service account and set of pull secrets, on one pool. What failed before it, of
the same, has been overtaken: its pods wait for kubelet's next try. An error that would stop such a pull on pools that
have just pulled becomes a warning, unless pods still report what it causes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..checks.probe import PULL_FAILED, names_of, not_seen, reason_of
from ..details import Details
from ..facts import Facts, FailingContainer, Kubernetes, ProbeReport, Unreadable
from ..facts.probe import FAILED, PULLED, PoolProbe
from ..images.references import image_key, is_same_image
from ..model import Finding, Severity, Status
from ..pull_errors import classify
from ..pull_errors.symptoms import pool_of
from ..quoting import printable
from .reach import LiveSymptoms

# What a pull has gone through that fetched no layer.
_SIGN_IN = frozenset({"access", "identity", "pull-secret"})
# What a pull by a pull secret says nothing of: who else may pull.
_BY_IDENTITY = frozenset({"access", "identity", "nodes"})
_OF_PULLS = frozenset({*_SIGN_IN, *_BY_IDENTITY, "network", "image", "registry"})


@dataclass(frozen=True)
class ProbedPools(Details):
    """The node pools on which a probe speaks against a finding."""

    pulled_by_probe: tuple[str, ...]


def without_overtaken(facts: Facts) -> Facts:
    """Leave out the containers whose pull failed before a probe succeeded with the same on their pool."""
    report, kubernetes = facts.probe, facts.kubernetes
    if not isinstance(report, ProbeReport) or not isinstance(kubernetes, Kubernetes):
        return facts
    if isinstance(kubernetes.failing, Unreadable):
        return facts
    left = tuple(each for each in kubernetes.failing if not _is_overtaken(each, report, facts))
    return facts if left == kubernetes.failing else replace(facts, kubernetes=replace(kubernetes, failing=left))


def _is_overtaken(container: FailingContainer, report: ProbeReport, facts: Facts) -> bool:
    pool = pool_of(container.node, facts)
    if pool is None or pool not in _pools(report, whole=True) or not _is_alike(container, report):
        return False
    since = min((each.at for each in report.pools if each.pool == pool and each.at), default=None)
    return since is not None and (container.last_seen is None or container.last_seen < since)


def _is_alike(container: FailingContainer, report: ProbeReport) -> bool:
    """Whether it pulls what the probe did, as the probe did."""
    subject = report.subject
    return (
        is_same_image(container.image, subject.image)
        and (container.namespace, container.service_account) == (subject.namespace, subject.service_account)
        and set(container.pull_secrets) == set(subject.pull_secrets)
    )


def _pools(report: ProbeReport, whole: bool) -> frozenset[str]:
    """The pools all of whose kinds of nodes pulled, with their layers if ``whole``."""
    good = {each.pool for each in report.of(PULLED) if each.layers or not whole}
    bad = {each.pool for each in report.pools if each.result != PULLED or (whole and not each.layers)}
    return frozenset(pool for pool in good - bad if pool is not None)


def overruled(findings: Iterable[Finding], facts: Facts, live: LiveSymptoms) -> tuple[Finding, ...]:
    """Make warnings of errors that a probe speaks against.

    What could not be read of such a pull decides nothing then.
    """
    report = facts.probe
    if not isinstance(report, ProbeReport) or not report.of(PULLED):
        return tuple(findings)
    return tuple(_weighed(each, report, facts, live) for each in findings)


def _weighed(finding: Finding, report: ProbeReport, facts: Facts, live: LiveSymptoms) -> Finding:
    if finding.status is Status.UNKNOWN and finding.decisive is not False and not live:
        return replace(finding, decisive=False) if _spoken_against(finding, report, facts) else finding
    if finding.status is not Status.FAIL or live.explained_by(finding):
        return finding
    spoken_of = _spoken_against(finding, report, facts)
    if not spoken_of:
        return finding
    details = (*finding.details, ProbedPools(tuple(sorted(spoken_of))))
    return replace(finding, status=Status.WARN, severity=Severity.WARNING, details=details)


def _spoken_against(finding: Finding, report: ProbeReport, facts: Facts) -> frozenset[str]:
    """The pools that a finding speaks of, if pulls on all of them have gone through what it is about; else none."""
    if finding.category not in _OF_PULLS or (finding.category in _BY_IDENTITY and report.subject.pull_secrets):
        return frozenset()
    pulled = _pools(report, whole=finding.category not in _SIGN_IN)
    spoken_of = finding.reach.pools or _all_pools(report, facts)
    return spoken_of if spoken_of <= pulled and _is_about(finding, report, facts) else frozenset()


def _is_about(finding: Finding, report: ProbeReport, facts: Facts) -> bool:
    """Whether a finding is about no other image and no pods that pull as somebody else."""
    ours = image_key(report.subject.image)
    if any(image_key(each) != ours for each in finding.reach.images):
        return False
    if not finding.reach.pods:
        return True
    failing = facts.kubernetes.failing if isinstance(facts.kubernetes, Kubernetes) else ()
    alike = {
        (printable(each.namespace), printable(each.pod))
        for each in (failing if isinstance(failing, tuple) else ())
        if _is_alike(each, report)
    }
    return finding.reach.pods <= alike


def _all_pools(report: ProbeReport, facts: Facts) -> frozenset[str]:
    """The pools that have nodes."""
    kubernetes = facts.kubernetes
    nodes = kubernetes.nodes if isinstance(kubernetes, Kubernetes) else ()
    seen = () if isinstance(nodes, Unreadable) else (node.pool for node in nodes)
    probed = (each.pool for each in report.pools if each.node is not None)
    return frozenset(pool for pool in (*seen, *probed) if pool)


def is_told_by_its_symptom(finding: Finding) -> bool:
    """Whether a finding is no cause by itself, but what its pod reports: the cause is whatever explains that."""
    return finding.outcome == PULL_FAILED.id


# --- in words ----------------------------------------------------------------------------


def in_words(facts: Facts) -> str:
    """Which pools can pull and which cannot, as far as a probe showed; empty: there was none."""
    report = facts.probe
    if report is None:
        return ""
    if isinstance(report, Unreadable):
        return f"The probe was not run: {report.sentence}"
    told: dict[tuple[str, str], list[PoolProbe]] = {}
    for each in report.pools:
        told.setdefault((each.result, _why(each)), []).append(each)
    ordered = sorted(told.items(), key=lambda item: (_ORDER.get(item[0][0], len(_ORDER)), item[0][1]))
    return " ".join(f"{_said(result, alike, report)}." for (result, _), alike in ordered)


_ORDER = {PULLED: 0, FAILED: 1}


def _why(found: PoolProbe) -> str:
    """What pools have in common of which one sentence tells."""
    return classify(found.message).symptom_class if found.result == FAILED else reason_of(found)


def _said(result: str, alike: list[PoolProbe], report: ProbeReport) -> str:
    if result == PULLED:
        return f"{names_of(alike, report)} pulled the image for real"
    if result == FAILED:
        return f"{names_of(alike, report)} could not pull it ({_why(alike[0])})"
    return not_seen(alike, report)
