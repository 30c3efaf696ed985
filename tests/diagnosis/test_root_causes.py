"""The ranking and folding that no other tool has, one rule a test."""

from dataclasses import fields, replace

import pytest

from azext_acrpulldiag.catalogue import Check, Outcome, unknown
from azext_acrpulldiag.checks._kubectl import Kubectl
from azext_acrpulldiag.checks._named import ClusterNames
from azext_acrpulldiag.checks.symptom import PODS, UNEXPLAINED, Unexplained
from azext_acrpulldiag.checks.unexplained import Answers, Apart, RuledOut, Sizes
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Confidence, Finding, Grouping, Reach, SeenFrom, Severity, Status, Symptom, Verdict
from tests.build import healthy_facts

URL = "https://learn.microsoft.com/azure/aks/"
NO_RIGHT = Unreadable("forbidden", "No right to read it", "Some/thing/read", "Some/thing/read")


def outcome(id, severity=Severity.ERROR, explains=(), **changes):
    return Outcome(id, severity, f"{id} happened.", URL, explains=explains, **changes)


def found(of, resource="/r", check="c.x", **changes):
    return replace(of.at(resource, **changes), check=check)


def check(id, *outcomes):
    return Check(id, (), outcomes, lambda facts: iter(()))


def symptom(symptom_class="unauthorized-401", pool=None, pod="pod"):
    return Symptom("ns", pod, "c", "contosoreg.azurecr.io/app:1", None, pool, symptom_class, "text", 1, None)


def of_pools(*pools):
    return Reach(pools=frozenset(pools))


def of_pods(*pods):
    return Reach(pods=frozenset(("ns", pod) for pod in pods))


KUBECTL = Kubectl.of(healthy_facts())


def unexplained(symptom_class="unauthorized-401", pods=()):
    texts = {field.name: "x" for field in fields(Unexplained)}
    what = Unexplained(**texts | {"symptom_class": symptom_class, "pods": tuple(pods), "narrower": None})
    parts = (what, ClusterNames("prod", "rg-app", "s"), KUBECTL, Apart(), RuledOut(), Sizes(), Answers())
    made = UNEXPLAINED.at("/r", *parts, explains=(symptom_class,))
    return replace(made, check=PODS)


def passed(check="c.x"):
    return Finding(check, Status.PASS, "Well.", "/r")


ROLE = outcome("access.pull-role-missing", explains=("unauthorized-401",))
DNS = outcome("network.dns", explains=("dns-failure", "timeout-network"))
TIMEOUT = outcome("network.timeout", explains=("timeout-network",))
WARNING = outcome("access.recently-granted", Severity.WARNING, explains=("unauthorized-401",))


def roots(diagnosis):
    return [root.finding.outcome for root in diagnosis.root_causes]


def test_nothing_found_is_healthy():
    assert diagnose([], [passed()]).verdict is Verdict.HEALTHY


def test_every_error_is_a_root_cause_in_a_preflight():
    diagnosis = diagnose([], [found(ROLE), found(DNS), passed()])
    assert (diagnosis.verdict, set(roots(diagnosis))) == (Verdict.BROKEN, {ROLE.id, DNS.id})


def test_what_explains_the_pods_comes_before_what_does_not():
    assert roots(diagnose([], [found(ROLE), found(DNS)], [symptom("dns-failure")])) == [DNS.id, ROLE.id]


def test_observed_comes_before_inferred():
    inferred = found(outcome("a.first"), confidence=Confidence.INFERRED)
    assert roots(diagnose([], [inferred, found(outcome("b.second"))])) == ["b.second", "a.first"]


def test_what_makes_pods_report_something_else_is_no_consequence():
    role = outcome("access.pull-role-missing", explains=("unauthorized-401", "registry.check-acr-failed"))
    refused = outcome("registry.check-acr-failed", explains=("unauthorized-401",))
    unresolved = outcome("registry.check-acr-failed", explains=("dns-failure",))
    assert roots(diagnose([], [found(role), found(refused)])) == [role.id]
    diagnosis = diagnose([], [found(role), found(unresolved)])
    assert set(roots(diagnosis)) == {role.id, unresolved.id}
    assert [root.explains for root in diagnosis.root_causes] == [(), ()]


def test_a_consequence_is_folded_beneath_its_cause():
    stopped = outcome("cluster.stopped", explains=(TIMEOUT.id,))
    diagnosis = diagnose([], [found(TIMEOUT), found(stopped)])
    assert roots(diagnosis) == [stopped.id]
    assert diagnosis.root_causes[0].explains == (TIMEOUT.id,)
    assert {finding.outcome for finding in diagnosis.findings} == {stopped.id, TIMEOUT.id}


def test_two_causes_that_explain_each_other_leave_one():
    one, other = outcome("a.one", explains=("b.other",)), outcome("b.other", explains=("a.one", "dns-failure"))
    assert roots(diagnose([], [found(one), found(other)], [symptom("dns-failure")])) == ["b.other"]


def test_a_root_cause_names_the_symptoms_it_explains():
    (root,) = diagnose([], [found(ROLE)], [symptom()]).root_causes
    assert root.explains == ("unauthorized-401",)


@pytest.mark.parametrize(
    "symptoms, verdict, causes", [((), Verdict.AT_RISK, []), ((symptom(),), Verdict.BROKEN, [WARNING.id])]
)
def test_a_warning_becomes_a_cause_only_where_it_explains_a_live_symptom(symptoms, verdict, causes):
    diagnosis = diagnose([], [found(WARNING)], symptoms)
    assert (diagnosis.verdict, roots(diagnosis)) == (verdict, causes)


@pytest.mark.parametrize("severity", Severity)
def test_what_this_machine_sees_changes_nothing(severity):
    local = outcome("registry.unhealthy", severity, seen_from=SeenFrom.THIS_MACHINE, explains=("unauthorized-401",))
    diagnosis = diagnose([], [found(local)], [symptom()] if severity is Severity.WARNING else [])
    assert (diagnosis.verdict, roots(diagnosis)) == (Verdict.HEALTHY, [])


@pytest.mark.parametrize(
    "outcomes, symptoms, verdict",
    [
        ((ROLE,), (), Verdict.INCONCLUSIVE),
        ((WARNING,), (), Verdict.HEALTHY),
        ((ROLE,), (symptom(),), Verdict.INCONCLUSIVE),
        ((DNS,), (symptom(),), Verdict.HEALTHY),
        ((WARNING,), (symptom(),), Verdict.INCONCLUSIVE),
    ],
)
def test_an_unknown_is_decisive_where_its_outcomes_could_speak(outcomes, symptoms, verdict):
    checked = check("c.x", *outcomes)
    ignorance = replace(unknown("/r", NO_RIGHT), check="c.x")
    diagnosis = diagnose([checked], [ignorance], symptoms)
    assert diagnosis.verdict is verdict
    assert diagnosis.findings[0].decisive is (verdict is Verdict.INCONCLUSIVE)


def test_a_check_may_settle_itself_that_its_ignorance_is_not_decisive():
    ignorance = replace(unknown("/r", NO_RIGHT, decisive=False), check="c.x")
    assert diagnose([check("c.x", ROLE)], [ignorance]).verdict is Verdict.HEALTHY


def test_a_proven_cause_outranks_ignorance():
    ignorance = replace(unknown("/r", NO_RIGHT), check="c.y")
    assert diagnose([check("c.y", DNS)], [ignorance, found(ROLE)]).verdict is Verdict.BROKEN


def test_the_same_findings_in_another_order_give_the_same_diagnosis():
    findings = [found(ROLE), found(DNS, "/b"), found(DNS, "/a"), passed()]
    assert diagnose([], findings) == diagnose([], list(reversed(findings)))


# --- whose pulls a cause is about --------------------------------------------------------

SECRET = outcome("pull-secret.token-expired", explains=("unauthorized-401", ROLE.id))


def test_a_cause_of_one_pool_leaves_the_pods_of_another_unexplained():
    live = [symptom(pool="a", pod="one"), symptom(pool="b", pod="two")]
    diagnosis = diagnose([], [found(ROLE, reach=of_pools("a")), unexplained(pods=("ns/one", "ns/two"))], live)
    assert roots(diagnosis) == [ROLE.id, UNEXPLAINED.id]
    assert diagnosis.root_causes[1].finding.evidence["pods"] == ["ns/two"]
    assert diagnosis.root_causes[1].finding.check == PODS


def test_causes_of_two_pools_explain_the_pods_of_both():
    live = [symptom(pool="a", pod="one"), symptom(pool="b", pod="two")]
    causes = [found(ROLE, "/a", reach=of_pools("a")), found(ROLE, "/b", reach=of_pools("b"))]
    assert roots(diagnose([], [*causes, unexplained()], live)) == [ROLE.id, ROLE.id]


def test_a_cause_of_another_pool_comes_after_what_explains_the_pods():
    live = [symptom(pool="b")]
    causes = [found(ROLE, "/a", reach=of_pools("a")), found(DNS, reach=of_pools("b"))]
    diagnosis = diagnose([], [*causes, unexplained()], live)
    assert roots(diagnosis) == [UNEXPLAINED.id, ROLE.id, DNS.id]
    assert [root.explains for root in diagnosis.root_causes] == [("unauthorized-401",), (), ()]


def test_a_warning_of_another_pool_is_no_cause():
    assert roots(diagnose([], [found(WARNING, reach=of_pools("a"))], [symptom(pool="b")])) == []


def test_a_cause_of_some_pods_does_not_fold_what_makes_others_fail():
    causes = [found(SECRET, reach=of_pods("one")), found(ROLE)]
    assert roots(diagnose([], causes, [symptom(pod="one")])) == [SECRET.id]
    assert set(roots(diagnose([], causes, [symptom(pod="one"), symptom(pod="two")]))) == {SECRET.id, ROLE.id}


def test_causes_fold_together_what_neither_accounts_for_alone():
    secrets = [found(SECRET, f"/{pod}", reach=of_pods(pod)) for pod in ("one", "two")]
    diagnosis = diagnose([], [*secrets, found(ROLE)], [symptom(pod="one"), symptom(pod="two")])
    assert roots(diagnosis) == [SECRET.id, SECRET.id]
    assert all(ROLE.id in root.explains for root in diagnosis.root_causes)


def test_a_fault_of_one_pool_is_no_consequence_of_another_pools():
    outdated = outcome("identity.node-identity-outdated", explains=(ROLE.id,))
    causes = [found(outdated, reach=of_pools("a")), found(ROLE, reach=of_pools("b"))]
    assert set(roots(diagnose([], causes))) == {outdated.id, ROLE.id}


def test_what_is_unexplained_explains_nothing_else():
    live = [symptom("other", pod="one"), symptom("backoff-only", pod="two")]
    diagnosis = diagnose([], [unexplained("other"), unexplained("backoff-only")], live)
    assert [root.explains for root in diagnosis.root_causes] == [("other",), ("backoff-only",)]


def test_the_summary_says_where_pulls_fail():
    where = "Only node pool win fails (3 pods)."
    diagnosis = diagnose([], [found(ROLE)], [symptom()], grouping=Grouping(where=where))
    assert diagnosis.summary == f"{ROLE.id} happened. {where}"
    assert diagnosis.grouping.where == where
