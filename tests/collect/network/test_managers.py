"""When Virtual Network Managers are asked about, and what is said where they may not be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.readings import CLUSTER, HOST_MODELS, NETWORK, REGISTRY, REGISTRY_BODY
from azext_acrpulldiag.facts import PrivateEndpointConnection, Unreadable
from tests import build
from tests.azure.resources import VNET_ID
from tests.build import cluster, registry, scale_set
from tests.collect.simulated import simulated_session, underway

HERE = VNET_ID.lower()
RULES, CONFIGURATIONS = "EffectiveSecurityAdminRules", "EffectiveConnectivityConfigurations"
ACTION = "Microsoft.Network/virtualNetworks/listNetworkManager"


@pytest.fixture
def read(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads the network of a cluster and a registry that are known already."""

    def network(found=registry()):  # noqa: B008
        given = {REGISTRY_BODY: {}, REGISTRY: found, CLUSTER: cluster(), HOST_MODELS: (scale_set(),)}
        with (
            simulated_session(simulated_azure, tmp_path, monkeypatch) as session,
            underway(session, [NETWORK], given) as answers,
        ):
            return answers(NETWORK)

    return network


def asked(cloud, what):
    return [entry.path for entry in cloud.log if what in entry.path]


def endpoint_elsewhere(cloud):
    """Returns the registry, and the id of the endpoint's network."""
    there = cloud.endpoint_elsewhere()
    endpoint = next(cloud.resources.of_type("Microsoft.Network/privateEndpoints"))["id"]
    connection = PrivateEndpointConnection(f"{build.REGISTRY_ID}/c", "Approved", endpoint)
    return replace(registry(), private_endpoints=(connection,)), there


def test_a_public_registry_takes_one_request_more(read, cloud):
    found = read().managed
    assert (found.admin_rules, found.groups, found.managers) == ({HERE: ()}, {}, None)
    assert len(asked(cloud, RULES)) == 1
    assert not asked(cloud, CONFIGURATIONS)


def test_rules_come_in_pages(read, cloud):
    cloud.page_size = 2
    for number in range(5):
        cloud.admin_rule(f"rule{number}", number + 1, "Deny", "Internet")
    rules = read().managed.admin_rules[HERE]
    assert [each.rule.priority for each in rules] == [1, 2, 3, 4, 5]
    assert len(asked(cloud, RULES)) == 3


def test_networks_that_are_not_peered_are_asked_for_their_groups(read, cloud):
    found, there = endpoint_elsewhere(cloud)
    cloud.connect(VNET_ID, there)
    groups = read(found).managed.groups
    assert {key: [each.has_network for each in held] for key, held in groups.items()} == {
        HERE: [True],
        there.lower(): [True],
    }


@pytest.mark.parametrize(("state", "count"), [("Connected", 0), ("Disconnected", 2)])
def test_a_sound_peering_leaves_nothing_to_ask(read, cloud, state, count):
    found, there = endpoint_elsewhere(cloud)
    cloud.peer(VNET_ID, there, state)
    assert len(read(found).managed.groups) == count
    assert len(asked(cloud, CONFIGURATIONS)) == count


def test_a_connected_side_is_enough_where_the_other_may_not_be_read(read, cloud):
    found, there = endpoint_elsewhere(cloud)
    cloud.peer(VNET_ID, there)
    cloud.forbid(there)
    assert not read(found).managed.groups


def test_the_network_of_an_appliance_is_asked_for_its_groups(read, cloud):
    found, _ = endpoint_elsewhere(cloud)
    cloud.route_through_firewall()
    cloud.add_route("endpoints", "10.50.0.0/16", "VirtualAppliance", "10.100.0.4")
    groups = read(found).managed.groups
    assert {key.rpartition("/")[2] for key in groups} == {HERE.rpartition("/")[2], "vnet-hub", "vnet-shared"}


def test_an_appliance_that_is_in_no_network_may_be_in_a_group(read, cloud):
    cloud.route("VirtualAppliance", "10.99.0.4")
    assert set(read().managed.groups) == {HERE}


def test_managers_are_looked_for_where_something_may_not_be_read(read, cloud):
    cloud.network_manager()
    cloud.forbid(f"{ACTION}{RULES}/read")
    found = read().managed
    assert found.admin_rules[HERE].permission == f"{ACTION}{RULES}/read"
    assert [each.id.rpartition("/")[2] for each in found.managers] == ["avnm-corp"]


def test_none_is_found_where_none_is_seen(read, cloud):
    cloud.forbid(f"{ACTION}{RULES}/read")
    assert read().managed.managers == ()


def test_that_none_can_be_looked_for_is_said(read, cloud):
    cloud.forbid(f"{ACTION}{RULES}/read")
    cloud.fault("ResourceGraph", "403")
    assert isinstance(read().managed.managers, Unreadable)


def test_a_manager_of_another_form_is_not_known(read, cloud):
    cloud.resources[cloud.network_manager()].pop("properties")
    cloud.forbid(f"{ACTION}{RULES}/read")
    (found,) = read().managed.managers
    assert isinstance(found.subscriptions, Unreadable)
