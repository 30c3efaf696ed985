"""Networks, private endpoints, zones and firewalls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from azext_acrpulldiag.facts import (
    AdminRule,
    ConnectedGroup,
    EndpointAddress,
    Firewall,
    FirewallRule,
    Forwarding,
    ForwardingRule,
    ForwardingRuleset,
    InboundEndpoint,
    LinkedRulesets,
    Network,
    NetworkManager,
    NodeAddresses,
    NodePlace,
    Outbound,
    Peering,
    PrivateEndpoint,
    PrivateZone,
    RuleCollection,
    SecurityRule,
    Subnet,
    VirtualNetwork,
    ZoneLink,
    ZoneSearch,
)

from .ids import (
    CONNECTION_ID,
    DATA_HOST,
    ENDPOINT_ID,
    ENDPOINT_SUBNET_ID,
    FIREWALL_ID,
    HUB_NETWORK_ID,
    RULESET_ID,
    MANAGER_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    VNET_ID,
    ZONE_ID,
)


def network(**changes: object) -> Network:
    """The network that AKS makes: one subnet, Azure's own DNS, no security group and no route of anybody."""
    vnet = SUBNET_ID.rpartition("/subnets/")[0]
    return replace(
        Network(
            places=(NodePlace(("pool1",), SUBNET_ID),),
            networks={vnet.lower(): VirtualNetwork(vnet, ("10.224.0.0/12",), (), ())},
            subnets={SUBNET_ID.lower(): subnet()},
            replications=(),
        ),
        **changes,
    )


def subnet(subnet_id: str = SUBNET_ID, prefix: str = "10.224.0.0/16", **changes: object) -> Subnet:
    return replace(
        Subnet(
            id=subnet_id,
            prefixes=(prefix,),
            security_group_id=None,
            route_table_id=None,
            nat_gateway_id=None,
            service_endpoints=(),
            endpoint_policy_ids=(),
            endpoint_network_policies="Disabled",
            private=False,
        ),
        **changes,
    )


def private_endpoint(**changes: object) -> PrivateEndpoint:
    """An approved endpoint of the registry in the nodes' network; its zone group keeps the records in the zone."""
    return replace(
        PrivateEndpoint(
            connection_id=CONNECTION_ID,
            id=ENDPOINT_ID,
            status="Approved",
            subnet_id=ENDPOINT_SUBNET_ID,
            addresses=(
                EndpointAddress("10.225.0.5", "registry_data_westeurope", (DATA_HOST,)),
                EndpointAddress("10.225.0.6", "registry", ("contosoreg.azurecr.io",)),
            ),
            zone_ids=(ZONE_ID,),
        ),
        **changes,
    )


def zone_link(network_id: str = VNET_ID, name: str = "nodes", **changes: object) -> ZoneLink:
    link = ZoneLink(f"{ZONE_ID}/virtualNetworkLinks/{name}", name, network_id, False, "Completed")
    return replace(link, **changes)


def private_zone(**changes: object) -> PrivateZone:
    """The private DNS zone with the registry's records, linked to the nodes' network."""
    records = {"contosoreg": ("10.225.0.6",), "contosoreg.westeurope.data": ("10.225.0.5",)}
    return replace(PrivateZone(ZONE_ID, "privatelink.azurecr.io", (zone_link(),), records), **changes)


def forwarding_rule(*targets: str, name: str = "registries", **changes: object) -> ForwardingRule:
    """An enabled rule for the registry's zone, that forwards to DNS servers; default to one in the hub."""
    path = f"{RULESET_ID}/forwardingRules/{name}"
    rule = ForwardingRule(path, name, "privatelink.azurecr.io", True, targets or ("10.100.0.10",))
    return replace(rule, **changes)


def ruleset(*rules: ForwardingRule, **changes: object) -> ForwardingRuleset:
    return replace(ForwardingRuleset(RULESET_ID, rules), **changes)


def inbound_endpoint(address: str = "10.100.0.10", network_id: str = HUB_NETWORK_ID) -> InboundEndpoint:
    """An inbound endpoint of the resolver in a network; default in the hub."""
    resolver = f"{network_id.rpartition('/virtualNetworks/')[0]}/dnsResolvers/resolver"
    return InboundEndpoint(f"{resolver}/inboundEndpoints/inbound", network_id, (address,))


def forwarding(
    linked: Mapping[str, ForwardingRuleset] | None = None, *inbound: InboundEndpoint, **changes: object
) -> Forwarding:
    """The rulesets that are linked to networks (by id); to the nodes' network and the hub none, unless given."""
    known = {each.lower(): LinkedRulesets(()) for each in (VNET_ID, HUB_NETWORK_ID)}
    given = {network_id.lower(): LinkedRulesets((each,)) for network_id, each in (linked or {}).items()}
    return replace(Forwarding({**known, **given}, inbound), **changes)


def private_link_network(**changes: object) -> Network:
    """The nodes' network with a private endpoint of the registry, and its zone."""
    of_endpoint = subnet(ENDPOINT_SUBNET_ID, "10.225.0.0/24")
    return replace(
        network(
            subnets={SUBNET_ID.lower(): subnet(), ENDPOINT_SUBNET_ID.lower(): of_endpoint},
            endpoints=(private_endpoint(),),
            zones=ZoneSearch((private_zone(),), (SUBSCRIPTION,)),
            forwarding=forwarding(),
        ),
        **changes,
    )


def firewall_rule(**changes: object) -> FirewallRule:
    """An application rule for HTTPS from anywhere; it names no target."""
    rule = FirewallRule("registry", ("*",), (), (), (), (), (), ("Https:443",), ())
    return replace(rule, **changes)


def allowing(*fqdns: str) -> RuleCollection:
    """A collection that lets HTTPS to these names through."""
    return RuleCollection("web", "application", True, (firewall_rule(fqdns=fqdns),), 200)


def firewall(*collections: RuleCollection, **changes: object) -> Firewall:
    """A firewall with classic rules in the hub network, at 10.100.0.4."""
    given = Firewall(FIREWALL_ID, ("10.100.0.4",), HUB_NETWORK_ID, None, (), None, collections)
    return replace(given, **changes)


def peering(here: str, there: str, prefix: str, **changes: object) -> Peering:
    """The side of ``here`` of a peering that is in order."""
    name = f"to-{there.rpartition('/')[2]}"
    path = f"{here}/virtualNetworkPeerings/{name}"
    return replace(Peering(path, name, there, "Connected", True, True, False, (prefix,)), **changes)


def outbound(*addresses: str, **changes: object) -> Outbound:
    """The cluster's load balancer leaves by ``addresses``; nodes of ``pool1`` have none of their own."""
    nodes = NodeAddresses(("pool1",), SUBNET_ID, public_ip=False)
    return replace(Outbound((nodes,), addresses or ("20.61.112.7",)), **changes)


def admin_rule(access: str = "Deny", **changes: object) -> AdminRule:
    """A security admin rule about everything that leaves for the internet."""
    collection = f"{MANAGER_ID}/securityAdminConfigurations/baseline/ruleCollections/egress"
    whole = SecurityRule("internet", 100, "Outbound", access, "Tcp", ("*",), ("Internet",), ("*",), ("*",))
    return AdminRule(f"{collection}/rules/internet", replace(whole, **changes))


def mesh(**changes: object) -> ConnectedGroup:
    """A group whose members a mesh joins, and that a network is in."""
    group = ConnectedGroup(
        configuration_id=f"{MANAGER_ID}/connectivityConfigurations/mesh",
        group_id=f"{MANAGER_ID}/networkGroups/spokes",
        topology="Mesh",
        connectivity="DirectlyConnected",
        hubs=(),
        has_network=True,
        spans_regions=True,
    )
    return replace(group, **changes)


def network_manager(**changes: object) -> NetworkManager:
    """A Virtual Network Manager of the subscription, with all features."""
    return replace(NetworkManager(MANAGER_ID, ("Connectivity", "SecurityAdmin"), (SUBSCRIPTION,), False), **changes)
