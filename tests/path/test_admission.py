"""IP rules against sets of single addresses, and against ways of which it is one."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_network
from itertools import combinations

import pytest

from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.path.admission import addresses_of, admitted, refused
from azext_acrpulldiag.path.routing.outbound import Egress, WayOut

RULES = ["10.0.0.0/30", "10.0.0.4", "10.0.0.6/31", "10.0.0.5/32", "10.0.0.12/30", " 10.0.0.9/32"]
WHY = Unreadable("forbidden", "no right")
DOUBT = Unreadable("unsupported", "one way or the other")


@pytest.mark.parametrize("count", range(len(RULES) + 1))
def test_coverage_is_that_of_single_addresses(count):
    """Every choice of rules, against every prefix of a small network."""
    prefixes = [each for length in range(28, 33) for each in IPv4Network("10.0.0.0/28").subnets(new_prefix=length)]
    for rules in combinations(RULES, count):
        allowed: set[IPv4Address] = set()
        for rule in rules:
            allowed.update(ip_network(rule.strip()))
        expected = [str(each) for each in prefixes if not allowed.issuperset(each)]
        assert refused(rules, tuple(map(str, prefixes))) == tuple(expected)


def test_what_is_no_address_is_covered_by_nothing():
    assert refused(("0.0.0.0/0", "::/0"), ("nonsense", "2603:1030::1")) == ("nonsense", "2603:1030::1")


def leaving(*ways):
    given = tuple(WayOut("load-balancer", each, str(number)) for number, each in enumerate(ways))
    return Egress(("pool1",), "/subnet", False, given, DOUBT if len(ways) > 1 else None)


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ([("20.1.1.1",)], True),
        ([("20.1.1.1", "20.9.9.9")], False),
        ([()], False),
        ([WHY], WHY),
        ([("20.1.1.1",), ("20.1.1.1",)], True),
        ([("20.9.9.9",), ("20.8.8.8",)], False),
        ([("20.9.9.9",), ()], False),
        ([("20.1.1.1",), ("20.9.9.9",)], DOUBT),
        ([("20.9.9.9",), ("20.1.1.1",)], DOUBT),
        ([("20.1.1.1",), WHY], DOUBT),
        ([WHY, ("20.9.9.9",)], DOUBT),
        ([WHY, WHY], WHY),
    ],
)
def test_every_way_that_it_may_be_counts(ways, expected):
    assert admitted(("20.1.1.1",), leaving(*ways)) == expected


LEARNT = Unreadable("unsupported", "a gateway may advertise a default route")


@pytest.mark.parametrize(
    ("rules", "ways", "expected"),
    [
        (("20.1.1.1",), [("20.1.1.1",)], LEARNT),
        (("20.1.1.1",), [("20.9.9.9",)], LEARNT),
        (("20.1.1.1",), [()], LEARNT),
        (("20.1.1.1",), [("20.1.1.1",), ("20.9.9.9",)], LEARNT),
        (("20.1.1.1",), [WHY], WHY),
        ((), [("20.9.9.9",)], False),
    ],
)
def test_a_gateway_leaves_it_open_where_a_rule_may_hold_what_it_leads_to(rules, ways, expected):
    assert admitted(rules, replace(leaving(*ways), learnt=LEARNT)) == expected


def test_a_rule_that_cannot_be_read_may_hold_what_is_refused():
    told = admitted(("20.1.1.1", "nonsense"), leaving(("20.9.9.9",)))
    assert isinstance(told, Unreadable) and "nonsense" in told.detail and "20.9.9.9" in told.detail
    assert admitted(("20.1.1.1", "nonsense"), leaving(("20.1.1.1",))) is True
    assert admitted(("2603:1030::/64",), leaving(("20.9.9.9",))) is False


def test_all_addresses_that_are_known_are_told_once():
    assert addresses_of(leaving(("20.1.1.1", "20.2.2.2"), WHY, ("20.2.2.2", "20.3.3.3"))) == (
        "20.1.1.1",
        "20.2.2.2",
        "20.3.3.3",
    )
