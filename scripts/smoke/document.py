"""What is written about a run: the shape of every answer, and where it is not what we think. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.contracts import kubernetes
from tests.contracts.compare import breaches
from tests.contracts.definitions import Models, Operation, known
from tests.contracts.held import plain
from tests.contracts.trace import ELEMENT, Path

from .recording import KUBERNETES, Answer
from .shapes import ANY_KEY, NOT_DEFINED, merged, paths_in, shape_of

Json = dict[str, Any]

_VERSION = re.compile(r"\d{4}-\d\d-\d\d(?:-preview)?")
UNDEFINED = "(a request that no definition has)"


def document(answers: Iterable[Answer], reads: Mapping[tuple[str, str, str], set[Path]], simulated: set[str]) -> Json:
    """The whole: ``reads`` is what was looked at, ``simulated`` the members that our simulated cloud shows."""
    told: dict[str, Json] = {}
    compared = _Compared(simulated)
    for answer in answers:
        request, models, kind, operation = _understood(answer)
        entry = told.setdefault(request, {"request": request, "answers": 0, "statuses": [], "shape": None})
        entry["answers"] += 1
        entry["statuses"] = sorted({*entry["statuses"], answer.status})
        if models is None or kind is None or answer.status != 200 or not isinstance(answer.body, dict):
            continue
        entry["shape"] = merged((entry["shape"], _page(models, kind, operation, answer.body)))
        if operation is not None:
            compared.add(operation, answer, reads.get((answer.method, answer.path, answer.version), set()))
    return {"answers": sorted(told.values(), key=lambda each: str(each["request"])), "compared": compared.told()}


def _understood(answer: Answer) -> tuple[str, Models | None, str | None, Operation | None]:
    """How a request is called without the user's names, and the type of its answer."""
    if answer.host == KUBERNETES:
        found = kubernetes.resource_of(answer.path)
        if found is None:
            return f"{answer.method} {UNDEFINED} of the API server", None, None, None
        return f"{answer.method} {found[0]}", kubernetes.models(), found[1], None
    version = answer.version if _VERSION.fullmatch(answer.version) else "no version"
    operation = known().find(answer.method, answer.path, answer.version)
    beside = operation or known().beside(answer.method, answer.path, answer.version)
    if beside is None:
        return f"{answer.method} {UNDEFINED} in {version}", None, None, None
    return f"{answer.method} {beside.path} in {version}", beside.models, beside.answer, beside


def _page(models: Models, kind: str, operation: Operation | None, body: Json) -> Any:
    if operation is None or not operation.listed:
        return shape_of(models, kind, body)
    items = body.get("value")
    shape = merged(shape_of(models, kind, item) for item in items) if isinstance(items, list) else None
    return {"value": [shape]}


class _Compared:
    """Collects in what answers differ from definitions, from the simulated cloud and from what mappings look for."""

    def __init__(self, simulated: set[str]) -> None:
        self._simulated = simulated
        self._types = {each.partition(" ")[0] for each in simulated}
        self._shown: dict[str, set[str]] = defaultdict(set)
        self._looked: dict[str, set[str]] = defaultdict(set)
        self._breaches: dict[str, set[str]] = defaultdict(set)

    def add(self, operation: Operation, answer: Answer, looked: set[Path]) -> None:
        """One answer with status 200. A path of a breach of these kinds has defined names only."""
        for breach in breaches(operation, answer.body):
            if breach.kind != "unknown":
                self._breaches[breach.kind].add(f"{operation.types} {plain(breach).partition(' ')[2]}")
        shape = _page(operation.models, operation.answer or "any", operation, answer.body)
        self._shown[operation.types] |= {each.removeprefix("value[].") for each in paths_in(shape)} - {"value"}
        for path in looked:
            below = path[2:] if operation.listed and path[:2] == ("value", ELEMENT) else path
            where = _told(operation.models, operation.answer or "any", below)
            if where is not None:
                self._looked[operation.types].add(where)

    def told(self) -> dict[str, list[str]]:
        """Sorted lists, by what is the matter."""
        shown = {f"{types} {each}" for types, members in self._shown.items() for each in members}
        undefined = {each for each in shown if each.endswith(NOT_DEFINED)}
        of_known_types = {each for each in shown - undefined if each.partition(" ")[0] in self._types}
        return {
            "shown and not defined": sorted(each.removesuffix(NOT_DEFINED) for each in undefined),
            "of another type than defined": sorted(self._breaches["form"]),
            "required by the definition and not shown": sorted(self._breaches["missing"]),
            "looked for by us and not shown": sorted(self._absent()),
            "shown and not simulated": sorted(of_known_types - self._simulated),
        }

    def _absent(self) -> Iterator[str]:
        """What was looked for in an object that is there."""
        for types, looked in self._looked.items():
            shown = self._shown[types]
            there = {"", *shown, *(f"{each}[]" for each in shown)}
            yield from (f"{types} {each}" for each in looked - shown if each.rpartition(".")[0] in there)


def _told(models: Models, kind: str, path: Path) -> str | None:
    """A path that was looked at, with keys that are data left out; ``None``: the definition does not lead along it."""
    told = ""
    for name in path:
        if kind[0] == "[" and name == ELEMENT:
            told, kind = f"{told}[]", kind[1:-1]
        elif kind[0] == "{":
            told, kind = f"{told}.{ANY_KEY}", kind[1:-1]
        else:
            member = models.members(kind).get(name) if kind in models else None
            if member is None:
                return None
            told, kind = f"{told}.{name}", member.type
    return told.removeprefix(".") or None
