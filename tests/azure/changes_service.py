"""Service endpoints of the node subnets, what the registry and policies say of them, and the cluster's proxy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests import build

from . import resources as make
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

NETWORK = "/providers/Microsoft.Network"


class ServiceChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def service_endpoints(self: Cloud, *services: str, subnet_id: str = build.SUBNET_ID) -> None:
        """Give a subnet service endpoints (default: for registries), as recorded."""
        self.resources[subnet_id]["properties"]["serviceEndpoints"] = [
            {"provisioningState": "Succeeded", "service": service, "locations": ["*"]}
            for service in services or ("Microsoft.ContainerRegistry",)
        ]

    def storage_policy(self: Cloud, *allowed: str, subnet_id: str = build.SUBNET_ID) -> str:
        """Let nodes of a subnet reach these storage accounts only (default: those of the subscription).

        Returns the policy's id. Aliases (``/services/Azure/DataFactory``) make a definition of service ``Global``.
        """
        resource_id = f"{build.NODE_GROUP_ID}{NETWORK}/serviceEndpointPolicies/only-ours"
        self.resources.add(_policy(resource_id, subnet_id, allowed or (f"/subscriptions/{build.SUBSCRIPTION}",)))
        self.service_endpoints("Microsoft.Storage", subnet_id=subnet_id)
        self.resources[subnet_id]["properties"]["serviceEndpointPolicies"] = [{"id": resource_id}]
        return resource_id

    def http_proxy(self: Cloud, *no_proxy: str, proxy: str = "http://user:secret@proxy.corp:3128/") -> None:
        """Set an HTTP proxy on the cluster; the entries that AKS adds are those of a recorded cluster."""
        given = ["localhost", "127.0.0.1", *no_proxy]
        self.cluster["properties"]["httpProxyConfig"] = {
            "httpProxy": proxy,
            "httpsProxy": proxy,
            "noProxy": given,
            "effectiveNoProxy": [*given, "konnectivity", make.API_SERVER, "10.224.0.0/12", "168.63.129.16"],
        }


def _policy(resource_id: str, subnet_id: str, allowed: Iterable[str]) -> Json:
    """In the form of the official example (``ServiceEndpointPolicyGet``)."""
    by_service: dict[str, list[str]] = {}
    for each in allowed:
        by_service.setdefault("Global" if each.startswith("/services/") else "Microsoft.Storage", []).append(each)
    definitions = [
        {
            "name": service.replace(".", "-"),
            "id": f"{resource_id}/serviceEndpointPolicyDefinitions/{service.replace('.', '-')}",
            "properties": {"provisioningState": "Succeeded", "service": service, "serviceResources": resources},
        }
        for service, resources in by_service.items()
    ]
    return {
        "name": resource_id.rpartition("/")[2],
        "id": resource_id,
        "type": "Microsoft.Network/serviceEndpointPolicies",
        "location": make.LOCATION,
        "properties": {
            "provisioningState": "Succeeded",
            "serviceEndpointPolicyDefinitions": definitions,
            "subnets": [{"id": subnet_id}],
        },
    }
