"""Members of objects of the Kubernetes API, which others write: what is not as documented is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..ask.arm import Json
from ..members import member

_NEVER = datetime.min.replace(tzinfo=timezone.utc)


def key_of(pod: Json) -> tuple[str, str]:
    """Namespace and name of an object."""
    return text_at(pod, "metadata", "namespace"), text_at(pod, "metadata", "name")


def when(event: Json) -> datetime:
    """When an event was last seen; the earliest of times where it does not say."""
    return when_or_none(event) or _NEVER


def when_or_none(event: Json) -> datetime | None:
    """When an event was last seen: kubelet writes ``lastTimestamp``, newer components a series or ``eventTime``."""
    for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",), ("metadata", "creationTimestamp")):
        time = time_of(member(event, *path))
        if time is not None:
            return time
    return None


def first_or_none(event: Json) -> datetime | None:
    """When an event was first seen: kubelet writes ``firstTimestamp``, newer components ``eventTime``.

    An event is kept for an hour after it was last seen, so that of a pull that goes on failing the beginning is known.
    """
    for path in (("firstTimestamp",), ("eventTime",), ("metadata", "creationTimestamp")):
        time = time_of(member(event, *path))
        if time is not None:
            return time
    return None


def count_of(event: Json | None) -> int | None:
    """How often an event was seen."""
    for path in (("series", "count"), ("count",)):
        value = member(event, *path)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def time_of(value: Any) -> datetime | None:
    """Kubernetes writes seconds or six digits and a ``Z``, and there may be thousands."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def text_at(body: Any, *path: str) -> str:
    """A text, or none."""
    value = member(body, *path)
    return value if isinstance(value, str) else ""


def texts_in(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def objects_in(value: Any) -> list[Json]:
    """The objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def strings_at(body: Any, *path: str) -> Mapping[str, str]:
    """An object of texts, such as labels."""
    value = member(body, *path)
    return {str(key): each for key, each in value.items() if isinstance(each, str)} if isinstance(value, dict) else {}
