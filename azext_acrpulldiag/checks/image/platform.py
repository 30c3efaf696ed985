"""Check on the platforms of the image: can the nodes that it lands on run it?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.image import built_for
from ...effects.workloads import moved
from ...facts import (
    Facts,
    FailingContainer,
    ImageLookup,
    Kubernetes,
    Node,
    Platform,
    Unreadable,
    known,
)
from ...images.platforms import ARCHITECTURE_LABEL, OS_LABEL, NodePlatform, any_platform, may_land, runs_on
from ...model import Confidence, Finding, SeenFrom, Severity
from ...repairs import Step, option
from .._kubectl import GET_CREDENTIALS, Kubectl
from ._hosts import Host, everywhere, host_of, landed_on, nodes_of, waiting_for
from .content import looked_up, reach_of


@dataclass(frozen=True)
class Mismatch(Details):
    """An image, and nodes that cannot run it."""

    image: str
    image_platforms: tuple[str, ...]
    where: str
    node_platforms: tuple[str, ...]
    effect: str
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    """``NAMESPACE/NAME`` of those that wait for it."""
    pools_unable: tuple[str, ...]
    pools_able: tuple[str, ...]
    wanted_platforms: str
    """Those of the image and of the nodes, as ``docker buildx`` takes them."""
    registry: str
    subscription: str
    path: str | None
    """Repository and tag; ``None``: the image is named by its digest, and whatever is built has another."""
    for_windows: bool = internal()

    @property
    def built_by_digest(self) -> bool:
        """What is built gets a new name."""
        return self.path is None

    @property
    def able(self) -> str:
        """A clause that names the pools that can run it; empty: none is known to."""
        return f"; node pools that can run it: {', '.join(self.pools_able)}" if self.pools_able else ""

    @property
    def built_for_windows(self) -> bool:
        """The registry can build it."""
        return self.path is not None and self.for_windows

    @property
    def built_for_all(self) -> bool:
        """One build serves every platform."""
        return self.path is not None and not self.for_windows


@dataclass(frozen=True)
class Move(Details):
    """What patches the pods' owner to land where the image runs; all ``None``: there is no such place or owner."""

    owner_kind: str | None = None
    owner_name: str | None = None
    namespace: str | None = None
    patch: str | None = None

    @property
    def deployment(self) -> str | None:
        """The owner's name, where it is a deployment."""
        return self.owner_name if self.owner_kind == "deployment" else None

    @property
    def statefulset(self) -> str | None:
        """The owner's name, where it is a stateful set."""
        return self.owner_name if self.owner_kind == "statefulset" else None

    @property
    def daemonset(self) -> str | None:
        """The owner's name, where it is a daemon set."""
        return self.owner_name if self.owner_kind == "daemonset" else None


_PATCHED_KINDS = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}

PLATFORM_MISMATCH = Outcome(
    id="image.platform-mismatch",
    severity=Severity.ERROR,
    summary="The image {image} is for {image_platforms}, and {where} {node_platforms}: {effect}{able}.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
    "cannot-pull-image-from-acr-to-aks-cluster",
    seen_from=SeenFrom.REGISTRY,
    details=(Mismatch, Move, Kubectl),
    repairs=(
        Step("Build the image for the nodes' platform too, push it, and name its new digest", when="built_by_digest"),
        Step(
            "Build the image on a base image of the nodes' Windows build, and push it",
            "az acr build --registry {registry} --image {path} --platform windows --subscription {subscription} .",
            when="built_for_windows",
            requires=(
                "Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl/action",
                "Microsoft.ContainerRegistry/registries/scheduleRun/action",
            ),
            untold="Whether the base image is of a Windows build that nodes run shows only in what is built.",
        ),
        Step(
            "Build the image for the nodes' platform too, and push it",
            "docker buildx build --platform {wanted_platforms} --tag {image} --push .",
            when="built_for_all",
            requires=("Microsoft.ContainerRegistry/registries/push/write",),
            effect=built_for("wanted_platforms"),
        ),
        *(
            option(
                GET_CREDENTIALS,
                Step(
                    "Or schedule the pods on a node pool that can run it ({pools_able})",
                    f"kubectl {{kubectl}} patch {kind} {{{kind}}} --namespace {{namespace}} --patch {{patch}}",
                    requires=(f"get {kind}s", f"patch {kind}s"),
                    changes=f"the {kind}'s pods are replaced",
                    effect=moved(kind),
                ),
                when=kind,
            )
            for kind in _PATCHED_KINDS.values()
        ),
    ),
    # Where the node's credential meets no match, the anonymous attempt that follows it meets 401.
    explains=("platform-mismatch", "unauthorized-401"),
    article="5",
)
_NO_MATCH = "containerd finds no match for the platform in its index"
_NO_START = "it is a single manifest, so it is pulled, but its container cannot start"


@check(
    "image.platform",
    needs=("images", "cluster", "kubernetes", "registry", "options"),
    outcomes=(PLATFORM_MISMATCH,),
    seen_from=SeenFrom.REGISTRY,
)
def image_fits_its_nodes(facts: Facts) -> Iterator[Finding]:
    """The image has a manifest for the platform of the nodes that its pods are scheduled on.

    Otherwise containerd finds "no match for platform in manifest" in an index. It pulls a single manifest whatever its
    platform, but the container cannot start, which is a warning here. Decided by the platforms of the index, or of the
    single manifest's configuration, against the labels kubernetes.io/os, kubernetes.io/arch and
    node.kubernetes.io/windows-build of the nodes on which pods fail; for an image that no pod waits for, against every
    pool, where one pool that can run it is enough. Pools without nodes are judged by their node image version. A
    Windows container needs a host of its own build, or from Windows Server 2022 on a later one
    (https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility).
    """
    for one in looked_up(facts):
        if isinstance(one, Finding):
            yield one
        elif one.reference_exists is False:
            yield skipped(one.reference, "The registry does not have the image.")
        elif isinstance(one.platforms, Unreadable):
            yield unknown(one.reference, one.platforms)
        elif not one.platforms:
            yield skipped(one.reference, "The image does not say which platform it is for.")
        else:
            yield from _judged(facts, one, one.platforms)


def _judged(facts: Facts, one: ImageLookup, platforms: tuple[Platform, ...]) -> Iterator[Finding]:
    kubernetes = facts.kubernetes if isinstance(facts.kubernetes, Kubernetes) else None
    nodes = nodes_of(kubernetes)
    waiting = waiting_for(facts, one)
    landed = landed_on(waiting, nodes)
    hosts = landed or everywhere(facts, nodes)
    unable = [host for host in hosts if _runs(platforms, host) is False]
    unsure = [host for host in hosts if _runs(platforms, host) is None]
    if not hosts:
        yield skipped(one.reference, "The cluster has no node pool.")
    elif unable and (landed or len(unable) == len(hosts)):
        if not landed and known(known(facts.cluster).node_auto_provisioning):
            what = "No node there is now can run it, and the cluster provisions nodes of any platform by itself"
            yield unknown(one.reference, Unreadable("not-shown", what))
            return
        yield _mismatch(facts, one, platforms, unable, _able(nodes, platforms, waiting), waiting)
    elif unsure and (landed or len(unable) + len(unsure) == len(hosts)):
        yield unknown(one.reference, _unsure(unsure))
    elif isinstance(facts.kubernetes, Unreadable):
        # Some pool can run it; whether the pods land there, only Kubernetes tells.
        yield unknown(one.reference, facts.kubernetes, decisive=False)


def _mismatch(
    facts: Facts,
    one: ImageLookup,
    platforms: tuple[Platform, ...],
    unable: list[Host],
    able: tuple[str, ...],
    waiting: list[FailingContainer],
) -> Finding:
    registry = known(facts.registry)
    needed = [host.platform for host in unable if isinstance(host.platform, NodePlatform)]
    wanted = {(each.os, each.architecture) for each in platforms} | {(each.os, each.architecture) for each in needed}
    mismatch = Mismatch(
        image=one.reference,
        image_platforms=_each_once(map(_shown, platforms)),
        where="its pods landed on" if waiting and all(host.node for host in unable) else "every node pool is",
        node_platforms=_each_once(map(str, needed)),
        effect=_NO_MATCH if one.is_index else _NO_START,
        nodes=_each_once(host.name for host in unable if host.node is not None),
        pods=_each_once(f"{container.namespace}/{container.pod}" for container in waiting),
        pools_unable=_each_once(host.pool for host in unable if host.pool),
        pools_able=able,
        wanted_platforms=",".join(sorted(f"{system}/{architecture}" for system, architecture in wanted)),
        registry=registry.name,
        subscription=registry.subscription,
        path=None if one.digest else f"{one.repository}:{one.tag}",
        for_windows=any(platform.os == "windows" for platform in needed),
    )
    return PLATFORM_MISMATCH.at(
        one.reference,
        mismatch,
        _moving(platforms, able, waiting),
        Kubectl.of(facts),
        reach=reach_of(one),
        severity=None if one.is_index else Severity.WARNING,
        explains=None if one.is_index else (),
        confidence=None if all(host.node for host in unable) else Confidence.INFERRED,
    )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _moving(platforms: tuple[Platform, ...], able: tuple[str, ...], waiting: list[FailingContainer]) -> Move:
    kinds = {(platform.os, platform.architecture) for platform in platforms}
    owned = next((one for one in waiting if one.owner and one.owner.partition("/")[0] in _PATCHED_KINDS), None)
    if not able or owned is None or len(kinds) != 1:
        return Move()
    kind, _, name = str(owned.owner).partition("/")
    ((system, architecture),) = kinds
    selector = {OS_LABEL: system, ARCHITECTURE_LABEL: architecture}
    patch = json.dumps({"spec": {"template": {"spec": {"nodeSelector": selector}}}})
    return Move(_PATCHED_KINDS[kind], name, owned.namespace, patch)


# --- the nodes ---------------------------------------------------------------------------


def _runs(platforms: tuple[Platform, ...], host: Host) -> bool | None:
    return None if isinstance(host.platform, Unreadable) else runs_on(platforms, host.platform)


def _unsure(hosts: list[Host]) -> Unreadable:
    first = hosts[0]
    if isinstance(first.platform, Unreadable):
        return first.platform
    return Unreadable("not-shown", f"The Windows build of {first.name} is not known")


def _able(nodes: tuple[Node, ...], platforms: tuple[Platform, ...], waiting: list[FailingContainer]) -> tuple[str, ...]:
    """The pools that can run the image and are closed to its pods by nothing but os and architecture."""
    placements = [any_platform(container.placement) for container in waiting]
    return _each_once(
        node.pool or node.name
        for node in nodes
        if _runs(platforms, host_of(node)) and all(may_land(placement, node.labels) for placement in placements)
    )


def _shown(platform: Platform) -> str:
    version = f" (Windows {platform.os_version})" if platform.os_version else ""
    variant = f"/{platform.variant}" if platform.variant else ""
    return f"{platform.os}/{platform.architecture}{variant}{version}"
