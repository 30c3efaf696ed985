"""What a host resolves to for the nodes of one network, and whether that is the registry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from ...arm_ids import name_of, named, same_id
from ...details import Details
from ...facts import EVERYWHERE, PrivateEndpoint, PrivateZone, Unreadable, ZoneSearch
from ...model import Confidence
from ..endpoints import addresses_for
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .details import Fallback, LinkNames, MissingRecords, Record, WrongRecord, WrongRecords, ZoneNames
from .query import Query, subscriptions_concerned
from .zones import Linked, label_in, linked_zone, private_name, record_in, zone_name, zones_of

ZONE_MISSING = "network.private-dns-zone-missing"
LINK_MISSING = "network.private-dns-link-missing"
RECORD_MISSING = "network.private-dns-record-missing"
RECORD_WRONG = "network.private-dns-record-wrong"
CUSTOM_DNS_UNLINKED = "network.custom-dns-unlinked"

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


def answer_in(query: Query, network_id: str, own_dns: bool) -> Answer:
    """Answer ``query`` with the zones linked to a network; ``own_dns``: it is the nodes' own, asked by themselves."""
    search = query.network.zones
    if search is None or isinstance(search, Unreadable):
        why = search or Unreadable("not-shown", "Private DNS zones were not read")
        return _unknown(query, "private-dns-zone", zone_name(query.registry), network_id, why)
    for name in (query.host, query.private_name) if query.approved else (query.host,):
        found = linked_zone(search.zones, name, network_id)
        if isinstance(found, Unreadable):
            return _unknown(query, "private-dns-link", zone_name(query.registry), network_id, found)
        if found is not None:
            return _answer_of_zone(query, found, name, own_dns)
    return _answer_of_public_dns(query, search, network_id, own_dns)


def public_answer(query: Query, why: str) -> Answer:
    """The host resolves to the registry's public endpoint."""
    return Answer((Hop("public-dns", query.host, None, OK, why),), Destination(query.host))


def _unknown(
    query: Query, kind: str, name: str, resource_id: str | None, why: Unreadable, before: tuple[Hop, ...] = ()
) -> Answer:
    hop = Hop(kind, name, resource_id, UNKNOWN, why.sentence, unread=why)
    return Answer((*before, hop), query.supposed)


# --- a zone answers --------------------------------------------------------------------


def _answer_of_zone(query: Query, found: Linked, name: str, own_dns: bool) -> Answer:
    zone, link = found.zone, found.link
    network = name_of(link.network_id)
    before = (
        Hop("private-dns-zone", zone.name, zone.id, OK, f"Private DNS zone {zone.name} answers for {name}."),
        Hop("private-dns-link", link.name, link.id, OK, f"The zone is linked to network {network}."),
    )
    addresses = record_in(zone, name)
    if isinstance(addresses, Unreadable):
        return _unknown(query, "private-dns-record", name, zone.id, addresses, before)
    if not addresses:
        return _without_record(query, found, name, own_dns, before)
    return _with_record(query, found, name, addresses, own_dns, before)


def _without_record(query: Query, found: Linked, name: str, own_dns: bool, before: tuple[Hop, ...]) -> Answer:
    falls_back, public = found.link.falls_back, query.public_side
    if falls_back is not False and public is not False:
        doubt = next((each for each in (falls_back, public) if isinstance(each, Unreadable)), None)
        if doubt is not None:
            return _unknown(query, "private-dns-record", name, found.zone.id, doubt, before)
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
        return _unknown(query, "private-dns-record", name, zone.id, doubt, before)
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
    unseen = _not_seen(query, search, found.link.network_id) if isinstance(search, ZoneSearch) else ()
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
    """All wrong records of the registry in the zone, with the addresses that they should have."""
    wrong: list[WrongRecord] = []
    for host, other in _names_in(query, zone, name):
        have = record_in(zone, other)
        if isinstance(have, Unreadable):
            continue
        right = _right_addresses(query, host)
        stale = tuple(each for each in have if each not in right)
        if stale:
            address = query.address_of(host)
            lacking = address if address not in have else None
            kept = tuple(each for each in have if each in right)
            wrong.append(WrongRecord(label_in(zone, other), address, lacking, stale, kept))
    right = _right_addresses(query, query.host)
    return WrongRecords(
        record=label_in(zone, name),
        records=tuple(wrong),
        found=tuple(address for address in addresses if address not in right),
        stale=wrong[0].remove[0] if wrong else None,
    )


def _right_addresses(query: Query, host: str) -> set[str]:
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


# --- no zone answers -------------------------------------------------------------------


def _answer_of_public_dns(query: Query, search: ZoneSearch, network_id: str, own_dns: bool) -> Answer:
    name = zone_name(query.registry)
    network = name_of(network_id)
    if not query.approved:
        return public_answer(query, f"No private DNS zone for {query.host} is linked to network {network}.")
    doubt = _why_not_absent(query, search, network_id)
    if doubt is not None:
        return _unknown(query, "private-dns-link", name, network_id, doubt)
    public = query.public_side
    if isinstance(public, Unreadable):
        return _unknown(query, "public-dns", query.host, query.registry.id, public)
    if public:
        why = f"No zone {name} is linked to network {network}, so the name resolves to the registry's public endpoint."
        return public_answer(query, why)
    return _unlinked(query, search, network_id, own_dns)


def _why_not_absent(query: Query, search: ZoneSearch, network_id: str) -> Unreadable | None:
    """Why a zone that was not seen may be linked to the network; ``None``: it would have been seen."""
    unseen = _not_seen(query, search, network_id)
    if not unseen:
        kept = (each.zone_ids for each in query.approved if isinstance(each.zone_ids, Unreadable))
        return None if EVERYWHERE in search.whole else next(kept, None)
    # A right to read every zone would settle it, also where Resource Graph may not be asked.
    if search.unread is not None and search.unread.reason != "forbidden":
        return search.unread
    where = ", ".join(unseen)
    why = (
        f"No private DNS zone {zone_name(query.registry)} linked to network {name_of(network_id)} was found, but "
        f"not every zone of {where} could be read"
    )
    return Unreadable("forbidden", why, READ_ZONES, f"{READ_ZONES} on {where}")


def _not_seen(query: Query, search: ZoneSearch, network_id: str) -> tuple[str, ...]:
    """The subscriptions, as scopes, in which zones linked to the network may be that were not seen."""
    if EVERYWHERE in search.whole:
        return ()
    concerned = {*subscriptions_concerned(query, network_id)}
    concerned |= {named(zone_id).subscription.lower() for zone_id in query.zone_ids}
    return tuple(f"/subscriptions/{each}" for each in sorted(concerned - set(search.whole)))


def _unlinked(query: Query, search: ZoneSearch, network_id: str, own_dns: bool) -> Answer:
    name = zone_name(query.registry)
    network = name_of(network_id)
    zone, doubt = _zone_of_registry(query, search)
    if zone is None and doubt is not None:
        return _unknown(query, "private-dns-record", query.private_name, network_id, doubt)
    refused = "so the name resolves to the public endpoint, which answers 403: public network access is disabled"
    if zone is None:
        why = f"There is no private DNS zone {name} with the registry's record, {refused}."
        new = (query.told, _new_zone(query), LinkNames(network, network_id, network), _new_records(query))
        hop = Hop("private-dns-zone", name, network_id, BROKEN, why, ZONE_MISSING, details=new)
        return Answer((hop,), query.repaired)
    why = f"Zone {zone.name} has the registry's record but is not linked to network {network}, {refused}."
    outcome = LINK_MISSING if own_dns else CUSTOM_DNS_UNLINKED
    link = LinkNames(network, network_id, _free_link_name(zone, network))
    before = Hop("private-dns-zone", zone.name, zone.id, OK, f"Private DNS zone {zone.name} has the registry's record.")
    told = (query.told, ZoneNames.of(zone, query.told), link)
    hop = Hop("private-dns-link", zone.name, zone.id, BROKEN, why, outcome, details=told)
    return Answer((before, hop), query.repaired)


def _new_zone(query: Query) -> ZoneNames:
    """The zone to make, beside the endpoint."""
    beside = named((query.meant and query.meant.id) or query.registry.id)
    name = zone_name(query.registry)
    group = f"/subscriptions/{beside.subscription}/resourceGroups/{beside.group}"
    zone_id = f"{group}/providers/Microsoft.Network/privateDnsZones/{name}"
    return ZoneNames.of(PrivateZone(zone_id, name, (), {}), query.told)


def _new_records(query: Query) -> MissingRecords:
    """The records that a new zone is to have."""
    zone = f".{zone_name(query.registry)}"
    records = tuple(
        Record(private_name(query.registry, host).removesuffix(zone), query.address_of(host)) for host in query.hosts
    )
    return MissingRecords(records[0].name, records)


def _zone_of_registry(query: Query, search: ZoneSearch) -> tuple[PrivateZone | None, Unreadable | None]:
    """The zone to link: what an endpoint keeps its records in, else one with a record that resolves to an endpoint."""
    candidates = zones_of(search.zones, query.private_name)
    endpoints = sorted(query.approved, key=lambda each: each is not query.meant)
    for endpoint in endpoints:
        kept = () if isinstance(endpoint.zone_ids, Unreadable) else endpoint.zone_ids
        for zone in candidates:
            if any(same_id(zone.id, zone_id) for zone_id in kept):
                return zone, None
    doubt: Unreadable | None = None
    right = _right_addresses(query, query.host)
    of_each = (addresses_for(endpoint, query.registry, query.host) for endpoint in query.approved)
    unread = next((each for each in of_each if isinstance(each, Unreadable)), None)
    for zone in candidates:
        have = record_in(zone, query.private_name)
        if isinstance(have, Unreadable):
            doubt = doubt or have
        elif right.intersection(have):
            return zone, None
        elif have:
            doubt = doubt or unread
    return None, doubt


def _free_link_name(zone: PrivateZone, network: str) -> str:
    taken = {link.name.lower() for link in zone.links} if not isinstance(zone.links, Unreadable) else set()
    return next(name for name in (network, *(f"{network}-{n}" for n in range(2, 1100))) if name.lower() not in taken)
