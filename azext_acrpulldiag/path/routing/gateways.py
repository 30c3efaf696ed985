"""Gateways and route servers: they bring routes into a network that are in no route table. Pure.

A virtual network gateway learns routes from networks on premises and in Azure (VNet-to-VNet), a route server from
appliances. They hold in its own network and in those whose peering uses it, a default route among them too, for each
subnet whose route table does not switch them off. Routes of private endpoints, service endpoints and peerings stay
preferred, also to those with a longer prefix, and so do a user's for the same prefix.

Sources: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview,
https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-howto-vnet-vnet-resource-manager-portal,
https://learn.microsoft.com/azure/route-server/route-injection-in-spokes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...arm_ids import name_of
from ...facts import Network, Peering, RouteTable, Unreadable, VirtualNetwork
from ..lookups import is_connected, is_virtual_hub, looked_up

_SHOWN_BY = "the effective routes of a node's network interface show them"


def listens(table: RouteTable | None) -> bool:
    """Tell whether a subnet with this route table takes over what gateways advertise, or may."""
    return table is None or table.gateway_routes is not False


def advertisers(network: VirtualNetwork) -> tuple[str, ...]:
    """In words, what may advertise routes to the subnets of a network; empty: nothing."""
    return (*_gateways(network), *_hubs(network))


def default_route(network: VirtualNetwork, table: RouteTable | None) -> Unreadable | None:
    """Why it is not known whether Azure's own default route holds in a subnet; ``None``: it does.

    What a virtual hub announces is read, see :func:`~.virtual_hubs.announces`.
    """
    found = next(_gateways(network), None) if listens(table) else None
    if found is None:
        return None
    detail = (
        f"Outbound IPs of network {name_of(network.id)} depend on {found}: a default route that it advertises would "
        f"override the system route. Its routes could not be read; {_SHOWN_BY}"
    )
    return Unreadable("unsupported", detail)


def perhaps_joined(network: Network, near: VirtualNetwork, far_id: str) -> Unreadable | None:
    """Why two networks without a peering may be joined all the same; ``None``: no gateway or hub can join them."""
    mine = next(iter(advertisers(near)), None)
    if mine is None:
        return None
    there = looked_up(network.networks, far_id, "Virtual network")
    if isinstance(there, Unreadable):
        return there
    theirs = next(iter(advertisers(there)), None)
    if theirs is None:
        return None
    why = (
        f"Networks {name_of(near.id)} and {name_of(far_id)} are not peered, but {mine} and {theirs} may join them. "
        f"Their routes could not be read; {_SHOWN_BY}"
    )
    return Unreadable("unsupported", why)


def as_if_none_joined(network: Network) -> Network:
    """The network as it is where no gateway brings a route that matters."""
    networks = {
        key: _alone(each) if isinstance(each, VirtualNetwork) else each for key, each in network.networks.items()
    }
    return replace(network, networks=networks)


def _alone(network: VirtualNetwork) -> VirtualNetwork:
    return replace(
        network,
        gateways=(),
        peerings=tuple(replace(each, uses_remote_gateways=False) for each in network.peerings),
    )


def _gateways(network: VirtualNetwork) -> Iterator[str]:
    if isinstance(network.gateways, Unreadable):
        yield f"a gateway that network {name_of(network.id)} may have"
    else:
        yield from (f"{_kind(each)} {name_of(each)} of network {name_of(network.id)}" for each in network.gateways)
    for peering in network.peerings:
        if _is_used(peering) and peering.uses_remote_gateways is not False:
            yield f"the gateway of network {name_of(peering.remote_network_id)}"


def _hubs(network: VirtualNetwork) -> Iterator[str]:
    for peering in network.peerings:
        if is_virtual_hub(peering.remote_network_id):
            yield f"Virtual WAN hub {name_of(peering.remote_network_id)}"


def _is_used(peering: Peering) -> bool:
    at_work = isinstance(peering.state, Unreadable) or is_connected(peering)
    return at_work and not is_virtual_hub(peering.remote_network_id)


def _kind(gateway_id: str) -> str:
    return "virtual network gateway" if "/virtualnetworkgateways/" in gateway_id.lower() else "route server"
