"""Mapping of networks and what is attached to subnets, from recorded bodies."""

import pytest

from azext_acrpulldiag.collect.members import mapped
from azext_acrpulldiag.collect.network.models import (
    endpoint_policy_from,
    peering_from,
    route_table_from,
    security_group_from,
    subnet_from,
    subnets_from,
    virtual_network_from,
)
from azext_acrpulldiag.facts import Unreadable, UserRoute
from tests.recordings import body

ZEROS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups"
PATH = f"{ZEROS}/g/providers/Microsoft.Network/things/one"


def why(mapping, answer):
    """The reason for which a mapping gives no fact."""
    found = mapped(mapping, answer, PATH)
    return found.reason if isinstance(found, Unreadable) else found


# --- virtual networks ---


def test_a_network_without_dns_servers_uses_azures():
    network = virtual_network_from(body("network/vnet_get_2025_05_01"))
    assert (network.prefixes, network.dns_servers, network.peerings) == (("192.168.0.0/16",), (), ())
    assert network.id.endswith("/virtualNetworks/testResource")


def test_a_network_tells_its_dns_servers_and_subnets():
    answer = body("network/vnet_get_custom_dns")
    network = virtual_network_from(answer)
    assert (network.prefixes, network.dns_servers) == (("20.0.0.0/16", "10.0.0.0/16"), ("1.2.3.4",))
    ((key, subnet),) = subnets_from(answer).items()
    assert key == subnet.id.lower()
    assert subnet.prefixes == ("10.0.0.0/24",)


def with_gateway():
    """The recorded network with a subnet for a gateway, once its recorded gateway is in it."""
    answer = body("network/vnet_get_gatewaysubnet")
    configurations = body("network/vnet_gateway_get_vpn")["properties"]["ipConfigurations"]
    answer["properties"]["subnets"][0]["properties"]["ipConfigurations"] = [
        {"id": each["id"]} for each in configurations
    ]
    return answer


def test_a_subnet_that_is_kept_for_a_gateway_is_none():
    assert virtual_network_from(body("network/vnet_get_gatewaysubnet")).gateways == ()
    assert virtual_network_from(body("network/vnet_get_2025_05_01")).gateways == ()


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_a_network_tells_the_gateway_in_its_subnet(change):
    answer = with_gateway()
    (subnet,) = answer["properties"]["subnets"]
    subnet["name"] = change(subnet["name"])
    subnet["properties"]["ipConfigurations"] = [
        {"id": change(each["id"])} for each in subnet["properties"]["ipConfigurations"] * 2
    ]
    (gateway,) = virtual_network_from(answer).gateways
    assert gateway == change(body("network/vnet_gateway_get_vpn")["id"])


def test_a_subnet_for_a_route_server_has_one():
    answer = body("network/vnet_get_gatewaysubnet")
    (subnet,) = answer["properties"]["subnets"]
    subnet["name"] = "RouteServerSubnet"
    assert virtual_network_from(answer).gateways == (subnet["id"],)


@pytest.mark.parametrize(("configurations", "reason"), [("text", "malformed"), ([{}], "malformed"), ([7], "malformed")])
def test_what_is_in_the_subnet_of_a_gateway_may_not_be_readable(configurations, reason):
    answer = with_gateway()
    answer["properties"]["subnets"][0]["properties"]["ipConfigurations"] = configurations
    network = virtual_network_from(answer)
    assert network.gateways.reason == reason
    assert network.prefixes == ("11.0.0.0/16",)
    del answer["properties"]["subnets"]
    assert virtual_network_from(answer).gateways.reason == "not-shown"


def test_a_peering_tells_that_it_uses_the_gateway_of_the_other_network():
    peering = peering_from(body("network/peering_get_use_remote_gateways"))
    assert (peering.uses_remote_gateways, peering.allows_access) == (True, False)


def test_a_network_tells_its_side_of_a_peering():
    (peering,) = virtual_network_from(body("network/vnet_get_with_peerings")).peerings
    assert (peering.name, peering.state) == ("asotest-vgateway-welibk", "Initiated")
    assert peering.remote_network_id.endswith("/virtualNetworks/asotest-vn-houphb")
    assert (peering.allows_access, peering.allows_forwarded, peering.uses_remote_gateways) == (True, False, False)
    assert peering.remote_prefixes == ("10.1.0.0/16",)


@pytest.mark.parametrize(
    ("name", "state"), [("peering_get_initiated", "Initiated"), ("peerings_list_connected", "Connected")]
)
def test_a_peering_that_is_asked_for_by_itself_reads_alike(name, state):
    answer = body(f"network/{name}")
    peering = peering_from(answer["value"][0] if "value" in answer else answer)
    assert (peering.name, peering.state, peering.allows_access) == ("peering2", state, False)


def test_what_a_peering_does_not_show_is_not_a_default():
    answer = body("network/peering_get_initiated")
    for name in ("peeringState", "allowVirtualNetworkAccess", "allowForwardedTraffic", "useRemoteGateways"):
        del answer["properties"][name]
    peering = peering_from(answer)
    facts = (peering.state, peering.allows_access, peering.allows_forwarded, peering.uses_remote_gateways)
    assert [fact.reason for fact in facts] == ["not-shown"] * 4


@pytest.mark.parametrize("member", ["addressSpace", "virtualNetworkPeerings"])
def test_a_network_that_is_not_shown_whole_is_unreadable(member):
    answer = body("network/vnet_get_with_peerings")
    del answer["properties"][member]
    assert why(virtual_network_from, answer) == "not-shown"


def test_a_network_whose_peering_hides_its_addresses_is_unreadable():
    answer = body("network/vnet_get_with_peerings")
    del answer["properties"]["virtualNetworkPeerings"][0]["properties"]["remoteAddressSpace"]
    assert why(virtual_network_from, answer) == "not-shown"


@pytest.mark.parametrize(
    "properties",
    [
        {"addressSpace": {"addressPrefixes": "10.0.0.0/8"}},
        {"addressSpace": {"addressPrefixes": [5]}},
        {"addressSpace": []},
        {"virtualNetworkPeerings": ["x"]},
        {"dhcpOptions": "x"},
        {"dhcpOptions": {"dnsServers": "1.2.3.4"}},
    ],
)
def test_a_network_of_another_form_is_malformed(properties):
    answer = body("network/vnet_get_2025_05_01")
    answer["properties"] |= properties
    assert why(virtual_network_from, answer) == "malformed"


def test_a_subnet_that_cannot_be_read_hides_no_other():
    answer = body("network/vnet_get_custom_dns")
    answer["properties"]["subnets"].append({"id": "/OTHER", "properties": {}})
    found = subnets_from(answer)
    assert [isinstance(subnet, Unreadable) for subnet in found.values()] == [False, True]
    assert found["/other"].reason == "not-shown"


# --- subnets ---


def test_a_bare_subnet_has_nothing_attached():
    subnet = subnet_from(body("network/subnet_get_2025_05_01"))
    assert subnet.prefixes == ("10.1.0.0/24",)
    attached = (subnet.security_group_id, subnet.route_table_id, subnet.nat_gateway_id)
    assert attached == (None, None, None)
    assert (subnet.service_endpoints, subnet.endpoint_policy_ids) == ((), ())
    assert (subnet.endpoint_network_policies, subnet.private) == ("Disabled", False)


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("subnet_get_service_endpoint_acr", "service_endpoints", ("microsoft.containerregistry",)),
        ("subnet_get_service_endpoint_policies", "service_endpoints", ("microsoft.storage",)),
        (
            "subnet_get_service_endpoint_policies",
            "endpoint_policy_ids",
            (
                f"{ZEROS}/network_service_endpoint_scenario_test000001/providers/Microsoft.Network"
                "/serviceEndpointPolicies/policy1",
            ),
        ),
        (
            "subnet_get_with_nsg",
            "security_group_id",
            f"{ZEROS}/cli_subnet_set_test000001/providers/Microsoft.Network/networkSecurityGroups/test-vnet-nsg",
        ),
        (
            "subnet_get_with_natgateway",
            "nat_gateway_id",
            f"{ZEROS}/cli_subnet_detach_nat_gateway_000001/providers/Microsoft.Network/natGateways/test-nat",
        ),
        ("subnet_get_natgateway_detached", "nat_gateway_id", None),
        ("subnet_get_with_private_endpoint", "endpoint_network_policies", "Disabled"),
    ],
)
def test_a_subnet_shows_what_is_attached(name, field, expected):
    assert getattr(subnet_from(body(f"network/{name}")), field) == expected


def test_a_subnets_route_table_and_several_ranges():
    answer = body("network/subnet_get_2025_05_01")
    del answer["properties"]["addressPrefix"]
    answer["properties"] |= {
        "addressPrefixes": ["10.1.0.0/24", "fd00::/64"],
        "routeTable": {"id": "/rt"},
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "RouteTableEnabled",
    }
    subnet = subnet_from(answer)
    assert (subnet.prefixes, subnet.route_table_id) == (("10.1.0.0/24", "fd00::/64"), "/rt")
    assert (subnet.private, subnet.endpoint_network_policies) == (True, "RouteTableEnabled")


def test_policies_for_endpoints_that_are_not_shown_are_not_off():
    answer = body("network/subnet_get_2025_05_01")
    del answer["properties"]["privateEndpointNetworkPolicies"]
    assert subnet_from(answer).endpoint_network_policies.reason == "not-shown"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({}, "not-shown"),
        ({"id": "x", "properties": {}}, "not-shown"),
        ({"id": "x", "properties": []}, "malformed"),
        ({"id": "x", "properties": {"addressPrefix": "10.0.0.0/8", "serviceEndpoints": ["x"]}}, "malformed"),
        ({"id": "x", "properties": {"addressPrefix": "10.0.0.0/8", "natGateway": "x"}}, "malformed"),
        ({"id": "x", "properties": {"addressPrefix": 5}}, "malformed"),
    ],
)
def test_a_subnet_of_another_form_is_unreadable(answer, reason):
    assert why(subnet_from, answer) == reason


# --- security groups ---


def test_a_security_group_has_its_own_and_azures_rules():
    group = security_group_from(body("network/nsg_get_custom_rules"))
    web, *defaults = group.rules
    assert (web.name, web.priority, web.direction, web.access, web.protocol) == ("web", 1000, "Inbound", "Allow", "*")
    assert (web.sources, web.source_ports) == (("789",), ("*",))
    assert (web.destinations, web.destination_ports) == (("1234",), ("4444",))
    assert [rule.name for rule in defaults] == [
        "AllowVnetInBound",
        "AllowAzureLoadBalancerInBound",
        "DenyAllInBound",
        "AllowVnetOutBound",
        "AllowInternetOutBound",
        "DenyAllOutBound",
    ]
    assert len(security_group_from(body("network/nsg_get_2025_05_01")).rules) == 6


def test_a_rule_may_name_several_or_groups():
    answer = body("network/nsg_get_custom_rules")
    rule = answer["properties"]["securityRules"][0]["properties"]
    rule |= {"destinationAddressPrefix": "", "destinationAddressPrefixes": ["10.0.0.0/8", "Storage"]}
    rule |= {"destinationPortRanges": ["443", "80-90"], "sourceApplicationSecurityGroups": [{"id": "/asg"}]}
    del rule["sourceAddressPrefix"], rule["destinationPortRange"]
    found = security_group_from(answer).rules[0]
    assert (found.destinations, found.destination_ports) == (("10.0.0.0/8", "Storage"), ("443", "80-90"))
    assert (found.sources, found.source_groups) == ((), ("/asg",))


@pytest.mark.parametrize(
    "member", ["sourceAddressPrefix", "destinationAddressPrefix", "sourcePortRange", "access", "priority", "protocol"]
)
def test_a_rule_that_is_not_shown_whole_makes_the_group_unreadable(member):
    answer = body("network/nsg_get_custom_rules")
    del answer["properties"]["securityRules"][0]["properties"][member]
    assert why(security_group_from, answer) == "not-shown"


@pytest.mark.parametrize("member", ["securityRules", "defaultSecurityRules"])
def test_a_group_without_a_list_of_rules_is_unreadable(member):
    answer = body("network/nsg_get_custom_rules")
    del answer["properties"][member]
    assert why(security_group_from, answer) == "not-shown"


# --- route tables ---


def test_route_tables_with_and_without_routes():
    table = route_table_from(body("network/routetable_get_with_routes"))
    assert table.routes == (UserRoute("my-route", "10.0.5.0/24", "None"),)
    assert table.gateway_routes is False
    empty = route_table_from(body("network/routetable_get_empty_2025_05_01"))
    assert (empty.routes, empty.gateway_routes) == ((), True)


def test_routes_to_appliances_have_an_address():
    _, table = map(route_table_from, body("network/routetables_list_with_subnets")["value"])
    assert table.routes[0] == UserRoute("k8s-master-c02b7042-0", "10.244.1.0/24", "VirtualAppliance", "10.240.255.5")


def test_an_appliance_without_an_address_is_not_shown():
    answer = body("network/routetables_list_with_subnets")["value"][1]
    del answer["properties"]["routes"][0]["properties"]["nextHopIpAddress"]
    assert why(route_table_from, answer) == "not-shown"


def test_whether_gateway_routes_hold_may_not_be_shown():
    answer = body("network/routetable_get_with_routes")
    del answer["properties"]["disableBgpRoutePropagation"]
    assert route_table_from(answer).gateway_routes.reason == "not-shown"


# --- service endpoint policies ---


def policy(*definitions):
    """A policy; member names as in the official example ServiceEndpointPolicyGet."""
    return {
        "id": PATH,
        "properties": {
            "serviceEndpointPolicyDefinitions": [
                {"name": f"d{number}", "properties": {"service": "Microsoft.Storage", "serviceResources": list(each)}}
                for number, each in enumerate(definitions)
            ]
        },
    }


def test_a_policy_allows_what_any_definition_names():
    found = endpoint_policy_from(policy(["/subscriptions/a", "/services/Azure"], ["/subscriptions/a"]))
    assert found.service_resources == ("/subscriptions/a", "/services/Azure")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [({"id": PATH, "properties": {}}, "not-shown"), (policy([5]), "malformed"), ({"id": PATH}, "not-shown")],
)
def test_a_policy_of_another_form_is_unreadable(answer, reason):
    assert why(endpoint_policy_from, answer) == reason
