"""Mirror of collect/shape.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.arm_ids import resource_parts
from azext_acrpulldiag.collect.members import ids, member, objects, shown, text, texts
from azext_acrpulldiag.facts import Unreadable

BODY = {
    "id": "/x",
    "a": {"text": "t", "empty": "", "null": None, "yes": True, "one": 1, "list": [{"id": "i"}], "words": ["w"]},
}


def test_values_of_the_right_kind_are_taken():
    assert (text(BODY, "a", "text"), shown(BODY, bool, "a", "yes"), shown(BODY, int, "a", "one")) == ("t", True, 1)
    assert objects(BODY, "a", "list") == ({"id": "i"},)
    assert (ids(BODY, "a", "list"), texts(BODY, "a", "words")) == (("i",), ("w",))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (text(BODY, "a", "missing"), "not-shown"),
        (text(BODY, "b", "c", "d"), "not-shown"),
        (text(BODY, "a", "null"), "not-shown"),
        (text(BODY, "a", "empty"), "not-shown"),
        (text(BODY, "a", "text", "deeper"), "not-shown"),
        (text(BODY, "a", "one"), "malformed"),
        (shown(BODY, int, "a", "yes"), "malformed"),
        (objects(BODY, "a", "words"), "malformed"),
        (texts(BODY, "a", "list"), "malformed"),
        (ids(BODY, "a", "words"), "malformed"),
        (ids({"l": [{}]}, "l"), "malformed"),
    ],
)
def test_anything_else_is_unreadable(found, reason):
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_the_sentence_names_resource_and_member():
    assert text(BODY, "a", "missing").detail == "Azure's answer for /x does not show a.missing"


def test_member_of_something_that_is_no_object():
    assert member(["a"], "a") is None


@pytest.mark.parametrize(
    ("resource_id", "parts"),
    [
        (
            "/subscriptions/AB/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/c",
            ("ab", "rg", "c"),
        ),
        ("/SUBSCRIPTIONS/AB/RESOURCEGROUPS/RG/PROVIDERS/M/T/C/", ("ab", "RG", "C")),
        ("/subscriptions/AB/resourceGroups/rg", None),
        ("prod", None),
    ],
)
def test_parts_of_an_id(resource_id, parts):
    assert resource_parts(resource_id) == parts
