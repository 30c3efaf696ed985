"""The options of a repair, each with its steps in order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def options_of(finding: Mapping[str, Any]) -> list[tuple[int, Sequence[Mapping[str, Any]]]]:
    """Each option with its number and its steps, the best first."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for remedy in finding["remedies"]:
        found.setdefault(remedy["option"], []).append(remedy)
    return sorted(found.items())
