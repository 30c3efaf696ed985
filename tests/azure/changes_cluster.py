"""What can be the matter with the cluster and its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests import build
from tests.recordings import body

from . import resources as make
from .changes_access import ago

if TYPE_CHECKING:
    from .state import Cloud


class ClusterChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def stop_cluster(self: Cloud) -> None:
        """``az aks stop``: the cluster and its pools have power state Stopped, the scale sets stay, without nodes."""
        properties = self.cluster["properties"]
        properties["powerState"] = {"code": "Stopped"}
        for pool in properties["agentPoolProfiles"]:
            pool |= {"powerState": {"code": "Stopped"}, "count": 0}
        for resource in list(self.resources.of_type("Microsoft.Compute/virtualMachineScaleSets/virtualMachines")):
            self.remove(resource["id"])

    def add_pool(
        self: Cloud, name: str, subnet_id: str | None = None, hosts: bool = True, **profile: Any
    ) -> dict[str, Any]:
        """Add a node pool and its scale set; ``profile`` are members of ``agentPoolProfiles``, as ARM names them."""
        entry = make.pool_profile(name, **profile)
        if subnet_id:
            entry["vnetSubnetID"] = subnet_id
        self.cluster["properties"]["agentPoolProfiles"].append(entry)
        if hosts:
            self.resources.add(make.scale_set(name))
            if subnet_id:
                self.put_in_subnet(name, subnet_id)
            if entry.get("enableNodePublicIP"):
                self.node_public_ips(name)
            for instance in make.scale_set_vms(name, entry["count"]):
                self.resources.add(instance)
        return entry

    def local_dns(self: Cloud, mode: str = "Required", state: str = "Enabled", pool: str = "pool1") -> None:
        """Give a node pool LocalDNS, as recorded."""
        recorded = body("aks/agentpool_get_localdns_required")["properties"]["localDNSProfile"]
        for entry in self.cluster["properties"]["agentPoolProfiles"]:
            if entry["name"] == pool:
                entry["localDNSProfile"] = recorded | {"mode": mode, "state": state}

    def scale_set(self: Cloud, pool: str = "pool1") -> dict[str, Any]:
        """The scale set of a pool."""
        return self.resources[scale_set_id(pool)]

    def add_machine(self: Cloud, name: str, pool: str = "auto", identity: bool = True) -> str:
        """Add a machine as node auto-provisioning makes it; returns its id."""
        self.cluster["properties"]["nodeProvisioningProfile"] = {"mode": "Auto"}
        made = self.resources.add(make.machine(name, pool, identity))
        self.resources.add(make.interface_of(made))
        return str(made["id"])

    def put_in_subnet(self: Cloud, pool: str, subnet_id: str) -> None:
        """Move a pool's nodes to another subnet."""
        for configuration in _ip_configurations(self.scale_set(pool)):
            configuration["properties"]["subnet"] = {"id": subnet_id}
        for entry in self.cluster["properties"]["agentPoolProfiles"]:
            if entry["name"] == pool:
                entry["vnetSubnetID"] = subnet_id

    def node_public_ips(self: Cloud, pool: str = "pool1", *addresses: str) -> None:
        """Give every node of a pool a public address of its own; ``addresses`` are those of the first nodes."""
        host = self.scale_set(pool)
        for configuration in _ip_configurations(host):
            configuration["properties"]["publicIPAddressConfiguration"] = {
                "name": "pub1",
                "properties": {"idleTimeoutInMinutes": 4, "publicIPAddressVersion": "IPv4"},
            }
        for entry in self.cluster["properties"]["agentPoolProfiles"]:
            if entry["name"] == pool:
                entry["enableNodePublicIP"] = True
        for number, address in enumerate(addresses):
            interface = f"{host['id']}/virtualMachines/{number}/networkInterfaces/{host['name']}"
            self.resources.add(
                make.public_ip(f"{interface}/ipConfigurations/ipconfig1/publicIPAddresses/pub1", address)
            )

    def node_public_ip_prefix(self: Cloud, prefix: str, pool: str = "pool1") -> None:
        """Let the public addresses of a pool's nodes come from a prefix, as recorded."""
        recorded = body("aks/managedcluster_get_node_public_ip_prefix")["properties"]["agentPoolProfiles"][0]
        (member,) = (name for name in recorded if name.lower() == "nodepublicipprefixid")
        for entry in self.cluster["properties"]["agentPoolProfiles"]:
            if entry["name"] == pool:
                entry[member] = self.public_ip_prefix(f"nodes-{pool}", prefix)

    def unassign_kubelet_identity(self: Cloud, pool: str = "pool1") -> None:
        """Take the kubelet identity off a pool's scale set and its instances."""
        prefix = scale_set_id(pool).lower()
        for key, resource in self.resources.items():
            if key.startswith(prefix):
                resource.pop("identity", None)

    def delete_kubelet_identity(self: Cloud) -> None:
        """Delete the identity resource; profile and nodes still name it."""
        self.remove(build.IDENTITY_ID)

    def recreate_kubelet_identity(
        self: Cloud,
        principal_id: str = "0d9f4f2e-2b1a-4f6b-8a44-6b5f0a7c1e90",
        client_id: str = "7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80",
    ) -> None:
        """Delete the identity and make one of the same name: new ids behind the same resource id."""
        self.resources[build.IDENTITY_ID]["properties"] |= {"principalId": principal_id, "clientId": client_id}

    def outdate_nodes(
        self: Cloud, pool: str = "pool1", client_id: str = "7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80"
    ) -> None:
        """Let a pool's nodes carry the client id of an older kubelet identity."""
        self.scale_set(pool)["tags"]["aks-managed-kubeletIdentityClientID"] = client_id

    def service_principal_cluster(
        self: Cloud,
        secrets: Iterable[tuple[datetime, datetime]] | None = None,
        app_id: str = build.APP_ID,
        **application: Any,
    ) -> None:
        """Make the cluster pull as a service principal; ``secrets`` and ``application`` as in ``Cloud.application``.

        By default one secret that was there before the nodes and holds for months. As recorded: no ``identity``
        and no ``identityProfile`` members, and nodes without identities.
        """
        self.cluster.pop("identity", None)
        self.cluster["properties"].pop("identityProfile", None)
        self.cluster["properties"]["servicePrincipalProfile"] = {"clientId": app_id}
        self.remove(build.IDENTITY_ID)
        for resource in self.resources.of_type("Microsoft.Compute/virtualMachineScaleSets"):
            resource.pop("identity", None)
            resource["tags"].pop("aks-managed-kubeletIdentityClientID", None)
        for resource in self.resources.of_type("Microsoft.Compute/virtualMachineScaleSets/virtualMachines"):
            resource.pop("identity", None)
        held = [(ago(days=200), ago(days=-165))] if secrets is None else secrets
        self.application(app_id, held, **application)


def scale_set_id(pool: str) -> str:
    return f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-{pool}-87752918-vmss"


def _ip_configurations(scale_set: dict[str, Any]) -> Iterable[dict[str, Any]]:
    profile = scale_set["properties"]["virtualMachineProfile"]["networkProfile"]
    for interface in profile["networkInterfaceConfigurations"]:
        yield from interface["properties"]["ipConfigurations"]
