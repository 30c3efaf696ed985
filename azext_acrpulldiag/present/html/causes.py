"""The causes: what each is, who changed what before, the repair with its commands, and what it leads to. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ..answer import WHERE_TO_PASTE, after, planned, unchanged
from ..folding import folded_command
from ..parts import options_of
from .elements import Child, bdi, code, el, instant, link, more, pairs, resource, some
from .marks import chip

_WIDTH = 100
"""Characters of a line of a command; a narrower page breaks it where it is shown, not where it is copied."""
_MOST_CAUSES, _MOST_LISTED, _MOST, _LONGEST = 12, 100, 10, 300
_ELSEWHERE = frozenset({"path", "message"})
"""What of the evidence has a place of its own on the page."""

Finding = Mapping[str, Any]


def causes(report: Mapping[str, Any], heading: str) -> Element | None:
    """The section of the root causes, in their rank; nothing where there are none."""
    roots = report["rootCauses"]
    if not roots:
        return None
    below = f"h{int(heading[1]) + 1}"
    plan = [el("p", row.words, class_="plan") for row in planned(report)]
    title = "The cause" if len(roots) == 1 else f"The {len(roots)} causes"
    cards = [_cause(root, below, told=report["summary"] if len(roots) == 1 else "") for root in roots[:_MOST_CAUSES]]
    log = [el("p", "What changed before: ", row.words, class_="note") for row in unchanged(report)]
    commands = any(step["command"] for root in roots for step in root["remedies"])
    note = el("p", WHERE_TO_PASTE, class_="note") if commands else None
    return el("section", el(heading, title), *plan, *cards, _further(roots[_MOST_CAUSES:]), *log, note, class_="part")


def _further(roots: Sequence[Finding]) -> Element | None:
    """Causes that have no room of their own."""
    if not roots:
        return None
    items = [el("li", code(root["outcome"]), " ", root["summary"]) for root in roots[:_MOST_LISTED]]
    left = len(roots) - _MOST_LISTED
    items += [el("li", f"and {left:,} more, in the JSON report")] if left > 0 else []
    return more(f"{len(roots):,} further {'cause' if len(roots) == 1 else 'causes'}", el("ul", *items))


def _cause(root: Finding, heading: str, told: str) -> Element:
    """``told``: what stands above already."""
    state = "blocks" if root["status"] == "fail" else "may-block"
    return el(
        "article",
        el(heading, chip(state, "Cause"), " ", code(root["outcome"])),
        el("p", root["summary"], class_="said") if root["summary"] not in told else None,
        _changes(root, f"h{int(heading[1]) + 1}"),
        *_repairs(root, f"h{int(heading[1]) + 1}"),
        _evidence(root),
        class_=f"cause {state}",
    )


# --- what was changed --------------------------------------------------------------------


def _changes(root: Finding, heading: str) -> Element | None:
    if not root["changes"]:
        return None
    left = root["furtherChanges"]
    entries = [el("li", *_change(each)) for each in root["changes"]]
    rest = el("li", f"and {left} more") if left else None
    return el("div", el(heading, "Changed before"), el("ol", *entries, rest, class_="changes"))


def _change(change: Mapping[str, Any]) -> Iterator[Child]:
    yield el("span", "This cause" if change["proven"] else "Near it", class_="tag")
    yield " "
    yield change["summary"]
    yield pairs(
        [
            ("When", [instant(change["when"])]),
            ("By", [bdi(change["by"]) if change["by"] else None]),
            ("Operation", [code(change["operation"])]),
            ("Correlation id", [code(change["correlationId"]) if change["correlationId"] else None]),
        ]
    )


# --- the repair --------------------------------------------------------------------------


def _repairs(root: Finding, heading: str) -> Iterator[Element]:
    options = [steps for _, steps in options_of(root)]
    if options:
        yield el("div", el(heading, "Repair"), *_option(options[0]), class_="repair")
    if options[1:]:
        count = len(options) - 1
        others = [el("div", *_option(steps), class_="repair other") for steps in options[1:]]
        yield more(f"{count} other {'way' if count == 1 else 'ways'} to repair it", *others)


def _option(steps: Sequence[Mapping[str, Any]]) -> Iterator[Element]:
    shown = [el("li", *_step(step)) for step in steps]
    yield el("ol", *shown, class_="steps" if len(steps) > 1 else "steps one")
    rights = list(dict.fromkeys(right for step in steps for right in step["requires"]))
    leads = [row.words for row in after(steps)]
    yield from filter(None, [pairs([("After it", list(leads)), ("Takes the right", _rights(rights))], class_="needs")])


def _rights(rights: Sequence[str]) -> list[Child]:
    return [part for number, right in enumerate(rights) for part in (", " if number else None, code(right))]


def _step(step: Mapping[str, Any]) -> Iterator[Child]:
    besides = f" Besides: {step['changes']}." if step["changes"] else ""
    yield el("p", step["description"].rstrip("."), ".", el("span", besides, class_="besides") if besides else None)
    if step["command"]:
        yield command(step["command"])


def command(text: str) -> Element:
    """A command, to be copied by selection. Where it has no room, it is broken, but not within an option's name."""
    words: list[Child] = []
    for line in folded_command(text, _WIDTH):
        words += [el("span", part) if part.startswith("-") else part for part in re.split(r"( +)", line) if part]
        words.append("\n")
    return el("pre", el("code", *words[:-1]))


# --- the evidence ------------------------------------------------------------------------


def _evidence(root: Finding) -> Element | None:
    evidence = {name: value for name, value in root.get("evidence", {}).items() if name not in _ELSEWHERE}
    told = pairs([(name, _value(value)) for name, value in sorted(evidence.items())], class_="evidence")
    known_as = "observed" if root.get("confidence") == "observed" else "inferred from what was read"
    about = pairs(
        [
            ("Resource", [resource(root["resource"])]),
            ("Known", [f"{known_as}, seen from {root.get('seenFrom', 'azure')}, by check ", code(root["check"])]),
            ("Explains", some(root["explains"], _MOST)),
            ("Read more", [_read_more(root)]),
        ]
    )
    return more("Evidence", about, told)


def _read_more(root: Finding) -> Element:
    words: list[Child] = [code(f"az aks list-pull-checks --outcome {root['outcome']} -o table")]
    if root.get("url"):
        words = [link("Microsoft's page", root["url"]), ", or ", *words]
    return el("span", *words)


def _value(value: Any) -> list[Child]:
    """A value of the evidence, cut where it is long."""
    if value is None or value in ([], {}, ""):
        return []
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return some(value, _MOST)
    if isinstance(value, list):
        left = len(value) - _MOST
        shown: list[Child] = [el("li", *_value(each)) for each in value[:_MOST]]
        return [el("ul", *shown, el("li", f"and {left} more") if left > 0 else None)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return [bdi(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ...")]
