"""Address arithmetic against Python's ipaddress and plain sets."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

import pytest

from azext_acrpulldiag.path.addresses import (
    EVERYTHING,
    PUBLIC,
    AddressSet,
    address_set,
    prefix_length,
    span_of,
    strange,
)

# A small world: every prefix within 10.0.0.0/28, so that a set of addresses can be written out.
WORLD = IPv4Network("10.0.0.0/28")
PREFIXES = [str(subnet) for length in range(28, 33) for subnet in WORLD.subnets(new_prefix=length)]


def written_out(texts):
    return {int(address) for text in texts for address in IPv4Network(text)}


def spans_written_out(held: AddressSet):
    return {address for first, last in held.spans for address in range(first, last + 1)}


@pytest.mark.parametrize("one", PREFIXES)
def test_two_prefixes_are_compared_as_ipaddress_does(one):
    for other in PREFIXES:
        here, there = IPv4Network(one), IPv4Network(other)
        assert address_set((one,)).covers(address_set((other,))) == there.subnet_of(here)
        assert address_set((one,)).overlaps(address_set((other,))) == here.overlaps(there)


def test_sets_of_prefixes_are_what_their_addresses_are():
    chance = random.Random(4)
    for _ in range(2000):
        ours = tuple(chance.sample(PREFIXES, chance.randint(0, 5)))
        theirs = tuple(chance.sample(PREFIXES, chance.randint(1, 4)))
        one, other = address_set(ours), address_set(theirs)
        ones, others = written_out(ours), written_out(theirs)
        assert spans_written_out(one) == ones
        assert one.covers(other) == (others <= ones)
        assert one.overlaps(other) == bool(ones & others)
        assert spans_written_out(one.without(other)) == ones - others


def test_spans_are_in_order_and_apart():
    chance = random.Random(5)
    for _ in range(500):
        spans = address_set(tuple(chance.sample(PREFIXES, 6))).spans
        assert all(here[1] + 1 < there[0] for here, there in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3/32", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3/24", "10.1.2.0", "10.1.2.255"),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
        ("10.1.2.3-10.1.2.9", "10.1.2.3", "10.1.2.9"),
        (" 10.1.2.3 ", "10.1.2.3", "10.1.2.3"),
    ],
)
def test_what_rules_write_is_read(text, first, last):
    assert span_of(text) == (int(IPv4Address(first)), int(IPv4Address(last)))


@pytest.mark.parametrize(
    "text",
    ["*", "Internet", "AzureContainerRegistry.westeurope", "fd00::/64", "::/0", "10.0.0.9-10.0.0.1", "", "10.0.0.0/33"],
)
def test_what_is_no_range_of_ipv4_is_none(text):
    assert span_of(text) is None
    assert address_set((text,)).spans == ()


def test_what_is_no_range_at_all_is_strange():
    assert strange(["10.0.0.1", "nonsense", "2603:1030::/64", " ::1 ", "10.0.0.0/33", "10.0.0.1-10.0.0.9"]) == (
        "nonsense",
        "10.0.0.0/33",
    )


@pytest.mark.parametrize(("text", "length"), [("0.0.0.0/0", 0), ("10.0.0.0/8", 8), ("10.1.2.3", 32), ("Storage", None)])
def test_the_length_of_a_prefix(text, length):
    assert prefix_length(text) == length


def test_public_addresses_are_the_global_ones():
    chance = random.Random(6)
    for _ in range(3000):
        address = IPv4Address(chance.getrandbits(32))
        shared = address in IPv4Network("100.64.0.0/10")
        if PUBLIC.covers(address_set((str(address),))):
            assert not address.is_multicast and not address.is_loopback and not address.is_link_local and not shared
        else:
            assert address.is_private or address.is_multicast or address.is_reserved or shared
    for range_ in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
        assert not PUBLIC.overlaps(address_set((range_,)))
    assert EVERYTHING.covers(PUBLIC)
