"""Reports as one page for a browser: self-contained, without script, escaped by construction. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ..answer import VERDICTS, Report, Row, headline, rows_of
from ..folding import folded_command
from ..table import rank_of
from .elements import document, el
from .style import CSS

WIDTH = 88
"""Characters of a line of a command."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page loads nothing, and runs nothing, whatever is in it."""


def page(reports: Sequence[Report]) -> str:
    """The page of these reports, a section each, the worst first."""
    ordered = sorted(reports, key=rank_of)
    title = headline(ordered[0]) if len(ordered) == 1 else f"{len(ordered)} reports of az aks diagnose-pull"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", CSS),
    )
    sections = (_section(number, report) for number, report in enumerate(ordered, 1))
    return document(el("html", head, el("body", el("main", *sections)), lang="en"))


def _section(number: int, report: Report) -> Element:
    heading = el("h1", el("span", VERDICTS[report["verdict"]], class_="verdict"), " ", el("bdi", headline(report)))
    rows = list(rows_of(report))[1:]
    findings = el("details", el("summary", "All findings"), el("dl", *_findings(report["findings"])))
    return el("section", heading, *map(_row, rows), findings, id=f"report-{number}", class_=report["verdict"])


def _row(row: Row) -> Element:
    check = el("code", row.check) if row.check else None
    words = el("p", el("b", row.result), " ", check, " ", el("bdi", row.words))
    if row.command is None:
        return words
    command = el("pre", "\n".join(folded_command(row.command, WIDTH)), tabindex="0")
    return el("div", words, command)


def _findings(findings: Sequence[dict[str, Any]]) -> Iterator[Element]:
    for each in findings:
        yield el("dt", el("b", each["status"]), " ", el("code", each["outcome"] or each["check"]))
        yield el("dd", el("bdi", each["summary"]), " ", el("bdi", each["resource"]))
