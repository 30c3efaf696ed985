"""``-o table``: one row a finding, worst first as the report has them."""

import pytest

from azext_acrpulldiag._exit import exit_code
from azext_acrpulldiag._format import pull_report_table

REPORT = {
    "target": {"cluster": {"name": "prod"}},
    "findings": [
        {"status": "fail", "check": "access.pull-role", "resource": "/a/registries/contosoreg", "summary": "No role."},
        {"status": "pass", "check": "cluster.power", "resource": "/a/managedClusters/prod/", "summary": "Runs."},
    ],
}


def test_columns_and_order():
    rows = pull_report_table(REPORT)
    assert [list(row) for row in rows] == [["Result", "Check", "Resource", "Finding"]] * 2
    assert [list(row.values())[:3] for row in rows] == [
        ["FAIL", "access.pull-role", "contosoreg"],
        ["ok", "cluster.power", "prod"],
    ]


def test_several_clusters_name_their_own():
    rows = pull_report_table([REPORT, REPORT])
    assert len(rows) == 4
    assert next(iter(rows[0])) == "Cluster"


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
    assert exit_code(verdict, fail_on) == code
