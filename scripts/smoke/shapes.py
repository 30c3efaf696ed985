"""The shape of an answer: names of members that the definitions know, and types. Pure.

No value is in it. A map whose keys are data by its definition (tags, labels, the data of a secret) is ``{*}``. A member
that the definition does not know is named if it is an identifier, since the keys of a known object are Azure's; what is
below it is not shown. So a shape can be shown to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.contracts.definitions import Models

ANY_KEY = "{*}"
NOT_DEFINED = " (not defined)"
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_KINDS = ((bool, "boolean"), (int, "number"), (float, "number"), (str, "text"), (dict, "object"), (list, "list"))


def shape_of(models: Models, kind: str, value: Any) -> Any:
    """The shape of ``value``, which is of the type ``kind``: a text for a type, an object or a list of one shape."""
    if kind[0] == "{" and isinstance(value, dict):
        return {ANY_KEY: merged(shape_of(models, kind[1:-1], each) for each in value.values())}
    if kind[0] == "[" and isinstance(value, list):
        return [merged(shape_of(models, kind[1:-1], each) for each in value)]
    if kind in models and isinstance(value, dict):
        return _of_object(models, kind, value)
    return kind_of(value)


def _of_object(models: Models, kind: str, value: dict[str, Any]) -> Any:
    members = models.members(kind, value)
    shape: dict[str, Any] = {}
    for name, item in value.items():
        if name in members:
            shape[name] = shape_of(models, members[name].type, item)
        elif "*" in members:
            shape[ANY_KEY] = merged((shape.get(ANY_KEY), shape_of(models, members["*"].type, item)))
        else:
            shape[f"{_name(name)}{NOT_DEFINED}"] = kind_of(item)
    return dict(sorted(shape.items()))


def _name(name: str) -> str:
    """A member of a known object: its name, where that is one."""
    return name if _IDENTIFIER.fullmatch(name) else "(no identifier)"


def kind_of(value: Any) -> str:
    """What a value is in JSON, and nothing of it."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def merged(shapes: Iterable[Any]) -> Any:
    """One shape for several: every member that any has; types that differ stand beside each other. None: no shape."""
    found: Any = None
    for shape in shapes:
        found = shape if found is None else found if shape is None else _both(found, shape)
    return found


def _both(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merged((one.get(name), other.get(name))) for name in sorted({*one, *other})}
    if isinstance(one, list) and isinstance(other, list):
        return [merged((*one, *other))]
    return "|".join(sorted({*_words(one), *_words(other)}))


def _words(shape: Any) -> list[str]:
    """What it is, in words: an object where something else was expected is told without its members."""
    return shape.split("|") if isinstance(shape, str) else [kind_of(shape)]


def paths_in(shape: Any, at: str = "") -> set[str]:
    """Every member of a shape, by its path."""
    if isinstance(shape, list):
        return paths_in(shape[0], f"{at}[]") if shape[0] is not None else set()
    found: set[str] = set()
    for name, below in shape.items() if isinstance(shape, dict) else ():
        path = f"{at}.{name}" if at else name
        found |= {path, *paths_in(below, path)}
    return found
