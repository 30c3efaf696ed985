"""Name resolution as the nodes see it. Pure.

Without an approved private endpoint a registry's name is public, whatever zones other teams have. With
one, public DNS answers its names with a CNAME in ``privatelink`` for everybody, and what counts are the private
zones in the network whose DNS is asked, and the forwarding rules there
(https://learn.microsoft.com/azure/private-link/private-endpoint-dns).
"""

from __future__ import annotations

from ...arm_ids import name_of
from ...facts import Network, NodePlace, Registry, Unreadable, known
from ..endpoints import approved_of, destination_at, meant_for
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .answers import FORWARDING_RULE, answer_in
from .details import NotApproved
from .query import Query
from .resolvers import Resolver, resolvers_of
from .zone_answers import Answer, public_answer
from .zones import zones_of

NOT_APPROVED = "network.private-endpoint-not-approved"

KINDS = frozenset(
    {
        "node-subnet",
        "dns-server",
        "private-dns-zone",
        "private-dns-link",
        "private-dns-record",
        FORWARDING_RULE,
        "public-dns",
    }
)
"""The kinds of hops that this stage makes, and only this one."""


def resolved(
    registry: Registry, network: Network, place: NodePlace, host: str
) -> tuple[tuple[Hop, ...], Destination | None]:
    """Follow the DNS query for ``host`` from the nodes of ``place``.

    Returns the hops and where packets go: what the name resolves to, or should where a hop is broken.
    ``None``: not known. Where the answer is unknown but the registry has one endpoint only, it is that one.
    """
    answer = _answer(registry, network, place, host)
    return (*_start(place), *answer.hops), answer.destination


def _start(place: NodePlace) -> tuple[Hop, ...]:
    if isinstance(place.subnet_id, Unreadable):
        return ()
    why = f"The nodes of {', '.join(place.pools)} are in this subnet."
    return (Hop("node-subnet", name_of(place.subnet_id), place.subnet_id, OK, why),)


def _answer(registry: Registry, network: Network, place: NodePlace, host: str) -> Answer:
    approved = approved_of(registry, network)
    if isinstance(approved, Unreadable):
        return Answer((Hop("public-dns", host, registry.id, UNKNOWN, approved.sentence, unread=approved),), None)
    query = Query(registry, network, place, host, approved)
    if not approved:
        waiting = _waiting(query)
        if waiting is not None:
            return waiting
        if not zones_of(query.zones, host):
            return public_answer(
                query, "The registry has no approved private endpoint, so its name resolves to the public endpoint."
            )
    resolvers = resolvers_of(network, place, registry.login_server)
    return _together(query, [(each, _asked(query, each)) for each in resolvers])


def _waiting(query: Query) -> Answer | None:
    """The answer for a registry that only endpoints could reach, none of which is approved."""
    found = query.network.endpoints
    if query.public_side is not False or isinstance(found, Unreadable) or not found:
        return None
    endpoint = meant_for(query.registry, query.network, query.place, query.host, found)
    public = Hop(
        "public-dns",
        query.host,
        None,
        OK,
        "No private endpoint is approved, so the name resolves to the public endpoint.",
    )
    name = name_of(endpoint.id or endpoint.connection_id)
    why = f"The connection of private endpoint {name} is {endpoint.status}, and public network access is disabled."
    told = NotApproved.of(
        query.registry, endpoint.connection_id, known(endpoint.status), endpoint.id, endpoint.subnet_id
    )
    hop = Hop("private-endpoint", name, endpoint.connection_id, BROKEN, why, NOT_APPROVED, details=(told,))
    return Answer((public, hop), destination_at(endpoint, query.registry, query.host))


def _asked(query: Query, resolver: Resolver) -> Answer:
    if resolver.network_id is None:
        return Answer((), query.supposed)
    return answer_in(query, resolver.network_id, resolver.direct)


def _together(query: Query, asked: list[tuple[Resolver, Answer]]) -> Answer:
    """One answer from all servers. Nodes take that of the first that answers, usually the first of all."""
    servers = tuple(resolver.hop for resolver, _ in asked)
    answers = [Answer((resolver.hop, *answer.hops), answer.destination) for resolver, answer in asked]
    first = answers[0]
    alike = len({(each.state, each.outcome, each.destination) for each in answers}) == 1
    if alike or first.state == BROKEN or all(each.state == OK for each in answers):
        return Answer((*servers, *first.hops[1:]), first.destination)
    unknown = next((each for each in answers if each.state == UNKNOWN), None)
    if unknown is not None:
        return Answer((*servers, *unknown.hops[1:]), query.supposed)
    names = ", ".join(hop.name for hop in servers)
    why = (
        f"The network's DNS servers {names} resolve the name differently, and which one a node uses is not known; "
        f"`nslookup {query.registry.login_server}` on a node shows it"
    )
    doubt = Unreadable("unsupported", why)
    hop = Hop("dns-server", names, None, UNKNOWN, doubt.sentence, unread=doubt)
    return Answer((*servers, hop), query.supposed)
