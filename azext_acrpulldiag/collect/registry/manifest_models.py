"""From a registry's manifests and configurations to facts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...facts import ImageManifest, Layer, Platform, Unreadable
from ...images.manifests import IMAGE_CONFIGS
from ..members import Body, or_empty, shown
from .api import Manifest

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
# Written by build tools for what is no image of a platform, such as an attestation.
_NO_PLATFORM = "unknown"
# Other spellings that containerd takes for these (platforms.Normalize).
_SPELLINGS = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386"}


def is_index(manifest: Manifest) -> bool:
    """Tell an index (or manifest list) from a single manifest."""
    return manifest.media_type in _INDEXES or isinstance(manifest.body.get("manifests"), list)


@dataclass(frozen=True)
class Entry:
    """One manifest, or index, that an index names."""

    digest: str
    platform: Platform | None
    """``None``: the index does not say."""


def index_entries(manifest: Manifest) -> tuple[Entry, ...] | Unreadable:
    """Return what an index names, in its order.

    Without the entries for ``unknown``, which are attestations and the like that no node is offered.
    """
    rows = shown(Body(manifest.body).objects, "manifests")
    if isinstance(rows, Unreadable):
        return Unreadable("malformed", f"The index {manifest.digest} has no list of manifests")
    entries = [(or_empty(row.text, "digest"), shown(row.object, "platform")) for row in rows]
    found = [
        Entry(digest, platform_from(platform.json) if isinstance(platform, Body) else None)
        for digest, platform in entries
        if isinstance(platform, Unreadable) or platform_from(platform.json) is not None
    ]
    return tuple(entry for entry in found if entry.digest or entry.platform)


def manifest_from(manifest: Manifest, config: dict[str, Any] | Unreadable | None = None) -> ImageManifest:
    """Map a single manifest and, where it was read, its configuration."""
    body = Body(manifest.body)
    layers = shown(body.objects, "layers")
    return ImageManifest(
        media_type=manifest.media_type,
        config_type=or_empty(body.text, "config", "mediaType"),
        artifact_type=or_empty(body.text, "artifactType"),
        layers=layers if isinstance(layers, Unreadable) else tuple(map(_layer, layers)),
        unpacked_layers=_unpacked_layers(config),
    )


def _layer(body: Body) -> Layer:
    return Layer(or_empty(body.text, "mediaType"), shown(body.number, "size"))


def _unpacked_layers(config: dict[str, Any] | Unreadable | None) -> int | Unreadable | None:
    """A configuration without ``rootfs`` lists none, which is what containerd makes of it."""
    if config is None or isinstance(config, Unreadable):
        return config
    rootfs = config.get("rootfs")
    if rootfs is None:
        return 0
    listed = shown(Body(config).texts, "rootfs", "diff_ids")
    return listed if isinstance(listed, Unreadable) else len(listed)


def is_image(manifest: Manifest) -> bool:
    """Tell whether a manifest says that it describes an image."""
    return or_empty(Body(manifest.body).text, "config", "mediaType") in IMAGE_CONFIGS


def config_digest(manifest: Manifest) -> str | None:
    """The digest of a single manifest's configuration; ``None``: it names none."""
    return or_empty(Body(manifest.body).text, "config", "digest") or None


def platform_from(answer: Any) -> Platform | None:
    """Map a platform as index entries and configurations write it; ``None``: it is none."""
    body = Body(answer)
    system, architecture = or_empty(body.text, "os").lower(), or_empty(body.text, "architecture").lower()
    if not system or not architecture or _NO_PLATFORM in (system, architecture):
        return None
    return Platform(
        os=system,
        architecture=_SPELLINGS.get(architecture, architecture),
        os_version=or_empty(body.text, "os.version") or None,
        variant=or_empty(body.text, "variant") or None,
    )


def platform_of_attributes(attributes: Any, why: Unreadable) -> tuple[Platform, ...] | Unreadable:
    """The platform by a single manifest's attributes, which show no Windows build; else ``why`` it is not known."""
    manifest = shown(Body(attributes).object, "manifest")
    if isinstance(manifest, Unreadable) or or_empty(manifest.text, "mediaType") in _INDEXES:
        return why
    platform = platform_from(manifest.json)
    return why if platform is None or platform.os == "windows" else (platform,)
