"""What the registry says about an image."""

from __future__ import annotations

from dataclasses import replace

from azext_acrpulldiag.facts import ImageLookup, ImageManifest, Layer, Offered, Platform

from .ids import IMAGE


CHILD = "sha256:" + "c4" * 32
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def image_manifest(*sizes: int, **changes: object) -> ImageManifest:
    """The manifest of an image, with layers of these sizes."""
    layers = tuple(Layer(LAYER, size) for size in sizes or (1000,))
    return replace(ImageManifest("application/vnd.oci.image.manifest.v1+json", CONFIG, "", layers), **changes)


def offered(platform: str | None = "linux/amd64", digest: str = CHILD, **changes: object) -> Offered:
    """What nodes of a platform may take, ``os/architecture`` or ``os/architecture/variant``."""
    parts = (platform or "").split("/")
    named = Platform(parts[0], parts[1], variant=parts[2] if len(parts) > 2 else None) if platform else None
    return replace(Offered(digest, named, image_manifest()), **changes)


def lookup(**changes: object) -> ImageLookup:
    """An image that is there, may be read and is for amd64."""
    return replace(
        ImageLookup(
            reference=IMAGE,
            repository="team/app",
            repository_exists=True,
            reference_exists=True,
            platforms=(Platform("linux", "amd64"),),
            is_index=True,
            tag="1.2",
            found_digest="sha256:" + "5e" * 32,
            manifests=(offered(),),
        ),
        **changes,
    )
