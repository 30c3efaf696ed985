"""Faults of the network between the nodes and the registry."""

from __future__ import annotations

from collections.abc import Iterator

from azext_acrpulldiag.facts import (
    Facts,
    Firewall,
    Forwarding,
    LinkedRulesets,
    Network,
    NetworkRules,
    Registry,
    Unreadable,
    VirtualNetwork,
)
from azext_acrpulldiag.path import OK, walks
from azext_acrpulldiag.path.dns.answers import FORWARDING_RULE
from azext_acrpulldiag.path.dns.names import KINDS
from azext_acrpulldiag.path.routing.gateways import advertisers
from tests import build
from tests.azure.resources import virtual_network
from tests.azure.resources_reach import security_rule
from tests.azure.state import Cloud
from tests.azure.store import Json

from .faults import fault

# --- what a healthy cloud is -----------------------------------------------------------


def _network(facts: Facts) -> Network:
    assert isinstance(facts.network, Network)
    return facts.network


def _registry(facts: Facts) -> Registry:
    assert isinstance(facts.registry, Registry)
    return facts.registry


def _destinations(facts: Facts) -> set[bool]:
    """Whether the login server leads to the private side, over all node pools; empty: that is not known."""
    found = walks(facts)
    if any(hop.state != OK and hop.kind in KINDS for walk in found for hop in walk.hops):
        return set()
    server = _registry(facts).login_server
    return {walk.destination.private for walk in found if walk.destination and walk.host == server}


def reached_privately(facts: Facts) -> bool:
    return _destinations(facts) == {True} and _registry(facts).public_network_access == "Disabled"


def reached_publicly(facts: Facts) -> bool:
    return _destinations(facts) == {False}


def straight_out(facts: Facts) -> bool:
    """The nodes leave for the public side: no firewall, hub or HTTP proxy, no service endpoint and no rule for one."""
    subnets = [each for each in _network(facts).subnets.values() if each is not None]
    endpoints = {service for each in subnets for service in getattr(each, "service_endpoints", ())}
    return (
        reached_publicly(facts)
        and not _network(facts).firewalls
        and not _network(facts).hubs
        and not endpoints
        and getattr(_registry(facts).network_rules, "subnet_ids", ()) == ()
        and getattr(facts.cluster, "http_proxy", None) is None
    )


def security_groups_decide(facts: Facts) -> bool:
    """No security admin rule allows anything whatever security groups say."""
    held = [each for each in _network(facts).managed.admin_rules.values() if not isinstance(each, Unreadable)]
    return straight_out(facts) and all(each.rule.access != "AlwaysAllow" for rules in held for each in rules)


def layers_from_public_storage(facts: Facts) -> bool:
    return straight_out(facts) and _registry(facts).data_endpoint_hosts == ()


def asks_azure_dns(facts: Facts) -> bool:
    return reached_privately(facts) and not _custom_dns(facts) and not _rulesets(facts)


def asks_servers_of_its_own(facts: Facts) -> bool:
    return reached_privately(facts) and _custom_dns(facts) and not _rulesets(facts)


def forwarded_by_a_rule(facts: Facts) -> bool:
    """And all rules there are, as far as this login sees them, were read."""
    seen = all(each.unread is None for each in _forwarding(facts))
    forwarded = any(hop.kind == FORWARDING_RULE for walk in walks(facts) for hop in walk.hops)
    return reached_privately(facts) and seen and forwarded


def forwarded_from_azure_dns(facts: Facts) -> bool:
    return forwarded_by_a_rule(facts) and not _custom_dns(facts)


def _rulesets(facts: Facts) -> bool:
    return any(each.rulesets for each in _forwarding(facts))


def _forwarding(facts: Facts) -> list[LinkedRulesets]:
    found = _network(facts).forwarding
    return list(found.linked.values()) if isinstance(found, Forwarding) else []


def _custom_dns(facts: Facts) -> bool:
    networks = _network(facts).networks.values()
    return any(each.dns_servers for each in networks if isinstance(each, VirtualNetwork))


def reached_over_a_peering(facts: Facts) -> bool:
    homes = {str(place.subnet_id).lower().partition("/subnets/")[0] for place in _network(facts).places}
    there = {
        walk.destination.endpoint.subnet_id.lower().partition("/subnets/")[0]
        for walk in walks(facts)
        if walk.destination and walk.destination.endpoint and isinstance(walk.destination.endpoint.subnet_id, str)
    }
    return reached_privately(facts) and bool(there) and homes.isdisjoint(there) and not _custom_dns(facts)


def has_the_peering(facts: Facts) -> bool:
    """Not a connected group alone, or instead."""
    return reached_over_a_peering(facts) and any(hop.kind == "peering" for walk in walks(facts) for hop in walk.hops)


def behind_a_firewall(facts: Facts) -> bool:
    """Packets come to a firewall for certain: a route that may be about the registry takes them there perhaps."""
    sure = [hop for walk in walks(facts) for hop in walk.hops if hop.kind == "firewall" and hop.unread is None]
    return reached_publicly(facts) and any(hop.state == OK for hop in sure)


def _has_gateways(facts: Facts) -> bool:
    """Routes that nobody reads may hold in the nodes' network: alone, nothing that they may mend is an error."""
    homes = {str(place.subnet_id).lower().partition("/subnets/")[0] for place in _network(facts).places}
    here = [_network(facts).networks.get(each) for each in homes]
    return any(isinstance(each, VirtualNetwork) and advertisers(each) for each in here)


def reached_over_a_peering_alone(facts: Facts) -> bool:
    return reached_over_a_peering(facts) and not _has_gateways(facts)


def can_filter_by_address(facts: Facts) -> bool:
    """A registry with a firewall, be it open, whose nodes come in with public addresses."""
    if _has_gateways(facts):
        return False
    shown = any(isinstance(each, Firewall) and each.public_ip_ids for each in _network(facts).firewalls.values())
    through = shown and behind_a_firewall(facts) and _registry(facts).network_rules is not None
    return through or (straight_out(facts) and _registry(facts).network_rules is not None)


def filters_by_address(facts: Facts) -> bool:
    rules = _registry(facts).network_rules
    return isinstance(rules, NetworkRules) and rules.default_action == "Deny" and straight_out(facts)


# --- what is there ---------------------------------------------------------------------


def _of_type(cloud: Cloud, kind: str) -> Iterator[Json]:
    yield from list(cloud.resources.of_type(f"Microsoft.Network/{kind}"))


def _node_subnets(cloud: Cloud) -> list[str]:
    """The subnets of all node pools."""
    found: dict[str, None] = {}
    for scale_set in cloud.resources.of_type("Microsoft.Compute/virtualMachineScaleSets"):
        profile = scale_set["properties"]["virtualMachineProfile"]["networkProfile"]
        for interface in profile["networkInterfaceConfigurations"]:
            for configuration in interface["properties"]["ipConfigurations"]:
                found[configuration["properties"]["subnet"]["id"]] = None
    return list(found)


def _endpoint_address(cloud: Cloud) -> str:
    configurations = [
        each["properties"]
        for interface in _of_type(cloud, "networkInterfaces")
        for each in interface["properties"]["ipConfigurations"]
        if "privateLinkConnectionProperties" in each["properties"]
    ]
    return str(
        next(
            each["privateIPAddress"]
            for each in configurations
            if each["privateLinkConnectionProperties"]["requiredMemberName"] == "registry"
        )
    )


# --- security groups and routes --------------------------------------------------------


@fault("network.nsg-blocks-registry", "packets", applies=security_groups_decide)
def security_group_denies_the_registry(cloud: Cloud) -> None:
    for number, subnet in enumerate(_node_subnets(cloud)):
        rule = security_rule("no-registry", 150, "Deny", "AzureContainerRegistry")
        cloud.security_group(rule, name=f"nsg-metamorphic-{number}", subnet_id=subnet)


@fault("network.nsg-blocks-registry", "packets", applies=security_groups_decide)
def security_group_denies_the_internet(cloud: Cloud) -> None:
    for number, subnet in enumerate(_node_subnets(cloud)):
        rule = security_rule("no-internet", 4000, "Deny", "Internet")
        cloud.security_group(rule, name=f"nsg-metamorphic-{number}", subnet_id=subnet)


@fault("network.nsg-blocks-registry", "packets", applies=reached_privately)
def security_group_denies_the_endpoint(cloud: Cloud) -> None:
    address = _endpoint_address(cloud)
    for number, subnet in enumerate(_node_subnets(cloud)):
        rule = security_rule("no-endpoint", 200, "Deny", f"{address}/32")
        cloud.security_group(rule, name=f"nsg-metamorphic-{number}", subnet_id=subnet)


def rules_may_be_read(facts: Facts) -> bool:
    held = _network(facts).managed.admin_rules.values()
    return security_groups_decide(facts) and bool(held) and not any(isinstance(each, Unreadable) for each in held)


@fault("network.admin-rule-blocks-registry", "packets", applies=rules_may_be_read)
def security_admin_rule_denies_the_internet(cloud: Cloud) -> None:
    networks = {subnet.partition("/subnets/")[0]: None for subnet in _node_subnets(cloud)}
    cloud.admin_rule("metamorphic-internet", 1, "Deny", "Internet", network_ids=networks)


# Who leaves by no address at all is not kept out by its address.
@fault("network.route-drops-registry", "packets", "way", applies=straight_out)
def default_route_to_nowhere(cloud: Cloud) -> None:
    for subnet in _node_subnets(cloud):
        cloud.route("None", subnet_id=subnet)


@fault("network.storage-policy-blocks-layers", "layers", applies=layers_from_public_storage)
def storage_policy_on_the_nodes(cloud: Cloud) -> None:
    for subnet in _node_subnets(cloud):
        cloud.storage_policy(subnet_id=subnet)


@fault("network.outbound-ip-not-allowed", "way", applies=can_filter_by_address)
def outbound_address_not_allowed(cloud: Cloud) -> None:
    cloud.firewall(["198.51.100.7"])


@fault("network.subnet-not-allowed", "way", applies=filters_by_address)
def service_endpoint_without_a_rule(cloud: Cloud) -> None:
    for subnet in _node_subnets(cloud):
        cloud.service_endpoints(subnet_id=subnet)


@fault("network.firewall-blocks-registry", "packets", applies=behind_a_firewall)
def firewall_without_a_rule(cloud: Cloud) -> None:
    for firewall in cloud.resources.of_type("Microsoft.Network/azureFirewalls"):
        firewall["properties"].pop("firewallPolicy", None)
        cloud.firewall_rules(firewall["id"])


# --- private link ----------------------------------------------------------------------


# Nothing is read of what lies behind an endpoint that does not serve yet.
@fault("network.private-endpoint-not-approved", "names", "packets", "way", applies=reached_privately)
def endpoint_waits_for_approval(cloud: Cloud) -> None:
    for connection in cloud.resources.of_type("Microsoft.ContainerRegistry/registries/privateEndpointConnections"):
        connection["properties"]["privateLinkServiceConnectionState"]["status"] = "Pending"


@fault("network.private-dns-record-missing", "names", applies=reached_privately)
def record_deleted(cloud: Cloud) -> None:
    for record in _of_type(cloud, "privateDnsZones/A"):
        cloud.remove(record["id"])


@fault("network.private-dns-record-missing", "names", applies=reached_privately)
def record_of_the_data_endpoint_deleted(cloud: Cloud) -> None:
    for record in _of_type(cloud, "privateDnsZones/A"):
        if record["name"].endswith(".data"):
            cloud.remove(record["id"])


@fault("network.private-dns-record-wrong", "names", applies=reached_privately)
def record_of_an_endpoint_that_is_gone(cloud: Cloud) -> None:
    for record in _of_type(cloud, "privateDnsZones/A"):
        record["properties"]["aRecords"] = [{"ipv4Address": "10.99.99.99"}]


@fault("network.private-dns-link-missing", "names", "way", applies=asks_azure_dns)
def zone_unlinked(cloud: Cloud) -> None:
    for link in _of_type(cloud, "privateDnsZones/virtualNetworkLinks"):
        cloud.remove(link["id"])


@fault("network.custom-dns-unlinked", "names", "way", applies=asks_servers_of_its_own)
def zone_unlinked_from_the_servers_network(cloud: Cloud) -> None:
    for link in _of_type(cloud, "privateDnsZones/virtualNetworkLinks"):
        cloud.remove(link["id"])


@fault("network.dns-forwarded-elsewhere", "names", "way", applies=forwarded_by_a_rule)
def zone_unlinked_behind_a_rule(cloud: Cloud) -> None:
    for link in _of_type(cloud, "privateDnsZones/virtualNetworkLinks"):
        cloud.remove(link["id"])


@fault("network.dns-forwarded-elsewhere", "names", "way", applies=forwarded_by_a_rule)
def rule_to_a_resolver_without_the_zone(cloud: Cloud) -> None:
    group = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-metamorphic"
    network_id = f"{group}/providers/Microsoft.Network/virtualNetworks/metamorphic"
    cloud.ensure_group("rg-metamorphic")
    cloud.resources.add(virtual_network(network_id, "10.77.0.0/16"))
    subnet_id = cloud.subnet("inbound", "10.77.2.0/28", network_id)
    cloud.inbound_endpoint(subnet_id, "10.77.2.4", "rg-metamorphic", name="metamorphic")
    for rule in _of_type(cloud, "dnsForwardingRulesets/forwardingRules"):
        rule["properties"]["targetDnsServers"] = [{"ipAddress": "10.77.2.4", "port": 53}]


@fault("network.private-dns-link-missing", "names", "way", applies=forwarded_from_azure_dns)
def rule_disabled(cloud: Cloud) -> None:
    for rule in _of_type(cloud, "dnsForwardingRulesets/forwardingRules"):
        rule["properties"]["forwardingRuleState"] = "Disabled"


@fault("network.private-dns-zone-missing", "names", "way", applies=asks_azure_dns)
def zone_deleted(cloud: Cloud) -> None:
    for zone in _of_type(cloud, "privateDnsZones"):
        cloud.remove(zone["id"])
    for group in _of_type(cloud, "privateEndpoints/privateDnsZoneGroups"):
        cloud.remove(group["id"])


@fault("network.peering-missing", "packets", applies=reached_over_a_peering_alone)
def peering_deleted(cloud: Cloud) -> None:
    for peering in _of_type(cloud, "virtualNetworks/virtualNetworkPeerings"):
        cloud.remove(peering["id"])
    _disconnect_groups(cloud)


def _disconnect_groups(cloud: Cloud) -> None:
    """No connected group joins networks any more that no peering does."""
    for member in _of_type(cloud, "networkManagers/networkGroups/staticMembers"):
        cloud.remove(member["id"])


@fault("network.peering-disconnected", "packets", applies=has_the_peering)
def peering_disconnected(cloud: Cloud) -> None:
    for peering in _of_type(cloud, "virtualNetworks/virtualNetworkPeerings"):
        peering["properties"]["peeringState"] = "Disconnected"
