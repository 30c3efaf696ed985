"""The networks of the nodes, read through the real pipeline from the simulated cloud."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.once import Once
from azext_acrpulldiag.collect.network.topology import read_named_networks, read_node_side
from azext_acrpulldiag.facts import Unreadable
from tests import build
from tests.azure import resources as make
from tests.azure.faults import Fault
from tests.azure.resources import VNET_ID
from tests.build import SUBNET_ID, agent_pool, cluster, scale_set
from tests.collect.simulated import simulated_session
from tests.recordings import body

NETWORK = f"{build.NODE_GROUP_ID}/providers/Microsoft.Network"
GROUP_ID = f"{NETWORK}/networkSecurityGroups/nsg"
OTHER_SUBNET = f"{VNET_ID}/subnets/batch"
OWN = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-app/providers/Microsoft.Network/virtualNetworks/own"
OWN_SUBNET = f"{OWN}/subnets/nodes"
HOSTS = (scale_set(),)


@pytest.fixture
def chart(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads the nodes' side of the network."""

    def read(hosts=HOSTS, seconds=20.0, **changes):
        with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
            read.meter = session.meter
            once = Once(ArmReader(session))
            found = cluster(**changes)
            return read_node_side(once, found, hosts, read_named_networks(once, found))

    return read


@pytest.fixture
def own(cloud):
    """A network of the user's with one subnet."""
    cloud.resources.add(make.virtual_network(OWN, "10.50.0.0/16"))
    cloud.resources.add(make.subnet(OWN_SUBNET, "10.50.1.0/24"))
    return {"agent_pools": (agent_pool(subnet_id=OWN_SUBNET),), "hosts": (scale_set(subnet_ids=(OWN_SUBNET,)),)}


def paths(cloud):
    return [entry.path for entry in cloud.log]


def group(cloud, group_id=GROUP_ID):
    answer = body("network/nsg_get_custom_rules") | {"id": group_id, "name": group_id.rpartition("/")[2]}
    return cloud.resources.add(answer)["id"]


def attach(cloud, subnet_id, **members):
    cloud.resources[subnet_id]["properties"] |= {name: {"id": each} for name, each in members.items()}


def test_the_network_that_aks_made_is_one_request(chart, cloud):
    side = chart()
    (place,) = side.network.places
    assert (place.pools, place.subnet_id, place.interface_group_ids) == (("pool1",), SUBNET_ID, ())
    assert side.network.networks[VNET_ID.lower()].prefixes == ("10.224.0.0/12",)
    assert side.network.subnets[SUBNET_ID.lower()].prefixes == ("10.224.0.0/16",)
    assert paths(cloud) == [f"{NETWORK}/virtualNetworks"]


def test_a_network_of_the_users_is_one_request(chart, cloud, own):
    side = chart(**own)
    assert side.network.subnets[OWN_SUBNET.lower()].prefixes == ("10.50.1.0/24",)
    assert paths(cloud) == [OWN]


def test_what_is_attached_is_read_at_once(chart, cloud):
    nic_group = group(cloud, f"{NETWORK}/networkSecurityGroups/nic")
    table = cloud.route("VirtualAppliance", "10.224.9.4")
    policy = f"{NETWORK}/serviceEndpointPolicies/layers"
    cloud.resources.add(
        {
            "id": policy,
            "name": "layers",
            "type": "Microsoft.Network/serviceEndpointPolicies",
            "properties": {
                "serviceEndpointPolicyDefinitions": [{"name": "d", "properties": {"serviceResources": ["/s"]}}]
            },
        }
    )
    attach(cloud, SUBNET_ID, networkSecurityGroup=group(cloud))
    cloud.resources[SUBNET_ID]["properties"]["serviceEndpointPolicies"] = [{"id": policy}]
    side = chart((scale_set(security_group_ids=(nic_group,)),))
    network = side.network
    assert [rule.name for rule in network.security_groups[GROUP_ID.lower()].rules][:1] == ["web"]
    assert set(network.security_groups) == {GROUP_ID.lower(), nic_group.lower()}
    assert [route.address for route in network.route_tables[table.lower()].routes] == ["10.224.9.4"]
    assert network.endpoint_policies[policy.lower()].service_resources == ("/s",)
    assert network.places[0].interface_group_ids == (nic_group,)
    assert (chart.meter.requests, chart.meter.longest_chain) == (5, 2)


def test_pools_are_apart_by_subnet_and_by_groups_of_their_interfaces(chart, cloud):
    group(cloud)
    cloud.subnet("batch", "10.225.0.0/16")
    hosts = (
        scale_set("a"),
        scale_set("b", subnet_ids=(SUBNET_ID.upper(),)),
        scale_set("c", security_group_ids=(GROUP_ID,)),
        scale_set("d", subnet_ids=(OTHER_SUBNET,)),
    )
    pools = tuple(agent_pool(name) for name in "abcd")
    places = chart(hosts, agent_pools=pools).network.places
    assert [(place.pools, place.subnet_id.rpartition("/")[2]) for place in places] == [
        (("a", "b"), "aks-subnet"),
        (("c",), "aks-subnet"),
        (("d",), "batch"),
    ]


def test_a_pool_without_nodes_has_no_interface(chart, cloud):
    (place,) = chart((), agent_pools=(agent_pool(count=0),)).network.places
    assert (place.subnet_id, place.interface_group_ids) == (SUBNET_ID, ())


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        ((), "not-shown"),
        (Unreadable("forbidden", "no"), "forbidden"),
        ((scale_set("", unread=Unreadable("throttled", "no")),), "throttled"),
    ],
)
def test_interfaces_that_nobody_listed_are_not_bare(chart, cloud, hosts, reason):
    (place,) = chart(hosts).network.places
    assert (place.pools, place.subnet_id, place.interface_group_ids.reason) == (("pool1",), SUBNET_ID, reason)


def test_a_network_that_may_not_be_read_hides_no_subnet(chart, cloud, own):
    cloud.forbid("Microsoft.Network/virtualNetworks/read")
    side = chart(**own)
    why = side.network.networks[OWN.lower()]
    assert (why.reason, why.permission) == ("forbidden", "Microsoft.Network/virtualNetworks/read")
    assert OWN in why.detail
    assert side.network.subnets[OWN_SUBNET.lower()].prefixes == ("10.50.1.0/24",)
    assert chart.meter.longest_chain == 2


def test_a_managed_network_that_may_not_be_read_hides_no_subnet(chart, cloud):
    cloud.forbid("Microsoft.Network/virtualNetworks/read")
    side = chart()
    assert side.network.networks[VNET_ID.lower()].reason == "forbidden"
    assert side.network.subnets[SUBNET_ID.lower()].prefixes == ("10.224.0.0/16",)


def test_neither_hosts_nor_the_managed_network_leave_the_subnet_unknown(chart, cloud):
    cloud.forbid("Microsoft.Network/virtualNetworks/read")
    network = chart(Unreadable("forbidden", "no")).network
    (place,) = network.places
    assert (place.subnet_id.reason, place.interface_group_ids.reason) == ("forbidden", "forbidden")
    assert (network.networks, network.subnets) == ({}, {})


def test_what_does_not_exist_is_none(chart, cloud, own):
    del cloud.resources[OWN_SUBNET]
    network = chart(**own).network
    assert network.subnets == {OWN_SUBNET.lower(): None}
    assert paths(cloud) == [OWN, OWN_SUBNET]
    del cloud.resources[OWN]
    network = chart(**own).network
    assert (network.networks, network.subnets) == ({OWN.lower(): None}, {OWN_SUBNET.lower(): None})


def test_an_attached_group_that_is_gone_is_none(chart, cloud):
    attach(cloud, SUBNET_ID, networkSecurityGroup=GROUP_ID)
    assert chart().network.security_groups == {GROUP_ID.lower(): None}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("403", "forbidden"), ("500", "server-error"), ("mistyped", "malformed"), ("html", "malformed")],
)
def test_one_failure_leaves_the_rest_readable(chart, cloud, kind, reason):
    table = cloud.route("VirtualAppliance", "10.224.9.4")
    attach(cloud, SUBNET_ID, networkSecurityGroup=group(cloud))
    cloud.faults.active.append(Fault("/networkSecurityGroups/", kind))
    network = chart().network
    assert network.security_groups[GROUP_ID.lower()].reason == reason
    assert network.security_groups[GROUP_ID.lower()].operation in (None, "Microsoft.Network/networkSecurityGroups/read")
    assert network.route_tables[table.lower()].routes[0].address == "10.224.9.4"


@pytest.mark.parametrize(
    ("kind", "reason"), [("500", "server-error"), ("no-properties", "not-shown"), ("nulls", "not-shown")]
)
def test_a_network_whose_answer_is_of_no_use_hides_no_subnet(chart, cloud, own, kind, reason):
    cloud.faults.active.append(Fault("/virtualNetworks/own\\?", kind))
    network = chart(**own).network
    assert network.networks[OWN.lower()].reason == reason
    assert network.subnets[OWN_SUBNET.lower()].prefixes == ("10.50.1.0/24",)


def test_neither_pools_nor_hosts_is_unreadable(chart, cloud):
    why = Unreadable("forbidden", "no")
    assert chart(why, agent_pools=Unreadable("not-shown", "x")) == why
    assert paths(cloud) == []


def test_an_unknown_node_resource_group_leaves_the_hosts_subnets(chart, cloud):
    why = Unreadable("not-shown", "x")
    side = chart(node_resource_group=why)
    assert side.network.subnets[SUBNET_ID.lower()].prefixes == ("10.224.0.0/16",)
    assert chart((), node_resource_group=why).network.places[0].subnet_id == why


def test_a_hundred_pools_in_a_hundred_subnets_are_one_request(chart, cloud):
    subnets = [cloud.subnet(f"s{number}", f"10.{number}.0.0/16") for number in range(100)]
    pools = tuple(agent_pool(f"p{number}", subnet_id=subnet) for number, subnet in enumerate(subnets))
    hosts = tuple(scale_set(pool.name, subnet_ids=(pool.subnet_id,)) for pool in pools)
    network = chart(hosts, agent_pools=pools).network
    assert len(network.places) == 100
    assert {subnet.lower() for subnet in subnets} <= set(network.subnets)
    assert chart.meter.requests == 1
