"""Server-side apply of objects without lists: who owns which field, and what that refuses.

The rules are those of https://kubernetes.io/docs/reference/using-api/server-side-apply/; that an object which nobody
applied before gets the manager ``before-first-apply`` is of ``skipnonapplied.go`` in
``staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal`` of https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from .kubernetes_state import Object

Path = tuple[str, ...]

KINDS = ("secrets", "configmaps")
"""What can be applied here: no remedy applies anything whose lists would have to be merged."""

_BEFORE = "before-first-apply"
# Nobody owns what names the object, or what the server itself writes.
_NOT_OWNED: frozenset[Path] = frozenset(
    {
        ("apiVersion",),
        ("kind",),
        *(
            ("metadata", name)
            for name in (
                *("name", "namespace", "uid", "resourceVersion", "creationTimestamp"),
                *("generation", "selfLink", "managedFields"),
            )
        ),
    }
)
_MAPS = ("data", "stringData", "binaryData", "labels", "annotations")


class ConflictError(Exception):
    """Others own fields with another value; ``fields`` has (manager, field)."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__(fields)
        self.fields = fields


def applied(live: Object | None, wanted: Object, manager: str, force: bool, now: str) -> Object:
    """What applying makes of an object. Raises :class:`ConflictError` unless ``force``; changes neither argument."""
    result = deepcopy(live) if live is not None else {}
    entries = _entries(result, now) if live is not None else []
    paths = set(_paths(wanted))
    others = [each for each in entries if not _is(each, manager, "Apply")]
    before = {path for each in entries if _is(each, manager, "Apply") for path in _owned(each["fieldsV1"])}
    taken = {path for path in paths if _at(result, path) != _at(wanted, path)}
    disputed = [(each["manager"], path) for each in others for path in sorted(_owned(each["fieldsV1"]) & taken)]
    if disputed and not force:
        raise ConflictError([(name, "".join(f".{part}" for part in path)) for name, path in disputed])
    kept = _without(others, taken)
    for path in before - paths - {path for each in kept for path in _owned(each["fieldsV1"])}:
        _remove(result, path)
    for path in paths:
        _put(result, path, deepcopy(_at(wanted, path)))
    for member in ("apiVersion", "kind"):
        result[member] = wanted[member]
    result.setdefault("metadata", {})["managedFields"] = [*kept, _entry(manager, "Apply", paths, wanted, now)]
    return result


def updated(before: Object | None, after: Object, manager: str, now: str) -> Object:
    """``after`` with the fields that it changes owned by who wrote it, without applying."""
    changed = {path for path in _paths(after) if before is None or _at(before, path) != _at(after, path)}
    entries = after.get("metadata", {}).get("managedFields", [])
    own = {path for each in entries if _is(each, manager, "Update") for path in _owned(each["fieldsV1"])} | changed
    others = _without([each for each in entries if not _is(each, manager, "Update")], changed)
    result = deepcopy(after)
    result["metadata"]["managedFields"] = [*others, _entry(manager, "Update", own, after, now)]
    return result


def _entries(live: Object, now: str) -> list[Object]:
    kept = live.get("metadata", {}).get("managedFields")
    return list(kept) if kept else [_entry(_BEFORE, "Update", set(_paths(live)), live, now)]


def _entry(manager: str, operation: str, paths: Iterable[Path], item: Object, now: str) -> Object:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": item.get("apiVersion", "v1"),
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(paths),
    }


def _is(entry: Object, manager: str, operation: str) -> bool:
    return bool(entry["manager"] == manager and entry["operation"] == operation)


def _without(entries: Iterable[Object], paths: set[Path]) -> list[Object]:
    """The entries, less what was taken from them; whoever owns nothing any more is left out."""
    left = [(each, _owned(each["fieldsV1"]) - paths) for each in entries]
    return [each | {"fieldsV1": _fields(owned)} for each, owned in left if owned]


def _paths(item: Any, above: Path = ()) -> Iterator[Path]:
    """The fields of an object that somebody owns: what is no object itself."""
    for name, value in item.items():
        path = (*above, name)
        if path in _NOT_OWNED or value is None:
            continue
        if isinstance(value, dict):
            yield from _paths(value, path)
        else:
            yield path


def _fields(paths: Iterable[Path]) -> Object:
    """Paths as ``fieldsV1`` writes them."""
    tree: Object = {}
    for path in sorted(paths):
        node = tree
        for part in path:
            node = node.setdefault(f"f:{part}", {})
            if part in _MAPS:
                node.setdefault(".", {})
    return tree


def _owned(tree: Object, above: Path = ()) -> set[Path]:
    below = {name.removeprefix("f:"): inner for name, inner in tree.items() if name != "."}
    if not below:
        return {above} if above else set()
    return {path for name, inner in below.items() for path in _owned(inner, (*above, name))}


def _at(item: Any, path: Path) -> Any:
    for part in path:
        item = item.get(part) if isinstance(item, dict) else None
    return item


def _put(item: Object, path: Path, value: Any) -> None:
    for part in path[:-1]:
        item = item.setdefault(part, {})
    item[path[-1]] = value


def _remove(item: Object, path: Path) -> None:
    for part in path[:-1]:
        item = item.get(part, {})
    item.pop(path[-1], None)
