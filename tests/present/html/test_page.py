"""The page of reports: whole, escaped, of bounded size, and the same from every report that says the same."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from azext_acrpulldiag.present.html import page

from . import pages

LARGEST = 500_000
"""Bytes."""
VOID = frozenset(("br", "meta", "wbr"))


UNKNOWN = {
    "check": "nodes.x",
    "resource": "/r",
    "code": "forbidden",
    "operation": None,
    "permission": None,
    "decisive": False,
}


class Read(HTMLParser):
    """A page as the standard library's parser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        return "".join(word for tag, word in self.words if tag != "style")


@pytest.mark.parametrize("kind", pages.KINDS)
def test_every_kind_of_report_makes_a_whole_page(kind: str) -> None:
    report = pages.reported(kind)
    text = page([report])
    read = Read(text)
    assert not read.open
    assert text == page([report])
    assert len(text.encode()) < LARGEST
    for root in report["rootCauses"]:
        assert root["outcome"] in read.text
    for unknown in report["unknowns"]:
        assert unknown["reason"] in read.text


@pytest.mark.parametrize("kind", pages.KINDS)
def test_nothing_of_a_page_can_run_or_load(kind: str) -> None:
    found = Read(page([pages.reported(kind)]))
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "input", "video", "audio"}
    for tag, attributes in found.tags:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style") for name in attributes), tag
        assert tag in ("a", "use") or "href" not in attributes
        assert tag != "use" or (attributes["href"] or "").startswith("#mark-")
        address = attributes.get("href") or "https://"
        assert address.startswith(("https://learn.microsoft.com/", "https://", "#"))
    policies = [each["content"] for _, each in found.tags if each.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_what_a_cluster_says_stays_text() -> None:
    text = page([pages.reported("hostile names")])
    assert "<script" not in text.lower()
    assert "<img" not in text.lower()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&amp;amp;" in text
    assert not any(char in text for char in ("\x1b", "\u202e", "\ud800"))
    assert "\\u202e" in text
    assert text.encode()


def test_an_address_of_another_scheme_is_no_link() -> None:
    report = pages.reported("one cause")
    (root,) = report["rootCauses"]
    text = page([{**report, "rootCauses": [{**root, "url": "javascript:alert(1)"}]}])
    assert "javascript:" not in text


def test_names_from_right_to_left_are_kept_apart() -> None:
    text = page([pages.reported("right to left")])
    name = pages.RIGHT_TO_LEFT
    head, body = text.split("<body>")
    assert name in head
    assert body.count(name) == body.count(f"<bdi>{name}") + body.count(f"{name}/{name}</bdi>")


def test_commands_are_whole() -> None:
    report = pages.reported("several causes")
    read = Read(page([report]))
    text = " ".join(read.text.replace(" \\\n", " ").split())
    commands = [step["command"] for root in report["rootCauses"] for step in root["remedies"] if step["command"]]
    assert commands
    for command in commands:
        assert " ".join(command.split()) in text


def test_five_thousand_pods_fit() -> None:
    report = pages.written(pages.crowded())
    assert len(report["symptoms"]) == 5000
    text = page([report])
    assert len(text.encode()) < LARGEST
    assert "and 4,990 more" in Read(text).text


def test_whatever_there_is_much_of_fits() -> None:
    report = pages.written(pages.crowded())
    (root,) = report["rootCauses"]
    (group,) = report["symptomGroups"]
    roots = [{**root, "resource": f"/r/{number}"} for number in range(400)]
    sound = [{**each, "resource": f"/r/{number}"} for number in range(200) for each in report["findings"]]
    hidden = [{**UNKNOWN, "reason": f"Nobody may read {number}."} for number in range(400)]
    others = [{**group, "host": f"registry-{number}.example"} for number in range(400)]
    ways = [{**each, "pools": [f"pool{number}"]} for number in range(400) for each in report["paths"]]
    text = page(
        [
            {
                **report,
                "rootCauses": roots,
                "findings": [*roots, *sound],
                "unknowns": hidden,
                "outOfScopeGroups": others,
                "outOfScope": report["symptoms"],
                "paths": ways,
                "pools": report["pools"] * 50,
            }
        ]
    )
    assert len(text.encode()) < LARGEST
    assert "388 further causes" in text


def test_several_reports_have_an_index_the_worst_first() -> None:
    kinds = ("healthy", "inconclusive", "one cause")
    read = Read(page([pages.reported(kind) for kind in kinds]))
    index = [each["href"] for tag, each in read.tags if tag == "a" and (each.get("href") or "").startswith("#report")]
    assert index == ["#report-1", "#report-2", "#report-3"]
    assert [each["id"] for tag, each in read.tags if "id" in each and tag == "section"] == [
        "report-1",
        "report-2",
        "report-3",
    ]
    chips = [word for tag, word in read.words if tag == "b" and word in ("Broken", "Inconclusive", "Healthy")]
    assert chips == ["Broken", "Inconclusive", "Healthy"]
    assert [tag for tag, _ in read.tags].count("h1") == 1


def test_reports_of_before_there_were_ways_and_pools() -> None:
    report = {name: value for name, value in pages.reported("one cause").items() if name not in ("paths", "pools")}
    assert "access.pull-role-missing" in Read(page([report])).text


def test_what_was_changed_before_is_told() -> None:
    report = pages.reported("one cause")
    (root,) = report["rootCauses"]
    change = {
        "operation": "Microsoft.Authorization/roleAssignments/delete",
        "resource": "/r",
        "when": "2026-11-22T10:00:00Z",
        "by": "somebody@contoso.com",
        "correlationId": "6c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10",
        "status": "Succeeded",
        "proven": True,
        "summary": "A role assignment was deleted.",
    }
    changed = {**root, "changes": [change], "furtherChanges": 2}
    text = Read(page([{**report, "rootCauses": [changed]}])).text
    for words in ("2026-11-22 10:00:00 UTC", change["by"], change["correlationId"], change["summary"], "and 2 more"):
        assert words in text


def test_what_no_log_shows_is_told_beside_the_cause() -> None:
    report = pages.reported("one cause")
    hidden = {**UNKNOWN, "check": "changes.activity-log", "code": "unsupported", "reason": "No log shows it."}
    text = Read(page([{**report, "unknowns": [hidden, {**UNKNOWN, "reason": "Nobody may read it."}]}])).text
    assert text.count("o log shows it.") == 1
    assert "What changed before: Not known: no log shows it." in text
    assert text.index("Nobody may read it.") > text.index("What could not be read")


def test_a_hop_that_blocks_opens_to_the_rule() -> None:
    report = pages.reported("12 pools")
    text = Read(page([report])).text
    blocked = [hop for path in report["paths"] for hop in path["hops"] if hop["state"] == "blocks"]
    assert {hop["rule"] for hop in blocked} == {"no-internet", None}
    for hop in blocked:
        assert hop["why"] in text
    assert "12 ways: 6 blocked, 6 work." in text
