"""Marks of a state: a shape of its own each, so that none depends on its colour. Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .elements import el

_CROSS = "M6.4 6.4l7.2 7.2M13.6 6.4l-7.2 7.2"
_BANG = "M10 6.6v5.2M10 14.4v.4"
_QUESTION = "M7.7 7.9c.1-1.4 1-2.2 2.4-2.2 1.3 0 2.3.8 2.3 2 0 1.6-2.3 1.8-2.3 3.5M10.1 14v.3"
_TICK = "M6 10.4l2.8 2.8L14 7.6"
_DASH = "M6.5 10h7"
_OCTAGON = "M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z"
_TRIANGLE = "M10 1.5L19.5 18.5H.5z"
_SQUARE = "M4 1.5h12A2.5 2.5 0 0 1 18.5 4v12a2.5 2.5 0 0 1-2.5 2.5H4A2.5 2.5 0 0 1 1.5 16V4A2.5 2.5 0 0 1 4 1.5z"
_CIRCLE = "M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18z"
_SHAPES = {
    "blocks": (_OCTAGON, _CROSS),
    "may-block": (_TRIANGLE, _BANG),
    "unknown": (_SQUARE, _QUESTION),
    "works": (_CIRCLE, _TICK),
    "not-applicable": (_CIRCLE, _DASH),
}
OF_VERDICT = {"broken": "blocks", "at-risk": "may-block", "inconclusive": "unknown", "healthy": "works"}
OF_STATUS = {"fail": "blocks", "warn": "may-block", "unknown": "unknown", "pass": "works", "skipped": "not-applicable"}
OF_POOL = {"fails": "blocks", "both": "may-block", "works": "works", "unknown": "unknown"}
WORDS = {
    "blocks": "Blocks",
    "may-block": "May block",
    "unknown": "Not known",
    "works": "Works",
    "not-applicable": "Not judged",
}


def symbols() -> Element:
    """The shapes, once for the whole page."""
    drawn = (
        el(
            "symbol",
            el("path", d=shape, class_="shape"),
            el("path", d=sign, class_="sign"),
            id=f"mark-{state}",
            viewBox="0 0 20 20",
        )
        for state, (shape, sign) in _SHAPES.items()
    )
    return el("svg", *drawn, class_="symbols", aria_hidden="true")


def mark(state: str) -> Element:
    """The mark of a state; the word for it stands beside it."""
    return el("svg", el("use", href=f"#mark-{state}"), class_=f"mark {state}", aria_hidden="true")


def chip(state: str, word: str) -> Element:
    """A mark and a word."""
    return el("span", mark(state), " ", word, class_=f"chip {state}")
