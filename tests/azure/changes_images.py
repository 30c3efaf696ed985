"""What can be the matter with an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .store import Json
from .tiny_image import push, push_artifact, rewritten, wrap

if TYPE_CHECKING:
    from .state import Cloud


class ImageChanges:
    """Part of :class:`~tests.azure.state.Cloud`; all are about the default registry."""

    def image(self: Cloud, repository: str, tag: str | None = "1.0", *platforms: str, index: bool | None = None) -> str:
        """Push an image for ``platforms`` (default: ``linux/amd64``); return its digest, see ``tiny_image.push``."""
        return push(self.data_plane(), repository, tag, *platforms, index=index)

    def purge(self: Cloud, repository: str, tag: str, *platforms: str) -> None:
        """Delete the manifests of these platforms below a tagged index, as ``acr purge --untagged`` once did."""
        there = self.data_plane().repositories[repository]
        for entry in there.manifests[there.tags[tag]]["manifests"]:
            platform = entry["platform"]
            if f"{platform['os']}/{platform['architecture']}" in platforms:
                there.manifests.pop(entry["digest"], None)

    def wrap(self: Cloud, repository: str, tag: str) -> str:
        """Let a tag point to an index that names, without a platform, what it pointed to; the new digest."""
        return wrap(self.data_plane(), repository, tag)

    def artifact(
        self: Cloud, repository: str, tag: str, config_type: str, *layer_types: str, config: Json | None = None
    ) -> str:
        """Push something whose configuration is of that type, with a layer of each type; its digest."""
        return push_artifact(self.data_plane(), repository, tag, config_type, *layer_types, config=config)

    def layers(self: Cloud, repository: str, tag: str, *sizes: int) -> None:
        """Let the manifest of a tag tell of layers of these sizes."""
        there = self.data_plane().repositories[repository]
        (first, *_) = there.manifests[there.tags[tag]]["layers"]
        rewritten(self.data_plane(), repository, tag, layers=[first | {"size": size} for size in sizes])

    def refuse_upstream(self: Cloud, repository: str, rule: str, source: str, status: int) -> None:
        """Let the registry say that a cache rule gets nothing from upstream.

        The texts are those of https://github.com/Azure/acr/issues/754, 772 and 892; that the status of the first is 429
        and of the second 403 is as their clients read them.
        """
        code, message = {
            401: ("UNAUTHORIZED", f"authentication required with source registry for cache rule '{rule}'."),
            403: (
                "DENIED",
                f"requested access to pull from source '{source}' for cache rule '{rule}' has been denied.",
            ),
            424: ("UNKNOWN", f"request to pull from source '{source}' for cache rule '{rule}' has failed"),
            429: ("TOOMANYREQUESTS", f"too many requests to source registry for cache rule '{rule}'."),
        }[status]
        self.data_plane().refusals[repository] = (status, {"code": code, "message": message})

    def lock(self: Cloud, repository: str, part: str | None = None) -> None:
        """Lock a repository, or one tag or digest of it, against reading."""
        self.data_plane().repositories[repository].locked.add(part or repository)

    def quarantine(self: Cloud, repository: str, tag: str) -> None:
        """Quarantine new images, and leave this one unscanned."""
        self.registry["properties"]["policies"]["quarantinePolicy"]["status"] = "enabled"
        there = self.data_plane().repositories[repository]
        there.quarantined.add(there.tags[tag])
