"""What private DNS zones answer in a network to which they are linked. Pure.

The most specific linked zone that a name falls in is the one that answers, and what it lacks does not
exist (https://learn.microsoft.com/azure/dns/private-dns-fallback).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...arm_ids import key_of, same_id
from ...facts import PrivateZone, Registry, Unreadable, ZoneLink


@dataclass(frozen=True)
class Linked:
    """The zone that answers in a network, and the link that makes it."""

    zone: PrivateZone
    link: ZoneLink


def private_name(registry: Registry, host: str) -> str:
    """The CNAME that public DNS has for ``host``, once the registry has an approved endpoint."""
    label, suffix = host.lower(), registry.login_server.lower().partition(".")[2]
    return f"{label.removesuffix(f'.{suffix}')}.{zone_name(registry)}"


def zone_name(registry: Registry) -> str:
    """``privatelink.azurecr.io``, or what it is called in the registry's cloud."""
    return f"privatelink.{registry.login_server.lower().partition('.')[2]}"


def zones_of(zones: Iterable[PrivateZone], name: str) -> tuple[PrivateZone, ...]:
    """The zones that ``name`` falls in, the most specific first."""
    wanted = f".{name.lower()}"
    found = [zone for zone in zones if wanted.endswith(f".{zone.name.lower()}")]
    return tuple(sorted(found, key=lambda zone: (-len(zone.name), key_of(zone.id))))


def linked_zone(zones: Iterable[PrivateZone], name: str, network_id: str) -> Linked | Unreadable | None:
    """The zone that answers for ``name`` in a network; ``None``: none of these is linked to it.

    A network cannot be linked to two zones of one name, so a link that is seen settles a name's other zones.
    """
    doubt: tuple[int, Unreadable] | None = None
    for zone in zones_of(zones, name):
        if isinstance(zone.links, Unreadable):
            doubt = doubt or (len(zone.name), zone.links)
            continue
        for link in zone.links:
            if same_id(link.network_id, network_id):
                if doubt is not None and doubt[0] > len(zone.name):
                    return doubt[1]
                return _in_force(zone, link)
    return doubt[1] if doubt is not None else None


def _in_force(zone: PrivateZone, link: ZoneLink) -> Linked | Unreadable:
    if isinstance(link.state, Unreadable):
        return link.state
    if link.state.lower() != "completed":
        why = f"Virtual network link {link.name} of private DNS zone {zone.name} is in state {link.state}"
        return Unreadable("not-shown", why)
    return Linked(zone, link)


def label_in(zone: PrivateZone, name: str) -> str:
    """The name of ``name``'s record set within the zone; ``@`` is the zone itself."""
    return name.lower().removesuffix(zone.name.lower()).rstrip(".") or "@"


def record_in(zone: PrivateZone, name: str) -> tuple[str, ...] | Unreadable:
    """The addresses that the zone has for ``name``; empty: it has no such record."""
    label = label_in(zone, name)
    if label not in zone.records:
        return Unreadable("not-shown", f"A record {label} of private DNS zone {zone.name} was not read")
    return zone.records[label] or ()
