"""Mapping of network answers, from recorded bodies."""

import pytest

from azext_acrpulldiag.collect.members import mapped
from azext_acrpulldiag.collect.network.outbound_models import addresses_from, nat_sources_from
from azext_acrpulldiag.facts import Unreadable
from tests.recordings import body


def test_a_nat_gateway_has_addresses_and_prefixes():
    names = [source.rpartition("/")[2] for source in nat_sources_from(body("network/natgateway_get_pip_and_prefix"))]
    assert names == ["pip", "prefix"]


def test_a_nat_gateway_without_addresses_is_not_shown():
    answer = body("network/natgateway_get_2025_05_01")
    del answer["properties"]["publicIpAddresses"]
    why = mapped(nat_sources_from, answer, answer["id"])
    assert isinstance(why, Unreadable)
    assert (why.reason, why.operation) == ("not-shown", "Microsoft.Network/natGateways/read")


def prefix_answer(text):
    return {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPPrefixes/prefix",
        "properties": {"ipPrefix": text, "publicIPAddressVersion": "IPv4"},
    }


def test_addresses_and_prefixes_are_taken_as_they_are():
    static = body("network/publicip_get_standard_static_2025_05_01")
    assert addresses_from([static, prefix_answer("20.30.40.0/30")]) == ("172.200.53.164", "20.30.40.0/30")


def test_addresses_of_ipv6_are_left_out():
    six = body("network/publicip_get_standard_static_2025_05_01")
    six["properties"] |= {"publicIPAddressVersion": "IPv6", "ipAddress": "2603:1030::1"}
    assert addresses_from([six]) == ()
    del six["properties"]["publicIPAddressVersion"]
    assert addresses_from([six]) == ()


def test_an_address_that_is_not_allocated_is_not_shown():
    why = addresses_from([body("network/publicip_get_2025_05_01")])
    assert isinstance(why, Unreadable)
    assert (why.reason, why.operation) == ("not-shown", "Microsoft.Network/publicIPAddresses/read")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "not-found"),
        (Unreadable("forbidden", "no"), "forbidden"),
        ({}, "not-shown"),
        ({"id": "x", "properties": []}, "malformed"),
        ({"id": "x", "properties": {"publicIpAddresses": ["x"]}}, "malformed"),
    ],
)
def test_answers_of_another_form_are_unreadable(answer, reason):
    why = mapped(nat_sources_from, answer, "/subscriptions/s/providers/Microsoft.Network/natGateways/n")
    assert isinstance(why, Unreadable)
    assert why.reason == reason
