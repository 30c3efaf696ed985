"""DNS Private Resolver: inbound endpoints in a network, and rulesets that forward names to servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import build

from . import resources as make
from . import resources_resolver as resolver

if TYPE_CHECKING:
    from .state import Cloud

NETWORK = "Microsoft.Network"
REGISTRY_DOMAIN = "privatelink.azurecr.io."


class ResolverChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def inbound_endpoint(
        self: Cloud,
        subnet_id: str,
        address: str,
        group: str = "rg-hub",
        subscription: str = build.SUBSCRIPTION,
        name: str = "resolver",
    ) -> str:
        """Add a resolver in the network of a subnet, with an inbound endpoint in it; returns the resolver's id."""
        self.ensure_group(group, subscription)
        base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{NETWORK}"
        resolver_id = f"{base}/dnsResolvers/{name}"
        self.resources.add(resolver.resolver(resolver_id, subnet_id.partition("/subnets/")[0]))
        self.resources.add(resolver.inbound_endpoint(f"{resolver_id}/inboundEndpoints/inbound", subnet_id, address))
        return resolver_id

    def ruleset(
        self: Cloud,
        *servers: str,
        network_id: str = make.VNET_ID,
        domain: str = REGISTRY_DOMAIN,
        enabled: bool = True,
        group: str = "rg-hub",
        subscription: str = build.SUBSCRIPTION,
        name: str = "ruleset",
    ) -> str:
        """Link a ruleset to a network, with a rule ``registries`` that forwards a domain to servers; returns its id."""
        self.ensure_group(group, subscription)
        base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{NETWORK}"
        ruleset_id = f"{base}/dnsForwardingRulesets/{name}"
        outbound = f"{base}/dnsResolvers/resolver/outboundEndpoints/outbound"
        self.resources.add(resolver.ruleset(ruleset_id, outbound))
        self.resources.add(resolver.forwarding_rule(ruleset_id, "registries", domain, servers, enabled))
        self.link_ruleset(ruleset_id, network_id)
        return ruleset_id

    def link_ruleset(self: Cloud, ruleset_id: str, network_id: str) -> None:
        """Link a ruleset to one network more."""
        name = f"link-{network_id.rpartition('/')[2]}"
        self.resources.add(resolver.ruleset_link(ruleset_id, name, network_id))
