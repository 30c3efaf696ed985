"""What makes a cluster network-isolated: no outbound, and AKS's own images through a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recordings import body

if TYPE_CHECKING:
    from .state import Cloud

AKS_IMAGE = "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-3"
_WANTED = f'Failed to pull image "{AKS_IMAGE}": failed to pull and unpack image "{AKS_IMAGE}": failed to '
# What containerd says where the registry failed before it and there is no way to the image's own host.
NO_WAY_TO_MCR = (
    f'{_WANTED}resolve reference "{AKS_IMAGE}": failed to do request: Head '
    '"https://mcr.microsoft.com/v2/oss/v2/kubernetes/coredns/manifests/v1.12.1-3": '
    "dial tcp 150.171.69.10:443: i/o timeout"
)
# What it says where the registry's refusal is kept.
REFUSED_BY_MIRROR = (
    f'{_WANTED}resolve reference "{AKS_IMAGE}": unexpected status from HEAD request to https://contosoreg.azurecr.io'
    "/v2/aks-managed-repository/oss/v2/kubernetes/coredns/manifests/v1.12.1-3?ns=mcr.microsoft.com: 401 Unauthorized"
)


class IsolatedChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def network_isolated(self: Cloud, registry_id: str | None = None) -> None:
        """Isolate the cluster, with the user's own registry behind a private endpoint for AKS's images.

        The members are those of a recorded cluster of outbound type ``none`` and of a recorded cache rule.
        """
        recorded = body("aks/managedcluster_get_outbound_none_bootstrap_cache")["properties"]
        properties = self.cluster["properties"]
        self.outbound("none")
        properties["bootstrapProfile"] = recorded["bootstrapProfile"] | {
            "containerRegistryId": registry_id or self.registry["id"]
        }
        self.private_link()
        self.public_access(False)
        rule = body("acr/cacherule_get_aks_mcr_no_credentials")
        rule |= {"id": f"{self.registry['id']}/cacheRules/aks-managed-mcr", "name": "aks-managed-mcr"}
        rule["properties"]["targetRepository"] = "aks-managed-repository/*"
        self.resources.add(rule)

    def pod_of_aks(self: Cloud, message: str = NO_WAY_TO_MCR) -> None:
        """Let a pod of AKS itself wait for its image."""
        self.failing_pod(
            AKS_IMAGE, message, name="coredns-6d8f7c9b5d-kq2lm", namespace="kube-system", container="coredns"
        )
