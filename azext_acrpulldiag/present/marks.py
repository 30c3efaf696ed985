"""Texts of others in Markdown, such that they stay texts: words, code spans and fences. Pure.

CommonMark (https://spec.commonmark.org), with what GitHub adds to it: tables, links made of bare addresses, mentions,
references to issues, emoji and formulas. A word that could become any of these is a code span, in which nothing does.
"""

from __future__ import annotations

import re
import unicodedata

from ..quoting import printable

_CUT = " ..."
# Letters and digits of any script, and what no rule of Markdown's begins with inside of a line.
_PLAIN = re.compile(r"[^\W_]+(?:[-.,;:/'%=+]+[^\W_]+)*")
_BEFORE, _AFTER = "(\"'", ".,;:!?)\"'%"
# Addresses, emoji, hashes of commits, references to issues.
_LINKED = re.compile(r"://|\bwww\.|\bmailto:|\bxmpp:|:[a-z0-9_+-]+:|\b[0-9a-f]{7,}\b|\bgh-[0-9]", re.IGNORECASE)
_TURNED = frozenset({"R", "AL", "AN"})
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
_AT_FIRST = re.compile(r"[0-9]{1,9}[.)]$")  # would begin a list


def prose(text: str, longest: int = 2000) -> str:
    """A sentence with names of others in it, on one line; longer ones are cut."""
    line = " ".join(printable(text).split())
    if len(line) > longest:
        line = line[:longest].rstrip() + _CUT
    return " ".join(_word(word, first=not at) for at, word in enumerate(line.split(" ")))


def code(text: str) -> str:
    """A name as a code span. A vertical bar in it would end a cell of a table, so such a one is plain text."""
    shown = printable(text)
    if not shown.strip():
        return "\\-"
    if "|" in shown:
        return _isolated("".join(map(_escaped, shown)), shown)
    ticks = "`" * (_longest_run(shown) + 1)
    space = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return _isolated(f"{ticks}{space}{shown}{space}{ticks}", shown)


def fenced(lines: list[str], language: str = "") -> list[str]:
    """Lines that stand as they are, such as a command."""
    shown = [printable(line) for line in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, shown), default=0))
    return [f"{fence}{language}", *shown, fence]


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _word(word: str, first: bool) -> str:
    bare = word.lstrip(_BEFORE)
    before = word[: len(word) - len(bare)]
    inner = bare.rstrip(_AFTER)
    after = bare[len(inner) :]
    if first and _AT_FIRST.match(word):
        return word[:-1] + "\\" + word[-1]
    if not inner:
        return word if set(word) <= set(".,;:") else "".join(map(_escaped, word))
    if _PLAIN.fullmatch(inner) and not _LINKED.search(word):
        return before + _isolated(inner, inner) + after
    return before + code(inner) + after


def _escaped(char: str) -> str:
    """A character that stands for nothing but itself; as an entity, since that ends no cell of a table."""
    return f"&#{ord(char)};" if char.isascii() and not char.isalnum() and char != " " else char


def _isolated(written: str, text: str) -> str:
    """What is written from right to left turns nothing beside it."""
    if any(unicodedata.bidirectional(char) in _TURNED for char in text):
        return f"{_ISOLATE}{written}{_END_OF_ISOLATE}"
    return written
