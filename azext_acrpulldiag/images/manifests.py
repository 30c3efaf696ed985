"""What a node takes out of an image, and how much that is to download. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..facts import ImageLookup, ImageManifest, Offered, Unreadable
from .platforms import NodePlatform, preference

IMAGE_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
"""The media types of configurations that containerd takes for those of images (``images.IsConfigType``)."""


@dataclass(frozen=True)
class Weight:
    """What a node downloads of an image, layers that it has already left aside."""

    layers: int
    total: int
    """Bytes, compressed."""
    largest: int
    """Bytes of the largest layer, compressed."""

    def __str__(self) -> str:
        count = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        return f"{count}, {size(self.total)} compressed (the largest {size(self.largest)})"


def size(count: int) -> str:
    """A number of bytes for people, by powers of 1000 as registries and disks are sold."""
    for unit, bytes_of_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_of_it:
            return f"{count / bytes_of_it:.1f} {unit}"
    return f"{count} bytes"


def weight_of(manifest: ImageManifest) -> Weight | Unreadable:
    """Sum up the layers of a manifest; a layer without a size leaves the whole unknown."""
    if isinstance(manifest.layers, Unreadable):
        return manifest.layers
    sizes = []
    for layer in manifest.layers:
        if isinstance(layer.size, Unreadable):
            return layer.size
        sizes.append(layer.size)
    return Weight(len(sizes), sum(sizes), max(sizes, default=0))


def heaviest(one: ImageLookup) -> Weight | None:
    """The weight of the largest manifest that nodes may take; ``None``: none was read."""
    offered = () if isinstance(one.manifests, Unreadable) else one.manifests
    found = [weight_of(each.manifest) for each in offered if isinstance(each.manifest, ImageManifest)]
    return max((each for each in found if isinstance(each, Weight)), key=lambda each: each.total, default=None)


def taken(offered: Iterable[Offered], node: NodePlatform) -> tuple[Offered, ...]:
    """Return what a node may take, the one that it does take first; empty: nothing is for it.

    containerd takes the manifest whose platform fits best, and looks for no other one where that is gone; one for
    which no platform is named only where nothing else fits (``FilterPlatforms`` and ``LimitManifests`` of
    https://github.com/containerd/containerd/blob/v1.7.24/images/handlers.go). Where the Windows build of the node
    is not known, several may come first.
    """
    fitting = [(rank, each) for each in offered if (rank := preference(each.platform, node)) is not None]
    return tuple(each for _, each in sorted(fitting, key=lambda pair: pair[0]))
