from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.security_groups import NewRules
from azext_acrpulldiag.checks.network.security_groups import security_groups_let_the_nodes_reach_the_registry as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import NodePlace, Unreadable
from azext_acrpulldiag.model import Confidence, Status
from azext_acrpulldiag.path.filters.security_groups import Denial
from tests import build
from tests.path.worlds import FORBIDDEN, GROUP_ID, NIC_GROUP_ID, PRIVATE, group, guarded, rule

OUTCOME = "network.nsg-blocks-registry"


def judged(network, **changes):
    return evaluate(check, build.healthy_facts(network=network, **changes))


def one(network, **changes):
    (finding,) = judged(network, **changes)
    return finding


@pytest.fixture
def private(monkeypatch):
    """The registry's names lead to private endpoints."""
    addresses = {"contosoreg.azurecr.io": "10.50.0.4", DATA: "10.50.0.5"}

    def resolved(registry, network, place, host):
        return (), replace(PRIVATE, host=host, addresses=(addresses[host],))

    monkeypatch.setattr("azext_acrpulldiag.path.walk.resolved", resolved)


DATA = "contosoreg.westeurope.data.azurecr.io"


def test_default_rules_pass():
    assert one(guarded()).status is Status.PASS


def test_an_allow_rule_above_a_denial_passes():
    rules = (
        rule(200, "Allow", destinations=("AzureContainerRegistry",)),
        rule(201, "Allow", destinations=("Storage",)),
        rule(300, destinations=("Internet",)),
    )
    assert one(guarded(*rules)).status is Status.PASS


def test_skipped_without_a_group():
    assert one(build.network()).status is Status.SKIPPED
    assert one(None).status is Status.SKIPPED


def test_a_denial_of_the_internet():
    finding = one(guarded(rule(300, name="deny-internet", destinations=("Internet",))))
    assert (finding.status, finding.outcome, finding.confidence) == (Status.FAIL, OUTCOME, Confidence.INFERRED)
    assert finding.resource == GROUP_ID
    assert finding.evidence["pools"] == ["pool1"]
    assert finding.evidence["subnet"] == build.SUBNET_ID
    assert finding.evidence["hosts"] == ["contosoreg.azurecr.io", "*.blob.core.windows.net"]
    assert finding.evidence["destinations"] == ["AzureContainerRegistry", "Storage"]
    assert (finding.evidence["rule"], finding.evidence["rule_priority"]) == ("deny-internet", 300)
    assert [hop["state"] for hop in finding.evidence["path"] if hop["kind"] == "security-group"] == ["broken"]


def test_a_rule_has_one_service_tag_and_a_priority_of_its_own():
    finding = one(guarded(rule(300, destinations=("Internet",)), rule(299, "Allow", destinations=("Sql",))))
    commands = [shlex.split(each.command) for each in finding.remedies if each.command]
    told = [
        (each[each.index("--destination-address-prefixes") + 1], each[each.index("--priority") + 1])
        for each in commands
    ]
    assert told == [("AzureContainerRegistry", "298"), ("Storage", "297")]
    assert all("*" in each for each in commands)


def test_layers_alone():
    finding = one(guarded(rule(300, destinations=("Storage",))))
    assert finding.evidence["hosts"] == ["*.blob.core.windows.net"]
    assert finding.evidence["destinations"] == ["Storage"]


@pytest.mark.usefixtures("private")
def test_addresses_of_an_endpoint_share_a_rule():
    finding = one(guarded(rule(300)), registry=build.registry(data_endpoint_hosts=(DATA,)))
    assert finding.evidence["hosts"] == ["contosoreg.azurecr.io", DATA]
    assert finding.evidence["destinations"] == ["10.50.0.4", "10.50.0.5"]
    commands = [each.command for each in finding.remedies if each.command]
    assert len(commands) == 1
    assert "--destination-address-prefixes 10.50.0.4 10.50.0.5 " in commands[0]


def test_each_new_rule_is_a_step_and_changing_the_old_one_another_option():
    finding = one(guarded(rule(300, destinations=("Internet",))))
    assert [(each.option, each.step, each.command is None) for each in finding.remedies] == [
        (1, 1, False),
        (1, 2, False),
        (2, 1, True),
    ]
    assert finding.remedies[0].requires == ("Microsoft.Network/networkSecurityGroups/securityRules/write",)
    assert finding.remedies[2].requires == ()


def test_each_new_rule_comes_before_what_denies_its_own_destination():
    rules = (rule(300, destinations=("AzureContainerRegistry",)), rule(200, destinations=("Storage",)))
    finding = one(guarded(*rules))
    told = [(each.new_rule, each.priority) for each in finding.detail(NewRules).rules]
    assert told == [("AllowAzureContainerRegistry", 299), ("AllowStorage", 199)]
    finding = one(guarded(rule(300, destinations=("AzureContainerRegistry",)), rule(100, destinations=("Storage",))))
    assert [each.priority for each in finding.detail(NewRules).rules] == [299, None]


def test_a_group_that_bars_both_ends_is_told_of_both():
    network = build.private_link_network()
    both = group(rule(300, destinations=("10.225.0.0/16",)), rule(300, direction="Inbound", name="deny-in"))
    here = replace(build.subnet(), security_group_id=GROUP_ID)
    there = build.subnet(build.ENDPOINT_SUBNET_ID, "10.225.0.0/24")
    there = replace(there, security_group_id=GROUP_ID, endpoint_network_policies="Enabled")
    subnets = {build.SUBNET_ID.lower(): here, build.ENDPOINT_SUBNET_ID.lower(): there}
    network = replace(network, subnets=subnets, security_groups={GROUP_ID.lower(): both})
    found = evaluate(check, build.private_link_facts(network=network))
    assert [each.detail(Denial).direction for each in found if each.outcome] == ["Outbound", "Inbound"]
    for each in found:
        assert f"--direction {each.detail(Denial).direction} " in each.remedies[0].command


def test_no_priority_is_free():
    finding = one(guarded(rule(100, destinations=("Internet",))))
    assert finding.evidence["priority"] is None
    assert [each.command for each in finding.remedies] == [None] * len(finding.remedies)
    assert "rule100" in finding.remedies[0].description


def test_a_new_rule_replaces_none():
    finding = one(guarded(rule(300, destinations=("AzureContainerRegistry",), name="AllowAzureContainerRegistry")))
    assert finding.evidence["new_rule"] == "AllowAzureContainerRegistry2"


def test_each_pool_and_group_has_its_own_finding():
    other = f"{build.SUBNET_ID}2"
    network = guarded(rule(300, destinations=("Internet",)))
    network = replace(
        network,
        places=(
            *network.places,
            NodePlace(("pool2", "pool3"), other, (NIC_GROUP_ID,)),
            NodePlace(("pool4",), build.SUBNET_ID),
        ),
        subnets={**network.subnets, other.lower(): build.subnet(other, "10.225.0.0/16")},
        security_groups={**network.security_groups, NIC_GROUP_ID.lower(): group(rule(200), group_id=NIC_GROUP_ID)},
    )
    found = {(tuple(each.evidence["pools"]), each.evidence["attached_to"], each.resource) for each in judged(network)}
    assert found == {
        (("pool1",), "subnet", GROUP_ID),
        (("pool4",), "subnet", GROUP_ID),
        (("pool2", "pool3"), "interface", NIC_GROUP_ID),
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"network": guarded(security_groups={GROUP_ID.lower(): FORBIDDEN})}, FORBIDDEN),
        ({"network": FORBIDDEN}, FORBIDDEN),
        ({"network": guarded(), "registry": FORBIDDEN}, FORBIDDEN),
    ],
)
def test_what_was_not_read_is_unknown(changes, why):
    (finding,) = evaluate(check, build.healthy_facts(**changes))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, why.permission)


def test_what_depends_on_unknown_addresses_is_unknown():
    finding = one(guarded(rule(300, "Allow", destinations=("20.0.0.0/8",)), rule(400, destinations=("Internet",))))
    assert finding.status is Status.UNKNOWN
    assert not isinstance(finding.reason, Unreadable) and "rule300" in (finding.reason or "")
