"""Read typed members of Azure's JSON: a value, or why the answer does not show it. Pure.

A mapping reads from a :class:`Body`, which raises :class:`MemberError` for a member that is absent or of another
type than Azure documents, and is plain code otherwise. :func:`shown` makes that the ignorance of one field,
:func:`mapped` that of a whole fact. Both catch nothing else: a ``KeyError`` in a mapping is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, ParamSpec, TypeVar

from ..facts import Unreadable
from .ask.errors import operation_of
from .times import utc

T = TypeVar("T")
P = ParamSpec("P")


class MemberError(Exception):
    """A member is not there, or is of another type; ``why`` names it and the resource."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.sentence)
        self.why = why


@dataclass(frozen=True)
class Body:
    """A JSON object of an answer. Every method takes the names that lead to a member.

    Absent and null are both *not shown*, and so is what would lie below something that is no object:
    api-versions leave members out, and examples write null. All methods raise :class:`MemberError`.
    """

    json: Any
    of: str = ""
    """The resource that it is part of; empty: it is one, with an id or name of its own."""
    at: str = ""
    """The member of that resource that it is; empty: it is the resource itself."""

    def value(self, kind: type[T], *path: str) -> T:
        """A member of some type."""
        value = self._member(path)
        if isinstance(value, kind):
            return value
        raise self.not_shown(*path) if value is None else self.malformed(*path)

    def text(self, *path: str) -> str:
        """A string; an empty one is not shown."""
        value = self.value(str, *path)
        if not value:
            raise self.not_shown(*path)
        return value

    def enum(self, known: Collection[str], *path: str) -> str:
        """One of Azure's ``known`` words, as :func:`spelled`."""
        return spelled(self.text(*path), known)

    def flag(self, *path: str) -> bool:
        """True or false."""
        return self.value(bool, *path)

    def number(self, *path: str) -> int:
        """A whole number."""
        value = self.value(int, *path)
        if isinstance(value, bool):  # an int in Python, and never a count in Azure
            raise self.malformed(*path)
        return value

    def moment(self, *path: str) -> datetime:
        """A time, in UTC."""
        try:
            return utc(self.text(*path))
        except ValueError as error:
            raise self.malformed(*path) from error

    def object(self, *path: str) -> Body:
        """The object in a member."""
        return self._below(self.value(dict, *path), ".".join(path))

    def objects(self, *path: str) -> tuple[Body, ...]:
        """A list of objects."""
        items = self._list(dict, path)
        where = ".".join(path)
        return tuple(self._below(item, f"{where}[{item.get('name', at)}]") for at, item in enumerate(items))

    def texts(self, *path: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(self._list(str, path))

    def ids(self, *path: str) -> tuple[str, ...]:
        """The ids in a list of ``{"id": ...}``."""
        found = [item.json.get("id") for item in self.objects(*path)]
        if not all(isinstance(each, str) for each in found):
            raise self.malformed(*path)
        return tuple(found)

    def entries(self, *path: str) -> dict[str, Body]:
        """The objects in an object whose keys are data, such as ids."""
        found = self.object(*path)
        return {key: found.object(key) for key in found.json}

    def reference(self, *path: str) -> str | None:
        """The id in a member that is absent where nothing is attached."""
        attached = maybe(self.object, *path)
        return None if attached is None else attached.text("id")

    def not_shown(self, *path: str) -> MemberError:
        """Say that the answer leaves a member out."""
        return MemberError(Unreadable("not-shown", f"Azure's answer for {self._of} does not show {self._at(path)}"))

    def malformed(self, *path: str) -> MemberError:
        """Say that a member has another type, or holds something else, than Azure documents."""
        return MemberError(Unreadable("malformed", f"Azure's answer for {self._of} has an unexpected {self._at(path)}"))

    def _list(self, kind: type[T], path: tuple[str, ...]) -> list[T]:
        items = self.value(list, *path)
        if not all(isinstance(item, kind) for item in items):
            raise self.malformed(*path)
        return items

    def _member(self, path: tuple[str, ...]) -> Any:
        return member(self.json, *path)

    def _below(self, value: Any, name: str) -> Body:
        return Body(value, self._of, self._at((name,)))

    def _at(self, path: tuple[str, ...]) -> str:
        return ".".join((self.at, *path) if self.at else path)

    @property
    def _of(self) -> str:
        named = self.of or self._member(("id",)) or self._member(("name",))
        return named if isinstance(named, str) else "this resource"


class Model(Body):
    """The same over an object of an SDK, whose attributes are the members."""

    def models(self, *path: str) -> tuple[Model, ...]:
        """A list of such objects."""
        return tuple(Model(item, self._of, self._at(path)) for item in self.value(list, *path))

    def _member(self, path: tuple[str, ...]) -> Any:
        value = self.json
        for name in path:
            value = getattr(value, name, None)
        return value.value if isinstance(value, Enum) else value


def shown(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Unreadable:
    """Read one field of a fact: what ``read`` returns, or why the answer does not show it."""
    try:
        return read(*args, **kwargs)
    except MemberError as error:
        return error.why


def maybe(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Read a member that is left out where there is nothing of the kind; one of another type still raises."""
    try:
        return read(*args, **kwargs)
    except MemberError as error:
        if error.why.reason != "not-shown":
            raise
        return None


def or_empty(read: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    """Read a text that serves to name and to look up, and that nothing is judged by: empty where it cannot be read."""
    found = shown(read, *args, **kwargs)
    return "" if isinstance(found, Unreadable) else found


def mapped(mapping: Callable[[Any], T | Unreadable], answer: Any, path: str) -> T | Unreadable:
    """Apply ``mapping`` to what was answered for ``path``: JSON, a list of it, ``None`` or ``Unreadable``.

    Absence, ignorance and what the mapping cannot read become ``Unreadable``.
    """
    if isinstance(answer, Unreadable):
        return answer
    if answer is None:
        return Unreadable("not-found", f"{path} does not exist", operation_of(path))
    try:
        return mapping(answer)
    except MemberError as error:
        return replace(error.why, operation=operation_of(path))


def spelled(value: str, known: Collection[str]) -> str:
    """Return a word of Azure's as it documents it, whatever the casing of the answer; an unknown one as it is."""
    return value if value in known else next((one for one in known if one.lower() == value.lower()), value)


def member(body: Any, *path: str) -> Any:
    """Return the member at ``path`` as it is, or ``None`` where it, or anything above it, is absent or null."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body
