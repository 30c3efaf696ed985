"""Elements of a page, and the page as text. Whatever a text holds is escaped where it is written. Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring  # builds and writes; nothing is parsed

from ...quoting import printable

Child = Element | str | None


def el(tag: str, *children: Child, **attributes: str | None) -> Element:
    """An element. ``class_`` is its class; an underscore in another name is a hyphen. ``None`` is left out.

    Characters that move a cursor, turn the direction of a line or have no shape are shown as ``\\xNN``.
    """
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    element = Element(tag, {key: shown(value) for key, value in given if value is not None})
    last: Element | None = None
    for child in children:
        if isinstance(child, str):
            text = shown(child)
            if last is None:
                element.text = (element.text or "") + text
            else:
                last.tail = (last.tail or "") + text
        elif child is not None:
            element.append(child)
            last = child
    return element


def bdi(text: str) -> Element:
    """A name from a cluster or a subscription, whose direction stays its own."""
    return el("bdi", text)


def shown(text: str) -> str:
    """The text with nothing in it that is not shown but line feeds."""
    return "\n".join(map(printable, text.split("\n")))


def document(root: Element) -> str:
    """The whole document as text."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"
