"""Who answers the nodes' DNS queries, and the links of which network count there. Pure.

Azure's DNS answers from the private zones linked to the network that asks it. Nodes of a network with
servers of its own ask those, and what counts is the network in which such a server asks Azure's DNS in
turn (https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration). An inbound endpoint of DNS
Private Resolver answers as Azure's DNS of its network.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...arm_ids import key_of, name_of, network_id_of, same_id
from ...facts import Firewall, Forwarding, Network, NodePlace, Peering, Unreadable, VirtualNetwork, firewall_key
from ..addresses import Span, span_of
from ..hops import OK, UNKNOWN, Hop
from ..lookups import looked_up

AZURE_DNS = "168.63.129.16"
_LONGEST_CHAIN = 3


@dataclass(frozen=True)
class Resolver:
    """One server that the nodes ask."""

    hop: Hop
    network_id: str | None
    """The network whose links count; ``None``: not known, and the hop says why."""
    direct: bool = False
    """It is Azure's DNS, asked by the nodes themselves: what it answers follows from the zones."""


@dataclass(frozen=True)
class _Home:
    """The network in which Azure's DNS is asked in the end, what stands there, and how it is put in words."""

    network_id: str
    resource_id: str
    why: str


def resolvers_of(network: Network, place: NodePlace, host: str) -> tuple[Resolver, ...]:
    """The servers that the nodes of ``place`` ask, in their order; ``host`` is what a test by hand would look up."""
    if isinstance(place.subnet_id, Unreadable):
        return (_unknown("DNS", None, place.subnet_id),)
    own = looked_up(network.networks, network_id_of(place.subnet_id), "Virtual network")
    if isinstance(own, Unreadable):
        return (_unknown("DNS", network_id_of(place.subnet_id), own),)
    if not own.dns_servers:
        why = f"Network {name_of(own.id)} has no custom DNS servers, so its nodes use Azure DNS."
        return (Resolver(Hop("dns-server", "Azure DNS", own.id, OK, why), own.id, True),)
    return tuple(_server(network, own, address, _by_hand(host)) for address in own.dns_servers)


def networks_asked(network: Network, host: str) -> tuple[str, ...]:
    """The networks whose Azure DNS is asked for the nodes in the end, as far as that is known."""
    found = (each.network_id for place in network.places for each in resolvers_of(network, place, host))
    return tuple({key_of(each): each for each in found if each is not None}.values())


def network_asked(network: Network, own: VirtualNetwork, address: str, host: str) -> str | Unreadable:
    """The network as which a DNS server answers that is asked from network ``own``, or why that is not known."""
    home = _home_of_server(network, own, address, _by_hand(host), 0)
    return home if isinstance(home, Unreadable) else home.network_id


def _server(network: Network, own: VirtualNetwork, address: str, test: str) -> Resolver:
    home = _home_of_server(network, own, address, test, 0)
    if isinstance(home, Unreadable):
        return _unknown(address, own.id, home)
    why = f"The nodes use {address}, {home.why}."
    return Resolver(Hop("dns-server", address, home.resource_id, OK, why), home.network_id, address == AZURE_DNS)


def _home_of_server(network: Network, own: VirtualNetwork, address: str, test: str, depth: int) -> _Home | Unreadable:
    if address == AZURE_DNS:
        return _Home(own.id, own.id, f"Azure DNS for network {name_of(own.id)}")
    firewall = network.firewalls.get(firewall_key(own.id, address))
    if isinstance(firewall, Unreadable):
        return firewall
    if firewall is not None:
        return _behind_firewall(network, firewall, test, depth)
    home = network_at(network, own, address)
    if home is None:
        why = (
            f"DNS server {address} of network {name_of(own.id)} is in no virtual network that could be read (it may "
            f"be on premises, or in another tenant), so what it answers is not known; {test} shows it"
        )
        return Unreadable("unsupported", why)
    if _is_inbound(network, home, address):
        return _Home(home, home, f"an inbound endpoint of DNS Private Resolver in network {name_of(home)}")
    return _Home(home, home, f"a DNS server in network {name_of(home)}, assumed to forward to Azure DNS there")


def _is_inbound(network: Network, home: str, address: str) -> bool:
    known = network.forwarding.inbound if isinstance(network.forwarding, Forwarding) else ()
    return any(same_id(each.network_id, home) and address in each.addresses for each in known)


def _behind_firewall(network: Network, firewall: Firewall, test: str, depth: int) -> _Home | Unreadable:
    name = name_of(firewall.id)
    if isinstance(firewall.dns_proxy, Unreadable):
        return firewall.dns_proxy
    if isinstance(firewall.dns_servers, Unreadable):
        return firewall.dns_servers
    if not firewall.dns_proxy:
        return Unreadable(
            "unsupported", f"The DNS server is Azure Firewall {name}, whose DNS proxy is off; {test} shows it"
        )
    if depth >= _LONGEST_CHAIN:
        return Unreadable(
            "unsupported", f"DNS servers forward to each other, {name} among them; {test} shows the answer"
        )
    if firewall.network_id is None:
        why = (
            f"Azure Firewall {name} is in a virtual hub, to which no private DNS zone can be linked; {test} shows what"
        )
        return _first_home(network, None, firewall.dns_servers, f"{why} it answers", test, depth)
    asking = looked_up(network.networks, firewall.network_id, "Virtual network")
    words = f"the DNS proxy of Azure Firewall {name} in network {name_of(firewall.network_id)}"
    if not firewall.dns_servers:
        return _Home(firewall.network_id, firewall.id, words)
    if isinstance(asking, Unreadable):
        return asking
    home = _first_home(network, asking, firewall.dns_servers, "", test, depth)
    return (
        home
        if isinstance(home, Unreadable)
        else _Home(home.network_id, firewall.id, f"{words}, which forwards to {home.why}")
    )


def _first_home(
    network: Network, asking: VirtualNetwork | None, servers: tuple[str, ...], why: str, test: str, depth: int
) -> _Home | Unreadable:
    """The network whose DNS the servers that a firewall uses answer from: one, or not known."""
    if asking is None or not servers:
        return Unreadable("unsupported", why)
    homes = [_home_of_server(network, asking, address, test, depth + 1) for address in servers]
    for home in homes:
        if isinstance(home, Unreadable):
            return home
    found = [home for home in homes if isinstance(home, _Home)]
    if not all(same_id(home.network_id, found[0].network_id) for home in found):
        return Unreadable("unsupported", f"DNS servers {', '.join(servers)} are in different networks; {test} shows it")
    return found[0]


def network_at(network: Network, own: VirtualNetwork, address: str) -> str | None:
    """The network that ``address`` lies in, as seen from ``own``: itself, a peered one, or a peer of a peer."""
    wanted = span_of(address)
    if wanted is None:
        return None
    if _covers(own.prefixes, wanted):
        return own.id
    peers = [each.remote_network_id for each in own.peerings if _covers(_prefixes(network, each), wanted)]
    if peers:
        return peers[0]
    beyond = {
        key_of(each.remote_network_id): each.remote_network_id
        for hub in own.peerings
        for each in _peerings(network, hub.remote_network_id)
        if _covers(_prefixes(network, each), wanted)
    }
    return next(iter(beyond.values())) if len(beyond) == 1 else None


def _peerings(network: Network, network_id: str) -> tuple[Peering, ...]:
    fact = network.networks.get(key_of(network_id))
    return fact.peerings if isinstance(fact, VirtualNetwork) else ()


def _prefixes(network: Network, peering: Peering) -> tuple[str, ...]:
    fact = network.networks.get(key_of(peering.remote_network_id))
    return fact.prefixes if isinstance(fact, VirtualNetwork) else peering.remote_prefixes


def _covers(prefixes: Iterable[str], wanted: Span) -> bool:
    spans = (span_of(prefix) for prefix in prefixes)
    return any(span is not None and span[0] <= wanted[0] <= span[1] for span in spans)


def _by_hand(host: str) -> str:
    return f"`nslookup {host}` on a node"


def _unknown(name: str, resource_id: str | None, why: Unreadable) -> Resolver:
    return Resolver(Hop("dns-server", name, resource_id, UNKNOWN, why.sentence, unread=why), None)
