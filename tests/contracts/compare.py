"""Hold an object against a model: members that it has not, required ones that are missing, other forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .definitions import Models, Operation

_FORMS = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


@dataclass(frozen=True, order=True)
class Breach:
    """One disagreement. ``where`` is a path such as ``properties.subnets[].id``; ``{}`` is a key that is data."""

    kind: str
    """``unknown``: the model has no such member; ``missing``: it is required; ``form``: it is of another type."""
    where: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}"


def breaches(operation: Operation, answer: Any) -> list[Breach]:
    """What an answer of ``operation`` shows otherwise than its model says; of a list, each only once."""
    return sorted(set(_answer(operation, answer)))


def _answer(operation: Operation, answer: Any) -> Iterator[Breach]:
    if operation.answer is None:
        return
    if not operation.listed:
        yield from of_type(operation.models, operation.answer, answer, "")
        return
    if not isinstance(answer, dict) or not isinstance(answer.get("value"), list):
        yield Breach("form", "value")
        return
    yield from (Breach("unknown", name) for name in answer.keys() - {"value", "nextLink", "skipToken"})
    for item in answer["value"]:
        yield from of_type(operation.models, operation.answer, item, "value[]")


def shown(operation: Operation, answer: Any) -> Iterator[str]:
    """Every member that an answer shows, by its path; each as often as it is there."""
    if operation.answer is None:
        return
    for item in answer["value"] if operation.listed else [answer]:
        yield from _shown(operation.models, operation.answer, item, operation.types)


def _shown(models: Models, kind: str, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _shown(models, kind.strip("[]"), item, f"{where}[]")
    elif isinstance(value, dict):
        members = models.members(kind, value) if kind in models else {}
        for name, item in value.items():
            at = f"{where}.{{}}" if kind[0] == "{" else f"{where}.{name}"
            yield at
            told = members.get(name)
            yield from _shown(models, told.type if told else kind.strip("{}"), item, at)


def of_type(models: Models, kind: str, value: Any, where: str) -> Iterator[Breach]:
    """What ``value`` shows otherwise than the type ``kind`` says; null is what Azure writes for a member left out."""
    if value is None or kind == "any":
        return
    if kind[0] in "[{":
        yield from _collection(models, kind, value, where)
    elif kind in models:
        yield from _object(models, kind, value, where)
    elif not isinstance(value, _FORMS.get(kind, (str,))) or (kind in ("int", "float") and isinstance(value, bool)):
        yield Breach("form", where)


def _collection(models: Models, kind: str, value: Any, where: str) -> Iterator[Breach]:
    listed = kind[0] == "["
    if not isinstance(value, list if listed else dict):
        yield Breach("form", where)
        return
    mark = "[]" if listed else ".{}"
    for item in value if listed else value.values():
        yield from of_type(models, kind[1:-1], item, f"{where}{mark}")


def _object(models: Models, kind: str, value: Any, where: str) -> Iterator[Breach]:
    if not isinstance(value, dict):
        yield Breach("form", where)
        return
    members = models.members(kind, value)
    for name, item in value.items():
        at = f"{where}.{name}" if where else name
        told = members.get(name) or members.get("*")
        if told is None:
            yield Breach("unknown", at)
        else:
            yield from of_type(models, told.type, item, at)
    for name, told in members.items():
        if told.required and name not in value:
            yield Breach("missing", f"{where}.{name}" if where else name)
