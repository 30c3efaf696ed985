"""Where a pod may land, and which images run there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ..facts import Placement, Platform, Requirement

ARCHITECTURE_LABEL = "kubernetes.io/arch"
OS_LABEL = "kubernetes.io/os"

# What containerd takes on a node beside the node's own architecture (platforms.Only).
_ALSO_RUNS = {"amd64": ("386",), "arm64": ("arm",)}
# The first release whose containers later hosts run, too (hcsshim's osversion.CheckHostAndContainerCompat).
_STABLE_SINCE = 20348


@dataclass(frozen=True)
class NodePlatform:
    """What a node, or every node of a pool, is."""

    os: str
    architecture: str
    windows_build: int | None = None
    """``20348`` and the like; ``None`` on Linux, or where it is not known."""

    def __str__(self) -> str:
        build = f" (Windows build {self.windows_build})" if self.windows_build else ""
        return f"{self.os}/{self.architecture}{build}"


def on_aks(platform: Platform) -> bool:
    """Tell whether there can be a node of AKS that takes an image of this platform.

    Nodes are linux/amd64, linux/arm64 or windows/amd64 (https://learn.microsoft.com/azure/aks/use-arm64-vms).
    """
    kinds = (("linux", "amd64"), ("linux", "arm64"), ("windows", "amd64"))
    return any(runs_on((platform,), NodePlatform(*kind)) is not False for kind in kinds)


def runs_on(platforms: Collection[Platform], node: NodePlatform) -> bool | None:
    """Tell whether one of an image's platforms runs on a node; ``None``: its Windows build decides and is not known.

    Windows containers with process isolation, which is all that AKS has, need a host of their own
    build; from Windows Server 2022 on, a host also runs earlier builds down to that release
    (https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility).
    """
    fitting = [
        platform
        for platform in platforms
        if platform.os == node.os
        and platform.architecture in (node.architecture, *_ALSO_RUNS.get(node.architecture, ()))
    ]
    if not fitting or node.os != "windows":
        return bool(fitting)
    builds = [build_of(platform.os_version) for platform in fitting]
    if None in builds:  # an image that names no build is taken by every host
        return True
    if node.windows_build is None:
        return None
    return any(build is not None and _compatible(node.windows_build, build) for build in builds)


def preference(platform: Platform | None, node: NodePlatform) -> tuple[int, ...] | None:
    """Rank what a node may take, the lowest first; ``None``: it does not run there.

    As containerd compares (``platforms.Only``, and on Windows its matcher): the node's own architecture before others
    that it runs, no variant before a variant, on Windows the host's build before earlier ones and of a build the
    latest revision. What names no platform comes last.
    """
    if platform is None:
        return (1,)
    if runs_on((platform,), node) is False:
        return None
    other_architecture = int(platform.architecture != node.architecture)
    variant = int(platform.variant not in (None, "v1", "v8"))
    build = build_of(platform.os_version) if node.os == "windows" else None
    age = (node.windows_build or build or 0) - (build or 0)
    revision = _revision(platform.os_version) if node.os == "windows" else 0
    return (0, other_architecture, variant, age, -revision)


def _compatible(host: int, container: int) -> bool:
    if host < _STABLE_SINCE:
        return host == container
    return _STABLE_SINCE <= container <= host


def build_of(version: str | None) -> int | None:
    """The build in a Windows version: 20348 of ``10.0.20348.2113``."""
    parts = (version or "").split(".")
    return int(parts[2]) if len(parts) > 2 and parts[2].isdecimal() else None


def _revision(version: str | None) -> int:
    """The revision in a Windows version: 2113 of ``10.0.20348.2113``."""
    parts = (version or "").split(".")
    return int(parts[3]) if len(parts) > 3 and parts[3].isdecimal() else 0


def may_land(placement: Placement, labels: Mapping[str, str]) -> bool:
    """Tell whether a node with ``labels`` meets a pod's node selector and required affinity."""
    if any(labels.get(key) != value for key, value in placement.node_selector.items()):
        return False
    terms = placement.required_terms
    return not terms or any(term and all(_meets(one, labels) for one in term) for term in terms)


def any_platform(placement: Placement) -> Placement:
    """The placement without what its node selector asks of os and architecture."""
    kept = {key: value for key, value in placement.node_selector.items() if key not in (OS_LABEL, ARCHITECTURE_LABEL)}
    return replace(placement, node_selector=kept)


def _meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """One expression, by Kubernetes' rules: NotIn and DoesNotExist hold where the label is absent."""
    value = labels.get(requirement.key)
    operator = _OPERATORS.get(requirement.operator)
    return operator is not None and operator(value, requirement.values)


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _compared(value: str | None, values: tuple[str, ...], greater: bool) -> bool:
    mine, bound = _whole(value), _whole(values[0] if len(values) == 1 else None)
    return mine is not None and bound is not None and (mine > bound if greater else mine < bound)


_OPERATORS: dict[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "In": lambda value, values: value is not None and value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": lambda value, values: _compared(value, values, True),
    "Lt": lambda value, values: _compared(value, values, False),
}
