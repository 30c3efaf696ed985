"""Node pools by what their nodes are (system, node image, containerd), and whether pulls work there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..checks.unexplained import ARCHITECTURE, CONTAINERD, NODE_IMAGE, OS, OS_SKU, POOL
from ..facts import AgentPool, Cluster, Facts, Kubernetes, Unreadable
from ..facts.probe import FAILED, PULLED, PoolProbe, ProbeReport
from ..model import Symptom
from ..quoting import printable
from .apart import SeenNode, surroundings_of

WORKS, FAILS, BOTH, NOT_SEEN = "works", "fails", "both", "unknown"
_TRAITS = (POOL, OS, OS_SKU, ARCHITECTURE, NODE_IMAGE, CONTAINERD)
_WORST_FIRST = (FAILS, BOTH, WORKS, NOT_SEEN)


@dataclass(frozen=True)
class PoolRow:
    """The nodes of one kind in one pool; ``None``: not known."""

    pool: str | None
    """``None``: they are in none."""
    os: str | None
    os_sku: str | None
    architecture: str | None
    node_image: str | None
    containerd: str | None
    nodes: int | None
    ready: int | None
    state: str
    """``works``: a pull from the registry was seen within the hour, or a probe's; ``fails``; ``both``: some pulls do;
    ``unknown``: none was seen."""
    failing_pods: int | None
    """Of the registry, on these nodes."""
    pulled_on: int | None
    """Nodes that pulled from the registry within the hour."""
    probed: str | None
    """What a probe came to; ``None``: there was none."""


def pool_rows(facts: Facts, symptoms: Sequence[Symptom]) -> tuple[PoolRow, ...]:
    """Every pool, those first on which pulls fail; ``symptoms`` are the live ones of the registry.

    Where nodes were not read, what Azure shows of the pools. A pool whose nodes differ has several rows.
    """
    nodes = surroundings_of(facts, symptoms).nodes
    probes = facts.probe.pools if isinstance(facts.probe, ProbeReport) else ()
    alike: dict[tuple[str | None, ...], list[SeenNode]] = {}
    for node in nodes:
        alike.setdefault(tuple(node.traits[each] for each in _TRAITS), []).append(node)
    pulls_read = isinstance(facts.kubernetes, Kubernetes) and not isinstance(facts.kubernetes.pulled, Unreadable)
    rows = [_of_nodes(traits, some, symptoms, probes, pulls_read) for traits, some in alike.items()]
    seen = {(node.traits[POOL] or "").lower() for node in nodes}
    rows += [_as_shown(pool, probes, 0 if nodes else None) for pool in _pools(facts.cluster) if _key(pool) not in seen]
    return tuple(sorted(rows, key=lambda row: (_WORST_FIRST.index(row.state), row.pool or "", row.node_image or "")))


def _of_nodes(
    traits: tuple[str | None, ...],
    nodes: Sequence[SeenNode],
    symptoms: Iterable[Symptom],
    probes: Iterable[PoolProbe],
    pulls_read: bool,
) -> PoolRow:
    pool, system, sku, architecture, image, runtime = (each and printable(each) for each in traits)
    names = {node.name for node in nodes}
    failing = {(each.namespace, each.pod) for each in symptoms if each.node in names}
    pulled = sum(bool(node.pulled) for node in nodes)
    probed = _probed(probes, traits[0], traits[4])
    return PoolRow(
        pool=pool,
        os=system,
        os_sku=sku,
        architecture=architecture,
        node_image=image,
        containerd=runtime.removeprefix("containerd://") if runtime else None,
        nodes=len(nodes),
        ready=sum(node.ready for node in nodes),
        state=_state(bool(failing) or probed == FAILED, bool(pulled) or probed == PULLED),
        failing_pods=len(failing),
        pulled_on=pulled if pulls_read else None,
        probed=probed,
    )


def _state(fails: bool, works: bool) -> str:
    if fails:
        return BOTH if works else FAILS
    return WORKS if works else NOT_SEEN


def _probed(probes: Iterable[PoolProbe], pool: str | None, image: str | None) -> str | None:
    """The worst of what was probed on this pool, for this node image where both are known."""
    found = {
        each.result
        for each in probes
        if each.pool == pool and (None in (image, each.node_image) or each.node_image == image)
    }
    return FAILED if FAILED in found else PULLED if PULLED in found else min(found, default=None)


def _as_shown(pool: AgentPool, probes: Iterable[PoolProbe], nodes: int | None) -> PoolRow:
    """A pool none of whose nodes were seen; ``nodes``: 0 where those of others were; ``None``: it is not known."""
    image, system = _shown(pool.node_image_version), _shown(pool.os_type)
    probed = _probed(probes, pool.name, None)
    counted = pool.count if isinstance(pool.count, int) else None
    return PoolRow(
        pool=printable(pool.name),
        os=system.lower() if system else None,
        os_sku=pool.os_sku and printable(pool.os_sku),
        architecture=None,
        node_image=image,
        containerd=None,
        nodes=counted if nodes is None else nodes,
        ready=nodes,
        state=_state(probed == FAILED, probed == PULLED),
        failing_pods=nodes,  # none where there are no nodes; of nodes that were not read nobody knows
        pulled_on=nodes,
        probed=probed,
    )


def _shown(value: str | Unreadable) -> str | None:
    return printable(value) if isinstance(value, str) else None


def _pools(cluster: Cluster | Unreadable) -> Iterator[AgentPool]:
    if isinstance(cluster, Cluster) and not isinstance(cluster.agent_pools, Unreadable):
        yield from cluster.agent_pools


def _key(pool: AgentPool) -> str:
    return pool.name.lower()
