from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.admin_rules import admin_rules_let_the_nodes_reach_the_registry as check
from azext_acrpulldiag.checks.network.security_groups import security_groups_let_the_nodes_reach_the_registry as groups
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Managed, NodePlace
from azext_acrpulldiag.model import Confidence, Status
from tests import build
from tests.path.worlds import FORBIDDEN, NODES_ID

OUTCOME, NSG_BLOCKS = "network.admin-rule-blocks-registry", "network.nsg-blocks-registry"
TIMES_OUT = (
    'failed to do request: Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp 10.225.0.6:443: '
    "i/o timeout"
)
ENDPOINTS = build.admin_rule(destinations=("10.225.0.0/24",))


def unread(*managers):
    return Managed({NODES_ID.lower(): FORBIDDEN}, managers=managers)


def judged(facts, checked=check):
    return evaluate(checked, facts)


def one(facts, checked=check):
    (finding,) = judged(facts, checked)
    return finding


def pods_time_out(facts):
    return replace(facts, kubernetes=build.kubernetes(build.failing(TIMES_OUT)))


def privately(*rules, group=False):
    facts = build.private_link_facts()
    managed = Managed({NODES_ID.lower(): rules})
    network = replace(facts.network, managed=managed)
    if group:
        public = build.admin_rule_facts().network
        (group_id,) = public.security_groups
        denying = build.admin_rule(destinations=("10.225.0.0/24",)).rule
        found = replace(public.security_groups[group_id], rules=(denying,))
        here = replace(facts.network.subnets[build.SUBNET_ID.lower()], security_group_id=group_id)
        network = replace(
            network,
            security_groups={group_id: found},
            subnets={**network.subnets, build.SUBNET_ID.lower(): here},
        )
    return replace(facts, network=network)


# --- public addresses ------------------------------------------------------------------


def test_no_rules_pass():
    assert one(build.healthy_facts()).status is Status.PASS
    assert (
        one(build.healthy_facts(network=build.network(managed=Managed({NODES_ID.lower(): ()})))).status is Status.PASS
    )


def test_a_rule_that_allows_passes():
    assert one(build.admin_rule_facts(build.admin_rule("AlwaysAllow"))).status is Status.PASS
    assert one(build.admin_rule_facts(build.admin_rule("Allow"))).status is Status.PASS


@pytest.mark.parametrize("network", [None, FORBIDDEN])
def test_without_a_network_to_judge(network):
    status = Status.SKIPPED if network is None else Status.UNKNOWN
    assert one(build.healthy_facts(network=network)).status is status


def test_behind_a_proxy_no_rule_is_met():
    assert one(build.proxied_facts()).status is Status.SKIPPED


def test_a_denial_is_found_with_its_owner_and_the_rules_to_add():
    finding = one(build.admin_rule_facts())
    assert (finding.outcome, finding.status, finding.confidence) == (OUTCOME, Status.FAIL, Confidence.INFERRED)
    assert finding.summary == (
        "The nodes of pool1 cannot reach contosoreg.azurecr.io, *.blob.core.windows.net: security admin rule internet "
        "(priority 100) of Virtual Network Manager avnm denies TCP 443 from network aks-vnet-14326078 to "
        "AzureContainerRegistry, Storage, whatever its security groups allow."
    )
    first, second = ([*shlex.split(each.command)] for each in finding.remedies if each.command)
    assert first[:7] == ["az", "network", "manager", "security-admin-config", "rule-collection", "rule", "create"]
    told = [
        (words[words.index("--priority") + 1], words[words.index("--rule-name") + 1], words[-3])
        for words in (first, second)
    ]
    assert told == [
        ("99", "AllowAzureContainerRegistry", "address-prefix=AzureContainerRegistry"),
        ("98", "AllowStorage", "address-prefix=Storage"),
    ]
    assert [each.option for each in finding.remedies] == [1, 1, 1, 2]
    assert "deployed again" in finding.remedies[2].description


def test_a_rule_to_add_takes_no_name_and_no_number_that_is_taken():
    others = (
        build.admin_rule("Allow", name="allowStorage", priority=99, destinations=("Sql",)),
        build.admin_rule("Allow", name="in", priority=98, direction="Inbound"),
    )
    others = tuple(replace(each, id=f"{each.id[:-8]}{each.rule.name}") for each in others)
    finding = one(build.admin_rule_facts(build.admin_rule(), *others))
    commands = [each.command for each in finding.remedies if each.command]
    assert ["--priority 97 " in commands[0], "--priority 96 " in commands[1]] == [True, True]
    assert "--rule-name AllowStorage2 " in commands[1]


def test_words_where_no_number_is_free():
    finding = one(build.admin_rule_facts(build.admin_rule(priority=1)))
    assert not [each.command for each in finding.remedies if each.command]
    assert "No number before rule internet is free" in finding.remedies[0].description


def test_nodes_whose_subnet_is_not_known_meet_rules_that_are_not_known():
    facts = build.admin_rule_facts()
    unplaced = replace(facts.network, places=(NodePlace(("pool1",), FORBIDDEN),))
    assert one(replace(facts, network=unplaced)).permission == FORBIDDEN.permission
    hidden = replace(facts.network, subnets={build.SUBNET_ID.lower(): FORBIDDEN})
    assert one(replace(facts, network=hidden)).permission == FORBIDDEN.permission
    ruleless = replace(hidden, managed=Managed({NODES_ID.lower(): ()}))
    assert one(replace(facts, network=ruleless)).status is Status.PASS


def test_where_names_lead_nowhere_no_rule_is_met(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.path.walk._named", lambda *_: ((), None))
    assert one(build.admin_rule_facts()).status is Status.SKIPPED
    assert one(build.healthy_facts()).status is Status.PASS


# --- private endpoints -----------------------------------------------------------------


def test_a_denial_of_an_endpoint_is_unknown_until_pods_time_out():
    facts = privately(ENDPOINTS)
    assert one(facts).status is Status.UNKNOWN
    finding = one(pods_time_out(facts))
    assert (finding.outcome, finding.confidence) == (OUTCOME, Confidence.INFERRED)
    assert "is not documented" in finding.summary
    assert "address-prefix-type=IPPrefix address-prefix=10.225.0.6" in finding.remedies[0].command


def test_pods_that_report_something_else_settle_nothing():
    facts = replace(privately(ENDPOINTS), kubernetes=build.kubernetes(build.failing(build.UNAUTHORIZED)))
    assert one(facts).status is Status.UNKNOWN


def test_a_group_that_denies_an_endpoint_which_a_rule_always_allows_is_unknown_until_pods_time_out():
    facts = privately(replace(ENDPOINTS, rule=replace(ENDPOINTS.rule, access="AlwaysAllow")), group=True)
    assert one(facts).status is Status.PASS
    assert one(facts, groups).status is Status.UNKNOWN
    assert one(pods_time_out(facts), groups).outcome == NSG_BLOCKS


# --- rules that could not be read ------------------------------------------------------


def with_managed(managed):
    facts = build.admin_rule_facts()
    return replace(facts, network=replace(facts.network, managed=managed))


def test_rules_that_could_not_be_read_decide_where_a_manager_is_in_sight():
    finding = one(with_managed(unread(build.network_manager())))
    assert (finding.status, finding.decisive, finding.permission) == (Status.UNKNOWN, None, FORBIDDEN.permission)


def test_and_leave_no_preflight_open_where_none_is():
    facts = with_managed(unread())
    assert (one(facts).status, one(facts).decisive) == (Status.UNKNOWN, False)
    assert one(pods_time_out(facts)).decisive is None


def test_a_group_that_denies_is_an_error_with_a_caveat_where_no_manager_is_in_sight():
    finding = one(with_managed(unread()), groups)
    assert (finding.outcome, finding.confidence) == (NSG_BLOCKS, Confidence.INFERRED)
    assert finding.summary.endswith(
        " Whether a Virtual Network Manager allows it always, before the group is asked, could not be read, and none "
        "that could is seen in any subscription of this login."
    )


def test_a_group_that_denies_is_unknown_where_a_manager_is_until_pods_time_out():
    facts = with_managed(unread(build.network_manager()))
    assert one(facts, groups).permission == FORBIDDEN.permission
    finding = one(pods_time_out(facts), groups)
    assert finding.outcome == NSG_BLOCKS
    assert finding.summary.endswith("before the group is asked, could not be read.")
