"""The answer in at most one screen, for a terminal beside data of another format. Pure.

Lines come with the names of styles; the edge gives them az's own colours, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from .answer import OUT_OF_SCOPE, WHERE_TO_PASTE, Report, Row, after, changed, planned, rows_of
from .folding import POSIX, folded, folded_command

SCREEN = 24
"""Lines that one report may take where it has one cause; each further cause may take as many as its repair needs."""
_CAUSES_SHOWN = 3


class Style(str, Enum):
    """What a line is to look like, in the words of az's styles."""

    ERROR = "error"
    WARNING = "warning"
    SUCCESS = "success"
    ACTION = "action"
    PLAIN = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True)
class Line:
    """One line, and how it looks."""

    style: Style
    text: str


_STYLES = {
    "BROKEN": Style.ERROR,
    "CAUSE": Style.ERROR,
    "UNKNOWN": Style.WARNING,
    "AT RISK": Style.WARNING,
    "warning": Style.WARNING,
    "HEALTHY": Style.SUCCESS,
    "fix": Style.ACTION,
    "after": Style.SUCCESS,
    "plan": Style.SUCCESS,
    "more": Style.SECONDARY,
}
_POOLS_SHOWN = 5
_SHOWN_WITHOUT_A_CAUSE = ("UNKNOWN", "warning", "FAIL", "seen")


def block_of(report: Report, width: int, continued: str = POSIX) -> list[Line]:
    """The verdict, who fails and where, each cause with its repair; without a cause what was not read, or warnings."""
    rows = list(_chosen(report))
    indent = max(len(row.result) for row in rows) + 2
    lines = [line for row in rows for line in _lines(row, indent, width, continued)]
    most = SCREEN if len(report["rootCauses"]) < 2 else len(lines)
    return lines if len(lines) <= most else [*lines[: most - 1], _more(indent)]


def blocks_of(reports: Sequence[Report], width: int, continued: str = POSIX) -> list[Line]:
    """One block a report, an empty line between two."""
    lines: list[Line] = []
    for report in reports:
        lines += [*([Line(Style.PLAIN, "")] if lines else []), *block_of(report, width, continued)]
    if not continued and any(report["rootCauses"] for report in reports):
        lines += [Line(Style.SECONDARY, text) for text in folded(WHERE_TO_PASTE, width)]
    return lines


def _chosen(report: Report) -> Iterator[Row]:
    rows = list(rows_of(report))
    yield rows[0]
    if not report["rootCauses"]:
        yield from (row for row in rows[1:] if row.result in _SHOWN_WITHOUT_A_CAUSE)
        return
    yield from (row for row in rows if row.result == "seen" and row.check == "pods")
    yield from [row for row in rows if row.result == "probed"][:_POOLS_SHOWN]
    for root in report["rootCauses"][:_CAUSES_SHOWN]:
        yield Row("CAUSE", "", f"{root['summary']}")
        yield from changed(root)
        steps = [each for each in root["remedies"] if each["option"] == 1]
        for step in steps:
            yield Row("fix", "", step["description"], step["command"])
        yield from after(steps) if steps and steps[-1]["leadsTo"] else ()
        yield from _about(root["outcome"], steps, {each["option"] for each in root["remedies"]})
    yield from planned(report)
    left = len(report["rootCauses"]) - _CAUSES_SHOWN
    if left > 0:
        yield Row("more", "", f"{left} further cause{'s' if left > 1 else ''}: see rootCauses, or -o table.")
    yield from (row for row in rows if row.result == "seen" and row.check == OUT_OF_SCOPE)


def _about(outcome: str, steps: Iterable[dict[str, object]], options: set[int]) -> Iterator[Row]:
    """The rights that the repair takes, whether there are others, and where the outcome is explained."""
    rights = list(dict.fromkeys(str(right) for step in steps for right in _texts(step["requires"])))
    if rights:
        yield Row("more", "", f"It needs {', '.join(rights)}.")
    others = len(options) - 1
    another = f"{others} more option{'s' if others > 1 else ''} with -o table; " if others > 0 else ""
    yield Row("more", "", f"{another}az aks list-pull-checks --outcome {outcome}")


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _lines(row: Row, indent: int, width: int, continued: str) -> Iterator[Line]:
    left = max(20, width - indent)
    words = folded(row.words, left) if row.command is None else folded_command(row.command, left, continued)
    style = _STYLES.get(row.result, Style.PLAIN)
    for at, text in enumerate(words):
        name = "" if at or row.result == "more" else row.result
        yield Line(style, f"{name:<{indent}}{text}".rstrip())


def _more(indent: int) -> Line:
    return Line(Style.SECONDARY, f"{'':<{indent}}... the rest with -o table")
