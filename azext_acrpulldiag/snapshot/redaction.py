"""Facts whose names and ids are aliases, judged like those that they stand for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from ..access.grants import PULL_ROLES
from ..facts import Facts, RoleDefinition, region_key
from .aliases import Aliases
from .kinds import Kind, kind_of_field

T = TypeVar("T")

Rewrite = Callable[[Kind, str], tuple[str, ...]]


def redacted(facts: Facts, aliases: Aliases) -> Facts:
    """Return ``facts`` with aliases for names, ids, callers and public addresses; ``aliases`` learns them."""
    _learn(facts, aliases)
    rewrite: Mapping[Kind, Callable[[str], tuple[str, ...]]] = {
        Kind.WORD: lambda text: (text,),
        Kind.NAME: lambda text: (aliases.name(text),),
        Kind.TEXT: lambda text: (aliases.text(text),),
        Kind.ADDRESS: aliases.address,
        Kind.CONDITION: lambda text: (aliases.condition(text),),
        Kind.OWNER: lambda text: (aliases.owned(text),),
        Kind.ACTION: lambda text: (aliases.action(text),),
        Kind.LABEL: lambda text: (aliases.label(text),),
        Kind.MEDIA_TYPE: lambda text: (aliases.media_type(text),),
    }

    @cache
    def once(kind: Kind, text: str) -> tuple[str, ...]:
        return rewrite[kind](text)

    return _rewritten(facts, once)


def _learn(facts: Facts, aliases: Aliases) -> None:
    """What stays, and the names that sentences may hold."""

    @cache
    def learn(kind: Kind, text: str) -> tuple[str, ...]:
        if kind in (Kind.NAME, Kind.LABEL, Kind.OWNER, Kind.ACTION):
            aliases.note(text.partition("/")[2] if kind is Kind.OWNER else text)
        return (text,)

    _rewritten(facts, learn)
    for guid in frozenset().union(*PULL_ROLES.values()):  # the Activity Log may name one that nobody holds any more
        aliases.keep(guid)
    for each in _parts(facts):
        if isinstance(each, RoleDefinition) and not each.custom:
            aliases.keep(each.id.rpartition("/")[2])
        location = getattr(each, "location", None)
        if isinstance(location, str):
            aliases.keep(region_key(location))


def _parts(value: Any) -> Iterator[Any]:
    """Every dataclass in a value."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _parts(item)


def _rewritten(value: T, rewrite: Rewrite) -> T:
    """The same dataclass with every text in it rewritten."""
    built_in = isinstance(value, RoleDefinition) and not value.custom
    changed = {
        field.name: _of_field(type(value), field.name, getattr(value, field.name), rewrite)
        for field in fields(value)  # type: ignore[arg-type]
        if not (built_in and field.name == "name")
    }
    return replace(value, **changed)  # type: ignore[type-var]


def _of_field(owner: type, name: str, value: Any, rewrite: Rewrite) -> Any:
    if value is None or isinstance(value, (Enum, bool, int)):
        return value
    if is_dataclass(value):
        return _rewritten(value, rewrite)
    return _of_texts(value, lambda: kind_of_field(owner, name), rewrite)


def _of_texts(value: Any, kind: Callable[[], Kind], rewrite: Rewrite) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return rewrite(kind(), value)[0]
    if isinstance(value, tuple):
        return tuple(_flat(value, kind, rewrite))
    if isinstance(value, frozenset):
        return frozenset(_flat(tuple(value), kind, rewrite))
    if isinstance(value, Mapping):
        of_keys = Kind.LABEL if kind() is Kind.LABEL else Kind.NAME  # ids, and names of records
        return {rewrite(of_keys, key)[0]: _of_texts(item, kind, rewrite) for key, item in value.items()}
    return _rewritten(value, rewrite) if is_dataclass(value) else value


def _flat(value: tuple[Any, ...], kind: Callable[[], Kind], rewrite: Rewrite) -> Iterator[Any]:
    for item in value:
        if isinstance(item, str) and not isinstance(item, Enum):
            yield from rewrite(kind(), item)
        else:
            yield _of_texts(item, kind, rewrite)
