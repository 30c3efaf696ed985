"""Read operations and models out of the text of an SDK package, of either generation of its generator.

An operation is what a ``build_..._request`` function builds, with the types that the method which calls it takes and
returns. A model is a class with an ``_attribute_map`` (msrest) or with ``rest_field`` (TypeSpec). The result is plain
data, small enough to be kept as JSON.

A type is ``str``, ``int``, ``float``, ``bool``, ``any``, the name of a model, ``[TYPE]``, or ``{TYPE}`` for a map whose
keys are data. What is no model (enumerations, times) is ``str``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

PRIMITIVES = {
    "str": "str",
    "int": "int",
    "long": "int",
    "float": "float",
    "decimal": "float",
    "bool": "bool",
    "object": "any",
    "Any": "any",
    "JSON": "any",
    "MutableMapping": "any",
}

_BUILDER = re.compile(r"^def (build_\w+_request)\(", re.MULTILINE)
_METHOD = re.compile(r"^    def (\w+)\(", re.MULTILINE)
_CLASS = re.compile(r"^class ", re.MULTILINE)
_URL = re.compile(r'_url = (?:kwargs\.pop\(\s*"template_url",\s*|\(\s*)?((?:"[^"]*"\s*)+)')
_VERSION = re.compile(r'"api-version", "([^"]+)"|api_version = "([^"]+)"')
_QUERY = re.compile(r'(?:_params|_query_parameters)\["([^"]+)"\]')
_VERB = re.compile(r'HttpRequest\(\s*(?:method=)?"(\w+)"')
_RETURNS = re.compile(r"\) -> ([^\n]+):\n")
_MODEL = re.compile(r"_models\.(\w+)")
_BODY = re.compile(r'_serialize\.body\(\w+, "([^"]+)"\)|: Union\[_models\.(\w+), ')


def definitions(root: Any) -> Json:
    """The operations and models below ``root``; empty lists where there are none."""
    models: Json = {}
    for file in _files(root / "models", "_models"):
        models.update(_models_in(file.read_text(encoding="utf-8")))
    operations = [each for file in _files(root / "operations", "_") for each in _operations_in(file.read_text("utf-8"))]
    return {"operations": operations, "models": models}


def _files(folder: Any, prefix: str) -> list[Any]:
    found = [each for each in folder.iterdir() if each.name.startswith(prefix) and each.name.endswith(".py")]
    return sorted((each for each in found if each.name not in ("__init__.py", "_patch.py")), key=lambda each: each.name)


# --- operations ----------------------------------------------------------------------------


def _operations_in(text: str) -> Iterator[Json]:
    builders = {name: part for name, part in _parts(text, _BUILDER)}
    for _, group in _parts(text, _CLASS):
        methods = dict(_parts(group, _METHOD))
        for name, method in methods.items():
            for builder in set(re.findall(r"\b(build_\w+_request)\(", method)) & builders.keys():
                # What a long-running operation answers in the end stands on the method that begins it.
                told = methods.get(f"begin{name.removesuffix('_initial')}", method)
                yield _operation(builders[builder], method, told)


def _parts(text: str, start: re.Pattern[str]) -> list[tuple[str, str]]:
    """The parts that begin where ``start`` matches, by its group; of overloads the last, which is the method itself."""
    found = list(start.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    return [
        (each.group(1) if start.groups else "", text[each.start() : end]) for each, end in zip(found, ends, strict=True)
    ]


def _operation(builder: str, method: str, told: str) -> Json:
    url = _URL.search(builder)
    version = _VERSION.search(builder)
    verb = _VERB.search(builder)
    returns = _RETURNS.search(told)
    body = _BODY.search(method)
    answer = _MODEL.findall(returns[1]) if returns else []
    return {
        "method": verb[1] if verb else "",
        "path": "".join(re.findall(r'"([^"]*)"', url[1])) if url else "",
        "version": (version[1] or version[2]) if version else "",
        "query": sorted(set(_QUERY.findall(builder))),
        "answer": answer[-1] if answer else None,
        "listed": bool(returns and re.search(r"Iterable\[|ItemPaged\[", returns[1])),
        "body": (body[1] or body[2]) if body else None,
    }


# --- models --------------------------------------------------------------------------------


def _models_in(text: str) -> Json:
    models: Json = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            models.update(_model(node))
    return models


def _model(node: ast.ClassDef) -> Json:
    model: Json = {
        "bases": [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases],
        "members": {},
    }
    made = {node.name: model}
    literals = {name: value for name, value in _assigned(node)}
    if "_attribute_map" in literals:
        required = {name for name, rules in literals.get("_validation", {}).items() if rules.get("required")}
        for name, entry in literals["_attribute_map"].items():
            _place(made, node.name, entry["key"], [_msrest(entry["type"]), name in required])
        for name, kinds in literals.get("_subtype_map", {}).items():
            model["by"] = literals["_attribute_map"][name]["key"].replace("\\.", ".")
            model["kinds"] = kinds
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.value, ast.Call):
            _place_field(model, field, field.value)
    for keyword in node.keywords:
        if keyword.arg == "discriminator":
            model["kind"] = ast.literal_eval(keyword.value)
    return made


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            name = each.targets[0].id
            if name in ("_attribute_map", "_validation", "_subtype_map"):
                # Validation may name limits in other ways than literals; only "required" is of interest.
                yield name, _literal(each.value)


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Dict):
        return {
            ast.literal_eval(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True) if key
        }
    return node.value if isinstance(node, ast.Constant) else None


def _place(made: Json, name: str, key: str, entry: list[Any]) -> None:
    """Put a member where its key says: ``properties.subnets`` below a model of its own; ``\\.`` is a plain dot."""
    first, _, rest = key.replace("\\.", "\0").partition(".")
    first, rest = first.replace("\0", "."), rest.replace("\0", "\\.")
    if not rest:
        # No key: whatever else there is.
        made[name]["members"][first or "*"] = entry if first else [entry[0].strip("{}"), False]
        return
    below = f"{name}.{first}"
    made.setdefault(below, {"bases": [], "members": {}})
    made[name]["members"].setdefault(first, [below, False])
    _place(made, below, rest, entry)


def _msrest(text: str) -> str:
    if text[0] in "[{":
        return f"{text[0]}{_msrest(text[1:-1])}{text[-1]}"
    return PRIMITIVES.get(text, text)


def _place_field(model: Json, field: ast.AnnAssign, call: ast.Call) -> None:
    kind = getattr(call.func, "id", "")
    if kind not in ("rest_field", "rest_discriminator") or not isinstance(field.target, ast.Name):
        return
    named = [ast.literal_eval(each.value) for each in call.keywords if each.arg == "name"]
    wire = named[0] if named else field.target.id
    shape, optional = _annotated(field.annotation)
    model["members"][wire] = [shape, not optional]
    if kind == "rest_discriminator":
        model["by"] = wire


def _annotated(node: ast.expr) -> tuple[str, bool]:
    """The type of an annotation, and whether it may be left out."""
    if isinstance(node, ast.Constant):
        inner = ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node
        return _annotated(inner) if isinstance(node.value, str) else ("str", False)
    if isinstance(node, ast.Attribute):
        return ("str" if getattr(node.value, "id", "") == "datetime" else node.attr), False
    if isinstance(node, ast.Name):
        return PRIMITIVES.get(node.id, "str"), False
    if isinstance(node, ast.Subscript):
        return _subscribed(getattr(node.value, "id", getattr(node.value, "attr", "")), node.slice)
    return "any", True


def _subscribed(outer: str, inner: ast.expr) -> tuple[str, bool]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if outer == "Optional":
        return _annotated(parts[0])[0], True
    if outer.lower() == "list":
        return f"[{_annotated(parts[0])[0]}]", False
    if outer.lower() == "dict":
        return f"{{{_annotated(parts[1])[0]}}}", False
    return "str", False  # a Literal, or a Union of a text and an enumeration
