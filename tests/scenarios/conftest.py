"""The stories as the collectors read them, each once for all tests of a run."""

from __future__ import annotations

import base64
import fcntl
import os
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

    name: str
    facts: Facts
    requests: tuple[Entry, ...]
    cloud: Cloud


@pytest.fixture(scope="session")
def read_stories(engines: SimpleQueue[Engine], tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReadStory]:
    """Every story by name, but for those of check-acr and those that this machine cannot tell.

    Of several processes with tests one reads, for all.
    """
    folder = tmp_path_factory.getbasetemp()
    file = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "stories.pickle"
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_bytes(pickle.dumps(_read(engines)))
    told: dict[str, ReadStory] = {each.name: each for each in pickle.loads(file.read_bytes())}
    return told


def _read(engines: SimpleQueue[Engine]) -> list[ReadStory]:
    def one(story: Story) -> ReadStory:
        cloud = story.told()
        with lent(engines) as engine:
            answer = engine.run(cloud, **asked(story.arguments))
        assert "facts" in answer, answer
        return ReadStory(story.name, pickle.loads(base64.b64decode(answer["facts"])), tuple(cloud.log), cloud)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        here = [each for each in STORIES.values() if not each.starts_a_pod and not each.missing]
        return [*pool.map(one, here)]
