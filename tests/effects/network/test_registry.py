from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.network.registry import (
    address_allowed,
    connection_approved,
    data_endpoints_enabled,
    public_access_enabled,
    subnet_allowed,
)
from azext_acrpulldiag.facts import NetworkRules, PrivateEndpointConnection, Unreadable
from azext_acrpulldiag.repairs import UntoldError
from tests import build

from ..trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
NOT_ALLOWED, CLOSED = "network.outbound-ip-not-allowed", "network.public-access-disabled"
NOT_APPROVED = "network.private-endpoint-not-approved"


def filtered(*addresses, action="Deny", **changes):
    return build.registry(network_rules=NetworkRules(action, addresses, ()), **changes)


def refused(*addresses):
    return build.kubernetes(
        *(
            build.failing(f"403 Forbidden: denied: client with IP '{each}' is not allowed access", pod=f"web-{number}")
            for number, each in enumerate(addresses)
        )
    )


# --- addresses ---------------------------------------------------------------------------


def test_every_outbound_ip_that_is_refused_is_allowed():
    facts = build.healthy_facts(registry=filtered(), outbound=build.outbound("20.50.60.70", "20.50.60.71"))
    assert leads_to(facts, NOT_ALLOWED) == HEALTHY


def test_an_address_that_the_registry_names_is_allowed_and_pods_pull():
    facts = build.healthy_facts(
        registry=filtered("20.50.60.70"), outbound=build.outbound("20.50.60.70"), kubernetes=refused("20.88.7.6")
    )
    assert leads_to(facts, NOT_ALLOWED) == HEALTHY


def test_no_rule_is_made_for_ipv6_so_that_it_is_not_told_what_allowing_the_rest_leads_to():
    facts = build.healthy_facts(
        registry=filtered("20.50.60.70"),
        outbound=build.outbound("20.50.60.70"),
        kubernetes=refused("20.88.7.6", "2603:1020:206::5"),
    )
    assert "IPv4" in not_told(facts, NOT_ALLOWED)


def test_rules_that_were_not_read_stay_unread():
    for effect in (address_allowed, subnet_allowed):
        facts = build.healthy_facts(registry=build.registry(network_rules=UNREAD))
        assert effect({"address": "20.1.1.1", "subnet": build.SUBNET_ID}, facts) == facts
    hidden = build.healthy_facts(registry=build.registry(network_rules=NetworkRules("Deny", (), UNREAD)))
    assert subnet_allowed({"subnet": build.SUBNET_ID}, hidden) == hidden


def test_a_subnet_with_a_service_endpoint_is_allowed():
    facts = build.service_endpoint_facts(registry=filtered())
    assert leads_to(facts, "network.subnet-not-allowed") == HEALTHY


# --- the public endpoint -----------------------------------------------------------------


@pytest.mark.parametrize(("action", "then"), [("Allow", "healthy"), ("Deny", "inconclusive")])
def test_the_firewall_decides_once_public_access_is_enabled(action, then):
    closed = filtered(action=action, public_network_access="Disabled")
    assert leads_to(build.healthy_facts(registry=closed), CLOSED) == (then, ())


def test_a_registry_that_was_not_read_stays_unread():
    facts = build.healthy_facts(registry=UNREAD)
    assert public_access_enabled({}, facts) == data_endpoints_enabled({}, facts) == facts


# --- data endpoints ----------------------------------------------------------------------

LAYERS = "network.storage-policy-blocks-layers"


def test_a_registry_has_a_data_endpoint_in_each_of_its_regions():
    facts = build.healthy_facts(replications=(build.replication("eastus"), build.replication("westeurope")))
    hosts = data_endpoints_enabled({}, facts).registry.data_endpoint_hosts
    assert set(hosts) == {"contosoreg.eastus.data.azurecr.io", "contosoreg.westeurope.data.azurecr.io"}


def test_regions_that_were_not_read_have_no_data_endpoint_that_can_be_told():
    with pytest.raises(UntoldError):
        data_endpoints_enabled({}, build.healthy_facts(replications=UNREAD))


def test_layers_from_data_endpoints_meet_no_storage_policy():
    assert leads_to(build.storage_policy_facts(), LAYERS) == HEALTHY


def test_layers_from_data_endpoints_meet_a_firewall_that_does_not_know_them():
    blobs = "*.blob.core.windows.net"
    facts = build.firewall_facts(build.allowing("*.azurecr.io", blobs))
    (key,) = facts.network.subnets
    policy = build.storage_policy_facts().network
    here = replace(
        facts.network.subnets[key],
        service_endpoints=("microsoft.storage",),
        endpoint_policy_ids=tuple(each.id for each in policy.endpoint_policies.values()),
    )
    way = replace(facts.network, subnets={key: here}, endpoint_policies=policy.endpoint_policies)
    some = replace(facts, network=way)
    assert leads_to(some, LAYERS) == HEALTHY
    strict = build.firewall_facts(build.allowing("contosoreg.azurecr.io", blobs)).network
    strict = replace(way, firewalls=strict.firewalls)
    assert leads_to(replace(facts, network=strict), LAYERS) == ("broken", ("network.firewall-blocks-registry",))


# --- private endpoints -------------------------------------------------------------------

VALUES = {"connection": build.CONNECTION_ID.rpartition("/")[2], "registry_id": build.REGISTRY_ID}


def with_status(status, **changes):
    connection = PrivateEndpointConnection(build.CONNECTION_ID, status, build.ENDPOINT_ID)
    shut = replace(build.private_registry(), private_endpoints=(connection,))
    endpoint = build.private_endpoint(status=status)
    return build.private_link_facts(registry=shut, network=build.private_link_network(endpoints=(endpoint,), **changes))


def test_a_connection_is_approved_on_both_sides():
    assert leads_to(with_status("Pending"), NOT_APPROVED) == HEALTHY
    after = connection_approved(VALUES, with_status("Pending"))
    assert [each.status for each in (*after.registry.private_endpoints, *after.network.endpoints)] == ["Approved"] * 2


def test_zones_that_were_not_read_before_leave_it_open():
    assert leads_to(with_status("Pending", zones=None), NOT_APPROVED) == ("inconclusive", ())


def test_no_other_connection_is_approved():
    facts = with_status("Pending")
    assert connection_approved({**VALUES, "connection": "another"}, facts) == facts


def test_endpoints_that_were_not_read_stay_unread():
    facts = with_status("Pending")
    unread = replace(
        facts,
        registry=replace(facts.registry, private_endpoints=UNREAD),
        network=replace(facts.network, endpoints=UNREAD),
    )
    assert connection_approved(VALUES, unread) == unread
    assert connection_approved(VALUES, replace(unread, network=UNREAD)).network == UNREAD


def test_of_a_new_endpoint_nobody_knows_the_addresses():
    assert "addresses" in not_told(with_status("Rejected"), NOT_APPROVED)
