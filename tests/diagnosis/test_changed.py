"""Which change is about which cause, what is asked for it, and what is said where the log does not tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.diagnosis import changed
from azext_acrpulldiag.diagnosis.changed import CHECK, MOST_SHOWN, questions_of, told
from azext_acrpulldiag.diagnosis.suspects import Suspect
from azext_acrpulldiag.diagnosis.whole import diagnosed
from azext_acrpulldiag.facts import ActivityLog, Change, LogQuestion, Unreadable, UnreadLog
from azext_acrpulldiag.model import Status
from tests import build
from tests.build import NOW, failing, failing_pods_facts, healthy_facts

BEGAN = NOW - timedelta(minutes=2)
SUBSCRIPTION = f"/subscriptions/{build.SUBSCRIPTION}"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/contoso"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
ACR_PULL = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{build.ACR_PULL.upper()}"
READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
READ = "Microsoft.Insights/eventtypes/values/read"


def role(name="a1"):
    """The id of an assignment at the registry, in the log's casing."""
    return f"{build.REGISTRY_ID.replace('/resourceGroups/', '/resourcegroups/')}{ASSIGNMENTS}/{name}"


def nothing_granted(*pods, scope=None):
    """Nobody has a role; a pod failed two minutes ago for the first time."""
    others = () if scope is None else (build.assignment("somebody", scope=scope),)
    access = replace(build.access(), effective=(), at_scope=others)
    return failing_pods_facts(pods or (failing(first_seen=BEGAN),), access=access)


def change(verb="delete", minutes=5.0, resource_id=None, **changes):
    operation = f"Microsoft.Authorization/roleAssignments/{verb}" if "/" not in verb else verb
    made = Change(
        operation, resource_id or role(), NOW - timedelta(minutes=minutes), "Succeeded", "alice", f"c-{minutes}"
    )
    return replace(made, **changes)


def written(**changes):
    whose = {"principal_id": build.KUBELET_OBJECT_ID.upper(), "role_definition_id": ACR_PULL}
    return change("write", 60 * 24 * 30, **{**whose, **changes})


def after(facts, *changes, unread=(), skip=()):
    """The diagnosis of facts of which the log shows these changes."""
    log = ActivityLog(tuple(sorted(changes, key=lambda each: each.began, reverse=True)), unread)
    return told(diagnosed(facts, skip), replace(facts, changes=log), skip)


def asked_about(suspects):
    """The questions about suspects of one cause."""
    facts = nothing_granted()
    diagnosis = diagnosed(facts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changed, "suspects_of", lambda finding, facts: tuple(suspects))
        return questions_of(diagnosis, facts)


def entries(diagnosis):
    return [(each.proven, each.summary) for each in diagnosis.root_causes[0].finding.changes]


def said(diagnosis):
    return [(each.status, each.code) for each in diagnosis.findings if each.check == CHECK]


# --- role assignments ----------------------------------------------------------------------


def test_an_earlier_write_of_the_same_assignment_proves_whose_it_was():
    ((proven, words),) = entries(after(nothing_granted(), change(), written()))
    assert proven
    assert words == (
        "The role assignment at contosoreg that let this principal pull was deleted by alice on 22 Nov 2026, "
        "11:55:00 UTC, 3 minutes before the first failing pull that is known."
    )


def test_a_delete_alone_says_no_more_than_that():
    ((proven, words),) = entries(after(nothing_granted(), change()))
    assert not proven
    assert words == (
        "A role assignment at this scope (contosoreg) was deleted by alice on 22 Nov 2026, 11:55:00 UTC; the log does "
        "not show whose it was."
    )


def test_its_own_body_proves_it_too():
    own = change(principal_id=build.KUBELET_OBJECT_ID, role_definition_id=ACR_PULL)
    assert entries(after(nothing_granted(), own))[0][0]


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ((change(), written(principal_id="somebody")), []),
        ((change(), written(role_definition_id="/roleDefinitions/custom")), [False]),
        ((change(), written(resource_id=role("a2"))), [False]),
        ((change(), change("write", 4, principal_id=build.KUBELET_OBJECT_ID, role_definition_id=ACR_PULL)), [False]),
        ((change(status="Failed"), written()), []),
        ((change(status="Started"), written()), [False]),
        ((change(minutes=1), written()), []),
        ((change(resource_id=f"{SUBSCRIPTION}/resourceGroups/other{ASSIGNMENTS}/a1"), written()), []),
        ((change(resource_id=f"{build.REGISTRY_ID}/tokens/t{ASSIGNMENTS}/a1"), written()), []),
    ],
    ids=["another's", "another role", "another assignment", "written later", "failed", "not ended", "after the failure",
         "another scope", "below"],
)  # fmt: skip
def test_what_is_not_shown_is_not_proven(log, shown):
    assert [proven for proven, _ in entries(after(nothing_granted(), *log))] == shown


def test_a_role_that_was_read_is_judged_by_what_it_allows():
    custom = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/custom"
    facts = nothing_granted()
    acr_pull = facts.access.definitions[build.ACR_PULL]
    facts = replace(facts, access=replace(facts.access, definitions={"custom": replace(acr_pull, id=custom)}))
    assert entries(after(facts, change(), written(role_definition_id=custom)))[0][0]


@pytest.mark.parametrize(
    ("mode", "role_id", "proven"),
    [("AbacRepositoryPermissions", build.ACR_PULL, False), ("AbacRepositoryPermissions", READER, True),
     ("LegacyRegistryPermissions", READER, False)],
)  # fmt: skip
def test_a_role_lets_pull_in_its_mode_alone(mode, role_id, proven):
    facts = nothing_granted()
    access = replace(facts.access, definitions={})
    facts = replace(facts, access=access, registry=replace(facts.registry, role_assignment_mode=mode))
    gone = change(principal_id=build.KUBELET_OBJECT_ID, role_definition_id=f"/roleDefinitions/{role_id}")
    assert [each for each, _ in entries(after(facts, gone))] == [proven]


def test_an_unrelated_change_nearer_in_time_is_not_named():
    write = change("Microsoft.ContainerRegistry/registries/write", 3, build.REGISTRY_ID)
    others = change(minutes=3, resource_id=role("a9"), principal_id="somebody")
    assert [proven for proven, _ in entries(after(nothing_granted(), write, others, change(), written()))] == [True]


def test_where_the_beginning_is_not_known_it_is_before_now():
    facts = nothing_granted(failing(first_seen=None, last_seen=None))
    assert entries(after(facts, change(), written()))[0][1].endswith(", 5 minutes before now.")


def test_clocks_that_differ_give_no_negative_time():
    assert entries(after(nothing_granted(), change(minutes=2), written()))[0][1].endswith(
        ", less than a minute before the first failing pull that is known."
    )


THIS = {"principal_id": build.KUBELET_OBJECT_ID, "role_definition_id": ACR_PULL}


def test_of_several_ends_of_roles_the_last_is_proven():
    older = change(minutes=60 * 24 * 9, resource_id=role("a0"), **THIS)
    found = entries(after(nothing_granted(), older, change(), written()))
    assert [proven for proven, _ in found] == [True, False]
    assert found[1][1] == (
        "The role assignment at contosoreg that let this principal pull was deleted by alice on 13 Nov 2026, "
        "12:00:00 UTC."
    )


@pytest.mark.parametrize(
    ("given", "proven"),
    [
        ({}, False),
        ({"principal_id": "somebody"}, True),
        ({"role_definition_id": "/roleDefinitions/custom"}, True),
        ({"status": "Failed"}, True),
        ({"resource_id": f"{build.REGISTRY_ID}/tokens/t{ASSIGNMENTS}/a2"}, True),
    ],
    ids=["this one's", "another's", "another role", "failed", "elsewhere"],
)
def test_the_end_of_a_role_that_was_given_anew_is_not_what_failed(given, proven):
    anew = change("write", 4, **{"resource_id": role("a2"), **THIS, **given})
    assert [each for each, _ in entries(after(nothing_granted(), anew, change(), written()))] == [proven]


# --- what is at fault itself -----------------------------------------------------------------

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/nsg"
RULE = f"{GROUP}/securityRules/deny-443"
OF_RULES, OF_GROUPS = (f"Microsoft.Network/networkSecurityGroups/{each}write" for each in ("securityRules/", ""))
GONE = f"{build.REGISTRY_ID}/tokens/pull"


def changed_of(suspects, *changes):
    """By operation and resource, whether each entry is proven, of a cause with these suspects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changed, "suspects_of", lambda finding, facts: tuple(suspects))
        found = after(nothing_granted(), *changes).root_causes[0].finding.changes
    return [(each.operation, each.resource, each.proven) for each in found]


@pytest.mark.parametrize(
    ("minutes", "rule_proven", "resource"),
    [
        (4, False, GROUP),
        (60 * 24 * 80, True, GROUP),
        (4, True, f"{GROUP}-other"),
        (4, True, f"{GROUP}/securityRules/x"),
    ],
    ids=["later", "before", "another group", "another rule"],
)
def test_a_rule_that_was_written_with_its_whole_group_since_is_not_proven_by_its_own_write(
    minutes, rule_proven, resource
):
    suspects = [
        Suspect(RULE, (OF_RULES,), is_it=True),
        Suspect(GROUP, (OF_GROUPS, OF_RULES), below=True),
    ]
    whole = change(OF_GROUPS if resource.endswith(("nsg", "other")) else OF_RULES, minutes, resource)
    found = changed_of(suspects, change(OF_RULES, 60 * 24 * 40, RULE), whole)
    assert (OF_RULES, RULE, rule_proven) in found
    assert not any(proven for _, each, proven in found if each != RULE)


def test_a_delete_of_what_was_made_again_is_not_proven():
    gone, made = (f"Microsoft.ContainerRegistry/registries/tokens/{verb}" for verb in ("delete", "write"))
    suspects = [Suspect(GONE, (gone,), is_it=True)]
    (question,) = asked_about(suspects)
    assert question.operations == (gone, made)
    assert changed_of(suspects, change(gone, 9, GONE)) == [(gone, GONE, True)]
    assert changed_of(suspects, change(gone, 9, GONE), change(made, 8, GONE)) == [(gone, GONE, False)]
    assert changed_of(suspects, change(gone, 9, GONE), change(made, 10, GONE)) == [(gone, GONE, True)]


# --- what is asked -------------------------------------------------------------------------


def test_role_assignments_are_asked_for_once_a_subscription():
    facts = nothing_granted(scope=MANAGEMENT_GROUP)
    (question,) = questions_of(diagnosed(facts), facts)
    assert (question.filtered_by, question.value) == ("resourceProvider", "Microsoft.Authorization")
    assert {each.rpartition("/")[2] for each in question.operations} == {"delete", "write"}
    assert question.until == NOW
    assert timedelta(days=89) < NOW - question.since < timedelta(days=90)


def test_the_steps_of_a_change_that_began_before_are_asked_for_too():
    facts = nothing_granted(failing(first_seen=NOW - timedelta(hours=1)))
    (question,) = questions_of(diagnosed(facts), facts)
    assert question.until == NOW - timedelta(minutes=55)


def test_nothing_is_asked_of_a_healthy_pair():
    facts = healthy_facts()
    diagnosis = diagnosed(facts)
    assert questions_of(diagnosis, facts) == ()
    assert told(diagnosis, facts) is diagnosis
    assert told(diagnosis, facts, ["changes"]) is diagnosis


def test_a_resource_is_asked_for_by_its_id():
    facts = healthy_facts(cluster=replace(build.cluster(), power_state="Stopped"))
    (question,) = questions_of(diagnosed(facts), facts)
    assert (question.filtered_by, question.value) == ("resourceUri", facts.targets.cluster.id)
    assert question.operations == ("Microsoft.ContainerService/managedClusters/stop/action",)


def test_what_may_be_gone_is_asked_for_by_its_group_and_all_else_in_it_too():
    """The admin rule's id is below a manager; a security group's rules are below the group."""
    group = f"{SUBSCRIPTION}/resourceGroups/RG-net/providers/Microsoft.Network/networkSecurityGroups/nsg"
    suspects = {
        "network.nsg-blocks-registry": [
            Suspect(group, ("Microsoft.Network/networkSecurityGroups/write",), below=True),
            Suspect(f"{group}/securityRules/r", ("Microsoft.Network/networkSecurityGroups/securityRules/write",)),
        ],
        "cluster.stopped": [Suspect(group.replace("nsg", "other").lower(), ("a/write",))],
    }
    asked = asked_about([each for some in suspects.values() for each in some])
    assert [(each.filtered_by, each.value) for each in asked] == [("resourceGroupName", "RG-net")]
    assert len(asked[0].operations) == 3


def test_causes_that_the_log_has_nothing_of_are_told_so():
    facts = build.waiting_facts()
    diagnosis = diagnosed(facts)
    assert [root.finding.outcome for root in diagnosis.root_causes] == ["symptom.unexplained"]
    assert questions_of(diagnosis, facts) == ()
    assert said(told(diagnosis, facts)) == [(Status.SKIPPED, None)]


# --- what is said --------------------------------------------------------------------------


def test_a_silent_log_says_what_it_does_not_keep():
    diagnosis = after(nothing_granted())
    (finding,) = (each for each in diagnosis.findings if each.check == CHECK)
    assert finding.status is Status.PASS
    assert "shows no change of what the causes name" in finding.summary
    assert "nothing older" in finding.summary


def test_management_groups_are_open_where_nothing_is_proven():
    facts = nothing_granted(scope=MANAGEMENT_GROUP)
    assert said(after(facts)) == [(Status.UNKNOWN, "unsupported")]
    assert said(after(facts, change(), written())) == [(Status.PASS, None)]


def test_what_was_not_read_is_no_verdict():
    facts = nothing_granted()
    asked = LogQuestion(build.SUBSCRIPTION, "resourceProvider", "Microsoft.Authorization", NOW, NOW)
    why = Unreadable("forbidden", "HTTP 403", READ, READ)
    diagnosis = after(facts, unread=(UnreadLog(asked, why),))
    assert said(diagnosis) == [(Status.UNKNOWN, "forbidden")]
    (finding,) = (each for each in diagnosis.findings if each.check == CHECK)
    assert (finding.operation, finding.permission, finding.decisive) == (READ, READ, False)
    assert diagnosis.verdict is diagnosed(facts).verdict


def test_a_log_that_was_not_reached_in_time_is_unknown():
    facts = nothing_granted()
    late = replace(facts, changes=Unreadable("timeout", "The run timed out before activityLog was read"))
    assert said(told(diagnosed(facts), late)) == [(Status.UNKNOWN, "timeout")]


def test_left_out_is_said():
    facts = nothing_granted()
    assert said(told(diagnosed(facts), facts, ["changes"])) == [(Status.SKIPPED, None)]
    assert said(told(diagnosed(facts), facts)) == []


def test_a_handful_is_shown_and_the_rest_counted():
    many = [change(minutes=5 + at, resource_id=role(f"b{at}")) for at in range(8)]
    proven = change(minutes=90), written()
    finding = after(nothing_granted(), *many, *proven).root_causes[0].finding
    assert len(finding.changes) == MOST_SHOWN
    assert finding.further_changes == 9 - MOST_SHOWN
    assert [each.proven for each in finding.changes] == [False, False, False, False, True]
    assert list(finding.changes) == sorted(finding.changes, key=lambda each: each.when, reverse=True)


def test_nothing_else_of_a_diagnosis_is_changed():
    facts = nothing_granted()
    before, diagnosis = diagnosed(facts), after(facts, change(), written())
    assert [replace(root.finding, changes=()) for root in diagnosis.root_causes] == [
        root.finding for root in before.root_causes
    ]
    assert [replace(each, changes=()) for each in diagnosis.findings if each.check != CHECK] == list(before.findings)
    assert any(each.changes for each in diagnosis.findings)


def test_hostile_names_are_printable():
    facts = nothing_granted()
    (entry,) = after(facts, change(by="\x1b[31m\u202emallory\n")).root_causes[0].finding.changes
    assert entry.by == r"\x1b[31m\u202emallory\n"
    assert entry.summary.isprintable()
