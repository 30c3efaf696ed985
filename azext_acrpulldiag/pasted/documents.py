"""Gather JSON and YAML documents out of lines, and parse them whole.

Documents come from anywhere: size, depth and aliases are bounded, numbers stay text, and nothing in them is built but
mappings, lists and text.
"""

from __future__ import annotations

import json
import re
from typing import Any

LARGEST = 20_000_000
"""Characters of one document; lines have no bound."""
DEEPEST = 100
"""Objects within objects; a pod has about a dozen."""


class DocumentError(ValueError):
    """A document that cannot be read: what is wrong, and ``advice`` on what to give instead."""

    def __init__(self, said: str, advice: str) -> None:
        super().__init__(said)
        self.advice = advice


class TooLargeError(DocumentError):
    """A document that is larger than :data:`LARGEST`."""


class Room:
    """What is left of :data:`LARGEST` for one document."""

    def __init__(self, kind: str) -> None:
        self._kind, self._left = kind, LARGEST

    def take(self, line: str) -> None:
        """Take a line in. Raises :class:`DocumentError` where it does not fit."""
        self._left -= len(line) + 1
        if self._left < 0:
            raise TooLargeError(
                f"A {self._kind} document of more than {LARGEST // 1_000_000} MB is not read.",
                "Ask kubectl for less, such as one namespace or --field-selector type=Warning, or give lines of text: "
                "they are read at any length.",
            )


# --- JSON -------------------------------------------------------------------------------

_JSON_OPENS = re.compile(r"\s{0,200}(?:\{\s*(?:[\"}]|$)|\[\s*(?:[\[{\]]|$))")
# A string that never ends is one token too, so that the scan is linear.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]')


def opens_json(line: str) -> bool:
    """Tell whether a JSON object, or a list of objects, begins with this line."""
    return _JSON_OPENS.match(line) is not None


class JsonExtent:
    """How deep the lines that were taken so far leave off. In JSON no string has a line break."""

    def __init__(self) -> None:
        self.depth = 0

    def take(self, line: str) -> None:
        """Go on with a line. Raises :class:`DocumentError` for one that leads too deep."""
        for token in _JSON_TOKEN.finditer(line):
            mark = line[token.start()]
            if mark in "{[":
                self.depth += 1
                if self.depth > DEEPEST:
                    raise _too_deep("JSON")
            elif mark in "}]":
                self.depth -= 1


def parse_json(text: str) -> list[Any]:
    """Parse the documents that stand one after the other in a text. Raises ``ValueError``; numbers stay text."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        place += len(text[place : place + 200]) - len(text[place : place + 200].lstrip(" ,\r\n\t"))
    return found


# --- YAML -------------------------------------------------------------------------------

_YAML_OPENS = re.compile(r"(?:- )?(?:apiVersion|kind|items):(?:\s|$)|---\s*$")
_YAML_PART = re.compile(
    r"\s{0,200}(?:- )?(?:metadata|spec|status|conditions|(?:init|ephemeral)?[cC]ontainerStatuses|state|lastState|"
    r"waiting|terminated|message|note|reason):(?:\s|$)"
)
_YAML_GOES_ON = re.compile(r"(?:- )?[\w.\"'/-]{1,253}:(?:\s|$)|- |#")


def opens_yaml(line: str) -> bool:
    """Tell whether an object of Kubernetes begins with this line."""
    return _YAML_OPENS.match(line) is not None


def opens_part(line: str) -> bool:
    """Tell whether the line may be out of the middle of an object of Kubernetes."""
    return _YAML_PART.match(line) is not None


def goes_on(line: str, indent: int) -> bool:
    """Tell whether a YAML block that began ``indent`` columns from the left goes on with this line."""
    stripped = line.lstrip()
    if not stripped:
        return True
    deeper = len(line) - len(stripped)
    return deeper > indent or (deeper == indent and _YAML_GOES_ON.match(stripped) is not None)


def parse_yaml(text: str) -> list[Any]:
    """Parse the documents of a text; every scalar stays text.

    Raises ``ValueError`` for what is no YAML, for a key that stands twice and for aliases: nothing of Kubernetes is
    written with them, and a few lines of them stand for billions of values.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(_first_line(error)) from None  # its own text may quote what was given
    return builder.documents


class _Builder:
    """Build plain values out of the events of a parser, without recursion."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self._open: list[tuple[Any, list[str]]] = []  # containers, each with the key that waits for its value

    def take(self, event: Any) -> None:
        name = type(event).__name__
        if name == "AliasEvent":
            raise ValueError("it has an alias (*name)")
        if name == "ScalarEvent":
            self._put(event.value)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= DEEPEST:
                raise _too_deep("YAML")
            self._open.append(({} if name == "MappingStartEvent" else [], []))
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self._put(self._open.pop()[0])

    def _put(self, value: Any) -> None:
        if not self._open:
            self.documents.append(value)
            return
        container, waiting = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif waiting:
            key = waiting.pop()
            if key in container:
                raise ValueError("a key stands twice")
            container[key] = value
        else:
            waiting.append(value if isinstance(value, str) else repr(value))


def _first_line(error: BaseException) -> str:
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    if problem and mark is not None:
        return f"line {mark.line + 1}: {problem}"
    return str(error).partition("\n")[0]


def _too_deep(kind: str) -> DocumentError:
    return DocumentError(
        f"A {kind} document with more than {DEEPEST} values within each other is not read.",
        "Give what kubectl prints, or the messages as lines of text.",
    )


def cut_off(kind: str) -> DocumentError:
    """The refusal of a document whose end is missing."""
    return DocumentError(
        f"The {kind} ends before it is complete.", "Give the whole output of kubectl, or the messages as lines of text."
    )


def not_valid(kind: str, why: str) -> DocumentError:
    """The refusal of a document that is none."""
    return DocumentError(
        f"What looks like {kind} is not valid: {why}.", "Give the output of kubectl as it is, or lines of text."
    )
