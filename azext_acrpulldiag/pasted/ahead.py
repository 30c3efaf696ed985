"""Lines with a look at the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

_FRAMES = (">", "\u2502")


def _unframed(line: str) -> str:
    if line.startswith(">"):
        return line[2:] if line.startswith("> ") else line
    return line.rstrip().strip("\u2502").removeprefix(" ").rstrip()


class Lines:
    """Hand out lines one by one, without ``>`` of a quotation in front and without the frame of a terminal's window.

    ``count`` is how many were handed out that are not blank, ``first`` the first of them.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.count = 0
        self.first: str | None = None
        self._source = iter(lines)
        self._ahead: deque[str] = deque()
        self._put_back = 0

    def next(self) -> str | None:
        """The next line; ``None`` at the end."""
        line = self.peek()
        if line is not None:
            self._ahead.popleft()
            self._put_back = max(0, self._put_back - 1)
            if line and not line.isspace():
                self.count += 1
                self.first = line if self.first is None else self.first
        return line

    def peek(self) -> str | None:
        """The next line, which stays; ``None`` at the end."""
        if not self._ahead:
            line = next(self._source, None)
            if line is None:
                return None
            self._ahead.append(_unframed(line) if line[:1] in _FRAMES else line)
        return self._ahead[0]

    def taken_while(self, wanted: Callable[[str], bool], at_most: int) -> list[str]:
        """Take the lines that follow, as long as they are ``wanted``."""
        found: list[str] = []
        while len(found) < at_most and (line := self.peek()) is not None and wanted(line):
            self.next()
            found.append(line)
        return found

    def put_back(self, lines: list[str]) -> None:
        """Lines that were taken for something that they are not, to be handed out again."""
        self.count -= sum(1 for line in lines if line and not line.isspace())
        self._ahead.extendleft(reversed(lines))
        self._put_back = len(lines)

    @property
    def was_put_back(self) -> bool:
        """Whether the next line is one of those."""
        return self._put_back > 0
