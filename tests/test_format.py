"""``-o table``: the answer first, and the exit code of a report."""

import pytest

from azext_acrpulldiag._exit import exit_code
from azext_acrpulldiag._format import pull_report_table

REPORT = {
    "verdict": "broken",
    "summary": "No role.",
    "where": None,
    "target": {
        "cluster": {"name": "prod"},
        "registry": {"loginServer": "contosoreg.azurecr.io"},
        "image": None,
    },
    "rootCauses": [
        {
            "check": "access.pull-role",
            "outcome": "access.pull-role-missing",
            "resource": "/a/registries/contosoreg",
            "summary": "No role.",
            "explains": [],
            "remedies": [],
            "changes": [],
            "furtherChanges": 0,
        }
    ],
    "repairPlan": None,
    "findings": [],
    "symptomGroups": [],
    "outOfScope": [],
    "outOfScopeGroups": [],
    "unknowns": [],
}


def test_the_first_row_is_the_verdict_and_the_second_the_cause(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    rows = pull_report_table(REPORT)
    assert [list(row) for row in rows] == [["Result", "Check", "Finding"]] * 3
    assert [list(row.values()) for row in rows] == [
        ["BROKEN", "", "prod cannot pull from contosoreg.azurecr.io: 1 cause."],
        ["CAUSE", "access.pull-role-missing", "No role."],
        ["more", "", "az aks list-pull-checks --outcome access.pull-role-missing \\\n  -o table"],
    ]


def test_several_clusters_have_a_block_each_worst_first():
    healthy = {**REPORT, "verdict": "healthy", "rootCauses": []}
    rows = pull_report_table([healthy, [REPORT, healthy]])
    assert [row["Result"] for row in rows] == ["BROKEN", "CAUSE", "more", "HEALTHY", "HEALTHY"]


@pytest.mark.parametrize(
    "verdict, fail_on, code",
    [
        ("healthy", "error", 0),
        ("healthy", "warning", 0),
        ("at-risk", "error", 0),
        ("at-risk", "warning", 4),
        ("broken", "error", 4),
        ("broken", "never", 0),
        ("inconclusive", "error", 5),
        ("inconclusive", "warning", 5),
        ("inconclusive", "never", 0),
    ],
)
def test_exit_codes(verdict, fail_on, code):
    assert exit_code({"verdict": verdict, "unknowns": []}, fail_on) == code


@pytest.mark.parametrize(("verdict", "code"), [("healthy", 5), ("at-risk", 4), ("broken", 4), ("inconclusive", 5)])
def test_anything_unknown_counts_where_that_was_asked_for(verdict, code):
    assert exit_code({"verdict": verdict, "unknowns": [{"check": "network.proxy"}]}, "unknown") == code
    assert exit_code({"verdict": "healthy", "unknowns": []}, "unknown") == 0
