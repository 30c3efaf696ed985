"""Mirror of collect/image_models.py: recorded answers to facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.collect.registry.api import Absence, Manifest
from azext_acrpulldiag.collect.registry.image_models import (
    Answers,
    Disallowed,
    joined,
    lookup_from,
    references_of,
    unread_lookup,
    written,
)
from azext_acrpulldiag.facts import Image, Platform, Unreadable
from tests.build import failing, registry, waiting_container
from tests.recordings import body, recording

HOST = "contosoreg.azurecr.io"
DIGEST = "sha256:" + "5e" * 32
BY_TAG = Image(HOST, "team/app", "1.2", None)
BY_DIGEST = Image(HOST, "team/app", None, DIGEST)
BY_BOTH = Image(HOST, "team/app", "1.2", DIGEST)
FORBIDDEN = Unreadable("forbidden", "HTTP 401", "x", "AcrPull")
AMD64 = (Platform("linux", "amd64"),)


def manifest(name: str) -> Manifest:
    response = recording(f"acr-dataplane/{name}")["response"]
    kind = {key.lower(): value for key, value in response["headers"].items()}["content-type"]
    return Manifest(DIGEST, kind, response["body"])


def attributes(part: str | None, **changes: object) -> dict:
    """Recorded attributes, with changes in the member ``part`` (``None``: of the repository)."""
    shown = body(f"acr-dataplane/acr_v1_{part or 'repository'}_attributes_200")
    changed = shown if part is None else shown[part]
    for name, value in changes.items():
        if name in changed["changeableAttributes"]:
            changed["changeableAttributes"][name] = value
        else:
            changed[name] = value
    return shown


def answers(**changes: object) -> Answers:
    """All is well with a tag."""
    found = manifest("manifest_200_docker_v2")
    well = Answers(found, attributes(None), attributes("tag"), attributes("manifest"), AMD64)
    return replace(well, **changes)


def lookup(image: Image = BY_TAG, policy: object = "disabled", **changes: object):
    return lookup_from(image, answers(**changes), policy)


def reason(value: object) -> str | None:
    return value.reason if isinstance(value, Unreadable) else None


# --- existence ---------------------------------------------------------------------------


def test_an_image_that_is_there():
    found = lookup()
    assert (found.reference, found.repository_exists, found.reference_exists) == (f"{HOST}/team/app:1.2", True, True)
    assert (found.unreadable_part, found.quarantined, found.platforms) == (None, False, AMD64)
    assert found.found_digest == "sha256:f54a58bc1aac5ea1a25d796ae155dc228b3f0e11d046ae276b39c4bf2f13d8c4"


@pytest.mark.parametrize(
    ("changes", "repository", "reference"),
    [
        ({"manifest": Absence.REPOSITORY, "repository": Absence.REPOSITORY, "tag": Absence.REPOSITORY}, False, False),
        ({"manifest": Absence.REFERENCE, "repository": Absence.REPOSITORY, "tag": Absence.REPOSITORY}, False, False),
        ({"manifest": Absence.REPOSITORY, "repository": FORBIDDEN, "tag": FORBIDDEN}, False, False),
        ({"manifest": Absence.REFERENCE, "tag": Absence.REFERENCE}, True, False),
        ({"manifest": Absence.REFERENCE, "tag": FORBIDDEN}, True, False),
        ({"manifest": Absence.REFERENCE, "repository": FORBIDDEN, "tag": Absence.REFERENCE}, "forbidden", False),
        ({"manifest": FORBIDDEN, "repository": FORBIDDEN, "tag": FORBIDDEN}, "forbidden", "forbidden"),
        ({"manifest": FORBIDDEN}, True, True),
        ({"repository": FORBIDDEN, "tag": FORBIDDEN}, True, True),
        ({"manifest": Disallowed(FORBIDDEN)}, True, True),
        ({"manifest": Disallowed(FORBIDDEN), "tag": FORBIDDEN}, True, "forbidden"),
        ({"manifest": Absence.REFERENCE}, True, "not-found"),
    ],
)
def test_existence_by_tag(changes, repository, reference):
    found = lookup(**{"attributes": None, **changes})
    assert (reason(found.repository_exists) or found.repository_exists) == repository
    assert (reason(found.reference_exists) or found.reference_exists) == reference


def test_a_tag_that_exists_says_nothing_of_the_digest_beside_it():
    found = lookup(BY_BOTH, manifest=Absence.REFERENCE, attributes=Absence.REFERENCE)
    assert found.reference_exists is False
    assert found.found_digest is not None
    assert lookup(BY_BOTH, manifest=Disallowed(FORBIDDEN), attributes=None).reference_exists == FORBIDDEN


@pytest.mark.parametrize(("policy", "expected"), [("enabled", "not-shown"), (FORBIDDEN, "forbidden")])
def test_where_images_are_quarantined_a_missing_tag_may_be_hidden(policy, expected):
    found = lookup(policy=policy, manifest=Absence.REFERENCE, tag=Absence.REFERENCE, attributes=None)
    assert reason(found.reference_exists) == expected
    gone = dict.fromkeys(("manifest", "repository", "tag"), Absence.REPOSITORY)
    assert lookup(policy=policy, attributes=None, **gone).reference_exists is False


def test_an_image_of_which_nothing_was_read():
    found = unread_lookup(BY_TAG, FORBIDDEN)
    parts = (found.repository_exists, found.reference_exists, found.unreadable_part, found.quarantined, found.platforms)
    assert parts == (FORBIDDEN,) * 5


# --- locks and quarantine ----------------------------------------------------------------


@pytest.mark.parametrize("part", ["repository", "tag", "manifest"])
@pytest.mark.parametrize("served", [manifest("manifest_200_oci"), Disallowed(FORBIDDEN)])
def test_a_lock_is_found_wherever_it_is(part, served):
    locked = attributes(None if part == "repository" else part, readEnabled=False)
    changes = {"attributes" if part == "manifest" else part: locked}
    assert lookup(manifest=served, **changes).unreadable_part == part


def test_attributes_that_are_not_shown_are_no_lock_and_no_proof_of_none():
    hidden = {"repository": FORBIDDEN, "tag": FORBIDDEN, "attributes": FORBIDDEN}
    assert lookup(**hidden).unreadable_part is None  # the manifest was served
    assert lookup(manifest=FORBIDDEN, tag=attributes("tag"), repository=FORBIDDEN).unreadable_part == FORBIDDEN
    assert lookup(manifest=Disallowed(FORBIDDEN)).unreadable_part == FORBIDDEN
    without = attributes("tag")
    del without["tag"]["changeableAttributes"]["readEnabled"]
    assert reason(lookup(manifest=FORBIDDEN, tag=without).unreadable_part) == "not-shown"


@pytest.mark.parametrize(
    ("policy", "state", "served", "expected"),
    [
        ("disabled", None, True, False),
        ("disabled", "Quarantined", True, False),
        ("enabled", "Passed", True, False),
        ("enabled", "Quarantined", True, True),
        ("enabled", None, True, "not-shown"),
        ("enabled", None, False, True),
        (FORBIDDEN, None, True, False),
        (FORBIDDEN, "Quarantined", True, "forbidden"),
    ],
)
@pytest.mark.parametrize("part", ["tag", "manifest"])
def test_quarantine_is_policy_and_state(policy, state, served, expected, part):
    shown = attributes(part, **({"quarantineState": state} if state else {}))
    answer = manifest("manifest_200_docker_v2") if served else Absence.REFERENCE
    found = lookup(policy=policy, manifest=answer, **{"attributes" if part == "manifest" else "tag": shown})
    assert (reason(found.quarantined) or found.quarantined) == expected


# --- which images ------------------------------------------------------------------------


def test_images_of_the_registry_are_looked_up_once():
    pods = [waiting_container(image=text) for text in (
        f"{HOST}/team/app:1.2",
        f"{HOST}/team/app",
        "contosoreg.westeurope.geo.azurecr.io/team/app:1.2",
        "nginx",
        "otherreg.azurecr.io/team/app:1.2",
        "contosoreg.azureacr.io/team/app:1.2",
        "///:::",
        "",
    )]  # fmt: skip
    found = references_of(BY_TAG, pods, registry())
    assert [written(one) for one in found] == [
        f"{HOST}/team/app:1.2",
        f"{HOST}/team/app:latest",
        "contosoreg.westeurope.geo.azurecr.io/team/app:1.2",
    ]
    assert references_of(None, (), registry()) == ()


def test_what_a_message_shows_to_have_been_asked_of_the_registry_is_looked_up():
    url = f"https://{HOST}/v2/hub/library/nginx/manifests/1.27?ns=docker.io"
    refused = f"unexpected status from HEAD request to {url}: 404 Not Found"
    pods = [failing(refused, image="nginx:1.27"), failing(refused.replace(HOST, "ghcr.io"), image="redis:7")]
    assert [written(one) for one in references_of(None, pods, registry())] == [f"{HOST}/hub/library/nginx:1.27"]


def test_a_reference_is_written_whole():
    assert written(BY_BOTH) == f"{HOST}/team/app:1.2@{DIGEST}"
    assert written(BY_DIGEST) == f"{HOST}/team/app@{DIGEST}"


def test_two_reads_make_one():
    assert joined(None, None) is None
    assert joined((), None) == joined(None, ()) == ()
    assert joined((lookup(),), (lookup(BY_DIGEST),)) == (lookup(), lookup(BY_DIGEST))
    assert joined((lookup(),), FORBIDDEN) == joined(FORBIDDEN, None) == FORBIDDEN
