"""A predicate holds where its fault was put in, and in no sound cloud."""

from __future__ import annotations

import pytest

from tests.azure import broken
from tests.azure.broken_kubernetes import an_image_is_not_served
from tests.azure.broken_secrets import a_secret_is_of_no_use
from tests.scenarios.stories import STORIES, Story

# What puts the fault in where the predicate does not look, each with the reason.
ELSEWHERE = {
    ("account-pull-by-the-default-identity", "access.pull-role-on-other-principal"): "not the kubelet pulls there",
    (
        "private-zone-of-the-public-name",
        "network.private-dns-record-missing",
    ): "an empty zone of the registry's own name",
    ("registry-names-an-ipv6-address-too", "network.outbound-ip-not-allowed"): "the registry names the address",
    **{
        (name, "kubelet.pull-qps-exceeded"): "the pods are about their secrets; what they report is beside that"
        for name in (
            "working-secret-beside-a-missing-role",
            "bad-secret-beside-an-identity-that-may-pull",
            "secret-for-another-registry",
            "a-pod-with-a-secret-fails-for-another-reason",
        )
    },
}


def _broken() -> list[tuple[Story, str]]:
    pairs = [(story, outcome) for story in STORIES.values() for outcome in story.root_causes]
    return [(story, outcome) for story, outcome in pairs if outcome in broken.known() and _can_tell(story, outcome)]


def _can_tell(story: Story, outcome: str) -> bool:
    """What is asked of pods that wait is not told of an image that none waits for."""
    of_pods = (an_image_is_not_served, a_secret_is_of_no_use)
    return bool(story.symptoms) or broken.known()[outcome] not in of_pods


@pytest.mark.parametrize(("story", "outcome"), _broken(), ids=lambda each: getattr(each, "name", each))
def test_a_fault_is_where_a_story_puts_it(story: Story, outcome: str) -> None:
    there = broken.left(story.told(), [outcome]) == (outcome,)
    assert there is ((story.name, outcome) not in ELSEWHERE)


def test_what_has_no_predicate_is_an_error() -> None:
    with pytest.raises(KeyError):
        broken.left(STORIES["healthy"].told(), ["symptom.unexplained"])


def test_an_outcome_has_one_predicate() -> None:
    known = next(iter(broken.known()))
    with pytest.raises(ValueError, match="two predicates"):
        broken.fault(known)(lambda _: True)
