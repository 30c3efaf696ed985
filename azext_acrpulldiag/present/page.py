"""The page of one outcome, as `az aks list-pull-checks --outcome ID -o table` prints it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .folding import folded, folded_command

_PARTS = 12
"""Width of the first column, with the space behind it."""


def page_rows(page: Mapping[str, Any], width: int, continued: str) -> Iterator[tuple[str, str]]:
    """Yield (part, text) for the object that the command answers, each text folded to what is left of ``width``."""
    left = max(40, width - _PARTS)
    for part, text in _meaning(page):
        yield part, _wrapped(text, left)
    yield from _repairs(page["repairs"], left, continued)
    for part, text in _reasons(page):
        yield part, _wrapped(text, left)


def _wrapped(text: str, width: int) -> str:
    return "\n".join(line for paragraph in text.split("\n\n") for line in folded(paragraph, width))


def _meaning(page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Outcome", f"{page['outcome']} ({page['severity']}, {page['confidence']}, seen from {page['seenFrom']})"
    yield "Means", page["meaning"]


def _repairs(repairs: Sequence[Mapping[str, Any]], width: int, continued: str) -> Iterator[tuple[str, str]]:
    steps = Counter(each["option"] for each in repairs)
    for step in repairs:
        name, of = "fix" if step["option"] == 1 else "or", steps[step["option"]]
        besides = f" ({step['changes']})" if step["changes"] else ""
        lines = folded(step["description"] + besides, width)
        lines += folded_command(step["command"], width, continued) if step["command"] else []
        lines += folded(f"Needs {', '.join(step['requires'])}.", width) if step["requires"] else []
        yield f"{name} {step['step']}/{of}" if of > 1 else name, "\n".join(lines)


def _reasons(page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for check in page["checks"]:
        yield "Healthy", f"{check['healthyWhen']} (check {check['check']})"
        yield "Why", check["why"]
        yield "How", check["decidedBy"]
    if page["symptoms"]:
        yield "Pods report", ", ".join(page["symptoms"])
    if page["consequences"]:
        yield "Leads to", ", ".join(page["consequences"])
    if page["evidence"]:
        yield "Evidence", ", ".join(page["evidence"])
    yield "More", page["url"]
    for part, conditional in (("Reads with", False), ("Some runs", True)):
        rights = [each["right"] for each in page["needs"] if bool(each["onlyWhere"]) is conditional]
        if rights:
            yield part, ", ".join(rights)
