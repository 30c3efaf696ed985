"""Make text safe to show and commands safe to paste.

Names and messages come from a cluster that others control. Shown, they must not move the
cursor or colour the terminal; pasted, they must stay one argument.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def printable(text: str) -> str:
    """Return ``text`` with every control, format and unassigned character, and every break, written as ``\\xNN``.

    Covers ANSI escapes, carriage returns, bidirectional overrides and line breaks (U+2028 and U+2029 too), so that
    one value stays on one line and looks like what it is.
    """
    if text.isprintable():
        return text
    return "".join(char.encode("unicode_escape").decode() if _is_unseen(char) else char for char in text)


def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    return category.startswith("C") or category in ("Zl", "Zp")


# Where a text may be cut, the best first: behind a sentence, behind a clause, between words.
_ENDS = (". ", "; ", ": ", ", ", " ")
_CUT = "..."


def quoted(text: str, longest: int) -> str:
    """Return a message as others repeat it: on one line, printable, of at most ``longest`` characters and a mark.

    A longer one ends with the last sentence, clause or word in the second half of what fits, never within a word that
    has an end there.
    """
    looked_at = text[: 4 * longest]
    line = printable(" ".join(looked_at.split()))
    if len(line) <= longest and len(looked_at) == len(text):
        return line
    fits = line[:longest]
    ends = (fits.rfind(end) + len(end.rstrip()) for end in _ENDS if fits.rfind(end) >= longest // 2)
    return f"{fits[: next(ends, longest)].rstrip(' ,:;')} {_CUT}"


def sentence(text: str) -> str:
    """Return a text that another sentence may follow: what has no end gets a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def placeholders(template: str) -> frozenset[str]:
    """Return the ``{names}`` that a template wants filled; a shell's ``${NAME:?...}`` is none."""
    return frozenset(_PLACEHOLDER.findall(template))


def fill(template: str, value_of: Callable[[str], str]) -> str:
    """Fill each ``{name}`` of a template with ``value_of(name)``."""
    return _PLACEHOLDER.sub(lambda match: value_of(match[1]), template)


@dataclass(frozen=True)
class Arguments:
    """Options with their values, to stand in a command as they are: ``(("--kubeconfig", "./prod.kubeconfig"),)``."""

    pairs: tuple[tuple[str, str], ...]


def is_safe_argument(value: str) -> bool:
    """Tell whether ``value`` may stand in a command that somebody will paste.

    Unsafe are values with control characters, and a leading ``@``, which ``az`` reads as
    the name of a file to load, or ``-``, which it reads as an option.
    """
    return bool(value) and value[0] not in "@-" and printable(value) == value


def fill_command(template: str, values: Mapping[str, Any]) -> str | None:
    """Fill a command template, each value quoted for a POSIX shell.

    A list fills its place with several words, :class:`Arguments` with options. Returns ``None`` where a value is
    missing (``None``), empty or unsafe: no command is better than one that does something else.
    """
    words: dict[str, str] = {}
    for name in _PLACEHOLDER.findall(template):
        value = values[name]
        options = value.pairs if isinstance(value, Arguments) else [("", each) for each in _items(value)]
        if value is None or not options or not all(is_safe_argument(item) for _, item in options):
            return None
        words[name] = " ".join(f"{option} {shlex.quote(item)}".lstrip() for option, item in options)
    return fill(template, words.__getitem__)


def _items(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
