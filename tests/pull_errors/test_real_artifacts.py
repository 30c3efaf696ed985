"""Debian's containerd pulls what is no image: what this product says of each kind is held against what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.registry.api import Manifest
from azext_acrpulldiag.collect.registry.manifest_models import manifest_from
from azext_acrpulldiag.images.artifacts import Content, content_of
from azext_acrpulldiag.pull_errors import classify
from tests.azure.containerd import Containerd, PullError, UnavailableError
from tests.azure.nodes import running
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.azure.tiny_image import rewritten
from tests.scenarios.pulls import ADMIN, HOST, IMAGE, tidy

IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ANY_LAYER = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "4" * 64]}}


@pytest.fixture(scope="module")
def node(simulated_azure: Server) -> Iterator[Containerd]:
    """The installed containerd, before the version that pulls artifacts and lets their containers fail."""
    with running(simulated_azure) as nodes:
        try:
            version = nodes["proxied"].version()
        except UnavailableError as why:
            pytest.skip(str(why))
        if tuple(map(int, version.split(".")[:3])) >= (1, 6, 25):
            pytest.skip(f"containerd {version} pulls what it cannot run")
        yield nodes["proxied"]


def chart(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart")


def module(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", "application/vnd.wasm.config.v0+json", "application/wasm")


def signature(cloud: Cloud) -> None:
    kind = "application/vnd.dev.cosign.simplesigning.v1+json"
    cloud.artifact("team/web", "v1", IMAGE_CONFIG, kind, config=ANY_LAYER)


def attestation(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", IMAGE_CONFIG, "application/vnd.in-toto+json", config=ANY_LAYER)


def files(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", "application/vnd.oci.empty.v1+json", "text/plain")


def files_as_layers(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", "application/vnd.unknown.config.v1+json", LAYER)


def damaged(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", IMAGE_CONFIG, LAYER, LAYER, config=ANY_LAYER)


def image(cloud: Cloud) -> None:
    cloud.image("team/web", "v1")


def without_layers(cloud: Cloud) -> None:
    cloud.artifact("team/web", "v1", IMAGE_CONFIG, config={"os": "linux", "architecture": "amd64", "rootfs": {}})


def with_more_than_layers(cloud: Cloud) -> None:
    cloud.image("team/web", "v1")
    repository = cloud.data_plane(HOST).repositories["team/web"]
    manifest = repository.manifests[repository.tags["v1"]]
    notes = {**manifest["config"], "mediaType": "application/vnd.acme.notes"}
    rewritten(cloud.data_plane(HOST), "team/web", "v1", layers=[*manifest["layers"], notes])


NO_IMAGE = (chart, module, signature, attestation, files, files_as_layers, damaged)
CLASSES = ("unsupported-manifest", "other")


def said_of(cloud: Cloud) -> Content:
    repository = cloud.data_plane(HOST).repositories["team/web"]
    digest = repository.tags["v1"]
    served = Manifest(digest, repository.manifests[digest]["mediaType"], repository.manifests[digest])
    config: dict[str, object] = ANY_LAYER if repository.manifests[digest]["config"]["size"] > 100 else {}
    content = content_of(manifest_from(served, config))
    assert isinstance(content, Content)
    return content


@pytest.mark.parametrize("push", NO_IMAGE)
def test_what_is_called_no_image_is_not_unpacked(push: Callable[[Cloud], None], cloud: Cloud, node: Containerd) -> None:
    tidy(cloud)
    push(cloud)
    assert not said_of(cloud).is_image
    error = node.error(IMAGE, *ADMIN)
    assert classify(str(error)).symptom_class in CLASSES, error


@pytest.mark.parametrize("push", [image, without_layers, with_more_than_layers])
def test_what_is_called_an_image_is_pulled(push: Callable[[Cloud], None], cloud: Cloud, node: Containerd) -> None:
    tidy(cloud)
    push(cloud)
    assert said_of(cloud).is_image
    try:
        assert node.pull(IMAGE, *ADMIN)
    except PullError as error:
        pytest.fail(str(error))
