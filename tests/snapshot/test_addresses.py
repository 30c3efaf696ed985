"""Aliases of addresses keep every relation between ranges."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest

from azext_acrpulldiag.path.addresses import PUBLIC, address_set
from azext_acrpulldiag.snapshot.addresses import Turned


@pytest.mark.parametrize(
    "text",
    ["10.1.2.3", "10.1.2.3/16", "192.168.0.0/16", "172.31.255.255", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1",
     "168.63.129.16", "172.16.9.9/10", "169.254.169.254", "100.64.1.1", "127.0.0.1",
     "fd00::1", "fe80::1/64", "::1", "::/0"],
)  # fmt: skip
def test_what_is_private_stays(text: str) -> None:
    assert Turned().alias(text) == text


@pytest.mark.parametrize("text", ["x", "", "1.2.3", "10.0.0.0/33", "1.2.3.4/", "AzureCloud", "*", "12:30:45"])
def test_what_is_no_address_has_none(text: str) -> None:
    assert Turned().alias(text) is None
    assert Turned().aliases(text) == ()


def test_host_bits_of_a_range_of_public_addresses_are_cleared() -> None:
    assert Turned().alias("172.8.75.165/12") == "172.0.0.0/12"
    assert Turned().alias("20.61.97.5/24") == "16.0.0.0/24"


def test_equal_and_contained_stay_what_they_are() -> None:
    turned, chance = Turned(), random.Random(7)
    ranges = [_public(chance) for _ in range(300)]
    ranges += [f"{each.partition('/')[0]}/{length}" for each in ranges for length in (12, 16, 24)]
    aliases = {each: turned.alias(each) for each in ranges}
    for one in ranges[:200]:
        for other in ranges:
            mine, theirs = ip_network(one, strict=False), ip_network(other, strict=False)
            mine_alias, theirs_alias = ip_network(str(aliases[one])), ip_network(str(aliases[other]))
            assert mine.subnet_of(theirs) == mine_alias.subnet_of(theirs_alias)  # type: ignore[arg-type]
            assert mine_alias.prefixlen == mine.prefixlen
    assert [turned.alias(each) for each in ranges] == list(aliases.values())
    assert sum(each == alias for each, alias in aliases.items()) < len(ranges) / 50


def _public(chance: random.Random) -> str:
    while True:
        address = IPv4Address(chance.randrange(2**32))
        if PUBLIC.covers(address_set((f"{address}/12",))):
            return f"{address}/32"


def test_aliases_of_what_covers_everything_still_do() -> None:
    turned = Turned()
    parts = [str(each) for each in IPv4Network("0.0.0.0/0").address_exclude(IPv4Network("20.61.97.128/25"))]
    together = address_set(tuple(str(turned.alias(each)) for each in [*parts, "20.61.97.128/25"]))
    assert together.spans == ((0, 2**32 - 1),)


def test_a_range_by_its_ends_becomes_as_many_addresses() -> None:
    turned = Turned()
    parts = turned.aliases("20.61.97.5-20.61.97.20")
    assert sum(ip_network(each).num_addresses for each in parts) == 16
    assert address_set(parts).covers(address_set((str(turned.alias("20.61.97.9")),)))
    assert not address_set(parts).overlaps(address_set((str(turned.alias("20.61.97.21")),)))


def test_the_version_of_six_is_turned_too() -> None:
    turned = Turned()
    assert turned.alias("2603:1020:206::5") != "2603:1020:206::5"
    inside, around = turned.alias("2603:1020:206::5"), turned.alias("2603:1020::/32")
    assert ip_network(str(inside)).subnet_of(ip_network(str(around)))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["::ffff:", "64:ff9b::"])
def test_an_address_of_ipv4_within_one_of_ipv6_does_not_stay(form: str) -> None:
    turned = Turned()
    inner = turned.alias("20.61.97.5")
    assert turned.alias(f"{form}20.61.97.5") == turned.alias(f"{form}143d:6105") == f"{form}{inner}"
    assert turned.alias(f"{form}10.1.2.3") == f"{form}10.1.2.3"
