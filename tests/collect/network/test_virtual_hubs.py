"""What a virtual hub announces to a network that is connected to it; shapes of the official examples."""

import pytest

from azext_acrpulldiag.collect.network.virtual_hubs import read_hub_routing, unread_routing
from azext_acrpulldiag.facts import HubRouting, Unreadable, VirtualNetwork
from tests.azure import resources_firewall as make
from tests.build import SUBNET_ID, SUBSCRIPTION, firewall, peering
from tests.recordings import body

NODES = SUBNET_ID.rpartition("/subnets/")[0]
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-wan/providers/Microsoft.Network"
HUB = f"{GROUP}/virtualHubs/hub-we"
HUBS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/virtualHubs"
FIREWALL = f"{GROUP}/azureFirewalls/fw-wan"
HIDDEN = "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/RG_hub-we_1/providers/Microsoft.Network"
FORBIDDEN = Unreadable("forbidden", "no right", "op", "perm")


class Azure:
    """A hub with a firewall, a connection with the nodes' network, and no route of its own."""

    def __init__(self, secured=True):
        connected = make.hub_connection(HUB, NODES, secured)
        self.answers = {
            HUBS.lower(): [make.virtual_hub(HUB)],
            f"{HUB}/hubVirtualNetworkConnections".lower(): [connected],
            f"{HUB}/routingIntent".lower(): [],
            f"{HUB}/hubRouteTables".lower(): [make.hub_route_table(HUB, None)],
        }
        self.asked = []

    def __call__(self, gets, lists):
        paths = [*gets, *lists]
        self.asked += paths
        return {path.lower(): self.answers.get(path.lower()) for path in paths}

    def put(self, path, answer):
        self.answers[path.lower()] = answer

    def firewall(self):
        answer = body("network/azurefirewalls_list_by_rg")["value"][0] | {"id": FIREWALL}
        answer["properties"] |= {"virtualHub": {"id": HUB}, "hubIPAddresses": {"privateIPAddress": "10.9.0.4"}}
        self.put(FIREWALL, answer)


def network(remote=f"{HIDDEN}/virtualNetworks/HV_hub-we_1"):
    return VirtualNetwork(NODES, ("10.224.0.0/12",), (), (peering(NODES, remote, "10.9.0.0/24"),))


def read(azure, near=None):
    routing, _ = read_hub_routing(azure, {NODES.lower(): near or network()})
    return routing


def only(azure):
    (found,) = read(azure).values()
    return found


@pytest.mark.parametrize("near", [network(firewall().network_id), Unreadable("forbidden", "no"), None])
def test_a_network_that_is_connected_to_no_hub_costs_nothing(near):
    azure = Azure()
    assert read_hub_routing(azure, {NODES.lower(): near}) == ({}, {})
    assert azure.asked == []


def test_a_routing_intent_leads_to_the_hubs_firewall():
    azure = Azure()
    azure.put(f"{HUB}/routingIntent", [make.routing_intent(HUB, FIREWALL)])
    azure.firewall()
    found = only(azure)
    assert (found.hub_id, found.internet, found.firewall.hub_id) == (HUB, FIREWALL, HUB)
    assert found.firewall.private_ips == ("10.9.0.4",)
    assert found.firewall.collections == ()


def test_a_default_route_of_the_connections_route_table():
    azure = Azure()
    azure.put(f"{HUB}/hubRouteTables", [make.hub_route_table(HUB, FIREWALL)])
    azure.firewall()
    assert only(azure).internet == FIREWALL


def test_an_appliance_that_is_no_firewall():
    azure = Azure()
    appliance = f"{GROUP}/networkVirtualAppliances/nva"
    azure.put(f"{HUB}/routingIntent", [make.routing_intent(HUB, appliance)])
    assert only(azure) == HubRouting(HUB, appliance, None)


@pytest.mark.parametrize("azure", [Azure(), Azure(secured=False)])
def test_a_hub_that_announces_no_default_route(azure):
    assert only(azure) == HubRouting(HUB, None)


def test_a_connection_without_internet_security_takes_no_default_route():
    azure = Azure(secured=False)
    azure.put(f"{HUB}/routingIntent", [make.routing_intent(HUB, FIREWALL)])
    assert only(azure).internet is None


@pytest.mark.parametrize("hubs", [[], FORBIDDEN, None, [make.virtual_hub(f"{GROUP}/virtualHubs/another")]])
def test_a_hub_that_is_not_shown(hubs):
    azure = Azure()
    azure.put(HUBS, hubs)
    found = only(azure)
    assert isinstance(found, Unreadable)
    assert "hub-we" in found.detail
    there = f"Microsoft.Network/virtualHubs/read on /subscriptions/{SUBSCRIPTION}"
    assert found.permission == (FORBIDDEN.permission if hubs is FORBIDDEN else there)


def test_another_hub_of_the_same_name():
    azure = Azure()
    azure.put(f"{HUB}/hubVirtualNetworkConnections", [make.hub_connection(HUB, f"{NODES}-other", True)])
    assert only(azure).permission == f"Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read on {HUB}"
    same = f"{GROUP}-2/virtualHubs/hub-we"
    azure.put(HUBS, [make.virtual_hub(same), make.virtual_hub(HUB)])
    azure.put(f"{same}/hubVirtualNetworkConnections", [make.hub_connection(same, NODES, False)])
    assert only(azure) == HubRouting(same, None)


@pytest.mark.parametrize("part", ["hubVirtualNetworkConnections", "routingIntent", "hubRouteTables"])
@pytest.mark.parametrize("answer", [FORBIDDEN, None, [{"id": "/x", "properties": {}}]])
def test_a_part_that_is_not_readable(part, answer):
    azure = Azure()
    azure.put(f"{HUB}/{part}", answer)
    found = only(azure)
    if part == "hubRouteTables" and isinstance(answer, list):
        assert found.internet is None
    else:
        assert isinstance(found, Unreadable)


def test_a_connection_that_does_not_say_whether_it_takes_the_default_route():
    azure = Azure()
    connection = make.hub_connection(HUB, NODES, True)
    del connection["properties"]["enableInternetSecurity"]
    azure.put(f"{HUB}/hubVirtualNetworkConnections", [connection])
    assert only(azure).reason == "not-shown"


def test_a_firewall_that_is_not_readable():
    azure = Azure()
    azure.put(f"{HUB}/routingIntent", [make.routing_intent(HUB, FIREWALL)])
    azure.put(FIREWALL, FORBIDDEN)
    assert only(azure) == HubRouting(HUB, FIREWALL, FORBIDDEN)


def test_hubs_that_there_was_no_time_for_stay_unknown_where_there_is_one():
    late = Unreadable("timeout", "no time")
    near = network(firewall().network_id)
    assert unread_routing({NODES.lower(): network(), "/b": FORBIDDEN, "/c": None}, late) == {NODES.lower(): late}
    assert unread_routing({NODES.lower(): near}, late) == {}
