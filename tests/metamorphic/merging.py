"""Two changes of the same facts, put together where they have nothing in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")


class DependentError(Exception):
    """Both change the same thing, each in its own way."""


def merged(base: T, one: T, other: T) -> T:
    """Return ``base`` with the changes of ``one`` and of ``other``; raises :class:`DependentError`."""
    result: Any = _merged(base, one, other)
    return result  # type: ignore[no-any-return]


def _merged(base: Any, one: Any, other: Any) -> Any:
    if one == base:
        return other
    if other in (base, one):
        return one
    if type(base) is type(one) is type(other):
        if is_dataclass(base) and not isinstance(base, type):
            names = [field.name for field in fields(base)]
            parts = {name: _merged(*(getattr(each, name) for each in (base, one, other))) for name in names}
            return replace(base, **parts)
        if isinstance(base, Mapping):
            keys = {**base, **one, **other}
            missing = object()
            parts = {key: _merged(*(each.get(key, missing) for each in (base, one, other))) for key in keys}
            return {key: value for key, value in parts.items() if value is not missing}
        if isinstance(base, tuple) and len(base) == len(one) == len(other):
            return tuple(_merged(*each) for each in zip(base, one, other, strict=True))
    raise DependentError
