"""Peerings and routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import key_of, same_id
from ...facts import Network, Peering, RouteTable, Unreadable, UserRoute, VirtualNetwork
from ...repairs import Effect, UntoldError
from ._parts import in_network, with_entry

CONNECTED, INITIATED, DISCONNECTED = "Connected", "Initiated", "Disconnected"

_OTHER = {"near": "far", "far": "near"}
_UNREAD = "The other side of the peering could not be read."

# --- peerings ----------------------------------------------------------------------------
# https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues: a side is
# Initiated until the other exists, and then both are Connected; once one is deleted, the other is Disconnected until it
# is updated.


def peering_made(side: str, name: str) -> Effect:
    """``az network vnet peering create`` in the network of ``side``, ``near`` or ``far``.

    ``name`` is the detail with the peering's name.
    """

    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        here_id, there_id = values[f"{side}_network"], values[f"{_OTHER[side]}_network"]
        there = network.networks.get(key_of(there_id))
        made = Peering(
            id=f"{here_id}/virtualNetworkPeerings/{values[name]}",
            name=values[name],
            remote_network_id=there_id,
            state=INITIATED,
            allows_access=True,
            allows_forwarded=values["forwarded"] == "true",
            uses_remote_gateways=False,
            remote_prefixes=there.prefixes if isinstance(there, VirtualNetwork) else (),
        )

        def peered(here: VirtualNetwork) -> VirtualNetwork:
            others = (one for one in here.peerings if not same_id(one.remote_network_id, there_id))
            return replace(here, peerings=(*others, made))

        changed = with_entry(network.networks, here_id, VirtualNetwork, peered)
        return _once_both_exist(replace(network, networks=changed), here_id, there_id)

    return effect


def peering_updated(side: str) -> Effect:
    """``az network vnet peering update --set allowVirtualNetworkAccess=true`` in the network of ``side``.

    A side that is Disconnected is Initiated by that.
    """

    def renewed(side_of_it: Peering, _there: VirtualNetwork | Unreadable | None) -> Peering:
        state = side_of_it.state
        begun = INITIATED if isinstance(state, str) and state.lower() == DISCONNECTED.lower() else state
        return replace(side_of_it, state=begun, allows_access=True)

    return _side_changed(side, renewed)


def peering_synced(side: str) -> Effect:
    """``az network vnet peering sync`` in the network of ``side``: it has the other's address space of today.

    Raises :class:`UntoldError` where that could not be read.
    """

    def synced(side_of_it: Peering, there: VirtualNetwork | Unreadable | None) -> Peering:
        if not isinstance(there, VirtualNetwork):
            raise UntoldError("The address space of the other network could not be read.")
        return replace(side_of_it, remote_prefixes=there.prefixes)

    return _side_changed(side, synced)


def peering_removed(side: str) -> Effect:
    """The side of a peering in the network of ``side`` is deleted; the other one is Disconnected."""

    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        here_id, there_id = values[f"{side}_network"], values[f"{_OTHER[side]}_network"]

        def parted(here: VirtualNetwork) -> VirtualNetwork:
            return replace(
                here, peerings=tuple(one for one in here.peerings if not same_id(one.remote_network_id, there_id))
            )

        networks = with_entry(network.networks, here_id, VirtualNetwork, parted)
        left = _sides(networks, there_id, here_id, lambda one: replace(one, state=DISCONNECTED))
        return replace(network, networks=left)

    return effect


def _side_changed(side: str, change: Callable[[Peering, VirtualNetwork | Unreadable | None], Peering]) -> Effect:
    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        here_id, there_id = values[f"{side}_network"], values[f"{_OTHER[side]}_network"]
        there = network.networks.get(key_of(there_id))
        changed = _sides(network.networks, here_id, there_id, lambda one: change(one, there))
        return _once_both_exist(replace(network, networks=changed), here_id, there_id)

    return effect


_Networks = Mapping[str, VirtualNetwork | Unreadable | None]


def _sides(networks: _Networks, here_id: str, there_id: str, change: Callable[[Peering], Peering]) -> _Networks:
    """Change the side of a peering that one network has of it with another."""

    def changed(here: VirtualNetwork) -> VirtualNetwork:
        sides = tuple(change(one) if same_id(one.remote_network_id, there_id) else one for one in here.peerings)
        return replace(here, peerings=sides)

    return with_entry(networks, here_id, VirtualNetwork, changed)


def _once_both_exist(network: Network, here_id: str, there_id: str) -> Network:
    """Both sides are Connected once both exist and none is Disconnected.

    Raises :class:`UntoldError` where one side is not Connected yet and the other was not read.
    """
    here, there = (_side_of(network, *ids) for ids in ((here_id, there_id), (there_id, here_id)))
    if any(isinstance(one, Unreadable) for one in (here, there)):
        if any(isinstance(one, Peering) and one.state != CONNECTED for one in (here, there)):
            raise UntoldError(_UNREAD)
        return network
    begun = (INITIATED.lower(), CONNECTED.lower())
    if not all(isinstance(one, Peering) and str(one.state).lower() in begun for one in (here, there)):
        return network

    def joined(one: Peering) -> Peering:
        return replace(one, state=CONNECTED)

    networks = _sides(_sides(network.networks, here_id, there_id, joined), there_id, here_id, joined)
    return replace(network, networks=networks)


def _side_of(network: Network, here_id: str, there_id: str) -> Peering | Unreadable | None:
    here = network.networks.get(key_of(here_id))
    if not isinstance(here, VirtualNetwork):
        return Unreadable("not-shown", _UNREAD)
    return next((one for one in here.peerings if same_id(one.remote_network_id, there_id)), None)


# --- routes ------------------------------------------------------------------------------


def route_led(next_hop: str, appliance: str = "") -> Effect:
    """``az network route-table route update``: another next hop; ``appliance`` has its address, where it has one."""

    def led(values: Mapping[str, Any], table: RouteTable) -> RouteTable:
        address = values[appliance] if appliance else None
        return replace(
            table,
            routes=tuple(
                replace(one, next_hop=next_hop, address=address) if one.name == values["route"] else one
                for one in table.routes
            ),
        )

    return _in_table(led)


def _in_table(change: Callable[[Mapping[str, Any], RouteTable], RouteTable]) -> Effect:
    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        changed = with_entry(
            network.route_tables, values["route_table"], RouteTable, lambda table: change(values, table)
        )
        return replace(network, route_tables=changed)

    return effect


def _with_route(values: Mapping[str, Any], table: RouteTable) -> RouteTable:
    return replace(table, routes=(*table.routes, UserRoute(values["tag_route"], values["tag"], "Internet")))


tag_routed = _in_table(_with_route)
"""``az network route-table route create``: service tag ``tag`` goes to the internet."""
