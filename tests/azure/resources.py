"""Resource Manager JSON of the default cloud, made from recordings with the names and ids replaced.

Members that a recording lacks, or has as null, stay absent or null.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from tests import build
from tests.recordings import body

from .store import Json

LOCATION = "westeurope"
SUFFIX = "14326078"
OUTBOUND_IP = "20.61.112.7"
OUTBOUND_IP_ID = f"{build.NODE_GROUP_ID}/providers/Microsoft.Network/publicIPAddresses/out1"
VNET_ID = build.SUBNET_ID.rpartition("/subnets/")[0]
API_SERVER = "prod-dns-a1b2c3d4.hcp.westeurope.azmk8s.io"
ZERO_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


def renamed(recorded: Any, **changes: str) -> Any:
    """A copy of a recorded body with texts replaced, the longest first."""
    text = json.dumps(recorded)
    for old in sorted(changes, key=len, reverse=True):
        text = text.replace(old, changes[old])
    return json.loads(text)


def resource_group(name: str, subscription: str = build.SUBSCRIPTION, location: str = LOCATION) -> Json:
    group = body("identity/resourcegroup_get")
    group |= {"id": f"/subscriptions/{subscription}/resourceGroups/{name}", "name": name, "location": location}
    return group


def cluster() -> Json:
    """``prod``: system-assigned identity, default load balancer, one pool."""
    resource: Json = renamed(
        body("aks/managedcluster_get_system_msi_lb"),
        **{
            ZERO_SUBSCRIPTION: f"/subscriptions/{build.SUBSCRIPTION}",
            "MC_aks-cit-ManagedCluster_testResource_eastus": build.NODE_GROUP_ID.rpartition("/")[2],
            "aks-cit-ManagedClustertestResourcednsPrefix": "prod-dns",
            "aks-cit-managedclustertestresourcednsprefix-vzxlvpxr.hcp.eastus.azmk8s.io": API_SERVER,
            "aks-cit-managedclustertestresourcednsprefix-vzxlvpxr.portal.hcp.eastus.azmk8s.io": API_SERVER.replace(
                ".hcp.", ".portal.hcp."
            ),
            "publicIPAddresses/00000000-0000-0000-0000-000000000000": "publicIPAddresses/out1",
            "aks-cit-ManagedCluster": "rg-app",
            "testResource": "prod",
            "tenantid": build.TENANT,
            '"eastus"': f'"{LOCATION}"',
        },
    )
    resource["identity"]["principalId"] = build.CONTROL_PLANE_OBJECT_ID
    resource["properties"]["identityProfile"]["kubeletidentity"] |= {
        "clientId": build.KUBELET_CLIENT_ID,
        "objectId": build.KUBELET_OBJECT_ID,
    }
    # The api-version of this recording (2025-02-01) did not have these yet; later ones always show them.
    newer = body("aks/managedcluster_get_preview_2025_09_02_lb_msi")["properties"]
    for name in ("nodeProvisioningProfile", "bootstrapProfile"):
        resource["properties"][name] = newer[name]
    resource["properties"]["agentPoolProfiles"] = [pool_profile("pool1", mode="System")]
    return resource


def pool_profile(name: str, **changes: Any) -> Json:
    """An entry of ``agentPoolProfiles``."""
    profile: Json = body("aks/managedcluster_get_system_msi_lb")["properties"]["agentPoolProfiles"][0]
    profile |= {
        "name": name,
        "count": 2,
        "mode": "User",
        "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202610.01.0",
    }
    return profile | changes


def scale_set(pool: str = "pool1", tagged_client_id: str | None = build.KUBELET_CLIENT_ID) -> Json:
    """The scale set of a pool, carrying the kubelet identity."""
    recorded = body("compute/vmss_list_aks_node_rg")["value"][0]
    return _node_host(recorded, pool, tagged_client_id)


def scale_set_vms(pool: str = "pool1", count: int = 2) -> list[Json]:
    """The instances of the scale set of a pool, up to date with its model."""
    instances = []
    recorded = body("compute/vmss_vms_list_aks")["value"][0]
    for number in range(count):
        instance = _node_host(copy.deepcopy(recorded), pool, build.KUBELET_CLIENT_ID)
        for key in ("id", "name"):
            instance[key] = instance[key][:-1] + str(number)
        instance["instanceId"] = str(number)
        instance["properties"]["latestModelApplied"] = True
        instance["properties"]["osProfile"]["computerName"] = f"aks-{pool}-87752918-vmss{number:06d}"
        instances.append(instance)
    return instances


def _node_host(recorded: Json, pool: str, tagged_client_id: str | None) -> Json:
    host: Json = renamed(
        recorded,
        **{
            ZERO_SUBSCRIPTION: f"/subscriptions/{build.SUBSCRIPTION}",
            "MC_clitest000001_cliakstest000001_westus2": build.NODE_GROUP_ID.rpartition("/")[2],
            "aks-nodepool1-": f"aks-{pool}-",
            "cliakstest000001-agentpool": "prod-agentpool",
            '"nodepool1"': f'"{pool}"',
            '"westus2"': f'"{LOCATION}"',
        },
    )
    for identity in host["identity"]["userAssignedIdentities"].values():
        identity |= {"principalId": build.KUBELET_OBJECT_ID, "clientId": build.KUBELET_CLIENT_ID}
    if tagged_client_id is None:
        del host["tags"]["aks-managed-kubeletIdentityClientID"]
    else:
        host["tags"]["aks-managed-kubeletIdentityClientID"] = tagged_client_id
    created = datetime.now(timezone.utc) - timedelta(days=100)
    host["properties"]["timeCreated"] = created.strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")
    return host


def machine(name: str, pool: str, identity: bool = True) -> Json:
    """A machine that node auto-provisioning made, with or without the kubelet identity."""
    resource_id = f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachines/{name}"
    resource = _at(body("compute/vm_get_user_identities"), resource_id)
    resource["tags"] = {"karpenter.sh_nodepool": pool, "karpenter.azure.com_cluster": "prod"}
    resource["identity"] = scale_set()["identity"] if identity else {"type": "None"}
    nic_id = f"{build.NODE_GROUP_ID}/providers/Microsoft.Network/networkInterfaces/{name}-nic"
    resource["properties"]["networkProfile"]["networkInterfaces"] = [{"id": nic_id}]
    return resource


def interface_of(machine: Json) -> Json:
    """The network interface of a machine."""
    (attached,) = machine["properties"]["networkProfile"]["networkInterfaces"]
    resource = _at(body("network/nic_get_2025_05_01"), attached["id"])
    resource["properties"]["virtualMachine"] = {"id": machine["id"]}
    for address in resource["properties"]["ipConfigurations"]:
        address["properties"] |= {"subnet": {"id": build.SUBNET_ID}}
    return resource


def kubelet_identity() -> Json:
    identity: Json = body("identity/uami_get_2024_11_30")
    identity |= {
        "id": build.IDENTITY_ID.replace("/resourceGroups/", "/resourcegroups/"),
        "name": "prod-agentpool",
        "location": LOCATION,
    }
    identity["properties"] = {
        "tenantId": build.TENANT,
        "principalId": build.KUBELET_OBJECT_ID,
        "clientId": build.KUBELET_CLIENT_ID,
    }
    return identity


def public_ip(resource_id: str, address: str | None) -> Json:
    """A Standard static public IP; no ``ipAddress`` member while ``address`` is ``None``."""
    resource = _at(body("network/publicip_get_standard_static_2025_05_01"), resource_id)
    resource["properties"]["ipAddress"] = address
    if address is None:
        del resource["properties"]["ipAddress"]
    return resource


def public_ip_prefix(resource_id: str, prefix: str) -> Json:
    """A public IP prefix; member names as in the official examples."""
    resource = public_ip(resource_id, None)
    resource["type"] = "Microsoft.Network/publicIPPrefixes"
    resource["properties"] = {
        "provisioningState": "Succeeded",
        "resourceGuid": resource["properties"]["resourceGuid"],
        "prefixLength": int(prefix.partition("/")[2]),
        "publicIPAddressVersion": "IPv4",
        "ipPrefix": prefix,
        "ipTags": [],
    }
    return resource


def virtual_network(resource_id: str, prefix: str = "10.224.0.0/12") -> Json:
    resource = _at(body("network/vnet_get_2025_05_01"), resource_id)
    resource["properties"]["addressSpace"] = {"addressPrefixes": [prefix]}
    return resource


def subnet(resource_id: str, prefix: str = "10.224.0.0/16") -> Json:
    resource = _at(body("network/subnet_get_2025_05_01"), resource_id)
    del resource["location"]
    resource["properties"]["addressPrefix"] = prefix
    return resource


def peering(network_id: str, name: str, remote_id: str, remote_prefix: str, state: str = "Connected") -> Json:
    """One side of a peering of virtual networks."""
    resource: Json = _at(
        body("network/peerings_list_connected")["value"][0], f"{network_id}/virtualNetworkPeerings/{name}"
    )
    del resource["location"]
    resource["properties"] |= {
        "peeringState": state,
        "remoteVirtualNetwork": {"id": remote_id},
        "remoteAddressSpace": {"addressPrefixes": [remote_prefix]},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": [remote_prefix]},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": True,
        "allowGatewayTransit": False,
    }
    return resource


def nat_gateway(resource_id: str, public_ip_ids: list[str], prefix_ids: list[str]) -> Json:
    resource = _at(body("network/natgateway_get_2025_05_01"), resource_id)
    del resource["properties"]["publicIpAddresses"]
    if public_ip_ids:
        resource["properties"]["publicIpAddresses"] = [{"id": each} for each in public_ip_ids]
    if prefix_ids:
        resource["properties"]["publicIpPrefixes"] = [{"id": each} for each in prefix_ids]
    return resource


def route_table(resource_id: str, next_hop_type: str, next_hop: str | None) -> Json:
    """A route table whose only route is the default one."""
    resource = _at(body("network/routetable_get_with_routes"), resource_id)
    resource.pop("tags")
    route = resource["properties"]["routes"][0]
    route |= {"name": "default", "id": f"{resource_id}/routes/default"}
    route["properties"] |= {"addressPrefix": "0.0.0.0/0", "nextHopType": next_hop_type}
    if next_hop is not None:
        route["properties"]["nextHopIpAddress"] = next_hop
    return resource


def azure_firewall(resource_id: str, private_ip: str, subnet_id: str, public_ip_ids: list[str]) -> Json:
    resource = _at(body("network/azurefirewall_get_with_ip_config"), resource_id)
    properties = resource["properties"]
    properties["sku"] = {"name": "AZFW_VNet", "tier": "Standard"}
    del properties["managementIpConfiguration"]
    first = properties["ipConfigurations"][0]
    properties["ipConfigurations"] = []
    for number, public_ip_id in enumerate(public_ip_ids):
        configuration = copy.deepcopy(first)
        configuration |= {
            "name": f"ipconfig{number}",
            "id": f"{resource_id}/azureFirewallIpConfigurations/ipconfig{number}",
        }
        configuration["properties"]["publicIPAddress"] = {"id": public_ip_id}
        # Only the first configuration has the private address and the subnet.
        if number == 0:
            configuration["properties"] |= {"privateIPAddress": private_ip, "subnet": {"id": subnet_id}}
        else:
            configuration["properties"].pop("subnet", None)
            configuration["properties"].pop("privateIPAddress", None)
        properties["ipConfigurations"].append(configuration)
    return resource


def registry(name: str = "contosoreg", resource_id: str = build.REGISTRY_ID, location: str = LOCATION) -> Json:
    """A Premium registry that is open, with all members that any api-version shows."""
    resource = renamed(body("acr/registry_get_premium_2026_09_01_preview"), clireg000002=name, **{"westus": location})
    resource["id"] = resource_id
    return resource  # type: ignore[no-any-return]


def _at(resource: Json, resource_id: str, location: str = LOCATION) -> Json:
    """Move a recorded network resource to another id; ids of its children follow."""
    moved: Json = renamed(resource, **{resource["id"]: resource_id})
    return moved | {"id": resource_id, "name": resource_id.rpartition("/")[2], "location": location}
