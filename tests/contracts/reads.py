"""Hold what mappings look at against the definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .definitions import Models, Operation, known
from .exceptions import READINGS
from .trace import ELEMENT, Path

# Of a page of a list, whatever it lists.
_PAGE = ("value", "nextLink", "skipToken")
# Every text is a time too.
_SAMPLES: dict[str, Any] = {"str": "2026-01-02T03:04:05Z", "int": 1, "float": 1.0, "bool": True, "any": {}}
_DEPTH = 9


def unknown_reads(operation: Operation, reads: Iterable[Path]) -> list[str]:
    """The members that were looked at and that no object of that type can have."""
    paths = {_below(operation, tuple(path)) for path in reads if not _is_of_page(operation, tuple(path))}
    kind = operation.answer or "any"
    wrong = {path for path in paths if not has(operation.models, kind, path)}
    return sorted(_text(path) for path in wrong if not _is_known(operation, path, paths))


def unknown_reads_of(reads: Iterable[Any]) -> list[str]:
    """The same for what :func:`~.trace.fresh` has; requests that nothing defines are held elsewhere."""
    found = ((known().find(method, path, version), paths) for method, path, version, paths in reads)
    return [
        f"{operation.types} in {operation.version}: {where}"
        for operation, paths in found
        if operation is not None
        for where in unknown_reads(operation, paths)
    ]


def _is_known(operation: Operation, path: Path, paths: set[Path]) -> bool:
    return any(
        (each.types, each.where) == (operation.types, _text(path))
        and (not each.beside or (*path[:-1], each.beside) in paths)
        for each in READINGS
    )


def _text(path: Path) -> str:
    return ".".join(path).replace(f".{ELEMENT}", ELEMENT)


def _is_of_page(operation: Operation, path: Path) -> bool:
    return operation.listed and path[0] in _PAGE and len(path) <= 2


def _below(operation: Operation, path: Path) -> Path:
    return path[2:] if operation.listed and path[:2] == ("value", ELEMENT) else path


def has(models: Models, kind: str, path: Path) -> bool:
    """Tell whether an object of the type ``kind`` can have the member at ``path``."""
    if not path or kind == "any":
        return True
    if kind[0] in "[{":
        return has(models, kind[1:-1], path[1:])
    if kind not in models:
        return False
    members = models.members(kind)
    told = members.get(path[0]) or members.get("*")
    return told is not None and has(models, told.type, path[1:])


def filled(operation: Operation) -> Any:
    """An answer with every member that there can be, of whatever kind."""
    item = _sample(operation.models, operation.answer or "any", _DEPTH)
    if isinstance(item, dict) and "id" in item:
        item["id"] = f"/subscriptions/s/resourceGroups/g/providers/{operation.types}/n"
    return {"value": [item]} if operation.listed else item


def _sample(models: Models, kind: str, depth: int) -> Any:
    if kind[0] == "[":
        return [_sample(models, kind[1:-1], depth)]
    if kind[0] == "{":
        return {"key": _sample(models, kind[1:-1], depth)}
    if kind not in models:
        return _SAMPLES.get(kind, _SAMPLES["str"])
    if depth == 0:
        return {}
    told = models.members(kind)
    return {name: _sample(models, each.type, depth - 1) for name, each in told.items() if name != "*"}
