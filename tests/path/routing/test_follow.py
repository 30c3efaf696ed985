from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.details import evidence_of
from azext_acrpulldiag.facts import Firewall, FirewallRule, NodePlace, RuleCollection
from azext_acrpulldiag.path.hops import BROKEN, OK, UNKNOWN, Destination
from azext_acrpulldiag.path.routing.follow import carried
from tests import build

from ..worlds import (
    ADDRESS,
    APPLIANCE,
    ENDPOINT,
    FORBIDDEN,
    HUB_ID,
    LAYERS,
    LOGIN,
    NODES_ID,
    PRIVATE,
    RESOURCES,
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
FIREWALL_BLOCKS = "network.firewall-blocks-registry"
HV_ID = f"{RESOURCES}/virtualNetworks/HV_hub1_4f6c"
DIRECT = peered((NODES_ID, SHARED_ID))
STAR = peered((NODES_ID, HUB_ID), (HUB_ID, SHARED_ID))


def firewall(allows: bool = True) -> Firewall:
    everything = FirewallRule("all", ("*",), (), ("*",), (), (), (), ("TCP",), ("443",))
    collections = (RuleCollection("net", "network", True, (everything,)),) if allows else ()
    return Firewall(f"{RESOURCES}/azureFirewalls/fw", (APPLIANCE,), HUB_ID, None, (), None, collections)


def hops(network, destination=LOGIN):
    return list(carried(build.registry(), network, network.places[0], destination))


def shown(hop):
    """What the hop carries for a finding."""
    return evidence_of(hop.details)


def told(network, destination=LOGIN):
    return [(hop.kind, hop.state, hop.outcome) for hop in hops(network, destination)]


ROUTE_OK, PEERING_OK, FIREWALL_OK = (("route", OK, None), ("peering", OK, None), ("firewall", OK, None))


# --- to the public side ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "network",
    [
        build.network(),
        routed(user("10.0.0.0/8")),
        routed(user("0.0.0.0/0", "Internet")),
        routed(user("0.0.0.0/0"), user("AzureContainerRegistry", "Internet")),
        routed(user("0.0.0.0/0"), service_endpoints=("microsoft.containerregistry",)),
        routed(user("203.0.113.0/24", "VirtualNetworkGateway")),  # somebody's own range
        routed(user("203.0.113.0/24")),
    ],
)
def test_the_way_out_is_open(network):
    assert told(network) == [ROUTE_OK]


@pytest.mark.parametrize("destination", [LOGIN, LAYERS])
def test_a_default_route_that_drops(destination):
    (hop,) = hops(routed(user("0.0.0.0/0", name="blackhole")), destination)
    assert (hop.state, hop.outcome, hop.resource_id) == (BROKEN, DROPS, f"{TABLE_ID}/routes/blackhole")
    assert shown(hop)["next_hop"] == "None"
    assert shown(hop)["table_name"] == "rt-nodes"
    assert shown(hop)["resource_group"] == "rg-net"


def test_a_tag_that_drops():
    network = routed(user("AzureContainerRegistry"))
    assert told(network) == [("route", BROKEN, DROPS)]
    assert told(network, LAYERS) == [ROUTE_OK]


def test_a_range_that_may_save_it():
    assert told(routed(user("0.0.0.0/0"), user("20.61.0.0/16", "Internet", name="acr"))) == [("route", UNKNOWN, None)]


def test_a_wide_range_that_may_drop_it():
    assert told(routed(user("20.0.0.0/8"))) == [("route", UNKNOWN, None)]


def test_a_gateway_leads_on_premises():
    (hop,) = hops(routed(user("0.0.0.0/0", "VirtualNetworkGateway")))
    assert (hop.state, hop.unread is not None and hop.unread.reason) == (UNKNOWN, "unsupported")


def test_routes_of_a_gateway_are_not_shown_and_the_way_is_told_with_that():
    learning = with_sides(side(NODES_ID, HUB_ID, uses_remote_gateways=True), side(HUB_ID, NODES_ID))
    (hop,) = hops(routed(networks=learning))
    assert hop.state == OK and "gateway" in hop.why
    (hop,) = hops(routed(user("10.9.0.0/16"), networks=learning, gateway_routes=False))
    assert hop.state == OK and "gateway" not in hop.why


# --- by an appliance ---------------------------------------------------------------------------


def test_a_firewall_that_lets_it_through():
    network = routed(through(), networks=STAR, firewalls={APPLIANCE: firewall()})
    assert told(network) == [ROUTE_OK, PEERING_OK, FIREWALL_OK]


def test_a_firewall_that_does_not():
    network = routed(through(), networks=STAR, firewalls={APPLIANCE: firewall(False)})
    assert told(network)[-1] == ("firewall", BROKEN, FIREWALL_BLOCKS)
    # a route for the firewall's own public address says nothing of the registry
    network = routed(through(), user("20.1.2.3/32", "Internet"), networks=STAR, firewalls={APPLIANCE: firewall(False)})
    assert told(network)[-1] == ("firewall", BROKEN, FIREWALL_BLOCKS)


def test_an_appliance_of_someone_else():
    network = routed(through(), networks=STAR, firewalls={APPLIANCE: None})
    assert [(kind, state) for kind, state, _ in told(network)] == [
        ("route", OK),
        ("peering", OK),
        ("appliance", UNKNOWN),
    ]
    narrow = routed(through(), user("20.61.0.0/16", "Internet"), networks=STAR, firewalls={APPLIANCE: None})
    assert told(narrow) == told(network)


def test_an_appliance_that_is_in_no_network():
    network = routed(through("10.66.0.4"), networks=STAR, firewalls={"10.66.0.4": None, APPLIANCE: firewall()})
    (hop,) = hops(network)
    assert (hop.state, hop.outcome) == (BROKEN, DROPS)
    assert shown(hop)["next_hop_address"] == "10.66.0.4"
    assert shown(hop)["appliance"] == APPLIANCE


def test_an_appliance_without_an_address_is_not_known():
    assert told(routed(user("0.0.0.0/0", "VirtualAppliance"))) == [("route", UNKNOWN, None)]


def test_what_answers_there_was_not_read():
    assert told(routed(through("10.66.0.4"), networks=STAR)) == [("route", UNKNOWN, None)]
    assert told(routed(through(), networks=STAR)) == [ROUTE_OK, PEERING_OK, ("firewall", UNKNOWN, None)]
    unread = routed(through(), networks=STAR, firewalls={APPLIANCE: FORBIDDEN})
    assert hops(unread)[-1].unread == FORBIDDEN


def test_the_peering_with_the_hub_is_cut():
    cut = with_sides(side(NODES_ID, HUB_ID, state="Disconnected"))
    network = routed(through(), networks=cut, firewalls={APPLIANCE: firewall()})
    assert told(network) == [ROUTE_OK, ("peering", BROKEN, DISCONNECTED), FIREWALL_OK]


def test_a_hub_that_nobody_may_read_is_no_doubt_where_this_side_is_connected():
    networks = {**STAR, HUB_ID.lower(): FORBIDDEN}
    network = routed(through(), networks=networks, firewalls={APPLIANCE: firewall()})
    assert told(network) == [ROUTE_OK, PEERING_OK, FIREWALL_OK]


# --- to an endpoint, directly ------------------------------------------------------------------


def test_an_endpoint_in_the_nodes_network():
    here = replace(PRIVATE, addresses=("10.225.0.4",), endpoint=replace(ENDPOINT, subnet_id=build.SUBNET_ID))
    assert told(routed(user("0.0.0.0/0"), networks=peered()), here) == [ROUTE_OK]
    assert told(routed(user("10.225.0.4/32")), here) == [("route", BROKEN, DROPS)]
    assert told(routed(user("10.225.0.4", "Internet")), here) == [("route", BROKEN, DROPS)]


def test_an_endpoint_in_a_peered_network():
    assert told(routed(networks=DIRECT), PRIVATE) == [PEERING_OK, ROUTE_OK]
    # the endpoint's own route is the longest
    assert told(routed(user("0.0.0.0/0"), networks=DIRECT), PRIVATE) == [PEERING_OK, ROUTE_OK]
    assert told(routed(user("10.50.0.0/16"), networks=DIRECT), PRIVATE) == [PEERING_OK, ROUTE_OK]


@pytest.mark.parametrize(
    ("policies", "last"),
    [
        ("Enabled", ("route", BROKEN, DROPS)),
        ("RouteTableEnabled", ("route", BROKEN, DROPS)),
        ("NetworkSecurityGroupEnabled", ROUTE_OK),
        ("Disabled", ROUTE_OK),
        (FORBIDDEN, ("route", UNKNOWN, None)),
    ],
)
def test_where_the_subnet_lets_routes_apply(policies, last):
    network = routed(user("10.50.0.0/16"), networks=DIRECT, policies=policies)
    assert told(network, PRIVATE) == [PEERING_OK, last]


@pytest.mark.parametrize("kind", ["near", "far"])
@pytest.mark.parametrize(
    "change", [{"state": "Disconnected"}, {"state": "Initiated"}, {"allows_access": False}, {"state": "connecting"}]
)
def test_a_side_of_the_peering_is_broken(kind, change):
    near, far = side(NODES_ID, SHARED_ID), side(SHARED_ID, NODES_ID)
    near, far = (replace(near, **change), far) if kind == "near" else (near, replace(far, **change))
    hop = hops(routed(networks=with_sides(near, far)), PRIVATE)[0]
    assert (hop.state, hop.outcome) == (BROKEN, DISCONNECTED)
    assert hop.resource_id == (near if kind == "near" else far).id
    opened = shown(hop)[f"open_{kind}"]
    assert (opened is not None) == ("allows_access" in change)
    renewed = shown(hop)[f"renew_{kind}"]
    assert (renewed is not None) == ("state" in change)
    assert shown(hop)["create_near"] is None


def test_one_side_alone_waits_for_the_other():
    (hop, _) = hops(routed(networks=with_sides(side(SHARED_ID, NODES_ID, state="Initiated"))), PRIVATE)
    assert (hop.state, hop.outcome) == (BROKEN, DISCONNECTED)
    assert (shown(hop)["near_state"], shown(hop)["far_state"]) == ("missing", "Initiated")
    assert (
        shown(hop)["create_near"],
        shown(hop)["create_far"],
        shown(hop)["renew_far"],
    ) == (
        "aks-vnet-14326078-to-vnet-shared",
        None,
        None,
    )


def test_the_side_that_was_left_by_a_deletion_is_updated_and_the_other_created():
    (hop, _) = hops(routed(networks=with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"))), PRIVATE)
    assert (shown(hop)["renew_near"], shown(hop)["renew_far"], shown(hop)["remove_far"]) == (
        "to-vnet-shared",
        None,
        None,
    )
    assert (shown(hop)["create_near"], shown(hop)["create_far"]) == (None, "vnet-shared-to-aks-vnet-14326078")


def test_of_two_disconnected_sides_one_has_to_go_first():
    near, far = (side(*ids, state="Disconnected") for ids in ((NODES_ID, SHARED_ID), (SHARED_ID, NODES_ID)))
    (hop, _) = hops(routed(networks=with_sides(near, far)), PRIVATE)
    assert (shown(hop)["remove_far"], shown(hop)["renew_near"], shown(hop)["create_far"]) == (
        far.name,
        near.name,
        far.name,
    )
    assert (shown(hop)["create_near"], shown(hop)["renew_far"]) == (None, None)


@pytest.mark.parametrize(
    ("near", "far", "synced"),
    [
        (("10.51.0.0/16",), ("10.224.0.0/12",), ["sync_near"]),
        (("10.50.0.0/16",), ("10.8.0.0/16",), ["sync_far"]),
        (("10.51.0.0/16",), ("10.8.0.0/16",), ["sync_near", "sync_far"]),
        ((), (), []),  # not shown
        (("10.50.0.0/24",), ("10.224.0.0/16",), []),
    ],
)
def test_a_range_that_a_peering_has_not_taken_over(near, far, synced):
    sides = (side(NODES_ID, SHARED_ID, remote_prefixes=near), side(SHARED_ID, NODES_ID, remote_prefixes=far))
    hop = hops(routed(networks=with_sides(*sides)), PRIVATE)[0]
    assert hop.state == (BROKEN if synced else OK)
    assert [key for key in ("sync_near", "sync_far") if shown(hop).get(key)] == synced
    assert shown(hop).get("renew_near") is None


def test_behind_a_broken_peering_the_route_is_judged_too():
    broken = with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"))
    assert told(routed(user(f"{ADDRESS}/32"), networks=broken), PRIVATE) == [
        ("peering", BROKEN, DISCONNECTED),
        ("route", BROKEN, DROPS),
    ]


def test_a_side_that_was_not_read():
    networks = {**DIRECT, SHARED_ID.lower(): FORBIDDEN}
    assert [(hop.kind, hop.state, hop.unread) for hop in hops(routed(networks=networks), PRIVATE)] == [
        ("peering", UNKNOWN, FORBIDDEN),
        ("route", OK, None),
    ]
    # what this side shows is judged all the same
    cut = {**with_sides(side(NODES_ID, SHARED_ID, state="Disconnected")), SHARED_ID.lower(): FORBIDDEN}
    assert told(routed(networks=cut), PRIVATE)[0] == ("peering", BROKEN, DISCONNECTED)
    hidden = with_sides(side(NODES_ID, SHARED_ID, state=FORBIDDEN), side(SHARED_ID, NODES_ID))
    assert told(routed(networks=hidden), PRIVATE)[0] == ("peering", UNKNOWN, None)


# --- to an endpoint, without a peering ---------------------------------------------------------


def test_networks_that_nothing_joins():
    (hop,) = hops(routed(), PRIVATE)
    assert (hop.kind, hop.state, hop.outcome) == ("peering", BROKEN, MISSING)
    assert shown(hop)["near_network"] == NODES_ID
    assert shown(hop)["far_network"] == SHARED_ID
    assert shown(hop)["addresses"] == [ADDRESS]
    assert shown(hop)["via"] is None


def test_a_hub_joins_nothing_by_itself():
    """Peering is not transitive."""
    assert told(routed(networks=STAR), PRIVATE) == [("peering", BROKEN, MISSING)]
    assert told(routed(user("0.0.0.0/0", "Internet"), networks=STAR), PRIVATE) == [("peering", BROKEN, MISSING)]


def test_a_route_by_the_hubs_firewall_does():
    network = routed(through(), networks=STAR, firewalls={APPLIANCE: firewall()})
    assert told(network, PRIVATE) == [ROUTE_OK, PEERING_OK, FIREWALL_OK, PEERING_OK]
    network = routed(through(), networks=STAR, firewalls={APPLIANCE: firewall(False)})
    assert ("firewall", BROKEN, FIREWALL_BLOCKS) in told(network, PRIVATE)


def test_a_hub_that_is_not_joined_with_the_endpoint():
    """The firewall, which the way will not pass once the networks are peered, is not blamed too."""
    near = peered((NODES_ID, HUB_ID))
    network = routed(through(), networks=near, firewalls={APPLIANCE: firewall(False)})
    assert told(network, PRIVATE) == [ROUTE_OK, ("peering", BROKEN, MISSING)]
    missing = hops(network, PRIVATE)[-1]
    assert (shown(missing)["near_network"], shown(missing)["via_name"]) == (
        NODES_ID,
        "vnet-hub",
    )


def test_a_hub_that_is_joined_by_another():
    """The endpoint's network is peered with a second hub, and that with the first."""
    second = f"{RESOURCES}/virtualNetworks/vnet-hub2"
    networks = with_sides(side(NODES_ID, HUB_ID), side(HUB_ID, NODES_ID), side(HUB_ID, second), side(SHARED_ID, second))
    network = routed(through(), networks=networks, firewalls={APPLIANCE: firewall()})
    assert told(network, PRIVATE)[-1] == ("peering", UNKNOWN, None)


@pytest.mark.parametrize(("forwards", "state"), [(True, OK), (False, UNKNOWN), (FORBIDDEN, UNKNOWN)])
def test_forwarded_traffic_has_to_be_let_in(forwards, state):
    networks = with_sides(
        side(NODES_ID, HUB_ID),
        side(HUB_ID, NODES_ID),
        side(HUB_ID, SHARED_ID),
        side(SHARED_ID, HUB_ID, allows_forwarded=forwards),
    )
    network = routed(through(), networks=networks, firewalls={APPLIANCE: firewall()})
    assert told(network, PRIVATE)[-1] == ("peering", state, None)


def test_a_stale_peering_beside_a_way_by_the_hub():
    """Its side was left when the network was moved behind the hub: no alarm."""
    networks = with_sides(
        side(NODES_ID, SHARED_ID, state="Disconnected"),
        side(NODES_ID, HUB_ID),
        side(HUB_ID, NODES_ID),
        side(HUB_ID, SHARED_ID),
        side(SHARED_ID, HUB_ID),
    )
    network = routed(through(), networks=networks, firewalls={APPLIANCE: firewall()})
    assert {state for _, state, _ in told(network, PRIVATE)} == {OK}


def test_a_route_to_a_gateway_leads_on_premises():
    assert told(routed(user("10.50.0.0/16", "VirtualNetworkGateway")), PRIVATE) == [("route", UNKNOWN, None)]


@pytest.mark.parametrize(
    ("near", "far", "state"),
    [
        ({"uses_remote_gateways": True}, {"uses_remote_gateways": True}, UNKNOWN),
        ({"uses_remote_gateways": True}, {}, BROKEN),
        ({}, {"uses_remote_gateways": True}, BROKEN),
        ({"uses_remote_gateways": FORBIDDEN}, {"uses_remote_gateways": True}, UNKNOWN),
    ],
)
def test_gateways_may_join_networks(near, far, state):
    networks = with_sides(side(NODES_ID, HUB_ID, **near), side(SHARED_ID, HUB_ID, **far))
    assert [hop.state for hop in hops(routed(networks=networks), PRIVATE)] == [state]
    deaf = routed(user("10.9.0.0/16"), networks=networks, gateway_routes=False)
    assert [hop.state for hop in hops(deaf, PRIVATE)] == [BROKEN]


def test_a_virtual_wan_may_join_networks():
    both = with_sides(side(NODES_ID, HV_ID), side(SHARED_ID, HV_ID))
    assert told(routed(networks=both), PRIVATE) == [("peering", UNKNOWN, None)]
    alone = with_sides(side(NODES_ID, HV_ID))
    assert told(routed(networks=alone), PRIVATE) == [("peering", BROKEN, MISSING)]
    unread = {**alone, SHARED_ID.lower(): FORBIDDEN}
    assert hops(routed(networks=unread), PRIVATE)[0].unread == FORBIDDEN


def test_an_endpoint_that_is_gone_is_where_its_address_is():
    gone = replace(PRIVATE, endpoint=replace(ENDPOINT, subnet_id=None))
    assert told(routed(networks=DIRECT), gone) == [PEERING_OK, ROUTE_OK]
    assert told(routed(), gone) == [("peering", UNKNOWN, None)]
    hidden = replace(PRIVATE, endpoint=replace(ENDPOINT, subnet_id=FORBIDDEN))
    assert hops(routed(), hidden)[0].unread == FORBIDDEN
    assert told(routed(networks=DIRECT), Destination("contosoreg.azurecr.io", (ADDRESS,))) == [PEERING_OK, ROUTE_OK]


def test_several_addresses_share_their_peering():
    two = replace(PRIVATE, addresses=(ADDRESS, "10.50.0.5"))
    assert told(routed(networks=DIRECT), two) == [PEERING_OK, ROUTE_OK, ROUTE_OK]


# --- what was not read -------------------------------------------------------------------------


@pytest.mark.parametrize("destination", [LOGIN, PRIVATE])
@pytest.mark.parametrize(
    "network",
    [
        build.network(places=(NodePlace(("pool1",), FORBIDDEN),)),
        build.network(subnets={build.SUBNET_ID.lower(): FORBIDDEN}),
        build.network(networks={NODES_ID.lower(): FORBIDDEN}),
        replace(routed(user("0.0.0.0/0")), route_tables={TABLE_ID.lower(): FORBIDDEN}),
    ],
)
def test_what_the_way_begins_with_was_not_read(network, destination):
    (hop,) = hops(network, destination)
    assert (hop.kind, hop.state, hop.unread) == ("route", UNKNOWN, FORBIDDEN)


def test_a_network_that_nobody_asked_for():
    (hop,) = hops(build.network(networks={}))
    assert hop.unread is not None and hop.unread.reason == "not-shown"
