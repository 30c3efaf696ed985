"""Hold what a run asked, and what the simulated cloud answered, against the definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from tests.azure.az import is_another
from tests.azure.log import Entry

from .compare import Breach, breaches, of_type, shown
from .definitions import Operation, installed, known
from .exceptions import ANSWERS, OF_AZ, REQUESTS, SIMULATED
from .table import Noted

ARM = "management.azure.com"
# A page's address is the service's own, and followed as it stands.
_NEXT_PAGE = {"$skiptoken", "$skipToken"}


def can_hold() -> bool:
    """Tell whether the definitions are at hand, and are those of the az that is run."""
    return installed() and not is_another()


def objections(entries: Sequence[Entry], story: str = "") -> list[str]:
    """What requests to Resource Manager, and its answers, have in them that the definitions do not know."""
    asked = [each for each in entries if each.host == ARM]
    found = {objection for at, entry in enumerate(asked) for objection in _of_entry(entry, asked[:at], story)}
    return sorted(found)


def hold(entries: Sequence[Entry], noted: Noted, story: str = "") -> None:
    """Fail where :func:`objections` has any, and count what there was to hold."""
    found = objections(entries, story)
    assert not found, "\n".join(found)
    for entry in entries:
        operation = operation_of(entry) if entry.host == ARM else None
        if operation is None:
            continue
        noted.note("requests", [f"{operation.method} {operation.path} {operation.version}"])
        noted.note("versions", [operation.version])
        if entry.status == 200 and entry.answer:
            noted.note("members", _shown(operation, entry.answer))


@lru_cache(maxsize=4096)
def _shown(operation: Operation, body: bytes) -> frozenset[str]:
    return frozenset(shown(operation, json.loads(body)))


def undefined_members(method: str, path: str, version: str, body: object) -> list[str]:
    """The members of a made-up answer that its definition does not know; of one that nothing defines, none.

    What a test makes up may leave things out, or be of another form on purpose.
    """
    operation = known().find(method, path, version) if can_hold() else None
    if operation is None:
        return []
    found = (each for each in breaches(operation, body) if each.kind == "unknown")
    return [f"{path} in {version}: {each}" for each in found if not _is_known(operation, each, "")]


def operation_of(entry: Entry) -> Operation | None:
    """What a request is for."""
    return known().find(entry.method, entry.path, version_of(entry))


def version_of(entry: Entry) -> str:
    """The api-version of a request."""
    return entry.query.get("api-version", "")


def _of_entry(entry: Entry, before: Sequence[Entry], story: str) -> Iterator[str]:
    operation = operation_of(entry)
    line = f"{entry.method} {entry.path} in {version_of(entry)}"
    if operation is None:
        if not (_is_undefined(entry) or is_of_az(entry) or _was_listed(entry, before)):
            yield f"{line}: there is no such operation"
        return
    if entry.body and operation.body:
        yield from (f"{line}, body: {each}" for each in _of_body(operation, entry.body))
    unknown = entry.query.keys() - set(operation.query) - _NEXT_PAGE
    yield from (f"{line}: there is no query parameter {name}" for name in sorted(unknown))
    if entry.status == 200 and entry.answer:
        wrong = (each for each in of_answer(operation, entry.answer) if not _is_known(operation, each, story))
        yield from (f"answer to {line}: {each}" for each in wrong)


def is_of_az(entry: Entry) -> bool:
    """Tell whether a request is one that az makes of its own accord, in versions of its own."""
    return any(re.fullmatch(pattern, entry.path, re.IGNORECASE) for pattern in OF_AZ)


def _is_undefined(entry: Entry) -> bool:
    return any(each.covers(entry.method, entry.path, version_of(entry)) for each in REQUESTS)


def _was_listed(entry: Entry, before: Iterable[Entry]) -> bool:
    """Tell whether a refusal of the same request has told of that version."""
    version = version_of(entry).encode()
    return bool(version) and any(
        (each.method, each.path) == (entry.method, entry.path)
        and each.status in (400, 404)
        and version in (each.answer or b"")
        for each in before
    )


@lru_cache(maxsize=4096)
def _of_body(operation: Operation, body: bytes) -> tuple[Breach, ...]:
    return tuple(of_type(operation.models, operation.body or "any", json.loads(body), ""))


@lru_cache(maxsize=4096)
def of_answer(operation: Operation, body: bytes) -> tuple[Breach, ...]:
    """What an answer shows otherwise than its model says."""
    return tuple(breaches(operation, json.loads(body)))


def _is_known(operation: Operation, breach: Breach, story: str) -> bool:
    return any(
        (each.types, each.breach) == (operation.types, plain(breach)) and (not each.stories or story in each.stories)
        for each in (*ANSWERS, *SIMULATED)
    )


def plain(breach: Breach) -> str:
    """A disagreement as it is told of a resource, whether that was listed or not."""
    return f"{breach.kind} {breach.where.removeprefix('value[].')}"
