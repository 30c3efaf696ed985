"""What a host resolves to for the nodes of one network, and whether that is the registry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...arm_ids import group_of, name_of, named, same_id, subscription_of
from ...details import Details
from ...facts import EVERYWHERE, Forwarding, LinkedRulesets, PrivateZone, Unreadable, ZoneSearch
from ..endpoints import addresses_for
from ..hops import BROKEN, OK, UNKNOWN, Hop
from .details import ForwardedName, LinkNames, MissingRecords, NoRule, Record, ZoneNames
from .forwarding import Forwarded, as_if_enabled, linked_to, network_answering, rule_for, rules_for
from .query import Query, scopes_unseen
from .zone_answers import READ_ZONES, Answer, answer_of_zone, public_answer, right_addresses, unknown
from .zones import linked_zone, private_name, record_in, zone_name, zones_of

ZONE_MISSING = "network.private-dns-zone-missing"
LINK_MISSING = "network.private-dns-link-missing"
CUSTOM_DNS_UNLINKED = "network.custom-dns-unlinked"
FORWARDED_ELSEWHERE = "network.dns-forwarded-elsewhere"

FORWARDING_RULE = "dns-forwarding-rule"
"""The kind of hop that a forwarding rule is."""


@dataclass(frozen=True)
class _Way:
    """A query as Azure's DNS of one network meets it, see :func:`answer_in`."""

    query: Query
    search: ZoneSearch
    network_id: str
    own_dns: bool
    asked: tuple[str, ...]

    @property
    def network(self) -> str:
        """What the network is called."""
        return name_of(self.network_id)

    def has_asked(self, network_id: str) -> bool:
        """The query has been in that network already."""
        return any(same_id(network_id, each) for each in (*self.asked, self.network_id))


def answer_in(query: Query, network_id: str, own_dns: bool, asked: tuple[str, ...] = ()) -> Answer:
    """Answer ``query`` as Azure's DNS does in a network: its zones' links, then rules of rulesets, then public DNS.

    ``own_dns``: it is the nodes' own network, asked by themselves. ``asked``: the networks from which rules have
    forwarded the query here.
    """
    search = query.network.zones
    if search is None or isinstance(search, Unreadable):
        why = search or Unreadable("not-shown", "Private DNS zones were not read")
        return unknown(query, "private-dns-zone", zone_name(query.registry), network_id, why)
    way = _Way(query, search, network_id, own_dns, asked)
    for name in query.names:
        found = linked_zone(search.zones, name, network_id)
        if isinstance(found, Unreadable):
            return unknown(query, "private-dns-link", zone_name(query.registry), network_id, found)
        if found is not None:
            answer = answer_of_zone(query, found, name, own_dns)
            return answer if name == query.host else _unless_forwarded(way, answer)
    return _answer_of_rule(way) or _answer_of_public_dns(way)


# --- a rule forwards the query ---------------------------------------------------------


def _answer_of_rule(way: _Way) -> Answer | None:
    """The answer of the servers that a rule forwards the query to; ``None``: no rule that was seen does."""
    query = way.query
    linked = linked_to(query.network, way.network_id)
    if not query.approved or isinstance(linked, Unreadable):
        return None
    for name in query.names:
        found = rule_for(linked, name)
        if isinstance(found, Unreadable):
            return unknown(query, FORWARDING_RULE, zone_name(query.registry), way.network_id, found)
        if found is not None:
            return _answer_of_servers(way, found, name)
    return None


def _answer_of_servers(way: _Way, found: Forwarded, name: str) -> Answer:
    """The answer of the servers that the rule names."""
    query, rule = way.query, found.rule
    why = (
        f"Rule {rule.name} of DNS forwarding ruleset {name_of(found.ruleset.id)}, linked to network {way.network}, "
        f"forwards {name} to {', '.join(rule.targets)}."
    )
    passed = Hop(FORWARDING_RULE, rule.name, rule.id, OK, why)
    home = network_answering(query.network, way.network_id, rule, query.registry.login_server)
    if isinstance(home, Unreadable):
        answer = "could not be asked for it here, and do not lead pods to the private endpoint"
        told = _forwarded(way, found, name, None, answer, None)
        hop = replace(passed, state=UNKNOWN, why=f"{why} {home.sentence}", unread=home, details=told)
        return Answer((hop,), query.supposed)
    if way.has_asked(home):
        answer = f"ask Azure's DNS of network {name_of(home)}, from which it came: the name does not resolve"
        return _elsewhere(way, passed, _forwarded(way, found, name, None, answer, False))
    there = answer_in(query, home, False, (*way.asked, way.network_id))
    if there.outcome in (LINK_MISSING, CUSTOM_DNS_UNLINKED):
        answer = (
            f"resolve it to the public endpoint, where public network access is disabled: private DNS zone "
            f"{zone_name(query.registry)} is not linked to their network {name_of(home)}"
        )
        return _elsewhere(way, passed, _forwarded(way, found, name, home, answer, True))
    return Answer((passed, *there.hops), there.destination)


def _elsewhere(way: _Way, passed: Hop, told: tuple[Details, ...]) -> Answer:
    doubt = _why_not_absent(way.query, way.search, way.network_id)
    if doubt is not None:
        return unknown(way.query, "private-dns-link", zone_name(way.query.registry), way.network_id, doubt)
    forwarded = next(each for each in told if isinstance(each, ForwardedName))
    why = f"{passed.why.removesuffix('.')}, which {forwarded.answer}."
    hop = replace(passed, state=BROKEN, why=why, outcome=FORWARDED_ELSEWHERE, details=told)
    return Answer((hop,), way.query.repaired)


def _forwarded(
    way: _Way, found: Forwarded, name: str, home: str | None, answer: str, resolves: bool | None
) -> tuple[Details, ...]:
    """What a finding about a rule carries. ``home`` is the network of its servers, where that is known."""
    query, rule, ruleset = way.query, found.rule, found.ruleset
    zone, _ = _zone_of_registry(query, way.search)
    # A rule for the public name is met before public DNS leads on to the name that the zone has.
    target = home if name == query.host else way.network_id
    link = _free_link_name(zone, name_of(target)) if zone is not None and target is not None else None
    forwarded = ForwardedName(
        rule=rule.name,
        rule_id=rule.id,
        ruleset=name_of(ruleset.id),
        ruleset_id=ruleset.id,
        ruleset_resource_group=group_of(ruleset.id),
        ruleset_subscription=subscription_of(ruleset.id),
        domain=rule.domain,
        servers=rule.targets,
        ruleset_network=way.network,
        answer=answer,
        resolves=resolves,
        zone=zone.name if zone else None,
        zone_id=zone.id if zone else None,
        zone_resource_group=group_of(zone.id) if zone else None,
        zone_subscription=subscription_of(zone.id) if zone else None,
        network=name_of(target) if target else None,
        network_id=target,
        link=link,
        right_server=_right_server(way),
        rulesets_unlisted=any(_is_unlisted(query, each) for each in (way.network_id, home) if each is not None),
        zone_wanted=zone_name(query.registry),
    )
    return query.told, forwarded


def _is_unlisted(query: Query, network_id: str) -> bool:
    linked = linked_to(query.network, network_id)
    return isinstance(linked, LinkedRulesets) and linked.unlisted is not None


def _right_server(way: _Way) -> str | None:
    """The address of an inbound endpoint in a network whose linked zone leads the name to its endpoint."""
    forwarding = way.query.network.forwarding
    for inbound in forwarding.inbound if isinstance(forwarding, Forwarding) else ():
        linked = linked_zone(way.search.zones, way.query.private_name, inbound.network_id)
        if linked is None or isinstance(linked, Unreadable) or way.has_asked(inbound.network_id):
            continue
        if inbound.addresses and _leads_to_the_endpoint(
            answer_of_zone(way.query, linked, way.query.private_name, False)
        ):
            return inbound.addresses[0]
    return None


def _unless_forwarded(way: _Way, answer: Answer) -> Answer:
    """The answer of a linked zone for the name under ``privatelink``, with the doubt that a rule for the public name
    casts on it: which of the two Azure's DNS asks is not documented."""
    linked = linked_to(way.query.network, way.network_id)
    found = None if isinstance(linked, Unreadable) else rule_for(linked, way.query.host)
    if not isinstance(found, Forwarded) or answer.state != OK:
        return answer
    forwarded = _answer_of_servers(way, found, way.query.host)
    if forwarded.state == OK and forwarded.destination == answer.destination:
        return answer
    *before, last = answer.hops
    why = (
        f"Zone {zone_name(way.query.registry)} is linked to network {way.network}, but rule {found.rule.name} of DNS "
        f"forwarding ruleset {name_of(found.ruleset.id)} forwards {way.query.host} to {', '.join(found.rule.targets)}; "
        f"`nslookup {way.query.registry.login_server}` on a node shows which of them answers"
    )
    return replace(answer, hops=(*before, replace(last, unread=last.unread or Unreadable("unsupported", why))))


# --- no zone answers -------------------------------------------------------------------


def _answer_of_public_dns(way: _Way) -> Answer:
    query = way.query
    name = zone_name(query.registry)
    if not query.approved:
        return public_answer(query, f"No private DNS zone for {query.host} is linked to network {way.network}.")
    doubt = _why_not_absent(query, way.search, way.network_id)
    if doubt is not None:
        return unknown(query, "private-dns-link", name, way.network_id, doubt)
    linked = linked_to(query.network, way.network_id)
    if isinstance(linked, Unreadable):
        return unknown(query, FORWARDING_RULE, name, way.network_id, linked)
    if linked.unread is not None:
        return unknown(query, FORWARDING_RULE, name, way.network_id, linked.unread)
    public = query.public_side
    if isinstance(public, Unreadable):
        return unknown(query, "public-dns", query.host, query.registry.id, public)
    if public:
        resolves = "so the name resolves to the registry's public endpoint"
        return public_answer(query, f"No zone {name} is linked to network {way.network}, {resolves}.")
    return _unlinked(way, linked)


def _why_not_absent(query: Query, search: ZoneSearch, network_id: str) -> Unreadable | None:
    """Why a zone that was not seen may be linked to the network; ``None``: it would have been seen."""
    unseen = scopes_unseen(query, search, network_id)
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


def _unlinked(way: _Way, linked: LinkedRulesets) -> Answer:
    query, network, network_id = way.query, way.network, way.network_id
    name = zone_name(query.registry)
    zone, doubt = _zone_of_registry(query, way.search)
    if zone is None and doubt is not None:
        return unknown(query, "private-dns-record", query.private_name, network_id, doubt)
    refused = "so the name resolves to the public endpoint, which answers 403: public network access is disabled"
    unruled = _no_rule(way, linked)
    if zone is None:
        why = f"There is no private DNS zone {name} with the registry's record, {refused}."
        link = LinkNames(network, network_id, network)
        new = (query.told, _new_zone(query), link, unruled, _new_records(query))
        hop = Hop("private-dns-zone", name, network_id, BROKEN, why, ZONE_MISSING, details=new)
        return Answer((hop,), query.repaired)
    why = f"Zone {zone.name} has the registry's record but is not linked to network {network}, {refused}."
    outcome = LINK_MISSING if way.own_dns else CUSTOM_DNS_UNLINKED
    link = LinkNames(network, network_id, _free_link_name(zone, network))
    before = Hop("private-dns-zone", zone.name, zone.id, OK, f"Private DNS zone {zone.name} has the registry's record.")
    told = (query.told, ZoneNames.of(zone, query.told), link, unruled)
    hop = Hop("private-dns-link", zone.name, zone.id, BROKEN, why, outcome, details=told)
    return Answer((before, hop), query.repaired)


def _no_rule(way: _Way, linked: LinkedRulesets) -> NoRule:
    """What is to be said of forwarding rules, none of which is in force for the name."""
    rules = (found for name in way.query.names for found in rules_for(linked.rulesets, name))
    for found in rules:
        if found.rule.enabled is False:
            wider = replace(way.query, network=as_if_enabled(way.query.network, found))
            if _leads_to_the_endpoint(answer_in(wider, way.network_id, way.own_dns, way.asked)):
                ruleset = found.ruleset.id
                of_ruleset = (name_of(ruleset), group_of(ruleset), subscription_of(ruleset))
                return NoRule(found.rule.name, *of_ruleset, linked.unlisted is not None)
    return NoRule(None, None, None, None, linked.unlisted is not None)


def _leads_to_the_endpoint(answer: Answer) -> bool:
    return answer.state == OK and answer.destination is not None and answer.destination.private


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
    right = right_addresses(query, query.host)
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
