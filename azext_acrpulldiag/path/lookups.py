"""Looking up what was read of a network. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..arm_ids import key_of, name_of
from ..facts import Network, NodePlace, Peering, RouteTable, Subnet, Unreadable, VirtualNetwork
from .addresses import address_set

T = TypeVar("T")


def looked_up(mapping: Mapping[str, T | Unreadable | None], resource_id: str, noun: str) -> T | Unreadable:
    """Return what is known of ``resource_id``; a resource that is named and not there could not be read."""
    key = key_of(resource_id)
    if key not in mapping:
        return Unreadable("not-shown", f"{noun} {name_of(resource_id)} was not read")
    found = mapping[key]
    if found is None:
        return Unreadable("not-found", f"{noun} {name_of(resource_id)} is named but does not exist")
    return found


def subnet_of(network: Network, place: NodePlace) -> Subnet | Unreadable:
    """The subnet that the nodes sit in."""
    if isinstance(place.subnet_id, Unreadable):
        return place.subnet_id
    return looked_up(network.subnets, place.subnet_id, "Subnet")


def table_of(network: Network, subnet: Subnet) -> RouteTable | Unreadable | None:
    """The route table of a subnet; ``None``: it has none."""
    if subnet.route_table_id is None:
        return None
    return looked_up(network.route_tables, subnet.route_table_id, "Route table")


def home_of(address: str, network: VirtualNetwork) -> str | None:
    """The network, of this one and those that it is peered with, that an address lies in; ``None``: none of them.

    Private addresses repeat from network to network, so that one may be compared only within the
    network that this one reaches under it.
    """
    wanted = address_set((address,))
    if not wanted.spans:
        return None
    if address_set(network.prefixes).covers(wanted):
        return network.id
    for peering in network.peerings:
        if address_set(peering.remote_prefixes).covers(wanted):
            return peering.remote_network_id
    return None


def is_connected(peering: Peering) -> bool:
    """Tell whether one side of a peering says that both are made."""
    return isinstance(peering.state, str) and peering.state.lower() == "connected"


def is_virtual_hub(network_id: str) -> bool:
    """Tell whether it is the network that Azure makes for a hub of Virtual WAN, which no one can read."""
    return name_of(network_id).lower().startswith("hv_")
