"""The confusion table of the metamorphic suite, and the pytest plugin that prints it after the tests."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

_PROPERTY = "metamorphic"
_rows: list[Row] = []


@dataclass(frozen=True)
class Row:
    """One broken scenario: what was broken, and the root causes that were found, in their order."""

    kind: str
    """``alone``, ``reported`` (by a pod) or ``pair``."""
    story: str
    expected: tuple[str, ...]
    faults: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def missed(self) -> tuple[str, ...]:
        """What was broken, and is not among the first two root causes (of a pair: among them at all)."""
        seen = self.found if len(self.expected) > 1 else self.found[:2]
        return tuple(each for each in self.expected if each not in seen)

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """What was named though nobody broke it."""
        return tuple(each for each in self.found if each not in self.expected)

    @property
    def complaint(self) -> str | None:
        """What is wrong with it, or ``None``."""
        if not self.missed and not self.false_alarms:
            return None
        return (
            f"{self.story} with {' and '.join(self.faults)} ({self.kind}): found {', '.join(self.found) or 'nothing'}"
        )


def noted(record_property: Any, rows: Iterable[Row]) -> None:
    """Hand rows to the process that prints the table."""
    record_property(_PROPERTY, json.dumps([asdict(row) for row in rows]))


def pytest_addoption(parser: Any) -> None:
    parser.addoption(
        "--every-fault", action="store_true", help="read every fault of the metamorphic suite in every scenario"
    )


def pytest_runtest_logreport(report: Any) -> None:
    if report.when != "call":
        return
    for name, value in report.user_properties:
        if name == _PROPERTY:
            for row in json.loads(value):
                _rows.append(Row(**{key: tuple(each) if isinstance(each, list) else each for key, each in row.items()}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _rows:
        return
    terminalreporter.section("confusion table of the metamorphic suite")
    for line in table(_rows):
        terminalreporter.write_line(line)


def table(rows: Iterable[Row]) -> list[str]:
    """One line an outcome that was broken: how often, found first, found at all, missed, and what else was named."""
    by_outcome: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for outcome in row.expected:
            by_outcome[outcome].append(row)
    lines = [f"{'broken':<48} {'runs':>6} {'first':>6} {'found':>6} {'missed':>6}  named though whole"]
    for outcome, its in sorted(by_outcome.items()):
        first = sum(row.found[:1] == (outcome,) for row in its)
        missed = sum(outcome in row.missed for row in its)
        wrong = Counter(each for row in its for each in row.false_alarms)
        told = ", ".join(f"{each} {count}" for each, count in sorted(wrong.items())) or "-"
        lines.append(f"{outcome:<48} {len(its):>6} {first:>6} {len(its) - missed:>6} {missed:>6}  {told}")
    return lines
