"""Every cluster of a login in one run of the real ``az``: found, told apart, and paid for once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import jsonschema
import pytest

from tests.azure import secrets as make
from tests.azure.az import Az
from tests.azure.fleets import BROKEN, OTHER_SUBSCRIPTION, SIZE, UNREADABLE, healthy_fleet, mixed_fleet, within
from tests.azure.server import Server
from tests.azure.state import Cloud

from .running import Run, assert_clean, run, schema
from .screen import beside_data, screen
from .test_interrupts import assert_ended, wait_for_requests

ALL = ("aks", "diagnose-pull", "--all-clusters")
ACR = ("--acr", "contosoreg")
OF_FIRST = 22
"""Requests of the default run of a healthy pair, see tests/test_budget.py."""
OF_EACH_OTHER = 15
FINDING = 1
"""A query of Resource Graph."""


@pytest.fixture
def fleet(simulated_azure: Server) -> Iterator[Cloud]:
    simulated_azure.cloud = cloud = mixed_fleet()
    yield cloud
    assert not cloud.log.errors and not cloud.log.refused


@pytest.fixture
def small(simulated_azure: Server) -> Iterator[Cloud]:
    """Three that are well."""
    simulated_azure.cloud = cloud = healthy_fleet(3)
    yield cloud
    assert not cloud.log.errors and not cloud.log.refused


def said(done: Run) -> dict[str, tuple[str, list[str]]]:
    return {
        each["target"]["cluster"]["name"]: (each["verdict"], [root["outcome"] for root in each["rootCauses"]])
        for each in done.report
    }


def test_forty_clusters_five_of_them_broken_and_one_unreadable(warm_az: Az, fleet: Cloud) -> None:
    done = run(warm_az, *ACR, command=ALL)
    assert_clean(done)
    assert done.result.code == 4
    told = said(done)
    assert len(told) == len(done.report) == SIZE
    assert {name: causes for name, (verdict, causes) in told.items() if verdict == "broken"} == {
        name: [outcome] for name, outcome in BROKEN.items()
    }
    assert [name for name, (verdict, _) in told.items() if verdict == "inconclusive"] == [UNREADABLE]
    assert len(done.requests) <= 2 * FINDING + 2 * OF_FIRST + OF_EACH_OTHER * (SIZE - 2)
    verdicts = [each["verdict"] for each in done.report]
    assert verdicts == ["broken"] * 5 + ["inconclusive"] + ["healthy"] * (SIZE - 6)
    assert list(told)[:6] == [*sorted(BROKEN), UNREADABLE]
    for report in done.report:
        jsonschema.Draft202012Validator(schema()).validate(report)
    lines = done.result.err.splitlines()
    assert [sum(f" {name} (" in line for line in lines) for name in told] == [1] * SIZE
    assert any(f"BROKEN   prod03 (rg-app): {BROKEN['prod03']}: " in line for line in lines)


def test_what_clusters_have_in_common_is_asked_once(warm_az: Az, simulated_azure: Server) -> None:
    simulated_azure.cloud = cloud = healthy_fleet(12)
    done = run(warm_az, *ACR, "--skip", "registry.health", "--only-show-errors", command=ALL)
    assert (done.result.code, done.result.err) == (0, "")
    assert {each["verdict"] for each in done.report} == {"healthy"}
    sent = [entry.request.line for entry in done.requests if not entry.host.startswith("login.")]
    assert len(sent) <= FINDING + OF_FIRST + OF_EACH_OTHER * (len(cloud.fleet))
    assert sum(each["elapsed"]["requests"] for each in done.report) == len(sent) - FINDING
    of_registry = [line for line in sent if "/registries/contosoreg" in line and "assignedTo" not in line]
    assert len(of_registry) == len(set(of_registry)) > 5


def test_a_row_a_cluster_and_one_subscription_without_a_registry(warm_az: Az, fleet: Cloud) -> None:
    done = run(warm_az, "--subscription", OTHER_SUBSCRIPTION, command=ALL, output="table")
    assert_clean(done)
    assert done.result.code == 4
    header, _, first, *rest = done.result.out.splitlines()
    assert header.split() == ["Result", "Cluster", "ResourceGroup", "Check", "Finding"]
    assert first.split()[:4] == ["BROKEN", "prod34", "rg-other", BROKEN["prod34"]]
    assert [line.split()[:2] for line in rest] == [
        ["HEALTHY", f"prod{number}"] for number in range(31, 41) if number != 34
    ]


def test_lists_stand_in_for_resource_graph_and_what_neither_shows_is_told(warm_az: Az, small: Cloud) -> None:
    small.ensure_group("rg-other", OTHER_SUBSCRIPTION)
    small.fault("POST .*ResourceGraph", "403")
    small.fault(rf"GET .*/subscriptions/{OTHER_SUBSCRIPTION}/.*managedClusters\?", "403")
    done = run(warm_az.logged_in(), *ACR, "--skip", "network", command=ALL)
    assert_clean(done)
    assert (said(done)["*"], done.result.code) == (("inconclusive", []), 5)
    assert [verdict for verdict, _ in said(done).values()] == ["inconclusive", "healthy", "healthy", "healthy"]
    assert f"no permission to read /subscriptions/{OTHER_SUBSCRIPTION}" in done.report[0]["summary"]


def test_a_namespace_is_looked_at_in_every_cluster(warm_az: Az, small: Cloud) -> None:
    for name, namespace in (("prod02", "web"), ("prod03", "shop")):
        with within(small, name):
            small.failing_pod(namespace=namespace)
    done = run(warm_az, *ACR, "--namespace", "web", "--skip", "registry.health", command=ALL)
    assert_clean(done)
    seen = {each["target"]["cluster"]["name"]: [one["namespace"] for one in each["symptoms"]] for each in done.report}
    assert seen == {"prod02": ["web"], "prod": [], "prod03": []}
    without = [each["unknowns"][0]["reason"] for each in done.report if each["verdict"] == "inconclusive"]
    assert without == ["There is no namespace web; pods were not read."] * 2
    everywhere = [each.request.line for each in done.requests if "/pods?" in each.request.line]
    assert len([line for line in everywhere if "/namespaces/web/pods?" in line]) >= 3
    assert not [line for line in everywhere if "/api/v1/pods?" in line]


def test_a_pull_secret_is_judged_in_every_cluster(warm_az: Az, small: Cloud) -> None:
    for name in ("prod02", "prod03"):
        with within(small, name):
            make.namespace(small, "web")
            if name == "prod03":
                make.registry_token(small)
                make.pull_secret(small, "pull-app", "sim-token-password+ACRt1", namespace="web")
    pull_secret = ("--pull-secret", "regcred", "--namespace", "web", "--image", "contosoreg.azurecr.io/team/app:1.2")
    done = run(warm_az, *pull_secret, "--skip", "registry.health", command=ALL)
    assert_clean(done)
    told = {
        each["target"]["cluster"]["name"]: (
            each["verdict"],
            [found["outcome"] for found in each["findings"] if _is_warned(found)],
        )
        for each in done.report
    }
    assert told == {
        "prod": ("inconclusive", ["pull-secret.missing"]),  # it has no such namespace
        "prod02": ("at-risk", ["pull-secret.missing"]),
        "prod03": ("healthy", []),
    }


def _is_warned(finding: dict[str, str]) -> bool:
    return finding["category"] == "pull-secret" and finding["status"] == "warn"


def test_one_cluster_is_a_list_too_and_none_is_an_error(warm_az: Az, cloud: Cloud) -> None:
    done = run(warm_az, *ACR, "-g", "RG-APP", command=ALL)
    assert (len(done.report), done.result.code) == (1, 4)
    none = run(warm_az, *ACR, "-g", "rg-none", command=ALL)
    assert (none.result.code, none.result.out) == (3, "")
    assert "no managed cluster in resource group 'rg-none'" in none.result.err


def test_a_silent_cluster_costs_its_own_time_alone(warm_az: Az, small: Cloud) -> None:
    small.fault(r"/managedClusters/prod02\W", "timeout")
    began = time.monotonic()
    done = run(warm_az, *ACR, "--timeout", "6", command=ALL)
    assert time.monotonic() - began < 30
    told = {name: verdict for name, (verdict, _) in said(done).items()}
    assert told == {"prod02": "inconclusive", "prod": "healthy", "prod03": "healthy"}
    assert done.result.code == 5


def test_on_a_narrow_terminal_a_table_leaves_groups_out_and_one_screen_stands_beside_data(az: Az, small: Cloud) -> None:
    lacking = small.identity_of("prod03")
    small.role_assignments = [each for each in small.role_assignments if each["properties"]["principalId"] != lacking]
    table = screen(az, 80, *ACR, "-o", "table", "--only-show-errors", command=ALL)
    assert [line.split()[0] for line in table.lines if line[:1].isalpha()] == ["Result", "BROKEN", "HEALTHY", "HEALTHY"]
    assert table.lines[0].split() == ["Result", "Cluster", "Check", "Finding"]
    shown = beside_data(az, 100, *ACR, "--query", "[].verdict", "-o", "tsv", command=ALL)
    assert (shown.code, shown.piped.split()) == (4, ["broken", "healthy", "healthy"])
    at = shown.lines.index("3 clusters: 1 broken, 2 healthy.")
    assert [line.partition("/")[0].strip() for line in shown.lines if "/3 " in line] == ["1", "2", "3"]
    assert " ".join(shown.lines[at + 1 :]).startswith("BROKEN prod03 (rg-app): access.pull-role-missing: ")


@pytest.mark.parametrize("count", [1, 12, 60])
def test_ctrl_c(az: Az, fleet: Cloud, count: int, record_property: pytest.FixtureRequest) -> None:
    fleet.fault(r"contosoreg\.azurecr\.io", "timeout")
    (az.folder / "tmp").mkdir()
    process = az.start(*ALL, *ACR, env={"TMPDIR": str(az.folder / "tmp")}, cwd=az.folder)
    wait_for_requests(fleet, count)
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert_ended(process, az, since, record_property)
