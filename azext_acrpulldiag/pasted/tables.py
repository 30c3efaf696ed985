"""Read the tables of events that kubectl prints, and what `kubectl describe` says of containers.

``kubectl get`` cuts a message at its first line break; ``kubectl describe`` prints it as it is, so that rows have
lines of their own without columns. Terminals break rows anywhere, and people copy them so.

Sources: ``pkg/printers/internalversion/printers.go`` of https://github.com/kubernetes/kubernetes (columns of
events); ``DescribeEvents`` in ``pkg/describe/describe.go`` of https://github.com/kubernetes/kubectl.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .text import WAITING_REASONS, Pasted, of_reason

_AGE = r"(?:\d{1,6}[a-z]{1,2}(?:\d{1,6}[a-z]{1,2})?|<unknown>|<invalid>)"
_REPEATED = rf"{_AGE}(?: \(x\d{{1,9}} over {_AGE}\))?"
_TYPE = r"(?:Normal|Warning)"
# Of describe (older: `kubelet, NODE` as source; before 1.10 with six columns in front) and of get, with and without
# a namespace in front.
_DESCRIBED = re.compile(
    rf"\s{{0,16}}{_TYPE}\s+([A-Za-z]\w{{0,63}})\s+{_REPEATED}\s+(?:[a-z][\w-]{{0,62}}(?:, \S{{1,253}})?\s+)?(.*)"
)
_DESCRIBED_LONG_AGO = re.compile(
    rf"\s{{0,16}}{_AGE}\s+{_AGE}\s+\d{{1,9}}\s+\S.{{0,600}}?\s{_TYPE}\s+([A-Za-z]\w{{0,63}})\s+(.*)"
)
_LISTED = re.compile(
    rf"(?:[a-z0-9][a-z0-9-]{{0,62}}\s+)?{_REPEATED}\s+{_TYPE}\s+([A-Za-z]\w{{0,63}})\s+\S{{1,300}}\s+(.*)"
)
# Of `kubectl get pods`, with and without a namespace; Init: of an init container.
_POD = re.compile(r"(?:\S{1,63}\s+)?\S{1,253}\s+\d{1,4}/\d{1,4}\s+(?:Init:)?([A-Z][A-Za-z]{1,40})(?:\s|$)")
_ROWS = (_DESCRIBED, _LISTED, _DESCRIBED_LONG_AGO)

# Its values stand in a column, so that at least two blanks are between; "Error: ErrImagePull" is a message.
_FIELD = re.compile(r"\s{0,16}([A-Z][\w /()-]{1,40}):(?:\s{2,}(.*)|\s*)$")
_RULE = re.compile(r"\s{0,16}-{2,}(?:\s+-{2,})+\s*$")
# What follows a table where several things were pasted: another description, a shell's prompt, the end of a code block.
_ENDS = re.compile(r"```|~~~|</|Name:\s{2,}\S|[\w.@:~/ \[\]()-]{0,80}[$#>] \S|(?:kubectl|az|crictl|PS) ")
_FULL = 60
"""Columns; a narrower terminal breaks no line of a table in the middle of it."""


@dataclass(frozen=True)
class Columns:
    """Where the message stands in the rows below a header. Of `kubectl describe`: nowhere certain."""

    start: int | None
    end: int | None
    reason: int | None = None


def columns_of(line: str) -> Columns | None:
    """The columns below a header of events; ``None``: the line is no such header."""
    if "Message" not in line and "MESSAGE" not in line:
        return None
    words = line.split()
    if "Message" in words and "Reason" in words and ("From" in words or "Type" in words):
        return Columns(None, None)
    if "MESSAGE" not in words or line.upper() != line or len(words) < 2:
        return None
    start = line.index("MESSAGE")
    after = line[start:].split("  ", 1)
    rest = after[1].lstrip() if len(after) > 1 else ""
    reason = line.index("REASON") if "REASON" in words else None
    return Columns(start, len(line) - len(rest.rstrip("\n")) if rest else None, reason)


def is_rule(line: str) -> bool:
    """Tell whether the line only underlines a header."""
    return _RULE.match(line) is not None


def ends_table(line: str) -> bool:
    """Tell whether the line is plainly no part of the table above it."""
    return _ENDS.match(line) is not None


def row_of(line: str, columns: Columns | None = None) -> Pasted | None:
    """The message of a row of events, or the reason of a pod that waits; ``None``: the line is none."""
    if columns is not None and columns.start is not None and _is_aligned(line, columns):
        reason = None if columns.reason is None else line[columns.reason :].split(maxsplit=1)[0]
        return Pasted(line[columns.start : columns.end].strip(), is_alone=of_reason(reason))
    for pattern in _ROWS:
        row = pattern.match(line)
        if row is not None:
            return Pasted(row[2].strip(), is_alone=of_reason(row[1]))
    pod = _POD.match(line)
    return Pasted(pod[1]) if pod is not None and pod[1] in WAITING_REASONS else None


def _is_aligned(line: str, columns: Columns) -> bool:
    """Every column begins behind two blanks at least, so that this is a row and not the rest of one."""
    starts = [start for start in (columns.start, columns.end, columns.reason) if start]
    return all(line[start - 2 : start] == "  " and line[start : start + 1].strip() for start in starts)


def is_full(line: str) -> bool:
    """Tell whether a line may end where a terminal does."""
    return len(line) >= _FULL


def joined(message: str, row: str, below: list[str]) -> str:
    """The message of a row that goes on in the lines below it.

    A terminal breaks where its last column is, in the middle of words: then several lines of one length are full.
    Everything else breaks between words.
    """
    full = {len(line) for line in (row, *below[:-1])}
    if len(below) > 1 and len(full) == 1 and is_full(row) and len(below[-1]) <= len(row):
        return (message + row[len(row.rstrip()) :] + "".join(below)).strip()
    return "\n".join([message, *(line.strip() for line in below)])


def field_of(line: str) -> tuple[str, str] | None:
    """A field of `kubectl describe`, with its value; ``None``: the line is none."""
    field = _FIELD.match(line)
    return None if field is None else (field[1], (field[2] or "").strip())
