"""Fold words and commands to a width. Pure.

A word longer than its column stands alone and overflows; nothing else is cut. Commands are broken only where
`` \\`` continues a line, so that they can be pasted as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Where the middle column may be broken: behind a dot or a hyphen.
_BREAKS = re.compile(r"(?<=[.-])")
_INDENT = "  "
DEFAULT_WIDTH = 100
"""Columns where there is no terminal."""
POSIX = " \\"
"""What ends a line of a command that goes on."""


def continued_on(platform: str) -> str:
    """What ends a line that goes on, by ``sys.platform``. Windows has no mark that all of its shells take."""
    return "" if platform == "win32" else POSIX


def folded(text: str, width: int) -> list[str]:
    """Fold a sentence at its spaces into lines of at most ``width``; at least one line."""
    return _filled(text.split(), width, " ")


def folded_id(text: str, width: int) -> list[str]:
    """Fold an id (``pull-secret.token-expired``) behind its dots, and behind hyphens where that is not enough."""
    lines: list[str] = []
    for part in re.findall(r"[^.]+\.?|\.", text) or [text]:
        if lines and len(lines[-1]) + len(part) <= width:
            lines[-1] += part
        else:
            lines.extend(_filled(_BREAKS.split(part), width, "") if len(part) > width else [part])
    return lines


def folded_command(command: str, width: int, continued: str = POSIX) -> list[str]:
    """Fold a command before its options and behind its pipes; every line but the last ends in ``continued``.

    With ``continued`` empty (a shell that has no such mark) the command stays on one line.
    """
    if not continued or len(command) <= width:
        return [command]
    lines: list[str] = []
    whole = width - len(_INDENT) - len(continued)
    # An option stays with its values where they fit a line together.
    parts = [each for part in _parts(command) for each in ([part] if len(part) <= whole else words_of(part))]
    for part in parts:
        if lines and len(lines[-1]) + 1 + len(part) + len(continued) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(part if not lines else _INDENT + part)
    return [line + continued for line in lines[:-1]] + lines[-1:]


def words_of(command: str) -> list[str]:
    """Split a command at the spaces that are outside of quotes; the quotes stay."""
    words: list[str] = []
    quote, word = "", ""
    for at, char in enumerate(command):
        escaped = at > 0 and command[at - 1] == "\\" and quote != "'"
        if char in "\"'" and not escaped and quote in ("", char):
            quote = "" if quote else char
        if char == " " and not quote:
            words.append(word)
            word = ""
        else:
            word += char
    return [each for each in (*words, word) if each]


def _parts(command: str) -> Iterator[str]:
    """What stays together on a line: the words up to an option, and an option with its values."""
    part: list[str] = []
    for word in words_of(command):
        if part and (word.startswith("-") or part[-1] in ("|", "&&", "||")):
            yield " ".join(part)
            part = []
        part.append(word)
    if part:
        yield " ".join(part)


def _filled(words: list[str], width: int, space: str) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(space) + len(word) <= width:
            lines[-1] += space + word
        else:
            lines.append(word)
    return lines or [""]
