"""Arithmetic of IPv4 addresses: what rules and routes write, as sets. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network, NetmaskValueError

Span = tuple[int, int]
"""First and last address, as numbers."""

LAST = 2**32 - 1


@dataclass(frozen=True)
class AddressSet:
    """A set of IPv4 addresses: spans in order, which neither overlap nor touch."""

    spans: tuple[Span, ...]

    def covers(self, other: AddressSet) -> bool:
        """Tell whether every address of ``other`` is in here."""
        return all(self._holds(span) for span in other.spans)

    def overlaps(self, other: AddressSet) -> bool:
        """Tell whether some address is in both."""
        return any(self._touches(span) for span in other.spans)

    def _holds(self, span: Span) -> bool:
        at = bisect_right(self.spans, (span[0], LAST)) - 1
        return at >= 0 and span[1] <= self.spans[at][1]

    def _touches(self, span: Span) -> bool:
        at = bisect_right(self.spans, (span[1], LAST)) - 1
        return at >= 0 and self.spans[at][1] >= span[0]

    def without(self, other: AddressSet) -> AddressSet:
        """Return the addresses that are in here and not in ``other``."""
        left: list[Span] = []
        for first, last in self.spans:
            for gone_first, gone_last in other.spans:
                if gone_last < first or gone_first > last:
                    continue
                if gone_first > first:
                    left.append((first, gone_first - 1))
                first = gone_last + 1
                if first > last:
                    break
            if first <= last:
                left.append((first, last))
        return AddressSet(tuple(left))


@lru_cache(maxsize=4096)
def span_of(text: str) -> Span | None:
    """Read an address, a CIDR range (host bits may be set) or ``FIRST-LAST``; ``None``: it is none of IPv4."""
    first, dash, last = text.strip().partition("-")
    try:
        if dash:
            span = int(IPv4Address(first.strip())), int(IPv4Address(last.strip()))
            return span if span[0] <= span[1] else None
        network = IPv4Network(first, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    return int(network.network_address), int(network.broadcast_address)


def strange(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that are no address or range, neither of IPv4 nor of IPv6."""
    return tuple(each for each in texts if span_of(each) is None and not _is_ipv6(each))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Network(text.strip(), strict=False)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def address_set(texts: tuple[str, ...]) -> AddressSet:
    """Join addresses and ranges; what is no range of IPv4 (a service tag, IPv6) is left out."""
    return AddressSet(_joined(span for span in map(span_of, texts) if span is not None))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


@lru_cache(maxsize=4096)
def prefix_length(text: str) -> int | None:
    """Return the length of a CIDR prefix, 32 for one address; ``None``: it is no prefix of IPv4."""
    try:
        return IPv4Network(text.strip(), strict=False).prefixlen
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)
EVERYTHING = AddressSet(((0, LAST),))
PUBLIC = EVERYTHING.without(address_set(_SPECIAL))
"""Where a registry's public endpoint may be; which of these addresses it has is not published."""
