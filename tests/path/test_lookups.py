"""Looking up what was read of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.path.lookups import home_of, is_connected, is_virtual_hub
from tests.path.worlds import HUB_ID, NODES_ID, SHARED_ID, peered, side

STAR = peered((NODES_ID, HUB_ID), (NODES_ID, SHARED_ID))


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("10.100.0.4", HUB_ID),
        ("10.50.0.4", SHARED_ID),
        ("10.225.9.9", NODES_ID),
        ("10.9.0.4", None),
        ("fd00::4", None),
        ("nonsense", None),
    ],
)
def test_an_appliance_lives_where_its_address_is_reached(address, home):
    assert home_of(address, STAR[NODES_ID.lower()]) == home


def test_prefixes_of_ipv6_hold_nothing():
    here = STAR[NODES_ID.lower()]
    both = replace(here, peerings=(side(NODES_ID, HUB_ID, remote_prefixes=("fd01::/64", "10.100.0.0/16")),))
    assert home_of("10.100.0.4", both) == HUB_ID


@pytest.mark.parametrize(("name", "inside"), [("HV_hub1_8e1c", True), ("vnet-hv_1", False), ("vnet-hub", False)])
def test_the_network_of_a_virtual_hub_is_microsofts(name, inside):
    network_id = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/{name}"
    assert is_virtual_hub(network_id) is inside


@pytest.mark.parametrize(
    ("state", "connected"),
    [("Connected", True), ("connected", True), ("Initiated", False), (Unreadable("not-shown", "x"), False)],
)
def test_a_side_that_is_connected(state, connected):
    assert is_connected(side(NODES_ID, HUB_ID, state=state)) is connected
