"""Mapping of network answers, from recorded bodies."""

import pytest

from azext_acrpulldiag.collect.network.models import route_table_from, virtual_network_from
from azext_acrpulldiag.collect.network.outbound_models import (
    addresses_from,
    holds,
    home_of,
    in_hub,
    mapped,
    nat_sources_from,
    registry_route,
)
from azext_acrpulldiag.facts import Unreadable, UserRoute
from tests.recordings import body


def table(*routes):
    """The recorded empty route table with routes of (name, prefix, next hop, address)."""
    answer = body("network/routetable_get_empty_2025_05_01")
    for name, prefix, hop, address in routes:
        rule = {"addressPrefix": prefix, "nextHopType": hop}
        answer["properties"]["routes"].append(
            {"name": name, "properties": rule | ({"nextHopIpAddress": address} if address else {})}
        )
    return answer


def test_a_nat_gateway_has_addresses_and_prefixes():
    names = [source.rpartition("/")[2] for source in nat_sources_from(body("network/natgateway_get_pip_and_prefix"))]
    assert names == ["pip", "prefix"]


def test_a_nat_gateway_without_addresses_is_not_shown():
    answer = body("network/natgateway_get_2025_05_01")
    del answer["properties"]["publicIpAddresses"]
    why = mapped(nat_sources_from, answer, answer["id"])
    assert isinstance(why, Unreadable)
    assert (why.reason, why.operation) == ("not-shown", "Microsoft.Network/natGateways/read")


@pytest.mark.parametrize(
    "answer",
    [
        body("network/routetable_get_empty_2025_05_01"),
        body("network/routetable_get_with_routes"),
        body("network/routetable_get_with_route_aso"),
        table(("pods", "10.244.1.0/24", "VirtualAppliance", "10.240.0.5")),
        table(("corporate", "10.0.0.0/8", "VirtualNetworkGateway", None)),
        table(("firewall", "20.1.2.3/32", "Internet", None)),
        table(("v6", "::/0", "VirtualAppliance", "fd00::4")),
    ],
)
def test_routes_elsewhere_are_not_the_way_to_a_registry(answer):
    assert registry_route(route_table_from(answer)) is None


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4")], ("all", "VirtualAppliance", "10.0.0.4")),
        ([("all", "0.0.0.0/0", "Internet", None)], ("all", "Internet", None)),
        ([("all", "0.0.0.0/0", "None", None)], ("all", "None", None)),
        (
            [
                ("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"),
                ("registries", "AzureContainerRegistry", "Internet", None),
            ],
            ("registries", "Internet", None),
        ),
        (
            [("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"), ("firewall", "20.1.2.3/32", "Internet", None)],
            ("all", "VirtualAppliance", "10.0.0.4"),
        ),
        (
            [
                ("low", "0.0.0.0/1", "VirtualAppliance", "10.0.0.4"),
                ("up", "128.0.0.0/1", "VirtualAppliance", "10.0.0.4"),
            ],
            ("low", "VirtualAppliance", "10.0.0.4"),
        ),
    ],
)
def test_the_route_to_a_registry(routes, expected):
    route = registry_route(route_table_from(table(*routes)))
    assert isinstance(route, UserRoute)
    assert (route.name, route.next_hop, route.address) == expected


@pytest.mark.parametrize(
    "prefix", ["AzureCloud", "AzureCloud.westeurope", "AzureContainerRegistry.WestEurope", "0.0.0.0/1"]
)
def test_routes_that_disagree_are_unreadable(prefix):
    answer = table(("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"), ("other", prefix, "Internet", None))
    why = registry_route(route_table_from(answer))
    assert isinstance(why, Unreadable)
    assert "all, other" in why.detail


@pytest.mark.parametrize(
    ("address", "home"),
    [("10.1.0.4", "hub"), ("10.2.0.4", "other"), ("10.9.0.4", "own"), ("fd00::4", "own")],
)
def test_an_appliance_lives_where_its_address_is_reached(address, home):
    (peering,) = body("network/peerings_list_connected")["value"]
    answer = body("network/vnet_get_2025_05_01") | {"id": "own"}
    for name, prefixes in (("hub", ["10.1.0.0/16"]), ("other", ["10.2.0.0/16", "fd01::/64"])):
        remote = {"remoteVirtualNetwork": {"id": name}, "remoteAddressSpace": {"addressPrefixes": prefixes}}
        answer["properties"]["virtualNetworkPeerings"].append(peering | {"properties": remote})
    assert home_of(address, virtual_network_from(answer)) == home


@pytest.mark.parametrize(
    ("prefixes", "address", "inside"),
    [((), "10.0.0.1", False), (("10.0.0.0/8", "fd00::/8"), "10.0.0.1", True), (("10.0.0.9/31",), "10.0.0.8", True)],
)
def test_an_address_in_ranges(prefixes, address, inside):
    assert holds(prefixes, address) is inside


@pytest.mark.parametrize(("name", "inside"), [("HV_hub1_8e1c", True), ("vnet-hv_1", False), ("vnet-hub", False)])
def test_the_network_of_a_virtual_hub_is_microsofts(name, inside):
    assert in_hub(f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/{name}") is inside


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
