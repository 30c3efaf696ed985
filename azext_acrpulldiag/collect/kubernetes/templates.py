"""Templates with which kubectl prints the members of objects that are read, and no others, a line an object.

The output of a command in the cluster is short of room, and it is kept, in the log of a pod and by Azure: what is not
read, such as environment variables of containers and annotations, has no place in it. Templates of Go's are filled by
kubectl itself, so that the pod for commands needs nothing else (compressed, the output would hold ten times as much,
but no page says that gzip and base64 are there), and ``js`` escapes a text so that no quote and no line break of it is
left (https://pkg.go.dev/text/template#hdr-Functions).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..ask.arm import Json

TEXT, NUMBER, MAP = "text", "number", "map"
"""A text; a number or flag; an object of texts under any keys."""
Shape = str | Mapping[str, Any] | tuple[Any]
"""One of these words, an object by its members, or a list by its elements."""

_NAMED = {"name": TEXT}
_REQUIREMENTS = ({"key": TEXT, "operator": TEXT, "values": (TEXT,)},)
_CONTAINERS = ({"name": TEXT, "image": TEXT, "imagePullPolicy": TEXT, "volumeMounts": (_NAMED,)},)
_STATUSES = ({"name": TEXT, "image": TEXT, "state": {"waiting": {"reason": TEXT, "message": TEXT}}},)
_CONDITIONS = ({"type": TEXT, "status": TEXT},)
_POD_METADATA = {
    "name": TEXT,
    "namespace": TEXT,
    "uid": TEXT,
    "creationTimestamp": TEXT,
    "labels": {"pod-template-hash": TEXT},
    "ownerReferences": ({"kind": TEXT, "name": TEXT, "controller": NUMBER},),
}
_TERMS = ({"matchExpressions": _REQUIREMENTS, "matchFields": _REQUIREMENTS},)
SHAPES: Mapping[str, Shape] = {
    "pods": {
        "metadata": _POD_METADATA,
        "spec": {
            "nodeName": TEXT,
            "serviceAccountName": TEXT,
            "imagePullSecrets": (_NAMED,),
            "nodeSelector": MAP,
            "affinity": {
                "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": _TERMS}}
            },
            "containers": _CONTAINERS,
            "initContainers": _CONTAINERS,
            "ephemeralContainers": _CONTAINERS,
            "volumes": ({"name": TEXT, "image": {"reference": TEXT, "pullPolicy": TEXT}},),
        },
        "status": {
            "phase": TEXT,
            "reason": TEXT,
            "message": TEXT,
            "conditions": _CONDITIONS,
            "containerStatuses": _STATUSES,
            "initContainerStatuses": _STATUSES,
            "ephemeralContainerStatuses": _STATUSES,
        },
    },
    "events": {
        "metadata": {"name": TEXT, "namespace": TEXT, "creationTimestamp": TEXT},
        "involvedObject": {"kind": TEXT, "namespace": TEXT, "name": TEXT, "uid": TEXT, "fieldPath": TEXT},
        "type": TEXT,
        "reason": TEXT,
        "message": TEXT,
        "source": {"host": TEXT},
        "reportingInstance": TEXT,
        "firstTimestamp": TEXT,
        "lastTimestamp": TEXT,
        "eventTime": TEXT,
        "count": NUMBER,
        "series": {"count": NUMBER, "lastObservedTime": TEXT},
    },
    "nodes": {
        "metadata": {"name": TEXT, "creationTimestamp": TEXT, "labels": MAP},
        "status": {
            "nodeInfo": {"operatingSystem": TEXT, "architecture": TEXT, "containerRuntimeVersion": TEXT},
            "conditions": _CONDITIONS,
        },
    },
    "serviceaccounts": {
        "metadata": {"name": TEXT, "namespace": TEXT, "annotations": {"azure.workload.identity/client-id": TEXT}},
        "imagePullSecrets": (_NAMED,),
    },
    "namespaces": {"metadata": _NAMED},
}
"""By resource: what the mappings of this package, and of the secrets and accounts, look at."""
_IMAGES = ({"image": TEXT},)
RUNNING: Shape = {
    "metadata": _POD_METADATA,
    "spec": {
        "imagePullSecrets": (_NAMED,),
        "containers": _IMAGES,
        "initContainers": _IMAGES,
        "ephemeralContainers": _IMAGES,
    },
    "status": {"phase": TEXT},
}
"""Of pods that run: whose they are, their images and the credentials for these."""

# Members that an object of the API always shows, and that are looked for to tell one.
_ALWAYS = ("metadata", "status", "involvedObject")
_LINE = '{{"\\n"}}'


def of_list(shape: Shape) -> str:
    """The template of a list: how many objects it has, and a line each."""
    return "count {{len .items}}" + _LINE + "{{range .items}}" + _value(shape) + _LINE + "{{end}}"


def of_one(shape: Shape) -> str:
    """The template of one object."""
    return _value(shape) + _LINE


def object_in(line: str) -> Json | None:
    """The object that a line of such a template's output is; ``None``: it is none, or not whole."""
    try:
        # ``js`` writes a backslash before each ' as well, which JSON does not know.
        found = json.loads(line.replace("\\'", "'"), parse_float=_whole, object_pairs_hook=_members)
    except (ValueError, OverflowError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _members(pairs: list[tuple[str, Any]]) -> Json:
    """Those of an object, without the one that ends it."""
    return {name: value for name, value in pairs if name}


def _whole(number: str) -> int:
    """Go prints large numbers with an exponent."""
    return int(float(number))


def _value(shape: Shape) -> str:
    """The template of a value that is not empty; each member ends with a comma, so that one without a name is last."""
    if shape == TEXT:
        return '"{{js .}}"'
    if shape == NUMBER:
        return "{{.}}"
    if shape == MAP:
        return '{ {{range $k,$v := .}}"{{js $k}}":"{{js $v}}",{{end}}"":0}'
    if isinstance(shape, tuple):
        return "[{{range $i,$e := .}}{{if $i}},{{end}}" + _value(shape[0]) + "{{end}}]"
    assert isinstance(shape, Mapping)
    return "{ " + "".join(_member(name, each) for name, each in shape.items()) + '"":0}'


def _member(name: str, shape: Shape) -> str:
    found = f".{name}" if name.isidentifier() else f'index . "{name}"'
    if name in _ALWAYS:
        return f'"{name}":{{{{with {found}}}}}{_value(shape)}{{{{else}}}}{{}}{{{{end}}}},'
    return f'{{{{with {found}}}}}"{name}":{_value(shape)},{{{{end}}}}'
