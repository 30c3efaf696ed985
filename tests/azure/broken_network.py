"""Faults of the way from the nodes to the registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from tests import build

from .broken import fault
from .store import Json
from .views import INSTANCE_ADDRESSES

if TYPE_CHECKING:
    from .state import Cloud

_NETWORK = "Microsoft.Network"
_CLIENT = re.compile(r"client with IP '([0-9.]+)' is not allowed")
SUFFIX = "azurecr.io"


def node_subnets(cloud: Cloud) -> list[Json]:
    """The subnets that the nodes are in."""
    pools = cloud.cluster["properties"].get("agentPoolProfiles") or []
    ids = dict.fromkeys(str(pool.get("vnetSubnetID") or build.SUBNET_ID) for pool in pools)
    return [cloud.resources[each] for each in ids if each in cloud.resources]


def node_networks(cloud: Cloud) -> set[str]:
    """The ids of their virtual networks, in lower case."""
    return {each["id"].partition("/subnets/")[0].lower() for each in node_subnets(cloud)}


# --- the registry's own door ------------------------------------------------------------


@fault("network.public-access-disabled")
def _nobody_is_let_in(cloud: Cloud) -> bool:
    return bool(cloud.registry["properties"]["publicNetworkAccess"] == "Disabled")


@fault("network.outbound-ip-not-allowed")
def _addresses_are_not_let_in(cloud: Cloud) -> bool:
    """Some address that nodes leave by is in no rule of the registry's firewall."""
    rules = cloud.registry["properties"].get("networkRuleSet") or {}
    allowed = [ip_network(each["value"], strict=False) for each in rules.get("ipRules") or ()]
    if rules.get("defaultAction") != "Deny" or _let_in_by_subnet(cloud):
        return False
    return any(not any(each.subnet_of(rule) for rule in allowed) for each in _leaving(cloud) if each.version == 4)


def _let_in_by_subnet(cloud: Cloud) -> bool:
    return all(each["id"].lower() in _subnets_let_in(cloud) for each in node_subnets(cloud))


def _subnets_let_in(cloud: Cloud) -> set[str]:
    rules = (cloud.registry["properties"].get("networkRuleSet") or {}).get("virtualNetworkRules") or ()
    return {str(each.get("virtualNetworkSubnetResourceId") or each.get("id")).lower() for each in rules}


def _leaving(cloud: Cloud) -> Iterator[Any]:
    """The public addresses that nodes leave by.

    Those that the registry names in what pods report, those of the nodes' own, and those of their ways out: gateways on
    their subnets, firewalls on their routes, the cluster's.
    """
    yield from map(ip_network, _CLIENT.findall(str(getattr(cloud.kubernetes, "objects", ""))))
    own = [each for each in cloud.resources.of_type(INSTANCE_ADDRESSES)]
    own += [{"id": each} for each in _prefixes_of_nodes(cloud)]
    if own:
        yield from _addresses(cloud, own)
        return
    for subnet in node_subnets(cloud):
        gateway = (subnet["properties"].get("natGateway") or {}).get("id")
        if gateway:
            properties = cloud.resources[gateway]["properties"]
            yield from _addresses(
                cloud, [*properties.get("publicIpAddresses", ()), *properties.get("publicIpPrefixes", ())]
            )
            return
        table = (subnet["properties"].get("routeTable") or {}).get("id")
        routes = cloud.resources[table]["properties"]["routes"] if table else ()
        if any(each["properties"]["nextHopType"] == "VirtualAppliance" for each in routes):
            for firewall in cloud.resources.of_type(f"{_NETWORK}/azureFirewalls"):
                configurations = firewall["properties"]["ipConfigurations"]
                yield from _addresses(cloud, [each["properties"]["publicIPAddress"] for each in configurations])
            return
    profile = cloud.cluster["properties"]["networkProfile"]
    for member in ("loadBalancerProfile", "natGatewayProfile"):
        yield from _addresses(cloud, (profile.get(member) or {}).get("effectiveOutboundIPs") or ())


def _prefixes_of_nodes(cloud: Cloud) -> Iterator[str]:
    for pool in cloud.cluster["properties"].get("agentPoolProfiles") or ():
        yield from (value for name, value in pool.items() if name.lower() == "nodepublicipprefixid" and value)


def _addresses(cloud: Cloud, references: Iterable[Json]) -> Iterator[Any]:
    for each in references:
        properties = cloud.resources[each["id"]]["properties"] if each["id"] in cloud.resources else {}
        told = properties.get("ipAddress") or properties.get("ipPrefix")
        if told:
            yield ip_network(told)


@fault("network.subnet-not-allowed")
def _subnet_is_not_let_in(cloud: Cloud) -> bool:
    return not _let_in_by_subnet(cloud)


@fault("network.service-endpoint-missing")
def _subnet_has_no_service_endpoint(cloud: Cloud) -> bool:
    has = (
        any(one["service"] == "Microsoft.ContainerRegistry" for one in each["properties"].get("serviceEndpoints") or ())
        for each in node_subnets(cloud)
    )
    return not all(has)


@fault("network.storage-policy-blocks-layers")
def _storage_is_limited(cloud: Cloud) -> bool:
    """Layers still come from storage accounts of Azure's, which no policy can name."""
    return not cloud.registry["properties"].get("dataEndpointEnabled")


# --- private link -------------------------------------------------------------------------


def connections(cloud: Cloud) -> list[Json]:
    return cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")


@fault("network.private-endpoint-not-approved")
def _no_endpoint_is_approved(cloud: Cloud) -> bool:
    """Of those in networks of the nodes."""
    near = [
        each["properties"]["privateLinkServiceConnectionState"]["status"]
        for each in connections(cloud)
        for endpoint in [cloud.resources.get(each["properties"]["privateEndpoint"]["id"])]
        if endpoint and endpoint["properties"]["subnet"]["id"].partition("/subnets/")[0].lower() in node_networks(cloud)
    ]
    return "Approved" not in near


def zones(cloud: Cloud) -> list[Json]:
    """The private zones of names of registries."""
    return [each for each in cloud.resources.of_type(f"{_NETWORK}/privateDnsZones") if each["name"].endswith(SUFFIX)]


def linked(cloud: Cloud, zone: Json) -> set[str]:
    """The ids of the networks that a zone is linked to, in lower case."""
    links = cloud.resources.children(zone["id"], "virtualNetworkLinks")
    return {each["properties"]["virtualNetwork"]["id"].lower() for each in links}


def records(cloud: Cloud, zone: Json) -> dict[str, list[str]]:
    """The addresses of each name that a zone answers for, as whole names without ``privatelink``."""
    public = zone["name"].removeprefix("privatelink.")
    return {
        public if each["name"] == "@" else f"{each['name']}.{public}": [
            one["ipv4Address"] for one in each["properties"]["aRecords"]
        ]
        for each in cloud.resources.children(zone["id"], "A")
    }


def interface_addresses(cloud: Cloud) -> dict[str, set[str]]:
    """Of each name that endpoints of the registry answer for, the addresses of their interfaces."""
    found: dict[str, set[str]] = {}
    for endpoint in cloud.resources.of_type(f"{_NETWORK}/privateEndpoints"):
        for reference in endpoint["properties"]["networkInterfaces"]:
            for each in cloud.resources[reference["id"]]["properties"]["ipConfigurations"]:
                properties = each["properties"]
                for name in properties["privateLinkConnectionProperties"]["fqdns"]:
                    found.setdefault(name, set()).add(properties["privateIPAddress"])
    return found


@fault("network.private-dns-zone-missing")
def _there_is_no_zone(cloud: Cloud) -> bool:
    return not any(linked(cloud, each) for each in zones(cloud))


@fault("network.private-dns-link-missing")
def _zone_is_not_linked(cloud: Cloud) -> bool:
    """Some network of nodes is linked to no zone of registries, and no server of its own asks another that is."""
    servers = {
        network
        for each in cloud.resources.of_type(f"{_NETWORK}/dnsForwardingRulesets/forwardingRules")
        if each["properties"]["forwardingRuleState"] == "Enabled"
        for link in cloud.resources.children(each["id"].rsplit("/", 2)[0], "virtualNetworkLinks")
        for network in [link["properties"]["virtualNetwork"]["id"].lower()]
    }
    reached = set().union(*(linked(cloud, each) for each in zones(cloud))) | servers
    return not node_networks(cloud) <= reached


@fault("network.custom-dns-unlinked")
def _network_of_the_server_is_not_linked(cloud: Cloud) -> bool:
    """The network that has the nodes' DNS server is linked to no zone."""
    servers = [
        server
        for network in node_networks(cloud)
        for server in (cloud.resources[network]["properties"].get("dhcpOptions") or {}).get("dnsServers", ())
    ]
    homes = {
        network["id"].lower()
        for network in cloud.resources.of_type(f"{_NETWORK}/virtualNetworks")
        for prefix in network["properties"]["addressSpace"]["addressPrefixes"]
        if any(ip_address(each) in ip_network(prefix) for each in servers)
    }
    return not homes <= set().union(*(linked(cloud, each) for each in zones(cloud)))


@fault("network.dns-forwarded-elsewhere")
def _names_are_asked_elsewhere(cloud: Cloud) -> bool:
    """The nodes' network is not linked itself, which goes first, nor is that of a server that its rule forwards to.

    https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets#rules
    """
    rules = cloud.resources.of_type(f"{_NETWORK}/dnsForwardingRulesets/forwardingRules")
    servers = {
        one["ipAddress"]
        for each in rules
        if each["properties"]["forwardingRuleState"] == "Enabled"
        for one in each["properties"]["targetDnsServers"]
    }
    known = set().union(*(linked(cloud, each) for each in zones(cloud)))
    answering = {
        configuration["privateIpAddress"]
        for endpoint in cloud.resources.of_type(f"{_NETWORK}/dnsResolvers/inboundEndpoints")
        for configuration in endpoint["properties"]["ipConfigurations"]
        if configuration["subnet"]["id"].partition("/subnets/")[0].lower() in known
    }
    return not servers <= answering and not node_networks(cloud) <= known


@fault("network.private-dns-record-missing")
def _a_name_has_no_record(cloud: Cloud) -> bool:
    held = set().union(*(records(cloud, each) for each in zones(cloud) if linked(cloud, each)))
    return not interface_addresses(cloud).keys() <= held


@fault("network.private-dns-record-wrong")
def _a_record_leads_elsewhere(cloud: Cloud) -> bool:
    wanted = interface_addresses(cloud)
    return any(
        not set(addresses) <= wanted.get(name, set())
        for zone in zones(cloud)
        for name, addresses in records(cloud, zone).items()
    )


# --- the way --------------------------------------------------------------------------------


def peerings(cloud: Cloud) -> list[Json]:
    return list(cloud.resources.of_type(f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings"))


@fault("network.peering-disconnected")
def _a_peering_is_not_whole(cloud: Cloud) -> bool:
    return any(
        each["properties"]["peeringState"] != "Connected"
        or not each["properties"]["allowVirtualNetworkAccess"]
        or each["properties"].get("peeringSyncLevel") not in (None, "FullyInSync")
        for each in peerings(cloud)
    )


@fault("network.peering-missing")
def _networks_are_apart(cloud: Cloud) -> bool:
    """No peering leads from the nodes' network to that of an endpoint of the registry."""
    wanted = {
        each["properties"]["subnet"]["id"].partition("/subnets/")[0].lower()
        for each in cloud.resources.of_type(f"{_NETWORK}/privateEndpoints")
    }
    joined = {
        each["properties"]["remoteVirtualNetwork"]["id"].lower()
        for each in peerings(cloud)
        if each["id"].partition("/virtualNetworkPeerings/")[0].lower() in node_networks(cloud)
        and each["properties"]["peeringState"] == "Connected"
    }
    return not wanted & (joined | node_networks(cloud))


@fault("network.route-drops-registry")
def _a_route_drops(cloud: Cloud) -> bool:
    """A route of a node subnet leads nowhere, and none for the registry's tag goes before it."""
    routes = [
        one["properties"]
        for each in node_subnets(cloud)
        if (each["properties"].get("routeTable") or {}).get("id") in cloud.resources
        for one in cloud.resources[each["properties"]["routeTable"]["id"]]["properties"]["routes"]
    ]
    appliances = {
        configuration["properties"].get("privateIPAddress")
        for each in cloud.resources.of_type(f"{_NETWORK}/azureFirewalls")
        for configuration in each["properties"]["ipConfigurations"]
    }
    dropped = [
        each
        for each in routes
        if each["nextHopType"] == "None"
        or (each["nextHopType"] == "VirtualAppliance" and each.get("nextHopIpAddress") not in appliances)
    ]
    around = [
        each for each in routes if each["addressPrefix"].startswith("AzureContainerRegistry") and each not in dropped
    ]
    return bool(dropped) and not around


@fault("network.nsg-blocks-registry")
def _a_rule_denies(cloud: Cloud) -> bool:
    """In some group and direction, the first word about one of the addresses that a pull goes to is a denial."""
    return any(
        _denies(rules, direction, named)
        for group in cloud.resources.of_type(f"{_NETWORK}/networkSecurityGroups")
        for rules in [[each["properties"] for each in group["properties"]["securityRules"]]]
        for direction in ("Outbound", "Inbound")
        for named in _destinations(cloud)
    )


def _destinations(cloud: Cloud) -> list[tuple[str, ...]]:
    """Of each place that a pull goes to, the words of rules for it: an endpoint's address, or the tags of services."""
    location = cloud.registry["location"]
    if cloud.registry["properties"]["publicNetworkAccess"] == "Disabled":
        return [(each, "VirtualNetwork") for found in interface_addresses(cloud).values() for each in found]
    services = ["AzureContainerRegistry"]
    services += [] if cloud.registry["properties"].get("dataEndpointEnabled") else ["Storage"]
    return [(each, f"{each}.{location}", "AzureCloud", f"AzureCloud.{location}", "Internet") for each in services]


def _denies(rules: list[Json], direction: str, named: tuple[str, ...]) -> bool:
    heard = [each for each in rules if each["direction"] == direction and _is_about(each, named)]
    return bool(heard) and min(heard, key=lambda each: int(each["priority"]))["access"] == "Deny"


def _is_about(rule: Json, named: tuple[str, ...]) -> bool:
    """Whether a rule about HTTPS is for everything or for one of these words."""
    ports = {rule.get("destinationPortRange"), *(rule.get("destinationPortRanges") or ())}
    told = [*(rule.get("destinationAddressPrefixes") or ()), rule.get("destinationAddressPrefix")]
    return bool(ports & {"*", "443"}) and any(
        each == "*" or str(each).lower() in {one.lower() for one in named} or _holds(str(each), named[0])
        for each in told
    )


def _holds(prefix: str, address: str) -> bool:
    both = prefix[:1].isdigit() and address[:1].isdigit()
    return both and ip_address(address) in ip_network(prefix, strict=False)


@fault("network.admin-rule-blocks-registry")
def _an_admin_rule_denies(cloud: Cloud) -> bool:
    rules = [
        each["properties"]
        for each in cloud.resources.of_type(
            f"{_NETWORK}/networkManagers/securityAdminConfigurations/ruleCollections/rules"
        )
    ]
    denied = [each["priority"] for each in rules if each["access"] == "Deny"]
    return any(not any(each["priority"] < one for each in rules if each["access"] != "Deny") for one in denied)
