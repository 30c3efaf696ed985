"""What Azure Firewalls that nodes are routed through let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import build

from . import resources as make
from . import resources_firewall as rules
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

HUB_GROUP_ID = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-hub"
NETWORK = "/providers/Microsoft.Network"
HUB = f"{HUB_GROUP_ID}{NETWORK}"


class FirewallChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def firewall_rules(self: Cloud, firewall_id: str, *collections: Json) -> None:
        """Give a firewall these classic rules and no others."""
        properties = self.resources[firewall_id]["properties"]
        properties |= {"networkRuleCollections": [], "applicationRuleCollections": []}
        for each in collections:
            member, made = rules.classic(firewall_id, each)
            properties[member].append(made)

    def firewall_policy(
        self: Cloud, name: str, *collections: Json, base_id: str | None = None, firewall_id: str | None = None
    ) -> str:
        """Add a policy with these collections in one group, and put a firewall under it; returns its id."""
        policy = self.resources.add(rules.policy(f"{HUB}/firewallPolicies/{name}", base_id))
        if collections:
            group = self.resources.add(rules.group(policy["id"], f"rcg-{name}", list(collections)))
            policy["properties"]["ruleCollectionGroups"] = [{"id": group["id"]}]
        if firewall_id:
            self.resources[firewall_id]["properties"]["firewallPolicy"] = {"id": policy["id"]}
            self.firewall_rules(firewall_id)
        return str(policy["id"])

    def ip_group(self: Cloud, name: str, *addresses: str) -> str:
        """Add an IP group; returns its id."""
        return str(self.resources.add(rules.ip_group(f"{HUB}/ipGroups/{name}", *addresses))["id"])

    def firewalled(self: Cloud, *collections: Json) -> str:
        """Route the nodes through an Azure Firewall with these rules; returns its id.

        The registry is open, so that nothing but the firewall can stand in the way.
        """
        firewall_id = self.route_through_firewall()
        assert firewall_id
        self.firewall_rules(firewall_id, *collections)
        return firewall_id

    def virtual_hub(self: Cloud, *collections: Json, takes_default_route: bool = True, name: str = "hub-we") -> str:
        """Connect the nodes' network to a secured hub of Virtual WAN with such a firewall; returns that one's id.

        Microsoft's side of the peering is in a subscription that nobody sees.
        """
        self.ensure_group("rg-hub")
        hub_id = str(self.resources.add(rules.virtual_hub(f"{HUB}/virtualHubs/{name}"))["id"])
        hidden = f"/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/RG_{name}_1{NETWORK}"
        there = f"{hidden}/virtualNetworks/HV_{name}_1"
        self.resources.add(make.peering(make.VNET_ID, f"RemoteVnetToHubPeering_{name}", there, "10.9.0.0/24"))
        firewall = make.azure_firewall(f"{HUB}/azureFirewalls/fw-hub", "10.9.0.4", there, [])
        firewall["properties"] |= {
            "sku": {"name": "AZFW_Hub", "tier": "Standard"},
            "virtualHub": {"id": hub_id},
            "hubIPAddresses": {"privateIPAddress": "10.9.0.4", "publicIPs": {"count": 1}},
        }
        firewall_id = str(self.resources.add(firewall)["id"])
        self.firewall_rules(firewall_id)
        if collections:
            self.firewall_policy("fwp-hub", *collections, firewall_id=firewall_id)
        for part in (
            rules.hub_connection(hub_id, make.VNET_ID, takes_default_route),
            rules.hub_route_table(hub_id, None),
            rules.routing_intent(hub_id, firewall_id),
        ):
            self.resources.add(part)
        return firewall_id
