"""Mirror of images/artifacts.py: what real containerds took for an image, and what not."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import Layer, Unreadable
from azext_acrpulldiag.images.artifacts import IMAGE, Content, content_of
from tests.build import image_manifest

HIDDEN = Unreadable("forbidden", "HTTP 403")
OCI = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def manifest(config, *layers, listed=None, **changes):
    return image_manifest(
        config_type=config, layers=tuple(Layer(each, 10) for each in layers), unpacked_layers=listed, **changes
    )


@pytest.mark.parametrize(
    "found",
    [
        manifest(OCI, LAYER),
        manifest(OCI, LAYER, LAYER, listed=2),
        manifest("application/vnd.docker.container.image.v1+json", DOCKER, FOREIGN),
        manifest(OCI, "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.nydus.blob.v1"),
        manifest(OCI, LAYER, "application/vnd.acme.sbom", listed=1),
        manifest(OCI, listed=0),
        manifest("application/octet-stream", DOCKER, listed=1),  # images of 2015
        manifest("application/vnd.acme.config.v1+json", LAYER, LAYER, listed=2),
    ],
)
def test_an_image(found):
    assert content_of(found) is IMAGE


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            manifest(
                "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1", listed=0
            ),
            "a Helm chart, by its configuration's media type application/vnd.cncf.helm.config.v1+json",
        ),
        (
            manifest(OCI, "application/vnd.dev.cosign.simplesigning.v1+json", listed=1),
            "a cosign signature, by its layers' media type application/vnd.dev.cosign.simplesigning.v1+json",
        ),
        (
            manifest(OCI, "application/vnd.in-toto+json", listed=1),
            "an attestation, by its layers' media type application/vnd.in-toto+json",
        ),
        (
            manifest(OCI, "application/vnd.acme.layer", listed=1),
            "another artifact, by its layers' media type application/vnd.acme.layer",
        ),
        (
            manifest("application/vnd.oci.empty.v1+json", "text/plain", listed=0, artifact_type="application/vnd.acme"),
            "another artifact, by its configuration's media type application/vnd.oci.empty.v1+json and "
            "application/vnd.acme",
        ),
        (
            manifest("application/vnd.oci.empty.v1+json", "a/b", listed=0, artifact_type="application/spdx+json"),
            "a software bill of materials, by its configuration's media type application/vnd.oci.empty.v1+json and "
            "application/spdx+json",
        ),
        (
            manifest("application/vnd.unknown.config.v1+json", LAYER, listed=0),
            "another artifact, by its configuration's media type application/vnd.unknown.config.v1+json and " + LAYER,
        ),
        (
            manifest(OCI, LAYER, LAYER, listed=1),
            "a damaged image, which containerd does not unpack (layers in its configuration: 1, in its manifest: 2)",
        ),
        (
            manifest("", "a/b", media_type="application/vnd.oci.artifact.manifest.v1+json", artifact_type="a/b"),
            "another artifact, a manifest of type application/vnd.oci.artifact.manifest.v1+json",
        ),
    ],
)
def test_no_image(found, words):
    content = content_of(found)
    assert isinstance(content, Content)
    assert (content.is_image, content.words) == (False, words)


@pytest.mark.parametrize(
    "found",
    [
        image_manifest(layers=HIDDEN),
        manifest(""),
        manifest("application/vnd.acme.config.v1+json", LAYER, listed=HIDDEN),
        manifest("application/vnd.acme.config.v1+json", LAYER, listed=None),
    ],
)
def test_what_could_not_be_read_is_no_objection(found):
    assert isinstance(content_of(found), Unreadable)


def test_what_kind_it_is():
    assert content_of(manifest("application/vnd.wasm.config.v0+json", "application/wasm", listed=0)).is_wasm
    assert content_of(manifest("application/vnd.cncf.helm.config.v1+json", listed=HIDDEN)).is_chart
