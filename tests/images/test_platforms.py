from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import Placement, Platform, Requirement
from azext_acrpulldiag.images.platforms import NodePlatform, any_platform, build_of, may_land, runs_on

AMD64, ARM64 = NodePlatform("linux", "amd64"), NodePlatform("linux", "arm64")


def windows(build: int | None) -> NodePlatform:
    return NodePlatform("windows", "amd64", build)


@pytest.mark.parametrize(
    ("platforms", "node", "expected"),
    [
        (["linux/amd64"], AMD64, True),
        (["linux/arm64"], AMD64, False),
        (["linux/arm64", "linux/amd64"], AMD64, True),
        (["linux/386"], AMD64, True),
        (["linux/arm"], ARM64, True),
        (["linux/amd64"], ARM64, False),
        (["windows/amd64"], AMD64, False),
        (["linux/amd64"], windows(20348), False),
        ([], AMD64, False),
    ],
)
def test_os_and_architecture(platforms, node, expected):
    assert runs_on([Platform(*each.split("/")) for each in platforms], node) is expected


@pytest.mark.parametrize(
    ("image", "host", "expected"),
    [
        ("10.0.17763.6414", 17763, True),
        ("10.0.17763.6414", 20348, False),  # 2019 on 2022
        ("10.0.20348.2113", 17763, False),  # 2022 on 2019
        ("10.0.20348.2113", 20348, True),
        ("10.0.20348.2113", 26100, True),  # 2022 on 2025
        ("10.0.26100.1", 20348, False),  # 2025 on 2022
        ("10.0.17763.6414", 26100, False),
        ("10.0.20348.2113", None, None),
        (None, None, True),
        (None, 20348, True),
        ("nonsense", 20348, True),
    ],
)
def test_windows_builds(image, host, expected):
    assert runs_on([Platform("windows", "amd64", image)], windows(host)) is expected


@pytest.mark.parametrize(("version", "build"), [("10.0.20348", 20348), ("10.0.x", None), ("10", None), (None, None)])
def test_the_build_in_a_version(version, build):
    assert build_of(version) == build


LABELS = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "agentpool": "web", "cores": "8"}


@pytest.mark.parametrize(
    ("key", "operator", "values", "expected"),
    [
        ("agentpool", "In", ("web", "api"), True),
        ("agentpool", "In", ("api",), False),
        ("absent", "In", ("x",), False),
        ("agentpool", "NotIn", ("api",), True),
        ("agentpool", "NotIn", ("web",), False),
        ("absent", "NotIn", ("x",), True),
        ("agentpool", "Exists", (), True),
        ("absent", "Exists", (), False),
        ("agentpool", "DoesNotExist", (), False),
        ("absent", "DoesNotExist", (), True),
        ("cores", "Gt", ("4",), True),
        ("cores", "Gt", ("8",), False),
        ("cores", "Lt", ("16",), True),
        ("cores", "Lt", ("x",), False),
        ("agentpool", "Gt", ("4",), False),
        ("absent", "Gt", ("4",), False),
        ("agentpool", "Unheard", ("web",), False),
    ],
)
def test_requirements(key, operator, values, expected):
    placement = Placement(required_terms=((Requirement(key, operator, values),),))
    assert may_land(placement, LABELS) is expected


def test_one_term_is_enough_and_all_of_it_counts():
    here, elsewhere = Requirement("agentpool", "In", ("web",)), Requirement("agentpool", "In", ("api",))
    assert may_land(Placement(required_terms=((elsewhere,), (here,))), LABELS)
    assert not may_land(Placement(required_terms=((here, elsewhere),)), LABELS)
    assert not may_land(Placement(required_terms=((),)), LABELS)  # an empty term matches nothing
    assert may_land(Placement(), {})


def test_a_node_selector_is_met_whole():
    assert may_land(Placement({"agentpool": "web", "cores": "8"}), LABELS)
    assert not may_land(Placement({"agentpool": "web", "cores": "4"}), LABELS)


def test_a_placement_without_its_platform():
    asked = Placement({"kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux", "agentpool": "web"})
    assert not may_land(asked, LABELS)
    assert may_land(any_platform(asked), LABELS)


def test_a_platform_in_words():
    assert [str(one) for one in (ARM64, windows(20348))] == ["linux/arm64", "windows/amd64 (Windows build 20348)"]
