"""Read the networks that the nodes sit in, and what is attached to their subnets.

One GET of a virtual network shows its subnets and its side of its peerings. The networks that
the cluster itself names are asked for while its node hosts are still being listed. What was read
is a :class:`~azext_acrpulldiag.facts.Network` that every step makes larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from ...arm_ids import network_id_of
from ...facts import Cluster, Network, NodeHost, Subnet, Unreadable
from ..ask.arm import Json
from ..ask.once import Answers, Once
from ..members import Body, mapped, maybe
from .models import (
    endpoint_policy_from,
    route_table_from,
    security_group_from,
    subnet_from,
    subnets_from,
    virtual_network_from,
)
from .placement import Member, members_of, places_of, settled

T = TypeVar("T")

MANAGED_SUBNET = "aks-subnet"


@dataclass(frozen=True)
class NodeSide:
    """Which node pool sits where, and the network around that."""

    members: tuple[Member, ...]
    network: Network


def read_named_networks(once: Once, cluster: Cluster) -> str | Unreadable | None:
    """Read the networks that the cluster names, before its hosts are known.

    Returns the node subnet of the network that AKS made, in the node resource group; ``None``:
    every pool has a subnet of the user's.
    """
    pools = () if isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools
    named = [network_id_of(pool.subnet_id) for pool in pools if pool.subnet_id is not None]
    group = cluster.node_resource_group
    if len(named) == len(pools):
        once.ask(named)
        return None
    if isinstance(group, Unreadable):
        once.ask(named)
        return group
    path = f"/subscriptions/{cluster.subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks"
    listed = once.ask(named, [path])[path.lower()]
    for body in listed if isinstance(listed, list) else ():
        once.keep(body)
    return mapped(partial(_managed_subnet, path), listed, path)


def _managed_subnet(path: str, networks: Iterable[Json]) -> str | Unreadable:
    """Find the node subnet of the network that AKS made in the node resource group."""
    shown = [maybe(Body(network).object("properties").objects, "subnets") or () for network in networks]
    subnets = [subnet.text("id") for each in shown for subnet in each]
    nodes = [subnet for subnet in subnets if subnet.lower().endswith(f"/subnets/{MANAGED_SUBNET}")]
    if len(nodes) != 1:
        detail = f"{path} shows {len(nodes)} subnets named {MANAGED_SUBNET} where one is expected"
        return Unreadable("not-found", detail)
    return nodes[0]


def read_node_side(
    once: Once,
    cluster: Cluster,
    node_hosts: tuple[NodeHost, ...] | Unreadable,
    managed: str | Unreadable | None,
) -> NodeSide | Unreadable:
    """Read where the nodes sit: networks, subnets, and what is attached to those and to the nodes' interfaces.

    ``managed`` is what :func:`read_named_networks` returned. ``Unreadable`` where not even the
    pools are known; what is unreadable about one subnet stays with that one. Of ``node_hosts``
    the instances of scale sets say nothing more.
    """
    found = members_of(cluster, node_hosts)
    if isinstance(found, Unreadable):
        return found
    members = found if managed is None else settled(found, managed)
    places = places_of(members)
    subnet_ids = [place.subnet_id for place in places if isinstance(place.subnet_id, str)]
    groups = [place.interface_group_ids for place in places]
    group_ids = [one for each in groups if not isinstance(each, Unreadable) for one in each]
    network = with_subnets(once, Network(places), subnet_ids)
    return NodeSide(members, with_attached(once, network, subnet_ids, group_ids))


def with_subnets(once: Once, network: Network, subnet_ids: Iterable[str], network_ids: Iterable[str] = ()) -> Network:
    """Read subnets with their virtual networks, and other networks; both with all the subnets that those show."""
    alone = {one.lower(): one for one in subnet_ids}
    wanted = {one.lower(): one for one in [*map(network_id_of, alone.values()), *network_ids]}
    answers = once.ask([*wanted.values(), *alone.values()])
    subnets = dict(network.subnets)
    for key, path in wanted.items():
        inline = mapped(subnets_from, answers[key], path)
        subnets.update({} if isinstance(inline, Unreadable) else inline)
    return replace(
        network,
        networks={**network.networks, **_facts(virtual_network_from, answers, wanted)},
        subnets={**subnets, **_facts(subnet_from, answers, alone)},
    )


def with_attached(once: Once, network: Network, subnet_ids: Iterable[str], group_ids: Iterable[str] = ()) -> Network:
    """Read security groups, route tables and service endpoint policies of subnets, and other security groups."""
    subnets = [network.subnets.get(one.lower()) for one in subnet_ids]
    read = [subnet for subnet in subnets if isinstance(subnet, Subnet)]
    groups = _by_key([*(one.security_group_id for one in read), *group_ids])
    tables = _by_key(one.route_table_id for one in read)
    policies = _by_key(policy for one in read for policy in one.endpoint_policy_ids)
    answers = once.ask([*groups.values(), *tables.values(), *policies.values()])
    return replace(
        network,
        security_groups={**network.security_groups, **_facts(security_group_from, answers, groups)},
        route_tables={**network.route_tables, **_facts(route_table_from, answers, tables)},
        endpoint_policies={**network.endpoint_policies, **_facts(endpoint_policy_from, answers, policies)},
    )


def _by_key(ids: Iterable[str | None]) -> dict[str, str]:
    return {one.lower(): one for one in ids if one is not None}


def _facts(mapping: Callable[[Any], T], answers: Answers, paths: Mapping[str, str]) -> dict[str, T | Unreadable | None]:
    """Map the answers for ``paths`` (by key); ``None``: it does not exist."""
    return {key: None if answers[key] is None else mapped(mapping, answers[key], path) for key, path in paths.items()}
