from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.network.filters import (
    admin_rules_deployed,
    firewall_allows,
    group_allows,
    service_endpoint_added,
)
from azext_acrpulldiag.facts import NetworkRules, RuleCollection, Unreadable
from tests import build
from tests.path.worlds import FORBIDDEN, GROUP_ID, NODES_ID, guarded, rule

from ..trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
NSG, ADMIN = "network.nsg-blocks-registry", "network.admin-rule-blocks-registry"
FIREWALL, SERVICE = "network.firewall-blocks-registry", "network.service-endpoint-missing"

# --- security groups ---------------------------------------------------------------------


@pytest.mark.parametrize("on_interface", [False, True])
@pytest.mark.parametrize("destinations", [("Internet",), ("AzureContainerRegistry",), ("*",)])
def test_a_group_allows_what_it_denied(on_interface, destinations):
    facts = build.healthy_facts(network=guarded(rule(300, destinations=destinations), on_interface=on_interface))
    assert leads_to(facts, NSG) == HEALTHY


def test_without_a_free_priority_it_is_done_by_hand():
    facts = build.healthy_facts(network=guarded(rule(100, destinations=("Internet",))))
    assert "by hand" in not_told(facts, NSG)


def test_a_group_that_was_not_read_stays_unread():
    facts = build.healthy_facts(network=replace(guarded(), security_groups={GROUP_ID.lower(): FORBIDDEN}))
    values = {"security_group": GROUP_ID, "new_rule": "x", "priority": 100, "direction": "Outbound", "destinations": ()}
    assert group_allows(values, facts) == facts


# --- security admin rules ----------------------------------------------------------------


def test_admin_rules_hand_on_to_the_security_group_once_they_are_deployed():
    assert leads_to(build.admin_rule_facts(), ADMIN) == ("broken", (NSG,)), "it denies the internet, too"
    facts = build.admin_rule_facts()
    way = replace(facts.network, subnets={build.SUBNET_ID.lower(): build.subnet()})
    assert leads_to(replace(facts, network=way), ADMIN) == HEALTHY


def test_admin_rules_that_were_not_read_stay_unread():
    facts = build.unread_admin_rules_facts()
    assert admin_rules_deployed({"admin_rule": build.admin_rule().id, "new_rules": ()}, facts) == facts
    assert isinstance(facts.network.managed.admin_rules[NODES_ID.lower()], Unreadable)


# --- firewalls ---------------------------------------------------------------------------

POLICY = f"{build.FIREWALL_ID.rpartition('/azureFirewalls/')[0]}/firewallPolicies/fwp"
GROUP = f"{POLICY}/ruleCollectionGroups/own"
LOGIN, BLOBS = "contosoreg.azurecr.io", "*.blob.core.windows.net"
DENIED_BY_ADDRESS = build.firewall_rule(
    name="no-tls", fqdns=(), destinations=("*",), protocols=("TCP",), ports=("443",)
)


def collection(kind="application", allows=True, priority=200, group=GROUP, **changes):
    given = changes or {"fqdns": ("mcr.microsoft.com",)}
    return RuleCollection("web", kind, allows, (build.firewall_rule(**given),), priority, group)


def of_policy(*collections, **changes):
    return build.appliance_facts(build.firewall(*collections, policy_id=POLICY, **changes))


@pytest.mark.parametrize(
    "facts",
    [
        build.firewall_facts(build.allowing("mcr.microsoft.com")),
        build.firewall_facts(build.allowing(LOGIN)),
        build.firewall_facts(collection(allows=False, group=None, fqdns=("*",)), build.allowing("*")),
        build.firewall_facts(RuleCollection("net", "network", False, (DENIED_BY_ADDRESS,), 300), build.allowing("*")),
        of_policy(collection()),
        of_policy(collection(allows=False, fqdns=("*.azurecr.io", BLOBS)), collection(priority=300, fqdns=("*",))),
        of_policy(RuleCollection("net", "network", False, (DENIED_BY_ADDRESS,), 300, GROUP), collection(fqdns=("*",))),
        of_policy(),
        build.virtual_hub_facts(build.allowing("mcr.microsoft.com")),
    ],
    ids=[
        "classic, no rule",
        "classic, no rule for layers",
        "classic, denied by name",
        "classic, denied by address",
        "policy, no rule",
        "policy, denied by name",
        "policy, denied by address",
        "policy without rules",
        "in a virtual hub",
    ],
)
def test_a_firewall_lets_a_pull_through(facts):
    assert leads_to(facts, FIREWALL) == HEALTHY


def test_a_rule_of_a_parent_policy_is_met_by_other_firewalls_too():
    (key,) = of_policy().network.firewalls
    facts = of_policy(collection())
    other = build.firewall(collection(), policy_id=f"{POLICY}-child")
    other = replace(other, id=f"{build.FIREWALL_ID}-2")
    strange = replace(build.firewall(collection(group=f"{POLICY}-x/ruleCollectionGroups/own")), id="/x")
    found = {key: facts.network.firewalls[key], "another": other, "strange": strange, "unread": UNREAD}
    values = {
        "firewall_id": build.FIREWALL_ID,
        "repair_policy": "fwp",
        "repair_policy_group": POLICY.split("/")[4],
        "repair_policy_subscription": build.SUBSCRIPTION,
        "repair_group": "own",
        "repair_priority": 150,
        "sources": ("10.224.0.0/16",),
        "blocked": (LOGIN,),
    }
    way = replace(facts, network=replace(facts.network, firewalls=found))
    after = firewall_allows("application")(values, way).network.firewalls
    assert [len(after[each].collections) for each in (key, "another", "strange")] == [2, 2, 1]
    assert after[key].collections[0].priority == 150, "it comes before the one with a higher number"
    assert after["unread"] == UNREAD


# --- service endpoints -------------------------------------------------------------------


def test_a_subnet_that_the_registry_names_gets_its_service_endpoint():
    facts = build.service_endpoint_facts(
        registry=build.registry(network_rules=NetworkRules("Deny", (), (build.SUBNET_ID,))), network=build.network()
    )
    assert leads_to(facts, SERVICE) == HEALTHY


def test_a_subnet_that_was_not_read_stays_unread():
    facts = build.healthy_facts(network=build.network(subnets={build.SUBNET_ID.lower(): UNREAD}))
    values = {"subnet": build.SUBNET_ID, "all_service_endpoints": ("Microsoft.ContainerRegistry",)}
    assert service_endpoint_added(values, facts) == facts
