"""Mirror of collect/registry/manifest_models.py: recorded answers to facts."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.registry.api import Manifest
from azext_acrpulldiag.collect.registry.manifest_models import (
    Entry,
    config_digest,
    index_entries,
    is_image,
    is_index,
    manifest_from,
    platform_from,
    platform_of_attributes,
)
from azext_acrpulldiag.facts import Layer, Platform, Unreadable

from .test_image_models import AMD64, DIGEST, FORBIDDEN, attributes, manifest, reason


def test_a_recorded_manifest_list_shows_a_windows_build():
    listed = manifest("docs_manifest_list_with_windows_os_version")
    assert is_index(listed)
    found = index_entries(listed)
    assert [entry.platform for entry in found] == [
        Platform("linux", "amd64"),
        Platform("linux", "arm64"),
        Platform("windows", "amd64", "10.0.17763.1697"),
    ]
    assert [entry.digest for entry in found] == [row["digest"] for row in listed.body["manifests"]]


def test_attestations_are_no_platform_and_nameless_entries_are_looked_at():
    index = manifest("docs_oci_image_index")
    rows = index.body["manifests"]
    rows[0]["platform"] = {"architecture": "unknown", "os": "unknown"}
    del rows[1]["platform"]
    assert index_entries(index) == (Entry(rows[1]["digest"], None),)


@pytest.mark.parametrize("rows", [None, "text", [1], {}])
def test_an_index_of_something_else_is_malformed(rows):
    assert reason(index_entries(Manifest(DIGEST, "x", {"manifests": rows}))) == "malformed"


@pytest.mark.parametrize(("name", "image"), [("manifest_200_docker_v2", True), ("manifest_200_oci", False)])
def test_only_an_image_says_that_it_is_one(name, image):
    assert is_image(manifest(name)) is image
    assert config_digest(manifest(name)).startswith("sha256:")


def test_a_recorded_manifest_shows_its_layers():
    artifact = manifest_from(manifest("manifest_200_oci"), {})
    assert artifact.config_type == "application/vnd.unknown.config.v1+json"
    assert artifact.layers == (Layer("application/vnd.oci.image.layer.v1.tar", 233),)
    assert (artifact.artifact_type, artifact.unpacked_layers) == ("", 0)
    image = manifest_from(manifest("manifest_200_docker_v2"))
    assert image.unpacked_layers is None
    assert all(isinstance(layer.size, int) for layer in image.layers)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, None),
        (FORBIDDEN, FORBIDDEN),
        ({"rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]}}, 2),
        ({"rootfs": {"type": "layers"}}, "not-shown"),
        ({"rootfs": {"diff_ids": "text"}}, "malformed"),
    ],
)
def test_what_a_configuration_lists(config, expected):
    found = manifest_from(manifest("manifest_200_docker_v2"), config).unpacked_layers
    assert found == expected or reason(found) == expected


@pytest.mark.parametrize("layers", [None, "text", [1]])
def test_layers_of_another_form_are_not_none(layers):
    assert isinstance(manifest_from(Manifest(DIGEST, "x", {"layers": layers})).layers, Unreadable)


@pytest.mark.parametrize("size", [None, "12", True])
def test_a_size_that_is_none_is_not_zero(size):
    (layer,) = manifest_from(Manifest(DIGEST, "x", {"layers": [{"mediaType": "a/b", "size": size}]})).layers
    assert isinstance(layer.size, Unreadable)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"os": "Linux", "architecture": "ARM64", "variant": "v8"}, Platform("linux", "arm64", None, "v8")),
        ({"os": "windows", "architecture": "amd64", "os.version": "10.0.1"}, Platform("windows", "amd64", "10.0.1")),
        ({"os": "linux", "architecture": "x86_64"}, Platform("linux", "amd64")),
        ({"os": "linux", "architecture": "aarch64"}, Platform("linux", "arm64")),
        ({"os": "linux"}, None),
        ({"os": "", "architecture": ""}, None),
        ({"os": 1, "architecture": []}, None),
        ({}, None),
        ("linux/amd64", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_platform_is_what_shows_both_halves(shown, expected):
    assert platform_from(shown) == expected


def test_attributes_stand_in_for_a_configuration_but_show_no_windows_build():
    assert platform_of_attributes(attributes("manifest"), FORBIDDEN) == AMD64
    assert platform_of_attributes(attributes("manifest", os="windows"), FORBIDDEN) == FORBIDDEN
    assert platform_of_attributes(None, FORBIDDEN) == FORBIDDEN
    index = attributes("manifest", mediaType="application/vnd.oci.image.index.v1+json")
    assert platform_of_attributes(index, FORBIDDEN) == FORBIDDEN
