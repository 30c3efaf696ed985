"""What keeps nodes from the registry's address: security groups, routes, peerings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests import build

from . import resources as make
from . import resources_reach as reach
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

NETWORK_GROUP = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-net"
NETWORK = f"{NETWORK_GROUP}/providers/Microsoft.Network"


class ReachChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def security_group(
        self: Cloud, *rules: Json, name: str = "nsg-nodes", subnet_id: str | None = build.SUBNET_ID
    ) -> str:
        """Add a network security group to a subnet (``None``: to nothing yet); returns its id."""
        self.ensure_group("rg-net")
        group_id = f"{NETWORK}/networkSecurityGroups/{name}"
        self.resources.add(reach.security_group(group_id, list(rules)))
        if subnet_id is not None:
            self.resources[subnet_id]["properties"]["networkSecurityGroup"] = {"id": group_id}
        return group_id

    def security_group_of_interfaces(self: Cloud, *rules: Json, pool: str = "pool1") -> str:
        """Add a network security group to the interfaces of a pool's nodes; returns its id."""
        group_id = self.security_group(*rules, name=f"nsg-{pool}", subnet_id=None)
        profile = self.scale_set(pool)["properties"]["virtualMachineProfile"]["networkProfile"]
        for configuration in profile["networkInterfaceConfigurations"]:
            configuration["properties"]["networkSecurityGroup"] = {"id": group_id}
        return group_id

    def add_route(
        self: Cloud,
        name: str,
        prefix: str,
        next_hop: str,
        address: str | None = None,
        subnet_id: str = build.SUBNET_ID,
    ) -> str:
        """Add a route to the route table of a node subnet, made where it has none; returns the route's id."""
        self.ensure_group("rg-net")
        table_id = f"{NETWORK}/routeTables/rt-nodes"
        if table_id not in self.resources:
            table = make.route_table(table_id, "None", None)
            table["properties"] |= {"routes": [], "disableBgpRoutePropagation": False}
            self.resources.add(table)
        self.resources[subnet_id]["properties"]["routeTable"] = {"id": table_id}
        route = reach.route(table_id, name, prefix, next_hop, address)
        self.resources[table_id]["properties"]["routes"].append(route)
        return str(route["id"])

    def network(self: Cloud, name: str, prefix: str) -> str:
        """Add a virtual network; returns its id."""
        self.ensure_group("rg-net")
        return str(self.resources.add(make.virtual_network(f"{NETWORK}/virtualNetworks/{name}", prefix))["id"])

    def peering_side(self: Cloud, here_id: str, there_id: str, state: str = "Connected", **members: Any) -> str:
        """Add one side of a peering, or change it where it is there; returns its id."""
        prefix = self.resources[there_id]["properties"]["addressSpace"]["addressPrefixes"][0]
        side = make.peering(here_id, f"to-{there_id.rpartition('/')[2]}", there_id, prefix, state)
        side["properties"] |= members
        self.remove(side["id"])
        return str(self.resources.add(side)["id"])

    def endpoint_elsewhere(self: Cloud, name: str = "vnet-shared", prefix: str = "10.50.0.0/16") -> str:
        """Private link whose endpoint is in a network of its own, while its zone is linked to the nodes' network.

        Public access is off. Returns the id of that network, which is peered with none.
        """
        network_id = self.network(name, prefix)
        subnet_id = self.subnet("endpoints", prefix.replace("/16", "/24"), network_id)
        zone_id = self.private_zone()
        self.link_zone(zone_id)
        self.private_endpoint(subnet_id=subnet_id, zone_id=zone_id)
        self.public_access(False)
        return network_id
