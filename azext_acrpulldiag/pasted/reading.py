"""Read what was pasted, line by line, and tell by structure what each line begins."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from . import documents, logs, tables
from .documents import LARGEST, DocumentError
from .objects import messages_of
from .relevance import is_said_of_pull, may_be_of_pull
from .text import WAITING_REASONS, Pasted

_LONGEST_ENTRY = 1000
"""Lines of one message."""
# The journal writes a message that is no text as a list of numbers, in which no word is found.
_NUMBERS = ('"MESSAGE":[', '"MESSAGE" : [')
# How containerd 2 writes what a registry says, on a line of its own below the status that it came with.
# Source: Error() of core/remotes/docker/errcode.go in https://github.com/containerd/containerd
_SAID_BELOW = re.compile(
    r"(?:unauthorized|denied|toomanyrequests|unsupported|unavailable|unknown|"
    r"(?:manifest|name|blob|digest|size|tag|range|pagination number)(?: \w{1,20}){1,3}): ",
    re.IGNORECASE,
)
_STATUS_AT_END = re.compile(r"\b[45]\d\d(?: [A-Z][A-Za-z-]{1,20}){1,4}$")


class Reading:
    """Iterate over the messages of lines (without their ends), each once, in order.

    After it ``skipped_lines`` and ``skipped_messages`` (of documents) say how many there were besides that cannot be of
    a pull, and ``single`` is the text where there was only one line. Blank lines count nowhere. Raises
    :class:`DocumentError` for a document that is too large, too deep, cut off or not valid.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.skipped_lines = 0
        self.skipped_messages = 0
        self.structured = False
        """Whether something was there that is more than lines of text: a table or a document."""
        self._source = iter(lines)
        self._ahead: deque[str] = deque()
        self._as_text = 0  # so many lines ahead are no document, although they look so
        self._lines = 0
        self._first: str | None = None
        self._image: str | None = None  # of the container that `kubectl describe` describes here

    @property
    def is_empty(self) -> bool:
        """Whether all lines were blank."""
        return not self._lines

    @property
    def single(self) -> str | None:
        """The only line that is not blank."""
        return self._first if self._lines == 1 else None

    def __iter__(self) -> Iterator[Pasted]:
        while (line := self._next()) is not None:
            if line and not line.isspace():
                self._lines += 1
                self._first = line if self._first is None else self._first
                yield from self._block(line)

    def skip(self, message: Pasted) -> None:
        """Count a message that, looked at, says nothing of a pull."""
        if message.in_document:
            self.skipped_messages += message.units
        else:
            self.skipped_lines += message.units

    # --- lines ahead ------------------------------------------------------------------------

    def _next(self) -> str | None:
        self._as_text = max(0, self._as_text - 1)
        return self._ahead.popleft() if self._ahead else next(self._source, None)

    def _peek(self) -> str | None:
        if not self._ahead:
            line = next(self._source, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[0]

    def _taken_while(self, wanted: Callable[[str], bool], at_most: int) -> list[str]:
        """The lines that follow and belong to this one."""
        found: list[str] = []
        while len(found) < at_most and (line := self._peek()) is not None and wanted(line):
            found.append(line)
            self._next()
            self._lines += 1
        return found

    # --- what a line begins ---------------------------------------------------------------------

    def _block(self, line: str) -> Iterator[Pasted]:
        if not self._as_text:
            if documents.opens_json(line):
                return self._json(line)
            if documents.opens_yaml(line):
                return self._yaml(line, certain=not line.startswith("---"))
            if documents.opens_part(line):
                return self._yaml(line, certain=False)
        columns = tables.columns_of(line)
        if columns is not None:
            return self._table(columns)
        return self._line(line)

    def _line(self, line: str) -> Iterator[Pasted]:
        field = tables.field_of(line)
        if field is not None:
            yield from self._field(*field)
            return
        block = logs.opens_block(line)
        of_pull = is_said_of_pull(line)
        if not block and not of_pull and (logs.is_log(line) or not may_be_of_pull(line)):
            self.skipped_lines += 1
            return
        units = 1
        if block:
            line, units = self._klog_block(line)
        message = tables.row_of(line) or logs.log_message(line)
        if message is None:
            self.skipped_lines += units
            return
        further = self._below(line, message)
        indented = line[:1].isspace()
        yield replace(
            message,
            text="\n".join([message.text, *(each.strip() for each in further)]).strip(),
            is_alone=message.is_alone and not indented,
            units=units + len(further),
        )

    def _below(self, line: str, message: Pasted) -> list[str]:
        """The lines below that go on with a message."""
        indent = len(line) - len(line.lstrip())
        ends = message.text.rstrip()

        def goes_on(below: str) -> bool:
            nonlocal ends
            stripped = below.strip()
            if not stripped or tables.field_of(below) or tables.row_of(below) or tables.columns_of(below):
                return False
            deeper = len(below) - len(below.lstrip()) > indent
            said = _SAID_BELOW.match(below) and _STATUS_AT_END.search(ends)
            follows = deeper or bool(said) or (ends.endswith(":") and not logs.is_log(below))
            ends = stripped if follows else ends
            return follows

        return self._taken_while(goes_on, _LONGEST_ENTRY)

    def _klog_block(self, line: str) -> tuple[str, int]:
        """A klog entry with a value of several lines, as one line, and how many they were."""
        lines = self._taken_while(lambda below: not logs.closes_block(logs.without_prefix(below)), _LONGEST_ENTRY)
        last = self._peek()
        if last is not None and logs.without_prefix(last).lstrip().startswith(">"):
            lines += self._taken_while(lambda _: True, 1)
        return "\n".join([line, *(logs.without_prefix(each) for each in lines)]), 1 + len(lines)

    # --- kubectl's tables -------------------------------------------------------------------------

    def _field(self, name: str, value: str) -> Iterator[Pasted]:
        """A field of `kubectl describe`; those of one container follow each other."""
        self.structured = True
        if name == "Image":
            self._image = value or None
        elif (name == "Reason" and value in WAITING_REASONS) or (name == "Message" and may_be_of_pull(value)):
            yield Pasted(value, self._image, is_alone=name == "Reason")
            return
        self.skipped_lines += 1

    def _table(self, columns: tables.Columns) -> Iterator[Pasted]:
        """The rows below a header, up to a blank line or what is plainly something else."""
        self.structured = True
        while (line := self._peek()) is not None and self._is_of_table(line):
            self._next()
            if tables.is_rule(line):
                continue
            self._lines += 1
            row = tables.row_of(line, columns)
            below = self._taken_while(lambda each: self._is_rest(each, columns), _LONGEST_ENTRY)
            if row is None:
                row = Pasted(line.strip(), is_alone=False)
            if below:
                row = replace(row, text=tables.joined(row.text, line, below), units=1 + len(below))
            if may_be_of_pull(row.text):
                yield row
            else:
                self.skip(row)

    def _is_of_table(self, line: str) -> bool:
        return bool(line.strip()) and not tables.ends_table(line) and tables.columns_of(line) is None

    def _is_rest(self, line: str, columns: tables.Columns) -> bool:
        return self._is_of_table(line) and tables.row_of(line, columns) is None and not tables.is_rule(line)

    # --- documents ----------------------------------------------------------------------------------

    def _json(self, line: str) -> Iterator[Pasted]:
        extent = documents.JsonExtent()
        whole = line.rstrip().endswith(("}", "]"))
        if whole and not may_be_of_pull(line) and not any(mark in line for mark in _NUMBERS):
            self.skipped_lines += 1
            return
        extent.take(line)
        lines, size = [line], len(line)
        while extent.depth > 0 and self._is_open(lines) and (below := self._next()) is not None:
            lines.append(below)
            size += len(below) + 1
            if size > LARGEST:
                break
            extent.take(below)
        if size > LARGEST:
            raise documents.too_large("JSON")
        if extent.depth > 0 and self._peek() is None and self._is_first():
            raise documents.cut_off("JSON")
        yield from self._document(lines, documents.parse_json, "JSON" if self._is_first() and len(lines) > 1 else None)

    def _is_open(self, lines: list[str]) -> bool:
        """Tell whether the document may go on in a further line: a break stands between two values only."""
        return len(lines) > 1 or lines[0].rstrip().endswith(("{", "[", ",", ":", "}", "]")) or self._peek() is None

    def _yaml(self, line: str, certain: bool) -> Iterator[Pasted]:
        indent = len(line) - len(line.lstrip())
        lines, size = [line], len(line)
        while (below := self._peek()) is not None and documents.goes_on(below, indent):
            self._next()
            lines.append(below)
            size += len(below) + 1
            if size > LARGEST:
                raise documents.too_large("YAML")
        yield from self._document(lines, documents.parse_yaml, "YAML" if certain and self._is_first() else None)

    def _is_first(self) -> bool:
        """Whether only blank lines stood before."""
        return self._lines == 1

    def _document(self, lines: list[str], parse: Callable[[str], list[Any]], kind: str | None) -> Iterator[Pasted]:
        """The messages of a document. One that is none is text, unless the input is of that ``kind`` by its start."""
        try:
            values = parse("\n".join(lines))
        except DocumentError:
            raise
        except ValueError as error:
            if kind is not None:
                raise documents.not_valid(kind, str(error)) from error
            self._ahead.extendleft(reversed(lines[1:]))
            self._as_text = len(lines)
            yield from self._line(lines[0])
            return
        self.structured = True
        self._lines += sum(1 for each in lines[1:] if each.strip())
        found = False
        for value in values:
            for message in messages_of(value):
                found = True
                if message is not None and may_be_of_pull(message.text):
                    yield message
                else:
                    self.skip(message or Pasted(""))
        if not found:
            self.skipped_lines += sum(1 for each in lines if each.strip())
