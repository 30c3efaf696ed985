"""The models of the Kubernetes API, from its official client, as far as the extension reads them.

The client's classes are made from the API's own OpenAPI document; of it a class says its members and their types.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

from .definitions import Models
from .extract import PRIMITIVES
from .packages import INSTALLED

FOLDER = INSTALLED / "kubernetes" / "client" / "models"
# What is read, by the resource in the path: the model of one, and of a list.
READ = {
    "pods": ("V1Pod", "V1PodList"),
    "nodes": ("V1Node", "V1NodeList"),
    "events": ("CoreV1Event", "CoreV1EventList"),
    "secrets": ("V1Secret", "V1SecretList"),
    "serviceaccounts": ("V1ServiceAccount", "V1ServiceAccountList"),
    "namespaces": ("V1Namespace", "V1NamespaceList"),
}
_PATH = re.compile(r"/api/v1/(?:namespaces/[^/]+/(?=[a-z]+))?([a-z]+)(/[^/]+)?$")
_IMPORT = re.compile(r"^from kubernetes\.client\.models\.(\w+) import (\w+)", re.MULTILINE)
_COLLECTION = re.compile(r"(list\[|dict\(str, )(.+)[\])]")


def resource_of(path: str) -> tuple[str, str] | None:
    """The request that a path is, without names, and the model of its answer; ``None``: it is none that is read."""
    found = _PATH.search(path)
    if found is None or found[1] not in READ:
        return None
    one, many = READ[found[1]]
    namespaced = "/namespaces/{namespace}" if "/namespaces/" in path and found[1] != "namespaces" else ""
    return f"/api/v1{namespaced}/{found[1]}{'/{name}' if found[2] else ''}", one if found[2] else many


@cache
def models() -> Models:
    """All models that those of :data:`READ` lead to. Raises ``FileNotFoundError`` without the client."""
    files = {name: module for module, name in _IMPORT.findall((FOLDER / "__init__.py").read_text(encoding="utf-8"))}
    found: dict[str, Any] = {}
    wanted = [name for pair in READ.values() for name in pair]
    while wanted:
        name = wanted.pop()
        if name not in found and name in files:
            found[name] = _model(FOLDER / f"{files[name]}.py")
            wanted += [told[0].strip("[{}]") for told in found[name]["members"].values()]
    return Models(found)


def _model(file: Path) -> dict[str, Any]:
    (made,) = (node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef))
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in made.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Dict)
    }
    members = {tables["attribute_map"][name]: [_type(text), False] for name, text in tables["openapi_types"].items()}
    return {"bases": [], "members": members}


def _type(text: str) -> str:
    collection = _COLLECTION.fullmatch(text)
    if collection:
        opening, closing = ("[", "]") if collection[1].startswith("list") else ("{", "}")
        return f"{opening}{_type(collection[2])}{closing}"
    return PRIMITIVES.get(text, "str" if text == "datetime" else text)
