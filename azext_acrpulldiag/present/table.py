"""The table of ``-o table``: complete in itself, the answer first, folded to a width. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from .answer import WHERE_TO_PASTE, Report, Row, rows_of
from .folding import DEFAULT_WIDTH, POSIX, folded, folded_command, folded_id

_WIDEST_CHECK = 24
_NARROWEST_TEXT = 30
_HEADER_PADDING = 2
"""What the table's printer adds to a header before it takes the width of a column."""
_BETWEEN = 2
"""Spaces between two columns, as az prints tables."""
_RANKS = ("broken", "inconclusive", "at-risk", "healthy")


def table_of(
    reports: Sequence[Report], width: int = DEFAULT_WIDTH, continued: str = POSIX
) -> list[OrderedDict[str, str]]:
    """The rows of one block a report, worst first, no line wider than ``width`` where words allow it.

    ``continued`` marks a line of a command that goes on; empty: commands are not folded.
    """
    rows = [row for report in sorted(reports, key=rank_of) for row in rows_of(report)]
    if not continued and any(row.command for row in rows):
        rows.append(Row("note", "", WHERE_TO_PASTE))
    return _folded(rows, width, continued)


def rank_of(report: Report) -> int:
    """What the worst has least of."""
    return _RANKS.index(report["verdict"])


def _folded(rows: Iterable[Row], width: int, continued: str) -> list[OrderedDict[str, str]]:
    listed = list(rows)
    results = max(len("Result") + _HEADER_PADDING, *(len(row.result) for row in listed))
    ids = [folded_id(row.check, _WIDEST_CHECK) for row in listed]
    checks = max(len("Check") + _HEADER_PADDING, *(len(line) for lines in ids for line in lines))
    left = max(_NARROWEST_TEXT, width - results - checks - 2 * _BETWEEN)
    return [
        OrderedDict(Result=row.result, Check="\n".join(lines), Finding="\n".join(_text(row, left, continued)))
        for row, lines in zip(listed, ids, strict=True)
    ]


def _text(row: Row, width: int, continued: str) -> list[str]:
    return folded(row.words, width) if row.command is None else folded_command(row.command, width, continued)
