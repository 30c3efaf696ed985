"""Do the IP rules of a registry's firewall allow the outbound IPs of nodes? Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..facts import Unreadable
from .addresses import address_set, span_of, strange
from .routing.outbound import Egress, WayOut

_SHOWN = 3


def admitted(rules: tuple[str, ...], egress: Egress) -> bool | Unreadable:
    """Tell whether ``rules`` allow every outbound IP that nodes may have; nodes without one are not allowed.

    It is not known where that differs between the outbound paths that it may be, where an address was not read, where a
    rule that may cover it cannot be read, or where nodes may take the default route of a gateway. Without any rule none
    of that matters.
    """
    told = [_admitted(rules, way) for way in egress.ways]
    if egress.learnt is not None and rules and not all(isinstance(each, Unreadable) for each in told):
        return egress.learnt
    if egress.doubt is not None and len({_kind(each) for each in told}) > 1:
        return egress.doubt
    return told[0]


def _kind(told: bool | Unreadable) -> str:
    return "unknown" if isinstance(told, Unreadable) else str(told)


def _admitted(rules: tuple[str, ...], way: WayOut) -> bool | Unreadable:
    if isinstance(way.addresses, Unreadable):
        return way.addresses
    out = refused(rules, way.addresses)
    unclear = strange(rules)
    if out and unclear:
        return Unreadable("malformed", f"IP rules {', '.join(unclear)} could not be read; they may cover {some(out)}")
    return bool(way.addresses) and not out


def refused(rules: tuple[str, ...], addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses and prefixes that no rule covers as a whole."""
    allowed = address_set(rules)
    covered = {each for each in addresses if span_of(each) is not None and allowed.covers(address_set((each,)))}
    return tuple(each for each in addresses if each not in covered)


def addresses_of(egress: Egress) -> tuple[str, ...]:
    """Every outbound IP that nodes may have, as far as they are known."""
    known = (way.addresses for way in egress.ways if not isinstance(way.addresses, Unreadable))
    return tuple(dict.fromkeys(each for addresses in known for each in addresses))


def some(addresses: tuple[str, ...]) -> str:
    """The first addresses in words, and how many more there are."""
    shown = ", ".join(addresses[:_SHOWN])
    return f"{shown} and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else shown
