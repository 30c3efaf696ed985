"""What is held against the kubelet identity, where it could not be read whether pods pull as it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..catalogue import unknown
from ..checks.access.limits import CROSS_TENANT, DENIED
from ..checks.access.pull_role import (
    CONDITION_EXCLUDES_REPOSITORY,
    PULL_ROLE_MISSING,
    PULL_ROLE_ON_OTHER_PRINCIPAL,
    PULL_ROLE_WRONG_MODE,
)
from ..checks.identity.kubelet_identity import KUBELET_IDENTITY_MISSING, NODE_IDENTITY_OUTDATED
from ..checks.identity.node_hosts import KUBELET_IDENTITY_UNASSIGNED
from ..facts import Cluster, Facts, Unreadable
from ..model import Confidence, Finding, Status
from .reach import LiveSymptoms

HELD_AGAINST_IT = frozenset(
    outcome.id
    for outcome in (
        PULL_ROLE_MISSING,
        PULL_ROLE_ON_OTHER_PRINCIPAL,
        PULL_ROLE_WRONG_MODE,
        CONDITION_EXCLUDES_REPOSITORY,
        DENIED,
        CROSS_TENANT,
        KUBELET_IDENTITY_MISSING,
        NODE_IDENTITY_OUTDATED,
        KUBELET_IDENTITY_UNASSIGNED,
    )
)
"""The outcomes that are faults only where pods pull as the kubelet identity."""

_CAVEAT = "This holds if pods pull as the kubelet identity; whether they pull by service account could not be read."


def as_far_as_pods_use_it(findings: Iterable[Finding], facts: Facts, live: LiveSymptoms) -> tuple[Finding, ...]:
    """Take back errors of the kubelet identity that may matter to nobody.

    With service-account image pull (preview) that identity pulls nothing. Where the cluster's answer could not be
    read in a version that shows it, an error of the identity is inferred where pods report what it would
    cause, and unknown where none does.
    """
    why = _not_known_to_pull(facts)
    if why is None:
        return tuple(findings)
    return tuple(
        _doubted(each, why, live) if each.status is Status.FAIL and each.outcome in HELD_AGAINST_IT else each
        for each in findings
    )


def _not_known_to_pull(facts: Facts) -> Unreadable | None:
    cluster = facts.cluster
    if not isinstance(cluster, Cluster) or cluster.service_principal_client_id is not None:
        return None
    return cluster.service_account_pull if isinstance(cluster.service_account_pull, Unreadable) else None


def _doubted(finding: Finding, why: Unreadable, live: LiveSymptoms) -> Finding:
    if live.of_classes(finding.explains) & live.reached(finding.reach):
        return replace(finding, confidence=Confidence.INFERRED, summary=f"{finding.summary} {_CAVEAT}")
    detail = (
        f"{finding.summary.rstrip('.')}; whether pods pull as the kubelet identity at all is not known: {why.detail}"
    )
    return replace(
        unknown(finding.resource, replace(why, detail=detail)), check=finding.check, seen_from=finding.seen_from
    )
