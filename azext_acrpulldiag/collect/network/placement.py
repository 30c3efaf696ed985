"""Which node pool sits in which subnet: pure over the cluster and its machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...facts import AgentPool, Cluster, NodeHost, NodePlace, Unreadable

# Stands for the pools of hosts that could not be listed.
UNNAMED = "(not listed)"
_READ_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets/read"
_UNSETTLED = Unreadable("not-found", "The virtual network that AKS manages was not read")


@dataclass(frozen=True)
class Member:
    """A node pool in one subnet. ``subnet_id`` ``None``: in the network that AKS manages."""

    pool: str
    subnet_id: str | Unreadable | None
    public_ip: bool | Unreadable
    scale_set_id: str | None = None
    prefix_id: str | None = None
    security_group_ids: tuple[str, ...] | Unreadable = ()
    """Network security groups on the interfaces of its nodes."""
    unlisted: Unreadable | None = None
    """Why none of its nodes' hosts is known."""


@dataclass(frozen=True)
class Group:
    """Node pools whose nodes sit in one subnet and have, or have not, addresses of their own: they leave alike."""

    pools: tuple[str, ...]
    subnet_id: str | Unreadable
    public_ip: bool | Unreadable
    scale_set_ids: tuple[str, ...] = ()
    prefix_id: str | None = None
    unlisted: Unreadable | None = None
    """Why the scale sets are not known."""


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
        Member(
            pool.name,
            pool.subnet_id,
            pool.node_public_ip,
            prefix_id=pool.node_public_ip_prefix_id,
            security_group_ids=unlisted or (),
            unlisted=unlisted,
        )
        for pool in pools.values()
        if pool.name not in seen
        for unlisted in (_why_unlisted(pool, node_hosts),)
    )


def _why_unlisted(pool: AgentPool, node_hosts: tuple[NodeHost, ...] | Unreadable) -> Unreadable | None:
    """Why none of the pool's hosts is listed; ``None``: it has no nodes."""
    if pool.count == 0:
        return None
    if isinstance(node_hosts, Unreadable):
        return node_hosts
    detail = f"No scale set or virtual machine of node pool {pool.name} is listed"
    missing = Unreadable("not-shown", detail, _READ_SCALE_SETS, _READ_SCALE_SETS)
    return next((host.unread for host in node_hosts if host.unread is not None), missing)


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
        yield Member(host.pool or UNNAMED, subnet_id, public_ip, scale_set, prefix, host.security_group_ids)


def settled(members: Iterable[Member], managed: str | Unreadable) -> tuple[Member, ...]:
    """Put members without a subnet into ``managed``, that of the network that AKS made."""
    return tuple(replace(one, subnet_id=managed) if one.subnet_id is None else one for one in members)


def places_of(members: Iterable[Member]) -> tuple[NodePlace, ...]:
    """Put pools together whose nodes meet the same subnet and the same security groups."""
    places: dict[tuple[object, ...], list[Member]] = {}
    for member in members:
        groups = member.security_group_ids
        ids = groups if isinstance(groups, Unreadable) else tuple(sorted(group.lower() for group in groups))
        places.setdefault((_subnet_key(member), ids), []).append(member)
    return tuple(NodePlace(_pools(part), _subnet(part[0]), part[0].security_group_ids) for part in places.values())


def grouped(members: Iterable[Member]) -> tuple[Group, ...]:
    """Put pools together whose nodes leave alike."""
    parts: dict[tuple[object, ...], list[Member]] = {}
    for member in members:
        # Machines outside scale sets are apart: their own addresses are not listed with a scale set's.
        alone = member.public_ip is True and member.scale_set_id is None
        parts.setdefault((_subnet_key(member), member.public_ip, member.prefix_id, alone), []).append(member)
    return tuple(
        Group(
            pools=_pools(part),
            subnet_id=_subnet(part[0]),
            public_ip=part[0].public_ip,
            scale_set_ids=tuple(dict.fromkeys(member.scale_set_id for member in part if member.scale_set_id)),
            prefix_id=part[0].prefix_id,
            unlisted=part[0].unlisted,
        )
        for part in parts.values()
    )


def _pools(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(sorted({member.pool for member in members}))


def _subnet(member: Member) -> str | Unreadable:
    """The subnet of a settled member."""
    return _UNSETTLED if member.subnet_id is None else member.subnet_id


def _subnet_key(member: Member) -> str | Unreadable:
    subnet = _subnet(member)
    return subnet.lower() if isinstance(subnet, str) else subnet
