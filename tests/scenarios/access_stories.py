"""May the identity that pulls, pull?"""

from __future__ import annotations

from tests import build
from tests.azure.state import MANAGEMENT_GROUP, Cloud

from .stories import story


@story(verdict="healthy")
def healthy(cloud: Cloud) -> None:
    """The kubelet identity has AcrPull on the registry."""
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={
        "access.pull-role-missing": {
            "principal": build.KUBELET_OBJECT_ID,
            "principals": [build.KUBELET_OBJECT_ID],
            "scopes": [
                build.REGISTRY_ID,
                f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-shared",
                f"/subscriptions/{build.SUBSCRIPTION}",
                MANAGEMENT_GROUP,
            ],
            "rolesHeld": [],
            "otherHolders": [],
            "mode": "LegacyRegistryPermissions",
        }
    },
    commands=(
        f"az role assignment create --assignee-object-id {build.KUBELET_OBJECT_ID} "
        f"--assignee-principal-type ServicePrincipal --role AcrPull --scope {build.REGISTRY_ID}",
        f"az aks update -n prod -g rg-app --attach-acr {build.REGISTRY_ID}",
    ),
)
def pull_role_missing(cloud: Cloud) -> None:
    """Nobody gave the kubelet identity a role on the registry."""
