"""Private DNS zones: found by all ways there are, and read in the simulated cloud before they are believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.deadline import begin_after
from azext_acrpulldiag.collect.network.private_link import read_endpoints
from azext_acrpulldiag.collect.network.private_zones import (
    find_zones,
    is_whole,
    kept_zones,
    names_of,
    search_zones,
)
from azext_acrpulldiag.collect.registry.registry import registry_from
from azext_acrpulldiag.facts import (
    EndpointAddress,
    Permission,
    PrivateEndpoint,
    PrivateZone,
    Unreadable,
    ZoneLink,
    ZoneSearch,
)
from tests import build
from tests.azure.resources import VNET_ID
from tests.azure.state import Grant, Subscription
from tests.collect.simulated import simulated_session

HUB = "8a7b6c5d-4e3f-4a2b-9c1d-0e9f8a7b6c5d"
FABRIKAM = "8d5f2c7e-1f0b-4a39-9c55-0e6b7a1d2f43"
FABRIKAM_TENANT = "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"
LOGIN, DATA = "contosoreg", "contosoreg.westeurope.data"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
READ_ZONES = "Microsoft.Network/privateDnsZones/read"
WHY = Unreadable("forbidden", "no right", "op", "right")


@pytest.fixture
def search(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that searches the zones of the default registry as it is now."""

    def search_now(*subscriptions, early=False, seconds=20.0):
        with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
            search_now.meter = session.meter
            reader = ArmReader(session)
            found = registry_from(reader.get(cloud.registry["id"], "2026-09-01-preview"), build.TENANT)
            endpoints = read_endpoints(reader, found)
            near = subscriptions or (build.SUBSCRIPTION,)
            before = find_zones(reader, session, found, near) if early else None
            session.meter.requests = session.meter.longest_chain = 0
            begin_after(0)
            return search_zones(reader, session, found, endpoints, near, before)

    return search_now


def ids(found):
    return [zone.id for zone in found.zones]


# --- what it is about ------------------------------------------------------------------


def endpoint(*addresses, zone_ids=()):
    return PrivateEndpoint("/connection", "/endpoint", "Approved", "/subnet", addresses, zone_ids)


def test_the_names_of_a_pull_are_the_login_server_and_all_data_endpoints():
    registry = replace(build.registry(), data_endpoint_hosts=("contosoreg.westeurope.data.azurecr.io",))
    known = endpoint(
        EndpointAddress("10.0.0.4", "registry", ("Contosoreg.azurecr.io",)),
        EndpointAddress("10.0.0.5", "registry_data_northeurope", ("contosoreg.northeurope.data.azurecr.io",)),
        EndpointAddress("10.0.0.6", "registry_northeurope", ("contosoreg.northeurope.geo.azurecr.io",)),
    )
    assert names_of(registry, (known,)) == (
        "contosoreg.azurecr.io",
        "contosoreg.westeurope.data.azurecr.io",
        "contosoreg.northeurope.data.azurecr.io",
    )
    assert names_of(replace(registry, data_endpoint_hosts=WHY), WHY) == ("contosoreg.azurecr.io",)


def test_zones_that_endpoints_keep_count_once_whatever_their_case():
    assert kept_zones((endpoint(zone_ids=("/Zone", "/other")), endpoint(zone_ids=("/zone",)))) == ("/zone", "/other")
    assert kept_zones((endpoint(zone_ids=WHY),)) == kept_zones(WHY) == ()


@pytest.mark.parametrize(
    ("zones", "rights", "whole"),
    [
        ([], (Permission(("*",)),), True),
        ([], (Permission(("*/read",)),), True),
        ([], (Permission(("Microsoft.Network/*/read",)),), True),
        ([], (Permission(("*",), ("Microsoft.Network/privateDnsZones/*",)),), False),
        ([], (Permission(("Microsoft.ContainerRegistry/*",)),), False),
        ([], (), False),
        ([], WHY, False),
        (WHY, (Permission(("*",)),), False),
    ],
)
def test_absence_is_known_to_those_who_may_read_every_zone(zones, rights, whole):
    assert is_whole(zones, rights) is whole


# --- the search ------------------------------------------------------------------------


def test_without_an_endpoint_nothing_is_looked_for(search, cloud):
    cloud.private_zone()
    assert search() is None
    assert search.meter.requests == 0


def test_a_pending_endpoint_changes_no_name(search, cloud):
    cloud.private_endpoint("Pending")
    assert search() is None
    assert search(early=True) is None


def test_connections_that_are_not_shown_leave_the_search_unknown():
    hidden = replace(build.registry(), private_endpoints=WHY)
    assert search_zones(None, None, hidden, WHY, [build.SUBSCRIPTION]) == WHY
    assert find_zones(None, None, hidden, [build.SUBSCRIPTION]) == WHY


@pytest.mark.parametrize("early", [True, False])
def test_the_healthy_zone(search, cloud, early):
    _, zone_id = cloud.private_link()
    (link,) = cloud.resources.children(zone_id, "virtualNetworkLinks")
    expected = PrivateZone(
        zone_id,
        "privatelink.azurecr.io",
        (ZoneLink(link["id"], link["name"], VNET_ID, False, "Completed"),),
        {LOGIN: ("10.225.0.4",), DATA: ("10.225.0.5",)},
    )
    assert search(early=early) == ZoneSearch((expected,), (build.SUBSCRIPTION,), None)
    # links and the records of two names and of *, the list of zones, own permissions; Resource Graph
    assert (search.meter.requests, search.meter.longest_chain) == (6 if early else 7, 1)


def test_a_zone_in_a_hub_subscription_is_found_though_no_endpoint_keeps_it(search, cloud):
    zone_id = cloud.private_zone(subscription=HUB)
    cloud.link_zone(zone_id, falls_back=True)
    cloud.private_endpoint()
    found = search()
    assert ids(found) == [zone_id]
    assert found.zones[0].links[0].falls_back is True
    assert found.zones[0].records == {LOGIN: None, DATA: None}
    assert (found.whole, found.unread) == ((build.SUBSCRIPTION,), None)
    assert search.meter.longest_chain == 2
    search(early=True)
    assert search.meter.longest_chain == 1


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("azurecr.io", {LOGIN, DATA}),
        ("contosoreg.azurecr.io", {"@"}),
        ("contosoreg.westeurope.data.azurecr.io", {"@"}),
        ("contosoreg.privatelink.azurecr.io", {"@"}),
        ("data.azurecr.io", {"contosoreg.westeurope"}),
    ],
)
def test_a_zone_that_shadows_a_public_name_is_one_of_them(search, cloud, name, labels):
    cloud.private_endpoint(zone_id=cloud.private_zone())
    cloud.private_zone(name=name)
    zones = {zone.name: zone for zone in search().zones}
    assert zones.keys() == {name, "privatelink.azurecr.io"}
    assert zones[name].records == dict.fromkeys(labels)


@pytest.mark.parametrize(
    "name", ["other.azurecr.io", "privatelink.azurecr.cn", "privatelink.blob.core.windows.net", "notazurecr.io"]
)
def test_a_zone_of_other_names_is_not_read(search, cloud, name):
    cloud.private_endpoint(zone_id=cloud.private_zone())
    other = cloud.private_zone(name=name)
    assert [zone.name for zone in search().zones] == ["privatelink.azurecr.io"]
    assert not [entry for entry in cloud.log if other.lower() in entry.path.lower()]


def test_every_replica_is_looked_up(search, cloud):
    zone_id = cloud.private_zone()
    cloud.private_endpoint(regions=("westeurope", "northeurope"), zone_id=zone_id)
    cloud.record(zone_id, "contosoreg.northeurope.data")
    (zone,) = search().zones
    assert zone.records == {
        LOGIN: ("10.225.0.4",), DATA: ("10.225.0.5",), "contosoreg.northeurope.data": None,
    }  # fmt: skip


def test_a_zone_that_only_resource_graph_still_has_is_dropped(search, cloud, monkeypatch):
    _, zone_id = cloud.private_link()
    gone = zone_id.replace("rg-dns", "rg-gone")
    from azext_acrpulldiag.collect.network import private_zones

    fresh = private_zones.find_resources
    monkeypatch.setattr(
        private_zones, "find_resources", lambda *given: [*fresh(*given), {"id": gone, "name": "privatelink.azurecr.io"}]
    )
    found = search()
    assert ids(found) == [zone_id]
    assert [entry.status for entry in cloud.log if "rg-gone" in entry.path] == [404] * 4


def test_a_new_zone_that_resource_graph_does_not_have_yet_is_found_in_its_subscription(search, cloud, monkeypatch):
    zone_id = cloud.private_zone()
    cloud.private_endpoint()
    from azext_acrpulldiag.collect.network import private_zones

    monkeypatch.setattr(private_zones, "find_resources", lambda *given: [])
    assert ids(search()) == [zone_id]


@pytest.mark.parametrize("early", [True, False])
def test_where_resource_graph_is_refused_the_subscriptions_are_listed(search, cloud, early):
    kept = cloud.private_zone(subscription=HUB)
    cloud.private_endpoint(zone_id=kept)
    near = cloud.private_zone("rg-near")
    cloud.private_zone("rg-far", subscription=FABRIKAM)
    cloud.fault(GRAPH, "403")
    found = search(early=early)
    assert sorted(ids(found)) == sorted([kept, near])
    assert (found.unread.reason, found.whole) == ("forbidden", (build.SUBSCRIPTION,))


def test_a_zone_that_a_zone_group_still_names_is_dropped_when_it_is_gone(search, cloud):
    _, zone_id = cloud.private_link()
    cloud.remove(zone_id)
    found = search()
    assert (found.zones, found.unread) == ((), None)


def test_subscriptions_of_other_tenants_are_asked_with_their_own_login(search, cloud):
    cloud.subscriptions[FABRIKAM] = Subscription("Fabrikam", FABRIKAM_TENANT)
    theirs = cloud.private_zone(subscription=FABRIKAM)
    ours = cloud.private_zone(subscription=HUB)
    cloud.private_endpoint()
    assert ids(search()) == [ours]
    assert ids(search(build.SUBSCRIPTION, FABRIKAM)) == sorted([ours, theirs])
    assert search(build.SUBSCRIPTION, FABRIKAM).whole == tuple(sorted([build.SUBSCRIPTION, FABRIKAM]))


def test_a_subscription_that_the_login_does_not_have_leaves_the_search_incomplete(search, cloud):
    _, zone_id = cloud.private_link()
    found = search(build.SUBSCRIPTION, FABRIKAM)
    assert ids(found) == [zone_id]
    assert (found.unread.reason, found.whole) == ("not-logged-in", (build.SUBSCRIPTION,))


def test_a_login_with_rights_on_some_groups_proves_no_absence(search, cloud):
    _, zone_id = cloud.private_link()
    group = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/"
    cloud.caller_grants = [Grant(f"{group}{name}") for name in ("rg-app", "rg-shared")]
    found = search()
    assert (found.whole, found.unread) == ((), None)
    # The zone group names it; what is in it is not shown.
    (zone,) = found.zones
    assert zone.id == zone_id
    assert (zone.links.reason, zone.links.permission) == (
        "forbidden", "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read",
    )  # fmt: skip
    assert {why.permission for why in zone.records.values()} == {"Microsoft.Network/privateDnsZones/A/read"}


def test_of_a_great_many_zones_only_those_near_the_cluster_are_read_whole(search, cloud):
    near = cloud.private_zone("rg-near")
    cloud.link_zone(near)
    kept = cloud.private_zone("rg-kept")
    cloud.private_endpoint(zone_id=kept)
    far = [cloud.private_zone(f"rg-{number}", subscription=HUB) for number in range(30)]
    cloud.link_zone(far[0], VNET_ID.replace(build.SUBSCRIPTION, HUB))
    found = {zone.id: zone for zone in search().zones}
    assert len(found) == 32
    assert found[near].records == {LOGIN: None, DATA: None}
    assert found[kept].records == {LOGIN: ("10.225.0.4",), DATA: ("10.225.0.5",)}
    assert {each.reason for each in found[far[0]].records.values()} == {"unsupported"}
    assert search.meter.requests < 50


@pytest.mark.parametrize("kind", ["list", "text", "html", "mistyped", "nulls", "no-properties", "500"])
@pytest.mark.parametrize(
    "match", [GRAPH, r"privateDnsZones\\?", "virtualNetworkLinks", "/A/contosoreg", "Authorization/permissions"]
)
def test_what_is_told_is_true_or_unreadable(search, cloud, match, kind):
    _, zone_id = cloud.private_link()
    truth = search()
    cloud.fault(match, kind)
    found = search()
    assert ids(found) == [zone_id]
    assert found.whole in ((), truth.whole)
    (told,), (true,) = found.zones, truth.zones
    assert told.links == true.links or isinstance(told.links, Unreadable) or _unsure(told.links)
    for label, record in told.records.items():
        assert record == true.records[label] or isinstance(record, Unreadable)


def _unsure(links):
    return all(isinstance(link.falls_back, Unreadable) or isinstance(link.state, Unreadable) for link in links)


def test_what_resource_graph_answered_before_is_not_asked_again(search, cloud):
    cloud.private_link()
    search(early=True)
    assert len([entry for entry in cloud.log if entry.path == GRAPH]) == 1
