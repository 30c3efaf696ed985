"""What a private DNS zone that is linked to the network whose DNS is asked makes of a query. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from ...arm_ids import name_of
from ...details import Details
from ...facts import PrivateEndpoint, PrivateZone, Unreadable, ZoneSearch
from ...model import Confidence
from ..endpoints import addresses_for
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .details import Fallback, LinkNames, MissingRecords, Record, WrongRecord, WrongRecords, ZoneNames
from .query import Query, scopes_unseen
from .zones import Linked, label_in, private_name, record_in, zones_of

RECORD_MISSING = "network.private-dns-record-missing"
RECORD_WRONG = "network.private-dns-record-wrong"

READ_ZONES = "Microsoft.Network/privateDnsZones/read"


@dataclass(frozen=True)
class Answer:
    """What one network's DNS makes of the query."""

    hops: tuple[Hop, ...]
    destination: Destination | None

    @property
    def state(self) -> str:
        """The worst of its hops."""
        states = {hop.state for hop in self.hops}
        return next((state for state in (BROKEN, UNKNOWN) if state in states), OK)

    @property
    def outcome(self) -> str | None:
        """What is broken."""
        return next((hop.outcome for hop in self.hops if hop.outcome), None)


def public_answer(query: Query, why: str) -> Answer:
    """The host leads to the registry's public side."""
    return Answer((Hop("public-dns", query.host, None, OK, why),), Destination(query.host))


def unknown(
    query: Query, kind: str, name: str, resource_id: str | None, why: Unreadable, before: tuple[Hop, ...] = ()
) -> Answer:
    """Why it is not known what the query is answered, at a hop behind those ``before`` it."""
    hop = Hop(kind, name, resource_id, UNKNOWN, why.sentence, unread=why)
    return Answer((*before, hop), query.supposed)


def answer_of_zone(query: Query, found: Linked, name: str, own_dns: bool) -> Answer:
    """What a linked zone answers for ``name``; ``own_dns``: its network is the nodes' own, asked by themselves."""
    zone, link = found.zone, found.link
    network = name_of(link.network_id)
    before = (
        Hop("private-dns-zone", zone.name, zone.id, OK, f"Private DNS zone {zone.name} answers for {name}."),
        Hop("private-dns-link", link.name, link.id, OK, f"The zone is linked to network {network}."),
    )
    addresses = record_in(zone, name)
    if isinstance(addresses, Unreadable):
        return unknown(query, "private-dns-record", name, zone.id, addresses, before)
    if not addresses:
        return _without_record(query, found, name, own_dns, before)
    return _with_record(query, found, name, addresses, own_dns, before)


def _without_record(query: Query, found: Linked, name: str, own_dns: bool, before: tuple[Hop, ...]) -> Answer:
    falls_back, public = found.link.falls_back, query.public_side
    if falls_back is not False and public is not False:
        doubt = next((each for each in (falls_back, public) if isinstance(each, Unreadable)), None)
        if doubt is not None:
            return unknown(query, "private-dns-record", name, found.zone.id, doubt, before)
        why = "DNS record missing: the link falls back to public DNS, and the name resolves to the public endpoint."
        passed = public_answer(query, why)
        return Answer((*before, *passed.hops), passed.destination)
    result = (
        "so the name falls back to public DNS and the public endpoint, where public network access is disabled"
        if falls_back is True
        else "so the name does not exist for the nodes"
    )
    why = f"Zone {found.zone.name} has no A record {label_in(found.zone, name)}, {result}."
    records = MissingRecords(label_in(found.zone, name), _missing(query, found, name))
    told = (*_of_zone(query, found), records, Fallback(falls_back is True, result))
    hop = _broken_record(found.zone, name, why, RECORD_MISSING, told, own_dns)
    return Answer((*before, hop), query.repaired)


def _with_record(
    query: Query, found: Linked, name: str, addresses: tuple[str, ...], own_dns: bool, before: tuple[Hop, ...]
) -> Answer:
    zone = found.zone
    endpoint, doubt = _endpoint_at(query, addresses)
    if endpoint is not None:
        shown = f"endpoint {name_of(endpoint.id)}" if endpoint.id else "an endpoint of the registry"
        why = f"It resolves to {', '.join(addresses)}, the address of {shown}."
        shadow = _shadow(query, found) if name == query.private_name else None
        hop = Hop("private-dns-record", name, zone.id, OK, why, unread=shadow)
        return Answer((*before, hop), Destination(query.host, addresses, endpoint))
    if doubt is not None:
        return unknown(query, "private-dns-record", name, zone.id, doubt, before)
    why = f"It resolves to {', '.join(addresses)}, which no approved endpoint of registry {query.registry.name} has."
    told = (*_of_zone(query, found), _wrong(query, zone, name, addresses))
    hop = _broken_record(zone, name, why, RECORD_WRONG, told, own_dns)
    return Answer((*before, hop), query.repaired)


def _broken_record(
    zone: PrivateZone, name: str, why: str, outcome: str, told: tuple[Details, ...], own_dns: bool
) -> Hop:
    # That a DNS server asks Azure's DNS is only to be expected.
    confidence = Confidence.OBSERVED if own_dns else Confidence.INFERRED
    return Hop("private-dns-record", name, zone.id, BROKEN, why, outcome, details=told, confidence=confidence)


def _shadow(query: Query, found: Linked) -> Unreadable | None:
    """Why a zone of the registry's public name, which would answer first, may be linked too."""
    search = query.network.zones
    unseen = scopes_unseen(query, search, found.link.network_id) if isinstance(search, ZoneSearch) else ()
    if not unseen:
        return None
    domain = query.host.partition(".")[2]
    detail = (
        f"Zone {found.zone.name} answers for {query.host} unless a private DNS zone {domain} is linked to network "
        f"{name_of(found.link.network_id)} as well, and not every zone of {', '.join(unseen)} could be read"
    )
    return Unreadable("forbidden", detail, READ_ZONES, f"{READ_ZONES} on {', '.join(unseen)}")


def _endpoint_at(query: Query, addresses: tuple[str, ...]) -> tuple[PrivateEndpoint | None, Unreadable | None]:
    """The approved endpoint that all ``addresses`` are of, or why there may be one; neither: they are no endpoint's."""
    doubt: Unreadable | None = None
    found: dict[str, PrivateEndpoint] = {}
    for endpoint in query.approved:
        own = addresses_for(endpoint, query.registry, query.host)
        if isinstance(own, Unreadable):
            doubt = doubt or own
        else:
            found |= {address: endpoint for address in own if address not in found}
    if all(address in found for address in addresses):
        meant = [found[address] for address in addresses]
        return (query.meant if query.meant in meant else meant[0]), None
    if query.approved and not found and doubt is None:
        return None, Unreadable("not-shown", f"No private endpoint of the registry shows its address for {query.host}")
    if not query.approved and not all(map(_is_private, addresses)):
        why = (
            f"A private DNS zone has public address {', '.join(addresses)}; which resource has that address is not read"
        )
        return None, Unreadable("unsupported", why)
    return None, doubt


def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _missing(query: Query, found: Linked, name: str) -> tuple[Record, ...]:
    """All records of the registry that the zone lacks: they are one fault."""
    return tuple(
        Record(label_in(found.zone, other), query.address_of(host))
        for host, other in _names_in(query, found.zone, name)
        if record_in(found.zone, other) == ()
    )


def _wrong(query: Query, zone: PrivateZone, name: str, addresses: tuple[str, ...]) -> WrongRecords:
    """All records of the registry in the zone that lead elsewhere, with what they are to lead to."""
    wrong: list[WrongRecord] = []
    for host, other in _names_in(query, zone, name):
        have = record_in(zone, other)
        if isinstance(have, Unreadable):
            continue
        right = right_addresses(query, host)
        stale = tuple(each for each in have if each not in right)
        if stale:
            address = query.address_of(host)
            lacking = address if address not in have else None
            kept = tuple(each for each in have if each in right)
            wrong.append(WrongRecord(label_in(zone, other), address, lacking, stale, kept))
    right = right_addresses(query, query.host)
    return WrongRecords(
        record=label_in(zone, name),
        records=tuple(wrong),
        found=tuple(address for address in addresses if address not in right),
        stale=wrong[0].remove[0] if wrong else None,
    )


def right_addresses(query: Query, host: str) -> set[str]:
    """The addresses that approved endpoints have for a host, as far as they are known."""
    of_each = [addresses_for(endpoint, query.registry, host) for endpoint in query.approved]
    return {address for found in of_each if not isinstance(found, Unreadable) for address in found}


def _names_in(query: Query, zone: PrivateZone, name: str) -> list[tuple[str, str]]:
    """The registry's hosts with their names in the zone, asked for like ``name``: as they are, or under privatelink."""
    plain = name == query.host
    pairs = [(host, host if plain else private_name(query.registry, host)) for host in query.hosts]
    return [(host, other) for host, other in pairs if zones_of((zone,), other)]


def _of_zone(query: Query, found: Linked) -> tuple[Details, ...]:
    network_id = found.link.network_id
    link = LinkNames(name_of(network_id), network_id, found.link.name)
    return query.told, ZoneNames.of(found.zone, query.told), link
