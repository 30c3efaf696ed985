"""Firewalls that routes lead through."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.firewalls import firewalls_let_the_registry_through as checked
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import RuleCollection, Unreadable
from azext_acrpulldiag.model import Severity, Status
from tests.build import (
    FIREWALL_ID,
    SUBNET_ID,
    allowing,
    appliance_facts,
    firewall,
    firewall_facts,
    firewall_rule,
    healthy_facts,
    registry,
)
from tests.scenarios.remedies import EXTENSIONS

OUTCOME = "network.firewall-blocks-registry"
LOGIN, BLOBS = "contosoreg.azurecr.io", "*.blob.core.windows.net"
DATA = "contosoreg.westeurope.data.azurecr.io"
GROUP = FIREWALL_ID.rpartition("/azureFirewalls/")[0]
POLICY = f"{GROUP}/firewallPolicies/fwp"
WITH_DATA = registry(data_endpoint_hosts=(DATA,))


def statuses(facts):
    return [finding.status for finding in evaluate(checked, facts)]


def only(facts):
    (finding,) = evaluate(checked, facts)
    return finding


@pytest.mark.parametrize(
    "facts",
    [
        firewall_facts(),
        firewall_facts(allowing("*.azurecr.io", BLOBS)),
        firewall_facts(allowing(LOGIN, BLOBS)),
        firewall_facts(allowing("*.azurecr.io"), registry=WITH_DATA),
        firewall_facts(allowing(LOGIN, DATA), registry=WITH_DATA),
    ],
)
def test_a_firewall_that_allows_the_registry_and_its_layers(facts):
    assert statuses(facts) == [Status.PASS]


def test_no_firewall_on_the_way():
    assert statuses(healthy_facts()) == [Status.SKIPPED]


def test_no_rule_at_all():
    finding = only(firewall_facts(allowing("mcr.microsoft.com")))
    assert (finding.outcome, finding.severity, finding.resource) == (OUTCOME, Severity.ERROR, FIREWALL_ID)
    evidence = finding.evidence
    assert evidence["blocked"] == evidence["hosts"] == [LOGIN, BLOBS]
    assert (evidence["pools"], evidence["subnet"], evidence["rule"]) == (["pool1"], SUBNET_ID, None)
    assert [hop["kind"] for hop in evidence["path"]][-1] != "appliance"
    assert "timeout-network" in finding.explains
    assert finding.hop > 0


@pytest.mark.parametrize(
    ("facts", "blocked"),
    [
        (firewall_facts(allowing("*.azurecr.io")), [BLOBS]),
        (firewall_facts(allowing(LOGIN), registry=WITH_DATA), [DATA]),
    ],
)
def test_layers_that_do_not_get_through(facts, blocked):
    finding = only(facts)
    assert finding.evidence["blocked"] == blocked
    assert "blob-download" in finding.explains
    assert "timeout-network" not in finding.explains


@pytest.mark.parametrize(
    ("collections", "policy_id", "expected"),
    [
        pytest.param(
            (allowing("mcr.microsoft.com"),),
            None,
            [
                "az network firewall application-rule create --firewall-name fw-hub --resource-group rg-hub",
            ],
            id="classic, no rule",
        ),
        pytest.param(
            (RuleCollection("deny", "network", False, (firewall_rule(protocols=("TCP",), destinations=("*",)),), 300),),
            None,
            ["az network firewall network-rule create --firewall-name fw-hub --resource-group rg-hub"],
            id="classic, a network rule denies",
        ),
        pytest.param(
            (),
            POLICY,
            [
                "az network firewall policy rule-collection-group create --name acr-pull --policy-name fwp",
                "az network firewall policy rule-collection-group collection add-filter-collection --policy-name fwp",
            ],
            id="policy without rules",
        ),
        pytest.param(
            (replace(allowing("mcr.microsoft.com"), group_id=f"{POLICY}/ruleCollectionGroups/app"),),
            POLICY,
            ["az network firewall policy rule-collection-group collection add-filter-collection --policy-name fwp"],
            id="policy, no rule",
        ),
    ],
)
def test_the_repair_fits_the_firewall(collections, policy_id, expected):
    finding = only(appliance_facts(firewall(*collections, policy_id=policy_id)))
    commands = [remedy.command for remedy in finding.remedies]
    assert [command.startswith(begin) for command, begin in zip(commands, expected, strict=True)] == [True] * len(
        expected
    )
    assert all(any(tuple(c.split()[1 : 1 + len(e)]) == e for e in EXTENSIONS) for c in commands)
    assert all("azure-firewall extension" in remedy.description for remedy in finding.remedies)
    assert [(remedy.option, remedy.step) for remedy in finding.remedies] == [(1, 1), (1, 2)][: len(expected)]
    right = "azureFirewalls/write" if policy_id is None else "firewallPolicies/ruleCollectionGroups/write"
    assert {remedy.requires for remedy in finding.remedies} == {(f"Microsoft.Network/{right}",)}


def test_a_repair_by_name_and_by_address():
    by_name = only(firewall_facts(allowing("mcr.microsoft.com"))).remedies[0].command
    assert by_name.endswith(
        f"--collection-name acr-pull-1000 --name acr-pull --priority 1000 --action Allow --source-addresses "
        f"10.224.0.0/16 --protocols Https=443 --target-fqdns {LOGIN} '{BLOBS}'"
    )
    deny = RuleCollection("deny", "network", False, (firewall_rule(protocols=("TCP",), destinations=("*",)),), 300)
    by_address = only(firewall_facts(deny)).remedies[0].command
    assert by_address.endswith(
        "--priority 299 --action Allow --source-addresses 10.224.0.0/16 --protocols TCP "
        "--destination-addresses AzureContainerRegistry Storage --destination-ports 443"
    )


def test_no_room_before_the_rule_that_denies_leaves_no_command():
    deny = RuleCollection("deny", "application", False, (firewall_rule(fqdns=("*",)),), 100)
    (remedy,) = only(firewall_facts(deny)).remedies
    assert (remedy.command, remedy.requires) == (None, ())
    assert "before any rule that denies it" in remedy.description


WHY = Unreadable("forbidden", "no right", "op", "Microsoft.Network/firewallPolicies/read")


@pytest.mark.parametrize(
    "facts",
    [
        appliance_facts(firewall(collections=WHY, policy_id=POLICY)),
        appliance_facts(WHY),
        healthy_facts(network=WHY),
        healthy_facts(registry=WHY),
    ],
)
def test_what_could_not_be_read(facts):
    finding = only(facts)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, WHY.permission)


def test_an_appliance_that_is_no_azure_firewall_is_a_warning():
    finding = only(appliance_facts(None))
    assert (finding.status, finding.outcome, finding.severity) == (Status.WARN, OUTCOME, Severity.WARNING)
    assert finding.evidence["firewall"] == "10.100.0.4"
    assert finding.evidence["blocked"] == [LOGIN, BLOBS]
    assert [remedy.command for remedy in finding.remedies] == [None]
    assert "timeout-network" in finding.explains
