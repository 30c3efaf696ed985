"""What facts are read with: the rights of the login, as the table of readings declares them.

The pages of the reference, the role in docs/permissions.md and the command
``az aks list-pull-checks`` are made of it. Imports no SDK.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .collect.reading import in_order
from .collect.readings import FACTS
from .rights import Kind, Right

_OR = ", or "


def rights_of(fields: Iterable[str]) -> tuple[Right, ...]:
    """Every right that facts are read with, each once by kind and name: those without which nothing is read first.

    ``fields`` are those of ``Facts``; what is not read (arguments, the clock) needs no right.
    """
    found: dict[tuple[Kind, str], Right] = {}
    for reading in in_order(FACTS[name] for name in fields if name in FACTS):
        for right in reading.rights:
            key = right.kind, right.name
            found[key] = _merged(found[key], right) if key in found else right
    return tuple(found.values())


def every_right() -> tuple[Right, ...]:
    """Every right that any run asks for, each once."""
    return rights_of(FACTS)


def fields_read_with(name: str) -> frozenset[str]:
    """The fields that lack something where the right ``name`` is missing, those that are read after them included."""
    return frozenset(field for field in FACTS if any(right.name == name for right in rights_of((field,))))


def _merged(one: Right, other: Right) -> Right:
    """One right that two readings ask for, each in its own case."""
    cases = list(dict.fromkeys((*one.when.split(_OR), *other.when.split(_OR))))
    return replace(one, when="" if "" in cases else _OR.join(cases), left_out=one.left_out and other.left_out)
