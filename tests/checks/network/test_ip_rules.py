"""Mirror of checks/ip_rules.py; what rules cover is tried in test_network.py."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_network
from itertools import combinations

import pytest

from azext_acrpulldiag.checks.network._ip_rules import allow_list

RULES = ["10.0.0.0/30", "10.0.0.4", "10.0.0.6/31", "10.0.0.5/32", "10.0.0.12/30", " 10.0.0.9/32"]


@pytest.mark.parametrize("count", range(len(RULES) + 1))
def test_coverage_is_that_of_single_addresses(count):
    """Every choice of rules, against every prefix of a small network."""
    prefixes = [each for length in range(28, 33) for each in IPv4Network("10.0.0.0/28").subnets(new_prefix=length)]
    for rules in combinations(RULES, count):
        allowed: set[IPv4Address] = set()
        for rule in rules:
            allowed.update(ip_network(rule.strip()))
        listed = allow_list(rules)
        assert listed.strange == ()
        assert [listed.covers(str(each)) for each in prefixes] == [allowed.issuperset(each) for each in prefixes]


def test_what_is_no_network_is_kept_apart():
    listed = allow_list(["10.0.0.1", "nonsense", "2603:1030::/64"])
    assert listed.strange == ("nonsense",)
    assert not listed.covers("nonsense")
    assert not listed.covers("2603:1030::1")
