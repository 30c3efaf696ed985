"""The rows of the answer, in their order."""

import pytest

from azext_acrpulldiag.present.answer import rows_of

from .reports import COMMAND, finding, leads_to, remedy, report, unknown


def rows(of):
    return [(row.result, row.check, row.command or row.words) for row in rows_of(of)]


def test_the_cause_its_repair_the_alternative_and_its_page_stand_first():
    options = [remedy(step=1), remedy(None, step=2), remedy("az b", option=2)]
    told = rows(report(finding("access.pull-role-missing", remedies=options)))
    assert told[:6] == [
        ("BROKEN", "", "prod cannot pull from contosoreg.azurecr.io: 1 cause."),
        ("CAUSE", "access.pull-role-missing", "It is broken."),
        ("fix 1/2", "", COMMAND),
        ("fix 2/2", "", "Step 2 of option 1"),
        ("or", "", "az b"),
        ("more", "", "az aks list-pull-checks --outcome access.pull-role-missing -o table"),
    ]


def test_what_follows_comes_before_warnings_and_unknowns_and_what_is_well():
    root = finding("network.a", explains=["access.b"])
    others = [
        finding("access.b"),
        finding("registry.c", "warn"),
        finding("cluster.d", "pass"),
        finding("image.e", "skipped"),
    ]
    unread = [unknown("x.a", "No right."), unknown("x.b", "No right."), unknown("x.c", "Silent.", decisive=False)]
    told = rows(report(root, findings=others, unknowns=unread))
    assert [(result, check) for result, check, _ in told] == [
        ("BROKEN", ""),
        ("CAUSE", "network.a"),
        ("more", ""),
        ("follows", "access.b"),
        ("warning", "registry.c"),
        ("UNKNOWN", "x.a"),
        ("UNKNOWN", "x.c"),
        ("ok", "cluster"),
        ("skipped", "image"),
    ]
    assert ("UNKNOWN", "x.a", "No right. (and 1 more check)") in told


def test_who_fails_and_where():
    group = {"class": "unauthorized-401", "count": 3, "pods": 1, "only": "node-pool", "nodePools": ["win"], "nodes": []}
    group |= {"images": [], "namespaces": ["team"]}
    outside = {**group, "class": "image-not-found", "pods": 2, "only": None, "host": "quay.io"}
    outside |= {"images": ["quay.io/a:1", "quay.io/b:1"]}
    told = rows(report(finding("access.a"), symptomGroups=[group], outOfScopeGroups=[outside]))
    assert ("seen", "pods", "3 containers of 1 pod in team: unauthorized-401, only node pool win") in told
    elsewhere = "2 pods in team: image-not-found for quay.io/a:1, quay.io/b:1 from quay.io; not judged."
    assert ("seen", "out of scope", elsewhere) in told


def test_without_a_registry_the_cluster_alone_is_named():
    found = report(verdict="healthy")
    found["target"]["registry"] = None
    assert rows(found)[0] == ("HEALTHY", "", "prod: In short.")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (leads_to("healthy"), "Healthy."),
        (leads_to("at-risk"), "Nothing stops a pull; warnings are left."),
        (
            leads_to("inconclusive"),
            "Nothing is known to stop a pull; what could not be read stays open.",
        ),
        (leads_to("broken", "a.b", "c.d"), "The next cause shows: a.b, c.d."),
    ],
)
def test_an_option_says_below_its_last_step_what_it_leads_to(after, words):
    steps = [remedy(step=1, leadsTo=after), remedy(step=2, leadsTo=after), remedy(option=2)]
    told = rows(report(finding("access.pull-role-missing", remedies=steps)))
    assert [row[0] for row in told[:6]] == ["BROKEN", "CAUSE", "fix 1/2", "fix 2/2", "after", "or"]
    assert told[4][2] == words


def test_why_nobody_can_tell_is_said_of_commands_only():
    why = "Nodes are made again."
    for command, count in (("az a", 1), (None, 0)):
        told = rows(report(finding("a.b", remedies=[remedy(command, notTold=why)])))
        said = [row[2] for row in told if row[0] == "after"]
        assert said == [f"Not known: {why}"] * count


def test_several_causes_have_one_plan():
    steps = [{"outcome": name, "resource": "/r", "option": 1} for name in ("a.b", "a.b", "c.d")]
    plan = {"steps": steps, "leadsTo": leads_to("healthy"), "notTold": None}
    both = [finding(name, remedies=[remedy()]) for name in ("a.b", "c.d")]
    assert ("plan", "", "Repair a.b (option 1), then c.d (option 1). After that: healthy.") in rows(
        report(*both, repairPlan=plan)
    )
    assert not [row for row in rows(report(both[0], repairPlan=plan)) if row[0] == "plan"]


def past(summary, proven=False):
    return {"summary": summary, "proven": proven}


def test_what_is_proven_to_have_changed_stands_below_the_cause():
    changes = [past("A tag was set."), past("The rule was added.", proven=True)]
    told = rows(report(finding("network.a", changes=changes, furtherChanges=3, remedies=[remedy()])))
    assert told[1:4] == [
        ("CAUSE", "network.a", "It is broken."),
        ("changed", "", "The rule was added. (4 more: see changes of the cause.)"),
        ("fix", "", COMMAND),
    ]


def test_what_is_not_proven_is_only_near_it():
    told = rows(report(finding("network.a", changes=[past("A tag was set.")])))
    assert told[2] == ("near it", "", "A tag was set.")


def test_a_silent_log_is_told_once():
    silent = finding("changes.x", "pass", "The Activity Log shows no change.")
    told = rows(report(finding("network.a"), finding("network.b"), findings=[silent]))
    assert [words for result, _, words in told if result == "changed"] == ["The Activity Log shows no change."]
    roots = [finding("network.a", changes=[past("A tag was set.")])]
    assert "changed" not in [result for result, _, _ in rows(report(*roots, findings=[silent]))]


def test_what_no_log_shows_is_no_gap_of_the_run():
    nobody_can = unknown("changes.activity-log", "Whether it was deleted is in no log.", code="unsupported")
    without_right = unknown("changes.activity-log", "The log could not be read.")
    told = rows(report(finding("access.pull-role-missing"), unknowns=[nobody_can, without_right]))
    assert ("changed", "", "Not known: whether it was deleted is in no log.") in told
    assert [words for result, _, words in told if result == "UNKNOWN"] == ["The log could not be read."]


def test_each_pool_that_was_probed_has_a_row():
    of_pool = {"pool": "a", "node": "n1", "result": "pulled", "milliseconds": 1234, "layersFetched": True}
    pools = [
        of_pool,
        {**of_pool, "pool": "b", "milliseconds": None, "layersFetched": False},
        {**of_pool, "pool": None, "result": "timed-out", "milliseconds": None, "layersFetched": False},
    ]
    told = rows(report(finding("network.a"), probe={"pools": pools}))
    assert [row for row in told if row[0] == "probed"] == [
        ("probed", "a", "pulled in 1.2 s"),
        ("probed", "b", "pulled (sign-in and manifest only)"),
        ("probed", "n1", "timed-out"),
    ]
    assert not [row for row in rows(report(finding("network.a"), probe=None)) if row[0] == "probed"]
