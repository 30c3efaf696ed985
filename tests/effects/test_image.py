from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.image import built_for, quarantine_ended, tagged, unlocked
from azext_acrpulldiag.facts import Platform, Unreadable
from tests import build

from .trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "HTTP 403")
ARM = (Platform("linux", "arm64"),)
ABSENT = {"platforms": (), "manifests": (), "found_digest": None}
NO_TAG = build.lookup(reference_exists=False, near_misses=("1.1",), **ABSENT)
NO_REPOSITORY = build.lookup(repository_exists=False, reference_exists=False, **ABSENT)
NAMES = {"image": build.IMAGE, "repository": "team/app", "nearest": "1.1"}

IN_WAITING = pytest.mark.parametrize("facts_of", [build.image_facts, build.waiting_facts])


# --- pushed --------------------------------------------------------------------------------


@IN_WAITING
def test_an_image_that_is_built_for_the_nodes_runs_there(facts_of):
    facts = facts_of(build.lookup(platforms=ARM, manifests=(build.offered("linux/arm64"),)))
    assert leads_to(facts, "image.platform-mismatch") == HEALTHY


@IN_WAITING
def test_an_image_that_is_pushed_anew_has_all_its_manifests(facts_of):
    facts = facts_of(build.lookup(manifests=(build.offered(manifest=None),)))
    assert leads_to(facts, "image.manifest-missing") == HEALTHY


def test_what_is_pushed_waits_for_the_scanner_of_the_registry():
    facts = build.image_facts(
        build.lookup(manifests=(build.offered(manifest=None),)), registry=build.registry(quarantine_policy="enabled")
    )
    assert leads_to(facts, "image.manifest-missing") == ("broken", ("image.quarantined",))


def test_what_was_not_read_of_an_images_quarantine_stays_unread():
    facts = build.image_facts(build.lookup(quarantined=UNREAD))
    (one,) = built_for("platforms")({"image": build.IMAGE, "platforms": "linux/amd64"}, facts).images
    assert one.quarantined == UNREAD


@IN_WAITING
@pytest.mark.parametrize("found", [NO_TAG, NO_REPOSITORY])
def test_of_an_image_that_is_pushed_nobody_can_tell_for_what_it_is(facts_of, found):
    outcome = "image.tag-not-found" if found is NO_TAG else "image.repository-not-found"
    assert not_told(facts_of(found), outcome, 3 if found is NO_TAG else 2).startswith("What is pushed")


@IN_WAITING
def test_what_a_tag_is_that_was_not_looked_up_nobody_can_tell(facts_of):
    assert not_told(facts_of(NO_TAG), "image.tag-not-found", 2).startswith("What the nearest tag is")


def test_a_tag_that_is_given_is_what_was_looked_up():
    source = build.lookup(reference=build.IMAGE.replace("1.2", "1.1"), tag="1.1", platforms=ARM)
    facts = build.image_facts(images=(NO_TAG, source))
    given, _ = tagged(NAMES, facts).images
    assert (given.reference, given.tag, given.platforms) == (build.IMAGE, "1.2", ARM)


# --- may be read ---------------------------------------------------------------------------


@IN_WAITING
@pytest.mark.parametrize("part", ["repository", "tag", "manifest"])
def test_what_is_unlocked_is_pulled(facts_of, part):
    assert leads_to(facts_of(build.lookup(unreadable_part=part)), "image.read-locked") == HEALTHY


def test_a_repository_is_unlocked_for_all_its_images():
    locked = build.lookup(unreadable_part="repository")
    other = replace(locked, reference="contosoreg.azurecr.io/team/app:2", tag="2")
    elsewhere = replace(locked, reference="contosoreg.azurecr.io/team/db:2", repository="team/db")
    facts = build.image_facts(images=(locked, other, elsewhere))
    after = unlocked({"part": "repository", "path": "team/app", "image": build.IMAGE}, facts).images
    assert [each.unreadable_part for each in after] == [None, None, "repository"]


@IN_WAITING
def test_an_image_is_pulled_once_nothing_is_quarantined(facts_of):
    facts = facts_of(build.lookup(quarantined=True), registry=build.registry(quarantine_policy="enabled"))
    assert leads_to(facts, "image.quarantined", 2) == HEALTHY
    assert quarantine_ended({}, facts).registry.quarantine_policy == "disabled"


@IN_WAITING
def test_whether_nodes_run_what_is_hidden_nobody_can_tell(facts_of):
    hidden = {"platforms": UNREAD, "manifests": UNREAD}
    locked = facts_of(build.lookup(unreadable_part="tag", **hidden))
    assert not_told(locked, "image.read-locked").startswith("For which platforms")
    held = facts_of(build.lookup(quarantined=True, **hidden), registry=build.registry(quarantine_policy="enabled"))
    assert not_told(held, "image.quarantined", 2).startswith("For which platforms")


@pytest.mark.parametrize("images", [None, UNREAD])
def test_images_that_were_not_read_stay_unread(images):
    facts = build.image_facts(images=images)
    for effect in (quarantine_ended, unlocked, built_for("platforms")):
        values = {**NAMES, "platforms": "linux/amd64", "part": "tag", "path": "team/app:1.2"}
        assert effect(values, facts).images == images
