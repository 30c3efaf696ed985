"""Stories by name: each makes of the default cloud the one that it tells of."""

from __future__ import annotations

from collections.abc import Callable

from tests.azure.state import Cloud

Story = Callable[[Cloud], None]

STORIES: dict[str, Story] = {}


def story(tell: Story) -> Story:
    """Register a story under its function's name, with hyphens; its docstring is what lists show."""
    STORIES[tell.__name__.replace("_", "-")] = tell
    return tell


def told(name: str) -> Cloud:
    """A fresh cloud, with the story of that name told."""
    cloud = Cloud()
    STORIES[name](cloud)
    return cloud


@story
def healthy(cloud: Cloud) -> None:
    """The kubelet identity has AcrPull on the registry."""
    cloud.grant()


@story
def pull_role_missing(cloud: Cloud) -> None:
    """Nobody gave the kubelet identity a role on the registry."""
