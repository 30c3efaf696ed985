"""Shapes of answers, with canaries for everything that is a user's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.smoke.shapes import ANY_KEY, merged, paths_in, shape_of
from scripts.wheel import PACKAGE
from tests.azure.extension import PROJECT
from tests.contracts import kubernetes
from tests.contracts.definitions import Models, installed
from tests.contracts.reads import filled
from tests.contracts.test_answers import recorded
from tests.recordings import body

pytestmark = pytest.mark.skipif(not installed(), reason="Microsoft's definitions are not installed")

CANARY = "canary"
RAW = {
    "Thing": {
        "bases": [],
        "members": {"id": ["str", True], "tags": ["{str}", False], "rules": ["[Rule]", False], "free": ["any", False]},
    },
    "Rule": {"bases": [], "members": {"name": ["str", False], "port": ["int", False]}},
}


def things() -> Models:
    return Models(RAW)


def poisoned(models, kind: str, value: Any) -> Any:
    """The answer with a canary for every text and every key that is data, and strange members in every object."""
    if kind[0] == "{" and isinstance(value, dict):
        each = [poisoned(models, kind[1:-1], item) for item in value.values()]
        return {f"{CANARY}{number}.x/y": item for number, item in enumerate(each)} | {f"{CANARY}Key": CANARY}
    if kind[0] == "[" and isinstance(value, list):
        return [poisoned(models, kind[1:-1], item) for item in value]
    if kind in models and isinstance(value, dict):
        members = models.members(kind, value)
        own = {name: poisoned(models, members[name].type, item) for name, item in value.items() if name in members}
        strange = {f"{CANARY} not.an/identifier": CANARY, "somethingNew": {CANARY: [CANARY]}}
        return own | strange
    return {CANARY: CANARY} if isinstance(value, dict) else CANARY


@pytest.mark.parametrize("fill", [False, True], ids=["recorded", "filled"])
def test_no_answer_leaves_a_canary_in_its_shape(fill):
    tried = 0
    for name, (operation, _) in recorded().items():
        answer = filled(operation) if fill else body(name)
        for item in answer["value"] if operation.listed else [answer]:
            shape = shape_of(operation.models, operation.answer, poisoned(operation.models, operation.answer, item))
            assert CANARY not in json.dumps(shape).lower(), name
            assert "somethingNew (not defined)" in json.dumps(shape)
            tried += 1
    assert tried > 100


def test_secrets_and_labels_of_a_cluster_leave_none_either():
    models = kubernetes.models()
    secret = {
        "metadata": {"name": "s", "labels": {"a": "b"}, "annotations": {"c": "d"}},
        "data": {".dockerconfigjson": "e"},
    }
    shape = shape_of(models, "V1Secret", poisoned(models, "V1Secret", secret))
    assert CANARY not in json.dumps(shape).lower()
    assert shape["data"] == {ANY_KEY: "text"}
    assert shape["metadata"]["labels"] == {ANY_KEY: "text"}


def test_a_shape_has_names_and_types():
    thing = {
        "id": "/x",
        "tags": {"a": "1", "b": None},
        "rules": [{"name": "n", "port": 1}, {"port": "x"}],
        "free": {"a": 1},
        "new": {"a": 1},
        "not an identifier": 1,
    }
    assert shape_of(things(), "Thing", thing) == {
        "(no identifier) (not defined)": "number",
        "free": "object",
        "id": "text",
        "new (not defined)": "object",
        "rules": [{"name": "text", "port": "number|text"}],
        "tags": {ANY_KEY: "null|text"},
    }


def test_an_object_where_a_text_is_defined_is_told_without_its_keys():
    assert shape_of(things(), "Thing", {"id": {CANARY: 1}, "rules": {CANARY: 1}, "tags": [CANARY]}) == {
        "id": "object",
        "rules": "object",
        "tags": "list",
    }


def test_shapes_that_differ_stand_beside_each_other():
    assert merged([{"a": "text"}, {"a": {"b": "text"}}, None]) == {"a": "object|text"}
    assert merged([[{"a": "text"}], [None], [{"b": "null"}]]) == [{"a": "text", "b": "null"}]
    assert merged([]) is None


def test_paths_of_a_shape():
    assert paths_in({"a": [{"b": "text"}], "c": {ANY_KEY: {"d": "text"}}}) == {
        "a",
        "a[].b",
        "c",
        f"c.{ANY_KEY}",
        f"c.{ANY_KEY}.d",
    }


def test_the_extension_cannot_reach_it():
    """What notes answers stands outside of the package that users install."""
    found = [file for file in (PROJECT / PACKAGE).rglob("*.py") if "smoke" in file.read_text("utf-8")]
    assert not found
