"""Texts of others stay texts, whatever is in them, wherever they stand."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from azext_acrpulldiag.present.marks import code, fenced, prose
from azext_acrpulldiag.quoting import printable

from .markdown_read import Page, by_common_mark, by_github

each_parser = pytest.mark.parametrize("read", [by_github, by_common_mark])

HOSTILE = (
    "| a | b |", "a|b", "a\\|b", "\\", "a\\", "\\\\|", "`", "``", "```", "a`b``c", "`a`", " `",
    "<script>alert(1)</script>", "</details>", "<!-- x", "<img src=x onerror=y>", "[x](https://evil)",
    "![x](https://evil)", "[x]: https://evil", "[a b](https://evil)", "https://evil.example/x", "www.evil.example",
    "(www.evil.example)", "a@evil.example", "@octocat", "@org/team", "#123", "owner/repo#123", "GH-123",
    "a5c3785ed8d6a35868bc169f07e40e889087fd2e", ":rocket:", "$x$", "$`x`$", "**b**", "__b__", "_b_", "*b*", "~~s~~",
    "# h", "1. x", "12) x", "- x", "+ x", "> x", "---", "===", "[ ] task", "[x] task", "[^1]", "&lt;b&gt;",
    "&#60;b&#62;", "&", "\n\n# h", "\r", "\t x", "    x", "\x00", "\x1b[31m", "\u202e", "\u2066", "\u200b@x", "שלום",
    "مرحبا-web", "名前", "é", "http://a b", "mailto:x@y", "", " ", "=", "x" * 3000, "'", '"', "(", ")", "a)", "...",
    ":", "%", "~~~sh", "ftp://x", "javascript:alert(1)", "<https://evil>", "::: x",
)  # fmt: skip


def plain(text: str) -> str:
    """Without what keeps directions apart."""
    return re.sub("[\u2068\u2069]", "", text)


CONTEXTS: dict[str, Callable[[str], str]] = {
    "p": lambda text: text,
    "li": lambda text: f"* {text}",
    "h2": lambda text: f"## Name: {text}",
    "td": lambda text: f"| a | b |\n|---|---|\n| {text} | z |",
}
_ELEMENTS = {"p": {"p"}, "li": {"ul", "li"}, "h2": {"h2"}, "td": {"table", "thead", "tbody", "tr", "th", "td"}}


def shown(page: Page, context: str) -> str:
    found = page.of(context)
    assert len(found) == (2 if context == "td" else 1), page
    assert context != "td" or found[1] == "z"
    assert set(page.elements) - {"code"} == _ELEMENTS[context], page.elements
    assert not page.comments
    assert {name for _, name, _ in page.attributes} <= {"align"}
    return plain(found[0].removeprefix("Name: "))


def assert_stays(text: str, context: str, read: Callable[[str], Page]) -> None:
    line = " ".join(printable(text).split())
    if line:
        expected = line if len(line) <= 2000 else f"{line[:2000]} ..."
        assert shown(read(CONTEXTS[context](prose(text))), context) == expected
    named = printable(text)
    assert shown(read(CONTEXTS[context](code(text))), context).strip() == (named.strip() or "-")


@each_parser
@pytest.mark.parametrize("context", CONTEXTS)
def test_hostile_texts(context: str, read: Callable[[str], Page]) -> None:
    for text in HOSTILE:
        assert_stays(text, context, read)
        assert_stays(f"before {text} after", context, read)


@each_parser
@pytest.mark.parametrize("context", CONTEXTS)
def test_any_text(context: str, read: Callable[[str], Page]) -> None:
    """Of what Markdown has a meaning for, put together by chance, the same in every run."""
    dice = random.Random(context)
    pieces = [
        "`",
        "``",
        "|",
        "\\",
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        "*",
        "_",
        "~~",
        "&",
        "#",
        "@",
        "$",
        ":",
        "!",
        "-",
        "1.",
    ]
    pieces += [" ", "a", "b", "www.", "https://", "é", "א", "\u202e", "\n", "'", '"', ".", ",", "%", "=", "+", "/"]
    for _ in range(500):
        assert_stays("".join(dice.choices(pieces, k=dice.randint(1, 12))), context, read)


def test_what_github_makes_links_or_mentions_of_is_code() -> None:
    """No parser does that: GitHub looks for them in the page, outside of code."""
    for text in ("@octocat", "owner/repo#12", "GH-12", "a:rocket:b", "$x$", "a5c3785ed8d6a35868bc169f07e40e889087fd2e"):
        for around in (text, f"see ({text}), and", f"'{text}'"):
            assert text.strip("'") in by_github(prose(around)).code


def test_sentences_are_readable() -> None:
    said = "Node pool gpu (2 nodes) can't pull from contosoreg.azurecr.io: 50% fail; see 10.0.0.4 and prod-agentpool."
    assert prose(said) == said


def test_what_is_written_from_right_to_left_turns_nothing_beside_it() -> None:
    name = "مرحبا"
    assert prose(f"Cluster {name} fails.") == f"Cluster \u2068{name}\u2069 fails."
    assert code(name) == f"\u2068`{name}`\u2069"


@each_parser
@pytest.mark.parametrize("line", ["```", "`````", "~~~", "a ``` b", "   ````", "</code></pre>", "\x1b[0m", "# x"])
def test_a_fence_is_longer_than_any_within(line: str, read: Callable[[str], Page]) -> None:
    page = read("\n".join(["before", "", *fenced([line, "echo"], "sh"), "", "after"]))
    assert page.of("pre") == [f"{printable(line)}\necho\n"]
    assert page.of("p") == ["before", "after"]
    assert set(page.elements) == {"p", "pre", "code"}
