"""Repairs tried on the facts, so that each says before anybody types it what it leads to. Pure.

An option is tried by the effects of its steps: they make of the facts those that a run would read afterwards, and
these are judged again. The pods that the repaired cause explained, and nothing else still does, are taken out first,
since they report what was. What could not be read stays unread, so that a repair leads to *healthy* only where
nothing decisive is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..checks.symptom import UNEXPLAINED
from ..effects.workloads import ContainerKey, pulled, without_needless
from ..facts import Facts
from ..model import Diagnosis, Finding, LeadsTo, PlannedStep, Remedy, RepairPlan, SeenFrom, Status, Symptom
from ..repairs import UntoldError
from .reach import LiveSymptoms

Judge = Callable[[Facts], Diagnosis]

MOST_JUDGEMENTS = 20
"""How often the facts are judged again for the plan, and once more as often for the other options."""
_FEWEST_JUDGEMENTS = 4
_PODS_FOR_ALL = 500
"""With more failing containers than these a judgement takes longer, so fewer are made."""

_BY_HAND = "No command of it changes anything, so it was not tried."


class _TooManyError(UntoldError):
    """No judgement is left."""


def with_repairs_tried(diagnosis: Diagnosis, facts: Facts, judge: Judge) -> Diagnosis:
    """Say of each repair of a root cause what it leads to, and of all of them together.

    Without a root cause, of the warnings' repairs. ``judge`` is the judgement that ``diagnosis`` came from.
    """
    causes = [root.finding for root in diagnosis.root_causes]
    subjects = causes or [each for each in diagnosis.findings if each.status is Status.WARN]
    if not any(each.remedies for each in subjects):
        return diagnosis
    most = _most_judgements(diagnosis)
    trials = _Trials(facts, diagnosis, judge, most)
    plan = _plan(diagnosis, trials) if causes else None
    trials.allow(most)
    folded = {_key(root.finding): root.explains for root in diagnosis.root_causes}
    told = {_key(each): replace(each, remedies=_told(each, folded.get(_key(each), ()), trials)) for each in subjects}
    return replace(
        diagnosis,
        root_causes=tuple(replace(root, finding=told[_key(root.finding)]) for root in diagnosis.root_causes),
        findings=tuple(told.get(_key(each), each) for each in diagnosis.findings),
        repair_plan=plan,
    )


def _most_judgements(diagnosis: Diagnosis) -> int:
    pods = max(_PODS_FOR_ALL, len(diagnosis.symptoms))
    return max(_FEWEST_JUDGEMENTS, MOST_JUDGEMENTS * _PODS_FOR_ALL // pods)


# --- options -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Option:
    """One way to repair one finding."""

    finding: Finding
    steps: tuple[Remedy, ...]
    folded: frozenset[str] = frozenset()
    """The outcomes that were said to follow from the finding: what pods report of them goes with it."""

    @property
    def key(self) -> tuple[object, ...]:
        return (*_key(self.finding), self.steps[0].option)

    @property
    def untold(self) -> str | None:
        """Why it cannot be tried; ``None``: it can."""
        said = next((each.not_told for each in self.steps if each.not_told), None)
        return said or (None if any(each.effect for each in self.steps) else _BY_HAND)


def _options(finding: Finding, folded: Iterable[str] = ()) -> Iterator[_Option]:
    for number in sorted({each.option for each in finding.remedies}):
        steps = tuple(each for each in finding.remedies if each.option == number)
        yield _Option(finding, steps, frozenset(folded))


def _key(finding: Finding) -> tuple[object, ...]:
    """What makes two findings of two judgements the same."""
    return (finding.check, finding.outcome, finding.resource.lower(), finding.summary)


def _told(finding: Finding, folded: Iterable[str], trials: _Trials) -> tuple[Remedy, ...]:
    """The steps of a finding's repairs, each with what its option leads to, or why that is not told."""
    return tuple(step for each in _options(finding, folded) for step in _told_option(each, trials))


def _told_option(tried: _Option, trials: _Trials) -> Iterator[Remedy]:
    leads_to, why = None, tried.untold
    if why is None:
        try:
            leads_to = _leads_to(trials.after((tried,)))
        except UntoldError as untold:
            why = str(untold)
    return (replace(each, leads_to=leads_to, not_told=why) for each in tried.steps)


def _leads_to(diagnosis: Diagnosis) -> LeadsTo:
    return LeadsTo(diagnosis.verdict, tuple(root.finding.outcome or "" for root in diagnosis.root_causes))


# --- one trial ---------------------------------------------------------------------------


class _Trials:
    """Judgements of what the facts would be, each made once and counted."""

    def __init__(self, facts: Facts, diagnosis: Diagnosis, judge: Judge, most: int) -> None:
        self._facts = facts
        self._live = LiveSymptoms(diagnosis.symptoms)
        self._explaining = _explaining(diagnosis)
        self._judge = judge
        self._left = self._most = most
        self._known: dict[tuple[tuple[object, ...], ...], Diagnosis] = {}

    def allow(self, judgements: int) -> None:
        """Let there be so many judgements from here on."""
        self._left = judgements

    def after(self, options: Sequence[_Option]) -> Diagnosis:
        """The diagnosis once these are done, in order. Raises :class:`UntoldError` where that cannot be told."""
        key = tuple(each.key for each in options)
        if key not in self._known:
            self._known[key] = self._tried(options)
        return self._known[key]

    def _tried(self, options: Sequence[_Option]) -> Diagnosis:
        facts = self._facts
        for step in (step for each in options for step in each.steps):
            facts = step.effect(facts) if step.effect else facts
        facts = without_needless(facts)
        again = self._judged(facts)
        left = {_key(each) for each in again.findings}
        repaired = (*(each.finding for each in options), *(each for each in self._explaining if _key(each) not in left))
        explained = frozenset().union(*map(self._live.explained_by, repaired))
        gone = _pods(self._live.chosen(explained)) - _still_explained(again, options)
        return self._judged(pulled(facts, gone)) if gone else again

    def _judged(self, facts: Facts) -> Diagnosis:
        if self._left <= 0:
            raise _TooManyError(f"It was not tried: {self._most} judgements of other repairs came before it.")
        self._left -= 1
        return self._judge(facts)


def _still_explained(diagnosis: Diagnosis, done: Iterable[_Option]) -> frozenset[ContainerKey]:
    """The containers whose failing pull some finding still accounts for, and not by what followed from the repaired."""
    live = LiveSymptoms(diagnosis.symptoms)
    folded = frozenset().union(*(each.folded for each in done))
    by = (each for each in _explaining(diagnosis) if each.outcome not in folded)
    return _pods(live.chosen(frozenset().union(*map(live.explained_by, by))))


def _explaining(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """The findings that account for pulls that fail."""
    return tuple(
        each
        for each in diagnosis.findings
        if each.status in (Status.FAIL, Status.WARN)
        and each.seen_from is not SeenFrom.THIS_MACHINE
        and each.outcome != UNEXPLAINED.id
    )


def _pods(symptoms: Iterable[Symptom]) -> frozenset[ContainerKey]:
    return frozenset((each.namespace, each.pod, each.container) for each in symptoms)


# --- all of them -------------------------------------------------------------------------


def _plan(diagnosis: Diagnosis, trials: _Trials) -> RepairPlan:
    """Take the first option that helps of each cause, by rank, and leave out what is not needed."""
    try:
        chosen, after = _needed(*_greedy(diagnosis, trials), trials)
    except _TooManyError as untold:
        return RepairPlan((), None, str(untold))
    if not chosen:
        return RepairPlan((), None, "Of no repair it can be told what it leads to.")
    return RepairPlan(tuple(_steps(chosen)), _leads_to(after))


def _greedy(diagnosis: Diagnosis, trials: _Trials) -> tuple[tuple[_Option, ...], Diagnosis]:
    chosen: tuple[_Option, ...] = ()
    seen: set[tuple[object, ...]] = set()
    while left := [root for root in diagnosis.root_causes if _key(root.finding) not in seen]:
        cause = left[0].finding
        seen.add(_key(cause))
        for option in _options(cause, left[0].explains):
            after = _after(trials, (*chosen, option))
            if after is not None and _key(cause) not in {_key(root.finding) for root in after.root_causes}:
                chosen, diagnosis = (*chosen, option), after
                break
    return chosen, diagnosis


def _after(trials: _Trials, options: tuple[_Option, ...]) -> Diagnosis | None:
    """What these lead to; ``None``: that cannot be told, of the last or without one that was left out."""
    if options[-1].untold is not None:
        return None
    try:
        return trials.after(options)
    except _TooManyError:
        raise
    except UntoldError:
        return None


def _needed(chosen: tuple[_Option, ...], after: Diagnosis, trials: _Trials) -> tuple[tuple[_Option, ...], Diagnosis]:
    """Without the options that change nothing of what the plan leads to."""
    for each in chosen[:-1]:
        fewer = tuple(other for other in chosen if other is not each)
        without = _after(trials, fewer)
        if without is not None and _leads_to(without) == _leads_to(after):
            chosen, after = fewer, without
    return chosen, after


def _steps(chosen: Iterable[_Option]) -> Iterator[PlannedStep]:
    """Their steps in order; what several begin with (signing in to the cluster) once."""
    commands: set[str] = set()
    for each in chosen:
        for step in each.steps:
            if step.command is None or step.command not in commands:
                yield PlannedStep(each.finding.outcome or "", each.finding.resource, step)
            commands.add(step.command or "")
