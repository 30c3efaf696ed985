"""Markdown, read by parsers that are not ours: GitHub's own, and one of CommonMark."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

VOID = {"br", "hr", "img"}
_COMMON_MARK = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass
class Page:
    """What a browser would make of it."""

    elements: Counter[str] = field(default_factory=Counter)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    """The text of each element in which no other block is, with its tag."""
    code: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


class _Reader(HTMLParser):
    BLOCKS = ("h1", "h2", "h3", "p", "li", "td", "th", "pre", "summary")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements[tag] += 1
        self.page.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self._open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        name, text = self._open.pop()
        assert name == tag, f"</{tag}> ends <{name}>"
        whole = "".join(text)
        if tag in self.BLOCKS:
            self.page.texts.append((tag, whole))
        elif tag == "code":
            self.page.code.append(whole)
        if self._open:
            self._open[-1][1].append(whole)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)

    def handle_comment(self, data: str) -> None:
        self.page.comments.append(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


def _page(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader._open
    return reader.page


def by_github(text: str) -> Page:
    """With tables, strike-through, tasks, and links of bare addresses; elements are not filtered."""
    return _page(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))


def by_common_mark(text: str) -> Page:
    return _page(_COMMON_MARK.render(text))
