"""Image references, and what the registry's own API says of them."""

from __future__ import annotations

from dataclasses import dataclass

from .envelope import Unreadable


@dataclass(frozen=True)
class Image:
    """A parsed image reference.

    ``tag`` is ``latest`` where the reference names neither tag nor digest.
    """

    host: str
    repository: str
    tag: str | None
    digest: str | None


@dataclass(frozen=True)
class HostlessImage:
    """An image that failing pods name without a host, and whether the registry that is judged has it."""

    text: str
    """As the pods have it."""
    image: Image
    """What it would be in the registry."""
    there: bool | Unreadable


@dataclass(frozen=True)
class Platform:
    """One platform that an image offers."""

    os: str
    architecture: str
    os_version: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Layer:
    """A layer, as its manifest describes it."""

    media_type: str
    """Empty: not shown."""
    size: int | Unreadable
    """Bytes to download: its compressed size."""


@dataclass(frozen=True)
class ImageManifest:
    """What the registry serves for one platform, below an index or alone."""

    media_type: str
    """Its own; empty: not shown."""
    config_type: str
    """The media type of its configuration, which says what it describes; empty: not shown."""
    artifact_type: str
    """``artifactType``; empty: none is named, as in an image."""
    layers: tuple[Layer, ...] | Unreadable
    unpacked_layers: int | Unreadable | None = None
    """How many layers its configuration lists (``rootfs.diff_ids``); ``None``: an image's, not read below an index."""


@dataclass(frozen=True)
class Offered:
    """A manifest that nodes may take: one that an index names, or the only one that there is."""

    digest: str
    platform: Platform | None
    """As the index says, else as the configuration does; ``None``: neither says."""
    manifest: ImageManifest | Unreadable | None
    """``None``: the registry does not have it."""


@dataclass(frozen=True)
class Refusal:
    """What a registry answered instead of a manifest, in its own words, without what is secret in them."""

    status: int
    """Of HTTP."""
    code: str
    """``DENIED`` and the like; empty: none was told."""
    message: str


@dataclass(frozen=True)
class ImageLookup:
    """What the registry's own API says about one image, asked with the CLI's login."""

    reference: str
    """The image as it is written, its host being the registry's."""
    repository: str
    repository_exists: bool | Unreadable
    reference_exists: bool | Unreadable
    """The digest where the image names one, else the tag."""
    near_misses: tuple[str, ...] = ()
    """Existing repositories or tags close to the one that is missing."""
    unreadable_part: str | Unreadable | None = None
    """``repository``, ``tag`` or ``manifest`` whose ``readEnabled`` is off; ``None``: none."""
    quarantined: bool | Unreadable = False
    platforms: tuple[Platform, ...] | Unreadable = ()
    """Empty: nothing in it says for which platform it is, as in an artifact that is no image."""
    is_index: bool = False
    """Only an index is searched for a node's platform; a lone manifest is pulled whatever its platform."""
    tag: str | None = None
    digest: str | None = None
    """As the image names them; kubelet goes by the digest where there are both."""
    found_digest: str | None = None
    """What the tag points to; ``None``: no tag is named, or it was not found."""
    manifests: tuple[Offered, ...] | Unreadable = ()
    """What nodes may take, in the order of the index. Empty: the registry serves no manifest for the image."""
    refusal: Refusal | None = None
    """``None``: the registry answered with a manifest or that there is none, or it was not reached."""
