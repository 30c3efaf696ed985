"""What the simulated world is called: ids of its tenant, cluster, registry and principals."""

from __future__ import annotations

from datetime import datetime, timezone

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10"
TENANT = "0f3c9a52-64b1-4d0c-9a55-8f6a2e1b3c47"
CLUSTER_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-app/providers/Microsoft.ContainerService/managedClusters/prod"
)
REGISTRY_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shared"
    "/providers/Microsoft.ContainerRegistry/registries/contosoreg"
)
NODE_GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg-app_prod_westeurope"
IDENTITY_ID = f"{NODE_GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/prod-agentpool"
SUBNET_ID = f"{NODE_GROUP_ID}/providers/Microsoft.Network/virtualNetworks/aks-vnet-14326078/subnets/aks-subnet"
KUBELET_OBJECT_ID = "b7d1d9ae-4f51-4c3e-9b51-0a4f6f3f9c21"
KUBELET_CLIENT_ID = "556252cf-f0a6-4392-bd99-6bf8b72a994b"
CONTROL_PLANE_OBJECT_ID = "c2a40f1d-9be5-4d1c-8a62-1c0f6f0b7d32"
APP_ID = "3a0b6e1c-52f3-4b0e-9e57-4b8d9b7c6a55"
APP_OBJECT_ID = "e1d2c3b4-0a1b-4c2d-8e3f-9a8b7c6d5e4f"
SP_OBJECT_ID = "9f8e7d6c-5b4a-4938-a271-605f4e3d2c1b"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
VNET_ID = SUBNET_ID.rpartition("/subnets/")[0]
ENDPOINT_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/privateEndpoints/acr-pe"
ENDPOINT_SUBNET_ID = f"{VNET_ID}/subnets/endpoints"
CONNECTION_ID = f"{REGISTRY_ID}/privateEndpointConnections/contosoreg.3b8b0511c95e442bbacfaaced31dc64e"
ZONE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net"
    "/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"
)
DATA_HOST = "contosoreg.westeurope.data.azurecr.io"
HUB_NETWORK_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
RULESET_ID = f"{HUB_NETWORK_ID.rpartition('/virtualNetworks/')[0]}/dnsForwardingRulesets/ruleset"
FIREWALL_ID = f"{HUB_NETWORK_ID.rpartition('/virtualNetworks/')[0]}/azureFirewalls/fw-hub"
MANAGER_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-avnm/providers/Microsoft.Network/networkManagers/avnm"
IMAGE = "contosoreg.azurecr.io/team/app:1.2"
GET_CREDENTIALS = (
    f"az aks get-credentials --name prod --resource-group rg-app --subscription {SUBSCRIPTION} "
    "--file ./prod.kubeconfig"
)
"""The command before the first one of kubectl."""
