"""The rules of a network security group, evaluated as Azure does. Pure.

Rules are taken by priority, the lowest number first, and the first that matches decides. What is not known
for certain (the public addresses of a registry, who is in an application security group) lets a rule match
*perhaps*; the outcome is known all the same where every rule that may decide says the same.

Source: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from ...facts import SecurityGroup, SecurityRule
from ..addresses import AddressSet, address_set, span_of
from .service_tags import AZURE_CLOUD, is_known, tag_of

ALLOW, DENY = "allow", "deny"
_ANY = ("*", "any")


class Match(IntEnum):
    """Whether a rule is about a connection."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True)
class Services:
    """The service tags whose addresses an end of a connection is among."""

    names: tuple[str, ...] = ()
    """``azurecontainerregistry``: in lower case, without a region."""
    regions: tuple[str, ...] = ()
    """In lower case. With several, it may be in any of them."""
    complete: bool = True
    """It is in no other region."""

    def match(self, tag: str) -> Match:
        """Tell whether the addresses of a service tag hold this end."""
        name, region = tag_of(tag)
        if name not in self.names:
            return Match.NO
        if not region:
            return Match.YES
        if region in self.regions:
            return Match.YES if self.complete and len(self.regions) == 1 else Match.MAYBE
        elsewhere = self.complete and (is_known(region) or name != AZURE_CLOUD)
        return Match.NO if elsewhere else Match.MAYBE


@dataclass(frozen=True)
class Side:
    """One end of a connection, as far as rules can tell it."""

    addresses: AddressSet
    """It is one of these. A range that holds only some of them matches perhaps."""
    in_network: bool | None = True
    """It counts as ``VirtualNetwork``; otherwise it is ``Internet``. ``None``: not known."""
    services: Services = Services()
    grouped: bool = True
    """It can be in an application security group."""


@dataclass(frozen=True)
class Verdict:
    """What a security group does to a connection."""

    access: str | None
    """``allow``, ``deny``, or ``None``: it cannot be told."""
    rule: SecurityRule | None
    """The rule that decides for certain, or would if no other did before; ``None``: no rule is about it."""
    perhaps: tuple[SecurityRule, ...] = ()
    """Rules before it that may decide."""

    @property
    def first(self) -> SecurityRule | None:
        """The first rule that may decide."""
        return self.perhaps[0] if self.perhaps else self.rule


def verdict(group: SecurityGroup, direction: str, source: Side, destination: Side, port: int = 443) -> Verdict:
    """Evaluate the rules of ``group``, as :func:`verdict_of` does."""
    return verdict_of(group.rules, direction, source, destination, port)


def verdict_of(
    among: Iterable[SecurityRule], direction: str, source: Side, destination: Side, port: int = 443
) -> Verdict:
    """Evaluate rules for TCP from ``source`` to ``port`` of ``destination``. Of equal priorities the first one counts.

    ``direction`` is ``Inbound`` or ``Outbound``.
    """
    rules = sorted(
        (rule for rule in among if rule.direction.lower() == direction.lower()), key=lambda rule: rule.priority
    )
    found = _together(rules, source, destination, port)
    if found.access is not None:
        return found
    apart = [_together(rules, source, each, port) for each in _by_region(destination)]
    # Whichever region it is in, the same happens, though by rules of their own.
    alike = {each.access for each in apart} in ({ALLOW}, {DENY})
    return min(apart, key=lambda each: each.first.priority if each.first else 0) if alike else found


def _by_region(side: Side) -> tuple[Side, ...]:
    """The side in each region that it may be in; none where it may be in others."""
    services = side.services
    if not services.complete or len(services.regions) < 2:
        return ()
    return tuple(replace(side, services=replace(services, regions=(each,))) for each in services.regions)


def _together(rules: list[SecurityRule], source: Side, destination: Side, port: int) -> Verdict:
    told = [_decided(rules, *ends, port) for ends in _settled(source, destination)]
    if len({each.access for each in told}) == 1:
        return told[0]
    seen = {id(rule): rule for each in told for rule in (*each.perhaps, each.rule) if rule is not None}
    ordered = sorted(seen.values(), key=lambda rule: rule.priority)
    return Verdict(None, ordered[-1] if ordered else None, tuple(ordered[:-1]))


def _settled(source: Side, destination: Side) -> Iterator[tuple[Side, Side]]:
    """Both ends with every answer to what is not known about the network's own addresses."""
    for one in _each(source):
        for other in _each(destination):
            yield one, other


def _each(side: Side) -> tuple[Side, ...]:
    if side.in_network is not None:
        return (side,)
    return replace(side, in_network=True), replace(side, in_network=False)


def _decided(rules: Iterable[SecurityRule], source: Side, destination: Side, port: int) -> Verdict:
    perhaps: list[SecurityRule] = []
    for rule in rules:
        match = _match(rule, source, destination, port)
        if match is Match.MAYBE:
            perhaps.append(rule)
        if match is Match.YES:
            agreed = all(each.access.lower() == rule.access.lower() for each in perhaps)
            return Verdict(rule.access.lower() if agreed else None, rule, tuple(perhaps))
    return Verdict(None, None, tuple(perhaps))


def _match(rule: SecurityRule, source: Side, destination: Side, port: int) -> Match:
    if rule.protocol.lower() not in ("tcp", *_ANY):
        return Match.NO
    if not any(_holds_port(each, port) for each in rule.destination_ports):
        return Match.NO
    match = _match_side(rule.destinations, rule.destination_groups, destination)
    if match is not Match.NO:
        match = min(match, _match_side(rule.sources, rule.source_groups, source), _match_any_port(rule.source_ports))
    return match


def _match_side(prefixes: tuple[str, ...], groups: tuple[str, ...], side: Side) -> Match:
    words, ranges = _parted(prefixes)
    if ranges.spans and side.addresses.spans and ranges.covers(side.addresses):
        return Match.YES
    found = [_match_word(each, side) for each in words]
    if (groups and side.grouped) or ranges.overlaps(side.addresses):
        found.append(Match.MAYBE)
    return max(found, default=Match.NO)


@lru_cache(maxsize=4096)
def _parted(prefixes: tuple[str, ...]) -> tuple[tuple[str, ...], AddressSet]:
    """Tags and ``*``, and the addresses of everything else."""
    return tuple(each for each in prefixes if span_of(each) is None), address_set(prefixes)


def _match_word(prefix: str, side: Side) -> Match:
    word = prefix.lower()
    if word in _ANY:
        return Match.YES
    if word == "virtualnetwork":
        return Match.YES if side.in_network else Match.NO
    if word == "internet":
        return Match.NO if side.in_network else Match.YES
    return side.services.match(word)


def _match_any_port(ports: tuple[str, ...]) -> Match:
    """The source port of a connection is any; a rule for some of them is about some connections."""
    every = any(each in _ANY or _port_range(each) in ((0, 65535), (1, 65535)) for each in ports)
    return Match.YES if every else Match.MAYBE if ports else Match.NO


def _holds_port(ports: str, port: int) -> bool:
    if ports.lower() in _ANY:
        return True
    first, last = _port_range(ports)
    return first <= port <= last


def _port_range(ports: str) -> tuple[int, int]:
    first, dash, last = ports.partition("-")
    if not first.strip().isdigit() or (dash and not last.strip().isdigit()):
        return 1, 0
    return int(first), int(last if dash else first)
