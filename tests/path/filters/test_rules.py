"""Evaluation of security rules against one that asks every single connection."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest

from azext_acrpulldiag.facts import SecurityGroup, SecurityRule
from azext_acrpulldiag.path.addresses import PUBLIC, address_set
from azext_acrpulldiag.path.filters.rules import Match, Services, Side, verdict

REGISTRY = Services(("azurecontainerregistry", "azurecloud"), ("westeurope",), complete=False)
NODES = Side(address_set(("10.0.0.0/29",)))
ENDPOINT = Side(address_set(("10.0.0.12",)))
OPEN_SIDE = Side(PUBLIC, in_network=False, services=REGISTRY, grouped=False)


def rule(priority: int = 100, access: str = "Deny", **changes: object) -> SecurityRule:
    values: dict[str, object] = {
        "name": f"rule{priority}",
        "priority": priority,
        "direction": "Outbound",
        "access": access,
        "protocol": "*",
        "sources": ("*",),
        "destinations": ("*",),
        "source_ports": ("*",),
        "destination_ports": ("*",),
    }
    return SecurityRule(**{**values, **changes})  # type: ignore[arg-type]


# Azure's own: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
DEFAULTS = (
    rule(65000, "Allow", name="AllowVnetOutBound", sources=("VirtualNetwork",), destinations=("VirtualNetwork",)),
    rule(65001, "Allow", name="AllowInternetOutBound", destinations=("Internet",)),
    rule(65500, "Deny", name="DenyAllOutBound"),
    rule(65500, "Deny", name="DenyAllInBound", direction="Inbound"),
)


def group(*rules: SecurityRule) -> SecurityGroup:
    return SecurityGroup("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/x/nsg", (*rules, *DEFAULTS))


def told(*rules: SecurityRule, source: Side = NODES, destination: Side = OPEN_SIDE) -> str | None:
    return verdict(group(*rules), "Outbound", source, destination).access


# --- the reference: every node, every possible address, one after the other --------------------

SOURCES = ["*", "VirtualNetwork", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.8/29", "Internet"]
TARGETS = ["*", "VirtualNetwork", "Internet", "10.0.0.8/29", "10.0.0.12", "10.0.0.13/32", "10.0.0.0/28", "Sql"]
PORTS = ["*", "443", "80", "400-500", "444-500"]


def _holds(word: str, address: str, inside: bool) -> bool:
    if word in ("*", "VirtualNetwork", "Internet"):
        return word == "*" or (word == "VirtualNetwork") == inside
    return word[0].isdigit() and IPv4Address(address) in IPv4Network(word)


def _one_connection(rules: list[SecurityRule], source: str, target: str) -> str:
    for each in sorted(rules, key=lambda each: each.priority):
        ports = each.destination_ports[0]
        first, _, last = ("0-65535" if ports == "*" else ports).partition("-")
        if (
            each.direction == "Outbound"
            and each.protocol in ("*", "Tcp")
            and int(first) <= 443 <= int(last or first)
            and any(_holds(word, source, True) for word in each.sources)
            and any(_holds(word, target, True) for word in each.destinations)
        ):
            return each.access.lower()
    raise AssertionError("the default rules deny everything")


def _random_rule(chance: random.Random, priority: int) -> SecurityRule:
    return rule(
        priority,
        chance.choice(("Allow", "Deny")),
        direction=chance.choice(("Outbound", "Outbound", "Outbound", "Inbound")),
        protocol=chance.choice(("*", "Tcp", "Udp")),
        sources=tuple(chance.sample(SOURCES, chance.randint(1, 2))),
        destinations=tuple(chance.sample(TARGETS, chance.randint(1, 2))),
        destination_ports=(chance.choice(PORTS),),
    )


def test_an_answer_is_that_of_every_single_connection():
    """Where an answer is given, every node gets it; where all nodes get the same by one rule, one is given."""
    chance = random.Random(17)
    decided = 0
    for _ in range(4000):
        rules = [_random_rule(chance, number) for number in chance.sample(range(100, 120), chance.randint(0, 5))]
        chance.shuffle(rules)
        found = verdict(group(*rules), "Outbound", NODES, ENDPOINT)
        every = {
            _one_connection([*rules, *DEFAULTS], str(source), "10.0.0.12") for source in IPv4Network("10.0.0.0/29")
        }
        if found.access is not None:
            decided += 1
            assert every == {found.access}, rules
        else:
            assert found.perhaps, rules
            assert len({each.access for each in (*found.perhaps, found.rule) if each}) == 2
        if len(every) == 2:
            assert found.access is None
    assert decided > 2000


def test_one_node_is_always_told():
    """Nothing is unknown of a connection whose both ends are known."""
    chance = random.Random(18)
    for _ in range(2000):
        rules = [_random_rule(chance, number) for number in chance.sample(range(100, 120), chance.randint(0, 6))]
        source = Side(address_set(("10.0.0.5",)))
        found = verdict(group(*rules), "Outbound", source, ENDPOINT)
        assert found.access == _one_connection([*rules, *DEFAULTS], "10.0.0.5", "10.0.0.12")
        assert found.rule is not None


# --- the traps ---------------------------------------------------------------------------------


def test_the_lowest_number_wins_whatever_the_order():
    assert told(rule(200, "Deny"), rule(100, "Allow")) == "allow"
    assert told(rule(100, "Deny"), rule(200, "Allow")) == "deny"


@pytest.mark.parametrize(
    ("tag", "match"),
    [
        ("AzureContainerRegistry", Match.YES),
        ("azurecontainerregistry", Match.YES),
        ("AzureContainerRegistry.WestEurope", Match.MAYBE),  # that may be the one that serves
        ("AzureContainerRegistry.northeurope", Match.MAYBE),  # a replica may be there
        ("AzureCloud", Match.YES),
        ("AzureCloud.westeurope", Match.MAYBE),
        ("Storage", Match.NO),
        ("MicrosoftContainerRegistry", Match.NO),
        ("AzureActiveDirectory", Match.NO),
    ],
)
def test_service_tags_of_a_registry(tag, match):
    assert REGISTRY.match(tag) is match


def test_a_registry_in_one_region_is_in_no_other():
    alone = Services(("storage",), ("westeurope",))
    assert alone.match("Storage.northeurope") is Match.NO
    assert alone.match("Storage.westeurope") is Match.YES


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("francecentral", "centralfrance"),
        ("francesouth", "southfrance"),
        ("germanywestcentral", "germanywc"),
        ("germanynorth", "germanyn"),
        ("norwayeast", "norwaye"),
        ("norwaywest", "norwayw"),
        ("switzerlandnorth", "switzerlandn"),
        ("switzerlandwest", "switzerlandw"),
    ],
)
def test_azure_cloud_has_names_of_its_own_for_some_regions(region, suffix):
    there = Services(("azurecontainerregistry", "azurecloud"), (region,))
    assert there.match(f"AzureCloud.{suffix}") is Match.YES
    assert there.match(f"AzureCloud.{region}") is Match.YES
    assert there.match(f"AzureContainerRegistry.{region}") is Match.YES
    assert there.match(f"AzureContainerRegistry.{suffix}") is Match.NO
    assert Services(("azurecloud",), ("westeurope",)).match(f"AzureCloud.{suffix}") is Match.NO


@pytest.mark.parametrize(("suffix", "match"), [("brazilse", Match.MAYBE), ("brazilsouth", Match.NO)])
def test_a_region_that_nobody_knows_may_be_one_of_ours(suffix, match):
    assert Services(("azurecloud",), ("brazilsoutheast",)).match(f"AzureCloud.{suffix}") is match


def test_a_registry_in_several_regions_may_be_met_in_each():
    several = Services(("storage",), ("westeurope", "northeurope"))
    assert several.match("Storage.northeurope") is Match.MAYBE
    assert several.match("Storage.eastus") is Match.NO


BOTH = Side(PUBLIC, in_network=False, services=Services(("storage",), ("westeurope", "northeurope")), grouped=False)


@pytest.mark.parametrize(
    ("tags", "access"),
    [
        ({"Storage.westeurope": "Allow", "Storage.northeurope": "Allow"}, "allow"),
        ({"Storage.westeurope": "Deny", "Storage.northeurope": "Deny"}, "deny"),
        ({"Storage.westeurope": "Allow"}, None),
        ({"Storage.westeurope": "Allow", "Storage.northeurope": "Deny"}, None),
        ({"Storage.westeurope": "Allow", "Storage.eastus": "Allow"}, None),
    ],
)
def test_rules_for_every_region_decide_together(tags, access):
    rules = [rule(100 + n, each, destinations=(tag,)) for n, (tag, each) in enumerate(tags.items())]
    told = verdict(group(*rules, rule(4000)), "Outbound", NODES, BOTH)
    assert told.access == access
    assert told.first.priority == 100


def test_where_other_regions_may_count_no_rules_are_all():
    side = Side(PUBLIC, in_network=False, services=Services(("storage",), ("westeurope", "northeurope"), False))
    rules = [rule(100, "Allow", destinations=("Storage.westeurope", "Storage.northeurope")), rule(4000)]
    assert verdict(group(*rules), "Outbound", NODES, side).access is None


@pytest.mark.parametrize(
    ("destinations", "access"),
    [
        (("*",), "deny"),
        (("0.0.0.0/0",), "deny"),
        (("0.0.0.0/1", "128.0.0.0/1"), "deny"),
        (("Internet",), "deny"),
        (("AzureContainerRegistry",), "deny"),
        (("Storage", "AzureContainerRegistry.westeurope"), None),
        (("VirtualNetwork",), "allow"),
        (("10.0.0.0/8",), "allow"),
        (("Storage",), "allow"),
        (("20.0.0.0/8",), None),
        (("0.0.0.0/1",), None),
        (("::/0",), "allow"),
    ],
)
def test_a_denial_on_the_way_to_public_addresses(destinations, access):
    assert told(rule(100, "Deny", destinations=destinations)) == access


def test_a_range_decides_nothing_where_the_next_rule_says_the_same():
    assert told(rule(100, destinations=("20.0.0.0/8",)), rule(200, destinations=("Internet",))) == "deny"
    found = verdict(
        group(rule(100, destinations=("20.0.0.0/8",)), rule(200, destinations=("Internet",))),
        "Outbound",
        NODES,
        OPEN_SIDE,
    )
    assert found.first is not None and found.first.priority == 100


def test_everything_but_private_ranges_is_everything_public():
    ranges = ("0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2")
    ranges += (
        "128.0.0.0/3",
        "160.0.0.0/5",
        "168.0.0.0/6",
        "172.0.0.0/12",
        "172.32.0.0/11",
        "172.64.0.0/10",
        "172.128.0.0/9",
    )
    ranges += ("173.0.0.0/8", "174.0.0.0/7", "176.0.0.0/4", "192.0.0.0/9", "192.128.0.0/11", "192.160.0.0/13")
    ranges += ("192.169.0.0/16", "192.170.0.0/15", "192.172.0.0/14", "192.176.0.0/12", "192.192.0.0/10")
    ranges += ("193.0.0.0/8", "194.0.0.0/7", "196.0.0.0/6", "200.0.0.0/5", "208.0.0.0/4")
    assert told(rule(100, destinations=ranges)) == "deny"


@pytest.mark.parametrize(
    ("changes", "access"),
    [
        ({"destination_ports": ("443",)}, "deny"),
        ({"destination_ports": ("80", "8443")}, "allow"),
        ({"destination_ports": ("80", "440-450")}, "deny"),
        ({"protocol": "tcp"}, "deny"),
        ({"protocol": "Udp"}, "allow"),
        ({"protocol": "Icmp"}, "allow"),
        ({"direction": "Inbound"}, "allow"),
        ({"source_ports": ("0-65535",)}, "deny"),
        ({"source_ports": ("1024-2048",)}, None),
        ({"sources": ("10.0.0.0/30",)}, None),  # half of the nodes
        ({"sources": ("10.9.0.0/16",)}, "allow"),
        ({"sources": ("10.0.0.0/24",)}, "deny"),
        ({"sources": (), "source_groups": ("asg",)}, None),
        ({"destinations": (), "destination_groups": ("asg",)}, "allow"),  # the public side is in no such group
    ],
)
def test_what_a_rule_is_about(changes, access):
    assert told(rule(100, "Deny", **changes)) == access


def test_an_endpoint_may_be_in_an_application_security_group():
    assert told(rule(100, destinations=(), destination_groups=("asg",)), destination=ENDPOINT) is None


def test_an_address_that_may_be_outside_is_judged_both_ways():
    """The default rules allow it as part of the network and as the internet; a rule for one of them leaves it open."""
    unsure = Side(address_set(("10.9.0.4",)), in_network=None)
    assert told(destination=unsure) == "allow"
    assert told(rule(100, destinations=("Internet",)), destination=unsure) is None
    assert told(rule(100, destinations=("*",)), destination=unsure) == "deny"


def test_no_rule_at_all_is_not_known():
    assert verdict(SecurityGroup("nsg", ()), "Outbound", NODES, OPEN_SIDE).access is None


def test_inbound_rules_are_judged_alike():
    arriving = verdict(group(rule(100, "Allow", direction="Inbound")), "Inbound", NODES, ENDPOINT)
    assert (arriving.access, arriving.rule and arriving.rule.priority) == ("allow", 100)
