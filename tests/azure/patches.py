"""The kinds of patch that ``kubectl patch`` sends, applied as an API server does.

Sources: RFC 7386 (merge), RFC 6902 (json, by the library jsonpatch) and Kubernetes' own strategic merge, whose lists
are merged by the ``patchMergeKey`` tags of ``staging/src/k8s.io/api/core/v1/types.go`` in
https://github.com/kubernetes/kubernetes, with the directives of "Update API Objects in Place Using kubectl patch" and
``design-proposals-archive/cli/preserve-order-in-strategic-merge-patch.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from .kubernetes_state import Object

# By the name of the list, wherever it stands: no list of the kinds that are served here has another key elsewhere.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "imagePullSecrets": "name",
    "secrets": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "hostAliases": "ip",
    "ownerReferences": "uid",
    "conditions": "type",
    "taints": "key",
}
_ORDER = "$setElementOrder/"
_DIRECTIVE = "$patch"
_DELETE, _REPLACE, _MERGE = "delete", "replace", "merge"


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386: objects are merged, ``null`` removes, everything else replaces."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def operated(target: Object, operations: Any) -> Object:
    """RFC 6902. Raises ``ValueError`` for an operation that is none, or that does not fit the object."""
    import jsonpatch  # not where az alone is

    try:
        return dict(jsonpatch.apply_patch(target, operations))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        raise ValueError(str(error)) from error


def strategic(target: Any, patch: Object) -> Object:
    """Kubernetes' strategic merge. Raises ``ValueError`` for a directive or list item that is not understood."""
    directive = patch.get(_DIRECTIVE, _MERGE)
    if directive != _MERGE:
        return _replaced(patch, directive)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif not key.startswith("$"):
            result[key] = _merged_member(key, result.get(key), value)
        elif key.startswith(_ORDER):
            continue
        elif key != _DIRECTIVE:
            raise ValueError(f"unsupported directive {key}")
    for key in (key for key in patch if key.startswith(_ORDER)):
        name = key.removeprefix(_ORDER)
        if name in result:
            result[name] = _ordered(result[name], patch[key], _MERGE_KEYS.get(name))
    return result


def _replaced(patch: Object, directive: Any) -> Object:
    if directive not in (_REPLACE, _DELETE):
        raise ValueError(f"Unknown patch type: {directive}")
    return {key: deepcopy(value) for key, value in patch.items() if key != _DIRECTIVE and directive == _REPLACE}


def _merged_member(name: str, target: Any, patch: Any) -> Any:
    if isinstance(patch, dict):
        return strategic(target, patch)
    if isinstance(patch, list) and name in _MERGE_KEYS:
        return _merged_list(target or [], patch, _MERGE_KEYS[name])
    return deepcopy(patch)


def _merged_list(items: list[Object], patch: list[Object], key: str) -> list[Object]:
    """A list whose items are told apart by ``key``: known ones are merged in place, others appended."""
    if any(each == {_DIRECTIVE: _REPLACE} for each in patch):
        return [deepcopy(each) for each in patch if _DIRECTIVE not in each]
    result = list(items)
    for change in patch:
        if key not in change:
            raise ValueError(f"map: {json.dumps(change)} does not contain declared merge key: {key}")
        at = next((at for at, item in enumerate(result) if item.get(key) == change[key]), None)
        if change.get(_DIRECTIVE) == _DELETE:
            result = [item for item in result if item.get(key) != change[key]]
        elif at is None:
            result.append(strategic({}, change))
        else:
            result[at] = strategic(result[at], change)
    return result


def _ordered(items: list[Any], wanted: list[Any], key: str | None) -> list[Any]:
    """Items in the order that was asked for; those that it does not name keep theirs behind."""
    names = [each.get(key) if isinstance(each, dict) else each for each in wanted]

    def place(item: Any) -> int:
        name = item.get(key) if isinstance(item, dict) else item
        return names.index(name) if name in names else len(names)

    return sorted(items, key=place)


KINDS: dict[str, Callable[[Object, Any], Object]] = {
    "application/merge-patch+json": merged,
    "application/json-patch+json": operated,
    "application/strategic-merge-patch+json": strategic,
}
"""What a patch of a content type makes of an object. Each raises ``ValueError`` and changes nothing."""
