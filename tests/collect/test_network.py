"""Mapping of network answers, from recorded bodies."""

import pytest

from azext_acrpulldiag.collect.network import (
    Peering,
    Route,
    addresses_from,
    firewall_at,
    firewalls_from,
    home_of,
    mapped,
    nat_sources_from,
    peerings_from,
    route_from,
    subnet_from,
)
from azext_acrpulldiag.facts import Unreadable
from tests.recordings import body

FIREWALL_NETWORK = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/cli_test_azure_firewall_capture000001"
    "/providers/Microsoft.Network/virtualNetworks/vnet-000003"
)


def table(*routes):
    """The recorded empty route table with routes of (name, prefix, next hop, address)."""
    answer = body("network/routetable_get_empty_2025_05_01")
    for name, prefix, hop, address in routes:
        rule = {"addressPrefix": prefix, "nextHopType": hop}
        answer["properties"]["routes"].append(
            {"name": name, "properties": rule | ({"nextHopIpAddress": address} if address else {})}
        )
    return answer


@pytest.mark.parametrize(
    ("name", "endpoint", "nat"),
    [
        ("network/subnet_get_2025_05_01", False, None),
        ("network/subnet_get_service_endpoint_acr", True, None),
        ("network/subnet_get_with_natgateway", False, "test-nat"),
        ("network/subnet_get_natgateway_detached", False, None),
    ],
)
def test_a_subnet_shows_its_gateway_and_endpoint(name, endpoint, nat):
    subnet = subnet_from(body(name))
    assert subnet.service_endpoint is endpoint
    assert (subnet.nat_gateway_id or "").rpartition("/")[2] == (nat or "")
    assert subnet.route_table_id is None
    assert not subnet.private


def test_another_service_endpoint_is_not_the_registrys():
    answer = body("network/subnet_get_service_endpoint_acr")
    answer["properties"]["serviceEndpoints"][0]["service"] = "Microsoft.Storage"
    assert not subnet_from(answer).service_endpoint


def test_a_subnet_without_default_outbound_access_is_private():
    answer = body("network/subnet_get_2025_05_01")
    answer["properties"]["defaultOutboundAccess"] = False
    assert subnet_from(answer).private


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
    assert route_from(answer) is None


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4")], Route("all", "VirtualAppliance", "10.0.0.4")),
        ([("all", "0.0.0.0/0", "Internet", None)], Route("all", "Internet", None)),
        ([("all", "0.0.0.0/0", "None", None)], Route("all", "None", None)),
        (
            [
                ("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"),
                ("registries", "AzureContainerRegistry", "Internet", None),
            ],
            Route("registries", "Internet", None),
        ),
        (
            [("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"), ("firewall", "20.1.2.3/32", "Internet", None)],
            Route("all", "VirtualAppliance", "10.0.0.4"),
        ),
        (
            [
                ("low", "0.0.0.0/1", "VirtualAppliance", "10.0.0.4"),
                ("up", "128.0.0.0/1", "VirtualAppliance", "10.0.0.4"),
            ],
            Route("low", "VirtualAppliance", "10.0.0.4"),
        ),
    ],
)
def test_the_route_to_a_registry(routes, expected):
    assert route_from(table(*routes)) == expected


@pytest.mark.parametrize(
    "prefix", ["AzureCloud", "AzureCloud.westeurope", "AzureContainerRegistry.WestEurope", "0.0.0.0/1"]
)
def test_routes_that_disagree_are_unreadable(prefix):
    answer = table(("all", "0.0.0.0/0", "VirtualAppliance", "10.0.0.4"), ("other", prefix, "Internet", None))
    why = route_from(answer)
    assert isinstance(why, Unreadable)
    assert "all, other" in why.detail


def test_an_appliance_without_an_address_is_not_shown():
    why = mapped(route_from, table(("all", "0.0.0.0/0", "VirtualAppliance", None)), "/x/providers/A.B/routeTables/t")
    assert isinstance(why, Unreadable)
    assert why.reason == "not-shown"


def test_a_firewall_leaves_out_its_management_address():
    (firewall,) = firewalls_from([body("network/azurefirewall_get_with_ip_config")])
    assert firewall.private_ips == ("10.0.0.4",)
    assert [source.rpartition("/")[2] for source in firewall.public_ip_ids] == ["public-ip-000006"]
    assert firewall.subnet_ids == (f"{FIREWALL_NETWORK}/subnets/AzureFirewallSubnet",)


def test_a_firewall_without_configurations_matches_nothing():
    firewalls = firewalls_from(body("network/azurefirewalls_list_by_rg")["value"])
    assert len(firewalls) == 1
    assert firewall_at("10.0.0.4", FIREWALL_NETWORK, firewalls) is None


@pytest.mark.parametrize(
    ("address", "network", "found"),
    [
        ("10.0.0.4", FIREWALL_NETWORK, True),
        ("10.0.0.4", FIREWALL_NETWORK.upper(), True),
        ("10.0.0.5", FIREWALL_NETWORK, False),
        ("10.0.0.4", FIREWALL_NETWORK + "9", False),
    ],
)
def test_a_firewall_is_found_by_address_within_its_network(address, network, found):
    firewalls = firewalls_from([body("network/azurefirewall_get_with_ip_config")])
    assert (firewall_at(address, network, firewalls) is not None) is found


def test_recorded_peerings_tell_the_other_networks_addresses():
    (peering,) = peerings_from(body("network/peerings_list_connected")["value"])
    assert peering.network_id.endswith("/virtualNetworks/vnet1")
    assert peering.prefixes == ("10.0.0.0/16",)


@pytest.mark.parametrize(
    ("address", "home"),
    [("10.1.0.4", "hub"), ("10.2.0.4", "other"), ("10.9.0.4", "own"), ("fd00::4", "own")],
)
def test_an_appliance_lives_where_its_address_is_reached(address, home):
    peerings = (Peering("hub", ("10.1.0.0/16",)), Peering("other", ("10.2.0.0/16", "fd01::/64")))
    assert home_of(address, "own", peerings) == home


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
        ({"id": "x", "properties": {"serviceEndpoints": ["x"]}}, "malformed"),
        ({"id": "x", "properties": {"natGateway": "x"}}, "malformed"),
    ],
)
def test_answers_of_another_form_are_unreadable(answer, reason):
    why = mapped(subnet_from, answer, "/subscriptions/s/providers/Microsoft.Network/virtualNetworks/n/subnets/s")
    assert isinstance(why, Unreadable)
    assert why.reason == reason
