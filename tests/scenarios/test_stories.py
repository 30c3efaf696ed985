"""Every story through the real ``az`` with the real wheel: verdict, causes, evidence, exit code, promises."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks import ALL
from tests.azure.az import Az, is_another
from tests.azure.state import Cloud
from tests.contracts.held import can_hold, hold
from tests.contracts.table import Noted

from .rights import undeclared
from .running import assert_promises, assert_told, run
from .stories import STORIES, Story


def told() -> dict[str, Story]:
    """Every story; on another az the first of each verdict, category of causes and set of options.

    What an older az may change is how it signs in, reads and prints. The judgement is the same code.
    """
    if not is_another():
        return STORIES
    first = {_kind(each): each for each in reversed(STORIES.values())}
    return {each.name: each for each in first.values()}


def _kind(story: Story) -> tuple[object, ...]:
    categories = {cause.partition(".")[0] for cause in story.root_causes}
    return story.verdict, frozenset(categories), frozenset(each for each in story.arguments if each.startswith("--"))


@pytest.mark.parametrize("story", told().values(), ids=told())
def test_story(story: Story, cloud: Cloud, warm_az: Az, noted: Noted) -> None:
    if story.missing:
        pytest.skip(f"needs {story.missing}")
    story.tell(cloud)
    done = run(warm_az, *story.arguments)
    assert_promises(done)
    assert_told(story, done)
    assert not undeclared(done.requests, cloud)
    if can_hold():
        hold(done.requests, noted, story.name)


def test_every_outcome_has_a_story() -> None:
    declared = {outcome.id for checked in ALL for outcome in checked.outcomes}
    assert declared == {outcome for story in STORIES.values() for outcome in story.outcomes}


def test_healthy_stories_have_no_failure() -> None:
    for story in STORIES.values():
        if story.verdict == "healthy":
            assert not story.root_causes
            assert set(story.other_outcomes) <= {"registry.unhealthy"}


def test_stories_say_what_they_are_about() -> None:
    assert all(story.title.endswith(".") and len(story.title) <= 120 for story in STORIES.values())
