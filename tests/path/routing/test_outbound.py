"""By which addresses nodes leave; by every way and from real answers it is tried in tests/collect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import Firewall, HubRouting, RouteTable, Unreadable
from azext_acrpulldiag.path.routing.outbound import WayOut, egresses_of
from tests import build
from tests.path.worlds import APPLIANCE, FORBIDDEN, HUB_ID, NODES_ID, RESOURCES, peered, routed, through, user

STAR = peered((NODES_ID, HUB_ID))
FIREWALL = f"{RESOURCES}/azureFirewalls/fw"
INSIDE = f"{HUB_ID}/subnets/AzureFirewallSubnet"
DATA = ("contosoreg.westeurope.data.azurecr.io",)
BALANCED = WayOut("load-balancer", ("20.61.112.7",))
WALLED = WayOut("firewall", ("20.9.9.9",), FIREWALL)
WALL = Firewall(FIREWALL, (APPLIANCE,), HUB_ID, None, ("/address",), None, ())
TO_US = through(prefix="AzureContainerRegistry.EastUS")


def leaving(network, registry=None, cluster=None, **changes):
    outbound = build.outbound(firewalls={FIREWALL.lower(): ("20.9.9.9",)}, **changes)
    (egress,) = egresses_of(registry or build.registry(), network, cluster or build.cluster(), outbound)
    return egress


def behind(*routes, at_firewall=None, wall=WALL, **inside):
    """The nodes' routes, with a firewall in the hub, whose own subnet has a route table where one is given."""
    network = routed(*routes, networks=STAR, firewalls={APPLIANCE: wall, "10.100.0.9": None})
    own = build.subnet(INSIDE, "10.100.0.0/26", route_table_id="/fw-table" if at_firewall else None, **inside)
    tables = {"/fw-table": RouteTable("/fw-table", at_firewall, True)} if at_firewall else {}
    return replace(
        network,
        subnets={**network.subnets, INSIDE.lower(): own},
        route_tables={**network.route_tables, **tables},
    )


def test_a_tag_of_another_region_is_not_about_a_registry_that_shows_its_own():
    egress = leaving(behind(TO_US), build.registry(data_endpoint_hosts=DATA))
    assert (egress.ways, egress.doubt) == ((BALANCED,), None)
    assert leaving(behind(TO_US), build.registry(sku="Standard")).ways == (BALANCED,)


def test_a_tag_of_a_region_that_may_have_a_replica_is_perhaps_about_it():
    egress = leaving(replace(behind(TO_US), replications=FORBIDDEN))
    assert egress.ways == (BALANCED, WALLED)
    assert "AzureContainerRegistry.EastUS" in egress.doubt.detail
    assert FORBIDDEN.detail in egress.doubt.detail


def test_where_the_registry_has_replicas_a_tag_of_theirs_is_perhaps_about_it():
    assert leaving(behind(TO_US)).ways == (BALANCED,)
    read = (build.replication("westeurope"), build.replication("eastus"))
    assert leaving(replace(behind(TO_US), replications=read)).ways == (BALANCED, WALLED)
    out = (build.replication("westeurope"), build.replication("eastus", global_routing=False))
    assert leaving(replace(behind(TO_US), replications=out)).ways == (BALANCED,)


@pytest.mark.parametrize(("address", "second"), [(APPLIANCE, WALLED), ("10.100.0.9", None)])
def test_a_wide_range_is_perhaps_about_it(address, second):
    egress = leaving(behind(through(address, prefix="20.0.0.0/8")))
    assert egress.ways[0] == BALANCED
    assert (egress.ways[1] == second) if second else (egress.ways[1].path == "unknown")
    assert egress.doubt is not None and "20.0.0.0/8" in egress.doubt.detail


def test_a_narrow_range_is_somebodys_own_unless_nothing_else_leads_out():
    narrow = user("20.61.0.0/16", "Internet", name="acr")
    assert leaving(behind(through(), narrow, wall=build.firewall(id=FIREWALL))).ways[-1] == BALANCED
    assert leaving(behind(through(prefix="20.61.0.0/16"))).ways == (BALANCED,)
    assert leaving(behind(user("0.0.0.0/0"), narrow)).ways == (WayOut("none", ()), BALANCED)


def test_ways_that_come_to_the_same_are_one():
    egress = leaving(behind(user("20.0.0.0/8", "Internet")))
    assert (egress.ways, egress.doubt) == ((BALANCED,), None)


def test_the_default_route_of_a_virtual_hub_counts():
    network = build.network(hubs={NODES_ID.lower(): HubRouting("/hub", FIREWALL, replace(WALL, network_id=None))})
    (way,) = leaving(network).ways
    assert (way.path, way.via) == ("unknown", FIREWALL)
    quiet = build.network(hubs={NODES_ID.lower(): HubRouting("/hub", None)})
    assert leaving(quiet).ways == (BALANCED,)
    (way,) = leaving(build.network(hubs={NODES_ID.lower(): FORBIDDEN})).ways
    assert (way.path, way.addresses) == ("unknown", FORBIDDEN)


ALLOWED = ("VirtualAppliance", "10.9.9.9")


@pytest.mark.parametrize(
    ("routes", "ways"),
    [
        ((user("0.0.0.0/0", "Internet"),), [WALLED]),
        ((TO_US,), [WALLED, None]),
        ((user("20.0.0.0/8", *ALLOWED),), [WALLED, None]),
        ((user("0.0.0.0/0", *ALLOWED),), [None]),
    ],
)
def test_behind_a_firewall_its_own_routes_count(routes, ways):
    egress = leaving(replace(behind(through(), at_firewall=routes), replications=FORBIDDEN))
    assert [way if way.path == "firewall" else None for way in egress.ways] == ways
    assert (egress.doubt is not None) == (len(ways) > 1)


def test_a_firewall_with_the_service_endpoint_shows_no_public_address():
    (way,) = leaving(behind(through(), service_endpoints=("microsoft.containerregistry",))).ways
    assert (way.path, way.via) == ("unknown", FIREWALL)
    assert "service endpoint" in way.addresses.detail


def test_addresses_that_nobody_read_are_not_taken_for_none():
    gateway = build.network(subnets={build.SUBNET_ID.lower(): build.subnet(nat_gateway_id="/nat")})
    (way,) = leaving(gateway).ways
    assert (way.path, way.via, isinstance(way.addresses, Unreadable)) == ("nat-gateway", "/nat", True)


# --- the default route of a gateway -----------------------------------------------------------


def beside_a_gateway(*routes, **changes):
    """The nodes' network with a gateway in it."""
    network = routed(*routes, **changes)
    nodes = replace(network.networks[NODES_ID.lower()], gateways=(f"{RESOURCES}/virtualNetworkGateways/vpn",))
    return replace(network, networks={**network.networks, NODES_ID.lower(): nodes})


@pytest.mark.parametrize(
    "network",
    [
        beside_a_gateway(),
        beside_a_gateway(user("10.9.0.0/16")),
        beside_a_gateway(user("20.0.0.0/8", "Internet")),
        beside_a_gateway(TO_US),
    ],
)
def test_a_gateway_may_advertise_a_default_route(network):
    egress = leaving(network)
    assert egress.ways[0] == BALANCED
    assert "virtual network gateway vpn" in egress.learnt.detail


@pytest.mark.parametrize(
    "network",
    [
        routed(),
        beside_a_gateway(user("10.9.0.0/16"), gateway_routes=False),
        beside_a_gateway(user("0.0.0.0/0", "Internet")),
        beside_a_gateway(user("0.0.0.0/1", "Internet"), user("128.0.0.0/1", "Internet")),
        beside_a_gateway(user("AzureContainerRegistry", "Internet")),
        beside_a_gateway(user("0.0.0.0/0")),
        beside_a_gateway(service_endpoints=("microsoft.containerregistry",)),
        build.network(subnets={build.SUBNET_ID.lower(): FORBIDDEN}),
    ],
)
def test_what_overrides_the_default_route_of_a_gateway(network):
    assert leaving(network).learnt is None
