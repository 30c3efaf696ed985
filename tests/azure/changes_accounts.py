"""Pods that pull as the identities of their service accounts (preview)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import build
from tests.recordings import body

from .kubernetes_state import Object

if TYPE_CHECKING:
    from .state import Cloud

ACCOUNT_IDENTITY_ID = (
    f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-ids"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web-puller"
)


class AccountChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def pull_by_account(self: Cloud, default: str | None = None) -> None:
        """Switch service-account image pull on, with or without a default identity."""
        profile = {"enabled": True} | ({"defaultManagedIdentityId": default} if default else {})
        self.cluster["properties"].setdefault("securityProfile", {})["serviceAccountImagePullProfile"] = profile

    def bind_identity(self: Cloud, tenant: str = build.TENANT) -> None:
        """Let pods use the identity ``web-puller``, by an identity binding as the official example has it."""
        binding = body("aks/spec_identitybindings_list_2025_10_02_preview")["value"][0]
        binding |= {"id": f"{build.CLUSTER_ID}/identityBindings/web", "name": "web"}
        binding["properties"]["managedIdentity"] = {
            "clientId": build.ACCOUNT_CLIENT_ID,
            "objectId": build.ACCOUNT_OBJECT_ID,
            "resourceId": ACCOUNT_IDENTITY_ID,
            "tenantId": tenant,
        }
        self.resources.add(binding)

    def service_account(
        self: Cloud, client_id: str | None = build.ACCOUNT_CLIENT_ID, name: str = "default", namespace: str = "web"
    ) -> None:
        """Add a service account, annotated with the identity that its pods pull as."""
        item: Object = {"metadata": {"name": name, "namespace": namespace}}
        if client_id is not None:
            item["metadata"]["annotations"] = {"kubernetes.azure.com/acr-client-id": client_id}
        self.api.add("serviceaccounts", item)
