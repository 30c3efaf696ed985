"""Mirror of collect/members.py."""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from types import SimpleNamespace

import pytest

from azext_acrpulldiag.arm_ids import resource_parts
from azext_acrpulldiag.collect.members import (
    Body,
    MemberError,
    Model,
    mapped,
    maybe,
    member,
    or_empty,
    shown,
    spelled,
)
from azext_acrpulldiag.facts import Unreadable

BODY = Body(
    {
        "id": "/x",
        "a": {
            "text": "t",
            "empty": "",
            "null": None,
            "yes": True,
            "one": 1,
            "list": [{"id": "i", "name": "n"}, {"id": "j"}],
            "words": ["w"],
            "when": "2025-04-10T03:50:13.527663+00:00",
            "entries": {"/k.v": {"id": 5}},
            "state": "RUNNING",
        },
    }
)
PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/natGateways/n"


def test_values_of_the_right_kind_are_taken():
    assert (BODY.text("a", "text"), BODY.flag("a", "yes"), BODY.number("a", "one")) == ("t", True, 1)
    assert [item.json["id"] for item in BODY.objects("a", "list")] == ["i", "j"]
    assert (BODY.ids("a", "list"), BODY.texts("a", "words")) == (("i", "j"), ("w",))
    assert BODY.moment("a", "when") == datetime(2025, 4, 10, 3, 50, 13, 527663, tzinfo=timezone.utc)
    assert {key: entry.json for key, entry in BODY.entries("a", "entries").items()} == {"/k.v": {"id": 5}}


@pytest.mark.parametrize(
    ("read", "path", "reason"),
    [
        (BODY.text, ("a", "missing"), "not-shown"),
        (BODY.text, ("b", "c", "d"), "not-shown"),
        (BODY.text, ("a", "null"), "not-shown"),
        (BODY.text, ("a", "empty"), "not-shown"),
        (BODY.text, ("a", "text", "deeper"), "not-shown"),
        (BODY.text, ("a", "one"), "malformed"),
        (BODY.number, ("a", "yes"), "malformed"),
        (BODY.flag, ("a", "one"), "malformed"),
        (BODY.moment, ("a", "text"), "malformed"),
        (BODY.object, ("a", "list"), "malformed"),
        (BODY.objects, ("a", "words"), "malformed"),
        (BODY.texts, ("a", "list"), "malformed"),
        (BODY.ids, ("a", "words"), "malformed"),
        (BODY.reference, ("a", "text"), "malformed"),
        (BODY.reference, ("a",), "not-shown"),
        (Body({"l": [{}]}).ids, ("l",), "malformed"),
        (Body(["a"]).text, ("a",), "not-shown"),
        (Body(None).text, ("a",), "not-shown"),
    ],
)
def test_anything_else_is_unreadable(read, path, reason):
    found = shown(read, *path)
    assert isinstance(found, Unreadable)
    assert found.reason == reason
    with pytest.raises(MemberError):
        read(*path)


@pytest.mark.parametrize(
    ("read", "path", "named"),
    [
        (BODY.text, ("a", "missing"), "for /x does not show a.missing"),
        (BODY.object("a").text, ("missing",), "for /x does not show a.missing"),
        (BODY.objects("a", "list")[0].text, ("type",), "for /x does not show a.list[n].type"),
        (BODY.objects("a", "list")[1].flag, ("id",), "for /x has an unexpected a.list[1].id"),
        (Body({"name": "pool"}).text, ("id",), "for pool does not show id"),
        (Body({}).text, ("id",), "for this resource does not show id"),
        (Body({}, "the list").text, ("id",), "for the list does not show id"),
    ],
)
def test_the_sentence_names_resource_and_member(read, path, named):
    assert shown(read, *path).detail == f"Azure's answer {named}"


def test_what_may_be_left_out_is_none_and_what_is_of_another_type_is_not():
    assert (maybe(BODY.text, "a", "missing"), maybe(BODY.text, "a", "text")) == (None, "t")
    with pytest.raises(MemberError):
        maybe(BODY.text, "a", "one")
    assert [or_empty(BODY.text, "a", name) for name in ("text", "missing", "one")] == ["t", "", ""]


def test_a_reference_is_absent_or_has_an_id():
    assert BODY.reference("b") is None
    assert Body({"nat": {"id": "/nat"}}).reference("nat") == "/nat"


@pytest.mark.parametrize("given", ["Running", "RUNNING", "running"])
def test_words_of_azures_are_spelled_as_it_documents_them(given):
    assert spelled(given, ("Stopped", "Running")) == "Running"
    assert spelled("Dozing", ("Stopped", "Running")) == "Dozing"
    assert BODY.enum(("Running",), "a", "state") == "Running"


def test_member_of_something_that_is_no_object():
    assert member(["a"], "a") is None


class Kind(str, Enum):
    USER = "User"


def test_the_attributes_of_a_model_are_its_members():
    model = Model(SimpleNamespace(id="/m", kind=Kind.USER, parts=[SimpleNamespace(id="p")], when=datetime.min))
    assert (model.text("id"), type(model.text("kind")), model.text("kind")) == ("/m", str, "User")
    assert [part.text("id") for part in model.models("parts")] == ["p"]
    assert model.value(datetime, "when") == datetime.min
    assert shown(model.text, "name").detail == "Azure's answer for /m does not show name"
    assert shown(model.text, "parts").reason == "malformed"


# --- mapping -------------------------------------------------------------------------------


def test_a_mapping_that_lacks_a_member_is_unreadable_and_says_what_was_asked():
    found = mapped(lambda answer: Body(answer).text("properties", "x"), {"id": PATH}, PATH)
    assert (found.reason, found.operation) == ("not-shown", "Microsoft.Network/natGateways/read")
    assert found.detail == f"Azure's answer for {PATH} does not show properties.x"


def test_ignorance_and_absence_are_not_mapped():
    why = Unreadable("forbidden", "no right")
    assert mapped(len, why, PATH) is why
    assert mapped(len, None, PATH).reason == "not-found"
    assert mapped(len, [1, 2], PATH) == 2


@pytest.mark.parametrize("defect", [KeyError, TypeError, AttributeError, ValueError])
def test_a_defect_of_ours_is_not_azures_malformed_answer(defect):
    def broken(_):
        raise defect("ours")

    for guarded in (shown, maybe, or_empty):
        with pytest.raises(defect):
            guarded(broken, {})
    with pytest.raises(defect):
        mapped(broken, {}, PATH)


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
