"""Connected groups: who is joined with whom, and what is said where that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import ConnectedGroup, Managed, NetworkManager, Unreadable
from azext_acrpulldiag.path.hops import BROKEN, OK, UNKNOWN
from azext_acrpulldiag.path.routing.connected import joined_by_group, may_be_in_a_group
from azext_acrpulldiag.path.routing.follow import carried
from azext_acrpulldiag.path.routing.peering import DISCONNECTED, MISSING
from tests import build

from ..worlds import (
    ADDRESS,
    FORBIDDEN,
    HUB_ID,
    NODES_ID,
    PLACE,
    PREFIXES,
    PRIVATE,
    RESOURCES,
    SHARED_ID,
    peered,
    routed,
    side,
    through,
    with_sides,
)

CONFIGURATION = f"{RESOURCES}/networkManagers/avnm/connectivityConfigurations/mesh"
GROUP = f"{RESOURCES}/networkManagers/avnm/networkGroups/spokes"
MESH = ConnectedGroup(CONFIGURATION, GROUP, "Mesh", "None", (), True, False)
SPOKES = replace(MESH, topology="HubAndSpoke", connectivity="DirectlyConnected", hubs=(HUB_ID,))
AS_HUB = replace(SPOKES, has_network=False)
MANAGER = NetworkManager("/manager", ("Connectivity",), (build.SUBSCRIPTION,), False)
NOT_SHOWN = Unreadable("not-shown", "no")
SOMEWHERE = {key: replace(each, location="West Europe") for key, each in peered().items()}


def managed(groups, managers=None, networks=None, regions=None, routes=()):
    """The three networks, unpeered, in these groups; ``regions`` are those that are not West Europe."""
    networks = {
        key: replace(each, location=(regions or {}).get(each.id, "westeurope"))
        for key, each in (networks or peered()).items()
    }
    held = {network_id.lower(): each for network_id, each in groups.items()}
    return routed(*routes, networks=networks, managed=Managed(groups=held, managers=managers))


def joined(near, far, **changes):
    return joined_by_group(managed({NODES_ID: near, SHARED_ID: far}, **changes), NODES_ID, SHARED_ID)


def hops(network):
    return list(carried(build.registry(), network, PLACE, PRIVATE))


@pytest.mark.parametrize("group", [MESH, SPOKES])
def test_members_of_one_group_are_joined(group):
    assert joined((group,), (replace(group, group_id=GROUP.upper()),)) == group


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ((), (MESH,)),
        ((MESH,), ()),
        ((MESH,), (replace(MESH, group_id=f"{GROUP}2"),)),
        ((MESH,), (replace(MESH, configuration_id=f"{CONFIGURATION}2"),)),
        ((MESH,), (replace(MESH, has_network=False),)),
        ((replace(SPOKES, connectivity="None"),), (replace(SPOKES, connectivity="None"),)),
    ],
)
def test_others_are_not(near, far):
    assert joined(near, far) is None


def test_a_hub_is_in_the_group_of_its_spokes():
    for near, far in ((NODES_ID, HUB_ID), (HUB_ID, NODES_ID)):
        network = managed({NODES_ID: (SPOKES,), HUB_ID: (AS_HUB,)})
        assert joined_by_group(network, near, far) == SPOKES
    apart = managed({NODES_ID: (replace(SPOKES, connectivity="None"),), HUB_ID: (AS_HUB,)})
    assert joined_by_group(apart, NODES_ID, HUB_ID) is None


def test_a_hub_that_may_not_be_read_is_joined_by_what_its_spoke_shows():
    assert joined_by_group(managed({NODES_ID: (SPOKES,), HUB_ID: FORBIDDEN}), NODES_ID, HUB_ID) == SPOKES


def test_only_a_global_mesh_spans_regions():
    elsewhere = {SHARED_ID: "northeurope"}
    assert joined((MESH,), (MESH,), regions=elsewhere) is None
    assert joined((MESH,), (MESH,), regions={NODES_ID: "West Europe"}) == MESH
    wide = replace(MESH, spans_regions=True)
    assert joined((wide,), (wide,), regions=elsewhere) == wide


@pytest.mark.parametrize(
    ("group", "regions"),
    [
        (replace(MESH, topology=NOT_SHOWN), {}),
        (replace(SPOKES, connectivity=NOT_SHOWN), {}),
        (replace(MESH, spans_regions=NOT_SHOWN), {SHARED_ID: "northeurope"}),
        (MESH, {SHARED_ID: NOT_SHOWN}),
    ],
)
def test_what_is_not_shown_of_a_group_leaves_it_open(group, regions):
    assert joined((group,), (group,), regions=regions) == NOT_SHOWN


def test_what_may_not_be_read_is_nothing_where_no_manager_is_in_sight():
    assert joined(FORBIDDEN, (MESH,)) == FORBIDDEN
    assert joined((MESH,), FORBIDDEN, managers=(MANAGER,)) == FORBIDDEN
    assert joined(FORBIDDEN, FORBIDDEN, managers=()) is None
    assert joined((), FORBIDDEN, managers=(MANAGER,)) is None
    other = replace(MANAGER, features=("SecurityAdmin",))
    assert joined(FORBIDDEN, FORBIDDEN, managers=(other,)) is None


# --- on the way ------------------------------------------------------------------------


def test_the_hop_names_configuration_group_and_manager():
    hop, route = hops(managed({NODES_ID: (MESH,), SHARED_ID: (MESH,)}))
    assert (hop.kind, hop.state, hop.resource_id) == ("connected-group", OK, GROUP)
    assert hop.why == (
        "Virtual networks aks-vnet-14326078 and vnet-shared are joined without a peering: connectivity configuration "
        "mesh of Virtual Network Manager avnm connects network group spokes."
    )
    assert (route.kind, route.state) == ("route", OK)


def test_a_group_stands_in_for_a_broken_peering_and_a_sound_one_needs_none():
    broken = with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"), side(SHARED_ID, NODES_ID))
    groups = {NODES_ID: (MESH,), SHARED_ID: (MESH,)}
    assert [hop.kind for hop in hops(managed(groups, networks=broken))] == ["connected-group", "route"]
    sound = peered((NODES_ID, SHARED_ID))
    assert [hop.kind for hop in hops(managed(groups, networks=sound))] == ["peering", "route"]


def test_a_group_that_may_join_makes_a_broken_peering_a_suspicion():
    broken = with_sides(side(NODES_ID, SHARED_ID, state="Disconnected"), side(SHARED_ID, NODES_ID))
    hop, _ = hops(managed({NODES_ID: FORBIDDEN, SHARED_ID: (MESH,)}, (MANAGER,), broken))
    assert (hop.state, hop.outcome, hop.suspected) == (UNKNOWN, None, DISCONNECTED)
    assert hop.unread.permission == FORBIDDEN.permission
    assert "unless a Virtual Network Manager joins the networks" in hop.why
    hop, _ = hops(managed({NODES_ID: FORBIDDEN, SHARED_ID: FORBIDDEN}, (), broken))
    assert (hop.state, hop.outcome) == (BROKEN, DISCONNECTED)


def test_a_missing_peering_is_a_suspicion_too():
    (hop,) = hops(managed({NODES_ID: FORBIDDEN, SHARED_ID: FORBIDDEN}, (MANAGER,)))
    assert (hop.kind, hop.state, hop.suspected) == ("peering", UNKNOWN, MISSING)
    assert len(hop.details) == 2
    (hop,) = hops(managed({NODES_ID: (), SHARED_ID: ()}))
    assert (hop.state, hop.outcome) == (BROKEN, MISSING)


def test_an_address_of_both_networks_is_no_way():
    networks = with_sides()
    networks[NODES_ID.lower()] = replace(networks[NODES_ID.lower()], prefixes=(PREFIXES[NODES_ID], "10.50.0.0/24"))
    (hop,) = hops(managed({NODES_ID: (MESH,), SHARED_ID: (MESH,)}, networks=networks))
    assert (hop.state, hop.suspected) == (UNKNOWN, MISSING)
    assert f"{ADDRESS} is an address of both" in hop.why


def test_an_appliance_forwards_into_a_network_that_its_own_is_in_a_group_with():
    networks = peered((NODES_ID, HUB_ID))
    groups = {NODES_ID: (), HUB_ID: (MESH,), SHARED_ID: (MESH,)}
    found = hops(managed(groups, networks=networks, routes=(through(prefix="10.50.0.0/16"),)))
    assert [(hop.kind, hop.state) for hop in found] == [
        ("route", OK),
        ("peering", OK),
        ("firewall", UNKNOWN),
        ("connected-group", OK),
    ]


def test_an_appliance_in_no_network_that_is_seen_may_be_in_a_group():
    routes = (through("10.77.0.4", "10.50.0.0/16"),)
    nobody = {f"{NODES_ID} 10.77.0.4".lower(): None}
    for held, state in (((MESH,), UNKNOWN), ((), BROKEN)):
        network = replace(managed({NODES_ID: held, SHARED_ID: ()}, routes=routes), firewalls=nobody)
        assert next(hop.state for hop in hops(network)) == state


def test_who_may_be_in_a_group():
    def why(groups, **changes):
        return may_be_in_a_group(managed({NODES_ID: groups}, **changes), NODES_ID)

    assert why(()) is None
    assert why((AS_HUB,)) is None
    assert "spokes" in why((MESH,)).detail
    assert why(FORBIDDEN) == FORBIDDEN
    assert why(FORBIDDEN, managers=()) is None
