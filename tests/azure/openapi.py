"""The API server's description of itself, as far as kubectl reads it before it applies or creates something.

kubectl looks in ``/openapi/v3`` whether the server checks fields itself (the query parameter ``fieldValidation`` of the
PATCH of a kind), as ``query_param_verifier_v3.go`` in ``staging/src/k8s.io/cli-runtime/pkg/resource`` of
https://github.com/kubernetes/kubernetes does it; then it sends the parameter and checks nothing itself.
"""

from __future__ import annotations

from .kubernetes_state import KINDS, Object

_PARAMETER = {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}}


def groups() -> Object:
    """``/openapi/v3``: where the description of each group is."""
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=0"} for path in ("api/v1", "apis/apps/v1")}}


def described(group: str) -> Object:
    """``/openapi/v3/api/v1`` and its like; ``group`` is empty for the core."""
    prefix = f"/apis/{group}/v1" if group else "/api/v1"
    paths = {}
    for kind in (each for each in KINDS.values() if each.group == group):
        where = f"{prefix}/namespaces/{{namespace}}" if kind.namespaced else prefix
        named = {"group": group, "version": "v1", "kind": kind.kind}
        patch = {"parameters": [_PARAMETER], "responses": {}, "x-kubernetes-group-version-kind": named}
        paths[f"{where}/{kind.plural}/{{name}}"] = {"patch": patch}
    info = {"title": "Kubernetes", "version": "unversioned"}
    return {"openapi": "3.0.0", "info": info, "paths": paths}
