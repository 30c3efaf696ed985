"""From findings to one answer: fold consequences under causes, rank, name the root cause.

Pure over findings and symptoms. The rules, in order:

1. Only errors, and warnings that explain a live symptom, are causes. What was seen from this
   machine is never one.
2. A cause whose outcome another cause lists in ``explains`` is a consequence of it, unless the
   two account for symptom classes that have nothing in common.
3. What pods report and another cause explains, or something unread could explain, is not
   unexplained: those findings are withdrawn.
4. Causes that explain what pods really report come first; then observed before inferred,
   error before warning, what a packet meets first, the narrower mechanism, the id.
5. Something that stops a pull makes the verdict *broken*. Otherwise a decisive unknown makes
   it *inconclusive*, a warning *at-risk*, and only what is left is *healthy*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .catalogue import Check
from .checks.symptom import PODS, UNEXPLAINED
from .model import Confidence, Diagnosis, Finding, RootCause, SeenFrom, Severity, Status, Symptom, Verdict

# What pods report when the cause has expired: any error may be behind it.
SAYS_NOTHING = frozenset({"backoff-only"})


def diagnose(
    checks: Iterable[Check],
    findings: Sequence[Finding],
    symptoms: Sequence[Symptom] = (),
    out_of_scope: Sequence[Symptom] = (),
) -> Diagnosis:
    """Judge a whole run.

    ``symptoms`` are the live ones of the target registry; with none, every error outcome is
    a root cause (the preflight).
    """
    known_checks = {checked.id: checked for checked in checks}
    live = {symptom.symptom_class for symptom in symptoms}
    judged = [_with_decisiveness(finding, known_checks, live) for finding in findings]
    judged = _without_explained(judged, known_checks, live)
    causes = sorted(_causes(judged, live), key=lambda cause: _rank(cause, live))
    roots = _root_causes(causes, live)
    verdict = _verdict(roots, judged)
    return Diagnosis(
        verdict=verdict,
        summary=_summary(verdict, roots, judged),
        root_causes=roots,
        findings=tuple(sorted(judged, key=_report_order)),
        symptoms=tuple(symptoms),
        out_of_scope=tuple(out_of_scope),
    )


def _explained(explains: Iterable[str], stops: bool, live: set[str]) -> set[str]:
    """The live classes that a cause accounts for; ``stops``: it is an error."""
    return live.intersection(explains) | (live & SAYS_NOTHING if stops else set())


def _without_explained(findings: Sequence[Finding], checks: dict[str, Check], live: set[str]) -> list[Finding]:
    """Withdraw what is reported as unexplained and is, or may be, explained by other findings."""
    others = [finding for finding in findings if finding.outcome != UNEXPLAINED.id]
    accounted: set[str] = set()
    for finding in others:
        if finding.seen_from is SeenFrom.THIS_MACHINE:
            continue
        if finding.status in (Status.FAIL, Status.WARN):
            accounted |= _explained(finding.explains, finding.status is Status.FAIL, live)
        elif finding.status is Status.UNKNOWN and finding.decisive:
            for outcome in checks[finding.check].outcomes if finding.check in checks else ():
                accounted |= _explained(outcome.explains, outcome.severity is Severity.ERROR, live)
    withdrawn = [each for each in findings if each.outcome == UNEXPLAINED.id and accounted.issuperset(each.explains)]
    kept = [each for each in findings if each not in withdrawn]
    if not live <= accounted:
        kept = [_open(each) if each.check == PODS else each for each in kept]
    for each in withdrawn[:1]:
        if not any(other.check == each.check for other in kept):
            title = checks[each.check].title if each.check in checks else "Every failing pull is explained."
            kept.append(Finding(each.check, Status.PASS, title, each.resource, seen_from=each.seen_from))
    return kept


def _open(finding: Finding) -> Finding:
    """What fails is never called healthy, also where the check that would say so was left out."""
    if finding.status is not Status.SKIPPED:
        return finding
    reason = "Pods fail to pull, and the check that explains them was left out."
    return replace(finding, status=Status.UNKNOWN, summary=reason, reason=reason, decisive=True)


def _causes(findings: Iterable[Finding], live: set[str]) -> Iterable[Finding]:
    for finding in findings:
        if finding.seen_from is SeenFrom.THIS_MACHINE:
            continue
        if finding.status is Status.FAIL or (finding.status is Status.WARN and live.intersection(finding.explains)):
            yield finding


def _rank(cause: Finding, live: set[str]) -> tuple[object, ...]:
    return (
        not live.intersection(cause.explains),
        cause.confidence is not Confidence.OBSERVED,
        cause.severity is not Severity.ERROR,
        cause.hop,
        len(cause.explains),
        cause.outcome or "",
        cause.resource.lower(),
    )


def _root_causes(causes: Sequence[Finding], live: set[str]) -> tuple[RootCause, ...]:
    """Fold each cause that another one explains; ``causes`` come in rank order.

    Two outcomes that explain each other would fold each other away: the better ranked stays.
    """
    roots: list[Finding] = []
    for cause in causes:
        if not any(_folds(other, cause, causes) for other in causes if other is not cause):
            roots.append(cause)
    folded: list[RootCause] = []
    for root in roots:
        beneath = {other.outcome for other in causes if other is not root and _folds(root, other, causes)}
        classes = _explained(root.explains, root.status is Status.FAIL, live)
        folded.append(RootCause(root, tuple(sorted(classes)) + tuple(sorted(filter(None, beneath)))))
    return tuple(folded)


def _folds(other: Finding, cause: Finding, ranked: Sequence[Finding]) -> bool:
    if cause.outcome not in other.explains:
        return False
    mine, theirs = _symptom_classes(cause), _symptom_classes(other)
    if mine and theirs and mine.isdisjoint(theirs):
        return False  # it makes pods report something else, so it is a fault of its own
    mutual = other.outcome in cause.explains
    return not mutual or ranked.index(other) < ranked.index(cause)


def _symptom_classes(finding: Finding) -> frozenset[str]:
    return frozenset(explained for explained in finding.explains if "." not in explained)


def _with_decisiveness(finding: Finding, checks: dict[str, Check], live: set[str]) -> Finding:
    """Settle whether an unknown leaves the verdict open.

    With live symptoms: when an outcome of its check could explain one. Without: when an
    outcome of its check would stop the pull.
    """
    if finding.status is not Status.UNKNOWN or finding.decisive is not None:
        return finding
    outcomes = checks[finding.check].outcomes if finding.check in checks else ()
    from_nodes = finding.seen_from is not SeenFrom.THIS_MACHINE
    if live:
        decisive = any(_explained(each.explains, each.severity is Severity.ERROR, live) for each in outcomes)
    else:
        decisive = any(outcome.severity is Severity.ERROR for outcome in outcomes)
    return replace(finding, decisive=from_nodes and decisive)


def _verdict(roots: Sequence[RootCause], findings: Iterable[Finding]) -> Verdict:
    if roots:
        return Verdict.BROKEN
    counted = [finding for finding in findings if finding.seen_from is not SeenFrom.THIS_MACHINE]
    if any(finding.status is Status.UNKNOWN and finding.decisive for finding in counted):
        return Verdict.INCONCLUSIVE
    if any(finding.status is Status.WARN for finding in counted):
        return Verdict.AT_RISK
    return Verdict.HEALTHY


def _summary(verdict: Verdict, roots: Sequence[RootCause], findings: Sequence[Finding]) -> str:
    if verdict is Verdict.BROKEN:
        more = f" ({len(roots) - 1} more independent cause{'s' if len(roots) > 2 else ''})" if len(roots) > 1 else ""
        return f"{roots[0].finding.summary}{more}"
    if verdict is Verdict.INCONCLUSIVE:
        reasons = {finding.reason for finding in findings if finding.status is Status.UNKNOWN and finding.decisive}
        if len(reasons) == 1:
            return f"Nothing is proven broken, but what decides could not be read: {reasons.pop()}"
        return f"Nothing is proven broken, but {len(reasons)} decisive facts could not be read."
    if verdict is Verdict.AT_RISK:
        count = sum(1 for f in findings if f.status is Status.WARN and f.seen_from is not SeenFrom.THIS_MACHINE)
        return f"Nothing stops a pull; {count} warning{'s' if count > 1 else ''} may."
    return "Nothing that was read stops this cluster from pulling from this registry."


_ORDER = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.SKIPPED, Status.PASS)


def _report_order(finding: Finding) -> tuple[object, ...]:
    return (
        _ORDER.index(finding.status),
        not finding.decisive,
        finding.check,
        finding.outcome or "",
        finding.resource.lower(),
        finding.summary,
    )
