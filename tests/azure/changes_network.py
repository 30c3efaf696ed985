"""Which way the nodes leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tests import build

from . import resources as make
from . import resources_firewall as rules

if TYPE_CHECKING:
    from .state import Cloud

NETWORK = "/providers/Microsoft.Network"
NODE_NETWORK = f"{build.NODE_GROUP_ID}{NETWORK}"


class NetworkChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def public_ip(self: Cloud, name: str, address: str | None, group_id: str = build.NODE_GROUP_ID) -> str:
        """Add a public IP (``None``: not yet allocated); returns its id."""
        resource_id = f"{group_id}{NETWORK}/publicIPAddresses/{name}"
        return str(self.resources.add(make.public_ip(resource_id, address))["id"])

    def public_ip_prefix(self: Cloud, name: str, prefix: str, group_id: str = build.NODE_GROUP_ID) -> str:
        """Add a public IP prefix such as ``20.50.0.0/30``; returns its id."""
        resource_id = f"{group_id}{NETWORK}/publicIPPrefixes/{name}"
        return str(self.resources.add(make.public_ip_prefix(resource_id, prefix))["id"])

    def subnet(self: Cloud, name: str, prefix: str = "10.240.0.0/16", vnet_id: str = make.VNET_ID) -> str:
        """Add a subnet (and its network where there is none yet); returns its id."""
        if vnet_id not in self.resources:
            self.resources.add(make.virtual_network(vnet_id))
        return str(self.resources.add(make.subnet(f"{vnet_id}/subnets/{name}", prefix))["id"])

    def peer(self: Cloud, one_id: str, other_id: str, state: str = "Connected") -> None:
        """Peer two virtual networks, both sides in the same state."""
        for here, there in ((one_id, other_id), (other_id, one_id)):
            prefix = self.resources[there]["properties"]["addressSpace"]["addressPrefixes"][0]
            name = f"to-{there.rpartition('/')[2]}"
            self.resources.add(make.peering(here, name, there, prefix, state))

    def outbound(self: Cloud, outbound_type: str) -> dict[str, Any]:
        """Set the outbound type and drop what the service then leaves out; returns the network profile."""
        profile: dict[str, Any] = self.cluster["properties"]["networkProfile"]
        profile["outboundType"] = outbound_type
        if outbound_type != "loadBalancer":
            profile["loadBalancerProfile"] = {"backendPoolType": "nodeIPConfiguration"}
        if outbound_type == "userDefinedRouting":
            del profile["loadBalancerProfile"]
        return profile

    def managed_nat_gateway(self: Cloud, *addresses: str) -> None:
        """Outbound type managedNATGateway: the addresses are in natGatewayProfile."""
        ids = [self.public_ip(f"nat{number}", address) for number, address in enumerate(addresses)]
        self.outbound("managedNATGateway")["natGatewayProfile"] = {
            "managedOutboundIPProfile": {"count": len(ids)},
            "effectiveOutboundIPs": [{"id": each} for each in ids],
            "idleTimeoutInMinutes": 4,
        }
        self.attach_nat_gateway(ids, [])

    def nat_gateway(
        self: Cloud,
        addresses: Iterable[str] = (),
        prefixes: Iterable[str] = (),
        subnet_id: str = build.SUBNET_ID,
        declared: bool = True,
    ) -> str:
        """Put a NAT gateway of the user's on a node subnet; returns its id.

        ``declared=False`` leaves the cluster's outbound type alone: the gateway wins all the same.
        """
        if declared:
            self.outbound("userAssignedNATGateway")
        ids = [self.public_ip(f"usernat{number}", address) for number, address in enumerate(addresses)]
        prefix_ids = [self.public_ip_prefix(f"usernatprefix{number}", each) for number, each in enumerate(prefixes)]
        return self.attach_nat_gateway(ids, prefix_ids, subnet_id)

    def attach_nat_gateway(
        self: Cloud, public_ip_ids: list[str], prefix_ids: list[str], subnet_id: str = build.SUBNET_ID
    ) -> str:
        gateway_id = f"{NODE_NETWORK}/natGateways/natgw-{subnet_id.rpartition('/')[2]}"
        self.resources.add(make.nat_gateway(gateway_id, public_ip_ids, prefix_ids))
        self.resources[subnet_id]["properties"]["natGateway"] = {"id": gateway_id}
        return gateway_id

    def route(self: Cloud, next_hop_type: str, next_hop: str | None = None, subnet_id: str = build.SUBNET_ID) -> str:
        """Give a node subnet a route table with a default route; returns the table's id."""
        table_id = f"{NODE_NETWORK}/routeTables/rt-{subnet_id.rpartition('/')[2]}"
        self.resources.add(make.route_table(table_id, next_hop_type, next_hop))
        self.resources[subnet_id]["properties"]["routeTable"] = {"id": table_id}
        return table_id

    def route_through_firewall(
        self: Cloud,
        addresses: Iterable[str] = ("20.103.55.1",),
        private_ip: str = "10.100.0.4",
        firewall: bool = True,
        hub_group: str = "rg-hub",
    ) -> str | None:
        """User-defined routing to an Azure Firewall in a peered hub network, which allows HTTPS; returns its id.

        ``firewall=False``: the next hop is an appliance in the hub, of which Azure knows nothing.
        """
        self.outbound("userDefinedRouting")
        self.route("VirtualAppliance", private_ip)
        return self.appliance_in_hub(addresses, private_ip, firewall, hub_group)

    def appliance_in_hub(
        self: Cloud,
        addresses: Iterable[str] = ("20.103.55.1",),
        private_ip: str = "10.100.0.4",
        firewall: bool = True,
        hub_group: str = "rg-hub",
    ) -> str | None:
        """Add a hub network that is peered with the nodes', with an Azure Firewall that allows HTTPS; returns its id.

        ``firewall=False``: nothing that Azure knows has the address.
        """
        self.ensure_group(hub_group)
        group_id = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/{hub_group}"
        vnet_id = f"{group_id}{NETWORK}/virtualNetworks/vnet-hub"
        self.resources.add(make.virtual_network(vnet_id, "10.100.0.0/16"))
        self.peer(make.VNET_ID, vnet_id)
        if not firewall:
            return None
        subnet_id = self.subnet("AzureFirewallSubnet", "10.100.0.0/26", vnet_id)
        ids = [self.public_ip(f"fw{number}", each, group_id) for number, each in enumerate(addresses)]
        resource = make.azure_firewall(f"{group_id}{NETWORK}/azureFirewalls/fw-hub", private_ip, subnet_id, ids)
        firewall_id = str(self.resources.add(resource)["id"])
        self.firewall_rules(firewall_id, rules.collection("web", [rules.application_rule("any", "*")]))
        return firewall_id
