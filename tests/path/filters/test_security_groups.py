from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import HubRouting, NodePlace
from azext_acrpulldiag.path.filters.security_groups import Barred, filtered, free_priority
from azext_acrpulldiag.path.hops import BROKEN, OK, UNKNOWN, Destination
from tests import build

from ..worlds import (
    FORBIDDEN,
    GROUP_ID,
    LAYERS,
    LOGIN,
    NIC_GROUP_ID,
    NODES_ID,
    PLACE,
    PRIVATE,
    SHARED_ID,
    group,
    guarded,
    peered,
    routed,
    rule,
    through,
    user,
)


def hops(network, destination=LOGIN, registry=None):
    return list(filtered(registry or build.registry(), network, network.places[0], destination))


def states(network, destination=LOGIN, registry=None):
    return [hop.state for hop in hops(network, destination, registry)]


def test_without_a_group_nothing_is_passed():
    assert hops(build.network()) == []


@pytest.mark.parametrize("destination", [LOGIN, LAYERS, PRIVATE])
def test_the_default_rules_let_everything_out(destination):
    (hop,) = hops(guarded(), destination)
    assert (hop.kind, hop.state, hop.resource_id, hop.outcome) == ("security-group", OK, GROUP_ID, None)


@pytest.mark.parametrize(
    ("destination", "destinations", "words"),
    [
        (LOGIN, ("Internet",), ["AzureContainerRegistry"]),
        (LOGIN, ("AzureContainerRegistry.WestEurope",), ["AzureContainerRegistry"]),
        (LAYERS, ("Storage",), ["Storage"]),
        (LAYERS, ("Storage.westeurope",), ["Storage"]),
        (PRIVATE, ("10.50.0.0/16",), ["10.50.0.4"]),
        (PRIVATE, ("*",), ["10.50.0.4"]),
    ],
)
def test_a_denial_names_rule_and_destination(destination, destinations, words):
    (hop,) = hops(guarded(rule(300, destinations=destinations)), destination)
    assert (hop.state, hop.outcome) == (BROKEN, "network.nsg-blocks-registry")
    (denial,) = hop.details
    assert (denial.rule, denial.rule_priority) == ("rule300", 300)
    assert denial.barred == (Barred(tuple(words), 300),)


@pytest.mark.parametrize(
    ("destination", "destinations"),
    [
        (LOGIN, ("Storage",)),
        (LOGIN, ("10.0.0.0/8",)),
        (LOGIN, ("AzureActiveDirectory",)),
        (LOGIN, ("MicrosoftContainerRegistry",)),
        (LAYERS, ("AzureContainerRegistry",)),
        (LAYERS, ("Storage.northeurope",)),
        (PRIVATE, ("Internet",)),
        (PRIVATE, ("AzureContainerRegistry",)),
        (PRIVATE, ("10.51.0.0/16",)),
    ],
)
def test_a_denial_of_something_else(destination, destinations):
    network = guarded(rule(300, destinations=destinations), networks=peered((NODES_ID, SHARED_ID)))
    assert states(network, destination, build.registry(sku="Standard")) == [OK]


def test_an_allowance_before_the_denial():
    allowed = (rule(200, "Allow", destinations=("AzureContainerRegistry",)), rule(300, destinations=("Internet",)))
    assert states(guarded(*allowed)) == [OK]
    assert states(guarded(*allowed), LAYERS) == [BROKEN]


def test_a_group_on_the_interfaces_counts_too():
    assert states(guarded(rule(), on_interface=True)) == [BROKEN]
    both = guarded(rule(100, "Allow"))
    both = replace(
        both,
        places=(replace(PLACE, interface_group_ids=(NIC_GROUP_ID,)),),
        security_groups={**both.security_groups, NIC_GROUP_ID.lower(): group(rule(), group_id=NIC_GROUP_ID)},
    )
    assert [(hop.resource_id, hop.state) for hop in hops(both)] == [(NIC_GROUP_ID, BROKEN), (GROUP_ID, OK)]


def test_a_data_endpoint_is_in_its_own_region():
    data = Destination("contosoreg.northeurope.data.azurecr.io")
    registry = build.registry(data_endpoint_hosts=(data.host, "contosoreg.westeurope.data.azurecr.io"))
    network = guarded(rule(300, destinations=("AzureContainerRegistry.northeurope",)))
    assert states(network, data, registry) == [BROKEN]
    assert states(network, Destination("contosoreg.westeurope.data.azurecr.io"), registry) == [OK]
    assert states(network, LOGIN, registry) == [UNKNOWN]  # whichever replica answers


def test_a_range_may_hold_the_registry():
    (hop,) = hops(guarded(rule(300, "Allow", destinations=("20.0.0.0/8",)), rule(400, destinations=("Internet",))))
    assert (hop.state, hop.outcome) == (UNKNOWN, None)
    assert hop.unread is not None and "rule300" in hop.unread.detail


def test_part_of_the_nodes():
    assert states(guarded(rule(sources=("10.224.0.0/24",)))) == [UNKNOWN]
    assert states(guarded(rule(sources=("10.224.0.0/16",)))) == [BROKEN]
    assert states(guarded(rule(sources=("10.230.0.0/16",)))) == [OK]


def test_where_everything_is_routed_the_internet_may_be_the_network():
    """The tag VirtualNetwork then holds every address: a denial of Internet may be about nothing."""
    denied = (rule(300, destinations=("Internet",)),)
    base = guarded(*denied)
    subnets = {build.SUBNET_ID.lower(): build.subnet(security_group_id=GROUP_ID, route_table_id="rt")}

    def with_route(route):
        table = routed(route).route_tables
        return replace(base, subnets=subnets, route_tables={"rt": next(iter(table.values()))})

    assert states(with_route(through())) == [UNKNOWN]
    assert states(with_route(user("0.0.0.0/0", "Internet"))) == [BROKEN]
    assert states(with_route(through(prefix="10.0.0.0/8"))) == [BROKEN]
    assert states(replace(base, subnets=subnets, route_tables={"rt": FORBIDDEN})) == [UNKNOWN]


@pytest.mark.parametrize(
    ("hub", "state"),
    [
        (HubRouting("hub", "firewall"), UNKNOWN),
        (HubRouting("hub", None), BROKEN),
        (FORBIDDEN, UNKNOWN),
    ],
)
def test_a_virtual_hub_may_route_everything_too(hub, state):
    network = guarded(rule(300, destinations=("Internet",)), hubs={NODES_ID.lower(): hub})
    assert states(network) == [state]


@pytest.mark.parametrize(
    "network",
    [
        guarded(security_groups={GROUP_ID.lower(): FORBIDDEN}),
        guarded(subnets={build.SUBNET_ID.lower(): FORBIDDEN}),
        guarded(
            places=(NodePlace(("pool1",), build.SUBNET_ID, FORBIDDEN),),
            subnets={build.SUBNET_ID.lower(): build.subnet()},
        ),
        guarded(places=(NodePlace(("pool1",), FORBIDDEN),)),
    ],
)
def test_what_was_not_read_is_unknown(network):
    (hop,) = hops(network)
    assert (hop.kind, hop.state, hop.unread) == ("security-group", UNKNOWN, FORBIDDEN)


def test_a_group_that_nobody_asked_for_is_unknown():
    (hop,) = hops(guarded(security_groups={}))
    assert hop.unread is not None and hop.unread.reason == "not-shown"


@pytest.mark.parametrize(
    ("priorities", "before", "free"),
    [((), 300, 299), ((299, 298), 300, 297), ((), 65500, 4096), ((100,), 101, None), ((), 100, None)],
)
def test_a_free_priority(priorities, before, free):
    held = group(*(rule(number) for number in priorities), rule(299, direction="Inbound"))
    assert free_priority(held, before) == free


def test_a_rule_that_depends_on_the_nodes_network_names_the_right_to_read_it():
    network = guarded(rule(destinations=("Internet",)))
    unread = replace(network, networks={**network.networks, NODES_ID.lower(): FORBIDDEN})
    (hop,) = hops(unread, PRIVATE)
    assert (hop.state, hop.unread.permission) == (UNKNOWN, FORBIDDEN.permission)
    assert hops(unread, LOGIN)[0].state == BROKEN


# --- regions of the registry ---------------------------------------------------------------


def test_regions_that_may_not_be_read_are_what_is_missing():
    elsewhere = rule(200, "Allow", destinations=("AzureContainerRegistry.NorthEurope",))
    found = guarded(elsewhere, rule(4000, destinations=("Internet",)))
    assert states(found) == [BROKEN]
    (hop,) = hops(replace(found, replications=FORBIDDEN))
    assert (hop.state, hop.unread.reason) == (UNKNOWN, FORBIDDEN.reason)
    assert FORBIDDEN.detail in hop.unread.detail
    wide = guarded(rule(4000, destinations=("20.0.0.0/8",)))
    (hop,) = hops(replace(wide, replications=FORBIDDEN))
    assert hop.unread.reason == "unsupported"
