"""Read what was pasted, line by line, and tell by structure what each line begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from . import documents, logs, tables
from .ahead import Lines
from .documents import DocumentError, Room, TooLargeError
from .objects import messages_of
from .relevance import is_said_of_pull, may_be_of_pull
from .text import WAITING_REASONS, Pasted

_LONGEST_ENTRY = 1000
"""Lines of one message."""
# The journal writes a message that is no text as a list of numbers, in which no word is found.
_NUMBERS = re.compile(r"\"MESSAGE\"\s{0,4}:\s{0,4}\[")
_ENTRY = re.compile(r"\"(?:MESSAGE|log)\"\s{0,4}:")  # a line of a log, as a document
# How containerd 2 writes what a registry says, on a line of its own below the status that it came with.
# Source: Error() of core/remotes/docker/errcode.go in https://github.com/containerd/containerd
# Where mail and chats break a line between words: what was requested, or the name of the image, is still to come.
_UNFINISHED = re.compile(r"(?::|=|\b(?:head|get|post|image|reference|code|tcp))\Z", re.IGNORECASE)
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
        self._lines = Lines(lines)
        self._in_log = False  # so that a line without a time is the rest of an entry
        self._image: str | None = None  # of the container that `kubectl describe` describes here

    @property
    def is_empty(self) -> bool:
        """Whether all lines were blank."""
        return not self._lines.count

    @property
    def single(self) -> str | None:
        """The only line that is not blank."""
        return self._lines.first if self._lines.count == 1 else None

    def __iter__(self) -> Iterator[Pasted]:
        while True:
            is_text = self._lines.was_put_back
            line = self._lines.next()
            if line is None:
                return
            if line and not line.isspace():
                yield from self._line(line) if is_text else self._block(line)

    def skip(self, message: Pasted) -> None:
        """Count a message that, looked at, says nothing of a pull."""
        if message.in_document:
            self.skipped_messages += message.units
        else:
            self.skipped_lines += message.units

    # --- what a line begins ---------------------------------------------------------------------

    def _block(self, line: str) -> Iterator[Pasted]:
        if documents.opens_json(line):
            return self._json(line)
        if documents.opens_yaml(line) or documents.opens_part(line):
            return self._yaml(line)
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
        if not block and not is_said_of_pull(line):
            self._in_log = self._in_log or logs.is_log(line)
            if self._in_log or not may_be_of_pull(line):
                self.skipped_lines += 1
                return
        line, units = self._klog_block(line) if block else self._unbroken(line)
        row = tables.row_of(line)
        message = row or logs.log_message(line)
        if message is None:
            self.skipped_lines += units
            return
        further = self._below(line, message)
        out_of_context = row is None and line[:1].isspace()
        yield replace(
            message,
            text="\n".join([message.text, *(each.strip() for each in further)]).strip(),
            is_alone=message.is_alone and not out_of_context,
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
            follows = deeper or bool(said) or bool(_UNFINISHED.search(ends[-12:]) and not logs.is_log(below))
            ends = stripped if follows else ends
            return follows

        return self._lines.taken_while(goes_on, _LONGEST_ENTRY)

    def _unbroken(self, line: str) -> tuple[str, int]:
        """A sentence that a terminal broke at its last column, as one line, and how many they were."""
        if not tables.is_full(line) or not line[0].isupper():
            return line, 1

        def is_rest(below: str) -> bool:
            return bool(below) and not (below[0].isupper() or tables.row_of(below) or logs.is_log(below))

        full = self._lines.taken_while(lambda below: len(below) == len(line) and is_rest(below), _LONGEST_ENTRY)
        last = self._lines.taken_while(lambda below: len(below) < len(line) and is_rest(below), 1 if full else 0)
        return "".join([line, *full, *last]), 1 + len(full) + len(last)

    def _klog_block(self, line: str) -> tuple[str, int]:
        """A klog entry with a value of several lines, as one line, and how many they were."""
        lines = self._lines.taken_while(lambda below: not logs.closes_block(logs.without_prefix(below)), _LONGEST_ENTRY)
        last = self._lines.peek()
        if last is not None and logs.without_prefix(last).lstrip().startswith(">"):
            lines += self._lines.taken_while(lambda _: True, 1)
        return "\n".join([line, *(logs.without_prefix(each) for each in lines)]), 1 + len(lines)

    # --- kubectl's tables -------------------------------------------------------------------------

    def _field(self, name: str, value: str) -> Iterator[Pasted]:
        """A field of `kubectl describe`; those of one container follow each other."""
        if name == "Image":
            self._image, self.structured = value or None, True
        elif (name == "Reason" and value in WAITING_REASONS) or (name == "Message" and may_be_of_pull(value)):
            yield Pasted(value, self._image, is_alone=name == "Reason")
            return
        self.skipped_lines += 1

    def _table(self, columns: tables.Columns) -> Iterator[Pasted]:
        """The rows below a header, up to a blank line or what is plainly something else."""
        self.structured = True
        while (line := self._lines.peek()) is not None and self._is_of_table(line):
            self._lines.next()
            if tables.is_rule(line):
                continue
            row = tables.row_of(line, columns)
            below = self._lines.taken_while(lambda each: self._is_rest(each, columns), _LONGEST_ENTRY)
            if row is None:
                row = Pasted(line.strip(), is_alone=False)
            if below:
                row = replace(row, text=tables.joined(row.text, line, below), units=1 + len(below))
            if may_be_of_pull(row.text) if row.is_alone else is_said_of_pull(row.text):
                yield row
            else:
                self.skip(row)

    def _is_of_table(self, line: str) -> bool:
        return bool(line.strip()) and not tables.ends_table(line) and tables.columns_of(line) is None

    def _is_rest(self, line: str, columns: tables.Columns) -> bool:
        return self._is_of_table(line) and tables.row_of(line, columns) is None and not tables.is_rule(line)

    # --- documents ----------------------------------------------------------------------------------

    def _json(self, line: str) -> Iterator[Pasted]:
        may_be = is_said_of_pull if _ENTRY.search(line) else may_be_of_pull
        if line.rstrip().endswith(("}", "]")) and not may_be(line) and not _NUMBERS.search(line):
            self.skipped_lines += 1
            return
        is_first, lines = self._lines.count == 1, [line]
        try:
            is_whole = self._to_its_end(lines)
        except DocumentError as error:
            if is_first or isinstance(error, TooLargeError):
                raise
            yield from self._text_after_all(lines)
            return
        if not is_whole and is_first and self._lines.peek() is None:
            raise documents.cut_off("JSON")
        yield from self._document(lines, documents.parse_json, "JSON" if is_first and len(lines) > 1 else None)

    def _to_its_end(self, lines: list[str]) -> bool:
        """Take further lines of a JSON document that begins with ``lines``; ``False``: it does not end with them.

        A break stands between two values only, so that a first line which ends within one is a document cut off.
        """
        extent, room = documents.JsonExtent(), Room("JSON")
        extent.take(lines[0])
        room.take(lines[0])
        is_open = lines[0].rstrip().endswith(("{", "[", ",", ":", "}", "]"))
        while extent.depth > 0 and is_open and (below := self._lines.peek()) is not None and not logs.is_log(below):
            self._lines.next()
            lines.append(below)
            room.take(below)
            extent.take(below)
        return extent.depth <= 0

    def _yaml(self, line: str) -> Iterator[Pasted]:
        kind = "YAML" if documents.opens_yaml(line) and self._lines.count == 1 else None
        indent, room = len(line) - len(line.lstrip()), Room("YAML")
        room.take(line)
        lines = [line]
        while (below := self._lines.peek()) is not None and documents.goes_on(below, indent):
            self._lines.next()
            lines.append(below)
            room.take(below)
        yield from self._document(lines, documents.parse_yaml, kind)

    def _document(self, lines: list[str], parse: Callable[[str], list[Any]], kind: str | None) -> Iterator[Pasted]:
        """The messages of a document. One that is none is text, unless the input is of that ``kind`` by its start."""
        try:
            values = parse("\n".join(lines))
        except ValueError as error:
            if kind is None:
                yield from self._text_after_all(lines)
                return
            if isinstance(error, DocumentError):
                raise
            raise documents.not_valid(kind, str(error)) from error
        self.structured = True
        found = False
        for value in values:
            for message in messages_of(value):
                found = True
                if message is not None and may_be_of_pull(message.text):
                    yield message
                else:
                    self.skip(message or Pasted(""))
        if not found:  # an entry of a log in another form is read as the text that it is
            yield from self._line(lines[0])
            self.skipped_lines += sum(1 for each in lines[1:] if each.strip())

    def _text_after_all(self, lines: list[str]) -> Iterator[Pasted]:
        self._lines.put_back(lines[1:])
        return self._line(lines[0])
