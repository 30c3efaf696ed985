"""The registry's own side of the way: its private endpoint, or its public side and the rules of its firewall. Pure.

What nodes arrive with decides: a subnet with the registry's service endpoint sends private addresses, which only
a subnet rule admits; any other sends the public address that it leaves by, which only an IP rule
admits (https://learn.microsoft.com/azure/container-registry/container-registry-vnet).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..arm_ids import group_of, name_of, network_id_of, same_id, subscription_of
from ..facts import Network, NetworkRules, NodePlace, Registry, RouteTable, Subnet, Unreadable, VirtualNetwork
from .addresses import address_set
from .filters.rules import Side
from .filters.security_groups import IN, group_hop
from .filters.sides import is_layer_storage
from .filters.storage_policies import at_the_storage
from .hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .lookups import looked_up, subnet_of

ENDPOINT_MISSING = "network.service-endpoint-missing"
NOT_ALLOWED = "network.subnet-not-allowed"
REGISTRY_SERVICE = "microsoft.containerregistry"
EVERYTHING = address_set(("0.0.0.0/0",))
_GROUPS_COUNT = ("enabled", "networksecuritygroupenabled")


def arriving(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Iterator[Hop]:
    """Yield the hops behind the nodes' own network and whatever lies between."""
    if destination.private:
        yield from _into_the_subnet(network, place, destination)
        yield from _at_the_endpoint(registry, destination)
    elif is_layer_storage(destination):
        yield from at_the_storage(registry, network, place)
    else:
        yield from _at_the_public_side(registry, network, place, destination)


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
    """What traffic of the nodes may arrive with: their own addresses, and that of an appliance on the way."""
    home = network.networks.get(network_id_of(there.id).lower())
    joined = isinstance(home, VirtualNetwork) and address_set(
        (*home.prefixes, *(prefix for peering in home.peerings for prefix in peering.remote_prefixes))
    ).covers(address_set(here.prefixes))
    nodes = Side(address_set(here.prefixes), in_network=True if joined else None)
    if here.route_table_id is None:
        return (nodes,)
    table = network.route_tables.get(here.route_table_id.lower())
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
        why = Unreadable("not-shown", f"{destination.host} leads to {addresses}; whose address that is was not read")
        yield Hop("private-endpoint", addresses, None, UNKNOWN, why.sentence, unread=why)
        return
    name = name_of(endpoint.id or endpoint.connection_id)
    if isinstance(endpoint.status, Unreadable):
        yield Hop("private-endpoint", name, endpoint.id, UNKNOWN, endpoint.status.sentence, unread=endpoint.status)
        return
    if endpoint.status.lower() != "approved":
        why_not = f"The endpoint's connection to the registry is {endpoint.status}, so nothing gets through."
        yield Hop("private-endpoint", name, endpoint.id, BROKEN, why_not)
        return
    yield Hop("private-endpoint", name, endpoint.id, OK, f"Its connection is approved, and {addresses} is its address.")
    yield _registry(registry, OK, "It answers through its private endpoints whatever its firewall's rules are.")


def _at_the_public_side(
    registry: Registry, network: Network, place: NodePlace, destination: Destination
) -> Iterator[Hop]:
    rules = _rules_in_force(registry, destination)
    if isinstance(rules, Hop):
        yield rules
        return
    if destination.host.lower() != registry.login_server.lower():
        yield _registry(registry, OK, "Its firewall decides where the login server is asked for.")
        return
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        name = name_of(place.subnet_id) if isinstance(place.subnet_id, str) else "node subnet"
        given = place.subnet_id if isinstance(place.subnet_id, str) else None
        yield Hop("service-endpoint", name, given, UNKNOWN, subnet.sentence, unread=subnet)
    elif REGISTRY_SERVICE in subnet.service_endpoints:
        yield from _with_a_private_source(registry, rules, subnet)
    else:
        yield from _with_a_public_source(registry, rules, subnet)


def _rules_in_force(registry: Registry, destination: Destination) -> NetworkRules | Hop:
    """The rules that decide; or the hop, where no rule does."""
    access, rules = registry.public_network_access, registry.network_rules
    if isinstance(access, Unreadable):
        return _unread(registry, access)
    if access.lower() == "disabled":
        why = f"Its public access is off, and its public side is where {destination.host} leads: it answers 403."
        return _registry(registry, BROKEN, why)
    if access.lower() != "enabled":
        why = f"What publicNetworkAccess {access} lets through is not read"
        return _unread(registry, Unreadable("unsupported", why))
    if isinstance(rules, Unreadable):
        return _unread(registry, rules)
    if rules is None or rules.default_action.lower() == "allow":
        return _registry(registry, OK, "Its firewall admits every address." if rules else "Its SKU has no firewall.")
    return rules


def _with_a_private_source(registry: Registry, rules: NetworkRules, subnet: Subnet) -> Iterator[Hop]:
    name = name_of(subnet.id)
    if isinstance(rules.subnet_ids, Unreadable):
        why = rules.subnet_ids
        yield Hop("service-endpoint", name, subnet.id, UNKNOWN, why.sentence, unread=why)
    elif _named(rules, subnet):
        yield Hop("service-endpoint", name, subnet.id, OK, "The subnet has a service endpoint for registries.")
        yield _registry(registry, OK, "Its firewall names the subnet.")
    else:
        why_not = (
            f"The subnet's service endpoint makes its traffic arrive with private addresses, to which no IP rule "
            f"applies, and the firewall of {registry.name} does not name the subnet."
        )
        yield Hop("service-endpoint", name, subnet.id, BROKEN, why_not, NOT_ALLOWED, _evidence(registry, rules, subnet))


def _with_a_public_source(registry: Registry, rules: NetworkRules, subnet: Subnet) -> Iterator[Hop]:
    """Whether the address that they leave by is admitted is judged elsewhere: it is not of this way."""
    if not isinstance(rules.subnet_ids, Unreadable) and _named(rules, subnet):
        why_not = (
            f"The firewall of {registry.name} names the subnet, which has no service endpoint for registries: its "
            "traffic arrives with a public address, to which no subnet rule applies."
        )
        yield Hop(
            "service-endpoint",
            name_of(subnet.id),
            subnet.id,
            BROKEN,
            why_not,
            ENDPOINT_MISSING,
            _evidence(registry, rules, subnet),
        )
        return
    if not rules.ip_rules:
        yield _registry(registry, BROKEN, "Its firewall admits no address.")
        return
    why = Unreadable("not-shown", "Its firewall admits certain addresses; by which the nodes leave is judged apart")
    yield _unread(registry, why)


def _named(rules: NetworkRules, subnet: Subnet) -> bool:
    named = rules.subnet_ids
    return not isinstance(named, Unreadable) and any(same_id(each, subnet.id) for each in named)


def _evidence(registry: Registry, rules: NetworkRules, subnet: Subnet) -> dict[str, Any]:
    return {
        "registry": registry.name,
        "resource_group": registry.resource_group,
        "subscription": registry.subscription,
        "subnet_name": name_of(subnet.id),
        "network_name": name_of(network_id_of(subnet.id)),
        "network_resource_group": group_of(subnet.id),
        "network_subscription": subscription_of(subnet.id),
        "service_endpoints": [_as_written(each) for each in subnet.service_endpoints],
        "all_service_endpoints": [_as_written(each) for each in sorted({*subnet.service_endpoints, REGISTRY_SERVICE})],
        "subnet_rules": [] if isinstance(rules.subnet_ids, Unreadable) else list(rules.subnet_ids),
        "rules": list(rules.ip_rules),
    }


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
