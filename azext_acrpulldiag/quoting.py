"""Make text safe to show and commands safe to paste.

Names and messages come from a cluster that others control. Shown, they must not move the
cursor or colour the terminal; pasted, they must stay one argument.
"""

from __future__ import annotations

import re
import shlex
import string
import unicodedata
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def printable(text: str) -> str:
    """Return ``text`` with every control, format and unassigned character written as ``\\xNN``.

    Covers ANSI escapes, carriage returns, bidirectional overrides and line breaks, so that
    one value stays on one line and looks like what it is.
    """
    if text.isprintable():
        return text
    return "".join(
        char if not unicodedata.category(char).startswith("C") else char.encode("unicode_escape").decode()
        for char in text
    )


def placeholders(template: str) -> frozenset[str]:
    """Return the ``{names}`` that a template wants filled."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def is_safe_argument(value: str) -> bool:
    """Tell whether ``value`` may stand in a command that somebody will paste.

    Unsafe are values with control characters, and a leading ``@``, which ``az`` reads as
    the name of a file to load, or ``-``, which it reads as an option.
    """
    return bool(value) and value[0] not in "@-" and printable(value) == value


def fill_command(template: str, values: Mapping[str, Any]) -> str | None:
    """Fill a command template, each value quoted for a POSIX shell.

    A list fills its place with several words. Returns ``None`` where a value is missing
    (``None``), empty or unsafe: no command is better than one that does something else.
    """
    words: dict[str, str] = {}
    for name in _PLACEHOLDER.findall(template):
        value = values[name]
        items = [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
        if value is None or not items or not all(is_safe_argument(item) for item in items):
            return None
        words[name] = " ".join(shlex.quote(item) for item in items)
    return _PLACEHOLDER.sub(lambda match: words[match.group(1)], template)
