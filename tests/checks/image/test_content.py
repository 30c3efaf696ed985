from __future__ import annotations

import pytest

from azext_acrpulldiag.checks.image import content as checks
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import CacheRule, Unreadable
from azext_acrpulldiag.model import Status
from tests.build import (
    IMAGE,
    REGISTRY_ID,
    SUBSCRIPTION,
    healthy_facts,
    image_facts,
    lookup,
    registry,
)

AT = f"--subscription {SUBSCRIPTION}"

ALL = (checks.image_exists, checks.image_is_readable, checks.image_is_released)
FORBIDDEN = Unreadable("forbidden", "HTTP 401", "x", "AcrPull")
DIGEST = "sha256:" + "7d" * 32
GONE = {"reference_exists": False, "platforms": ()}
each = pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)


def one(check, facts):
    (finding,) = evaluate(check, facts)
    return finding


def commands(finding) -> list[str | None]:
    return [remedy.command for remedy in finding.remedies]


def rule(target: str) -> CacheRule:
    return CacheRule("hub", "docker.io/library/*", target, None, None)


@each
def test_an_image_that_is_well_passes(check):
    assert one(check, image_facts()).status is Status.PASS


@each
@pytest.mark.parametrize("images", [None, ()])
def test_without_an_image_of_the_registry_nothing_applies(check, images):
    assert one(check, healthy_facts(images=images)).status is Status.SKIPPED


@each
def test_images_that_could_not_be_looked_up_are_unknown(check):
    finding = one(check, healthy_facts(images=FORBIDDEN))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "AcrPull")


@each
def test_one_unreadable_image_costs_no_other(check):
    unread = lookup(
        reference="contosoreg.azurecr.io/b:1",
        repository_exists=FORBIDDEN,
        reference_exists=FORBIDDEN,
        unreadable_part=FORBIDDEN,
        quarantined=FORBIDDEN,
    )
    bad = lookup(reference_exists=False) if check is checks.image_exists else None
    bad = bad or lookup(unreadable_part="tag", quarantined=True)
    found = evaluate(check, image_facts(images=(unread, bad)))
    assert [finding.status for finding in found] == [Status.UNKNOWN, Status.FAIL]


# --- existence ---------------------------------------------------------------------------


def test_a_missing_repository():
    missing = lookup(repository_exists=False, near_misses=("team/api", "team/apps"), **GONE)
    finding = one(checks.image_exists, image_facts(missing))
    assert (finding.outcome, finding.resource) == ("image.repository-not-found", IMAGE)
    assert finding.evidence["near_misses"] == ["team/api", "team/apps"]
    assert commands(finding) == [
        f"az acr repository list --name contosoreg {AT} --output table",
        f"docker push {IMAGE}",
    ]


def test_a_missing_tag_and_one_like_it():
    finding = one(checks.image_exists, image_facts(lookup(near_misses=("1.20", "v1.2"), **GONE)))
    assert (finding.outcome, finding.evidence["nearest"]) == ("image.tag-not-found", "1.20")
    assert commands(finding)[1] == (
        f"az acr import --name contosoreg --source contosoreg.azurecr.io/team/app:1.20 --image team/app:1.2 {AT}"
    )


def test_a_missing_tag_and_none_like_it():
    finding = one(checks.image_exists, image_facts(lookup(**GONE)))
    assert (finding.outcome, finding.evidence["near_misses"]) == ("image.tag-not-found", [])
    assert [command.split()[0] for command in commands(finding)] == ["az", "docker"]


@pytest.mark.parametrize(("days", "shown"), [(7, 7), (None, None), (FORBIDDEN, None)])
def test_a_missing_digest(days, shown):
    facts = image_facts(lookup(digest=DIGEST, **GONE), registry=registry(retention_days=days))
    finding = one(checks.image_exists, facts)
    assert finding.outcome == "image.digest-not-found"
    assert (finding.evidence["tag_digest"], finding.evidence["untagged_deleted_after_days"]) == (
        "sha256:" + "5e" * 32,
        shown,
    )


@pytest.mark.parametrize("target", ["team/app", "team/*", "*"])
@pytest.mark.parametrize("gone", [{"repository_exists": False}, {}])
def test_what_a_cache_rule_fetches_is_not_proven_missing(target, gone):
    facts = image_facts(lookup(**{**GONE, **gone}), cache_rules=(rule("other/*"), rule(target)))
    assert one(checks.image_exists, facts).status is Status.UNKNOWN


@pytest.mark.parametrize("target", ["team/application", "team", "hub/*"])
def test_another_cache_rule_changes_nothing(target):
    facts = image_facts(lookup(**GONE), cache_rules=(rule(target),))
    assert one(checks.image_exists, facts).outcome == "image.tag-not-found"


def test_unread_cache_rules_leave_it_open_only_where_something_is_missing():
    assert one(checks.image_exists, image_facts(lookup(**GONE), cache_rules=FORBIDDEN)).status is Status.UNKNOWN
    assert one(checks.image_exists, image_facts(cache_rules=FORBIDDEN)).status is Status.PASS


@pytest.mark.parametrize("part", ["repository_exists", "reference_exists"])
def test_existence_that_could_not_be_read(part):
    finding = one(checks.image_exists, image_facts(lookup(**{part: FORBIDDEN})))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "AcrPull")


# --- locks and quarantine ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("repository", "--repository team/app"),
        ("tag", "--image team/app:1.2"),
        ("manifest", f"--image team/app@{'sha256:' + '5e' * 32}"),
    ],
)
def test_a_read_lock(part, path):
    finding = one(checks.image_is_readable, image_facts(lookup(unreadable_part=part)))
    assert (finding.outcome, finding.evidence["part"]) == ("image.read-locked", part)
    assert commands(finding) == [f"az acr repository update --name contosoreg {path} --read-enabled true {AT}"]


def test_a_lock_of_a_manifest_whose_digest_is_not_known():
    finding = one(checks.image_is_readable, image_facts(lookup(unreadable_part="manifest", found_digest=None)))
    assert [(each.description, each.command) for each in finding.remedies] == [
        ("Unlock the manifest for reading", None)
    ]


def test_an_image_in_quarantine():
    facts = image_facts(lookup(quarantined=True), registry=registry(quarantine_policy="enabled"))
    finding = one(checks.image_is_released, facts)
    assert (finding.outcome, finding.evidence["quarantine_policy"]) == ("image.quarantined", "enabled")
    assert commands(finding) == [
        None,
        f"az resource update --ids {REGISTRY_ID} --set properties.policies.quarantinePolicy.status=disabled",
    ]


@pytest.mark.parametrize("check", ALL[1:], ids=lambda check: check.id)
def test_what_is_not_there_has_neither(check):
    assert one(check, image_facts(lookup(**GONE))).status is Status.SKIPPED


@pytest.mark.parametrize(
    ("check", "part"),
    [(checks.image_is_readable, "unreadable_part"), (checks.image_is_released, "quarantined")],
    ids=["lock", "quarantine"],
)
def test_what_was_not_shown_is_unknown(check, part):
    assert one(check, image_facts(lookup(**{part: FORBIDDEN}))).status is Status.UNKNOWN
