"""From findings to one answer: fold consequences under causes, rank, name the root cause.

Pure over findings and symptoms. The rules, in order:

1. A finding explains the symptoms of the classes that it lists, of the node pools, pods and images
   that it is about. Only errors, and warnings that explain a live symptom, are causes. What was seen
   from this machine is never one.
2. A cause whose outcome other causes list in ``explains`` is a consequence of them, unless it makes
   more pods fail than they do, or pods report something else.
3. What pods report and another cause explains, or something unread could explain, is not
   unexplained: those findings are withdrawn, or narrowed to the pods that are left.
4. Causes that explain what pods really report come first; then observed before inferred,
   error before warning, what a packet meets first, the narrower mechanism, the id.
5. Something that stops a pull makes the verdict *broken*. Otherwise a decisive unknown makes
   it *inconclusive*, a warning *at-risk*, and only what is left is *healthy*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..catalogue import Check, Outcome
from ..checks.symptom import PODS, UNEXPLAINED, narrowed
from ..model import Confidence, Diagnosis, Finding, Grouping, RootCause, SeenFrom, Severity, Status, Symptom, Verdict
from .apart import Surroundings
from .probed import is_told_by_its_symptom
from .reach import SAYS_NOTHING, LiveSymptoms
from .summary import WELL, summary_of
from .unexplained import completed


def diagnose(
    checks: Iterable[Check],
    findings: Sequence[Finding],
    symptoms: Sequence[Symptom] = (),
    out_of_scope: Sequence[Symptom] = (),
    grouping: Grouping | None = None,
    well: str = WELL,
    beside: str = "",
    around: Surroundings | None = None,
) -> Diagnosis:
    """Judge a whole run.

    ``symptoms`` are the live ones of the target registry; with none, every error outcome is
    a root cause (the preflight). ``grouping`` says where they are, ``well`` what to say where nothing stops a pull,
    ``beside`` what to say of what is not judged, ``around`` what the nodes are, to tell those apart on which a pull
    fails that nothing explains.
    """
    grouping = grouping or Grouping()
    known_checks = {checked.id: checked for checked in checks}
    live = LiveSymptoms(symptoms)
    judged = [_with_decisiveness(finding, known_checks, live) for finding in findings]
    judged = _without_explained(judged, known_checks, live, around or Surroundings())
    causes = sorted(_causes(judged, live), key=lambda cause: _rank(cause, live))
    roots = _root_causes(causes, live, [each for each in judged if is_told_by_its_symptom(each)])
    verdict = _verdict(roots, judged)
    return Diagnosis(
        verdict=verdict,
        summary=" ".join(filter(None, (summary_of(verdict, roots, judged, well), grouping.where, beside))),
        root_causes=roots,
        findings=in_report_order(judged),
        symptoms=tuple(symptoms),
        out_of_scope=tuple(out_of_scope),
        grouping=grouping,
    )


# --- what is explained -------------------------------------------------------------------


def _without_explained(
    findings: Sequence[Finding], checks: dict[str, Check], live: LiveSymptoms, around: Surroundings
) -> list[Finding]:
    """Withdraw what is reported as unexplained and is, or may be, explained by other findings.

    Where that holds for some of the pods, the finding is about the others. What is left tells what the run knows.
    """
    others = [finding for finding in findings if finding.outcome != UNEXPLAINED.id]
    accounted = frozenset().union(*(_accounted(finding, checks, live) for finding in others))
    kept = list(others)
    withdrawn: list[Finding] = []
    for each in findings:
        if each.outcome == UNEXPLAINED.id:
            left = live.of_classes(each.explains) - accounted
            if not left:
                withdrawn.append(each)
            else:
                some = left < live.of_classes(each.explains)
                about = narrowed(each, live.chosen(left)) if some else each
                kept.append(completed(about, live.chosen(left), others, checks, around))
    if not live.numbers <= accounted:
        kept = [_open(each) if each.check == PODS else each for each in kept]
    for each in withdrawn[:1]:
        if not any(other.check == each.check for other in kept):
            title = checks[each.check].title if each.check in checks else "Every failing pull is explained."
            kept.append(Finding(each.check, Status.PASS, title, each.resource, seen_from=each.seen_from))
    return kept


def _accounted(finding: Finding, checks: dict[str, Check], live: LiveSymptoms) -> frozenset[int]:
    """The symptoms that a finding explains, or that something unread could."""
    if finding.seen_from is SeenFrom.THIS_MACHINE:
        return frozenset()
    if finding.status in (Status.FAIL, Status.WARN):
        return live.explained_by(finding)
    if finding.status is Status.UNKNOWN and finding.decisive:
        could = (_could_explain(each, live) for each in _outcomes(finding, checks))
        return frozenset().union(*could) & live.reached(finding.reach)
    return frozenset()


def _could_explain(outcome: Outcome, live: LiveSymptoms) -> frozenset[int]:
    found = live.of_classes(outcome.explains, outcome.severity is Severity.ERROR) - live.elsewhere
    return found if outcome.id.startswith(_OF_ANY_PULL) else found - live.of_virtual_nodes


# What may be wrong with a secret or an image matters to whoever pulls, on virtual nodes too.
_OF_ANY_PULL = ("pull-secret.", "image.")


def _outcomes(finding: Finding, checks: dict[str, Check]) -> tuple[Outcome, ...]:
    return checks[finding.check].outcomes if finding.check in checks else ()


def _open(finding: Finding) -> Finding:
    """What fails is never called healthy, also where the check that would say so was left out."""
    if finding.status is not Status.SKIPPED:
        return finding
    reason = "Pods fail to pull, and the check that explains them was left out."
    return replace(finding, status=Status.UNKNOWN, summary=reason, code="left-out", reason=reason, decisive=True)


def _with_decisiveness(finding: Finding, checks: dict[str, Check], live: LiveSymptoms) -> Finding:
    """Settle whether an unknown leaves the verdict open.

    With live symptoms: when an outcome of its check could explain one. Without: when an
    outcome of its check would stop the pull.
    """
    if finding.status is not Status.UNKNOWN or finding.decisive is not None:
        return finding
    outcomes = _outcomes(finding, checks)
    from_nodes = finding.seen_from is not SeenFrom.THIS_MACHINE
    if live:
        decisive = any(_could_explain(each, live) for each in outcomes)
    else:
        decisive = any(outcome.severity is Severity.ERROR for outcome in outcomes)
    return replace(finding, decisive=from_nodes and decisive)


# --- causes ------------------------------------------------------------------------------


def _causes(findings: Iterable[Finding], live: LiveSymptoms) -> Iterable[Finding]:
    for finding in findings:
        if finding.seen_from is SeenFrom.THIS_MACHINE or is_told_by_its_symptom(finding):
            continue
        if finding.status is Status.FAIL or (finding.status is Status.WARN and live.explained_by(finding)):
            yield finding


def _rank(cause: Finding, live: LiveSymptoms) -> tuple[object, ...]:
    return (
        not live.of_classes(set(cause.explains) - SAYS_NOTHING) & live.reached(cause.reach),
        cause.confidence is not Confidence.OBSERVED,
        cause.severity is not Severity.ERROR,
        cause.hop,
        len(cause.explains),
        cause.outcome or "",
        cause.resource.lower(),
        cause.summary,
    )


def _root_causes(causes: Sequence[Finding], live: LiveSymptoms, told: Sequence[Finding] = ()) -> tuple[RootCause, ...]:
    """Fold each cause beneath those that it is a consequence of; ``causes`` come in rank order.

    ``told`` are findings that are what pods report, which whoever explains that accounts for.
    """
    explained = [_explained(cause, live) for cause in causes]
    above = [_above(place, causes, explained) for place in range(len(causes))]
    roots: list[RootCause] = []
    for place, cause in enumerate(causes):
        if not above[place]:
            beneath = {other.outcome or "" for other, over in zip(causes, above, strict=True) if place in over}
            beneath |= {each.outcome or "" for each in told if live.reached(each.reach) & explained[place]}
            roots.append(RootCause(cause, (*sorted(live.classes(explained[place])), *sorted(beneath))))
    return tuple(roots)


def _explained(cause: Finding, live: LiveSymptoms) -> frozenset[int]:
    """What is reported as unexplained explains nothing else, not even what says nothing."""
    found = live.explained_by(cause)
    return found & live.of_classes(cause.explains) if cause.outcome == UNEXPLAINED.id else found


def _above(place: int, causes: Sequence[Finding], explained: Sequence[frozenset[int]]) -> list[int]:
    """The places of the causes that one is a consequence of; none where it makes pods fail that they do not."""
    above = [other for other in range(len(causes)) if other != place and _folds(causes, other, place)]
    return above if explained[place] <= frozenset().union(*(explained[other] for other in above)) else []


def _folds(causes: Sequence[Finding], over: int, under: int) -> bool:
    """Whether a cause accounts for another. Two that account for each other: the better ranked stays."""
    other, cause = causes[over], causes[under]
    if cause.outcome not in other.explains or not cause.reach.within(other.reach):
        return False
    mine, theirs = _symptom_classes(cause), _symptom_classes(other)
    if mine and theirs and mine.isdisjoint(theirs):
        return False  # it makes pods report something else, so it is a fault of its own
    return other.outcome not in cause.explains or over < under


def _symptom_classes(finding: Finding) -> frozenset[str]:
    return frozenset(explained for explained in finding.explains if "." not in explained)


# --- the answer --------------------------------------------------------------------------


def _verdict(roots: Sequence[RootCause], findings: Iterable[Finding]) -> Verdict:
    if roots:
        return Verdict.BROKEN
    counted = [finding for finding in findings if finding.seen_from is not SeenFrom.THIS_MACHINE]
    if any(finding.status is Status.UNKNOWN and finding.decisive for finding in counted):
        return Verdict.INCONCLUSIVE
    if any(finding.status is Status.WARN for finding in counted):
        return Verdict.AT_RISK
    return Verdict.HEALTHY


_ORDER = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.SKIPPED, Status.PASS)


def in_report_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Failures first; the same findings in the same order in every run."""
    return tuple(sorted(findings, key=_report_order))


def _report_order(finding: Finding) -> tuple[object, ...]:
    return (
        _ORDER.index(finding.status),
        not finding.decisive,
        finding.check,
        finding.outcome or "",
        finding.resource.lower(),
        finding.summary,
    )
