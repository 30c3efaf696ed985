"""What a report comes to where somebody asks whether it is well: under ``--fail-on``, decided once. Pure.

The exit code of a run, and which test of a JUnit file fails, are the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

FOUND = 4
INCONCLUSIVE = 5

Report = Mapping[str, Any]


class Mark(IntEnum):
    """What one finding comes to, the worst first."""

    FAILURE = 0
    """It was found."""
    ERROR = 1
    """It could not be read, and that counts."""
    OPEN = 2
    """It could not be read, and that does not count."""
    WELL = 3
    """It passes, a warning that does not count too."""
    NOT_APPLICABLE = 4


@dataclass(frozen=True)
class Marked:
    """A finding, what it comes to, and why it is unknown where it is."""

    finding: Mapping[str, Any]
    mark: Mark
    unknown: Mapping[str, Any] | None = None


def marked(report: Report, fail_on: str) -> Iterator[Marked]:
    """Yield every finding with what it comes to. ``never`` says nothing of findings: they count as with ``error``.

    What was seen from this machine alone never stops a pull, so it counts as what it warns of only.
    """
    causes = {_key(root) for root in report["rootCauses"]}
    unread = [each for each in report["findings"] if each["status"] == "unknown"]
    # There is one for each, in their order.
    unknowns = {id(each): why for each, why in zip(unread, report["unknowns"], strict=True)}
    for finding in report["findings"]:
        status = finding["status"]
        if status == "unknown":
            unknown = unknowns[id(finding)]
            counts = unknown["decisive"] or fail_on == "unknown"
            yield Marked(finding, Mark.ERROR if counts else Mark.OPEN, unknown)
        elif status == "skipped":
            yield Marked(finding, Mark.NOT_APPLICABLE)
        elif _key(finding) in causes or _is_found(finding, fail_on):
            yield Marked(finding, Mark.FAILURE)
        else:
            yield Marked(finding, Mark.WELL)


def _key(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return finding["check"], finding["outcome"], finding["resource"]


def _is_found(finding: Mapping[str, Any], fail_on: str) -> bool:
    if finding["seenFrom"] == "this-machine":
        return False
    return finding["status"] == "fail" or (finding["status"] == "warn" and fail_on in ("warning", "unknown"))


def exit_code(report: Report, fail_on: str) -> int:
    """The code of one report: 4 found, 5 inconclusive, 0 otherwise.

    ``fail_on`` is the least that counts: ``error``, ``warning``, ``unknown`` (as warning, and 5 where anything at
    all could not be read), or ``never``. A verdict that is open stays so, whatever it warns of.
    """
    if fail_on == "never":
        return 0
    marks = {each.mark for each in marked(report, fail_on)}
    if Mark.FAILURE in marks and report["verdict"] != "inconclusive":
        return FOUND
    return INCONCLUSIVE if marks & {Mark.FAILURE, Mark.ERROR} else 0
