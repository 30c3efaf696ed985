"""Which members of an answer are looked at: a dictionary that writes it down.

A path is a tuple of names; ``[]`` stands for an element of a list, and keys that are looked at as data (in a loop)
are written down with nothing but what is looked at below them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.members import Body

Path = tuple[str, ...]
ELEMENT = "[]"


class Traced(dict[str, Any]):
    """An object of an answer; looking for a member, there or not, is written into ``seen``."""

    def __init__(self, shown: dict[str, Any], at: Path, seen: set[Path]) -> None:
        super().__init__({name: traced(value, seen, (*at, name)) for name, value in shown.items()})
        self._at, self._seen = at, seen

    def get(self, name: str, *default: Any) -> Any:
        if not default:  # with one, it is a name for messages
            self._seen.add((*self._at, name))
        return super().get(name, *default)

    def __getitem__(self, name: str) -> Any:
        self._seen.add((*self._at, name))
        return super().__getitem__(name)

    def __reduce__(self) -> Any:
        return (dict, (dict(self),))


def traced(answer: Any, seen: set[Path], at: Path = ()) -> Any:
    """The same JSON, which writes down what is looked at."""
    if isinstance(answer, dict):
        return Traced(answer, at, seen)
    if isinstance(answer, list):
        return [traced(item, seen, (*at, ELEMENT)) for item in answer]
    return answer


def _named(body: Body) -> str:
    """How messages call an object: they may ask any object for its name without expecting one."""
    found = body.of or (isinstance(body.json, dict) and (dict.get(body.json, "id") or dict.get(body.json, "name")))
    return found if isinstance(found, str) else "this resource"


@contextmanager
def mappings_traced() -> Iterator[None]:
    """Let messages of mappings look at no member."""
    with patch.object(Body, "_of", property(_named)):
        yield


Reads = dict[tuple[str, str, str], set[Path]]
"""What was looked at in the answers to a request: its method, path and api-version."""


@contextmanager
def answers_traced() -> Iterator[Reads]:
    """Write down what this process looks at in answers of Resource Manager."""
    exchange = ArmReader._exchange
    reads: Reads = {}

    def traced_exchange(reader: ArmReader, method: str, url: str, *rest: Any) -> Any:
        parts = urlsplit(url)
        version = parse_qs(parts.query).get("api-version", [""])[0]
        return traced(exchange(reader, method, url, *rest), reads.setdefault((method, parts.path, version), set()))

    with mappings_traced(), patch.object(ArmReader, "_exchange", traced_exchange):
        yield reads


def fresh(reads: Reads, known: set[tuple[str, ...]]) -> list[list[Any]]:
    """What was looked at in answers in which any of it is not ``known`` yet, which grows by it."""
    found = []
    for (method, path, version), seen in reads.items():
        of = (method, "/".join(path.rpartition("/providers/")[2].split("/")[::2]), version)
        told = {(*of, *each) for each in seen}
        if told - known:
            # All of it: one member may be looked for only where another, known one is not there.
            found.append([method, path, version, list(seen)])
            known |= told
    return found
