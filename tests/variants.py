"""Every set of facts that differs from a given one in a single place, made from the types alone.

The contract tests run all checks over these: hundreds of sick clusters that nobody had to
think of. A variant is always one that the types of ``facts.py`` allow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from azext_acrpulldiag.facts import Facts, Image, Unreadable
from tests.build import NOW

UNREADABLE = Unreadable(
    "forbidden", "HTTP 403: no right to read it", "Some.Provider/type/read", "Some.Provider/type/read"
)

# The other value of a pair that Azure has; any other text becomes one that matches nothing.
OPPOSITE = {
    "Allow": "Deny",
    "Enabled": "Disabled",
    "enabled": "disabled",
    "Approved": "Pending",
    "Running": "Stopped",
    "Succeeded": "Failed",
    "Linux": "Windows",
    "LegacyRegistryPermissions": "AbacRepositoryPermissions",
    "loadBalancer": "userDefinedRouting",
}

# What stands in a place that was empty.
EXAMPLES = {
    str: "Some Thing",
    bool: False,
    int: 1,
    float: 1.0,
    datetime: NOW,
    tuple: (),
    Mapping: {},
    Image: Image("contosoreg.westeurope.geo.azurecr.io", "team/app", "1.2", None),
}


def variants_of(facts: Facts, names: Collection[str]) -> Iterator[Facts]:
    """Yield ``facts`` with one thing changed in one of the fields ``names``, however deep."""
    hints = _hints(Facts)
    for name in sorted(names):
        for changed in _variants(getattr(facts, name), hints[name]):
            yield replace(facts, **{name: changed})


def _variants(value: Any, hint: Any) -> Iterator[Any]:
    """Yield every neighbour of ``value``, whose declared type is ``hint``."""
    kinds = [kind for kind in _members(hint) if kind not in (type(None), Unreadable)]
    if Unreadable in _members(hint) and not isinstance(value, Unreadable):
        yield UNREADABLE
    if type(None) in _members(hint) and value is not None:
        yield None
    if value is None or isinstance(value, Unreadable):
        yield from (_example(kind) for kind in kinds)
    elif is_dataclass(value):
        hints = _hints(type(value))
        for field in fields(value):
            for changed in _variants(getattr(value, field.name), hints[field.name]):
                yield replace(value, **{field.name: changed})
    elif isinstance(value, tuple):
        yield from _tuple_variants(value, kinds[0])
    elif isinstance(value, Mapping):
        yield from _mapping_variants(value, kinds[0])
    else:
        yield from _plain_variants(value)


def _tuple_variants(value: tuple[Any, ...], kind: Any) -> Iterator[Any]:
    item = get_args(kind)[0]
    if not value:
        yield (_example(item),)
        return
    yield ()
    yield (*value, value[0])
    for changed in _variants(value[0], item):
        yield (changed, *value[1:])


def _mapping_variants(value: Mapping[str, Any], kind: Any) -> Iterator[Any]:
    yield {}
    for key, item in value.items():
        yield from ({**value, key: changed} for changed in _variants(item, get_args(kind)[1]))


def _plain_variants(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, Enum):
        yield from (other for other in type(value) if other is not value)
    elif isinstance(value, (int, float)):
        yield from (type(value)(0), value + 1000)
    elif isinstance(value, datetime):
        yield from (value - timedelta(days=4000), value + timedelta(days=4000))
    elif isinstance(value, str):
        yield OPPOSITE.get(value) or "something-else"


def _example(kind: Any) -> Any:
    """Any value of a declared type."""
    kind = next((member for member in _members(kind) if member not in (type(None), Unreadable)), None)
    if kind is None:
        return None
    if is_dataclass(kind) and kind not in EXAMPLES:
        hints = _hints(kind)
        return kind(**{field.name: _example(hints[field.name]) for field in fields(kind)})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return EXAMPLES[get_origin(kind) or kind]


@cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _members(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the type itself."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
