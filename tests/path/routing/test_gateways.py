"""Gateways, of which it is known that they are there, and not what they advertise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import RouteTable, VirtualNetwork
from azext_acrpulldiag.path.routing.gateways import (
    advertisers,
    as_if_none_joined,
    default_route,
    listens,
    perhaps_joined,
)
from azext_acrpulldiag.path.routing.joining import unjoined_hub
from azext_acrpulldiag.path.routing.start import way_of
from tests import build
from tests.path.worlds import (
    ADDRESS,
    FORBIDDEN,
    HUB_ID,
    NODES_ID,
    PLACE,
    PRIVATE,
    RESOURCES,
    SHARED_ID,
    peered,
    routed,
    side,
)

GATEWAY = f"{RESOURCES}/virtualNetworkGateways/vpn"
ROUTE_SERVER = f"{RESOURCES}/virtualHubs/rs"
HUB = f"{RESOURCES}/virtualNetworks/HV_hub-we_3f0a2b4c"
LISTENING, DEAF = RouteTable("/rt", (), True), RouteTable("/rt", (), False)


def network(*sides, gateways=()):
    return VirtualNetwork(NODES_ID, ("10.224.0.0/12",), (), sides, gateways)


@pytest.mark.parametrize(
    ("around", "told"),
    [
        (network(), []),
        (network(gateways=(GATEWAY,)), ["virtual network gateway vpn"]),
        (network(gateways=(ROUTE_SERVER,)), ["route server rs"]),
        (network(gateways=FORBIDDEN), ["may have"]),
        (network(side(NODES_ID, HUB_ID)), []),
        (network(side(NODES_ID, HUB_ID, uses_remote_gateways=True)), ["vnet-hub"]),
        (network(side(NODES_ID, HUB_ID, uses_remote_gateways=FORBIDDEN)), ["vnet-hub"]),
        (network(side(NODES_ID, HUB_ID, uses_remote_gateways=True, state=FORBIDDEN)), ["vnet-hub"]),
        (network(side(NODES_ID, HUB_ID, uses_remote_gateways=True, state="Disconnected")), []),
        (network(side(NODES_ID, HUB)), ["Virtual WAN hub"]),
    ],
)
def test_what_may_advertise_routes(around, told):
    found = advertisers(around)
    assert len(found) == len(told)
    assert all(words in one for words, one in zip(told, found, strict=True))


@pytest.mark.parametrize(("table", "hears"), [(None, True), (LISTENING, True), (DEAF, False)])
def test_a_route_table_may_keep_routes_of_gateways_away(table, hears):
    assert listens(table) is hears
    assert (default_route(network(gateways=(GATEWAY,)), table) is not None) is hears
    assert listens(replace(DEAF, gateway_routes=FORBIDDEN)) is True


def test_the_default_route_of_a_virtual_hub_is_read_and_of_a_gateway_not():
    assert default_route(network(side(NODES_ID, HUB)), None) is None
    assert default_route(network(), None) is None
    why = default_route(network(side(NODES_ID, HUB_ID, uses_remote_gateways=True)), None)
    assert why.reason == "unsupported" and "gateway of network vnet-hub" in why.detail


def with_gateways(*network_ids):
    """The three networks, none peered, these with a gateway."""
    return {
        key: replace(each, gateways=(GATEWAY,)) if each.id in network_ids else each for key, each in peered().items()
    }


@pytest.mark.parametrize(
    ("having", "joined"), [((), False), ((NODES_ID,), False), ((SHARED_ID,), False), ((NODES_ID, SHARED_ID), True)]
)
def test_it_takes_a_gateway_on_either_side(having, joined):
    around = routed(networks=with_gateways(*having))
    why = perhaps_joined(around, around.networks[NODES_ID.lower()], SHARED_ID)
    assert (why is not None) is joined
    there = as_if_none_joined(around)
    assert perhaps_joined(there, there.networks[NODES_ID.lower()], SHARED_ID) is None


def test_the_other_side_may_not_have_been_read():
    networks = {**with_gateways(NODES_ID), SHARED_ID.lower(): FORBIDDEN}
    around = routed(networks=networks)
    assert perhaps_joined(around, networks[NODES_ID.lower()], SHARED_ID) == FORBIDDEN
    assert as_if_none_joined(around).networks[SHARED_ID.lower()] == FORBIDDEN


def test_as_if_none_joined_no_peering_uses_a_gateway():
    around = routed(networks={NODES_ID.lower(): network(side(NODES_ID, HUB_ID, uses_remote_gateways=FORBIDDEN))})
    assert advertisers(as_if_none_joined(around).networks[NODES_ID.lower()]) == ()


@pytest.mark.parametrize(("having", "state"), [((HUB_ID, SHARED_ID), "unknown"), ((HUB_ID,), "broken")])
def test_the_network_of_an_appliance_may_be_joined_by_gateways(having, state):
    way = way_of(build.registry(), routed(networks=with_gateways(*having)), PLACE, PRIVATE)
    assert unjoined_hub(way, HUB_ID, SHARED_ID, ADDRESS).state == state
