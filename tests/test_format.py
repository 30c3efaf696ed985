"""``-o table``: the answer first."""

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
