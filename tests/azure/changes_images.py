"""What can be the matter with an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tiny_image import push

if TYPE_CHECKING:
    from .state import Cloud


class ImageChanges:
    """Part of :class:`~tests.azure.state.Cloud`; all are about the default registry."""

    def image(self: Cloud, repository: str, tag: str | None = "1.0", *platforms: str, index: bool | None = None) -> str:
        """Push an image for ``platforms`` (default: ``linux/amd64``); return its digest, see ``tiny_image.push``."""
        return push(self.data_plane(), repository, tag, *platforms, index=index)

    def lock(self: Cloud, repository: str, part: str | None = None) -> None:
        """Lock a repository, or one tag or digest of it, against reading."""
        self.data_plane().repositories[repository].locked.add(part or repository)

    def quarantine(self: Cloud, repository: str, tag: str) -> None:
        """Quarantine new images, and leave this one unscanned."""
        self.registry["properties"]["policies"]["quarantinePolicy"]["status"] = "enabled"
        there = self.data_plane().repositories[repository]
        there.quarantined.add(there.tags[tag])
