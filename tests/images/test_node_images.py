from __future__ import annotations

from datetime import date

import pytest

from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.images.node_images import NodeImage, node_image
from azext_acrpulldiag.images.platforms import NodePlatform

AMD64, ARM64 = NodePlatform("linux", "amd64"), NodePlatform("linux", "arm64")


@pytest.mark.parametrize(
    ("version", "day", "platform"),
    [
        ("AKSUbuntu-2204gen2containerd-202503.21.0", date(2025, 3, 21), AMD64),
        ("AKSUbuntu-2204gen2arm64containerd-202508.20.1", date(2025, 8, 20), ARM64),
        ("AKSUbuntu-1804gen2containerd-2022.02.07", date(2022, 2, 7), AMD64),
        ("AKSAzureLinux-V3gen2-202508.06.0", date(2025, 8, 6), AMD64),
        ("AKSAzureLinux-V3gen2arm64-202508.06.0", date(2025, 8, 6), ARM64),
        ("AKSWindows-2022-containerd-20348.1787.230614", date(2023, 6, 14), NodePlatform("windows", "amd64", 20348)),
        ("AKSWindows-2019-containerd-17763.3650.221110", date(2022, 11, 10), NodePlatform("windows", "amd64", 17763)),
    ],
)
def test_the_forms_that_aks_has_used(version, day, platform):
    assert node_image(version) == NodeImage(day, platform)


@pytest.mark.parametrize(
    "version",
    [
        "",
        "AKSUbuntu",
        "AKSWindows-2022-containerd",
        "AKSUbuntu-2204gen2containerd-202513.41.0",
        "AKSWindows-2022-containerd-20348.3091.261399",
        "custom-image-20260210",
    ],
)
def test_other_texts_show_nothing(version):
    unread = node_image(version)
    assert isinstance(unread, Unreadable)
    assert unread.reason == "malformed"
