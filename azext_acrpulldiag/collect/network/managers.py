"""Read what Virtual Network Managers do to networks, where it decides something.

Both lists are POSTs that take a right to read, so Reader is enough. Where one is refused, Resource Graph tells whether
there is any Virtual Network Manager in sight that may be at work. Sources:
https://learn.microsoft.com/azure/virtual-network-manager/concept-connectivity-configuration,
https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from ...arm_ids import key_of, network_id_of, same_id
from ...facts import Cluster, Managed, Network, NetworkManager, PrivateEndpoint, Unreadable, VirtualNetwork
from ...path.lookups import is_connected
from ...path.routing.peering import peering_with
from ..ask.arm import ArmReader, in_parallel
from ..ask.once import Once
from ..ask.session import Session
from ..azure.resource_graph import find_resources
from ..members import mapped
from .appliances import homes_of_appliances, strays
from .manager_models import admin_rules_from, connected_groups_from, manager_from
from .private_zones import by_tenant

T = TypeVar("T")

ADMIN_RULES = "listNetworkManagerEffectiveSecurityAdminRules"
CONFIGURATIONS = "listNetworkManagerEffectiveConnectivityConfigurations"
MANAGER_TYPE = "Microsoft.Network/networkManagers"

Managers = tuple[NetworkManager, ...] | Unreadable


def read_named_rules(once: Once, cluster: Cluster, managed: str | Unreadable | None) -> None:
    """Read the security admin rules of the networks that the cluster names, before its hosts are known.

    ``managed`` is what :func:`~.topology.read_named_networks` returned.
    """
    pools = () if isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools
    subnets = [pool.subnet_id for pool in pools] + [managed if isinstance(managed, str) else None]
    once.ask(queries=_paths((network_id_of(each) for each in subnets if each is not None), ADMIN_RULES).values())


def read_managed(
    once: Once, find: Callable[[], Managers], network: Network, endpoints: tuple[PrivateEndpoint, ...]
) -> Managed:
    """Read the security admin rules of the nodes' networks, and the connected groups of those that no peering joins.

    ``find`` looks for Virtual Network Managers, and is called where something was not to be read.
    """
    rules, groups = _paths(_homes(network), ADMIN_RULES), _paths(_apart(network, endpoints), CONFIGURATIONS)
    answers = once.ask(queries=[*rules.values(), *groups.values()])
    found = Managed(_facts(admin_rules_from, answers, rules), _facts(connected_groups_from, answers, groups))
    unread = any(isinstance(each, Unreadable) for each in (*found.admin_rules.values(), *found.groups.values()))
    return Managed(found.admin_rules, found.groups, find()) if unread else found


def unread_managed(network: Network, endpoints: tuple[PrivateEndpoint, ...], why: Unreadable) -> Managed:
    """What :func:`read_managed` tells where reading failed as a whole."""
    return Managed(
        {key_of(each): why for each in _homes(network)}, {key_of(each): why for each in _apart(network, endpoints)}, why
    )


def find_managers(reader: ArmReader, session: Session, subscriptions: Iterable[str]) -> Managers:
    """Find the Virtual Network Managers in all subscriptions of the login in the tenants of ``subscriptions``."""
    tenants = list(by_tenant(session, list(subscriptions)).values())
    answers = in_parallel([partial(find_resources, reader, MANAGER_TYPE, each) for each in tenants])
    found: list[NetworkManager] = []
    for answer in answers:
        if isinstance(answer, Unreadable):
            return answer
        for row in answer:
            manager = mapped(manager_from, row, MANAGER_TYPE)
            if isinstance(manager, Unreadable):
                return manager
            found.append(manager)
    return tuple(found)


def _homes(network: Network) -> tuple[str, ...]:
    """Ids of the networks that nodes sit in."""
    subnets = (place.subnet_id for place in network.places)
    ids = {key_of(each): each for each in (network_id_of(one) for one in subnets if isinstance(one, str))}
    return tuple(ids.values())


def _apart(network: Network, endpoints: tuple[PrivateEndpoint, ...]) -> tuple[str, ...]:
    """Ids of networks on the way to an endpoint, or to an appliance, that no peering joins for certain."""
    homes, forwarding = _homes(network), homes_of_appliances(network, endpoints)
    ends = [network_id_of(each.subnet_id) for each in endpoints if isinstance(each.subnet_id, str)]
    pairs = [
        *((here, there) for here in homes for there in homes_of_appliances(network)),
        *((here, there) for here in (*homes, *forwarding) for there in ends),
    ]
    apart = [each for each in pairs if not same_id(*each) and not _are_peered(network, *each)]
    found = [*strays(network), *(each for pair in apart for each in pair)]
    return tuple({key_of(each): each for each in found}.values())


def _are_peered(network: Network, one_id: str, other_id: str) -> bool:
    """Azure says Connected only where both sides are made, so that a side which may not be read is no doubt."""
    far = network.networks.get(key_of(other_id))
    return _is_open(network, one_id, other_id) and (
        not isinstance(far, VirtualNetwork) or _is_open(network, other_id, one_id)
    )


def _is_open(network: Network, here_id: str, there_id: str) -> bool:
    here = network.networks.get(key_of(here_id))
    side = peering_with(here, there_id) if isinstance(here, VirtualNetwork) else None
    return side is not None and is_connected(side) and side.allows_access is True


def _paths(network_ids: Iterable[str], action: str) -> dict[str, str]:
    return {key_of(each): f"{each}/{action}" for each in network_ids}


def _facts(
    mapping: Callable[[Any], T], answers: Mapping[str, Any], paths: Mapping[str, str]
) -> dict[str, T | Unreadable]:
    return {key: mapped(mapping, answers[key_of(path)], path) for key, path in paths.items()}
