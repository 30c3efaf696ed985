"""What pods show to work weighs against what was only inferred to fail. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..details import Details
from ..facts import Facts, Kubernetes, Unreadable
from ..model import Confidence, Finding, Severity, Status, Symptom
from ..pull_errors.symptoms import recent_pulls
from .client_addresses import as_the_registry_saw
from .kubelet_identity import as_far_as_pods_use_it
from .reach import LiveSymptoms

# The category of the checks on the path to the registry.
_WAY = "network"


@dataclass(frozen=True)
class PulledBy(Details):
    """The node pools whose recent pulls speak against a finding."""

    pulled_by_pools: tuple[str, ...]


def weigh(findings: Iterable[Finding], facts: Facts, symptoms: Iterable[Symptom]) -> tuple[Finding, ...]:
    """Hold against findings what was not read of who pulls, what the registry saw, and what pods show to work.

    Inferred errors become warnings where the nodes they speak of pulled from the registry just now.
    Only a pull with a duration counts (an image that was there already proves nothing), and
    only where no pod of those nodes reports what the error would cause. What was read itself
    stays an error: the next pull will meet it. What could not be read of the path there decides
    nothing once nodes of every pool have gone it, and no pod fails.
    """
    live = LiveSymptoms(failing := tuple(symptoms))
    findings = as_the_registry_saw(as_far_as_pods_use_it(findings, facts, live), facts)
    pools = frozenset(each.node_pool for each in recent_pulls(facts) if each.node_pool)
    if not pools:
        return findings
    every = _all_pools(facts)
    gone = bool(every) and every <= pools and not failing
    return tuple(
        replace(finding, decisive=False)
        if gone and finding.status is Status.UNKNOWN and finding.category == _WAY
        else _weighed(finding, pools, every, live)
        for finding in findings
    )


def _weighed(finding: Finding, pulled: frozenset[str], every: frozenset[str], live: LiveSymptoms) -> Finding:
    inferred_error = finding.status is Status.FAIL and finding.confidence is Confidence.INFERRED
    spoken_of = finding.reach.pools or every
    if not inferred_error or not spoken_of or not spoken_of <= pulled:
        return finding
    if live.of_classes(finding.explains) & live.reached(finding.reach):
        return finding
    details = (*finding.details, PulledBy(tuple(sorted(spoken_of & pulled))))
    return replace(finding, status=Status.WARN, severity=Severity.WARNING, details=details)


def _all_pools(facts: Facts) -> frozenset[str]:
    kubernetes = facts.kubernetes
    if not isinstance(kubernetes, Kubernetes) or isinstance(kubernetes.nodes, Unreadable):
        return frozenset()
    return frozenset(node.pool for node in kubernetes.nodes if node.pool)
