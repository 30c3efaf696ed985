"""Virtual network gateways, in the subnets that Azure keeps for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import build
from tests.recordings import body

from . import resources as make
from .resources import LOCATION, renamed

if TYPE_CHECKING:
    from .state import Cloud


class GatewayChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def gateway_subnet(self: Cloud, network_id: str) -> str:
        """Keep a subnet of a network for a gateway, with none in it yet; returns its id."""
        (recorded,) = body("network/vnet_get_gatewaysubnet")["properties"]["subnets"]
        prefix = self.resources[network_id]["properties"]["addressSpace"]["addressPrefixes"][0].partition("/")[0]
        subnet_id = f"{network_id}/subnets/{recorded['name']}"
        subnet = recorded | {"id": subnet_id, "properties": recorded["properties"] | {"addressPrefix": f"{prefix}/27"}}
        return str(self.resources.add(subnet)["id"])

    def gateway(self: Cloud, network_id: str) -> str:
        """Add a VPN gateway to a network; returns its id. The subnet then refers to its IP configurations."""
        subnet_id = self.gateway_subnet(network_id)
        name = f"vpn-{network_id.rpartition('/')[2]}"
        gateway_id = f"{network_id.partition('/virtualNetworks/')[0]}/virtualNetworkGateways/{name}"
        recorded = body("network/vnet_gateway_get_vpn")
        gateway = renamed(recorded, **{recorded["id"]: gateway_id})
        gateway |= {"id": gateway_id, "name": name, "location": LOCATION}
        for configuration in gateway["properties"]["ipConfigurations"]:
            configuration["properties"]["subnet"] = {"id": subnet_id}
        self.resources.add(gateway)
        references = [{"id": each["id"]} for each in gateway["properties"]["ipConfigurations"]]
        self.resources[subnet_id]["properties"]["ipConfigurations"] = references
        return gateway_id

    def without_gateway_routes(self: Cloud, subnet_id: str = build.SUBNET_ID) -> None:
        """Give a node subnet a route table that takes no routes of gateways, and has none of its own."""
        self.ensure_group("rg-net")
        table_id = (
            f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/routeTables/rt"
        )
        table = make.route_table(table_id, "None", None)
        table["properties"] |= {"routes": [], "disableBgpRoutePropagation": True}
        self.resources.add(table)
        self.resources[subnet_id]["properties"]["routeTable"] = {"id": table_id}
