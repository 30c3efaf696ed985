"""The addresses that a registry's firewall allows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network


@dataclass(frozen=True)
class AllowList:
    """IPv4 rules as networks that do not overlap, in order; and the rules that are no network at all."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    strange: tuple[str, ...]

    def covers(self, address: str) -> bool:
        """Tell whether every address of ``address`` (one, or a prefix) is allowed; what is no IPv4 address is not."""
        try:
            wanted = IPv4Network(address)
        except ValueError:
            return False
        at = bisect_right(self.first, int(wanted.network_address)) - 1
        return at >= 0 and int(wanted.broadcast_address) <= self.last[at]


def allow_list(rules: Iterable[str]) -> AllowList:
    """Read ``ipRules``; those that are no network are kept apart."""
    networks: list[IPv4Network] = []
    strange: list[str] = []
    for rule in rules:
        try:
            network = ip_network(rule.strip(), strict=False)
        except ValueError:
            strange.append(rule)
            continue
        if isinstance(network, IPv4Network):  # an IPv6 rule allows no IPv4 address
            networks.append(network)
    # Joined, a prefix that several rules cover together lies within one network.
    joined = list(collapse_addresses(networks))
    return AllowList(
        tuple(int(network.network_address) for network in joined),
        tuple(int(network.broadcast_address) for network in joined),
        tuple(strange),
    )
