"""Public addresses as aliases, such that whatever holds between ranges holds between their aliases. Pure.

The tree of all prefixes is turned at the nodes below which everything is public: of the two halves the one that is
seen first becomes the lower. That is a permutation of addresses which maps each range to one of its size; equal,
contained, adjacent and complete stay what they are, and private addresses stay themselves. There is no key, and the
same run gives the same aliases. That an alias belongs to somebody cannot be avoided: no documentation range has room
for a range of another's size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range

# https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-, less what is for documentation and tests;
# 168.63.129.16 is Azure's own, the same in every network: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_KEPT = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/8", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


@dataclass
class Turned:
    """The aliases of one redaction."""

    _first: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """By version, length and bits of a prefix: which half below it was seen first."""

    def alias(self, text: str) -> str | None:
        """An address or a range in CIDR form, in the form that it is given in; ``None``: it is neither."""
        address, slash, length = text.partition("/")
        try:
            network = ip_network(text, strict=False)
            host = ip_network(address)
        except ValueError:
            return None
        within = _ipv4_within(host.network_address) if not slash else None
        if within is not None:
            return f"{within[0]}{self.alias(within[1])}"
        bits = self._mapped(host.version, int(host.network_address), network.prefixlen)
        if bits is None:  # what is private, host bits and all, or a range around it
            private = any(kept.version == host.version and kept.overlaps(host) for kept in _KEPT)
            return text if private or not slash else str(network)
        shown = IPv4Address(bits) if host.version == 4 else IPv6Address(bits)
        return f"{shown}{slash}{length}"

    def aliases(self, text: str) -> tuple[str, ...]:
        """Those of a range ``FIRST-LAST`` of IPv4, as ranges in CIDR form; of anything else none or one."""
        first, dash, last = text.partition("-")
        if dash:
            try:
                ranges = list(summarize_address_range(IPv4Address(first.strip()), IPv4Address(last.strip())))
            except ValueError:
                return ()
            return tuple(alias for each in ranges if (alias := self.alias(str(each))) is not None)
        alias = self.alias(text)
        return () if alias is None else (alias,)

    def _mapped(self, version: int, bits: int, length: int) -> int | None:
        """Turned along the way to ``bits``, as far as the prefix goes; ``None``: nothing on it is.

        Host bits of a range that is written with some are cleared.
        """
        width = 32 if version == 4 else 128
        mapped, changes = 0, False
        for at in range(length):
            before, bit = bits >> (width - at), bits >> (width - at - 1) & 1
            if _is_turned(version, at, before):
                changes = True
                # No first address is one that ends in a zero, which many would take for a range.
                bit ^= self._first.setdefault((version, at, before), bit) ^ (at == width - 1)
            mapped = mapped << 1 | bit
        return mapped << (width - length) if changes else None


def _ipv4_within(address: IPv4Address | IPv6Address) -> tuple[str, str] | None:
    """The form and the address of IPv4 that one of IPv6 stands for (RFC 4291 2.5.5.2, RFC 6052); ``None``: none."""
    for form in ("::ffff:", "64:ff9b::"):
        if isinstance(address, IPv6Address) and address in IPv6Network(f"{form}0:0/96"):
            return form, str(IPv4Address(int(address) & 0xFFFFFFFF))
    return None


@cache
def _is_turned(version: int, length: int, bits: int) -> bool:
    """Whether nothing below a prefix is kept."""
    width = 32 if version == 4 else 128
    start = bits << (width - length)
    below: IPv4Network | IPv6Network
    below = IPv4Network((start, length)) if version == 4 else IPv6Network((start, length))
    return not any(kept.version == version and kept.overlaps(below) for kept in _KEPT)
