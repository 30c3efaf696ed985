"""Which containerds pulled, and the pytest plugin that says so after the tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

_PROPERTY = "real pull"
_rows: list[RealPull] = []


@dataclass(frozen=True)
class RealPull:
    """One pull that a real containerd failed at."""

    runtime: str
    version: str
    name: str
    is_new: bool
    """Its text is not the one that was recorded last."""


def noted(record_property: Any, pull: RealPull) -> None:
    """Hand a pull to the process that prints the summary."""
    record_property(_PROPERTY, json.dumps(asdict(pull)))


def last_recorded(version: str, recorded: Iterable[str]) -> str | None:
    """The recording to hold a version against: its own, else the newest of an earlier version."""
    earlier = [each for each in recorded if _key(each) <= _key(version)]
    return max(earlier, key=_key, default=None)


def is_before(version: str, other: str) -> bool:
    """Tell which of two versions is the earlier one."""
    return _key(version) < _key(other)


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call":
        _rows.extend(RealPull(**json.loads(value)) for name, value in report.user_properties if name == _PROPERTY)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _rows:
        return
    terminalreporter.section("pulls of real containerds")
    for line in table(_rows):
        terminalreporter.write_line(line)


def table(rows: Iterable[RealPull]) -> list[str]:
    """One line a containerd: its version and how many pulls; what it says otherwise than recorded stands below."""
    of_runtime: dict[tuple[str, str], list[RealPull]] = {}
    for row in rows:
        of_runtime.setdefault((row.version, row.runtime), []).append(row)
    lines = []
    for (version, runtime), pulls in sorted(of_runtime.items(), key=lambda item: _key(item[0][0])):
        lines.append(f"containerd {version} ({runtime}): {len(pulls)} pulls")
        new = sorted(pull.name for pull in pulls if pull.is_new)
        if new:
            lines.append(f"  other texts than recorded, see tests.record_pull_errors: {', '.join(new)}")
    return lines
