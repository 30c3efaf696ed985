"""Read what virtual hubs (Virtual WAN) announce to the networks that are connected to them.

Such a network has a peering with the hub's own network, which is Microsoft's and shown to nobody; the hub is
found among those of the network's subscription. What it announces is in the connection, in the hub's routing intent
or in the route table that the connection is associated with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...arm_ids import same_id
from ...facts import Firewall, HubRouting, Unreadable, VirtualNetwork
from ..ask.arm import Json
from .firewalls import Ask, Networks, read_firewalls_by_id
from .outbound_models import mapped

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
        each.id: f"/subscriptions/{each.id.split('/')[2]}/providers/Microsoft.Network/virtualHubs" for each in near
    }
    listed = ask([], list(lists.values()))
    hubs = {each.id: _hubs_of(each, listed[lists[each.id].lower()]) for each in near}
    connected = [found for of_network in hubs.values() for found in of_network]
    paths = [path for each in connected for path in (each.connections, each.intents, each.tables)]
    answers = ask([], paths) if paths else {}
    hops = {each: _internet(each, answers) for each in connected}
    wanted = [hop for hop in hops.values() if isinstance(hop, str) and _FIREWALL in hop.lower()]
    firewalls, ip_groups = read_firewalls_by_id(ask, wanted)
    unseen = {each.id.lower(): _unseen(each, hubs[each.id], listed[lists[each.id].lower()]) for each in near}
    return unseen | {
        each.network_id.lower(): hop if isinstance(hop, Unreadable) else _routing(each, hop, firewalls)
        for each, hop in hops.items()
        if hop is not _ELSEWHERE
    }, ip_groups


def unread_routing(networks: Networks, why: Unreadable) -> dict[str, HubRouting | Unreadable]:
    """:attr:`~.Network.hubs` where reading them failed as a whole."""
    return {each.id.lower(): why for each in _connected(networks)}


def _connected(networks: Networks) -> list[VirtualNetwork]:
    return [each for each in networks.values() if isinstance(each, VirtualNetwork) and any(_hub_names(each))]


_READ_HUBS = "Microsoft.Network/virtualHubs/read"
_READ_CONNECTIONS = "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read"
# The hub has the name, and no connection with the network: it is another hub of that name.
_ELSEWHERE = Unreadable("not-found", "The hub has no connection with this network")


def _hub_names(network: VirtualNetwork) -> Iterable[str]:
    """Names of hubs, of ``HV_NAME_GUID`` as peerings show them."""
    for peering in network.peerings:
        name = peering.remote_network_id.rpartition("/")[2]
        if name.lower().startswith(_HUB_NETWORK) and "_" in name[len(_HUB_NETWORK) :]:
            yield name[len(_HUB_NETWORK) :].rpartition("_")[0]


def _hubs_of(network: VirtualNetwork, listed: Any) -> list[_Connected]:
    """The hubs of that name that the login sees; a list that was refused shows none."""
    names = {name.lower() for name in _hub_names(network)}
    ids = [str(item.get("id", "")) for item in listed] if isinstance(listed, list) else []
    return [_Connected(network.id, hub_id) for hub_id in ids if hub_id.rpartition("/")[2].lower() in names]


def _unseen(network: VirtualNetwork, hubs: list[_Connected], listed: Any) -> Unreadable:
    """Why the hub that a network is connected to, as its peering shows, is none that the login sees."""
    subscription = network.id.split("/")[2]
    to = f"{network.id} is connected to virtual hub {', '.join(_hub_names(network))}"
    if isinstance(listed, Unreadable):
        return replace(listed, detail=f"{to}, and hubs could not be read: {listed.detail}")
    if hubs:
        detail = f"{to}, and that one shows no connection with it to this login"
        return Unreadable("not-shown", detail, _READ_CONNECTIONS, f"{_READ_CONNECTIONS} on {hubs[0].hub_id}")
    detail = (
        f"{to}, which this login does not see in subscription {subscription} (in others it is not looked for), and a "
        "hub may announce a default route; `az network nic show-effective-route-table` on a node's interface shows it"
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


def _connection(items: list[Json], network_id: str) -> Json | Unreadable:
    found = [each for each in items if same_id(each["properties"]["remoteVirtualNetwork"]["id"], network_id)]
    return found[0] if found else _ELSEWHERE


def _takes_default_route(connection: Json) -> bool:
    return bool(connection["properties"]["enableInternetSecurity"])


def _next_hop_of_intent(items: list[Json]) -> str:
    """Empty: no policy for the internet."""
    policies = [policy for item in items for policy in item["properties"]["routingPolicies"]]
    return next((str(each["nextHop"]) for each in policies if _is_for_internet(each["destinations"])), "")


def _next_hop_of_table(items: list[Json], connection: Json) -> str:
    """Empty: the associated route table has no default route."""
    table_id = connection["properties"]["routingConfiguration"]["associatedRouteTable"]["id"]
    tables = [item for item in items if same_id(item["id"], table_id)]
    routes = [route for item in tables for route in item["properties"].get("routes") or ()]
    return next((str(each["nextHop"]) for each in routes if _is_for_internet(each["destinations"])), "")


def _is_for_internet(destinations: Iterable[str]) -> bool:
    return any(each.lower() in _INTERNET for each in destinations)


def _routing(
    connected: _Connected, hop: str | None, firewalls: Mapping[str, Firewall | Unreadable | None]
) -> HubRouting:
    return HubRouting(connected.hub_id, hop, firewalls.get(hop.lower()) if hop else None)
