"""The default route of a virtual hub."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import HubRouting, RouteTable, Unreadable, UserRoute
from azext_acrpulldiag.path import walks
from tests.build import FIREWALL_ID, SUBNET_ID, allowing, subnet, virtual_hub_facts

NODES = SUBNET_ID.rpartition("/subnets/")[0].lower()
HUB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualHubs/hub-we"
WHY = Unreadable("forbidden", "no right", "op", "Microsoft.Network/virtualHubs/routingIntent/read")


def hops(facts, *kinds):
    walk = walks(facts)[0]
    return [(hop.kind, hop.state) for hop in walk.hops if hop.kind in (kinds or ("route", "firewall", "appliance"))]


def routed(hub):
    facts = virtual_hub_facts()
    return replace(facts, network=replace(facts.network, hubs={NODES: hub}))


def tabled(*routes, gateway_routes=True):
    facts = virtual_hub_facts(allowing("mcr.microsoft.com"))
    table = RouteTable("/rt", routes, gateway_routes)
    with_table = {SUBNET_ID.lower(): subnet(route_table_id="/rt")}
    return replace(facts, network=replace(facts.network, subnets=with_table, route_tables={"/rt": table}))


def test_the_hubs_firewall_is_met():
    assert hops(virtual_hub_facts()) == [("route", "ok"), ("firewall", "ok")]
    assert hops(virtual_hub_facts(allowing("mcr.microsoft.com"))) == [("route", "ok"), ("firewall", "broken")]


@pytest.mark.parametrize(
    ("hub", "expected"),
    [
        (HubRouting(HUB, None), [("route", "ok")]),
        (WHY, [("route", "unknown")]),
        (HubRouting(HUB, FIREWALL_ID, WHY), [("route", "ok"), ("firewall", "unknown")]),
        (HubRouting(HUB, "/nva", None), [("route", "ok"), ("appliance", "unknown")]),
    ],
)
def test_hubs_of_other_kinds(hub, expected):
    assert hops(routed(hub)) == expected


@pytest.mark.parametrize(
    "facts",
    [
        tabled(UserRoute("out", "0.0.0.0/0", "Internet")),
        tabled(gateway_routes=False),
    ],
)
def test_a_route_table_keeps_the_hubs_default_route_away(facts):
    assert hops(facts) == [("route", "ok")]


@pytest.mark.parametrize("gateway_routes", [True, WHY])
def test_a_route_table_without_a_default_route_does_not(gateway_routes):
    facts = tabled(UserRoute("near", "10.0.0.0/8", "VnetLocal"), gateway_routes=gateway_routes)
    assert hops(facts) == [("route", "ok"), ("firewall", "broken")]
