"""What a manifest describes: an image, or an artifact of another kind. Pure.

What containerd makes of each was tried with 1.6.20, 1.7.24 and 2.1.9 (and reads so in ``images/mediatypes.go``,
``image.go`` and ``pkg/unpack/unpacker.go`` of https://github.com/containerd/containerd). The media types are those of
https://helm.sh/docs/topics/registries/, https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/,
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, https://github.com/notaryproject/specifications
and https://github.com/opencontainers/image-spec/blob/main/manifest.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..facts import ImageManifest, Layer, Unreadable
from .manifests import IMAGE_CONFIGS

_CHART, _WASM = "a Helm chart", "a WebAssembly module"
_KINDS = (
    ("application/vnd.cncf.helm.", _CHART),
    ("application/vnd.wasm.", _WASM),
    ("application/wasm", _WASM),
    ("application/vnd.fermyon.spin.", _WASM),
    ("application/vnd.dev.cosign.", "a cosign signature"),
    ("application/vnd.dev.sigstore.", "a sigstore signature"),
    ("application/vnd.cncf.notary.", "a Notary signature"),
    ("application/vnd.in-toto", "an attestation"),
    ("application/spdx", "a software bill of materials"),
    ("application/vnd.cyclonedx", "a software bill of materials"),
)
_OCI_LAYER = "application/vnd.oci.image.layer."
_DOCKER_LAYER = "application/vnd.docker.image.rootfs."
_ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"
_LONGEST = 120


@dataclass(frozen=True)
class Content:
    """What a manifest describes."""

    is_image: bool
    words: str = ""
    """What it is instead, and what says so: a noun with a clause."""

    @property
    def is_chart(self) -> bool:
        """Helm installs it."""
        return self.words.startswith(_CHART)

    @property
    def is_wasm(self) -> bool:
        """A node with a runtime for it runs it."""
        return self.words.startswith(_WASM)


IMAGE = Content(True)


def content_of(manifest: ImageManifest) -> Content | Unreadable:
    """Tell what a manifest describes. ``Unreadable``: an unknown kind whose configuration could not be read."""
    if manifest.media_type == _ARTIFACT_MANIFEST:
        return _artifact(manifest.artifact_type, f"a manifest of type {_ARTIFACT_MANIFEST}")
    layers = manifest.layers
    if isinstance(layers, Unreadable):
        return layers
    ours = [layer for layer in layers if is_layer(layer)]
    if manifest.config_type in IMAGE_CONFIGS:
        return _by_layers(manifest, layers, ours)
    if not manifest.config_type:
        return Unreadable("not-shown", "The manifest does not show the media type of its configuration")
    listed = manifest.unpacked_layers
    known = next((each for each in (manifest.config_type, manifest.artifact_type) if _kind(each)), None)
    if known is None and not isinstance(listed, int):
        return listed or Unreadable("not-shown", f"The manifest names no configuration of type {manifest.config_type}")
    if known is None and listed and listed == len(ours):
        return IMAGE
    told = manifest.artifact_type or (layers[0].media_type if layers and not known else "")
    by = f"by its configuration's media type {_shown(manifest.config_type)}"
    return _artifact(known or told, by if known == manifest.config_type or not told else f"{by} and {_shown(told)}")


def is_layer(layer: Layer) -> bool:
    """Tell whether containerd takes a layer for a part of the root filesystem (``images.IsLayerType``)."""
    kind = layer.media_type
    return kind.startswith((_OCI_LAYER, _DOCKER_LAYER))


def _by_layers(manifest: ImageManifest, layers: tuple[Layer, ...], ours: list[Layer]) -> Content:
    """What calls itself an image: without a single layer of one it is not, as a signature of cosign's."""
    if layers and not ours:
        kind = layers[0].media_type
        return _artifact(kind, f"by its layers' media type {_shown(kind)}")
    listed = manifest.unpacked_layers
    if isinstance(listed, int) and listed != len(ours) and ours:
        counts = f"layers in its configuration: {listed}, in its manifest: {len(ours)}"
        return Content(False, f"a damaged image, which containerd does not unpack ({counts})")
    return IMAGE


def _artifact(kind: str, by: str) -> Content:
    return Content(False, f"{_kind(kind) or 'another artifact'}, {by}")


def _kind(media_type: str) -> str | None:
    return next((words for beginning, words in _KINDS if media_type.startswith(beginning)), None)


def _shown(media_type: str) -> str:
    return media_type[:_LONGEST] or "(none)"
