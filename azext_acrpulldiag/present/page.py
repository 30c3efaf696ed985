"""The page of one outcome, as `az aks list-pull-checks --outcome ID -o table` prints it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .folding import folded, folded_command

_PARTS = 12
"""Width of the first column, with the space behind it."""


def page_rows(page: Mapping[str, Any], width: int, continued: str) -> Iterator[tuple[str, str]]:
    """Yield (part, text) for the object that the command answers, each text folded to what is left of ``width``."""
    left = max(40, width - _PARTS)
    for part, text in _texts(page):
        yield part, "\n".join(line for paragraph in text.split("\n\n") for line in folded(paragraph, left))
    steps = Counter(each["option"] for each in page["repairs"])
    for step in page["repairs"]:
        name, of = "fix" if step["option"] == 1 else "or", steps[step["option"]]
        besides = f" ({step['changes']})" if step["changes"] else ""
        lines = folded(step["description"] + besides, left)
        lines += folded_command(step["command"], left, continued) if step["command"] else []
        lines += folded(f"Needs {', '.join(step['requires'])}.", left) if step["requires"] else []
        yield f"{name} {step['step']}/{of}" if of > 1 else name, "\n".join(lines)
    rights = [f"{each['right']} ({each['where']})" for each in page["needs"]]
    yield "Reads with", "\n".join(line for right in rights for line in folded(right, left)) or "nothing"
    yield "More", page["url"]


def _texts(page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Outcome", f"{page['outcome']} ({page['severity']}, {page['confidence']}, seen from {page['seenFrom']})"
    yield "Means", page["meaning"]
    for check in page["checks"]:
        yield "Healthy", f"{check['healthyWhen']} (check {check['check']})"
        yield "Why", check["why"]
        yield "How", check["decidedBy"]
    if page["symptoms"]:
        yield "Pods report", ", ".join(page["symptoms"])
    if page["consequences"]:
        yield "Leads to", ", ".join(page["consequences"])
