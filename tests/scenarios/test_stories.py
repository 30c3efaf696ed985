"""Every story through the real ``az`` with the real wheel: verdict, causes, evidence, exit code, promises."""

from __future__ import annotations

import pytest

from tests.azure.az import Az
from tests.azure.state import Cloud

from .running import assert_promises, assert_told, run
from .stories import STORIES, Story


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_story(story: Story, cloud: Cloud, az: Az) -> None:
    if story.missing:
        pytest.skip(f"needs {story.missing}")
    story.tell(cloud)
    done = run(az, *story.arguments)
    assert_promises(done)
    assert_told(story, done)
