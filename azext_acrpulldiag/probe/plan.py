"""On which nodes an image is to be pulled: one for every pool and kind of node in it. Pure.

A pool is an agent pool of AKS or a node pool of Karpenter, by the nodes' labels. Nodes of one that differ in node
image, system or architecture may differ in what they can pull, so each kind has a node of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..collect.ask.arm import Json
from ..collect.kubernetes.objects import objects_in, text_at, texts_in
from ..collect.kubernetes.workloads import node_from
from ..collect.members import member
from ..facts import Node
from ..facts.probe import NOT_PROBED, PoolProbe
from ..images.references import parse_reference

NODE_IMAGE = "kubernetes.azure.com/node-image-version"
LISTED_IMAGES = 50
"""How many images a node lists at most, the largest: ``nodeStatusMaxImages`` in
https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/."""
_NO_NODES = "It has no nodes; a pod that waits for one would have the autoscaler add it."
_KEEPS_OUT = ("NoSchedule", "NoExecute")
_LEAVING = frozenset({"ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"})
"""Taints of nodes that an autoscaler is about to remove: of https://github.com/kubernetes/autoscaler, and of
https://github.com/kubernetes-sigs/karpenter in ``pkg/apis/v1/taints.go``, the last of its v1beta1."""
_OF_CONDITIONS = "node.kubernetes.io/"
"""With which taints begin that tell what is wrong with a node, such as pressure on its disk."""
MOST_PODS = 200
"""In one run. A cluster has 100 pools at most (https://learn.microsoft.com/azure/aks/quotas-skus-regions), with two
node images each while they are upgraded; nodes of no pool, of which AKS has none, are each a kind of their own."""
# Whose pods Container Instances runs, see virtual_nodes.py.
_VIRTUAL = {"type": "virtual-kubelet", "virtualization": "virtualnode2"}


@dataclass(frozen=True)
class Taint:
    """What keeps pods off a node that do not tolerate it."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class Host:
    """A node that may be asked to pull."""

    node: Node
    taints: tuple[Taint, ...] = ()
    cordoned: bool = False
    listed: bool = False
    """Whether it lists the image, under this or another of its names."""
    unlisted_below: int | None = 0
    """Bytes below which an image may be there that is not listed; ``None``: of any size, its list tells nothing."""

    @property
    def kind(self) -> tuple[str, ...]:
        """What makes nodes alike, the pool first."""
        node = self.node
        return (node.pool or f"node {node.name}", node.labels.get(NODE_IMAGE, ""), node.os, node.architecture)

    @property
    def usable(self) -> bool:
        """Whether a pod would be placed there."""
        return self.node.ready and not self.cordoned and not any(each.key in _LEAVING for each in self.taints)

    @property
    def troubled(self) -> bool:
        """Whether kubelet may refuse a pod there that tolerates its taints."""
        return any(each.key.startswith(_OF_CONDITIONS) for each in self.taints)

    def fetched(self, size: int | None) -> bool:
        """Whether an image of ``size`` bytes cannot have been there before; an unknown size is the smallest."""
        return not self.listed and self.unlisted_below is not None and (size or 0) >= self.unlisted_below


def host_from(item: Json, image: str) -> Host:
    """Map a node as the API shows it."""
    images = objects_in(member(item, "status", "images"))
    sizes = [each["sizeBytes"] for each in images if isinstance(each.get("sizeBytes"), int)]
    taints = (
        Taint(text_at(each, "key"), text_at(each, "value"), text_at(each, "effect"))
        for each in objects_in(member(item, "spec", "taints"))
    )
    return Host(
        node=node_from(item),
        taints=tuple(each for each in taints if each.effect in _KEEPS_OUT),
        cordoned=member(item, "spec", "unschedulable") is True or bool(text_at(item, "metadata", "deletionTimestamp")),
        listed=any(_same(name, image) for each in images for name in texts_in(each.get("names"))),
        unlisted_below=_unlisted_below(len(images), sizes),
    )


def _unlisted_below(images: int, sizes: Sequence[int]) -> int | None:
    """Of a node that lists so many images, of these sizes: below which size others may be there.

    A node that kubelet runs on has images; one that shows none is told to list none, or has not reported yet.
    """
    if images == 0:
        return None
    return min(sizes, default=None) if images >= LISTED_IMAGES else 0


def _same(name: str, image: str) -> bool:
    """Whether a node's name of an image is a reference's: by its digest where that has one, else by its tag."""
    try:
        listed, wanted = parse_reference(name), parse_reference(image)
    except ValueError:
        return name == image
    if listed.repository != wanted.repository:
        return False
    return listed.digest == wanted.digest if wanted.digest else listed.tag == wanted.tag


def planned(hosts: Iterable[Host], declared: Iterable[str]) -> tuple[tuple[Host, ...], tuple[PoolProbe, ...]]:
    """Return the node of each kind that is to pull, and what is not tried.

    ``declared`` are the pools that the cluster has whether or not there are nodes. Of alike nodes one is taken that
    lacks the image, since layers that are there are not fetched again.
    """
    kinds: dict[tuple[str, ...], list[Host]] = {}
    for host in hosts:
        kinds.setdefault(host.kind, []).append(host)
    chosen, left_out = [], list(_without_nodes(kinds, declared))
    for _, alike in sorted(kinds.items()):
        usable = [each for each in alike if each.usable and not _is_virtual(each.node.labels)]
        if usable:
            chosen.append(min(usable, key=_preference))
        else:
            left_out.append(_not_probed(alike[0]))
    left_out += [_left_out(each, f"A probe starts at most {MOST_PODS} pods.") for each in chosen[MOST_PODS:]]
    return tuple(chosen[:MOST_PODS]), tuple(left_out)


def _preference(host: Host) -> tuple[object, ...]:
    """Nodes that certainly lack the image come first, then those that lack it from the smallest size on.

    Whatever they lack, those that take pods come before all.
    """
    return (host.troubled, host.listed, host.unlisted_below is None, host.unlisted_below or 0, host.node.name)


def _without_nodes(kinds: Iterable[tuple[str, ...]], declared: Iterable[str]) -> Iterator[PoolProbe]:
    with_nodes = {kind[0].lower() for kind in kinds}
    for pool in sorted(declared):
        if pool.lower() not in with_nodes:
            yield PoolProbe(pool, NOT_PROBED, message=_NO_NODES)


def _not_probed(host: Host) -> PoolProbe:
    if _is_virtual(host.node.labels):
        why = "It is a virtual node, for which Container Instances pulls and no kubelet does."
    elif host.cordoned:
        why = "Its nodes are cordoned, so that no pod is placed on them."
    elif host.node.ready:
        why = "An autoscaler is about to remove its nodes."
    else:
        why = "None of its nodes is ready."
    return _left_out(host, why)


def _left_out(host: Host, why: str) -> PoolProbe:
    node = host.node
    return PoolProbe(node.pool, NOT_PROBED, node.name, message=why, node_image=node.labels.get(NODE_IMAGE))


def _is_virtual(labels: Mapping[str, str]) -> bool:
    return any(labels.get(key) == value for key, value in _VIRTUAL.items())
