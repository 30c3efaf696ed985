"""Elements of a page, and the page as text. Whatever a text holds is escaped where it is written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, tostring  # builds and writes; nothing is parsed

from ...quoting import printable

Child = Element | str | None

_TEXT_ALONE = frozenset({"title", "style"})
"""In these, a browser takes tags for text."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")


def el(tag: str, *children: Child, **attributes: str | None) -> Element:
    """An element. ``class_`` is its class; an underscore in another name is a hyphen. ``None`` is left out.

    Characters that move a cursor, turn the direction of a line or have no shape are shown as ``\\xNN``. Words that are
    written from right to left are kept apart from those around them.
    """
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    element = Element(tag, {key: shown(value) for key, value in given if value is not None})
    last: Element | None = None
    for child in _apart(children, tag):
        if isinstance(child, Element):
            element.append(child)
            last = child
        elif last is None:
            element.text = (element.text or "") + child
        else:
            last.tail = (last.tail or "") + child
    return element


def _apart(children: Iterable[Child], tag: str) -> Iterator[Element | str]:
    for child in children:
        if isinstance(child, str):
            text = shown(child)
            yield from (text,) if tag in _TEXT_ALONE or tag == "bdi" or text.isascii() else _isolated(text)
        elif child is not None:
            yield child


def _isolated(text: str) -> Iterator[Element | str]:
    for word in re.split(r"(\s+)", text):
        turned = any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in word)
        yield bdi(word) if turned else word


def shown(text: str) -> str:
    """The text with nothing in it that is not shown but line feeds."""
    return "\n".join(map(printable, text.split("\n")))


def document(root: Element) -> str:
    """The whole document as text."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


# --- small things ------------------------------------------------------------------------


def bdi(text: str, class_: str | None = None) -> Element:
    """A name from a cluster or a subscription, whose direction stays its own."""
    return el("bdi", text, class_=class_)


def code(text: str) -> Element:
    """An id, a host, a right."""
    return el("code", bdi(text))


def resource(text: str) -> Element:
    """An id of a resource, which may be broken behind each slash."""
    first, *rest = text.split("/")
    parts = [part for each in rest for part in ("/", el("wbr"), each)]
    return el("bdi", first, *parts, class_="id")


def instant(text: str) -> Element:
    """A point in time of a report, in UTC."""
    return el("time", _INSTANT.sub(r"\1 \2 UTC", text), datetime=text)


def link(text: str, address: str | None) -> Child:
    """A link to a page of the web; the text alone where there is none."""
    return el("a", text, href=address, rel="noreferrer") if address and address.startswith("https://") else text


def some(names: Sequence[str], most: int) -> list[Child]:
    """Names in a sentence, and how many more there are."""
    parts: list[Child] = []
    for each in names[:most]:
        parts += [", " if parts else None, bdi(each)]
    return [*parts, f" and {len(names) - most} more"] if len(names) > most else parts


def pairs(given: Iterable[tuple[str, Sequence[Child]]], class_: str | None = None) -> Element | None:
    """A list of terms with what they are; nothing where there are none."""
    rows = [
        el("div", el("dt", term), el("dd", *what)) for term, what in given if any(each is not None for each in what)
    ]
    return el("dl", *rows, class_=class_) if rows else None


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Element]], class_: str | None = None) -> Element:
    """A table whose rows become blocks on a narrow page; the roles are said, since a block has none of a table.

    The first cell of a row is its heading.
    """
    headings = [el("th", head, scope="col", role="columnheader") for head in heads]
    return el(
        "table",
        el("caption", caption),
        el("thead", el("tr", *headings, role="row"), role="rowgroup"),
        el("tbody", *(_row(row, heads) for row in rows), role="rowgroup"),
        role="table",
        class_=class_,
    )


def _row(cells: Sequence[Element], heads: Sequence[str]) -> Element:
    for number, (cell, head) in enumerate(zip(cells, heads, strict=True)):
        cell.tag = "td" if number else "th"
        cell.set("role", "cell" if number else "rowheader")
        cell.set("data-label", head)
        if not number:
            cell.set("scope", "row")
    return el("tr", *cells, role="row")


def more(opened: Child, *children: Child, class_: str | None = None, is_open: bool = False) -> Element:
    """What opens where somebody wants it."""
    return el("details", el("summary", opened), *children, class_=class_, open="" if is_open else None)
