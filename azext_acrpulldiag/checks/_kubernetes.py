"""What checks say of pods and nodes: their names, and why they were not read."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue import skipped, unknown
from ..facts import Facts, FailingContainer, Kubernetes, Node, Unreadable
from ..model import Finding, Symptom
from ..quoting import printable

_MOST_PODS = 10
LONGEST_MESSAGE = 400
"""Characters of a message that evidence repeats."""


def nodes_of(facts: Facts) -> tuple[Node, ...] | Unreadable | None:
    """The nodes; ``None``: the Kubernetes API was not asked."""
    kubernetes = facts.kubernetes
    return kubernetes.nodes if isinstance(kubernetes, Kubernetes) else kubernetes


def failing_pods_of(facts: Facts) -> tuple[FailingContainer, ...] | Unreadable | None:
    """The containers that wait for an image; ``None``: the Kubernetes API was not asked."""
    kubernetes = facts.kubernetes
    return kubernetes.failing if isinstance(kubernetes, Kubernetes) else kubernetes


def not_seen(facts: Facts, why: Unreadable | None) -> Finding:
    """Say that pods or nodes were not read, which decides nothing: the run goes on with what Azure tells."""
    cluster = facts.targets.cluster
    if why is None:
        return skipped(cluster.id, "The Kubernetes API was not asked (--cluster-access none).")
    return unknown(cluster.id, why, decisive=False)


def pod_names(pods: Iterable[FailingContainer | Symptom]) -> tuple[str, ...]:
    """The first few pods, as ``namespace/name``, sorted and printable."""
    return tuple(sorted({printable(f"{each.namespace}/{each.pod}") for each in pods})[:_MOST_PODS])
