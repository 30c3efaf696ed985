"""Read what virtual hubs (Virtual WAN) announce to the networks that are connected to them.

Such a network has a peering with the hub's own network, which is Microsoft's and shown to nobody; the hub is
found among those of the network's subscription. What it announces is in the connection, in the hub's routing intent
or in the route table that the connection is associated with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...arm_ids import key_of, name_of, same_id, subscription_of
from ...facts import Firewall, HubRouting, Unreadable, VirtualNetwork
from ..ask.arm import Json
from ..members import Body, mapped, maybe
from .firewalls import Ask, Networks, read_firewalls_by_id

# https://learn.microsoft.com/azure/virtual-wan/how-to-routing-policies
_INTERNET = ("internet", "0.0.0.0/0")
_FIREWALL = "/azurefirewalls/"
_HUB_NETWORK = "hv_"


@dataclass(frozen=True)
class _Connected:
    """A network, and the hub that it is connected to."""

    network_id: str
    hub_id: str

    @property
    def connections(self) -> str:
        return f"{self.hub_id}/hubVirtualNetworkConnections"

    @property
    def intents(self) -> str:
        return f"{self.hub_id}/routingIntent"

    @property
    def tables(self) -> str:
        return f"{self.hub_id}/hubRouteTables"


def read_hub_routing(
    ask: Ask, networks: Networks
) -> tuple[dict[str, HubRouting | Unreadable], dict[str, tuple[str, ...] | Unreadable | None]]:
    """Read :attr:`~.Network.hubs` for those of ``networks`` that are connected to a hub, and the IP groups of rules."""
    near = _connected(networks)
    if not near:
        return {}, {}
    lists = {
        each.id: f"/subscriptions/{subscription_of(each.id)}/providers/Microsoft.Network/virtualHubs" for each in near
    }
    listed = ask([], list(lists.values()))
    hubs = {each.id: _hubs_of(each, listed[lists[each.id].lower()]) for each in near}
    connected = [found for of_network in hubs.values() for found in of_network]
    paths = [path for each in connected for path in (each.connections, each.intents, each.tables)]
    answers = ask([], paths) if paths else {}
    hops = {each: _internet(each, answers) for each in connected}
    wanted = [hop for hop in hops.values() if isinstance(hop, str) and _FIREWALL in hop.lower()]
    firewalls, ip_groups = read_firewalls_by_id(ask, wanted)
    unseen = {key_of(each.id): _unseen(each, hubs[each.id], listed[lists[each.id].lower()]) for each in near}
    return unseen | {
        key_of(each.network_id): hop if isinstance(hop, Unreadable) else _routing(each, hop, firewalls)
        for each, hop in hops.items()
        if hop is not _ELSEWHERE
    }, ip_groups


def unread_routing(networks: Networks, why: Unreadable) -> dict[str, HubRouting | Unreadable]:
    """:attr:`~.Network.hubs` where reading them failed as a whole."""
    return {key_of(each.id): why for each in _connected(networks)}


def _connected(networks: Networks) -> list[VirtualNetwork]:
    return [each for each in networks.values() if isinstance(each, VirtualNetwork) and any(_hub_names(each))]


_READ_HUBS = "Microsoft.Network/virtualHubs/read"
_READ_CONNECTIONS = "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read"
# The hub has the name, and no connection with the network: it is another hub of that name.
_ELSEWHERE = Unreadable("not-found", "The hub has no connection with this network")


def _hub_names(network: VirtualNetwork) -> Iterable[str]:
    """Names of hubs, of ``HV_NAME_GUID`` as peerings show them."""
    for peering in network.peerings:
        name = name_of(peering.remote_network_id)
        if name.lower().startswith(_HUB_NETWORK) and "_" in name[len(_HUB_NETWORK) :]:
            yield name[len(_HUB_NETWORK) :].rpartition("_")[0]


def _hubs_of(network: VirtualNetwork, listed: Any) -> list[_Connected]:
    """The hubs of that name that the login sees; a list that was refused shows none."""
    names = {name.lower() for name in _hub_names(network)}
    ids = [str(item.get("id", "")) for item in listed] if isinstance(listed, list) else []
    return [_Connected(network.id, hub_id) for hub_id in ids if name_of(hub_id).lower() in names]


def _unseen(network: VirtualNetwork, hubs: list[_Connected], listed: Any) -> Unreadable:
    """Why the hub that a network is connected to, as its peering shows, is none that the login sees."""
    subscription = subscription_of(network.id)
    to = f"{network.id} is connected to virtual hub {', '.join(_hub_names(network))}"
    if isinstance(listed, Unreadable):
        return replace(listed, detail=f"{to}, but hubs could not be read: {listed.detail}")
    if hubs:
        detail = f"{to}, but this login sees no connection of that hub with it"
        return Unreadable("not-shown", detail, _READ_CONNECTIONS, f"{_READ_CONNECTIONS} on {hubs[0].hub_id}")
    detail = (
        f"{to}, which this login does not see in subscription {subscription} (other subscriptions are not searched). A "
        "hub may announce a default route; `az network nic show-effective-route-table` for a node's network interface "
        "shows it"
    )
    return Unreadable("not-shown", detail, _READ_HUBS, f"{_READ_HUBS} on /subscriptions/{subscription}")


def _internet(connected: _Connected, answers: Mapping[str, Any]) -> str | Unreadable | None:
    """The id of the next hop of the default route that the hub announces; ``None``: it announces none."""
    connection = mapped(
        lambda items: _connection(items, connected.network_id),
        answers[connected.connections.lower()],
        connected.connections,
    )
    if isinstance(connection, Unreadable):
        return connection
    announced = mapped(_takes_default_route, connection, connected.connections)
    if isinstance(announced, Unreadable) or not announced:
        return announced or None
    intent = mapped(_next_hop_of_intent, answers[connected.intents.lower()], connected.intents)
    if isinstance(intent, Unreadable) or intent:
        return intent
    return (
        mapped(lambda items: _next_hop_of_table(items, connection), answers[connected.tables.lower()], connected.tables)
        or None
    )


def _connection(items: Iterable[Json], network_id: str) -> Json | Unreadable:
    for item in items:
        if same_id(Body(item).object("properties").object("remoteVirtualNetwork").text("id"), network_id):
            return item
    return _ELSEWHERE


def _takes_default_route(connection: Json) -> bool:
    return Body(connection).object("properties").flag("enableInternetSecurity")


def _next_hop_of_intent(items: Iterable[Json]) -> str:
    """Empty: no policy for the internet."""
    return _to_internet(
        policy for item in items for policy in Body(item).object("properties").objects("routingPolicies")
    )


def _next_hop_of_table(items: Iterable[Json], connection: Json) -> str:
    """Empty: the associated route table has no default route."""
    routing = Body(connection).object("properties").object("routingConfiguration")
    table_id = routing.object("associatedRouteTable").text("id")
    tables = [body for body in map(Body, items) if same_id(body.text("id"), table_id)]
    return _to_internet(
        route for table in tables for route in maybe(table.object("properties").objects, "routes") or ()
    )


def _to_internet(policies: Iterable[Body]) -> str:
    """Where the first of some policies or routes sends traffic for the internet; empty: none of them does."""
    return next((each.text("nextHop") for each in policies if _is_for_internet(each.texts("destinations"))), "")


def _is_for_internet(destinations: Iterable[str]) -> bool:
    return any(each.lower() in _INTERNET for each in destinations)


def _routing(
    connected: _Connected, hop: str | None, firewalls: Mapping[str, Firewall | Unreadable | None]
) -> HubRouting:
    return HubRouting(connected.hub_id, hop, firewalls.get(key_of(hop)) if hop else None)
