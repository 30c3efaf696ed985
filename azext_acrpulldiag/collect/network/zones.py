"""Private DNS zones that are known by their ids: their links, and their records for the registry's names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from ...arm_ids import name_of
from ...facts import PrivateZone, Registry, Unreadable, ZoneLink
from ...path.dns.zones import private_name
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..members import Body, maybe, or_empty, shown

DNS_API = "2024-06-01"
# Does not show a link's resolutionPolicy; for a cloud that lags behind.
OLDER_DNS_API = "2020-06-01"
# Of more zones than this, records are read only where the cluster may meet them.
MANY_ZONES = 16
PRIVATE = "privatelink"
APEX, WILDCARD = "@", "*"
# As of version 2024-06-01 of
# https://github.com/Azure/azure-rest-api-specs/tree/main/specification/privatedns/resource-manager
FALLBACK = "NxDomainRedirect"
RESOLUTION_POLICIES = ("Default", FALLBACK)
LINK_STATES = ("InProgress", "Completed")

Links = tuple[ZoneLink, ...] | Unreadable
Record = tuple[str, ...] | Unreadable | None


def read_zones(
    reader: ArmReader,
    zone_ids: Iterable[str],
    hosts: Collection[str],
    registry: Registry,
    matters: Callable[[str, Links], bool],
) -> list[PrivateZone]:
    """Read zones, all at once; those that do not exist, or that no name of the ``hosts`` falls in, are left out.

    ``hosts``: names of ``registry``. ``matters``: whether the records of a zone with such links are worth
    reading where there are a great many zones.
    """
    labels = {zone_id: labels_in(name_of(zone_id), hosts, registry) for zone_id in zone_ids}
    labels = {zone_id: found for zone_id, found in labels.items() if found}
    many = len(labels) > MANY_ZONES
    answers = _ask(reader, _link_paths(labels), () if many else _record_paths(labels))
    if many:
        chosen = {
            zone_id: found for zone_id, found in labels.items() if matters(zone_id, _links_of(answers, zone_id) or ())
        }
        answers = {**answers, **_ask(reader, (), _record_paths(chosen))}
    zones = (zone_from(zone_id, found, answers) for zone_id, found in labels.items())
    return [zone for zone in zones if zone is not None]


def labels_in(zone_name: str, hosts: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """The labels under which the names that are looked up for ``hosts`` stand in a zone; ``@`` is the zone itself.

    For ``r.azurecr.io`` a resolver asks for that name, and after Azure's CNAME for
    ``r.privatelink.azurecr.io``. Most often the zone is ``privatelink.azurecr.io``; one for the
    public name, or for a single host, shadows it where it is linked.
    """
    zone = zone_name.lower().rstrip(".")
    found: dict[str, None] = {}
    for host in hosts:
        for name in (host, private_name(registry, host)):
            if zone == name:
                found[APEX] = None
            elif name.endswith(f".{zone}") and not name.endswith(f".{PRIVATE}.{zone}"):
                found[name.removesuffix(f".{zone}")] = None
    return tuple(found)


def _link_paths(zone_ids: Iterable[str]) -> list[str]:
    return [f"{zone_id}/virtualNetworkLinks" for zone_id in zone_ids]


def _record_paths(labels: Mapping[str, Iterable[str]]) -> list[str]:
    return [path for zone_id, found in labels.items() for label in found for path in _paths_of(zone_id, label)]


def _paths_of(zone_id: str, label: str) -> list[str]:
    """Where an answer for a label may come from. In a zone of public names people may have written aliases."""
    own = [_record_path(zone_id, label), _record_path(zone_id, WILDCARD)]
    return own if f"/{PRIVATE}." in zone_id.lower() else [*own, _record_path(zone_id, label, "CNAME")]


def _record_path(zone_id: str, label: str, kind: str = "A") -> str:
    return f"{zone_id}/{kind}/{label}"


def _ask(reader: ArmReader, lists: Iterable[str], gets: Iterable[str]) -> dict[str, Any]:
    calls: dict[str, Callable[[], Any]] = {path: partial(_list_links, reader, path) for path in lists}
    calls.update({path: partial(reader.get, path, OLDER_DNS_API) for path in gets})
    return dict(zip(calls, in_parallel(list(calls.values())), strict=True))


def _list_links(reader: ArmReader, path: str) -> list[Json] | None:
    try:
        return reader.list(path, DNS_API)
    except ReadError as error:
        if error.why.reason != "unsupported":
            raise
    return reader.list(path, OLDER_DNS_API)


# --- mapping ---------------------------------------------------------------------------


def zone_from(zone_id: str, labels: Iterable[str], answers: Mapping[str, Any]) -> PrivateZone | None:
    """Map a zone from the answers by path; ``None``: it does not exist (any more). Pure."""
    links = _links_of(answers, zone_id)
    if links is None:
        return None
    records = {label: _looked_up(answers, zone_id, label) for label in labels}
    return PrivateZone(zone_id, name_of(zone_id).lower(), links, records)


def links_from(answer: Iterable[Json]) -> Links:
    """Map a zone's links to virtual networks; one whose network is not shown makes them all ``Unreadable``."""
    return shown(lambda: tuple(_link(Body(item)) for item in answer))


def _link(body: Body) -> ZoneLink:
    policy = shown(body.enum, RESOLUTION_POLICIES, "properties", "resolutionPolicy")
    return ZoneLink(
        id=or_empty(body.text, "id"),
        name=or_empty(body.text, "name"),
        network_id=body.text("properties", "virtualNetwork", "id"),
        falls_back=policy if isinstance(policy, Unreadable) else policy == FALLBACK,
        state=shown(body.enum, LINK_STATES, "properties", "virtualNetworkLinkState"),
    )


def record_from(answer: Json) -> tuple[str, ...] | Unreadable:
    """Map an A record set: its IPv4 addresses."""
    return shown(_addresses, Body(answer))


def _addresses(body: Body) -> tuple[str, ...]:
    addresses = [maybe(record.text, "ipv4Address") for record in body.objects("properties", "aRecords")]
    if None in addresses:
        raise body.malformed("properties", "aRecords")
    return tuple(address for address in addresses if address)


def _links_of(answers: Mapping[str, Any], zone_id: str) -> Links | None:
    answer = answers[f"{zone_id}/virtualNetworkLinks"]
    return answer if answer is None or isinstance(answer, Unreadable) else links_from(answer)


def _looked_up(answers: Mapping[str, Any], zone_id: str, label: str) -> Record:
    """What the zone answers for a label: its own record, an alias, or the record of ``*``."""
    path = _record_path(zone_id, label)
    if path not in answers:
        why = f"{zone_id} was not read: there are very many zones, and it is linked to no network near the cluster"
        return Unreadable("unsupported", why)
    own, wildcard = (_record(answers[each]) for each in (path, _record_path(zone_id, WILDCARD)))
    if own is not None:
        return own
    alias = answers.get(_record_path(zone_id, label, "CNAME"))
    if alias is not None:
        said = f"{zone_id} has a CNAME record {label}, which is not followed"
        return alias if isinstance(alias, Unreadable) else Unreadable("unsupported", said)
    # It never answers for the zone itself; whether for several labels depends on which other records there are.
    if wildcard is None or label == APEX:
        return None
    if isinstance(wildcard, tuple) and "." in label:
        return Unreadable(
            "unsupported", f"{zone_id} has no A record {label}, but a wildcard record (*) that may answer for it"
        )
    return wildcard


def _record(answer: Any) -> Record:
    return answer if answer is None or isinstance(answer, Unreadable) else record_from(answer)
