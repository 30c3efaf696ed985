"""The network between the nodes and the registry, as Azure has it configured.

Ids in mappings are in lower case. Private addresses repeat from network to network, so an
address means something only together with the network that it is used in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .envelope import Unreadable
from .registry import Replication

_NOT_READ = Unreadable("not-shown", "The regions of the registry were not read")


@dataclass(frozen=True)
class NodeAddresses:
    """Node pools in one subnet whose nodes have, or have not, public addresses of their own."""

    pools: tuple[str, ...]
    subnet_id: str | Unreadable
    public_ip: bool | Unreadable
    addresses: tuple[str, ...] | Unreadable = ()
    """Of the nodes there are now, or of the prefix that theirs come from; empty: none."""


@dataclass(frozen=True)
class Outbound:
    """The outbound IPv4 addresses, and prefixes in CIDR form, that nodes may have. Which of them they do leave by
    is not said here. Ids in mappings are in lower case."""

    nodes: tuple[NodeAddresses, ...]
    """All node pools."""
    cluster: tuple[str, ...] | Unreadable
    """``effectiveOutboundIPs`` of the cluster's load balancer, or of the NAT gateway that AKS manages without a
    subnet showing it."""
    nat_gateways: Mapping[str, tuple[str, ...] | Unreadable] = field(default_factory=dict)
    firewalls: Mapping[str, tuple[str, ...] | Unreadable] = field(default_factory=dict)
    """Azure Firewalls in virtual networks, by id."""


@dataclass(frozen=True)
class NodePlace:
    """Node pools whose nodes sit in one subnet behind the same security groups."""

    pools: tuple[str, ...]
    subnet_id: str | Unreadable
    interface_group_ids: tuple[str, ...] | Unreadable = ()
    """Network security groups on the nodes' own interfaces."""


@dataclass(frozen=True)
class Peering:
    """One side of a peering: the entry in the network that it belongs to."""

    id: str
    name: str
    remote_network_id: str
    state: str | Unreadable
    """``Connected``, ``Initiated`` or ``Disconnected``."""
    allows_access: bool | Unreadable
    """``allowVirtualNetworkAccess``."""
    allows_forwarded: bool | Unreadable
    """``allowForwardedTraffic``: of traffic that did not begin in the remote network."""
    uses_remote_gateways: bool | Unreadable
    remote_prefixes: tuple[str, ...]


REGION_UNREAD = Unreadable("not-shown", "The region of the network was not read")


@dataclass(frozen=True)
class VirtualNetwork:
    """A virtual network and its side of its peerings."""

    id: str
    prefixes: tuple[str, ...]
    dns_servers: tuple[str, ...]
    """Empty: it uses Azure's own DNS."""
    peerings: tuple[Peering, ...]
    gateways: tuple[str, ...] | Unreadable = ()
    """Ids of virtual network gateways and route servers in it, which bring routes that no route table shows."""
    location: str | Unreadable = REGION_UNREAD


@dataclass(frozen=True)
class Subnet:
    """A subnet, and what is attached to it. ``None`` and empty: nothing of the kind."""

    id: str
    prefixes: tuple[str, ...]
    security_group_id: str | None
    route_table_id: str | None
    nat_gateway_id: str | None
    service_endpoints: tuple[str, ...]
    """Services in lower case: ``microsoft.containerregistry``."""
    endpoint_policy_ids: tuple[str, ...]
    """Service endpoint policies."""
    endpoint_network_policies: str | Unreadable
    """``privateEndpointNetworkPolicies``: ``Disabled``, ``Enabled``, ``NetworkSecurityGroupEnabled`` or
    ``RouteTableEnabled``: whether security groups and routes apply to the endpoints in it."""
    private: bool
    """``defaultOutboundAccess`` is off: without an explicit outbound method there is none."""


@dataclass(frozen=True)
class SecurityRule:
    """A rule of a network security group; prefixes, tags and ``*`` as they are written there."""

    name: str
    priority: int
    direction: str
    """``Inbound`` or ``Outbound``."""
    access: str
    """``Allow`` or ``Deny``."""
    protocol: str
    """``Tcp``, ``Udp``, ``Icmp``, ``Esp``, ``Ah`` or ``*``."""
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    source_ports: tuple[str, ...]
    destination_ports: tuple[str, ...]
    source_groups: tuple[str, ...] = ()
    """Application security groups; who is in them is not read."""
    destination_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecurityGroup:
    """A network security group with its own and Azure's default rules."""

    id: str
    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True)
class AdminRule:
    """A security admin rule of a Virtual Network Manager that is in force on a network."""

    id: str
    rule: SecurityRule
    """What it is about. Its ``access`` may be ``AlwaysAllow``, too; its groups are network groups."""


@dataclass(frozen=True)
class ConnectedGroup:
    """A network group of a connectivity configuration that is in force on a network, and how it joins its members."""

    configuration_id: str
    group_id: str
    topology: str | Unreadable
    """``Mesh`` or ``HubAndSpoke``."""
    connectivity: str | Unreadable
    """``groupConnectivity``: ``DirectlyConnected``, or ``None`` (in words)."""
    hubs: tuple[str, ...]
    """Ids of networks."""
    has_network: bool
    """The network is in the group. Otherwise it is in another one of the configuration, or its hub."""
    spans_regions: bool | Unreadable
    """``isGlobal``: of the configuration for a mesh, of the group otherwise."""


@dataclass(frozen=True)
class NetworkManager:
    """A Virtual Network Manager that the login sees, and what it may manage."""

    id: str
    features: tuple[str, ...] | Unreadable
    """``networkManagerScopeAccesses``: ``Connectivity``, ``SecurityAdmin``, ``Routing``."""
    subscriptions: tuple[str, ...] | Unreadable
    """Ids (without ``/subscriptions/``), in lower case."""
    beyond: bool | Unreadable
    """Management groups, or scopes of other tenants, are in its scope too."""


@dataclass(frozen=True)
class Managed:
    """What Virtual Network Managers do to networks. Ids in mappings are in lower case; what is missing there was not
    asked for, because nothing that is judged depends on it."""

    admin_rules: Mapping[str, tuple[AdminRule, ...] | Unreadable] = field(default_factory=dict)
    """Those in force on networks of nodes."""
    groups: Mapping[str, tuple[ConnectedGroup, ...] | Unreadable] = field(default_factory=dict)
    """Of the nodes' and endpoints' networks, and of those of appliances, that no peering joins for certain."""
    managers: tuple[NetworkManager, ...] | Unreadable | None = None
    """Those in sight, in any subscription of the login. ``None``: not looked for, because the rest could be read."""


@dataclass(frozen=True)
class UserRoute:
    """A user-defined route."""

    name: str
    prefix: str
    """A CIDR range, or a service tag."""
    next_hop: str
    """``VirtualAppliance``, ``VnetLocal``, ``Internet``, ``VirtualNetworkGateway`` or ``None``."""
    address: str | None = None
    """Of a virtual appliance."""


@dataclass(frozen=True)
class RouteTable:
    """A route table."""

    id: str
    routes: tuple[UserRoute, ...]
    gateway_routes: bool | Unreadable
    """Routes of a gateway are taken over too (``disableBgpRoutePropagation`` is off)."""


@dataclass(frozen=True)
class EndpointAddress:
    """One address of a private endpoint, and the names that should resolve to it."""

    address: str
    member: str
    """``registry``, or ``registry_data_REGION``."""
    fqdns: tuple[str, ...]


@dataclass(frozen=True)
class PrivateEndpoint:
    """A private endpoint of the registry, as the registry and the endpoint's own network show it."""

    connection_id: str
    id: str | None
    """``None``: the connection names no endpoint."""
    status: str | Unreadable
    """``Approved``, ``Pending``, ``Rejected`` or ``Disconnected``."""
    subnet_id: str | Unreadable | None
    """``None``: the endpoint is gone."""
    addresses: tuple[EndpointAddress, ...] | Unreadable
    zone_ids: tuple[str, ...] | Unreadable = ()
    """Private DNS zones that its zone groups keep up to date."""


@dataclass(frozen=True)
class ZoneLink:
    """A private DNS zone's link to a virtual network."""

    id: str
    name: str
    network_id: str
    falls_back: bool | Unreadable
    """``resolutionPolicy`` is ``NxDomainRedirect``: what the zone lacks is asked for publicly."""
    state: str | Unreadable
    """``Completed`` where it is in force."""


@dataclass(frozen=True)
class PrivateZone:
    """A private DNS zone in which the registry's names may be looked up."""

    id: str
    name: str
    links: tuple[ZoneLink, ...] | Unreadable
    records: Mapping[str, tuple[str, ...] | Unreadable | None]
    """IPv4 addresses by the labels that were asked for; ``None``: it has no such record."""


EVERYWHERE = "*"
"""Every subscription there is, in :attr:`ZoneSearch.whole`."""


@dataclass(frozen=True)
class ZoneSearch:
    """Where private DNS zones were looked for, and those that were found."""

    zones: tuple[PrivateZone, ...]
    whole: tuple[str, ...]
    """Subscriptions, in lower case, all of whose zones this login may read: what is not found there is not there.
    With :data:`EVERYWHERE` among them, it is nowhere."""
    unread: Unreadable | None = None
    """Why the search is not complete; ``None``: it was answered."""


@dataclass(frozen=True)
class ForwardingRule:
    """A rule of a DNS forwarding ruleset."""

    id: str
    name: str
    domain: str
    """In lower case and without the dot at the end; empty: every name."""
    enabled: bool | Unreadable
    targets: tuple[str, ...]
    """Addresses of the DNS servers that names in the domain are forwarded to; the first is asked as long as it
    answers."""


@dataclass(frozen=True)
class ForwardingRuleset:
    """A DNS forwarding ruleset of DNS Private Resolver."""

    id: str
    rules: tuple[ForwardingRule, ...] | Unreadable


@dataclass(frozen=True)
class LinkedRulesets:
    """The DNS forwarding rulesets that are linked to a virtual network."""

    rulesets: tuple[ForwardingRuleset, ...]
    unlisted: Unreadable | None = None
    """Why the network's own list of them was not read: those are the ones that this login sees, and one in another
    subscription may be linked as well. ``None``: these are all."""
    unread: Unreadable | None = None
    """Why not even all that this login sees were looked at."""


@dataclass(frozen=True)
class InboundEndpoint:
    """An inbound endpoint of DNS Private Resolver: at its addresses answers Azure's DNS of its network."""

    id: str
    network_id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Forwarding:
    """What DNS Private Resolver makes of names that the nodes look up."""

    linked: Mapping[str, LinkedRulesets]
    """By the id of the network, lower case. Missing: what is linked to it was not asked."""
    inbound: tuple[InboundEndpoint, ...] = ()
    """Those that this login sees; looked for where a rule is for the registry's names."""
    inbound_unread: Unreadable | None = None
    """Why there may be more."""


@dataclass(frozen=True)
class FirewallRule:
    """A rule of an Azure Firewall. What a rule does not restrict by a member is ``()`` there."""

    name: str
    sources: tuple[str, ...]
    source_groups: tuple[str, ...]
    """IP groups; their addresses are in :attr:`Network.ip_groups`."""
    destinations: tuple[str, ...]
    """Addresses, ranges, service tags and ``*``, of network rules."""
    destination_groups: tuple[str, ...]
    fqdns: tuple[str, ...]
    """Destination or target names, with ``*``."""
    fqdn_tags: tuple[str, ...]
    protocols: tuple[str, ...]
    """``TCP``, ``Any``; of application rules ``Https:443``."""
    ports: tuple[str, ...]
    """Of network rules."""
    web_categories: tuple[str, ...] = ()
    target_urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleCollection:
    """A rule collection. They come in the order in which the firewall takes them."""

    name: str
    kind: str
    """``network`` or ``application``."""
    allows: bool
    rules: tuple[FirewallRule, ...]
    priority: int = 0
    """Among the collections of its kind in its group, or of its kind in a firewall with classic rules."""
    group_id: str | None = None
    """The rule collection group; ``None``: a firewall's own (classic) rules."""


@dataclass(frozen=True)
class Firewall:
    """An Azure Firewall in a virtual network or a virtual hub."""

    id: str
    private_ips: tuple[str, ...]
    network_id: str | None
    """``None``: it is in a virtual hub."""
    hub_id: str | None
    public_ip_ids: tuple[str, ...]
    policy_id: str | None
    """``None``: it has classic rules."""
    collections: tuple[RuleCollection, ...] | Unreadable
    dns_proxy: bool | Unreadable = False
    dns_servers: tuple[str, ...] | Unreadable = ()
    """Whom its DNS proxy asks; empty: Azure's DNS, as its own network sees it."""


@dataclass(frozen=True)
class HubRouting:
    """What a virtual hub (Virtual WAN) announces to a network that is connected to it: the route to the internet."""

    hub_id: str
    internet: str | None
    """Id of the next hop of the hub's default route, a firewall or NVA; ``None``: it announces no such route."""
    firewall: Firewall | Unreadable | None = None
    """That, where it is an Azure Firewall."""


@dataclass(frozen=True)
class EndpointPolicy:
    """A service endpoint policy: to which storage accounts traffic may go."""

    id: str
    service_resources: tuple[str, ...]
    """Ids of accounts, resource groups or subscriptions, and aliases such as ``/services/Azure``."""


@dataclass(frozen=True)
class Network:
    """Everything between the node subnets and the registry. ``None`` in a mapping: it does not exist."""

    places: tuple[NodePlace, ...]
    networks: Mapping[str, VirtualNetwork | Unreadable | None] = field(default_factory=dict)
    """The nodes', the endpoints', and those that they are peered with, as far as the path goes there."""
    subnets: Mapping[str, Subnet | Unreadable | None] = field(default_factory=dict)
    security_groups: Mapping[str, SecurityGroup | Unreadable | None] = field(default_factory=dict)
    route_tables: Mapping[str, RouteTable | Unreadable | None] = field(default_factory=dict)
    endpoint_policies: Mapping[str, EndpointPolicy | Unreadable | None] = field(default_factory=dict)
    endpoints: tuple[PrivateEndpoint, ...] | Unreadable = ()
    zones: ZoneSearch | Unreadable | None = None
    """``None``: not looked for, because no name of the registry can pass through one."""
    forwarding: Forwarding | Unreadable | None = None
    """``None``: not looked for, as with zones."""
    firewalls: Mapping[str, Firewall | Unreadable | None] = field(default_factory=dict)
    """By ``NETWORK_ID ADDRESS``, both lower case, with one space: who answers at the address that a route or
    DNS setting names, seen from that network. ``None``: no Azure Firewall has that address there."""
    ip_groups: Mapping[str, tuple[str, ...] | Unreadable | None] = field(default_factory=dict)
    hubs: Mapping[str, HubRouting | Unreadable] = field(default_factory=dict)
    """By the id of the connected network, lower case. Missing: it is connected to none."""
    replications: tuple[Replication, ...] | Unreadable = _NOT_READ
    """Where the registry's public side is, as :attr:`.Facts.replications` tells it."""
    managed: Managed = field(default_factory=Managed)


def firewall_key(network_id: str, address: str) -> str:
    """The key of :attr:`Network.firewalls`."""
    return f"{network_id.rstrip('/')} {address}".lower()
