"""Details that many outcomes share: what commands call the cluster and the registry."""

from __future__ import annotations

from dataclasses import dataclass

from ..details import Details
from ..facts import Cluster, Registry
from ..targets import ClusterTarget


@dataclass(frozen=True)
class ClusterNames(Details):
    """What commands call the cluster."""

    cluster: str
    resource_group: str
    subscription: str

    @classmethod
    def of(cls, cluster: Cluster | ClusterTarget) -> ClusterNames:
        """Name a cluster, also one of which only the target is known."""
        return cls(cluster.name, cluster.resource_group, cluster.subscription)


@dataclass(frozen=True)
class RegistryNames(Details):
    """What commands call the registry, where no other resource group or subscription is named beside it."""

    registry: str
    resource_group: str
    subscription: str

    @classmethod
    def of(cls, registry: Registry) -> RegistryNames:
        """Name a registry."""
        return cls(registry.name, registry.resource_group, registry.subscription)


def none_valid(what: str, count: int, ended: str) -> str:
    """Return a clause that says that none of ``count`` credentials is valid, the last of which expired at ``ended``."""
    if not count:
        return f"which has no {what}"
    if count == 1:
        return f"whose only {what} expired on {ended}"
    return f"whose {count} {what}s have all expired (last expired on {ended})"
