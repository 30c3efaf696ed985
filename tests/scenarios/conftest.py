"""The stories as the collectors read them, each once for all tests of a process."""

from __future__ import annotations

import base64
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import pytest

from azext_acrpulldiag.facts import Facts
from tests.azure.log import Entry
from tests.azure.state import Cloud

from .engines import AT_ONCE, Engine, asked, lent
from .stories import STORIES, Story


@dataclass(frozen=True)
class ReadStory:
    """What a run in process read of a story, what it asked for, and the cloud that answered."""

    story: Story
    facts: Facts
    requests: tuple[Entry, ...]
    cloud: Cloud


@pytest.fixture(scope="session")
def read_stories(engines: SimpleQueue[Engine]) -> dict[str, ReadStory]:
    """Every story by name, but for those that start a pod."""

    def one(story: Story) -> ReadStory:
        cloud = story.told()
        with lent(engines) as engine:
            answer = engine.run(cloud, **asked(story.arguments))
        assert "facts" in answer, answer
        return ReadStory(story, pickle.loads(base64.b64decode(answer["facts"])), tuple(cloud.log), cloud)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = pool.map(one, (story for story in STORIES.values() if "--check-acr" not in story.arguments))
    return {each.story.name: each for each in told}
