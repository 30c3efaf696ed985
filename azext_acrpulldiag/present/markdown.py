"""Reports as Markdown, for the summary page of a pipeline. Pure.

GitHub shows up to 1 MiB of a step's summary, and nothing of one that is larger
(https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits): lists are
cut, and reports are told in a line each once there are too many. ``<details>`` and ``<summary>`` are the only elements
that are written as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .answer import Report, after, changed, headline, planned, rows_of, unchanged
from .fleet import worst_first
from .folding import folded_command
from .marks import code, fenced, prose
from .parts import options_of, unread

LARGEST = 400_000
"""Bytes of all sections together; a single one is far smaller, whatever is in its report."""
_WIDTH = 100
_MOST_CAUSES = 10
_MOST_OPTIONS = 3
_MOST_STEPS = 10
_LONGEST_COMMAND = 4000
_MOST_ROWS = 200
_MOST_LINES = 20
_LONGEST_REASON = 600
_MOST_REPORTS = 300

_SIGNS = {"broken": "❌", "inconclusive": "❓", "at-risk": "⚠️", "healthy": "✅"}
_WORDS = {"broken": "Broken", "inconclusive": "Inconclusive", "at-risk": "At risk", "healthy": "Healthy"}
_BY_STATUS = {"fail": "❌ fail", "warn": "⚠️ warn", "unknown": "❓ unknown", "skipped": "⏭️ skipped", "pass": "✅ pass"}


def markdown(reports: Iterable[dict[str, Any]]) -> str:
    """The whole file, the worst report first; several begin with a table of all."""
    ordered = worst_first(reports)
    lines = list(_overview(ordered)) if len(ordered) > 1 else []
    size = sum(map(_size, lines))
    for number, report in enumerate(ordered):
        section = list(_section(report))
        size += sum(map(_size, section))
        if size > LARGEST:
            lines += ["", f"{_count(len(ordered) - number, 'more report')}: they do not fit here."]
            break
        lines += [*([""] if lines else []), *section]
    return "\n".join(lines) + "\n"


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _cut(items: Sequence[Any], most: int) -> tuple[Sequence[Any], int]:
    """The first of them, and how many are left."""
    return items[:most], max(0, len(items) - most)


# --- several reports --------------------------------------------------------------------


def _overview(reports: Sequence[Report]) -> Iterator[str]:
    told = [f"{count} {verdict}" for verdict in _SIGNS if (count := _of_verdict(reports, verdict))]
    yield f"# {_count(len(reports), 'report')} of az aks diagnose-pull: {', '.join(told)}"
    yield ""
    yield "| Verdict | Cluster | Group | Registry | Cause |"
    yield "|---|---|---|---|---|"
    shown, left = _cut(reports, _MOST_REPORTS)
    for report in shown:
        target, causes = report["target"], report["rootCauses"]
        registry = target["registry"] or {}
        server = registry.get("loginServer") or registry.get("given")
        names = [target["cluster"]["name"], target["cluster"]["resourceGroup"], server]
        cells = [code(name[:200]) if name else "" for name in names]
        cause = ", ".join(code(root["outcome"]) for root in causes[:3])
        yield f"| {_verdict(report)} | {' | '.join(cells)} | {cause} |"
    if left:
        yield ""
        yield f"And {left} more."


def _of_verdict(reports: Sequence[Report], verdict: str) -> int:
    return sum(report["verdict"] == verdict for report in reports)


def _verdict(report: Report) -> str:
    return f"{_SIGNS[report['verdict']]} {_WORDS[report['verdict']]}"


# --- one report -------------------------------------------------------------------------


def _section(report: Report) -> Iterator[str]:
    yield f"## {_verdict(report)}: {prose(headline(report))}"
    shown, left = _cut(report["rootCauses"], _MOST_CAUSES)
    for root in shown:
        yield from _cause(root)
    if left:
        yield from ("", f"And {_count(left, 'more cause')}: see the table below.")
    for row in planned(report):
        yield from ("", prose(row.words))
    for row in unchanged(report):
        yield from ("", f"Changed: {prose(row.words)}")
    if report["verdict"] == "broken":
        yield from _list("Who fails", (row.words for row in rows_of(report) if row.result == "seen"))
    else:
        told = ("FAIL", "warning", "seen")
        yield from _list("What was seen", (row.words for row in rows_of(report) if row.result in told))
    yield from _unread(report)
    yield from _checks(report["findings"])


def _cause(root: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"### Cause: {code(root['outcome'])}"
    yield ""
    yield prose(root["summary"])
    for row in changed(root):
        yield from ("", f"{row.result.capitalize()}: {prose(row.words)}")
    options, left = _cut(options_of(root), _MOST_OPTIONS)
    for number, steps in options:
        yield from _option("Repair" if number == 1 else "Or", steps)
    if left:
        yield from ("", f"And {_count(left, 'more option')}.")
    yield ""
    page = code(f"az aks list-pull-checks --outcome {root['outcome']} -o table")
    yield f"More: {page}, [Microsoft's page]({root['url']})."


def _option(word: str, steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    shown, left = _cut(steps, _MOST_STEPS)
    for number, step in enumerate(shown, 1):
        place = f" ({number} of {len(steps)})" if len(steps) > 1 else ""
        yield from ("", f"**{word}{place}:** {prose(step['description'])}")
        if step["changes"]:
            yield f"Besides, {prose(step['changes'])}."
        command = step["command"]
        if command and len(command) <= _LONGEST_COMMAND:
            yield from ("", *fenced(folded_command(command, _WIDTH), "sh"))
        elif command:
            yield from ("", "Its command is too long for this page; `-o json` has it.")
    if left:
        yield from ("", f"And {_count(left, 'more step')}.")
    for row in after(steps):
        yield from ("", f"After that: {prose(row.words)}")


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield from ("", f"**{title}**", "")
        yield from (f"* {prose(each, 600)}" for each in found[:_MOST_LINES])
        if len(found) > _MOST_LINES:
            yield f"* And {len(found) - _MOST_LINES} more."


def _unread(report: Report) -> Iterator[str]:
    """One line a reason, which names the right that is missing."""
    found, left = _cut(unread(report), _MOST_LINES)
    if found:
        yield from ("", "**What could not be read**", "")
    for each in found:
        more = f" {each.more}" if each.more else ""
        cut_off = each.permission is not None and each.permission not in each.reason[:_LONGEST_REASON]
        needs = f" It takes the right {code(str(each.permission)[:300])}." if cut_off else ""
        yield f"* {code(each.checks[0])}{more}: {prose(each.reason, _LONGEST_REASON)}{needs}"
    if left:
        yield f"* And {left} more."


def _checks(findings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("", "<details>", f"<summary>All findings ({len(findings)})</summary>", "")
    yield "| Result | Check | Finding |"
    yield "|---|---|---|"
    shown, left = _cut(findings, _MOST_ROWS)
    for each in shown:
        cells = (_BY_STATUS[each["status"]], code(each["outcome"] or each["check"]), prose(each["summary"], 400))
        yield f"| {' | '.join(cells)} |"
    if left:
        yield from ("", f"And {left} more.")
    yield from ("", "</details>")
