"""Kubernetes' own OpenAPI schemas, of every minor version that the package ``kubernetes-validate`` brings.

The package holds the API's ``swagger.json`` of each version as JSON Schema; the ``strict`` ones refuse members that the
API does not define. It is read as text and not installed, as Microsoft's packages are (see ``packages.py``).
"""

from __future__ import annotations

import json
import re
import zipfile
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .packages import WHEELS

_DEFINITIONS = "/api/_definitions.json"
_FILE = "kubernetes_validate/kubernetes-json-schema/v{}.0-local-strict/_definitions.json"
_VERSION = re.compile(re.escape(_FILE).replace(r"\{\}", r"(\d+\.\d+)"))


def versions() -> tuple[str, ...]:
    """The minor versions, such as ``1.30``, the oldest first; none: the package was not fetched."""
    if not list(WHEELS.glob("kubernetes_validate-*.whl")):
        return ()
    with _opened() as wheel:
        found = (_VERSION.fullmatch(name) for name in wheel.namelist())
        return tuple(sorted((each[1] for each in found if each), key=lambda each: int(each.partition(".")[2])))


def complaints(version: str, definition: str, value: Any) -> list[str]:
    """What the schema of a version has against a value; ``definition`` is a name such as ``io.k8s.api.core.v1.Pod``.

    Raises ``KeyError`` for a version or a definition that there is not.
    """
    return [f"{each.json_path}: {each.message}" for each in _validator(version, definition).iter_errors(value)]


@cache
def _validator(version: str, definition: str) -> Any:
    with _opened() as wheel:
        definitions = json.loads(wheel.read(_FILE.format(version)))
    if definition not in definitions["$defs"]:
        raise KeyError(definition)
    registry: Registry[Any] = Registry().with_resource(_DEFINITIONS, DRAFT202012.create_resource(definitions))
    return jsonschema.Draft202012Validator({"$ref": f"{_DEFINITIONS}#/$defs/{definition}"}, registry=registry)


def _opened() -> zipfile.ZipFile:
    found = sorted(WHEELS.glob("kubernetes_validate-*.whl"))
    if not found:
        raise FileNotFoundError("kubernetes-validate is not there: make setup-contracts")
    return zipfile.ZipFile(found[-1])
