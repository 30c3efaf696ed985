"""The registry's end of the path: its private endpoint, or its public endpoint and the rules of its firewall. Pure.

The source address decides: traffic of a subnet with the registry's service endpoint has private addresses, which
only a subnet rule allows; traffic of any other has its outbound IP, which only an IP rule
allows (https://learn.microsoft.com/azure/container-registry/container-registry-vnet).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..arm_ids import group_of, key_of, name_of, network_id_of, same_id, subscription_of
from ..details import Details
from ..facts import Network, NetworkRules, NodePlace, Registry, RouteTable, Subnet, Unreadable, VirtualNetwork
from .addresses import address_set
from .admission import addresses_of, admitted
from .filters.rules import Side
from .filters.security_groups import IN, group_hop
from .filters.sides import is_layer_storage
from .filters.storage_policies import at_the_storage
from .hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .lookups import looked_up, subnet_of
from .routing.outbound import REGISTRY_SERVICE, Egress

ENDPOINT_MISSING = "network.service-endpoint-missing"
NOT_ALLOWED = "network.subnet-not-allowed"
MAX_SUBNET_RULES = 100  # https://learn.microsoft.com/azure/container-registry/container-registry-vnet
EVERYTHING = address_set(("0.0.0.0/0",))
_GROUPS_COUNT = ("enabled", "networksecuritygroupenabled")


APART = Unreadable(
    "not-shown",
    "The registry's firewall allows certain addresses; check network.outbound-ip compares the nodes' outbound IPs",
)
"""Why a hop is unknown that depends on the outbound IPs of nodes, where those were not asked for."""

Egresses = tuple[Egress, ...] | Unreadable | None
"""The outbound IPs of nodes; ``None``: not asked for."""


@dataclass(frozen=True)
class SubnetAtRegistry(Details):
    """A node subnet and the registry's firewall, which do not agree on service endpoints."""

    registry: str
    resource_group: str
    subscription: str
    subnet_name: str
    network_name: str
    network_resource_group: str | None
    network_subscription: str | None
    service_endpoints: tuple[str, ...]
    all_service_endpoints: tuple[str, ...]
    """With the one that is missing."""
    subnet_rules: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def has_room(self) -> bool:
        """The firewall takes another subnet rule."""
        return len(self.subnet_rules) < MAX_SUBNET_RULES


@dataclass(frozen=True)
class LeavingBy(Details):
    """The outbound IPs of the nodes of a subnet, as far as they are known."""

    addresses: tuple[str, ...]


def arriving(
    registry: Registry, network: Network, place: NodePlace, destination: Destination, egresses: Egresses = None
) -> Iterator[Hop]:
    """Yield the hops behind the nodes' own network and whatever lies between."""
    if destination.private:
        yield from _into_the_subnet(network, place, destination)
        yield from _at_the_endpoint(registry, destination)
    elif is_layer_storage(destination):
        yield from at_the_storage(registry, network, place)
    else:
        yield from _at_the_public_side(registry, network, place, destination, egresses)


def _into_the_subnet(network: Network, place: NodePlace, destination: Destination) -> Iterator[Hop]:
    """The security group of the endpoint's own subnet, which counts where the subnet says so.

    Source: https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
    """
    subnet_id = destination.endpoint.subnet_id if destination.endpoint else None
    here = subnet_of(network, place)
    if not isinstance(subnet_id, str) or isinstance(here, Unreadable):
        return  # what of it is not read is told where it is met first
    there = looked_up(network.subnets, subnet_id, "Subnet")
    if isinstance(there, Unreadable):
        yield Hop("security-group", name_of(subnet_id), subnet_id, UNKNOWN, there.sentence, unread=there)
        return
    policies = there.endpoint_network_policies
    if there.security_group_id is None or (isinstance(policies, str) and policies.lower() not in _GROUPS_COUNT):
        return
    ends = tuple((each, Side(address_set((each,)))) for each in destination.addresses)
    sources = _sources(network, here, there, destination)
    group_id = there.security_group_id
    hop = group_hop(network, group_id, "endpoint's subnet", IN, sources, ends, destination)
    if hop.state == BROKEN and isinstance(policies, Unreadable):
        hop = Hop(hop.kind, hop.name, hop.resource_id, UNKNOWN, policies.sentence, unread=policies)
    yield hop


def _sources(network: Network, here: Subnet, there: Subnet, destination: Destination) -> tuple[Side, ...]:
    """The source addresses of traffic from the nodes: their own, and that of a firewall or NVA on the path."""
    home = network.networks.get(key_of(network_id_of(there.id)))
    joined = isinstance(home, VirtualNetwork) and address_set(
        (*home.prefixes, *(prefix for peering in home.peerings for prefix in peering.remote_prefixes))
    ).covers(address_set(here.prefixes))
    nodes = Side(address_set(here.prefixes), in_network=True if joined else None)
    if here.route_table_id is None:
        return (nodes,)
    table = network.route_tables.get(key_of(here.route_table_id))
    routes = table.routes if isinstance(table, RouteTable) else ()
    by_appliance = any(
        route.next_hop.lower() == "virtualappliance"
        and any(address_set((route.prefix,)).covers(address_set((each,))) for each in destination.addresses)
        for route in routes
    )
    return (nodes, Side(EVERYTHING)) if by_appliance or not isinstance(table, RouteTable) else (nodes,)


def _at_the_endpoint(registry: Registry, destination: Destination) -> Iterator[Hop]:
    addresses = ", ".join(destination.addresses)
    endpoint = destination.endpoint
    if endpoint is None:
        why = Unreadable(
            "not-shown", f"{destination.host} resolves to {addresses}; which resource has that address was not read"
        )
        yield Hop("private-endpoint", addresses, None, UNKNOWN, why.sentence, unread=why)
        return
    name = name_of(endpoint.id or endpoint.connection_id)
    if isinstance(endpoint.status, Unreadable):
        yield Hop("private-endpoint", name, endpoint.id, UNKNOWN, endpoint.status.sentence, unread=endpoint.status)
        return
    if endpoint.status.lower() != "approved":
        why_not = f"The endpoint's connection to the registry is {endpoint.status}, so it carries no traffic."
        yield Hop("private-endpoint", name, endpoint.id, BROKEN, why_not)
        return
    yield Hop("private-endpoint", name, endpoint.id, OK, f"Its connection is approved, and its address is {addresses}.")
    yield _registry(registry, OK, "Its firewall rules do not apply to private endpoints.")


def _at_the_public_side(
    registry: Registry, network: Network, place: NodePlace, destination: Destination, egresses: Egresses
) -> Iterator[Hop]:
    rules = _rules_in_force(registry, destination)
    if isinstance(rules, Hop):
        yield rules
        return
    if destination.host.lower() != registry.login_server.lower():
        yield _registry(registry, OK, "Its firewall is evaluated on the path to the login server.")
        return
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        name = name_of(place.subnet_id) if isinstance(place.subnet_id, str) else "node subnet"
        given = place.subnet_id if isinstance(place.subnet_id, str) else None
        yield Hop("service-endpoint", name, given, UNKNOWN, subnet.sentence, unread=subnet)
    elif REGISTRY_SERVICE in subnet.service_endpoints:
        yield from _with_a_private_source(registry, rules, subnet)
    else:
        yield from _with_a_public_source(registry, rules, subnet, _of_place(egresses, place))


def _rules_in_force(registry: Registry, destination: Destination) -> NetworkRules | Hop:
    """The rules that decide; or the hop, where no rule does."""
    access, rules = registry.public_network_access, registry.network_rules
    if isinstance(access, Unreadable):
        return _unread(registry, access)
    if access.lower() == "disabled":
        why = f"{destination.host} resolves to the public endpoint, which answers 403: public access is disabled."
        return _registry(registry, BROKEN, why)
    if access.lower() != "enabled":
        why = f"What publicNetworkAccess {access} allows is not read"
        return _unread(registry, Unreadable("unsupported", why))
    if isinstance(rules, Unreadable):
        return _unread(registry, rules)
    if rules is None or rules.default_action.lower() == "allow":
        return _registry(registry, OK, "Its firewall allows every address." if rules else "Its SKU has no firewall.")
    return rules


def _with_a_private_source(registry: Registry, rules: NetworkRules, subnet: Subnet) -> Iterator[Hop]:
    name = name_of(subnet.id)
    if isinstance(rules.subnet_ids, Unreadable):
        why = rules.subnet_ids
        told = (_told(registry, rules, subnet),)
        yield Hop(
            "service-endpoint", name, subnet.id, UNKNOWN, why.sentence, suspected=NOT_ALLOWED, unread=why, details=told
        )
    elif _named(rules, subnet):
        yield Hop(
            "service-endpoint", name, subnet.id, OK, "The subnet has the service endpoint Microsoft.ContainerRegistry."
        )
        yield _registry(registry, OK, "Its firewall allows the subnet.")
    else:
        why_not = (
            f"With the subnet's service endpoint, its traffic has private source addresses, to which IP rules do not "
            f"apply, and the firewall of {registry.name} does not allow the subnet."
        )
        details = (_told(registry, rules, subnet),)
        yield Hop("service-endpoint", name, subnet.id, BROKEN, why_not, NOT_ALLOWED, details=details)


def _of_place(egresses: Egresses, place: NodePlace) -> tuple[Egress, ...] | Unreadable:
    """How the nodes of a place leave; not empty."""
    if isinstance(egresses, Unreadable):
        return egresses
    subnet_id, pools = place.subnet_id, frozenset(place.pools)
    found = tuple(
        each
        for each in egresses or ()
        if each.subnet_id is not None
        and isinstance(subnet_id, str)
        and same_id(each.subnet_id, subnet_id)
        and pools.intersection(each.pools)
    )
    if egresses is None:
        return APART
    return found or Unreadable("not-shown", "The nodes' outbound IPs were not read")


def _all_admitted(rules: NetworkRules, leaving: tuple[Egress, ...] | Unreadable) -> bool | Unreadable:
    if not rules.ip_rules or isinstance(leaving, Unreadable):
        return leaving if rules.ip_rules and isinstance(leaving, Unreadable) else False
    told = [admitted(rules.ip_rules, each) for each in leaving]
    return next((each for each in told if isinstance(each, Unreadable)), None) or all(each is True for each in told)


def _with_a_public_source(
    registry: Registry, rules: NetworkRules, subnet: Subnet, leaving: tuple[Egress, ...] | Unreadable
) -> Iterator[Hop]:
    """What counts is whether IP rules allow every outbound IP of the nodes."""
    told = _all_admitted(rules, leaving)
    named = not isinstance(rules.subnet_ids, Unreadable) and _named(rules, subnet)
    if named and isinstance(told, Unreadable):
        yield Hop("service-endpoint", name_of(subnet.id), subnet.id, UNKNOWN, told.sentence, unread=told)
    elif named and not told:
        yield _without_endpoint(registry, rules, subnet, leaving)
    elif isinstance(told, Unreadable):
        yield _unread(registry, told)
    elif told:
        yield _registry(registry, OK, "Its firewall allows every outbound IP of the nodes.")
    elif rules.ip_rules:
        yield _registry(registry, BROKEN, "Its firewall does not allow every outbound IP of the nodes.")
    else:
        yield _registry(registry, BROKEN, "Its firewall allows no address.")


def _without_endpoint(
    registry: Registry, rules: NetworkRules, subnet: Subnet, leaving: tuple[Egress, ...] | Unreadable
) -> Hop:
    why_not = (
        f"The firewall of {registry.name} allows the subnet, which has no service endpoint "
        "Microsoft.ContainerRegistry: its traffic has a public source address, to which subnet rules do not apply."
    )
    known = () if isinstance(leaving, Unreadable) else leaving
    addresses = tuple(dict.fromkeys(address for each in known for address in addresses_of(each)))
    details = (_told(registry, rules, subnet), LeavingBy(addresses))
    return Hop("service-endpoint", name_of(subnet.id), subnet.id, BROKEN, why_not, ENDPOINT_MISSING, details=details)


def _named(rules: NetworkRules, subnet: Subnet) -> bool:
    named = rules.subnet_ids
    return not isinstance(named, Unreadable) and any(same_id(each, subnet.id) for each in named)


def _told(registry: Registry, rules: NetworkRules, subnet: Subnet) -> SubnetAtRegistry:
    return SubnetAtRegistry(
        registry=registry.name,
        resource_group=registry.resource_group,
        subscription=registry.subscription,
        subnet_name=name_of(subnet.id),
        network_name=name_of(network_id_of(subnet.id)),
        network_resource_group=group_of(subnet.id),
        network_subscription=subscription_of(subnet.id),
        service_endpoints=tuple(map(_as_written, subnet.service_endpoints)),
        all_service_endpoints=tuple(map(_as_written, sorted({*subnet.service_endpoints, REGISTRY_SERVICE}))),
        subnet_rules=() if isinstance(rules.subnet_ids, Unreadable) else rules.subnet_ids,
        rules=rules.ip_rules,
    )


# As `az network vnet list-endpoint-services` writes them.
_SERVICES = (
    "Microsoft.AzureActiveDirectory",
    "Microsoft.AzureCosmosDB",
    "Microsoft.CognitiveServices",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventHub",
    "Microsoft.KeyVault",
    "Microsoft.ServiceBus",
    "Microsoft.Sql",
    "Microsoft.Storage",
    "Microsoft.Storage.Global",
    "Microsoft.Web",
)


def _as_written(service: str) -> str:
    return next((each for each in _SERVICES if each.lower() == service.lower()), service)


def _registry(registry: Registry, state: str, why: str) -> Hop:
    return Hop("registry", registry.name, registry.id, state, why)


def _unread(registry: Registry, why: Unreadable) -> Hop:
    return Hop("registry", registry.name, registry.id, UNKNOWN, why.sentence, unread=why)
