"""Where an image is pulled: the nodes that its pods wait on, else every node and pool. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts import (
    AgentPool,
    Cluster,
    Facts,
    FailingContainer,
    ImageLookup,
    Kubernetes,
    Node,
    Unreadable,
    known,
)
from ...images.node_images import NodeImage, node_image
from ...images.platforms import NodePlatform, build_of, may_land
from ...images.references import parse_reference
from ...pull_errors.asked import asked_for
from .._kubernetes import failing_pods_of


@dataclass(frozen=True)
class Host:
    """A node, or a pool by its node image."""

    name: str
    pool: str | None
    platform: NodePlatform | Unreadable
    node: Node | None = None


def nodes_of(kubernetes: Kubernetes | None) -> tuple[Node, ...]:
    """The nodes there are; none where they could not be read, and pools stand in for them."""
    return () if kubernetes is None or isinstance(kubernetes.nodes, Unreadable) else kubernetes.nodes


def host_of(node: Node) -> Host:
    if not node.os or not node.architecture:
        what = f"The node {node.name} does not show its operating system and architecture"
        return Host(node.name, node.pool, Unreadable("not-shown", what), node)
    platform = NodePlatform(node.os.lower(), node.architecture.lower(), build_of(node.windows_build))
    return Host(node.name, node.pool, platform, node)


def waiting_for(facts: Facts, one: ImageLookup) -> list[FailingContainer]:
    """The failing containers whose nodes ask for this very image, whatever the pods call it."""
    failing = failing_pods_of(facts)
    known(facts.registry)  # images are the registry's: it was read with them
    return [each for each in failing if _names(each, facts, one)] if isinstance(failing, tuple) else []


def hosts_of(facts: Facts, one: ImageLookup) -> tuple[list[Host], list[FailingContainer]]:
    """Where an image is pulled, and the containers that wait for it.

    The nodes that its pods wait on; for an image that no pod is known to wait for, every node and every pool without.
    """
    kubernetes = facts.kubernetes if isinstance(facts.kubernetes, Kubernetes) else None
    nodes, waiting = nodes_of(kubernetes), waiting_for(facts, one)
    return landed_on(waiting, nodes) or everywhere(facts, nodes), waiting


def _names(container: FailingContainer, facts: Facts, one: ImageLookup) -> bool:
    try:
        image = asked_for(container, facts) or parse_reference(container.image)
    except ValueError:
        return False
    return (image.repository, image.tag, image.digest) == (one.repository, one.tag, one.digest)


def landed_on(waiting: list[FailingContainer], nodes: tuple[Node, ...]) -> list[Host]:
    """The nodes on which the pods wait; of a pod without a node, those on which it may land."""
    names = {container.node for container in waiting if container.node}
    unplaced = [container for container in waiting if container.node is None]
    return [
        host_of(node)
        for node in nodes
        if node.name in names or any(may_land(container.placement, node.labels) for container in unplaced)
    ]


def everywhere(facts: Facts, nodes: tuple[Node, ...]) -> list[Host]:
    """Every node, and every pool that has none."""
    cluster = facts.cluster
    seen = {node.pool for node in nodes}
    if nodes and (isinstance(cluster, Unreadable) or isinstance(cluster.agent_pools, Unreadable)):
        return [host_of(node) for node in nodes]
    return [host_of(node) for node in nodes] + [_pool(pool) for pool in _pools(known(cluster)) if pool.name not in seen]


def _pools(cluster: Cluster) -> list[AgentPool]:
    """The pools that run pods."""
    return [pool for pool in known(cluster.agent_pools) if str(pool.mode).lower() != "gateway"]


def _pool(pool: AgentPool) -> Host:
    return Host(pool.name, pool.name, pool_platform(pool))


def pool_platform(pool: AgentPool) -> NodePlatform | Unreadable:
    """The platform of a pool's nodes, by its node image version; without that, Windows is known to be amd64."""
    system, version = pool.os_type, pool.node_image_version
    if isinstance(system, Unreadable):
        return system
    if isinstance(version, Unreadable):
        return version
    image = node_image(version)
    if isinstance(image, NodeImage) and image.platform.os == system.lower():
        return image.platform
    if system.lower() == "windows":
        return NodePlatform("windows", "amd64")
    what = f"The node image version {version} of pool {pool.name} does not show its architecture"
    return Unreadable("malformed", what)
