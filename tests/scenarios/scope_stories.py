"""What pods fail at that is written without the registry's host, asked of it by another name, or another registry's."""

from __future__ import annotations

from tests.azure.changes_isolated import AKS_IMAGE
from tests.azure.state import Cloud

from .stories import story

HOST = "contosoreg.azurecr.io"


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("image-not-found",),
)
def isolated_cluster_with_an_old_rule(cloud: Cloud) -> None:
    """Nodes ask the bootstrap registry below a prefix that its cache rule does not know."""
    cloud.network_isolated()
    cloud.grant()
    cloud.node()
    for rule in list(cloud.resources.of_type("Microsoft.ContainerRegistry/registries/cacheRules")):
        rule["properties"] |= {"sourceRepository": "mcr.microsoft.com/*", "targetRepository": "*"}
    path = AKS_IMAGE.removeprefix("mcr.microsoft.com/").replace(":", "/manifests/")
    cloud.pod_of_aks(
        f'Failed to pull image "{AKS_IMAGE}": failed to pull and unpack image "{AKS_IMAGE}": failed to resolve '
        f'reference "{AKS_IMAGE}": unexpected status from HEAD request to https://{HOST}/v2/aks-managed-repository/'
        f"{path}?ns=mcr.microsoft.com: 404 Not Found"
    )
