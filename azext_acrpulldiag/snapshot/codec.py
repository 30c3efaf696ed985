"""Frozen dataclasses as JSON and back, by their declared fields alone. Pure.

A codec is made from a type hint, once: what is no declared field has no way in, and a file can name no class. A value
stands as it is, a definite absence as ``null``, and :class:`~azext_acrpulldiag.facts.Unreadable` as an object of one
member, ``{"unreadable": {...}}``, so that the three stay apart. Times are ISO 8601 in UTC, with a ``Z``. In a union of
several dataclasses the object says which one it is (``"type"``); of a union whose members JSON cannot tell apart
there is no codec, which is an error when it is made.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..facts import Unreadable

Json = Any
"""What JSON can hold."""

UNREADABLE = "unreadable"
TYPE = "type"
NOT_SAVED = Unreadable("not-shown", "The snapshot does not hold it: an earlier version wrote it")
"""A field that a file lacks, where not knowing is a value of its type."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z")
_LONGEST_SHOWN = 60


class WrongError(ValueError):
    """What was read is not of its type; :attr:`path` is where, from the inside out."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str] = []

    def __str__(self) -> str:
        where = "".join(reversed(self.path)).lstrip(".")
        return f"{where or 'the whole'}: {self.what}"

    def at(self, part: str) -> WrongError:
        """The same, one level further out."""
        self.path.append(part)
        return self


class Codec:
    """Writes values of one type and reads them back; ``kinds`` are the words of :func:`kind_of` that it takes."""

    def __init__(
        self, expected: str, kinds: frozenset[str], write: Callable[[Any], Json], read: Callable[[Json], Any]
    ) -> None:
        self.expected = expected
        self.kinds = kinds
        self.write = write
        self.read = read


def kind_of(value: Json) -> str:
    """What JSON calls a value, in words."""
    if value is None:
        return "null"
    return _KINDS.get(type(value), "something else")


_KINDS = {
    str: "a string", bool: "true or false", int: "a whole number", float: "a fraction", list: "a list",
    dict: "an object",
}  # fmt: skip


@cache
def codec_of(hint: Any) -> Codec:
    """Return the codec of a type. Raises ``TypeError`` for one that there is none of."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _Union(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin is frozenset:
        return _frozenset(codec_of(*get_args(hint)))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*get_args(hint))
    if hint in _LEAVES:
        return _LEAVES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint)
    raise TypeError(f"A snapshot has no form for {hint}.")


# --- what has no parts --------------------------------------------------------------------


def _leaf(hint: type) -> Codec:
    expected = _KINDS[hint]

    def read(value: Json) -> Any:
        if kind_of(value) != expected:
            raise _not(expected, value)
        return value

    def write(value: Any) -> Json:
        if not _is(value, hint):
            raise _undeclared(value, expected)
        return hint(value)

    return Codec(expected, frozenset({expected}), write, read)


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is just of this type; az's own kinds of texts and numbers (``DefaultStr``) are such."""
    if kind in (str, int):
        return isinstance(value, kind) and not isinstance(value, (bool, Enum))
    return value.__class__ is kind or (kind is Mapping and isinstance(value, Mapping))


def _undeclared(value: Any, declared: str) -> TypeError:
    """What is in facts in spite of its declaration is no fact, and is not written."""
    return TypeError(f"There is a {type(value).__name__} in facts where {declared} is declared.")


def _not(expected: str, value: Json) -> WrongError:
    return WrongError(f"expected {expected}, found {kind_of(value)}")


def _none(value: Json) -> None:
    if value is not None:
        raise _not("null", value)


def _write_time(value: datetime) -> Json:
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _read_time(value: Json) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise WrongError(f"expected a time such as 2026-11-22T12:00:00Z, found {_shown(value)}")
    try:
        return datetime.fromisoformat(f"{value[:-1]}+00:00")
    except ValueError as error:
        raise WrongError(f"expected a time: {error}") from error


def _shown(value: Json) -> str:
    """A short string as it is, anything else as its kind."""
    return repr(value) if isinstance(value, str) and len(value) <= _LONGEST_SHOWN else kind_of(value)


_LEAVES: dict[Any, Codec] = {
    str: _leaf(str),
    bool: _leaf(bool),
    int: _leaf(int),
    type(None): Codec("null", frozenset({"null"}), lambda _: None, _none),
    datetime: Codec("a time", frozenset({"a string"}), _write_time, _read_time),
}


def _enum(hint: type[Enum]) -> Codec:
    known = {member.value: member for member in hint}

    def read(value: Json) -> Enum:
        if not isinstance(value, str) or value not in known:
            raise WrongError(f"expected one of {', '.join(known)}, found {_shown(value)}")
        return known[value]

    return Codec("a string", frozenset({"a string"}), lambda value: value.value, read)


# --- what has parts -----------------------------------------------------------------------


def _tuple(arguments: tuple[Any, ...]) -> Codec:
    if len(arguments) == 2 and arguments[1] is ...:
        item = codec_of(arguments[0])
        return _list(lambda value: [item.write(each) for each in value], lambda value: tuple(_items(item, value)))
    parts = [codec_of(each) for each in arguments]

    def read(value: list[Json]) -> Any:
        if len(value) != len(parts):
            raise WrongError(f"expected {len(parts)} items, found {len(value)}")
        return tuple(_item(part, number, each) for number, (part, each) in enumerate(zip(parts, value, strict=True)))

    return _list(lambda value: [part.write(each) for part, each in zip(parts, value, strict=True)], read)


def _frozenset(item: Codec) -> Codec:
    return _list(
        lambda value: sorted((item.write(each) for each in value), key=repr),
        lambda value: frozenset(_items(item, value)),
    )


def _list(write: Callable[[Any], Json], read: Callable[[list[Json]], Any]) -> Codec:
    def checked(value: Json) -> Any:
        if not isinstance(value, list):
            raise _not("a list", value)
        return read(value)

    return Codec("a list", frozenset({"a list"}), write, checked)


def _items(item: Codec, value: list[Json]) -> list[Any]:
    return [_item(item, number, each) for number, each in enumerate(value)]


def _item(item: Codec, number: int, value: Json) -> Any:
    try:
        return item.read(value)
    except WrongError as wrong:
        raise wrong.at(f"[{number}]") from None


def _mapping(key: Any, item: Any) -> Codec:
    if key is not str:
        raise TypeError(f"A snapshot has no form for a mapping from {key}.")
    values = codec_of(item)

    def read(value: Json) -> Any:
        if not isinstance(value, dict):
            raise _not("an object", value)
        return {name: _member(values, name, each) for name, each in value.items()}

    def write(value: Mapping[str, Any]) -> Json:
        return {str(name): values.write(each) for name, each in value.items()}

    # Any member may be in it, so that nothing else in a union may be an object.
    return Codec("an object", frozenset({"an object", UNREADABLE}), write, read)


def _member(item: Codec, name: str, value: Json) -> Any:
    try:
        return item.read(value)
    except WrongError as wrong:
        raise wrong.at(_place(name)) from None


def _place(name: str) -> str:
    return f".{name}" if name.isidentifier() and len(name) <= _LONGEST_SHOWN else f"[{_shown(name)}]"


def camel(name: str) -> str:
    """``agentPools`` of ``agent_pools``."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


class _Record(Codec):
    """Members in the order of the fields. One that is not declared is refused, and so is a lack of one.

    A lacking one is ``Unreadable`` where its type has room for that beside a value, else what the class says without
    it: fields are added within a version.
    """

    def __init__(self, hint: Any) -> None:
        self._hint = hint
        self._hints = get_type_hints(hint)
        self._members = {camel(field.name): field for field in fields(hint) if field.init}
        self._codecs: dict[str, Codec] = {}
        if self._members.keys() & {TYPE, UNREADABLE}:
            raise TypeError(f"A field of {hint.__name__} has a name that snapshots give a meaning of their own.")
        super().__init__("an object", frozenset({"an object"}), self._written, self._built)

    def _parts(self) -> dict[str, Codec]:
        """Made when first used: nothing forbids that a class has parts of its own kind."""
        if not self._codecs:
            self._codecs = {member: codec_of(self._hints[field.name]) for member, field in self._members.items()}
        return self._codecs

    def _written(self, value: Any) -> Json:
        if value.__class__ is not self._hint:
            raise _undeclared(value, self._hint.__name__)
        parts = self._parts().items()
        return {member: codec.write(getattr(value, self._members[member].name)) for member, codec in parts}

    def _built(self, value: Json) -> Any:
        if not isinstance(value, dict):
            raise _not("an object", value)
        for name in value:
            if name not in self._members:
                raise WrongError(f"is no member that this version knows, in {self._hint.__name__}").at(_place(name))
        given = {}
        for member, codec in self._parts().items():
            field = self._members[member]
            there = member in value
            given[field.name] = _member(codec, member, value[member]) if there else _lacking(field, self._hints)
        return self._hint(**given)


def _dataclass(hint: Any) -> Codec:
    record = _Record(hint)
    if hint is not Unreadable:
        return record

    def read(value: Json) -> Any:
        if not isinstance(value, dict) or set(value) != {UNREADABLE}:
            raise WrongError(f'expected an object whose one member is "{UNREADABLE}"')
        return _member(record, UNREADABLE, value[UNREADABLE])

    return Codec("an object", frozenset({UNREADABLE}), lambda value: {UNREADABLE: record.write(value)}, read)


def _lacking(field: Any, hints: Mapping[str, Any]) -> Any:
    alternatives = set(get_args(hints[field.name])) - {type(None)}
    if Unreadable in alternatives and len(alternatives) > 1:
        return NOT_SAVED
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    raise WrongError("is missing").at(f".{camel(field.name)}")


# --- alternatives -------------------------------------------------------------------------


class _Union(Codec):
    """The alternative is chosen by the kind of JSON value; of several dataclasses by the name that is written."""

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        classes: dict[str, Any] = {each.__name__: each for each in arguments if _is_record(each)}
        tagged = classes if len(classes) > 1 else {}
        plain = [(each, codec_of(each)) for each in arguments if each not in tagged.values()]
        alternatives = [codec for _, codec in plain] + ([_tagged(tagged)] if tagged else [])
        self._readers = {kind: codec for codec in alternatives for kind in codec.kinds}
        if len(self._readers) < sum(len(codec.kinds) for codec in alternatives):
            raise TypeError(f"A snapshot cannot tell the alternatives of {arguments} apart.")
        self._writers = [(_class_of(each), codec) for each, codec in plain]
        self._writers += [(each, alternatives[-1]) for each in tagged.values()]
        expected = " or ".join(dict.fromkeys(codec.expected for codec in alternatives))
        super().__init__(expected, frozenset(self._readers), self._written, self._chosen)

    def _written(self, value: Any) -> Json:
        for kind, codec in self._writers:
            if _is(value, kind):
                return codec.write(value)
        raise _undeclared(value, self.expected)

    def _chosen(self, value: Json) -> Any:
        kind = kind_of(value)
        if kind == "an object" and UNREADABLE in value and UNREADABLE in self._readers:
            kind = UNREADABLE
        if kind not in self._readers:
            raise _not(self.expected, value)
        return self._readers[kind].read(value)


def _is_record(hint: Any) -> bool:
    return is_dataclass(hint) and hint is not Unreadable


def _class_of(hint: Any) -> Any:
    origin = get_origin(hint)
    if origin is None:
        return hint
    return Mapping if issubclass(origin, Mapping) else origin


def _tagged(classes: Mapping[str, Any]) -> Codec:
    codecs = {name: codec_of(each) for name, each in classes.items()}

    def write(value: Any) -> Json:
        name = type(value).__name__
        return {TYPE: name, **codecs[name].write(value)}

    def read(value: dict[str, Json]) -> Any:
        name = value.get(TYPE)
        if not isinstance(name, str) or name not in codecs:
            raise WrongError(f"expected one of {', '.join(codecs)}, found {_shown(name)}").at(f".{TYPE}")
        return codecs[name].read({member: each for member, each in value.items() if member != TYPE})

    return Codec("an object", frozenset({"an object"}), write, read)
