"""The readings of the network as one: what waits for what, and what stands where a part is not read."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.readings import CLUSTER, HOST_MODELS, NETWORK, OUTBOUND, REGISTRY, REGISTRY_BODY
from azext_acrpulldiag.collect.sources import MISSING
from azext_acrpulldiag.facts import NetworkRules, PrivateEndpointConnection, Unreadable
from tests import build
from tests.azure.faults import Fault
from tests.azure.resources import OUTBOUND_IP, VNET_ID
from tests.build import SUBNET_ID, cluster, registry, scale_set
from tests.collect.simulated import simulated_session, underway

FIREWALL_KEY = f"{VNET_ID} 10.100.0.4".lower()
WHY = Unreadable("forbidden", "no")
WALLED = registry(network_rules=NetworkRules("Deny", (OUTBOUND_IP,), ()))


@pytest.fixture
def read(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads (network, outbound) of a cluster and a registry that are known already."""

    def both(found=WALLED, hosts=(scale_set(),), aks=cluster(), seconds=20.0):  # noqa: B008
        given = {REGISTRY_BODY: {}, REGISTRY: found, CLUSTER: aks, HOST_MODELS: hosts}
        with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
            both.meter = session.meter
            with underway(session, [NETWORK, OUTBOUND], given) as answers:
                return answers(NETWORK), answers(OUTBOUND)

    return both


def connected(cloud):
    """The registry with a private endpoint, whose zone is linked to the nodes' network."""
    endpoint_id, zone_id = cloud.private_link()
    connection = PrivateEndpointConnection(f"{build.REGISTRY_ID}/c", "Approved", endpoint_id)
    return replace(WALLED, private_endpoints=(connection,)), endpoint_id, zone_id


def test_a_public_pair_costs_its_networks_and_its_address(read, cloud):
    network, outbound = read()
    assert (network.endpoints, network.zones, network.firewalls) == ((), None, {})
    assert outbound.cluster == (OUTBOUND_IP,)
    # the nodes' network, its security admin rules, its address, the regions of the registry
    assert (read.meter.requests, read.meter.longest_chain) == (4, 2)


def test_addresses_are_not_read_for_an_open_registry(read, cloud):
    network, outbound = read(registry())
    assert (network.endpoints, outbound) == ((), None)
    assert network.replications == ()
    assert read.meter.requests == 3


def test_endpoints_and_zones_are_read_beside_the_nodes(read, cloud):
    found, endpoint_id, zone_id = connected(cloud)
    network, _ = read(found)
    assert [(each.id, each.zone_ids) for each in network.endpoints] == [(endpoint_id, (zone_id,))]
    assert [zone.id for zone in network.zones.zones] == [zone_id]
    assert network.subnets[f"{VNET_ID}/subnets/endpoints".lower()].prefixes
    assert read.meter.longest_chain == 3


def test_the_rules_of_a_firewall_do_not_hold_up_its_addresses(read, cloud):
    firewall_id = cloud.route_through_firewall([OUTBOUND_IP])
    cloud.firewall_policy("child", base_id=cloud.firewall_policy("parent"), firewall_id=firewall_id)
    network, outbound = read()
    assert network.firewalls[FIREWALL_KEY].collections == ()
    assert list(outbound.firewalls.values()) == [(OUTBOUND_IP,)]
    # networks, admin rules; route table; hub and firewalls; policy; its parent; beside them the regions
    assert read.meter.longest_chain == 5
    lines = [entry.request.line for entry in cloud.log]
    assert len(lines) == len(set(lines)) == 12


@pytest.mark.parametrize("kind", ["403", "500", "timeout"])
def test_a_policy_that_cannot_be_read_costs_the_rules_only(read, cloud, kind):
    firewall_id = cloud.route_through_firewall([OUTBOUND_IP])
    cloud.firewall_policy("child", firewall_id=firewall_id)
    cloud.faults.active.append(Fault("/firewallPolicies/", kind))
    network, outbound = read(seconds=6.0 if kind == "timeout" else 20.0)
    assert isinstance(network.firewalls[FIREWALL_KEY].collections, Unreadable)
    assert network.firewalls[FIREWALL_KEY].id == firewall_id
    assert list(outbound.firewalls.values()) == [(OUTBOUND_IP,)]


def test_what_a_virtual_hub_announces_is_kept(read, cloud):
    firewall_id = cloud.virtual_hub()
    network, _ = read()
    routing = network.hubs[VNET_ID.lower()]
    assert (routing.internet, routing.firewall.id) == (firewall_id, firewall_id)


def test_what_a_virtual_hub_announces_is_not_taken_for_nothing(read, cloud, monkeypatch):
    def refuse(*_):
        raise ReadError(WHY)

    cloud.virtual_hub()
    monkeypatch.setattr("azext_acrpulldiag.collect.network.sources.read_hub_routing", refuse)
    network, _ = read()
    assert network.hubs == {VNET_ID.lower(): WHY}


@pytest.mark.parametrize(
    ("hanging", "lost"),
    [
        ("/privateEndpoints/", {"endpoints", "zones"}),
        ("/privateDnsZones", {"zones"}),
        ("/azureFirewalls", {"firewalls"}),
    ],
)
def test_what_does_not_answer_in_time_costs_nothing_else(read, cloud, hanging, lost):
    cloud.route_through_firewall([OUTBOUND_IP])
    found, *_ = connected(cloud)
    cloud.faults.active.append(Fault(hanging, "timeout"))
    network, outbound = read(found, seconds=6.0)
    assert SUBNET_ID.lower() in network.subnets
    # a request may end just before the run does, and then tells so itself
    unread = {
        "endpoints": isinstance(network.endpoints, Unreadable)
        or any(isinstance(each.subnet_id, Unreadable) for each in network.endpoints),
        "zones": isinstance(network.zones, Unreadable) or network.zones.unread is not None,
        "firewalls": isinstance(network.firewalls.get(FIREWALL_KEY, WHY), Unreadable),
    }
    assert {part for part, missing in unread.items() if missing} == lost
    assert (isinstance(outbound, Unreadable) or outbound.firewalls == {}) is ("firewalls" in lost)


def test_a_registry_that_was_not_read_leaves_the_nodes_side(read, cloud):
    network, outbound = read(WHY)
    assert (network.endpoints, network.zones, outbound) == (WHY, WHY, WHY)
    assert [place.pools for place in network.places] == [("pool1",)]


def test_a_cluster_that_was_not_read_leaves_nothing(read, cloud):
    assert read(hosts=WHY, aks=WHY) == (WHY, WHY)
    gone, _ = read(hosts=WHY, aks=MISSING)
    assert gone.reason == "not-found"


def test_hosts_that_were_not_read_leave_the_pools_of_the_cluster(read, cloud):
    network, _ = read(hosts=WHY)
    (place,) = network.places
    assert (place.subnet_id, place.interface_group_ids) == (SUBNET_ID, WHY)
