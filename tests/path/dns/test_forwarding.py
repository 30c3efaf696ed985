"""Mirror of path/dns/forwarding.py and of what answers.py makes of it: which rule counts, and where it leads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import Forwarding, LinkedRulesets, Peering, Unreadable, VirtualNetwork, ZoneSearch
from azext_acrpulldiag.path import BROKEN, OK, UNKNOWN
from azext_acrpulldiag.path.dns.details import ForwardedName, NoRule
from azext_acrpulldiag.path.dns.forwarding import rule_for, rules_for
from azext_acrpulldiag.path.dns.names import resolved
from azext_acrpulldiag.path.dns.query import as_if_all_zones_were_seen
from tests.build import (
    HUB_NETWORK_ID,
    RULESET_ID,
    SUBSCRIPTION,
    VNET_ID,
    forwarding,
    forwarding_rule,
    inbound_endpoint,
    private_link_network,
    private_registry,
    private_zone,
    ruleset,
    zone_link,
)

HOST, PRIVATE = "contosoreg.azurecr.io", "contosoreg.privatelink.azurecr.io"
NO_RIGHT = Unreadable("forbidden", "HTTP 403: no right to read it", "Some/read", "Some/read")
FAR = HUB_NETWORK_ID.replace("hub", "far")
ELSEWHERE = "network.dns-forwarded-elsewhere"
LINK_MISSING = "network.private-dns-link-missing"
CLOSED = private_registry()
IN_HUB = private_zone(links=(zone_link(HUB_NETWORK_ID, "hub"),))
NOWHERE = private_zone(links=())
OTHER_RULESET = f"{RULESET_ID}-2"


def world(*zones, rules=None, inbound=(), linked=None, **changes):
    """The nodes' network, not peered; a ruleset with these rules is linked to it."""
    of_nodes = {VNET_ID: ruleset(*rules)} if rules is not None else {}
    given = forwarding({**of_nodes, **(linked or {})}, *inbound)
    found = {"zones": ZoneSearch(zones, (SUBSCRIPTION,)), "forwarding": given, **changes}
    return private_link_network(**found)


def look_up(net, of=CLOSED, host=HOST):
    return resolved(of, net, net.places[0], host)


def told(net, of=CLOSED, host=HOST):
    hops, destination = look_up(net, of, host)
    worst = next((hop for hop in hops if hop.state != OK), hops[-1])
    return worst.state, worst.outcome, bool(destination and destination.private)


def part(net, kind):
    """The part of the details of the broken, or unknown, hop that is of a kind."""
    hop = next(hop for hop in look_up(net)[0] if hop.state != OK)
    (found,) = [each for each in hop.details if isinstance(each, kind)]
    return found


def peered(prefix="10.100.0.0/16"):
    """The nodes' network, peered with the hub."""
    peering = Peering(f"{VNET_ID}/virtualNetworkPeerings/to", "to", HUB_NETWORK_ID, "Connected", True, True, False, ())
    own = VirtualNetwork(VNET_ID, ("10.224.0.0/12",), (), (replace(peering, remote_prefixes=(prefix,)),))
    hub = VirtualNetwork(HUB_NETWORK_ID, (prefix,), (), ())
    return {"networks": {VNET_ID.lower(): own, HUB_NETWORK_ID.lower(): hub}}


# --- which rule ------------------------------------------------------------------------


def domains(*rules, name=PRIVATE):
    return [each.rule.domain for each in rules_for((ruleset(*rules),), name)]


def test_the_longest_domain_that_the_name_falls_in_comes_first():
    rules = [forwarding_rule(domain=each) for each in ("io", "privatelink.azurecr.io", "azurecr.io", "x.azurecr.io")]
    assert domains(*rules) == ["privatelink.azurecr.io", "azurecr.io", "io"]
    assert domains(*rules, name=HOST) == ["azurecr.io", "io"]
    assert domains(forwarding_rule(domain="cr.io")) == []


def test_a_rule_for_all_names_does_not_capture_those_of_registries():
    assert domains(forwarding_rule(domain="")) == []


def test_a_rule_that_is_disabled_is_none():
    short, long = forwarding_rule(domain="azurecr.io"), forwarding_rule(enabled=False)
    found = rule_for(LinkedRulesets((ruleset(short, long),)), PRIVATE)
    assert found.rule == short
    assert rule_for(LinkedRulesets((ruleset(long),)), PRIVATE) is None


def test_what_is_not_known_of_a_rule_that_would_count_is_not_known():
    assert rule_for(LinkedRulesets((ruleset(forwarding_rule(enabled=NO_RIGHT)),)), PRIVATE) == NO_RIGHT
    assert rule_for(LinkedRulesets((replace(ruleset(), rules=NO_RIGHT),)), PRIVATE) == NO_RIGHT


# --- where it leads --------------------------------------------------------------------


@pytest.mark.parametrize("domain", ["privatelink.azurecr.io", "azurecr.io", "contosoreg.privatelink.azurecr.io"])
@pytest.mark.parametrize("of", [CLOSED, private_registry(public_network_access="Enabled")])
def test_the_zone_in_the_hub_answers_by_the_hubs_inbound_endpoint(of, domain):
    net = world(IN_HUB, rules=[forwarding_rule(domain=domain)], inbound=[inbound_endpoint()])
    hops, destination = look_up(net, of)
    assert [hop.kind for hop in hops[2:]] == [
        "dns-forwarding-rule",
        "private-dns-zone",
        "private-dns-link",
        "private-dns-record",
    ]
    assert all(hop.state == OK and hop.unread is None for hop in hops)
    assert destination.addresses == ("10.225.0.6",)


def test_a_server_in_a_peered_network_is_taken_to_forward_to_azure_dns():
    assert told(world(IN_HUB, rules=[forwarding_rule()], **peered())) == (OK, None, True)


def test_only_the_first_server_of_a_rule_counts():
    both = [inbound_endpoint(), inbound_endpoint("10.7.0.4", FAR)]
    linked = {FAR: ruleset()}
    first, last = forwarding_rule("10.100.0.10", "10.7.0.4"), forwarding_rule("10.7.0.4", "10.100.0.10")
    assert told(world(IN_HUB, rules=[first], inbound=both, linked=linked)) == (OK, None, True)
    assert told(world(IN_HUB, rules=[last], inbound=both, linked=linked)) == (BROKEN, ELSEWHERE, True)


def test_an_endpoint_in_a_network_without_the_zone_leads_elsewhere():
    net = world(NOWHERE, rules=[forwarding_rule()], inbound=[inbound_endpoint()])
    assert told(net) == (BROKEN, ELSEWHERE, True)
    found = part(net, ForwardedName)
    assert (found.resolves, found.network_id, found.link, found.right_server) == (
        True,
        VNET_ID,
        "aks-vnet-14326078",
        None,
    )
    assert (found.may_be_public, found.may_not_resolve) == (True, False)


def test_for_the_public_name_the_zone_is_to_be_linked_where_the_servers_are():
    net = world(NOWHERE, rules=[forwarding_rule(domain="azurecr.io")], inbound=[inbound_endpoint()])
    assert part(net, ForwardedName).network_id == HUB_NETWORK_ID


def test_the_right_server_is_an_inbound_endpoint_of_a_network_with_the_zone():
    far = private_zone(links=(zone_link(FAR, "far"),))
    both = [inbound_endpoint(), inbound_endpoint("10.7.0.4", FAR)]
    found = part(world(far, rules=[forwarding_rule()], inbound=both), ForwardedName)
    assert found.right_servers == "[{ip-address:10.7.0.4,port:53}]"


def test_where_public_access_is_open_it_leads_to_the_public_endpoint():
    net = world(NOWHERE, rules=[forwarding_rule()], inbound=[inbound_endpoint()])
    assert told(net, private_registry(public_network_access="Enabled")) == (OK, None, False)


def test_a_wrong_record_behind_a_rule_is_the_fault():
    zone = replace(IN_HUB, records={"contosoreg": None, "contosoreg.westeurope.data": None})
    net = world(zone, rules=[forwarding_rule()], inbound=[inbound_endpoint()])
    assert told(net) == (BROKEN, "network.private-dns-record-missing", True)


def test_without_any_zone_that_is_the_fault():
    net = world(rules=[forwarding_rule()], inbound=[inbound_endpoint()])
    assert told(net)[:2] == (BROKEN, "network.private-dns-zone-missing")


@pytest.mark.parametrize("to", [[HUB_NETWORK_ID], [HUB_NETWORK_ID, FAR]])
def test_servers_that_forward_in_a_circle_resolve_nothing(to):
    addresses = {HUB_NETWORK_ID: "10.100.0.10", FAR: "10.7.0.4"}
    linked = {each: ruleset(forwarding_rule(addresses[to[-1]])) for each in to}
    linked[to[-1]] = ruleset(forwarding_rule(addresses[to[0]]))
    inbound = [inbound_endpoint(addresses[each], each) for each in addresses]
    net = world(NOWHERE, rules=[forwarding_rule()], inbound=inbound, linked=linked)
    assert told(net)[:2] == (BROKEN, ELSEWHERE)
    assert part(net, ForwardedName).resolves is False


def test_a_chain_of_rules_leads_on():
    zone = private_zone(links=(zone_link(FAR, "far"),))
    inbound = [inbound_endpoint(), inbound_endpoint("10.7.0.4", FAR)]
    linked = {HUB_NETWORK_ID: ruleset(forwarding_rule("10.7.0.4"))}
    assert told(world(zone, rules=[forwarding_rule()], inbound=inbound, linked=linked)) == (OK, None, True)


# --- what comes before and after -------------------------------------------------------


def test_a_linked_zone_comes_before_a_rule():
    net = world(private_zone(), rules=[forwarding_rule("192.168.10.4")])
    hops, _ = look_up(net)
    assert told(net) == (OK, None, True)
    assert all(hop.unread is None for hop in hops)


@pytest.mark.parametrize(
    ("zone", "doubted"), [(private_zone(links=(zone_link(), zone_link(HUB_NETWORK_ID))), False), (private_zone(), True)]
)
def test_a_rule_for_the_public_name_casts_a_doubt_on_a_linked_zone_where_it_leads_elsewhere(zone, doubted):
    net = world(zone, rules=[forwarding_rule(domain="azurecr.io")], inbound=[inbound_endpoint()])
    hops, destination = look_up(net)
    assert hops[-1].state == OK
    assert destination.private
    assert bool(hops[-1].unread) is doubted


def test_custom_dns_servers_pass_the_networks_own_rules_by():
    own = VirtualNetwork(VNET_ID, ("10.224.0.0/12",), ("10.224.0.10",), ())
    asked = {"networks": {VNET_ID.lower(): own}}
    # The server is in the nodes' network and asks Azure's DNS there: its rules count for the server.
    net = world(IN_HUB, rules=[forwarding_rule()], inbound=[inbound_endpoint()], **asked)
    assert told(net) == (OK, None, True)
    beyond = peered()["networks"]
    in_hub = {**beyond, VNET_ID.lower(): replace(beyond[VNET_ID.lower()], dns_servers=("10.100.0.20",))}
    net = world(NOWHERE, rules=[forwarding_rule("192.168.0.1")], networks=in_hub)
    assert told(net)[:2] == (BROKEN, "network.custom-dns-unlinked")


def test_a_custom_dns_server_may_be_an_inbound_endpoint():
    beyond = peered()["networks"]
    networks = {**beyond, VNET_ID.lower(): replace(beyond[VNET_ID.lower()], dns_servers=("10.100.0.10",))}
    hops, _ = look_up(world(IN_HUB, inbound=[inbound_endpoint()], networks=networks))
    assert "an inbound endpoint of DNS Private Resolver in network hub" in hops[1].why


# --- no rule is in force ---------------------------------------------------------------


def test_a_rule_that_would_lead_there_if_it_were_enabled_is_named():
    net = world(IN_HUB, rules=[forwarding_rule(enabled=False)], inbound=[inbound_endpoint()])
    assert told(net)[:2] == (BROKEN, LINK_MISSING)
    found = part(net, NoRule)
    assert (found.disabled_rule, found.disabled_ruleset, found.caveat) == ("registries", "ruleset", "")


def test_a_disabled_rule_that_would_not_lead_there_is_not_named():
    net = world(NOWHERE, rules=[forwarding_rule(enabled=False)], inbound=[inbound_endpoint()])
    assert part(net, NoRule).disabled_rule is None


def test_that_a_ruleset_may_be_unseen_is_said():
    unlisted = Forwarding({VNET_ID.lower(): LinkedRulesets((), NO_RIGHT)})
    net = world(IN_HUB, forwarding=unlisted)
    assert told(net)[:2] == (BROKEN, LINK_MISSING)
    assert "that this login does not see" in part(net, NoRule).caveat


@pytest.mark.parametrize(
    "unread",
    [
        NO_RIGHT,
        None,
        Forwarding({}),
        Forwarding({VNET_ID.lower(): LinkedRulesets((), NO_RIGHT, NO_RIGHT)}),
    ],
)
def test_an_absent_link_is_unknown_where_rules_could_not_be_read(unread):
    net = world(IN_HUB, forwarding=unread)
    hops, _ = look_up(net)
    assert (hops[-1].state, hops[-1].kind) == (UNKNOWN, "dns-forwarding-rule")
    assert told(as_if_all_zones_were_seen(CLOSED, net))[:2] == (BROKEN, LINK_MISSING)
    assert told(replace(net, zones=ZoneSearch((private_zone(),), (SUBSCRIPTION,)))) == (OK, None, True)


def test_a_linked_ruleset_whose_rules_could_not_be_read_may_forward_anywhere():
    seen = Forwarding({VNET_ID.lower(): LinkedRulesets((replace(ruleset(), rules=NO_RIGHT),))})
    net = world(IN_HUB, forwarding=seen)
    for each in (net, as_if_all_zones_were_seen(CLOSED, net)):
        hops, _ = look_up(each)
        assert (hops[-1].state, hops[-1].kind) == (UNKNOWN, "dns-forwarding-rule")


# --- servers that nobody can ask here --------------------------------------------------


def test_a_server_in_no_known_network_is_unknown_and_tells_what_it_is_about():
    net = world(IN_HUB, rules=[forwarding_rule("192.168.10.4")])
    assert told(net)[:2] == (UNKNOWN, None)
    found = part(net, ForwardedName)
    assert (found.resolves, found.may_be_public, found.may_not_resolve) == (None, True, True)
    assert found.zone_id == IN_HUB.id


def test_that_inbound_endpoints_could_not_be_read_is_why():
    given = replace(forwarding({VNET_ID: ruleset(forwarding_rule())}), inbound_unread=NO_RIGHT)
    hop = look_up(world(IN_HUB, forwarding=given))[0][-1]
    assert (hop.state, hop.unread.permission) == (UNKNOWN, NO_RIGHT.permission)


def test_one_address_in_two_networks_is_known_by_a_peering_only():
    both = [inbound_endpoint(), inbound_endpoint(network_id=FAR)]
    assert told(world(IN_HUB, rules=[forwarding_rule()], inbound=both))[0] == UNKNOWN
    assert told(world(IN_HUB, rules=[forwarding_rule()], inbound=both, **peered())) == (OK, None, True)
    elsewhere = [inbound_endpoint(network_id=FAR)]
    assert told(world(IN_HUB, rules=[forwarding_rule()], inbound=elsewhere, **peered()))[0] == UNKNOWN


def test_a_rule_is_no_fault_where_a_zone_that_was_not_seen_may_come_before_it():
    net = world(NOWHERE, rules=[forwarding_rule()], inbound=[inbound_endpoint()])
    assert told(replace(net, zones=ZoneSearch((NOWHERE,), (), NO_RIGHT)))[:2] == (UNKNOWN, None)
