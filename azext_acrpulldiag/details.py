"""Typed details: what a finding, or a hop of the path to the registry, rests on.

One frozen dataclass a kind. Evidence is written from its fields, and the templates of summaries and
repairs name its fields and properties, so that nothing is ever read back from evidence. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

_HIDDEN = {"evidence": False}


@dataclass(frozen=True)
class Details:
    """Base of all details. A field's name is its key in the evidence; see :func:`internal` for fields that are none.

    Lists are tuples here. A part of a list that has several members is a ``Details`` too.
    """


D = TypeVar("D", bound=Details)


def internal(**options: Any) -> Any:
    """A dataclass field that serves templates and decisions, and is no evidence. ``options`` are ``field``'s."""
    return field(metadata=_HIDDEN, **options)  # pylint: disable=invalid-field-call


def evidence_keys(kind: type[Details]) -> tuple[str, ...]:
    """The keys that details of this kind write into the evidence, in order."""
    return tuple(each.name for each in fields(kind) if each.metadata.get("evidence", True))


def evidence_of(parts: Sequence[Details]) -> dict[str, Any]:
    """Write evidence: strings, numbers, booleans, ``None``, and lists and dicts of those (and times and enums)."""
    written: dict[str, Any] = {}
    for part in parts:
        written.update({name: _plain(getattr(part, name)) for name in evidence_keys(type(part))})
    return written


def _plain(value: Any) -> Any:
    if isinstance(value, Details):
        return evidence_of((value,))
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return value


class Named(Mapping[str, Any]):
    """Values by name, out of several parts: the first part that has a name gives its value.

    A name is that of a field or of a property. Raises ``KeyError`` for a name that no part has.
    """

    def __init__(self, parts: Sequence[Details]) -> None:
        self._parts = tuple(parts)

    def __getitem__(self, name: str) -> Any:
        for part in self._parts:
            if name in names_of(type(part)):
                return getattr(part, name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for part in self._parts for name in names_of(type(part))))

    def __len__(self) -> int:
        return len(tuple(iter(self)))


def names_of(kind: type[Details]) -> tuple[str, ...]:
    """What templates may name of details of this kind: its fields, and its public properties."""
    if kind not in _names:
        properties = (name for name in dir(kind) if isinstance(getattr(kind, name), property))
        public = (name for name in properties if not name.startswith("_"))
        _names[kind] = (*(each.name for each in fields(kind)), *public)
    return _names[kind]


_names: dict[type[Details], tuple[str, ...]] = {}
"""What was found out: every template asks. A dictionary, since to mypy a type of these is no key of a cache."""


def united(one: D, other: D) -> D:
    """The first, its lists with what those of the other add: the same fault as several hosts or pools meet it."""
    joined = {}
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if isinstance(mine, tuple) and isinstance(theirs, tuple):
            joined[each.name] = tuple(dict.fromkeys((*mine, *theirs)))
    return replace(one, **joined)
