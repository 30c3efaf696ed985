"""Which node pool sits in which subnet: pure over the cluster and its machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..facts import AgentPool, Cluster, NodeHost, Unreadable

# Stands for the pools of hosts that could not be listed.
UNNAMED = "(not listed)"


@dataclass(frozen=True)
class Member:
    """A node pool in one subnet. ``subnet_id`` ``None``: in the network that AKS manages."""

    pool: str
    subnet_id: str | Unreadable | None
    public_ip: bool | Unreadable
    scale_set_id: str | None = None
    prefix_id: str | None = None


@dataclass(frozen=True)
class Group:
    """Node pools whose nodes sit in one subnet and have, or have not, addresses of their own."""

    pools: tuple[str, ...]
    subnet_id: str | Unreadable
    public_ip: bool | Unreadable
    scale_set_ids: tuple[str, ...] = ()
    prefix_id: str | None = None


def members_of(cluster: Cluster, node_hosts: tuple[NodeHost, ...] | Unreadable) -> tuple[Member, ...] | Unreadable:
    """Say which pool sits in which subnet: as its machines do, else as the pool was ordered."""
    pools = {} if isinstance(cluster.agent_pools, Unreadable) else {pool.name: pool for pool in cluster.agent_pools}
    hosts = [] if isinstance(node_hosts, Unreadable) else [host for host in node_hosts if host.kind != "instance"]
    if isinstance(cluster.agent_pools, Unreadable) and not hosts:
        return node_hosts if isinstance(node_hosts, Unreadable) else cluster.agent_pools
    managed = bool(pools) and all(pool.subnet_id is None for pool in pools.values())
    listed = [host for host in hosts if host.unread is None or _may_hide_pools(host, cluster)]
    seen = {host.pool for host in listed}
    return tuple(member for host in listed for member in _host_members(host, pools.get(host.pool), managed)) + tuple(
        Member(pool.name, pool.subnet_id, pool.node_public_ip, prefix_id=pool.node_public_ip_prefix_id)
        for pool in pools.values()
        if pool.name not in seen
    )


def _may_hide_pools(unread: NodeHost, cluster: Cluster) -> bool:
    """Tell whether hosts that could not be listed may belong to pools that the cluster does not name.

    Only auto-provisioned machines do.
    """
    if isinstance(cluster.agent_pools, Unreadable):
        return True
    return unread.kind == "virtual-machine" and cluster.node_auto_provisioning is not False


def _host_members(host: NodeHost, pool: AgentPool | None, managed: bool) -> Iterable[Member]:
    public_ip = host.public_ip_per_node
    if pool is not None and isinstance(public_ip, Unreadable):
        public_ip = pool.node_public_ip
    subnet_ids: tuple[str | Unreadable | None, ...]
    if not isinstance(host.subnet_ids, Unreadable) and host.subnet_ids:
        subnet_ids = host.subnet_ids
    elif pool is not None or managed:
        subnet_ids = (pool.subnet_id if pool is not None else None,)
    else:
        why = host.subnet_ids
        missing = Unreadable("not-shown", f"The subnet of {host.resource_id} is not shown")
        subnet_ids = (why if isinstance(why, Unreadable) else missing,)
    for subnet_id in subnet_ids:
        scale_set = host.resource_id if host.kind == "scale-set" else None
        prefix = pool.node_public_ip_prefix_id if pool is not None else None
        yield Member(host.pool or UNNAMED, subnet_id, public_ip, scale_set, prefix)


def grouped(members: Iterable[Member], managed: str | Unreadable) -> tuple[Group, ...]:
    """Put pools together whose nodes leave alike; ``managed`` is the subnet of members without one."""
    parts: dict[tuple[object, ...], list[Member]] = {}
    subnets: dict[tuple[object, ...], str | Unreadable] = {}
    for member in members:
        subnet = managed if member.subnet_id is None else member.subnet_id
        # Machines outside scale sets are apart: their own addresses are not listed with a scale set's.
        alone = member.public_ip is True and member.scale_set_id is None
        key = (subnet.lower() if isinstance(subnet, str) else subnet, member.public_ip, member.prefix_id, alone)
        subnets.setdefault(key, subnet)
        parts.setdefault(key, []).append(member)
    return tuple(
        Group(
            pools=tuple(sorted({member.pool for member in part})),
            subnet_id=subnets[key],
            public_ip=part[0].public_ip,
            scale_set_ids=tuple(dict.fromkeys(member.scale_set_id for member in part if member.scale_set_id)),
            prefix_id=part[0].prefix_id,
        )
        for key, part in parts.items()
    )
