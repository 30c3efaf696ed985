"""The repair that AKS itself does: bring a cluster back to what it should be."""

from __future__ import annotations

from ...repairs import Effect, Step

RECONCILE_RIGHTS = ("Microsoft.ContainerService/managedClusters/write",)


def reconcile(description: str, *, when: str = "", effect: Effect | None = None, untold: str = "") -> Step:
    """Have AKS reconcile the cluster that the details name (``ClusterNames``). The rest is as in :class:`Step`."""
    return Step(
        description,
        "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} --yes",
        when=when,
        requires=RECONCILE_RIGHTS,
        effect=effect,
        untold=untold,
    )
