"""Run checks over facts. Pure: the same facts give the same findings in the same order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..catalogue import Check, skipped, unknown
from ..checks.symptom import PODS
from ..facts import Facts, NotKnownError, Unreadable
from ..model import Finding, Status
from ..targets import Targets

LEFT_OUT = "Left out with --skip or --only."
"""The reason of what was not judged because the user did not want it."""
_ABOUT_THE_REGISTRY = ("registry", "access", "image")
OF_THE_REGISTRY = frozenset(
    {
        "registry", "access", "cache_rules", "replications", "outbound", "network", "images", "pull_secrets",
        "check_health", "check_acr", "hostless_images",
    }
)  # fmt: skip
"""The facts that there are of a certain registry only."""


def judge(checks: Iterable[Check], facts: Facts, skip: Collection[str] = ()) -> tuple[Finding, ...]:
    """Evaluate ``checks`` over ``facts``.

    ``skip`` names categories or check ids that the user asked to leave out; they are
    reported as skipped, so that a report never looks more complete than it is. So are those
    about the registry where none is named.
    """
    findings: list[Finding] = []
    for checked in checks:
        if left_out(checked.id, skip):
            findings.append(_skipped(checked, facts, LEFT_OUT))
        elif applies(checked, facts.targets):
            findings.extend(evaluate(checked, facts))
        else:
            findings.append(_skipped(checked, facts, "No registry was named, and no failing pod names one."))
    return tuple(findings)


def applies(checked: Check, targets: Targets) -> bool:
    """Tell whether there is anything for a check to judge: without a registry, only clusters, nodes and pods."""
    return targets.registry.is_named or checked.id == PODS or OF_THE_REGISTRY.isdisjoint(checked.needs)


def _skipped(checked: Check, facts: Facts, reason: str) -> Finding:
    return replace(skipped(_subject(checked, facts), reason), check=checked.id, seen_from=checked.seen_from)


def left_out(check_id: str, skip: Collection[str]) -> bool:
    """Tell whether ``skip`` names a check or its category."""
    return check_id in skip or check_id.partition(".")[0] in skip


def evaluate(checked: Check, facts: Facts) -> tuple[Finding, ...]:
    """Run one check and return at least one finding, each carrying the check's id.

    Nothing found is one ``pass``. A fact that could not be read is one ``unknown`` beside
    whatever was found before it. An exception inside the check is an ``unknown`` too, so
    that a defect of one check costs no other finding; its reason says internal error, which
    the tests refuse.
    """
    subject = _subject(checked, facts)
    findings: list[Finding] = []
    try:
        for finding in checked.judge(facts):
            seen_from = finding.seen_from if finding.outcome else checked.seen_from
            findings.append(replace(finding, check=checked.id, seen_from=seen_from))
    except NotKnownError as ignorance:
        findings.append(_ignorance(checked, subject, ignorance.why))
    except Exception as defect:
        why = Unreadable("internal-error", f"Internal error in this check: {type(defect).__name__}: {defect}")
        findings.append(_ignorance(checked, subject, why))
    if findings:
        return tuple(findings)
    passed = Finding(checked.id, Status.PASS, checked.title, subject, seen_from=checked.seen_from)
    return (passed,)


def _ignorance(checked: Check, subject: str, why: Unreadable) -> Finding:
    return replace(unknown(subject, why), check=checked.id, seen_from=checked.seen_from)


def _subject(checked: Check, facts: Facts) -> str:
    """The resource that a check without a finding of its own speaks of."""
    if checked.category not in _ABOUT_THE_REGISTRY:
        return facts.targets.cluster.id
    if isinstance(facts.registry, Unreadable):
        return facts.targets.registry.given or facts.targets.cluster.id
    return facts.registry.id
