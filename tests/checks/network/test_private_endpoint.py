"""Mirror of checks/network/private_endpoint.py."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.checks.network.private_endpoint import endpoint_is_approved
from azext_acrpulldiag.checks.network.public_side import registry_has_a_way_in
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import NodePlace, PrivateEndpointConnection, Unreadable, ZoneSearch
from azext_acrpulldiag.model import Confidence, Status
from tests.build import (
    CONNECTION_ID,
    DATA_HOST,
    ENDPOINT_ID,
    ENDPOINT_SUBNET_ID,
    REGISTRY_ID,
    SUBSCRIPTION,
    VNET_ID,
    private_endpoint,
    private_link_facts,
    private_link_network,
    private_registry,
    private_zone,
    registry,
    zone_link,
)

NO_RIGHT = Unreadable("forbidden", "HTTP 403: no right to read it", "Some/read", "Some/read")
ID = "network.private-endpoint-not-approved"
CONNECTION = CONNECTION_ID.rpartition("/")[2]
OF_CONNECTION = f"--registry-name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION}"
HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"


def facts(status, **changes):
    endpoint = private_endpoint(status=status)
    return private_link_facts(
        **{"registry": private_registry(status), "network": private_link_network(endpoints=(endpoint,)), **changes}
    )


def judged(of):
    return evaluate(endpoint_is_approved, of)


def statuses(of):
    return [finding.status for finding in judged(of)]


def commands(finding):
    return [remedy.command for remedy in finding.remedies]


def test_it_is_approved():
    assert statuses(private_link_facts()) == [Status.PASS]


@pytest.mark.parametrize("of", [registry(), registry(public_network_access="Disabled")])
def test_a_registry_without_endpoint_or_with_public_access(of):
    assert statuses(private_link_facts(registry=of)) == [Status.SKIPPED]


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_an_open_registry_needs_no_endpoint(status):
    of = private_registry(status, public_network_access="Enabled")
    assert statuses(facts(status, registry=of)) == [Status.SKIPPED]


@pytest.mark.parametrize(
    "of",
    [
        NO_RIGHT,
        private_registry(NO_RIGHT),
        private_registry(public_network_access=NO_RIGHT),
        private_registry(public_network_access="SecuredByPerimeter"),
        private_registry(private_endpoints=NO_RIGHT),
    ],
)
def test_what_is_unread_is_unknown(of):
    assert statuses(private_link_facts(registry=of)) == [Status.UNKNOWN]


def test_one_that_waits_is_approved_by_its_name():
    (finding,) = judged(facts("Pending"))
    assert (finding.outcome, finding.resource, finding.confidence) == (ID, CONNECTION_ID, Confidence.OBSERVED)
    assert finding.evidence["status"] == "Pending"
    assert finding.evidence["hosts"] == ["contosoreg.azurecr.io", DATA_HOST]
    assert finding.evidence["pools"] == ["pool1"]
    assert [hop["kind"] for hop in finding.evidence["path"]][:3] == ["node-subnet", "public-dns", "private-endpoint"]
    assert commands(finding) == [f"az acr private-endpoint-connection approve {OF_CONNECTION} --name {CONNECTION}"]
    assert finding.explains == ("forbidden-403", "network.public-access-disabled")


@pytest.mark.parametrize("status", ["Rejected", "Disconnected", "rejected"])
def test_beside_one_that_was_refused_another_is_made(status):
    (finding,) = judged(facts(status))
    assert finding.outcome == ID
    of_endpoint = f"--resource-group rg-net --subscription {SUBSCRIPTION}"
    command, words = commands(finding)
    another = finding.remedies[0].command.split("--name ")[1].split()[0]
    assert re.fullmatch("acr-pe-[0-9a-f]{6}", another)
    assert (command, words) == (
        f"az network private-endpoint create {of_endpoint} --name {another} --subnet {ENDPOINT_SUBNET_ID} "
        f"--private-connection-resource-id {REGISTRY_ID} --group-id registry --connection-name {another}",
        None,
    )
    assert [(remedy.option, remedy.step) for remedy in finding.remedies] == [(1, 1), (1, 2)]


@pytest.mark.parametrize("network", [None, NO_RIGHT])
def test_it_is_judged_without_the_network_too(network):
    (finding,) = judged(facts("Pending", network=network))
    assert (finding.outcome, finding.evidence["path"]) == (ID, [])


@pytest.mark.parametrize("endpoint_id", [None, ENDPOINT_ID])
def test_an_endpoint_that_is_gone_is_made_anew_without_a_command(endpoint_id):
    connection = PrivateEndpointConnection(CONNECTION_ID, "Disconnected", endpoint_id)
    endpoint = private_endpoint(status="Disconnected", id=endpoint_id, subnet_id=None, addresses=())
    (finding,) = judged(
        facts(
            "Disconnected",
            registry=private_registry(private_endpoints=(connection,)),
            network=private_link_network(endpoints=(endpoint,)),
        )
    )
    assert commands(finding) == [None, None]


def test_pools_in_several_subnets_share_one_finding():
    of = facts("Pending")
    places = (*of.network.places, NodePlace(("gpu",), f"{VNET_ID}/subnets/gpu"))
    (finding,) = judged(replace(of, network=replace(of.network, places=places)))
    assert finding.evidence["pools"] == ["pool1", "gpu"]


# --- one of several ---


def of_two(zone, **changes):
    """An endpoint in the nodes' network waits; the hub has an approved one."""
    approved = private_endpoint(
        connection_id=f"{CONNECTION_ID}-hub", id=f"{ENDPOINT_ID}-hub", subnet_id=f"{HUB}/subnets/a"
    )
    waiting = private_endpoint(status="Pending", addresses=(), **changes)
    connections = (
        PrivateEndpointConnection(CONNECTION_ID, "Pending", ENDPOINT_ID),
        PrivateEndpointConnection(f"{CONNECTION_ID}-hub", "Approved", f"{ENDPOINT_ID}-hub"),
    )
    return private_link_facts(
        registry=private_registry(private_endpoints=connections),
        network=private_link_network(endpoints=(waiting, approved), zones=ZoneSearch((zone,), (SUBSCRIPTION,))),
    )


WITHOUT = {"contosoreg": None, "contosoreg.westeurope.data": None}


def test_one_that_waits_does_no_harm_where_names_lead_to_another():
    assert statuses(of_two(private_zone())) == [Status.PASS]


def test_one_that_waits_in_the_nodes_network_explains_the_missing_record():
    of = of_two(private_zone(records=WITHOUT))
    (finding,) = judged(of)
    assert (finding.outcome, finding.resource) == (ID, CONNECTION_ID)
    both = (endpoint_is_approved, names_lead_to_the_endpoint)
    (root,) = diagnose(both, [each for checked in both for each in evaluate(checked, of)]).root_causes
    assert root.finding.outcome == ID
    assert root.explains == ("network.private-dns-record-missing",)


def test_one_that_waits_elsewhere_is_not_missed():
    of = of_two(private_zone(records=WITHOUT), subnet_id=f"{HUB}/subnets/b")
    assert statuses(of) == [Status.PASS]


@pytest.mark.parametrize(
    "names", [{"records": WITHOUT}, {"links": NO_RIGHT}, {"records": dict.fromkeys(WITHOUT, NO_RIGHT)}]
)
def test_one_that_waits_where_nobody_may_look_may_be_what_nodes_wait_for(names):
    of = of_two(private_zone(**names), subnet_id=NO_RIGHT)
    for checked in (endpoint_is_approved, names_lead_to_the_endpoint):
        (finding,) = evaluate(checked, of)
        assert (finding.status, finding.permission) == (Status.UNKNOWN, NO_RIGHT.permission)


def test_one_that_waits_where_nobody_may_look_does_no_harm_where_names_lead_to_another():
    of = of_two(private_zone(), subnet_id=NO_RIGHT)
    assert statuses(of) == [Status.PASS]
    unread = replace(of, network=replace(of.network, endpoints=of.network.endpoints[1:]))
    assert statuses(unread) == [Status.PASS]


@pytest.mark.parametrize("names", [{"links": NO_RIGHT}, {"records": dict.fromkeys(WITHOUT, NO_RIGHT)}])
def test_one_that_waits_in_the_nodes_network_is_unknown_where_their_names_are(names):
    (finding,) = judged(of_two(private_zone(**names)))
    assert (finding.status, finding.resource) == (Status.UNKNOWN, CONNECTION_ID)
    assert finding.permission == NO_RIGHT.permission
    elsewhere = of_two(private_zone(**names), subnet_id=f"{HUB}/subnets/b")
    assert statuses(elsewhere) == [Status.PASS]


@pytest.mark.parametrize("subnet_id", [None, f"{HUB}/subnets/b"])
def test_endpoints_that_could_not_be_read_at_all(subnet_id):
    of = of_two(private_zone(records=WITHOUT), subnet_id=subnet_id)
    assert statuses(of) == [Status.PASS]
    unread = replace(of, network=replace(of.network, endpoints=NO_RIGHT))
    (finding,) = judged(unread)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, NO_RIGHT.permission)


def test_a_missing_link_is_a_fault_of_its_own():
    of = of_two(private_zone(links=(zone_link(HUB),)))
    both = (endpoint_is_approved, names_lead_to_the_endpoint)
    roots = diagnose(both, [each for checked in both for each in evaluate(checked, of)]).root_causes
    assert {root.finding.outcome for root in roots} == {ID, "network.private-dns-link-missing"}


def test_a_registry_that_waits_for_approval_is_not_said_to_be_closed():
    (finding,) = evaluate(registry_has_a_way_in, facts("Pending"))
    assert finding.outcome is None
