"""Networks that a Virtual Network Manager joins without any peering: connected groups. Pure.

A mesh joins the networks of a network group, and so does hub-and-spoke with direct connectivity, which takes the hub
into the group. Without a global mesh only networks of one region are joined. Two networks share a group where the
answers for both name the same configuration and group. Traffic to addresses that two networks of a group have both is
dropped. Sources: https://learn.microsoft.com/azure/virtual-network-manager/concept-connectivity-configuration,
https://learn.microsoft.com/azure/virtual-network-manager/concept-limitations
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...arm_ids import key_of, name_of, parent_of, same_id
from ...facts import ConnectedGroup, Network, Unreadable, VirtualNetwork, region_key
from ..addresses import address_set
from ..hops import OK, Hop
from ..managers import CONNECTIVITY, may_manage, on_network

KIND = "connected-group"
MESH, DIRECT = "mesh", "directlyconnected"

Joined = ConnectedGroup | Unreadable | None


def joined_by_group(network: Network, near_id: str, far_id: str) -> Joined:
    """The group that joins two networks; ``None``: none does, or nothing that may join them is in sight."""
    found = _between(network, near_id, far_id)
    if isinstance(found, Unreadable) and not any(may_manage(network, each, CONNECTIVITY) for each in (near_id, far_id)):
        return None
    return found


def group_hop(group: ConnectedGroup, near_id: str, far_id: str) -> Hop:
    """Say that two networks are joined by a group."""
    manager = name_of(parent_of(group.configuration_id))
    why = (
        f"Virtual networks {name_of(near_id)} and {name_of(far_id)} are joined without a peering: connectivity "
        f"configuration {name_of(group.configuration_id)} of Virtual Network Manager {manager} connects network group "
        f"{name_of(group.group_id)}."
    )
    return Hop(KIND, name_of(group.group_id), group.group_id, OK, why)


def may_be_in_a_group(network: Network, network_id: str) -> Unreadable | None:
    """Why a network may be joined with others that are not seen; ``None``: it is in no group, as far as is known."""
    groups = on_network(network.managed.groups, network_id)
    if isinstance(groups, Unreadable):
        return groups if may_manage(network, network_id, CONNECTIVITY) else None
    joining = [each for each in groups if each.has_network and _joins(each) is not False]
    if not joining:
        return None
    names = ", ".join(name_of(each.group_id) for each in joining)
    detail = f"{name_of(network_id)} is in connected group {names} of a Virtual Network Manager, whose other members"
    return Unreadable("not-shown", f"{detail} are not shown")


def _between(network: Network, near_id: str, far_id: str) -> Joined:
    near, far = (on_network(network.managed.groups, each) for each in (near_id, far_id))
    if near == () or far == ():
        return None  # a network that no configuration is in force on is joined with none, not as a hub either
    told = [_across(network, near_id, far_id, each) for each in _shared(near, far, near_id, far_id)]
    certain = next((each for each in told if isinstance(each, ConnectedGroup)), None)
    unread = (each for each in (*told, near, far) if isinstance(each, Unreadable))
    return certain or next(unread, None)


def _shared(
    near: tuple[ConnectedGroup, ...] | Unreadable,
    far: tuple[ConnectedGroup, ...] | Unreadable,
    near_id: str,
    far_id: str,
) -> Iterator[ConnectedGroup | Unreadable]:
    """Groups that both networks are in, or one of them as the hub; and why it is not known whether one joins them."""
    for mine, theirs, there_id in ((near, far, far_id), (far, near, near_id)):
        for each in () if isinstance(mine, Unreadable) else mine:
            if each.has_network and (any(same_id(hub, there_id) for hub in each.hubs) or _holds(theirs, each)):
                joins = _joins(each)
                if joins is not False:
                    yield joins if isinstance(joins, Unreadable) else each


def _holds(groups: Iterable[ConnectedGroup] | Unreadable, group: ConnectedGroup) -> bool:
    wanted = key_of(group.configuration_id), key_of(group.group_id)
    held = () if isinstance(groups, Unreadable) else groups
    return any(wanted == (key_of(each.configuration_id), key_of(each.group_id)) and each.has_network for each in held)


def _joins(group: ConnectedGroup) -> bool | Unreadable:
    """Tell whether the networks of a group are joined with each other."""
    if isinstance(group.topology, Unreadable):
        return group.topology
    if group.topology.lower() == MESH:
        return True
    return group.connectivity if isinstance(group.connectivity, Unreadable) else group.connectivity.lower() == DIRECT


def _across(network: Network, near_id: str, far_id: str, group: ConnectedGroup | Unreadable) -> Joined:
    """The group, if it joins networks in the regions of these two."""
    if isinstance(group, Unreadable) or group.spans_regions is True:
        return group
    near, far = (_region(network, each) for each in (near_id, far_id))
    if isinstance(near, str) and near == far:
        return group
    for each in (group.spans_regions, near, far):
        if isinstance(each, Unreadable):
            return each
    return None


def _region(network: Network, network_id: str) -> str | Unreadable:
    found = network.networks.get(key_of(network_id))
    if not isinstance(found, VirtualNetwork):
        return found or Unreadable("not-found", f"Virtual network {name_of(network_id)} was not read")
    return found.location if isinstance(found.location, Unreadable) else region_key(found.location)


def overlaps(here: VirtualNetwork, address: str) -> bool:
    """Tell whether an address of another network of a group is one of this network's, too."""
    return address_set(here.prefixes).overlaps(address_set((address,)))
