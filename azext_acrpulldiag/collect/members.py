"""Take typed members out of Azure's JSON: a value, or why the answer does not show it. Pure."""

from __future__ import annotations

from typing import Any, TypeVar

from ..facts import Unreadable

T = TypeVar("T")


def member(body: Any, *path: str) -> Any:
    """Return the member at ``path``, or ``None`` where it, or anything above it, is absent or null."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def shown(body: Any, kind: type[T], *path: str) -> T | Unreadable:
    """Return the member at ``path`` if the answer shows it as a ``kind``.

    Absent and null are both *not shown*: api-versions leave members out, and examples write null.
    """
    value = member(body, *path)
    # bool is an int in Python, and never a count in Azure.
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    return not_shown(body, *path) if value is None else malformed(body, *path)


def text(body: Any, *path: str) -> str | Unreadable:
    """A non-empty string."""
    value = shown(body, str, *path)
    return value if isinstance(value, Unreadable) or value else not_shown(body, *path)


def objects(body: Any, *path: str) -> tuple[dict[str, Any], ...] | Unreadable:
    """A list of objects."""
    value = shown(body, list, *path)
    if isinstance(value, Unreadable):
        return value
    return tuple(value) if all(isinstance(item, dict) for item in value) else malformed(body, *path)


def texts(body: Any, *path: str) -> tuple[str, ...] | Unreadable:
    """A list of strings."""
    value = shown(body, list, *path)
    if isinstance(value, Unreadable):
        return value
    return tuple(value) if all(isinstance(item, str) for item in value) else malformed(body, *path)


def ids(body: Any, *path: str) -> tuple[str, ...] | Unreadable:
    """The ids in a list of ``{"id": ...}``."""
    found = objects(body, *path)
    if isinstance(found, Unreadable):
        return found
    return texts({"ids": [item.get("id") for item in found]}, "ids")


def not_shown(body: Any, *path: str) -> Unreadable:
    """Say that an answer leaves a member out."""
    return Unreadable("not-shown", f"Azure's answer for {_named(body)} does not show {'.'.join(path)}")


def malformed(body: Any, *path: str) -> Unreadable:
    """Say that a member has another type than Azure documents."""
    return Unreadable("malformed", f"Azure's answer for {_named(body)} has an unexpected {'.'.join(path)}")


def _named(body: Any) -> str:
    given = member(body, "id") or member(body, "name")
    return given if isinstance(given, str) else "this resource"
