"""Find the messages in an object of Kubernetes, or of a log that is written as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .logs import log_message
from .text import WAITING_REASONS, Pasted, of_reason

# Event and status; an event of events.k8s.io; what the journal, container logs and collectors of logs write.
_MESSAGES = ("message", "note")
_LINES = ("MESSAGE", "log", "LogMessage", "LogEntry", "Message")
_ERRORS = ("err", "error")


def messages_of(value: Any, image: str | None = None) -> Iterator[Pasted | None]:
    """The messages of a parsed document, in its order; ``None`` for one in which nothing fails.

    ``image`` is what an object around it names. The depth of a document is bounded where it is parsed.
    """
    if isinstance(value, list):
        for item in value:
            yield from messages_of(item, image)
    if not isinstance(value, dict):
        return
    image = _string(value.get("image")) or image
    yield from _own(value, image)
    for item in value.values():
        if isinstance(item, (dict, list)):
            yield from messages_of(item, image)


def _own(value: dict[str, Any], image: str | None) -> Iterator[Pasted | None]:
    """What the object itself says: nothing or one message."""
    lines = (line for key in _LINES if (line := _line(value.get(key))) is not None)
    line = next(lines, None)
    if line is not None:
        said = log_message(line.rstrip("\n"))
        yield None if said is None else replace(said, is_alone=False)
        return
    reason = _string(value.get("reason"))
    text = _first(value, _MESSAGES) or (reason if reason in WAITING_REASONS else None)
    if text is not None:
        code = _string(value.get("code"))  # the word that a registry puts before its sentence
        named = text if code is None or code.isdecimal() else f"{code}: {text}"
        yield Pasted(named, image, of_reason(reason), in_document=True)
        return
    parts = (_string(value.get("msg")), _first(value, _ERRORS), _string(value.get("error_description")))
    entry = ": ".join(part for part in parts if part)
    if entry:
        yield Pasted(entry, image, is_alone=False)


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if (text := _string(value.get(key)))), None)


def _line(value: Any) -> str | None:
    """A line of the journal; it writes one with bytes that are no text as a list of numbers."""
    if isinstance(value, list) and value and all(isinstance(byte, str) and byte.isdecimal() for byte in value):
        return bytes(number for byte in value if (number := int(byte[:4])) < 256).decode("utf-8", "backslashreplace")
    return _string(value)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
