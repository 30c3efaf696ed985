"""Run checks over facts. Pure: the same facts give the same findings in the same order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..catalogue import Check, skipped, unknown
from ..facts import Facts, NotKnownError, Unreadable
from ..model import Finding, Status

_ABOUT_THE_REGISTRY = ("registry", "access", "image")


def judge(checks: Iterable[Check], facts: Facts, skip: Collection[str] = ()) -> tuple[Finding, ...]:
    """Evaluate ``checks`` over ``facts``.

    ``skip`` names categories or check ids that the user asked to leave out; they are
    reported as skipped, so that a report never looks more complete than it is.
    """
    findings: list[Finding] = []
    for checked in checks:
        if left_out(checked.id, skip):
            asked = skipped(_subject(checked, facts), "Left out with --skip.")
            findings.append(replace(asked, check=checked.id, seen_from=checked.seen_from))
        else:
            findings.extend(evaluate(checked, facts))
    return tuple(findings)


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
    return facts.targets.registry.given if isinstance(facts.registry, Unreadable) else facts.registry.id
