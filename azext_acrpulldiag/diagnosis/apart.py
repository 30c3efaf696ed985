"""What the nodes share on which pulls fail, and others lack on which they work. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..checks.unexplained import ARCHITECTURE, CONTAINERD, NODE_IMAGE, OS, OS_SKU, POOL, Apart, Trait
from ..facts import AgentPool, Cluster, Facts, ImageLookup, Kubernetes, Node, Unreadable
from ..images.references import image_key
from ..model import Symptom
from ..pull_errors.symptoms import recent_pulls
from ..quoting import printable

_MOST_NAMES = 3
_OS_SKU = "kubernetes.azure.com/os-sku"
_NODE_IMAGE = "kubernetes.azure.com/node-image-version"


@dataclass(frozen=True)
class SeenNode:
    """A node, by its printable name: what it is, and what it fetched from the registry within the hour."""

    name: str
    ready: bool
    traits: Mapping[str, str | None]
    pulled: frozenset[Hashable]
    """Keys of images, see :func:`~..images.references.image_key`."""


@dataclass(frozen=True)
class Surroundings:
    """The nodes, those on which any pull of the registry fails, and what is known of the images."""

    nodes: tuple[SeenNode, ...] = ()
    failing: frozenset[str] = field(default_factory=frozenset)
    all_pods_read: bool = False
    images: tuple[ImageLookup, ...] = ()
    """What the registry told of the images that are judged."""


def surroundings_of(facts: Facts, symptoms: Iterable[Symptom]) -> Surroundings:
    """What is known of all nodes; ``symptoms`` are the live ones of the registry."""
    kubernetes, images = facts.kubernetes, facts.images if isinstance(facts.images, tuple) else ()
    if not isinstance(kubernetes, Kubernetes) or isinstance(kubernetes.nodes, Unreadable):
        return Surroundings(images=images)
    pulled: dict[str, set[Hashable]] = {}
    for each in recent_pulls(facts):
        pulled.setdefault(each.node or "", set()).add(image_key(each.image))
    pools = _pools(facts.cluster)
    nodes = tuple(
        SeenNode(
            printable(node.name),
            node.ready,
            _traits(node, pools.get((node.pool or "").lower())),
            frozenset(pulled.get(node.name, ())),
        )
        for node in kubernetes.nodes
    )
    failing = frozenset(each.node for each in symptoms if each.node)
    return Surroundings(nodes, failing, kubernetes.overlooked is None, images)


def apart(symptoms: Sequence[Symptom], around: Surroundings) -> Apart:
    """Compare the nodes of ``symptoms`` with the best there are: that pulled the image, pulled anything, are ready.

    A trait counts where it is known of all of both sides, the same on every failing node and on none of the others.
    """
    names = {each.node for each in symptoms}
    here = [node for node in around.nodes if node.name in names]
    if not here or len(here) < len(names):
        return Apart()
    images = {image_key(each.image) for each in symptoms}
    others = [node for node in around.nodes if node.name not in around.failing]
    compared = (
        ("pulled-the-image", [node for node in others if node.pulled & images]),
        ("pulled", [node for node in others if node.pulled]),
        ("ready", [node for node in others if node.ready and around.all_pods_read]),
    )
    known_as, there = next(((name, nodes) for name, nodes in compared if nodes), (None, []))
    return Apart(
        only_here=tuple(filter(None, (_trait(what, here, there) for what in here[0].traits))) if there else (),
        compared_with=known_as,
        compared_nodes=tuple(sorted(node.name for node in there)[:_MOST_NAMES]),
    )


def _trait(what: str, here: Collection[SeenNode], there: Collection[SeenNode]) -> Trait | None:
    ours, theirs = ({node.traits[what] for node in nodes} for nodes in (here, there))
    (value, *more) = ours
    if more or value is None or None in theirs or value in theirs:
        return None
    return Trait(what, printable(value), tuple(sorted(printable(each) for each in theirs if each)[:_MOST_NAMES]))


def _traits(node: Node, pool: AgentPool | None) -> Mapping[str, str | None]:
    """What a node is, in the order in which it is told; of the pool what the node's own labels do not show."""
    version = None if pool is None or isinstance(pool.node_image_version, Unreadable) else pool.node_image_version
    return {
        POOL: node.pool,
        OS: node.os or None,
        ARCHITECTURE: node.architecture or None,
        OS_SKU: node.labels.get(_OS_SKU) or (pool.os_sku if pool else None),
        NODE_IMAGE: node.labels.get(_NODE_IMAGE) or version,
        CONTAINERD: node.runtime,
    }


def _pools(cluster: Cluster | Unreadable) -> Mapping[str, AgentPool]:
    pools = (
        () if isinstance(cluster, Unreadable) or isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools
    )
    return {pool.name.lower(): pool for pool in pools}
