from __future__ import annotations

import pytest

from azext_acrpulldiag.effects.network.dns import (
    record_added,
    record_set,
    rule_enabled,
    zone_group_made,
    zone_linked,
    zone_made,
)
from azext_acrpulldiag.facts import Unreadable, VirtualNetwork, ZoneSearch
from azext_acrpulldiag.repairs import UntoldError
from tests import build

from ..trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
ZONE_MISSING, LINK_MISSING = "network.private-dns-zone-missing", "network.private-dns-link-missing"
RECORD_MISSING, RECORD_WRONG = "network.private-dns-record-missing", "network.private-dns-record-wrong"
ELSEWHERE, UNLINKED = "network.dns-forwarded-elsewhere", "network.custom-dns-unlinked"
DATA, LOGIN = "contosoreg.westeurope.data", "contosoreg"
ON_PATH = {"pools": ("pool1",), "hosts": ("contosoreg.azurecr.io",)}
OF_ZONE = {**ON_PATH, "zone": "privatelink.azurecr.io", "zone_id": build.ZONE_ID}
OF_LINK = {**OF_ZONE, "link": "nodes", "network_id": build.VNET_ID}


def named(*zones, endpoint=None, **changes):
    search = ZoneSearch(zones, (build.SUBSCRIPTION,))
    way = build.private_link_network(zones=search, endpoints=(endpoint or build.private_endpoint(),), **changes)
    return build.private_link_facts(network=way)


# --- zones and links ---------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"zone_ids": ()}, {}], ids=["by the endpoint", "by hand"])
def test_a_zone_is_made_linked_and_its_records_kept(changes):
    facts = named(endpoint=build.private_endpoint(**changes))
    assert leads_to(facts, ZONE_MISSING) == HEALTHY


def test_a_zone_that_is_made_is_empty():
    (zone,) = zone_made(OF_ZONE, named()).network.zones.zones
    assert (zone.name, zone.links, dict(zone.records)) == ("privatelink.azurecr.io", (), {LOGIN: None, DATA: None})


def test_a_zone_that_is_there_is_not_made_again():
    facts = named(build.private_zone())
    assert zone_made(OF_ZONE, facts) == facts


def test_a_zone_is_linked():
    assert leads_to(named(build.private_zone(links=())), LINK_MISSING) == HEALTHY


def test_a_zone_is_linked_to_the_network_of_the_dns_servers():
    hub = VirtualNetwork(
        build.HUB_NETWORK_ID,
        ("10.100.0.0/16",),
        (),
        (build.peering(build.HUB_NETWORK_ID, build.VNET_ID, "10.224.0.0/12"),),
    )
    here = VirtualNetwork(
        build.VNET_ID,
        ("10.224.0.0/12",),
        ("10.100.0.5",),
        (build.peering(build.VNET_ID, build.HUB_NETWORK_ID, "10.100.0.0/16"),),
    )
    networks = {each.id.lower(): each for each in (here, hub)}
    assert leads_to(named(build.private_zone(links=()), networks=networks), UNLINKED) == HEALTHY


def test_a_link_leaves_other_causes_where_they_are():
    empty = build.private_zone(links=(), records={LOGIN: None, DATA: None})
    assert leads_to(named(empty), LINK_MISSING) == ("broken", (RECORD_MISSING,)), "empty zones are linked in vain"


@pytest.mark.parametrize("zones", [UNREAD, ZoneSearch((), ()), ZoneSearch((build.private_zone(links=UNREAD),), ())])
def test_of_a_zone_or_links_that_were_not_read_nothing_is_told(zones):
    facts = build.private_link_facts(network=build.private_link_network(zones=zones))
    with pytest.raises(UntoldError):
        zone_linked(OF_LINK, facts)


@pytest.mark.parametrize("effect", [zone_made, zone_linked, zone_group_made, record_added, record_set, rule_enabled])
def test_a_network_that_was_not_read_stays_unread(effect):
    facts = build.private_link_facts(network=UNREAD)
    assert effect(OF_LINK, facts) == facts


# --- records -----------------------------------------------------------------------------


@pytest.mark.parametrize("option", [1, 2])
def test_records_are_written_by_the_endpoint_or_by_hand(option):
    lacking = build.private_zone(records={LOGIN: None, DATA: None})
    assert leads_to(named(lacking, endpoint=build.private_endpoint(zone_ids=())), RECORD_MISSING, option) == HEALTHY


def test_a_zone_group_writes_the_records_of_login_server_and_data_endpoint():
    facts = named(build.private_zone(records={LOGIN: None, DATA: None}), endpoint=build.private_endpoint(zone_ids=()))
    after = zone_group_made({**OF_ZONE, "endpoint_id": build.ENDPOINT_ID}, facts).network
    assert dict(after.zones.zones[0].records) == {LOGIN: ("10.225.0.6",), DATA: ("10.225.0.5",)}
    assert after.endpoints[0].zone_ids == (build.ZONE_ID,)


def test_of_addresses_that_were_not_read_no_records_can_be_told():
    facts = named(build.private_zone(), endpoint=build.private_endpoint(addresses=UNREAD))
    with pytest.raises(UntoldError):
        zone_group_made({**OF_ZONE, "endpoint_id": build.ENDPOINT_ID}, facts)


@pytest.mark.parametrize("found", [("10.9.9.9",), ("10.225.0.6", "10.9.9.9")])
def test_a_wrong_record_is_set_right(found):
    stale = build.private_zone(records={LOGIN: found, DATA: ("10.225.0.5",)})
    assert leads_to(named(stale), RECORD_WRONG) == HEALTHY


def test_a_record_that_was_not_read_is_not_added_to():
    facts = named(build.private_zone(records={LOGIN: UNREAD, DATA: None}))
    assert record_added({**OF_ZONE, "name": LOGIN, "address": "10.225.0.6"}, facts) == facts


def test_nodes_that_kept_the_answer_of_a_missing_record_resolve_it_by_and_by():
    lacking = named(build.private_zone(records={LOGIN: None, DATA: ("10.225.0.5",)})).network
    facts = build.node_resolver_facts(network=lacking)
    assert leads_to(facts, RECORD_MISSING) == HEALTHY


def test_pods_of_other_nodes_report_what_they_did():
    facts = build.node_resolver_facts(network=named(build.private_zone(links=())).network)
    elsewhere = zone_linked({**OF_LINK, "pools": ("batch",)}, facts)
    assert elsewhere.kubernetes == facts.kubernetes
    here = zone_linked(OF_LINK, facts)
    assert here.kubernetes.failing == ()


# --- forwarding --------------------------------------------------------------------------

FAR = build.inbound_endpoint("10.7.0.4", build.HUB_NETWORK_ID.replace("hub", "far"))


def forwarded(rule, *inbound, linked=build.HUB_NETWORK_ID):
    """A ruleset with the rule is linked to the nodes' network, and the zone to one other."""
    zone = build.private_zone(links=(build.zone_link(linked, "other"),) if linked else ())
    return named(zone, forwarding=build.forwarding({build.VNET_ID: build.ruleset(rule)}, *inbound))


def test_a_rule_that_is_enabled_leads_names_to_the_hub():
    facts = forwarded(build.forwarding_rule(enabled=False), build.inbound_endpoint())
    assert leads_to(facts, LINK_MISSING, 1) == HEALTHY
    assert leads_to(facts, LINK_MISSING, 2) == HEALTHY


def test_a_rule_is_led_to_another_server_or_the_zone_is_linked():
    facts = forwarded(build.forwarding_rule(), build.inbound_endpoint(), FAR, linked=FAR.network_id)
    assert leads_to(facts, ELSEWHERE, 1) == HEALTHY
    assert leads_to(facts, ELSEWHERE, 2) == HEALTHY


def test_without_a_server_that_is_right_a_rule_is_changed_by_hand():
    facts = forwarded(build.forwarding_rule(), build.inbound_endpoint(), linked=None)
    assert leads_to(facts, ELSEWHERE, 1) == HEALTHY
    assert "by hand" in not_told(facts, ELSEWHERE, 2)


def test_rules_that_were_not_read_stay_unread():
    names = {"rule": "registries", "ruleset": "ruleset", "ruleset_resource_group": "", "ruleset_subscription": ""}
    values = {**ON_PATH, **{f"disabled_{name}": value for name, value in names.items()}}
    for found in (None, UNREAD, build.forwarding({build.VNET_ID: build.ruleset(rules=UNREAD)})):
        facts = named(build.private_zone(), forwarding=found)
        assert rule_enabled(values, facts) == facts
