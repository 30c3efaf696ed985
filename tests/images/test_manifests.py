"""Mirror of images/manifests.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import Layer, Offered, Platform, Unreadable
from azext_acrpulldiag.images.manifests import Weight, heaviest, taken, weight_of
from azext_acrpulldiag.images.platforms import NodePlatform
from tests.build import image_manifest, lookup, offered

HIDDEN = Unreadable("forbidden", "HTTP 403")
LINUX = NodePlatform("linux", "amd64")
ARM = NodePlatform("linux", "arm64")
WINDOWS = NodePlatform("windows", "amd64", 20348)


def windows(version, digest):
    return Offered(digest, Platform("windows", "amd64", version), None)


@pytest.mark.parametrize(
    ("there", "node", "expected"),
    [
        # What containerd 1.6.20, 1.7.24 and 2.1.9 did: of two for one platform the first, gone or not.
        ([offered(digest="a", manifest=None), offered(digest="b")], LINUX, "ab"),
        ([offered("linux/amd64/v3", "v"), offered(digest="a")], LINUX, "av"),
        ([offered("linux/386", "i"), offered(digest="a")], LINUX, "ai"),
        ([offered("linux/386", "i")], LINUX, "i"),
        ([offered("linux/arm/v7", "7"), offered("linux/arm64/v8", "8")], ARM, "87"),
        ([offered("linux/arm64", "8")], LINUX, ""),
        ([offered(None, "n"), offered(digest="a")], LINUX, "an"),
        ([windows("10.0.20348.1", "a"), windows("10.0.20348.2113", "b"), windows("10.0.17763.1", "c")], WINDOWS, "ba"),
        ([windows("10.0.20348.1", "a"), windows("10.0.26100.1", "b")], NodePlatform("windows", "amd64", 26100), "ba"),
    ],
)
def test_what_a_node_takes(there, node, expected):
    assert "".join(each.digest for each in taken(there, node)) == expected


def test_the_weight_of_a_manifest():
    weight = weight_of(image_manifest(1_100_000_000, 900_000_000, 300))
    assert weight == Weight(3, 2_000_000_300, 1_100_000_000)
    assert str(weight) == "3 layers, 2.0 GB compressed (the largest 1.1 GB)"
    assert str(weight_of(image_manifest(2_500))) == "1 layer, 2.5 kB compressed (the largest 2.5 kB)"
    assert str(weight_of(image_manifest(layers=()))) == "0 layers, 0 bytes compressed (the largest 0 bytes)"


@pytest.mark.parametrize("layers", [HIDDEN, (Layer("a/b", 5), Layer("a/b", HIDDEN))])
def test_a_size_that_is_not_shown_is_not_zero(layers):
    assert weight_of(image_manifest(layers=layers)) is HIDDEN


def test_the_heaviest_of_what_nodes_may_take():
    several = (
        offered(),
        offered("linux/arm64", manifest=image_manifest(5_000_000)),
        offered("linux/386", manifest=None),
    )
    assert heaviest(lookup(manifests=several)) == Weight(1, 5_000_000, 5_000_000)
    assert heaviest(lookup(manifests=HIDDEN)) is None
    assert heaviest(lookup(manifests=())) is None
