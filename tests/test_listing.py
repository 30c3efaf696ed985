"""``az aks list-pull-checks``: the catalogue of the installed extension, without a login."""

from __future__ import annotations

from pathlib import Path

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.listing import categories, list_pull_checks
from tests.azure.az import Az, Result
from tests.azure.state import Cloud

COMMAND = ("aks", "list-pull-checks")


@pytest.fixture
def listing(az: Az, cloud: Cloud, tmp_path: Path):
    """Run the command where nobody ever logged in."""

    def run(*arguments: str) -> Result:
        done = az.run(*COMMAND, *arguments, env={"AZURE_CONFIG_DIR": str(tmp_path / "nobody")}, cwd=tmp_path)
        assert not cloud.log.matching(lambda entry: not entry.host.startswith("azcliprod.")), "only az's own version"
        assert "Traceback" not in done.err
        return done

    return run


def test_a_row_for_every_outcome_of_every_check():
    rows = list_pull_checks()
    assert [(row["check"], row["outcome"]) for row in rows] == [
        (checked.id, outcome.id) for checked in ALL for outcome in checked.outcomes
    ]
    assert all(row["check"].startswith(f"{row['category']}.") for row in rows)


def test_a_row_is_whole():
    (row,) = [row for row in list_pull_checks("nodes") if row["outcome"] == "nodes.kubelet-identity-unassigned"]
    assert {name: row[name] for name in ("check", "category", "severity", "articleSection", "seenFrom")} == {
        "check": "nodes.kubelet-identity",
        "category": "nodes",
        "severity": "error",
        "articleSection": "1.4",
        "seenFrom": "azure",
    }
    assert row["healthyWhen"].startswith("The kubelet identity is assigned to every scale set")
    assert row["url"].startswith("https://learn.microsoft.com/")
    assert "unauthorized-401" in row["symptoms"]
    assert {
        "right": "Microsoft.Compute/virtualMachineScaleSets/read",
        "kind": "azure-action",
        "where": "node resource group",
        "onlyWhere": None,
    } in row["needs"]


def test_one_category():
    assert {row["category"] for row in list_pull_checks("network")} == {"network"}
    assert sum(len(list_pull_checks(category)) for category in categories()) == len(list_pull_checks())


def test_no_login_is_needed(listing):
    done = listing("-o", "json")
    assert (done.code, done.json) == (0, list_pull_checks())


def test_a_table_fits_a_screen(listing):
    lines = listing("-o", "table").out.splitlines()
    assert lines[0].split() == ["Check", "Outcome", "Severity", "Article", "HealthyWhen"]
    assert len(lines) >= 2 + len(list_pull_checks())
    assert max(map(len, lines)) <= 200


def test_the_examples_of_the_help_answer(listing):
    query = "[?outcome=='network.outbound-ip-not-allowed'].needs[].right"
    assert "Microsoft.Network/routeTables/read" in listing("--query", query, "-o", "tsv").out.splitlines()
    actions = listing("--query", "[].needs[] | [?kind=='azure-action'].right", "-o", "tsv").out.splitlines()
    assert set(actions) >= {"Microsoft.ContainerRegistry/registries/read"}
    classes = listing("--query", "[?contains(symptoms, 'forbidden-403')].outcome", "-o", "tsv").out.splitlines()
    assert "network.outbound-ip-not-allowed" in classes


def test_a_category_in_any_case(listing):
    assert listing("--category", "Network", "-o", "json").json == list_pull_checks("network")


def test_a_wrong_category_is_a_usage_error(listing):
    done = listing("--category", "nothing")
    assert done.code == 2
    assert "pull-secret" in done.err
