from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.routes import peerings_join_nodes_and_endpoint as peerings
from azext_acrpulldiag.checks.network.routes import routes_lead_to_the_registry as routes
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Managed, NodePlace, ZoneSearch
from azext_acrpulldiag.model import Confidence, Status
from tests import build
from tests.path.worlds import (
    ADDRESS,
    APPLIANCE,
    FORBIDDEN,
    HUB_ID,
    NODES_ID,
    PRIVATE,
    SHARED_ID,
    TABLE_ID,
    peered,
    routed,
    side,
    through,
    user,
    with_sides,
)

DROPS = "network.route-drops-registry"
MISSING, DISCONNECTED = "network.peering-missing", "network.peering-disconnected"


def judged(check, network, **changes):
    return evaluate(check, build.healthy_facts(network=network, **changes))


def one(check, network, **changes):
    (finding,) = judged(check, network, **changes)
    return finding


def commands(finding):
    return [each.command for each in finding.remedies if each.command]


@pytest.fixture
def private(monkeypatch):
    """The registry's names lead to a private endpoint, and layers come from one too."""
    monkeypatch.setattr("azext_acrpulldiag.path.walk.resolved", lambda *_: ((), PRIVATE))
    monkeypatch.setattr("azext_acrpulldiag.path.walk.layers_host", lambda _: None)


# --- routes ------------------------------------------------------------------------------------


def test_routes_that_lead_there_pass():
    assert one(routes, build.network()).status is Status.PASS


@pytest.mark.parametrize("check", [routes, peerings])
def test_without_a_network_to_judge(check):
    assert one(check, None).status is Status.SKIPPED


@pytest.mark.parametrize("check", [routes, peerings])
def test_what_was_not_read(check):
    assert one(check, FORBIDDEN).status is Status.UNKNOWN
    assert one(check, build.network(), registry=FORBIDDEN).status is (Status.UNKNOWN)


def test_a_name_that_leads_nowhere_known_has_no_route(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.path.walk.resolved", lambda *_: ((), None))
    monkeypatch.setattr("azext_acrpulldiag.path.walk.layers_host", lambda _: None)
    assert one(routes, build.network()).status is Status.SKIPPED


def test_a_route_that_drops():
    finding = one(routes, routed(user("0.0.0.0/0", name="black hole")))
    assert (finding.status, finding.outcome, finding.confidence) == (Status.FAIL, DROPS, Confidence.INFERRED)
    assert finding.resource == f"{TABLE_ID}/routes/black hole"
    assert finding.evidence["hosts"] == ["contosoreg.azurecr.io", "*.blob.core.windows.net"]
    assert [each["kind"] for each in finding.evidence["path"] if each["state"] == "broken"] == ["route"]
    added = [shlex.split(each) for each in commands(finding)]
    assert [each[:5] for each in added] == [["az", "network", "route-table", "route", "create"]] * 2
    assert [each[each.index("--address-prefix") + 1] for each in added] == ["AzureContainerRegistry", "Storage"]


def test_a_route_for_the_registry_alone_gets_the_next_hop_of_the_system_route():
    (command,) = commands(one(routes, routed(user("AzureContainerRegistry", name="black hole"))))
    assert shlex.split(command)[:5] == ["az", "network", "route-table", "route", "update"]
    assert "black hole" in shlex.split(command)
    assert command.endswith("--next-hop-type Internet")


def test_a_route_to_nowhere_is_led_to_the_firewall_that_is_there():
    from tests.path.routing.test_follow import STAR, firewall

    network = routed(through("10.66.0.4"), networks=STAR, firewalls={"10.66.0.4": None, APPLIANCE: firewall()})
    finding = one(routes, network)
    assert finding.evidence["next_hop_address"] == "10.66.0.4"
    assert [shlex.split(each)[4] for each in commands(finding)] == ["update", "create", "create"]
    assert commands(finding)[0].endswith(f"--next-hop-ip-address {APPLIANCE}")


def test_a_route_that_is_not_certain_is_unknown():
    assert one(routes, routed(user("0.0.0.0/0", "VirtualNetworkGateway"))).status is Status.UNKNOWN


def test_pools_in_another_subnet_have_their_own_finding():
    other = f"{build.SUBNET_ID}2"
    network = routed(user("0.0.0.0/0"))
    network = replace(
        network,
        places=(*network.places, NodePlace(("pool2",), other)),
        subnets={**network.subnets, other.lower(): build.subnet(other, "10.225.0.0/16")},
    )
    assert [each.evidence["pools"] for each in judged(routes, network)] == [["pool1"]]


@pytest.mark.parametrize("check", [routes, peerings])
def test_behind_a_broken_name_the_way_is_unknown_where_the_endpoint_could_not_be_read(check):
    unread = build.private_endpoint(addresses=FORBIDDEN)
    without = build.private_zone(records=dict.fromkeys(build.private_zone().records))
    network = build.private_link_network(endpoints=(unread,), zones=ZoneSearch((without,), (build.SUBSCRIPTION,)))
    facts = build.private_link_facts(registry=build.private_registry(), network=network)
    (finding,) = evaluate(check, facts)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, FORBIDDEN.permission)
    lost = replace(without, links=FORBIDDEN)
    facts = replace(facts, network=replace(network, zones=ZoneSearch((lost,), (build.SUBSCRIPTION,))))
    (finding,) = evaluate(check, facts)
    assert finding.status is Status.SKIPPED, "network.private-dns is unknown for the whole way"


# --- peerings ----------------------------------------------------------------------------------


def test_the_public_side_crosses_no_peering():
    assert one(peerings, build.network()).status is Status.SKIPPED


@pytest.mark.usefixtures("private")
def test_networks_that_are_peered_pass():
    assert one(peerings, routed(networks=peered((NODES_ID, SHARED_ID)))).status is Status.PASS


@pytest.mark.usefixtures("private")
def test_networks_that_are_not_peered():
    finding = one(peerings, routed())
    assert (finding.status, finding.outcome) == (Status.FAIL, MISSING)
    assert finding.evidence["addresses"] == [ADDRESS]
    near, far = (shlex.split(each) for each in commands(finding))
    assert near[near.index("--vnet-name") + 1] == NODES_ID.rpartition("/")[2]
    assert near[near.index("--remote-vnet") + 1] == SHARED_ID
    assert far[far.index("--vnet-name") + 1] == "vnet-shared"
    assert far[far.index("--remote-vnet") + 1] == NODES_ID
    assert far[far.index("--resource-group") + 1] == "rg-net"


@pytest.mark.usefixtures("private")
def test_the_hub_that_a_route_leads_to_is_told():
    plain, by_hub = (
        one(peerings, network)
        for network in (routed(), routed(through(), networks=peered((NODES_ID, HUB_ID)), firewalls={APPLIANCE: None}))
    )
    assert len(plain.remedies) == 2
    assert "vnet-hub" in by_hub.remedies[2].description


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("sides", "repairs"),
    [
        ((side(NODES_ID, SHARED_ID, state="Disconnected"),), ["update", "create"]),
        ((side(NODES_ID, SHARED_ID, state="Initiated"),), ["create"]),
        ((side(SHARED_ID, NODES_ID, state="Initiated"),), ["create"]),
        (
            (side(NODES_ID, SHARED_ID, state="Disconnected"), side(SHARED_ID, NODES_ID, state="Initiated")),
            ["update", "update"],
        ),
        ((side(NODES_ID, SHARED_ID, allows_access=False), side(SHARED_ID, NODES_ID)), ["update"]),
        ((side(NODES_ID, SHARED_ID, remote_prefixes=("10.51.0.0/16",)), side(SHARED_ID, NODES_ID)), ["sync"]),
        ((side(NODES_ID, SHARED_ID), side(SHARED_ID, NODES_ID, allows_access=False)), ["update"]),
    ],
)
def test_each_fault_of_a_peering_has_its_repair(sides, repairs):
    finding = one(peerings, routed(networks=with_sides(*sides)))
    assert finding.outcome == DISCONNECTED
    assert [shlex.split(each)[4] for each in commands(finding)] == repairs
    assert len(finding.remedies) == len(repairs)


@pytest.mark.usefixtures("private")
def test_what_joins_networks_unseen_is_unknown():
    gateways = with_sides(
        side(NODES_ID, HUB_ID, uses_remote_gateways=True), side(SHARED_ID, HUB_ID, uses_remote_gateways=True)
    )
    assert one(peerings, routed(networks=gateways)).status is Status.UNKNOWN


TIMEOUT = 'failed to do request: Head "https://contosoreg.azurecr.io/v2/": dial tcp 10.50.0.4:443: i/o timeout'
GATEWAYS = {
    key: replace(each, gateways=(f"{each.id}/../virtualNetworkGateways/vpn",)) for key, each in peered().items()
}


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    "pods",
    [
        build.kubernetes(),
        build.kubernetes(build.failing()),
        build.kubernetes(build.failing(TIMEOUT), nodes=(build.node(pool="batch"),)),
        build.kubernetes(build.failing(TIMEOUT), pulled=(build.pulled(),)),
        FORBIDDEN,
        build.kubernetes(failing=FORBIDDEN),
    ],
)
def test_gateways_on_both_sides_leave_it_open(pods):
    finding = one(peerings, routed(networks=GATEWAYS), kubernetes=pods)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)
    assert "virtual network gateway vpn of network vnet-shared" in finding.reason


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("nodes", [(build.node(),), ()])
def test_pods_that_time_out_show_that_gateways_do_not_join_the_networks(nodes):
    pods = build.kubernetes(build.failing(TIMEOUT), nodes=nodes)
    finding = one(peerings, routed(networks=GATEWAYS), kubernetes=pods)
    assert (finding.outcome, finding.status, finding.confidence) == (MISSING, Status.FAIL, Confidence.INFERRED)
    assert "could not be read" in finding.summary and finding.evidence["unread"] in finding.summary
    assert len(commands(finding)) == 2


@pytest.mark.usefixtures("private")
def test_pods_that_time_out_tell_nothing_of_a_virtual_wan():
    hub = f"{HUB_ID}/../HV_hub-we_3f0a2b4c"
    joined = with_sides(side(NODES_ID, hub), side(SHARED_ID, hub))
    pods = build.kubernetes(build.failing(TIMEOUT))
    assert one(peerings, routed(networks=joined), kubernetes=pods).status is Status.UNKNOWN


@pytest.mark.usefixtures("private")
def test_without_gateways_nothing_is_left_open():
    finding = one(peerings, routed())
    assert finding.evidence["unread"] is None and finding.summary.endswith("where the endpoint is.")


@pytest.mark.usefixtures("private")
def test_two_faults_are_told_in_the_order_of_the_way():
    broken = with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"))
    network = routed(user(f"{ADDRESS}/32"), networks=broken)
    (peering,), (route,) = judged(peerings, network), judged(routes, network)
    assert (peering.outcome, route.outcome) == (DISCONNECTED, DROPS)
    assert peering.hop < route.hop


# --- networks that a Virtual Network Manager may join -------------------------------------------


def apart(*managers, groups=None, **changes):
    """Networks that are not peered; the groups that they are in may not be read unless they are given."""
    held = {NODES_ID.lower(): FORBIDDEN, SHARED_ID.lower(): FORBIDDEN} if groups is None else groups
    return routed(managed=Managed(groups=held, managers=managers), **changes)


@pytest.mark.usefixtures("private")
def test_a_connected_group_passes():
    held = {each.lower(): (build.mesh(),) for each in (NODES_ID, SHARED_ID)}
    assert one(peerings, apart(groups=held)).status is Status.PASS


@pytest.mark.usefixtures("private")
def test_a_missing_peering_is_an_error_with_a_caveat_where_no_manager_is_in_sight():
    finding = one(peerings, apart())
    assert (finding.outcome, finding.confidence) == (MISSING, Confidence.INFERRED)
    assert finding.summary.endswith(
        " Whether a Virtual Network Manager joins the networks without it could not be read, and none that could is "
        "seen in any subscription of this login."
    )
    read = one(peerings, apart(groups={NODES_ID.lower(): (), SHARED_ID.lower(): ()}))
    assert read.outcome == MISSING
    assert "Virtual Network Manager" not in read.summary


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("networks", "outcome"),
    [
        (None, MISSING),
        (with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"), side(SHARED_ID, NODES_ID)), DISCONNECTED),
    ],
)
def test_and_unknown_where_one_is_until_pods_time_out(networks, outcome):
    network = apart(build.network_manager(), networks=networks)
    assert one(peerings, network).permission == FORBIDDEN.permission
    failing = build.failing(
        'failed to do request: Head "https://contosoreg.azurecr.io/v2/": dial tcp 10.50.0.4:443: i/o timeout'
    )
    finding = one(peerings, network, kubernetes=build.kubernetes(failing))
    assert (finding.outcome, finding.confidence) == (outcome, Confidence.INFERRED)
    assert finding.summary.endswith("joins the networks without it could not be read.")
    assert commands(finding)
