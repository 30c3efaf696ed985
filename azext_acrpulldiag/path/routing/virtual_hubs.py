"""The default route that a hub of Virtual WAN announces to the nodes' network. Pure.

It takes the place of Azure's own route to the internet; a user's route for every address, or a route table that
takes no routes of gateways, keeps it away. Sources: https://learn.microsoft.com/azure/virtual-wan/how-to-routing-policies,
https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
"""

from __future__ import annotations

from collections.abc import Iterator

from ...arm_ids import key_of, name_of
from ...facts import Firewall, HubRouting, Network, RouteTable, Unreadable
from ..filters.firewall import admitted, unknown_appliance
from ..hops import OK, UNKNOWN, Hop
from .start import Way


def announces(network: Network, network_id: str, table: RouteTable | None) -> bool:
    """Tell whether a hub announces a default route to a subnet with this route table, or may."""
    if table is not None and table.gateway_routes is False:
        return False
    found = network.hubs.get(key_of(network_id))
    return isinstance(found, Unreadable) or (found is not None and found.internet is not None)


def by_hub(way: Way) -> Iterator[Hop]:
    """Follow the hub's default route to its firewall or NVA."""
    hub = way.network.hubs[key_of(way.here.id)]
    if isinstance(hub, Unreadable):
        yield Hop("route", "default route of a virtual hub", way.subnet.id, UNKNOWN, hub.sentence, unread=hub)
        return
    to = name_of(hub.internet or "")
    why = f"Traffic to {way.destination.host} goes to {to} (default route of virtual hub {name_of(hub.hub_id)})."
    yield Hop("route", name_of(hub.hub_id), hub.hub_id, OK, why)
    yield from _through(way, hub, to)


def _through(way: Way, hub: HubRouting, to: str) -> Iterator[Hop]:
    if isinstance(hub.firewall, Firewall):
        yield from admitted(way.registry, way.network, way.place, way.destination, hub.firewall)
    elif isinstance(hub.firewall, Unreadable):
        yield Hop("firewall", to, hub.internet, UNKNOWN, hub.firewall.sentence, unread=hub.firewall)
    else:
        yield unknown_appliance(way.destination, to, hub.hub_id)
