"""The one answer that ends a run at once: there is no such cluster."""

from __future__ import annotations

from ...facts import Unreadable
from ...targets import ClusterTarget
from .cluster import MissingCluster


class ClusterMissingError(Exception):
    """Azure says that the cluster does not exist, so nothing else was worth reading."""

    def __init__(self, cluster: ClusterTarget, instead: MissingCluster) -> None:
        super().__init__(
            f"The managed cluster {cluster.name!r} was not found in resource group {cluster.resource_group!r} "
            f"of subscription {cluster.subscription}."
        )
        self.recommendation = _instead(instead)


def _instead(instead: MissingCluster) -> str:
    """What to do about a cluster that does not exist, with the nearest names there are."""
    if not isinstance(instead.clusters, Unreadable) and instead.clusters:
        names = ", ".join(f"{name} in {group}" for group, name in instead.clusters)
        return f"Did you mean {names}? `az aks list -o table` shows all of the subscription."
    if not isinstance(instead.groups, Unreadable) and instead.groups:
        return f"There is no such resource group. Did you mean {', '.join(instead.groups)}?"
    if isinstance(instead.clusters, Unreadable):
        return f"Check --name, --resource-group and --subscription. {instead.clusters.sentence}"
    return "Check --name, --resource-group and --subscription; `az aks list -o table` shows all of the subscription."
