"""Azure Firewalls and policies, from recorded answers and official examples."""

import pytest

from azext_acrpulldiag.collect.members import mapped
from azext_acrpulldiag.collect.network.firewall_models import (
    addresses_of_group,
    firewall_from,
    groups_from,
    groups_named,
    in_order,
    policy_from,
)
from azext_acrpulldiag.facts import FirewallRule, RuleCollection, Unreadable
from tests.recordings import body

GROUPS = "network/firewall_policy_rulecollectiongroups_list_example"


def test_a_firewall_with_an_address():
    firewall = firewall_from(body("network/azurefirewall_get_with_ip_config"))
    assert firewall.private_ips == ("10.0.0.4",)
    assert firewall.network_id.endswith("/virtualNetworks/vnet-000003")
    assert [each.rpartition("/")[2] for each in firewall.public_ip_ids] == ["public-ip-000006"]
    assert (firewall.hub_id, firewall.policy_id, firewall.collections) == (None, None, ())
    assert (firewall.dns_proxy, firewall.dns_servers) == (False, ())


def test_classic_rules():
    firewall = firewall_from(body("network/azurefirewall_get_classic_rules"))
    assert firewall.collections == (
        RuleCollection(
            "rc1",
            "network",
            True,
            (
                FirewallRule(
                    "network-rule1",
                    sources=("10.0.0.0", "111.1.0.0/24"),
                    source_groups=(),
                    destinations=(),
                    destination_groups=(),
                    fqdns=("www.bing.com",),
                    fqdn_tags=(),
                    protocols=("UDP", "TCP", "ICMP"),
                    ports=("80",),
                ),
            ),
            priority=10000,
        ),
    )


def test_classic_collections_come_by_priority_and_network_rules_first():
    answer = body("network/azurefirewall_get_classic_rules")
    (first,) = answer["properties"]["networkRuleCollections"]
    early = {"name": "early", "properties": first["properties"] | {"priority": 200, "action": {"type": "Deny"}}}
    rule = {
        "name": "web",
        "protocols": [{"protocolType": "Https", "port": 443}],
        "targetFqdns": ["*.azurecr.io"],
        "sourceAddresses": ["*"],
    }
    web = {"name": "web", "properties": {"priority": 100, "action": {"type": "Allow"}, "rules": [rule]}}
    answer["properties"]["networkRuleCollections"].append(early)
    answer["properties"]["applicationRuleCollections"].append(web)
    collections = firewall_from(answer).collections
    assert [(each.name, each.kind, each.allows) for each in collections] == [
        ("early", "network", False),
        ("rc1", "network", True),
        ("web", "application", True),
    ]
    assert collections[2].rules[0].protocols == ("Https:443",)


def test_rules_that_are_not_shown_are_not_no_rules():
    answer = body("network/azurefirewall_get_with_ip_config")
    del answer["properties"]["applicationRuleCollections"]
    assert mapped(firewall_from, answer, answer["id"]).reason == "not-shown"


def test_classic_dns_settings_are_additional_properties():
    answer = body("network/azurefirewall_get_with_ip_config")
    answer["properties"]["additionalProperties"] = {
        "Network.DNS.EnableProxy": "true",
        "Network.DNS.Servers": "10.1.0.4, 10.1.0.5",
    }
    firewall = firewall_from(answer)
    assert (firewall.dns_proxy, firewall.dns_servers) == (True, ("10.1.0.4", "10.1.0.5"))


def test_a_firewall_in_a_virtual_hub():
    answer = body("network/azurefirewalls_list_by_rg")["value"][0]
    answer["properties"] |= {
        "virtualHub": {"id": "/hub"},
        "hubIPAddresses": {"privateIPAddress": "10.9.0.4", "publicIPs": {"count": 1}},
        "firewallPolicy": {"id": "/policy"},
    }
    firewall = firewall_from(answer)
    assert (firewall.hub_id, firewall.network_id, firewall.policy_id) == ("/hub", None, "/policy")
    assert firewall.private_ips == ("10.9.0.4",)


def test_a_policy():
    policy = policy_from(body("network/firewall_policy_get_example"))
    assert (policy.base_id, policy.dns_proxy, policy.dns_servers) == (None, True, ("30.3.4.5",))
    assert [each.rpartition("/")[2] for each in policy.group_ids] == ["DefaultApplicationRuleCollectionGroup"]


def test_a_policy_with_a_parent_and_no_dns_settings():
    answer = body("network/firewall_policy_get_example")
    del answer["properties"]["dnsSettings"]
    answer["properties"]["basePolicy"] = {"id": "/base"}
    policy = policy_from(answer)
    assert (policy.base_id, policy.dns_proxy, policy.dns_servers) == ("/base", None, ())


def test_rule_collection_groups():
    collections = groups_from(body(GROUPS)["value"])
    assert [(each.name, each.kind, each.allows, each.priority) for each in collections] == [
        ("deny-net", "network", False, 110),
        ("allow-web", "application", True, 120),
    ]
    assert collections[0].rules[0].protocols == ("TCP",)
    assert collections[0].rules[0].ports == ("*",)
    assert collections[1].rules[0].fqdns == ("*.azurecr.io",)
    assert collections[1].rules[0].protocols == ("Https:443",)
    assert collections[1].group_id.endswith("/ruleCollectionGroups/DefaultApplicationRuleCollectionGroup")


def test_a_recorded_group_without_collections():
    assert groups_from([body("network/firewall_policy_rulecollectiongroup_get")]) == ()


def test_groups_come_by_their_own_priority_before_that_of_collections():
    (group,) = body(GROUPS)["value"]
    early = body(GROUPS)["value"][0] | {"id": "/early"}
    early["properties"] |= {"priority": 100}
    names = [(each.group_id == "/early", each.name) for each in groups_from([group, early])]
    assert names == [(True, "deny-net"), (True, "allow-web"), (False, "deny-net"), (False, "allow-web")]


@pytest.mark.parametrize("change", [{"ruleType": "NewRule"}, {"ruleType": None}])
def test_a_rule_of_an_unknown_kind_leaves_the_policy_unreadable(change):
    items = body(GROUPS)["value"]
    items[0]["properties"]["ruleCollections"][0]["rules"][0] |= change
    assert isinstance(mapped(groups_from, items, "/policy/ruleCollectionGroups"), Unreadable)


def test_a_parents_collections_come_first_within_a_kind():
    def made(name, kind):
        return RuleCollection(name, kind, True, ())

    parent = (made("parent-app", "application"), made("parent-net", "network"))
    child = (made("child-net", "network"), made("child-app", "application"))
    assert [each.name for each in in_order([parent, child])] == ["parent-net", "child-net", "parent-app", "child-app"]


def test_ip_groups():
    answer = {"id": "/g", "properties": {"ipAddresses": ["10.1.0.0/16", "10.2.0.4-10.2.0.9"], "firewalls": []}}
    assert addresses_of_group(answer) == ("10.1.0.0/16", "10.2.0.4-10.2.0.9")


def test_the_ip_groups_that_rules_name():
    answer = body("network/azurefirewall_get_classic_rules")
    rule = answer["properties"]["networkRuleCollections"][0]["properties"]["rules"][0]
    rule |= {"sourceIpGroups": ["/one"], "destinationIpGroups": ["/two"]}
    assert list(groups_named(firewall_from(answer).collections)) == ["/one", "/two"]
    assert list(groups_named(Unreadable("forbidden", "no"))) == []
