from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.network.routing import (
    peering_made,
    peering_removed,
    peering_synced,
    peering_updated,
    route_led,
)
from azext_acrpulldiag.facts import EndpointAddress, Unreadable, ZoneSearch
from azext_acrpulldiag.repairs import UntoldError
from tests import build
from tests.path.worlds import (
    APPLIANCE,
    HUB_ID,
    NODES_ID,
    SHARED_ID,
    SHARED_SUBNET,
    peered,
    routed,
    side,
    user,
    with_sides,
)

from ..trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
MISSING, BROKEN, DROPS = "network.peering-missing", "network.peering-disconnected", "network.route-drops-registry"
HERE, THERE = (NODES_ID, SHARED_ID), (SHARED_ID, NODES_ID)
VALUES = {
    "near_network": NODES_ID,
    "far_network": SHARED_ID,
    "near_to_far": "nodes-to-shared",
    "far_to_near": "shared-to-nodes",
    "forwarded": "false",
}


def joined(networks):
    """A registry whose private endpoint is in another network than the nodes."""
    addresses = (
        EndpointAddress("10.50.0.5", "registry_data_westeurope", (build.DATA_HOST,)),
        EndpointAddress("10.50.0.4", "registry", ("contosoreg.azurecr.io",)),
    )
    records = {"contosoreg": ("10.50.0.4",), "contosoreg.westeurope.data": ("10.50.0.5",)}
    way = build.private_link_network(
        networks=networks,
        subnets={
            build.SUBNET_ID.lower(): build.subnet(),
            SHARED_SUBNET.lower(): build.subnet(SHARED_SUBNET, "10.50.0.0/24"),
        },
        endpoints=(build.private_endpoint(subnet_id=SHARED_SUBNET, addresses=addresses),),
        zones=ZoneSearch((build.private_zone(records=records),), (build.SUBSCRIPTION,)),
    )
    return build.private_link_facts(network=way)


def states(facts):
    networks = facts.network.networks
    return [each.state for one in (NODES_ID, SHARED_ID) for each in networks[one.lower()].peerings]


# --- peerings ----------------------------------------------------------------------------


def test_networks_that_are_not_peered_are_on_both_sides():
    assert leads_to(joined(peered()), MISSING) == HEALTHY


@pytest.mark.parametrize(
    "sides",
    [
        (side(*HERE, state="Initiated"),),
        (side(*THERE, state="Initiated"),),
        (side(*HERE, state="Disconnected"),),
        (side(*THERE, state="Disconnected"),),
        (side(*HERE, state="Disconnected"), side(*THERE, state="Disconnected")),
        (side(*HERE, state="Disconnected"), side(*THERE, state="Initiated")),
        (side(*HERE, allows_access=False), side(*THERE)),
        (side(*HERE), side(*THERE, allows_access=False)),
        (side(*HERE, remote_prefixes=("10.51.0.0/16",)), side(*THERE)),
        (side(*HERE), side(*THERE, remote_prefixes=("10.8.0.0/16",))),
    ],
    ids=[
        "near begun",
        "far begun",
        "near left",
        "far left",
        "both left",
        "left and begun",
        "near shut",
        "far shut",
        "near outdated",
        "far outdated",
    ],
)
def test_a_peering_that_does_not_work_is_mended(sides):
    assert leads_to(joined(with_sides(*sides)), BROKEN) == HEALTHY


def test_one_side_alone_is_initiated():
    half = peering_made("near", "near_to_far")(VALUES, joined(peered()))
    assert states(half) == ["Initiated"]
    assert states(peering_made("far", "far_to_near")(VALUES, half)) == ["Connected", "Connected"]


def test_a_peering_whose_side_is_removed_is_disconnected():
    facts = joined(peered(HERE))
    assert states(peering_removed("far")(VALUES, facts)) == ["Disconnected"]


def test_a_side_that_was_not_read_leaves_it_open():
    unread = {**peered(), SHARED_ID.lower(): UNREAD}
    with pytest.raises(UntoldError):
        peering_made("near", "near_to_far")(VALUES, joined(unread))
    left = {**with_sides(side(*HERE, state="Disconnected")), SHARED_ID.lower(): UNREAD}
    with pytest.raises(UntoldError):
        peering_updated("near")(VALUES, joined(left))
    with pytest.raises(UntoldError):
        peering_synced("near")(VALUES, joined({**peered(HERE), SHARED_ID.lower(): UNREAD}))


def test_networks_that_were_not_read_stay_unread():
    neither = {NODES_ID.lower(): UNREAD, SHARED_ID.lower(): UNREAD, HUB_ID.lower(): UNREAD}
    for effect in (peering_made("far", "far_to_near"), peering_updated("near"), peering_removed("far")):
        facts = joined(neither)
        assert effect(VALUES, facts) == facts


# --- routes ------------------------------------------------------------------------------


def test_a_wide_route_that_drops_is_passed_by_routes_for_service_tags():
    assert leads_to(build.healthy_facts(network=routed(user("0.0.0.0/0"))), DROPS) == HEALTHY


def test_a_route_for_the_registry_alone_goes_to_the_internet():
    tags = routed(user("AzureContainerRegistry"))
    assert leads_to(build.healthy_facts(network=tags), DROPS) == HEALTHY


def test_a_route_to_nobody_is_led_to_the_firewall():
    found = build.appliance_facts(build.firewall(build.allowing("*"))).network
    (table,) = found.route_tables.values()
    astray = replace(table, routes=(user("0.0.0.0/0", "VirtualAppliance", "10.77.0.4"),))
    nowhere = {f"{NODES_ID} 10.77.0.4".lower(): None, **found.firewalls}
    way = replace(found, route_tables={table.id.lower(): astray}, firewalls=nowhere)
    facts = build.healthy_facts(network=way)
    assert leads_to(facts, DROPS) == HEALTHY
    strict = {key: build.firewall(build.allowing("mcr.microsoft.com")) for key in found.firewalls}
    shut = replace(facts, network=replace(way, firewalls={**nowhere, **strict}))
    assert leads_to(shut, DROPS) == ("broken", ("network.firewall-blocks-registry",))


def test_a_route_for_the_endpoint_is_removed_by_hand():
    facts = joined(peered(HERE))
    dropping = routed(user("10.50.0.4/32"), networks=facts.network.networks)
    way = replace(facts.network, subnets=dropping.subnets, route_tables=dropping.route_tables)
    assert not_told(replace(facts, network=way), DROPS) is not None


def test_a_table_that_was_not_read_stays_unread():
    way = routed(user("0.0.0.0/0"))
    (key,) = way.route_tables
    facts = build.healthy_facts(network=replace(way, route_tables={key: UNREAD}))
    values = {"route_table": key, "route": "default", "appliance": APPLIANCE}
    assert route_led("VirtualAppliance", "appliance")(values, facts) == facts
