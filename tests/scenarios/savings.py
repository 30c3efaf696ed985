"""The table of what ``--skip`` saves, and the pytest plugin that prints it after the tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

_PROPERTY = "savings"
_rows: list[Saving] = []


@dataclass(frozen=True)
class Saving:
    """What one run cost with something left out, and what the whole run cost."""

    skipped: str
    """The words of ``--skip``."""
    requests: int
    chain: int
    """The longest chain of requests of which each waits for the one before."""
    whole: int
    """The requests of the run that leaves nothing out."""


def noted(record_property: Any, saving: Saving) -> None:
    """Hand a row to the process that prints the table."""
    record_property(_PROPERTY, json.dumps(asdict(saving)))


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call":
        _rows.extend(Saving(**json.loads(value)) for name, value in report.user_properties if name == _PROPERTY)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _rows:
        return
    terminalreporter.section("what --skip saves, of a private pair with a pull secret")
    for line in table(_rows):
        terminalreporter.write_line(line)


def table(rows: Iterable[Saving]) -> list[str]:
    """One line a run: its requests, their longest chain, and how many fewer there are than in the whole run."""
    lines = [f"{'--skip':<40} {'requests':>8} {'chain':>6} {'saved':>6}"]
    for row in sorted(rows, key=lambda row: (-row.requests, row.skipped)):
        lines.append(f"{row.skipped or '-':<40} {row.requests:>8} {row.chain:>6} {row.whole - row.requests:>6}")
    return lines
