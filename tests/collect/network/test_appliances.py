"""What lies behind addresses, and where private endpoints sit, read from the simulated cloud."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.once import Once
from azext_acrpulldiag.collect.network.appliances import near_networks, read_endpoint_side, read_hubs, read_rules
from azext_acrpulldiag.collect.network.topology import read_named_networks, read_node_side
from azext_acrpulldiag.facts import EndpointAddress, Peering, PrivateEndpoint, Unreadable, VirtualNetwork
from tests import build
from tests.azure import resources as make
from tests.azure.resources import VNET_ID
from tests.build import SUBNET_ID, cluster, scale_set
from tests.collect.simulated import simulated_session
from tests.recordings import body

SUBSCRIPTION = f"/subscriptions/{build.SUBSCRIPTION}"
HUB_GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
HUB = f"{HUB_GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-hub"
DATA = f"{HUB_GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-data"
ENDPOINT_SUBNET = f"{DATA}/subnets/endpoints"
FIREWALLS = f"{SUBSCRIPTION}/providers/Microsoft.Network/azureFirewalls"
FIREWALL_KEY = f"{VNET_ID} 10.100.0.4".lower()


@pytest.fixture
def chart(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads everything that is known of the network."""

    def read(endpoints=()):
        with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
            read.meter = session.meter
            once = Once(ArmReader(session))
            found = cluster()
            side = read_node_side(once, found, (scale_set(),), read_named_networks(once, found))
            return read_endpoint_side(once, read_rules(once, read_hubs(once, side.network)), endpoints)

    return read


def endpoint(address="10.60.0.4", subnet_id=ENDPOINT_SUBNET):
    addresses = (EndpointAddress(address, "registry", ("contosoreg.azurecr.io",)),)
    return PrivateEndpoint("/connection", "/endpoint", "Approved", subnet_id, addresses)


@pytest.fixture
def data(cloud):
    """A network with a subnet for endpoints, peered with the nodes'."""
    cloud.ensure_group("rg-hub")
    cloud.resources.add(make.virtual_network(DATA, "10.60.0.0/16"))
    cloud.resources.add(make.subnet(ENDPOINT_SUBNET, "10.60.0.0/24"))
    cloud.peer(VNET_ID, DATA)


def hub(cloud, **options):
    cloud.route_through_firewall(["20.103.55.1"], **options)


def asked(cloud):
    return [entry.path for entry in cloud.log]


def named_route(cloud, prefix, next_hop="10.100.0.4"):
    """Let the only route of the nodes' subnet be for ``prefix``."""
    table = cloud.route("VirtualAppliance", next_hop)
    cloud.resources[table]["properties"]["routes"][0]["properties"]["addressPrefix"] = prefix


# --- routes ---


def test_behind_a_default_route_the_firewall_and_its_network_are_read(chart, cloud):
    hub(cloud)
    tunnel = cloud.route("Internet", subnet_id=f"{HUB}/subnets/AzureFirewallSubnet")
    network = chart()
    assert network.firewalls[FIREWALL_KEY].id.endswith("/azureFirewalls/fw-hub")
    (peering,) = network.networks[HUB.lower()].peerings
    assert (peering.remote_network_id, peering.state) == (VNET_ID, "Connected")
    assert network.route_tables[tunnel.lower()].routes[0].next_hop == "Internet"
    # networks; route table; hub and firewalls; the hub's route table
    assert (chart.meter.requests, chart.meter.longest_chain) == (5, 4)


@pytest.mark.parametrize(
    "prefix", ["AzureContainerRegistry", "AzureContainerRegistry.westeurope", "Storage", "0.0.0.0/1"]
)
def test_routes_that_may_carry_a_pull_are_followed(chart, cloud, prefix):
    hub(cloud)
    named_route(cloud, prefix)
    assert FIREWALL_KEY in chart().firewalls


@pytest.mark.parametrize("prefix", ["10.0.0.0/8", "192.168.0.0/16", "Sql", "20.1.2.3/32"])
def test_routes_elsewhere_are_not(chart, cloud, prefix):
    hub(cloud)
    named_route(cloud, prefix)
    network = chart()
    assert (network.firewalls, set(network.networks)) == ({}, {VNET_ID.lower()})
    assert chart.meter.requests == 2


def test_a_hub_that_may_not_be_read_costs_nothing_else(chart, cloud):
    hub(cloud)
    cloud.forbid(HUB)
    network = chart()
    assert network.networks[HUB.lower()].reason == "forbidden"
    assert network.subnets[f"{HUB}/subnets/AzureFirewallSubnet".lower()].reason == "forbidden"
    assert network.firewalls[FIREWALL_KEY].public_ip_ids
    assert set(network.subnets) == {SUBNET_ID.lower(), f"{HUB}/subnets/AzureFirewallSubnet".lower()}


def test_firewalls_that_may_not_be_read_name_the_right(chart, cloud):
    hub(cloud)
    cloud.forbid("Microsoft.Network/azureFirewalls/read")
    network = chart()
    why = network.firewalls[FIREWALL_KEY]
    assert (why.reason, why.permission) == ("forbidden", f"Microsoft.Network/azureFirewalls/read at {HUB_GROUP}")
    assert network.networks[HUB.lower()].prefixes == ("10.100.0.0/16",)


def test_without_the_nodes_network_nobody_knows_who_answers(chart, cloud):
    hub(cloud)
    cloud.forbid("Microsoft.Network/virtualNetworks/read")
    network = chart()
    assert network.firewalls[FIREWALL_KEY].reason == "forbidden"
    assert FIREWALLS not in asked(cloud)


# --- DNS ---


@pytest.mark.parametrize(
    ("servers", "known"),
    [
        (["10.100.0.4"], True),
        (["10.100.7.7", "10.100.7.8"], True),
        (["168.63.129.16"], False),
        (["192.168.1.1"], False),
        (["8.8.8.8"], False),
        (["no address"], False),
    ],
)
def test_the_network_of_a_dns_server_is_read(chart, cloud, servers, known):
    hub(cloud)
    named_route(cloud, "10.0.0.0/8")
    cloud.resources[VNET_ID]["properties"]["dhcpOptions"] = {"dnsServers": servers}
    network = chart()
    assert network.networks[VNET_ID.lower()].dns_servers == tuple(servers)
    assert (HUB.lower() in network.networks) is known
    assert (FIREWALLS in asked(cloud)) is known


def test_what_is_attached_to_the_subnet_of_a_dns_server_is_not(chart, cloud):
    hub(cloud)
    named_route(cloud, "10.0.0.0/8")
    table = cloud.route("Internet", subnet_id=f"{HUB}/subnets/AzureFirewallSubnet")
    cloud.resources[VNET_ID]["properties"]["dhcpOptions"] = {"dnsServers": ["10.100.0.9"]}
    assert table.lower() not in chart().route_tables


def test_the_network_of_a_virtual_hub_is_not_asked_for(chart, cloud):
    cloud.route("VirtualAppliance", "10.100.0.4")
    theirs = HUB.replace("vnet-hub", "HV_hub1_8e1c")
    cloud.resources.add(make.peering(VNET_ID, "to-hub", theirs, "10.100.0.0/16"))
    network = chart()
    assert network.firewalls[FIREWALL_KEY].reason == "not-shown"
    assert set(network.networks) == {VNET_ID.lower()}
    assert not [path for path in asked(cloud) if "HV_" in path]


# --- private endpoints ---


def test_the_network_of_an_endpoint_is_read_with_its_side_of_the_peering(chart, cloud, data):
    network = chart((endpoint(),))
    assert [one.remote_network_id for one in network.networks[DATA.lower()].peerings] == [VNET_ID]
    assert network.subnets[ENDPOINT_SUBNET.lower()].prefixes == ("10.60.0.0/24",)
    assert (chart.meter.requests, chart.meter.longest_chain) == (2, 2)


def test_an_endpoint_beside_the_nodes_costs_nothing(chart, cloud):
    network = chart((endpoint("10.224.0.9", SUBNET_ID),))
    assert set(network.networks) == {VNET_ID.lower()}
    assert chart.meter.requests == 1


@pytest.mark.parametrize(
    ("policies", "read"),
    [("Disabled", False), ("Enabled", True), ("NetworkSecurityGroupEnabled", True), (None, True)],
)
def test_the_filter_of_an_endpoints_subnet_is_read_where_it_may_hold(chart, cloud, data, policies, read):
    group_id = f"{HUB_GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    cloud.resources.add(body("network/nsg_get_custom_rules") | {"id": group_id, "name": "nsg"})
    properties = cloud.resources[ENDPOINT_SUBNET]["properties"]
    properties |= {"networkSecurityGroup": {"id": group_id}, "privateEndpointNetworkPolicies": policies}
    assert (group_id.lower() in chart((endpoint(),)).security_groups) is read


@pytest.mark.parametrize(
    ("prefix", "followed"), [("10.60.0.0/16", True), ("10.60.0.4/32", True), ("10.61.0.0/16", False)]
)
def test_a_route_for_an_endpoint_is_followed(chart, cloud, data, prefix, followed):
    hub(cloud)
    cloud.peer(HUB, DATA)
    named_route(cloud, prefix)
    network = chart((endpoint(),))
    assert (FIREWALL_KEY in network.firewalls) is followed
    assert (HUB.lower() in network.networks) is followed
    assert chart.meter.requests == (5 if followed else 3)


def test_what_one_step_asked_for_the_next_does_not(chart, cloud, data):
    hub(cloud)
    network = chart((endpoint("10.100.0.9", f"{HUB}/subnets/AzureFirewallSubnet"),))
    assert set(network.networks) == {VNET_ID.lower(), HUB.lower()}
    assert len(asked(cloud)) == len(set(asked(cloud))) == 4


@pytest.mark.parametrize("subnet_id", [None, Unreadable("forbidden", "no")])
def test_an_endpoint_whose_place_is_not_known_leads_nowhere(chart, cloud, subnet_id):
    assert chart((endpoint(subnet_id=subnet_id),)).subnets.keys() == {SUBNET_ID.lower()}


def test_five_hundred_peered_networks_are_not_read(chart, cloud):
    for number in range(500):
        network_id = f"{VNET_ID}-{number}"
        cloud.resources.add(make.virtual_network(network_id, f"10.{number % 200}.{number // 200}.0/24"))
        cloud.peer(VNET_ID, network_id)
    network = chart()
    assert len(network.networks[VNET_ID.lower()].peerings) == 500
    assert chart.meter.requests == 1


def test_zones_are_expected_beside_the_networks_near_the_nodes():
    def elsewhere(number):
        return f"/subscriptions/{number:08d}-0000-0000-0000-000000000000/resourceGroups/r/providers/n/v/w"

    peerings = tuple(
        Peering(f"{VNET_ID}/p/{number}", "p", elsewhere(number), "Connected", True, True, False, ())
        for number in (1, 1, *range(2, 500))
    )
    near = VirtualNetwork(VNET_ID, ("10.224.0.0/12",), (), peerings)
    found = near_networks(build.network(networks={VNET_ID.lower(): near}))
    assert found[0] == VNET_ID.lower()
    assert set(found[1:]) == {elsewhere(number).lower() for number in range(1, 9)}
