"""Which symptoms a finding accounts for."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.diagnosis.reach import LiveSymptoms
from azext_acrpulldiag.model import Finding, Reach, Severity, Status, Symptom

IMAGE = "contosoreg.azurecr.io/team/app:1.2"
FIRST = Symptom("web", "web-0", "app", IMAGE, "n1", "pool1", "unauthorized-401", "text", 1, None)
CAUSE = Finding("c.x", Status.FAIL, "Bad.", "/r", "c.bad", Severity.ERROR, explains=("unauthorized-401",))


def explained(symptom=FIRST, cause=CAUSE, **reach):
    parts = {name: frozenset(values) for name, values in reach.items()}
    return bool(LiveSymptoms([symptom]).explained_by(replace(cause, reach=Reach(**parts))))


def test_a_cause_of_no_stated_reach_explains_every_symptom_of_its_classes():
    assert explained()
    assert not explained(replace(FIRST, symptom_class="dns-failure"))


@pytest.mark.parametrize("reach", [{"pools": ["POOL1", "x"]}, {"pods": [("web", "web-0")]}, {"images": [IMAGE]}])
def test_a_cause_explains_what_is_in_its_reach(reach):
    assert explained(**reach)


@pytest.mark.parametrize(
    "reach",
    [
        {"pools": ["win"]},
        {"pods": [("team", "web-0")]},
        {"images": [f"{IMAGE}.1"]},
        {"pools": ["pool1"], "pods": [("web", "web-1")]},
    ],
)
def test_a_cause_explains_nothing_out_of_its_reach(reach):
    assert not explained(**reach)


def test_a_symptom_of_an_unknown_pool_may_be_of_any():
    assert explained(replace(FIRST, node_pool=None), pools=["win"])


@pytest.mark.parametrize("host", ["ContosoReg.azurecr.io", "contosoreg.eastus.geo.azurecr.io"])
def test_an_image_is_known_by_its_name_within_the_registry(host):
    assert explained(replace(FIRST, image=f"{host}/team/app:1.2"), images=[IMAGE])


def test_an_image_is_known_by_what_its_node_asked_of_the_registry_too():
    mirrored = replace(FIRST, image="nginx:1.27", asked="contosoreg.azurecr.io/hub/nginx:1.27")
    for image in ("docker.io/library/nginx:1.27", "contosoreg.azurecr.io/hub/nginx:1.27"):
        assert explained(mirrored, images=[image])
    assert not explained(mirrored, images=["contosoreg.azurecr.io/hub/redis:7"])


def test_an_image_without_a_tag_is_the_latest():
    assert explained(replace(FIRST, image="contosoreg.azurecr.io/a"), images=["contosoreg.azurecr.io/a:latest"])


def test_a_text_that_is_no_reference_is_known_by_itself():
    assert explained(replace(FIRST, image="contosoreg/A b"), images=["contosoreg/A b"])
    assert not explained(replace(FIRST, image="contosoreg/A b"), images=["contosoreg/A c"])


@pytest.mark.parametrize("status, expected", [(Status.FAIL, True), (Status.WARN, False)])
def test_what_says_nothing_may_be_due_to_any_error_that_reaches_it(status, expected):
    silent = replace(FIRST, symptom_class="backoff-only")
    assert explained(silent, replace(CAUSE, status=status)) is expected
    assert not explained(silent, replace(CAUSE, status=status), pools=["win"])


@pytest.mark.parametrize(
    "mine, theirs, expected",
    [
        ({}, {}, True),
        ({"pools": {"a"}}, {}, True),
        ({}, {"pools": {"a"}}, True),
        ({"pools": {"a"}}, {"pools": {"a", "b"}}, True),
        ({"pools": {"a", "b"}}, {"pools": {"a"}}, False),
        ({"pods": {("n", "a")}}, {"pods": {("n", "b")}}, False),
        ({"images": {"a"}}, {"pools": {"b"}}, True),
    ],
)
def test_a_reach_is_within_another_as_far_as_both_are_stated(mine, theirs, expected):
    assert (
        Reach(**{k: frozenset(v) for k, v in mine.items()}).within(
            Reach(**{k: frozenset(v) for k, v in theirs.items()})
        )
        is expected
    )


@pytest.mark.parametrize(
    ("reach", "is_explained"),
    [
        ({}, False),
        ({"pools": ["pool1"]}, False),
        ({"pods": [("web", "web-0")]}, True),
        ({"images": [IMAGE]}, True),
        ({"images": [IMAGE], "pools": ["pool1"]}, False),
    ],
)
def test_on_a_virtual_node_only_what_is_about_its_pod_or_image_counts(reach, is_explained):
    assert explained(replace(FIRST, node_pool=None, virtual_node=True), **reach) is is_explained
