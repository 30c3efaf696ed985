"""What Azure Firewalls that nodes are routed through let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import build

from . import resources_firewall as rules
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

HUB_GROUP_ID = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-hub"
HUB = f"{HUB_GROUP_ID}/providers/Microsoft.Network"


class FirewallStories:
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
