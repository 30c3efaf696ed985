"""How much was held against the definitions, and the pytest plugin that prints it after the tests."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from .age import Pinned, overdue, pinned

_PROPERTY = "contracts"
TITLES = {
    "requests": "requests that stories send, by operation",
    "members": "members that simulated answers show",
    "recordings": "recorded answers",
    "readings": "members that mappings read",
    "versions": "api-versions asked with",
    "rights": "rights",
}
_totals: dict[str, set[str]] = defaultdict(set)


class Noted:
    """Hands what a test held against the definitions to the process that counts: each thing once a process."""

    _told: dict[str, set[str]] = defaultdict(set)

    def __init__(self, record_property: Any) -> None:
        self._record = record_property

    def note(self, kind: str, things: Iterable[str]) -> None:
        """``kind`` is one of the titles."""
        fresh = set(things) - self._told[kind]
        if fresh:
            self._told[kind] |= fresh
            self._record(_PROPERTY, json.dumps([kind, sorted(fresh)]))

    def recordings(self, names: Iterable[str]) -> None:
        """Recorded answers."""
        self.note("recordings", names)


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call":
        for name, value in report.user_properties:
            if name == _PROPERTY:
                kind, things = json.loads(value)
                _totals[kind].update(things)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _totals:
        return
    terminalreporter.section("held against Microsoft's definitions")
    for kind, title in TITLES.items():
        if kind in _totals:
            terminalreporter.write_line(f"{len(_totals[kind]):>6}  {title}")
    for line in warnings_of(date.today(), pinned()):
        terminalreporter.write_line(f"WARNING: {line}", yellow=True)


def warnings_of(today: date, versions: list[Pinned]) -> list[str]:
    """What to say of previews that are due."""
    return [f"{each} is older than nine months: make contracts-age" for each in overdue(today, versions)]
