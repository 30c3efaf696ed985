"""Repairs that several checks on identities have: what AKS itself does, and what follows a new identity."""

from __future__ import annotations

from ...effects.access import pull_role_given
from ...repairs import Effect, Step

RECONCILE_RIGHTS = ("Microsoft.ContainerService/managedClusters/write",)


PULL_ROLE = Step(
    "Assign it a pull role at the registry, since it has a new object id: AcrPull, or Container Registry Repository "
    "Reader where the registry's mode is RBAC + ABAC",
    effect=pull_role_given,
)
"""No command, since nobody knows the object id of what is yet to be made."""


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
