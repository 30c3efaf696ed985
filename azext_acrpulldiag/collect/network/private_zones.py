"""Find the private DNS zones in which the registry's names may be looked up, and read them.

Resource Graph finds zones in hub subscriptions that nobody here knows of, but it lags and
shows only what the login may read, so that it asserts nothing: every zone is read anew. That
there is none is known only of a subscription whose zones were listed by a login that may read
them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...access.conditions import Answer
from ...access.grants import Operation, allows
from ...arm_ids import key_of, name_of, subscription_of
from ...facts import Permission, PrivateEndpoint, PrivateZone, Registry, Unreadable, ZoneSearch
from ...path.endpoints import DATA_MEMBER, MEMBER, own_hosts
from ..ask.arm import ArmReader, Json, in_parallel
from ..ask.session import Session
from ..azure.access import read_caller_permissions
from ..azure.resource_graph import find_resources
from .private_link import may_serve
from .zones import OLDER_DNS_API, Links, read_zones

ZONE_TYPE = "Microsoft.Network/privateDnsZones"
# What is read of the registry's regions is not waited for: endpoints have the names of all.
REGIONS_LATER = Unreadable("not-needed", "The registry's regions are not waited for")
RULESET_TYPE = "Microsoft.Network/dnsForwardingRulesets"
RESOLVER_TYPE = "Microsoft.Network/dnsResolvers"
_TYPES = (ZONE_TYPE, RULESET_TYPE, RESOLVER_TYPE)
READ_ZONES = Operation(f"{ZONE_TYPE}/read")


@dataclass(frozen=True)
class FoundZones:
    """What Resource Graph shows of private DNS, and why there may be more."""

    zone_ids: tuple[str, ...]
    """Of zones below the cloud's registry suffix."""
    unread: Unreadable | None = None
    rulesets: tuple[Json, ...] = ()
    """Rows of DNS forwarding rulesets."""
    resolvers: tuple[Json, ...] = ()
    """Rows of DNS private resolvers."""


def passes_private_link(registry: Registry) -> bool | Unreadable:
    """Tell whether the registry's names lead through private link, which they do for everybody once one
    connection is approved."""
    connections = registry.private_endpoints
    return connections if isinstance(connections, Unreadable) else any(may_serve(each) for each in connections)


def find_zones(
    reader: ArmReader, session: Session, registry: Registry, subscriptions: Collection[str]
) -> FoundZones | Unreadable | None:
    """Ask Resource Graph for zones, and for resolvers and their rulesets, in all subscriptions of the login in the
    tenants of ``subscriptions``.

    One query a tenant for all, and it needs neither endpoints nor networks. ``None`` as of :func:`search_zones`.
    """
    passes = passes_private_link(registry)
    if isinstance(passes, Unreadable) or not passes:
        return passes or None
    tenants = list(by_tenant(session, subscriptions).values())
    answers = in_parallel([partial(find_resources, reader, _TYPES, each) for each in tenants])
    rows = [row for answer in answers if not isinstance(answer, Unreadable) for row in answer]
    failures = [answer for answer in answers if isinstance(answer, Unreadable)]
    return FoundZones(
        zone_ids=_zone_ids(_of_type(rows, ZONE_TYPE), registry),
        unread=failures[0] if failures else None,
        rulesets=_of_type(rows, RULESET_TYPE),
        resolvers=_of_type(rows, RESOLVER_TYPE),
    )


def _of_type(rows: Iterable[Json], resource_type: str) -> tuple[Json, ...]:
    """The rows whose id is of a type."""
    return tuple(row for row in rows if f"/providers/{resource_type}/".lower() in str(row.get("id")).lower())


def search_zones(
    reader: ArmReader,
    session: Session,
    registry: Registry,
    endpoints: tuple[PrivateEndpoint, ...] | Unreadable,
    subscriptions: Collection[str],
    found: FoundZones | Unreadable | None = None,
) -> ZoneSearch | Unreadable | None:
    """Find and read the zones that a query for the registry's names can meet.

    ``subscriptions``: of the cluster, the registry, the endpoints and the networks near the
    nodes; only of these is it established that there are no other zones. ``found``: what
    :func:`find_zones` answered, where it was asked before. ``None``: no connection is approved,
    so that no name passes through private link.
    """
    passes = passes_private_link(registry)
    if isinstance(passes, Unreadable) or not passes:
        return passes or None
    near = sorted({one.lower() for one in subscriptions})
    kept = kept_zones(endpoints)
    hosts = names_of(registry, endpoints)

    def read(zone_ids: Sequence[str]) -> list[PrivateZone]:
        return read_zones(reader, zone_ids, hosts, registry, partial(_may_be_met, near, kept))

    known = _distinct((*kept, *(found.zone_ids if isinstance(found, FoundZones) else ())))
    calls: list[Callable[[], Any]] = [
        lambda: read(known),
        lambda: found if found is not None else find_zones(reader, session, registry, near),
        *(partial(_list, reader, one) for one in near),
        *(partial(read_caller_permissions, reader, f"/subscriptions/{one}") for one in near),
    ]
    zones, graph, *others = in_parallel(calls)
    if isinstance(zones, Unreadable):
        return zones
    lists, rights = others[: len(near)], others[len(near) :]
    rows = [row for rows in lists if not isinstance(rows, Unreadable) for row in rows]
    in_graph = graph.zone_ids if isinstance(graph, FoundZones) else ()
    late = read(_distinct((*in_graph, *_zone_ids(rows, registry)), known))
    return ZoneSearch(
        zones=tuple(sorted((*zones, *late), key=lambda zone: key_of(zone.id))),
        whole=tuple(one for one, rows, may in zip(near, lists, rights, strict=True) if is_whole(rows, may)),
        unread=_incomplete(graph, lists),
    )


def names_of(registry: Registry, endpoints: tuple[PrivateEndpoint, ...] | Unreadable) -> tuple[str, ...]:
    """The names that may be looked up privately, in lower case: the registry's own, and those of its endpoints."""
    names = list(own_hosts(registry, endpoints, REGIONS_LATER))
    for endpoint in () if isinstance(endpoints, Unreadable) else endpoints:
        for address in () if isinstance(endpoint.addresses, Unreadable) else endpoint.addresses:
            if address.member.lower() == MEMBER or address.member.lower().startswith(DATA_MEMBER):
                names.extend(address.fqdns)
    return tuple(dict.fromkeys(name.lower() for name in names))


def kept_zones(endpoints: tuple[PrivateEndpoint, ...] | Unreadable) -> tuple[str, ...]:
    """The zones that the endpoints' zone groups keep, as far as they are known."""
    if isinstance(endpoints, Unreadable):
        return ()
    return _distinct(
        zone_id
        for endpoint in endpoints
        if not isinstance(endpoint.zone_ids, Unreadable)
        for zone_id in endpoint.zone_ids
    )


def is_whole(zones: Any, rights: tuple[Permission, ...] | Unreadable) -> bool:
    """Tell whether the list of a subscription's zones has them all: Azure leaves out what a login may not read."""
    if isinstance(zones, Unreadable) or isinstance(rights, Unreadable):
        return False
    return allows(rights, READ_ZONES) is Answer.YES


def _incomplete(graph: FoundZones | Unreadable, lists: Iterable[Any]) -> Unreadable | None:
    failures = [graph.unread if isinstance(graph, FoundZones) else graph, *lists]
    return next((each for each in failures if isinstance(each, Unreadable)), None)


def _may_be_met(near: Collection[str], kept: Collection[str], zone_id: str, links: Links) -> bool:
    """An endpoint keeps the zone, or it is linked to a network in a subscription that counts."""
    if key_of(zone_id) in map(key_of, kept) or isinstance(links, Unreadable):
        return True
    return any((subscription_of(link.network_id) or "").lower() in near for link in links)


def _list(reader: ArmReader, subscription: str) -> list[Json]:
    return reader.list(f"/subscriptions/{subscription}/providers/{ZONE_TYPE}", OLDER_DNS_API) or []


def by_tenant(session: Session, subscriptions: Collection[str]) -> dict[str, list[str]]:
    """The login's enabled subscriptions in the tenants of these, by tenant."""
    own: dict[str, list[str]] = {}
    for one in session.subscriptions():
        if str(one.get("state", "Enabled")) != "Disabled" and one.get("id"):
            own.setdefault(str(one.get("tenantId", "")), []).append(str(one["id"]))
    wanted = {each.lower() for each in subscriptions}
    return {tenant: ids for tenant, ids in own.items() if wanted & {each.lower() for each in ids}}


def _zone_ids(rows: Iterable[Json], registry: Registry) -> tuple[str, ...]:
    """Ids of the zones at or below the cloud's suffix; nothing else can hold a name of the registry."""
    suffix = registry.login_server.partition(".")[2].lower()
    ids = (row.get("id") for row in rows)
    return tuple(each for each in ids if isinstance(each, str) and f".{name_of(each).lower()}".endswith(f".{suffix}"))


def _distinct(zone_ids: Iterable[str], besides: Iterable[str] = ()) -> tuple[str, ...]:
    """Ids without those that differ only in case, and without the others."""
    known = set(map(key_of, besides))
    return tuple({key_of(each): each for each in zone_ids if key_of(each) not in known}.values())
