"""What a script or a person reads: exit codes, tables, queries."""

from __future__ import annotations

import pytest

from tests import build
from tests.azure.az import Az
from tests.azure.state import Cloud

from .running import assert_clean, run

REGISTRY = ("--acr", "contosoreg")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("verdict", "broken\n"),
        ("rootCauses[0].outcome", "access.pull-role-missing\n"),
        ("length(rootCauses[].remedies[].command)", "2\n"),
        ("findings[?status=='fail'].check", "access.pull-role\n"),
    ],
)
def test_one_value_for_a_script(az: Az, query: str, expected: str) -> None:
    done = run(az, *REGISTRY, "--query", query, output="tsv")
    assert_clean(done)
    assert (done.result.out, done.result.code) == (expected, 4)


def test_a_table_is_the_whole_answer_and_stderr_stays_empty(az: Az) -> None:
    done = run(az, *REGISTRY, "--only-show-errors", output="table")
    assert_clean(done)
    header, rule, verdict, *rows = done.result.out.splitlines()
    assert header.split() == ["Result", "Check", "Finding"]
    assert set(rule) == {"-", " "}
    assert verdict.split()[:4] == ["BROKEN", "prod", "cannot", "pull"]
    rows = [row for row in rows if not row.startswith("after")]  # below each option
    order = ["CAUSE", "fix", "or", "more", "changed", "follows", "warning", "FAIL", "seen", "UNKNOWN", "ok", "skipped"]
    results = [order.index(row.split()[0]) for row in rows if not row.startswith(" ")]
    assert results[:2] == [0, 1]
    well = order.index("ok")
    assert [each for each in results if each < well] == sorted(each for each in results if each < well)
    assert f"az role assignment create --assignee-object-id {build.KUBELET_OBJECT_ID} " in done.result.out
    assert done.result.err == ""


def test_a_query_in_a_table(az: Az) -> None:
    done = run(az, *REGISTRY, "--query", "findings[?status=='fail']", output="table")
    assert_clean(done)
    assert "access.pull-role" in done.result.out
    assert done.result.code == 4


@pytest.mark.parametrize(
    ("level", "cause", "code"),
    [("never", True, 0), ("warning", False, 4), ("error", False, 0)],
)
def test_the_exit_code_is_what_was_asked_for(az: Az, cloud: Cloud, level: str, cause: bool, code: int) -> None:
    if not cause:
        cloud.anonymous_pull()
    done = run(az, *REGISTRY, "--fail-on", level)
    assert done.report["verdict"] == ("broken" if cause else "at-risk")
    assert done.result.code == code


def test_what_is_skipped_is_neither_judged_nor_a_verdict(az: Az, cloud: Cloud) -> None:
    done = run(az, *REGISTRY, "--skip", "access", "registry.health")
    assert done.report["verdict"] == "healthy"
    skipped = {each["check"] for each in done.findings("skipped") if "--skip" in each["summary"]}
    assert {"registry.health", "access.pull-role", "access.tenants"} <= skipped
    assert not [each for each in skipped if not each.startswith(("access.", "registry.health"))]
    assert not [entry for entry in done.requests if entry.host.endswith(".azurecr.io")]


def test_a_script_is_told_nothing_beside_its_data(az: Az) -> None:
    done = run(az, *REGISTRY, "--only-show-errors")
    assert (done.result.err, done.result.code) == ("", 4)
