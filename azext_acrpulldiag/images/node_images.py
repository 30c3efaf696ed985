"""What the version of a node image tells: its day, and the platform of the nodes that run it. Pure.

AKS has written versions as ``AKSUbuntu-2204gen2arm64containerd-202610.01.0``,
``AKSUbuntu-1804gen2containerd-2022.02.07`` and ``AKSWindows-2022-containerd-20348.3091.260210``
(https://github.com/Azure/AKS/tree/master/vhd-notes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ..facts import Unreadable
from .platforms import NodePlatform

_LINUX = re.compile(r"-20(?P<year>\d\d)\.?(?P<month>\d\d)\.(?P<day>\d\d)(?:\.\d+)?$")
_WINDOWS = re.compile(r"-(?P<build>\d{5})\.\d+\.(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)$")


@dataclass(frozen=True)
class NodeImage:
    """A node image. AKS names arm64 images so; Windows images are amd64 alone."""

    day: date
    platform: NodePlatform


def node_image(version: str) -> NodeImage | Unreadable:
    """Take the version of a node pool's image apart; ``Unreadable`` where it is written in no form that is known."""
    windows = _WINDOWS.search(version)
    match = windows or _LINUX.search(version)
    unreadable = Unreadable("malformed", f"The node image version {version} shows neither its day nor its platform")
    if match is None:
        return unreadable
    try:
        day = date(2000 + int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return unreadable
    if windows:
        return NodeImage(day, NodePlatform("windows", "amd64", int(windows["build"])))
    return NodeImage(day, NodePlatform("linux", "arm64" if "arm64" in version.lower() else "amd64"))
