"""What of a report belongs together in every form that shows it: options, what is beside causes, reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

Json = Mapping[str, Any]


def options_of(finding: Json) -> list[tuple[int, Sequence[Json]]]:
    """Each option of a repair with its number and its steps in order, the best first."""
    found: dict[int, list[Json]] = {}
    for remedy in finding["remedies"]:
        found.setdefault(remedy["option"], []).append(remedy)
    return sorted(found.items())


class Kind(Enum):
    """What a finding is that is no root cause."""

    FOLLOWS = "follows"
    """A cause explains it."""
    WARNING = "warning"
    FAULT = "FAIL"


def beside(report: Json) -> list[tuple[Kind, Json]]:
    """The faults and warnings that are no root cause, those that follow from one first."""
    roots = {_key(root) for root in report["rootCauses"]}
    explained = {each for root in report["rootCauses"] for each in root["explains"] if "." in each}

    def kind(finding: Json) -> Kind:
        if finding["outcome"] in explained:
            return Kind.FOLLOWS
        return Kind.WARNING if finding["status"] == "warn" else Kind.FAULT

    found = [each for each in report["findings"] if each["status"] in ("fail", "warn") and _key(each) not in roots]
    return sorted(((kind(each), each) for each in found), key=lambda each: each[0] is not Kind.FOLLOWS)


def _key(finding: Json) -> tuple[Any, ...]:
    return finding["check"], finding["outcome"], finding["resource"]


@dataclass(frozen=True)
class Unread:
    """One reason why something could not be read, in a sentence that names the right that is missing."""

    reason: str
    permission: str | None
    checks: tuple[str, ...]
    """Those that wait for it, at least one."""
    decisive: bool
    """Whether it leaves the verdict open."""

    @property
    def more(self) -> str:
        """Of how many checks after the first; empty for one alone."""
        further = len(self.checks) - 1
        return f"and {further} more check{'s' if further > 1 else ''}" if further else ""


def unread(report: Json) -> list[Unread]:
    """What could not be read, a reason each, what leaves the verdict open first; without what no log shows."""
    by_reason: dict[str, list[Json]] = {}
    for each in report["unknowns"]:
        if not in_no_log(each):
            by_reason.setdefault(each["reason"], []).append(each)
    found = [
        Unread(
            reason,
            next((each["permission"] for each in alike if each["permission"]), None),
            tuple(sorted({each["check"] for each in alike})),
            any(each["decisive"] for each in alike),
        )
        for reason, alike in by_reason.items()
    ]
    return sorted(found, key=lambda each: not each.decisive)


def ruled_out(report: Json) -> dict[str, list[Json]]:
    """What was read and found sound, and what does not apply, by category in alphabetical order."""
    found: dict[str, list[Json]] = {}
    for each in report["findings"]:
        if each["status"] in ("pass", "skipped"):
            found.setdefault(each["category"], []).append(each)
    return dict(sorted(found.items()))


def counted(findings: Sequence[Json]) -> str:
    """How many of these are sound, and how many do not apply, in words."""
    passed = sum(each["status"] == "pass" for each in findings)
    others = len(findings) - passed
    told = [f"{passed} ok"] if passed else []
    told += [f"{others} {'does' if others == 1 else 'do'} not apply"] if others else []
    return ", ".join(told)


def in_no_log(unknown: Json) -> bool:
    """Whether a change could not be read by anybody: no right would help, so it is no gap of this run."""
    return bool(unknown["check"] == "changes.activity-log" and unknown["code"] == "unsupported")
