"""The inverse of every fault: what the printed repairs lead to, on the facts, and the plugin that prints the table."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from azext_acrpulldiag.model import Diagnosis, Verdict

_PROPERTY = "inverse"
_repairs: list[Repair] = []

NOT_TOLD = "not told"

LEFT_OPEN = {
    "cluster.stopped": "no node or pod of a stopped cluster shows what only they can",
    "network.private-endpoint-not-approved": "its zones are not read where the endpoint is not in use",
    "network.public-access-disabled": "its firewall counts then, and by which addresses nodes leave was not read",
}
"""Outcomes after whose repair a run sees more than before: the next cause may show, or what was not read. And why."""


@dataclass(frozen=True)
class Repair:
    """One option of one cause of a broken scenario, and what it is said to lead to."""

    story: str
    fault: str
    outcome: str
    option: int
    leads_to: str
    """A verdict, or :data:`NOT_TOLD`."""
    left: tuple[str, ...]
    """The root causes that are left."""
    why: str | None
    """Why it is not told."""

    @property
    def complaint(self) -> str | None:
        """What is wrong with it: a repair gives the verdict of the sound scenario back, as far as that can be told."""
        if self.leads_to in (NOT_TOLD, Verdict.HEALTHY.value):
            return None
        if self.outcome in LEFT_OPEN and self.outcome not in self.left:
            return None
        left = ", ".join(self.left) or self.leads_to
        return f"{self.story} with {self.fault}: option {self.option} of {self.outcome} leads to {left}"


def repairs_of(story: str, fault: str, outcome: str, diagnosis: Diagnosis) -> Iterator[Repair]:
    """Every option of the causes with the outcome that the fault brings about."""
    for root in diagnosis.root_causes:
        if root.finding.outcome == outcome:
            for remedy in {each.option: each for each in root.finding.remedies}.values():
                after = remedy.leads_to
                verdict = NOT_TOLD if after is None else after.verdict.value
                left = () if after is None else after.root_causes
                yield Repair(story, fault, outcome, remedy.option, verdict, left, remedy.not_told)


def repairs_noted(record_property: Any, repairs: Iterable[Repair]) -> None:
    """Hand them to the process that prints the table."""
    record_property(_PROPERTY, json.dumps([asdict(each) for each in repairs]))


def pytest_runtest_logreport(report: Any) -> None:
    if report.when != "call":
        return
    for name, value in report.user_properties:
        if name == _PROPERTY:
            _repairs.extend(Repair(**{**each, "left": tuple(each["left"])}) for each in json.loads(value))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _repairs:
        return
    terminalreporter.section("repairs of the metamorphic suite")
    for line in table(_repairs):
        terminalreporter.write_line(line)


def table(repairs: Iterable[Repair]) -> list[str]:
    """One line an option of an outcome: how often it was tried, what it led to, and why it was not told."""
    by_option: dict[tuple[str, int], list[Repair]] = defaultdict(list)
    for each in repairs:
        by_option[each.outcome, each.option].append(each)
    lines = [f"{'repaired':<52} {'runs':>6} {'healthy':>8} {'open':>6} {'not told':>8}  otherwise"]
    for (outcome, option), its in sorted(by_option.items()):
        verdicts = Counter(each.leads_to for each in its)
        wrong = Counter(", ".join(each.left) or each.leads_to for each in its if each.complaint)
        told = "; ".join(f"{each} {count}" for each, count in sorted(wrong.items()))
        why = "; ".join(sorted({each.why for each in its if each.why}))
        name = f"{outcome} ({option})"
        counts = f"{len(its):>6} {verdicts['healthy']:>8} {verdicts['inconclusive']:>6} {verdicts[NOT_TOLD]:>8}"
        lines.append(f"{name:<52} {counts}  {told or why or '-'}")
    return lines
