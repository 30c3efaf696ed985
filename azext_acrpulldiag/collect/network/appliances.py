"""Read what lies behind the addresses that routes and DNS settings name, and where private endpoints sit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ...arm_ids import key_of, network_id_of, same_id, subscription_of
from ...facts import Network, PrivateEndpoint, RouteTable, Subnet, Unreadable, VirtualNetwork, firewall_key
from ...path.addresses import address_set, span_of
from ...path.lookups import home_of, is_virtual_hub
from ...path.routing.outbound import FIREWALL_SUBNET
from ...path.routing.routes import may_carry
from ..ask.arm import in_parallel
from ..ask.once import Once
from .firewalls import Ask, read_firewalls
from .topology import with_attached, with_subnets

_AZURE_DNS = "168.63.129.16"
# Of the networks that the nodes' are peered with.
_MOST_SUBSCRIPTIONS = 8
_POLICY = re.compile("/(firewallPolicies|ipGroups)(/|$)", re.IGNORECASE)

Sight = tuple[str, str]
"""An address as seen from a virtual network (its id): private addresses repeat from network to network."""


def read_hubs(once: Once, network: Network) -> Network:
    """Read what answers at the addresses that DNS settings, and routes for public addresses, name.

    Of firewalls not their policies: :func:`read_rules`.
    """
    return _explored(once, network, _without_policies(once), list(_public_appliances(network)), _dns_servers(network))


def read_rules(once: Once, network: Network) -> Network:
    """Read the policies of the firewalls that :func:`read_hubs` found; the rest of ``network`` stays."""
    sights = [*_public_appliances(network), *_dns_servers(network)]
    firewalls, ip_groups = read_firewalls(once.ask, sights, network.networks)
    return replace(
        network,
        firewalls={**network.firewalls, **firewalls},
        ip_groups={**network.ip_groups, **ip_groups},
    )


def read_endpoint_side(once: Once, network: Network, endpoints: tuple[PrivateEndpoint, ...]) -> Network:
    """Read the networks of private endpoints, and what answers where routes send traffic for them."""
    subnet_ids = [endpoint.subnet_id for endpoint in endpoints if isinstance(endpoint.subnet_id, str)]
    return _explored(once, network, once.ask, list(_private_appliances(network, endpoints)), (), subnet_ids)


def near_networks(network: Network) -> tuple[str, ...]:
    """Ids of the networks that the nodes sit in, of those that their DNS servers sit in, and of peered ones.

    Of a great many peered ones not all: each new subscription costs requests.
    """
    homes = [_home(network.networks, sight) for sight in _dns_servers(network)]
    facts = [fact for fact in network.networks.values() if isinstance(fact, VirtualNetwork)]
    peered = sorted({key_of(each.remote_network_id) for fact in facts for each in fact.peerings})
    of_subscription = {owner: each for each in reversed(peered) if (owner := subscription_of(each))}
    nearest = sorted(of_subscription)[:_MOST_SUBSCRIPTIONS]
    return (
        *network.networks,
        *(home for home in homes if home is not None),
        *(of_subscription[each] for each in nearest),
    )


def homes_of_appliances(network: Network, endpoints: tuple[PrivateEndpoint, ...] | None = None) -> tuple[str, ...]:
    """Ids of the networks with the appliances that routes lead to; with ``endpoints``, routes for those alone."""
    some = (
        (sight for sight, _ in _appliances(network)) if endpoints is None else _private_appliances(network, endpoints)
    )
    homes = (_home(network.networks, sight) for sight in some)
    return tuple(dict.fromkeys(home for home in homes if home is not None and not is_virtual_hub(home)))


def strays(network: Network) -> tuple[str, ...]:
    """Ids of the nodes' networks with a route to an appliance that is in no network which they are seen to reach."""
    sights = (sight for sight, _ in _appliances(network) if _home(network.networks, sight) is None)
    return tuple(
        dict.fromkeys(here for here, address in sights if not network.firewalls.get(firewall_key(here, address)))
    )


def _explored(
    once: Once,
    network: Network,
    ask: Ask,
    appliances: Collection[Sight],
    dns_servers: Iterable[Sight],
    endpoint_subnets: Collection[str] = (),
) -> Network:
    """Read firewalls, the networks that they, other appliances and DNS servers lie in, and subnets with endpoints."""
    new = [
        sight for sight in dict.fromkeys([*appliances, *dns_servers]) if firewall_key(*sight) not in network.firewalls
    ]
    homes = {sight: _home(network.networks, sight) for sight in new}
    known = {sight: home for sight, home in homes.items() if home is not None and not is_virtual_hub(home)}
    found: list[Any] = in_parallel(
        [
            partial(read_firewalls, ask, new, network.networks),
            partial(_around, once, network, known, appliances, endpoint_subnets),
        ]
    )
    (firewalls, ip_groups), wider = found
    assert isinstance(wider, Network)
    return replace(
        wider,
        firewalls={**wider.firewalls, **firewalls},
        ip_groups={**wider.ip_groups, **ip_groups},
    )


def _around(
    once: Once,
    network: Network,
    homes: Mapping[Sight, str],
    appliances: Collection[Sight],
    endpoint_subnets: Collection[str],
) -> Network:
    """Read networks, and what is attached to the subnets in them that traffic for the registry passes."""
    wider = with_subnets(once, network, endpoint_subnets, homes.values())
    beside = [_subnet_of(wider, sight, home) for sight, home in homes.items() if sight in appliances]
    passed = [subnet for subnet in beside if subnet is not None]
    passed_or_entered = [*passed, *(subnet for subnet in endpoint_subnets if _filters_endpoints(wider, subnet))]
    return with_attached(once, with_subnets(once, wider, passed), passed_or_entered)


def _without_policies(once: Once) -> Ask:
    """Ask for all but what firewalls allow, which takes longer and which not everybody needs."""
    later = Unreadable("timeout", "The firewall policy was not read in time")

    def ask(gets: Iterable[str], lists: Iterable[str]) -> Mapping[str, Any]:
        asked = [list(gets), list(lists)]
        wanted = [[path for path in paths if not _POLICY.search(path)] for paths in asked]
        return {path.lower(): later for paths in asked for path in paths} | once.ask(*wanted)

    return ask


def _public_appliances(network: Network) -> Iterator[Sight]:
    for sight, prefix in _appliances(network):
        if may_carry(prefix):
            yield sight


def _private_appliances(network: Network, endpoints: Iterable[PrivateEndpoint]) -> Iterator[Sight]:
    targets = [
        one.address
        for endpoint in endpoints
        if not isinstance(endpoint.addresses, Unreadable)
        for one in endpoint.addresses
    ]
    for sight, prefix in _appliances(network):
        if any(_within(target, prefix) for target in targets):
            yield sight


def _appliances(network: Network) -> Iterator[tuple[Sight, str]]:
    """The appliances that routes of the nodes' subnets name, and the prefixes of those routes."""
    subnets = _node_subnets(network)
    pairs = {(network_id_of(one.id), key_of(one.route_table_id)): None for one in subnets if one.route_table_id}
    for network_id, table_id in pairs:
        table = network.route_tables.get(table_id)
        for route in table.routes if isinstance(table, RouteTable) else ():
            if route.address is not None:
                yield (network_id, route.address), route.prefix


def _dns_servers(network: Network) -> Iterator[Sight]:
    """Custom DNS servers that lie in a virtual network; others, such as those on premises, Azure does not show."""
    for key in dict.fromkeys(network_id_of(subnet.id).lower() for subnet in _node_subnets(network)):
        around = network.networks.get(key)
        if not isinstance(around, VirtualNetwork):
            continue
        ranges = (*around.prefixes, *(prefix for peering in around.peerings for prefix in peering.remote_prefixes))
        for address in around.dns_servers:
            if address != _AZURE_DNS and any(_within(address, prefix) for prefix in ranges):
                yield around.id, address


def _node_subnets(network: Network) -> Iterator[Subnet]:
    for place in network.places:
        subnet = network.subnets.get(key_of(place.subnet_id)) if isinstance(place.subnet_id, str) else None
        if isinstance(subnet, Subnet):
            yield subnet


def _home(networks: Mapping[str, VirtualNetwork | Unreadable | None], sight: Sight) -> str | None:
    """The network that the address lies in, as far as it is known."""
    here = networks.get(key_of(sight[0]))
    return home_of(sight[1], here) if isinstance(here, VirtualNetwork) else None


def _subnet_of(network: Network, sight: Sight, home: str) -> str | None:
    """The subnet that an appliance sits in, as far as that is known."""
    if not isinstance(network.networks.get(key_of(home)), VirtualNetwork):
        # A subnet may be readable where its network is not.
        return f"{home}/subnets/{FIREWALL_SUBNET}"
    read = [subnet for subnet in network.subnets.values() if isinstance(subnet, Subnet)]
    for subnet in read:
        if same_id(network_id_of(subnet.id), home) and any(_within(sight[1], prefix) for prefix in subnet.prefixes):
            return subnet.id
    return None


def _filters_endpoints(network: Network, subnet_id: str) -> bool:
    """Tell whether the subnet's security group and routes may apply to the private endpoints in it."""
    subnet = network.subnets.get(key_of(subnet_id))
    policies = subnet.endpoint_network_policies if isinstance(subnet, Subnet) else None
    return isinstance(policies, Unreadable) or (policies is not None and policies.lower() != "disabled")


def _within(address: str, prefix: str) -> bool:
    return bool(span_of(address) and span_of(prefix)) and address_set((prefix,)).covers(address_set((address,)))
