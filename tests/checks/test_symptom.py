"""What pods report and nothing explains."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.symptom import every_failing_pull_is_explained as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Options, Unreadable
from azext_acrpulldiag.model import Status, Verdict
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import access, failing, failing_pods_facts, healthy_facts, kubernetes
from tests.build.ids import GET_CREDENTIALS

FULL = failing("write /var/lib/x: no space left on device", pod="full-0")
BACK_OFF = failing('Back-off pulling image "contosoreg.azurecr.io/team/app:1.2"', reason="ImagePullBackOff")


def diagnosed(facts, skip=()):
    return diagnose(ALL, judge(ALL, facts, skip), *symptoms_of(facts))


def outcomes(diagnosis):
    return [root.finding.outcome for root in diagnosis.root_causes]


def test_one_finding_a_class():
    findings = evaluate(check, failing_pods_facts((failing(), failing(pod="b"), FULL)))
    assert [(each.outcome, each.explains, each.evidence["containers"]) for each in findings] == [
        ("symptom.unexplained", ("disk-full",), 1),
        ("symptom.unexplained", ("unauthorized-401",), 2),
    ]


@pytest.mark.parametrize(
    ("container", "commands"),
    [
        (FULL, ["describe pod full-0 --namespace web", "describe node aks-pool1-87752918-vmss000000"]),
        (replace(FULL, node=None), ["describe pod full-0 --namespace web"]),
        (failing(pod="a"), ["describe pod a --namespace web"]),
        (
            replace(BACK_OFF, pod="old"),
            [
                "describe pod old --namespace web",
                "get events --namespace web --field-selector involvedObject.name=old --watch",
            ],
        ),
    ],
)
def test_the_steps_fit_the_class(container, commands):
    (finding,) = evaluate(check, failing_pods_facts((container,)))
    login, *others = [remedy.command for remedy in finding.remedies if remedy.command]
    assert login == GET_CREDENTIALS
    assert others == [f"kubectl --kubeconfig ./prod.kubeconfig {each}" for each in commands]


def test_no_command_is_made_of_a_name_that_is_none():
    (finding,) = evaluate(check, failing_pods_facts((failing(pod="-x\x1b"),)))
    assert [remedy.command for remedy in finding.remedies if remedy.command] == [GET_CREDENTIALS]


def test_of_a_pod_that_is_gone_the_node_is_what_tells():
    (finding,) = evaluate(check, failing_pods_facts((failing("manifest unknown", pod="acr-pull-probe-0a1b2c3d-0"),)))
    first = finding.remedies[0]
    assert (first.command, first.description.partition(" of that time")[0]) == (None, "Read containerd's log")
    (finding,) = evaluate(check, failing_pods_facts((replace(FULL, pod="acr-pull-probe-0a1b2c3d-0"),)))
    assert next(remedy.command for remedy in finding.remedies if remedy.command) == GET_CREDENTIALS


def test_nothing_waits():
    (finding,) = evaluate(check, replace(healthy_facts(), kubernetes=kubernetes()))
    assert finding.status is Status.PASS


def test_other_registries_images_are_not_judged():
    (finding,) = evaluate(check, failing_pods_facts((failing("manifest unknown", image="nginx"),)))
    assert finding.status is Status.PASS


def test_events_that_were_not_read_cost_the_pass_and_not_what_pods_tell():
    unread = Unreadable("forbidden", "HTTP 403: no permission to list events")
    (nothing,) = evaluate(check, replace(healthy_facts(), kubernetes=kubernetes(overlooked=unread)))
    assert (nothing.status, nothing.decisive) == (Status.UNKNOWN, False)
    assert "not all pods were read" in nothing.reason
    found = evaluate(check, replace(healthy_facts(), kubernetes=kubernetes(FULL, overlooked=unread)))
    assert [each.status for each in found] == [Status.FAIL, Status.UNKNOWN]


def test_not_asked_is_skipped():
    (finding,) = evaluate(check, healthy_facts())
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize(
    ("reason", "decisive", "way_out"),
    [
        ("unreachable", False, "--kubeconfig"),
        ("timeout", False, "--kubeconfig"),
        ("forbidden", False, "--namespace"),
        ("not-logged-in", False, ""),
        ("not-found", True, ""),
    ],
)
def test_unread_pods_are_an_unknown_with_a_way_out(reason, decisive, way_out):
    why = Unreadable(reason, "No answer", permission="list pods")
    for unread in (why, replace(kubernetes(), failing=why)):
        (finding,) = evaluate(check, replace(healthy_facts(), kubernetes=unread))
        assert (finding.status, finding.decisive, finding.permission) == (Status.UNKNOWN, decisive, "list pods")
        assert way_out in (finding.reason or "")


# --- with the diagnosis ------------------------------------------------------------------


def test_what_another_finding_explains_is_withdrawn():
    facts = failing_pods_facts(access=access())
    facts = replace(facts, access=replace(access(), effective=()))
    diagnosis = diagnosed(facts)
    assert outcomes(diagnosis) == ["access.pull-role-missing"]
    assert diagnosis.root_causes[0].explains == ("unauthorized-401",)
    assert [each.status for each in diagnosis.findings if each.check == "symptom.pods"] == [Status.PASS]


def test_what_an_unknown_may_explain_is_inconclusive_and_names_it():
    unread = Unreadable("forbidden", "HTTP 403", permission="Microsoft.Authorization/roleAssignments/read")
    facts = failing_pods_facts(access=replace(access(), effective=unread))
    diagnosis = diagnosed(facts)
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert "access.pull-role" in {each.check for each in diagnosis.findings if each.decisive}
    assert not [each for each in diagnosis.findings if each.outcome == "symptom.unexplained"]


def test_what_nothing_explains_comes_before_what_pods_do_not_report():
    facts = failing_pods_facts((FULL,), access=replace(access(), effective=()))
    assert outcomes(diagnosed(facts)) == ["symptom.unexplained", "access.pull-role-missing"]


def test_any_error_may_be_behind_a_text_that_says_nothing():
    facts = failing_pods_facts((BACK_OFF,), access=replace(access(), effective=()))
    diagnosis = diagnosed(facts)
    assert outcomes(diagnosis) == ["access.pull-role-missing"]
    assert diagnosis.root_causes[0].explains == ("backoff-only",)
    assert outcomes(diagnosed(failing_pods_facts((BACK_OFF,)))) == ["symptom.unexplained"]


def test_any_unread_fact_that_decides_may_be_behind_a_text_that_says_nothing():
    unread = Unreadable("forbidden", "HTTP 403")
    diagnosis = diagnosed(failing_pods_facts((BACK_OFF,), access=replace(access(), effective=unread)))
    assert diagnosis.verdict is Verdict.INCONCLUSIVE


def test_failing_pods_are_never_healthy_although_the_check_is_left_out():
    facts = failing_pods_facts((FULL,))
    assert diagnosed(facts, skip=("symptom",)).verdict is Verdict.INCONCLUSIVE
    assert diagnosed(replace(facts, kubernetes=kubernetes()), skip=("symptom",)).verdict is Verdict.HEALTHY


INSIDE = "--cluster-access command-invoke"


@pytest.mark.parametrize(
    ("options", "reason", "named"),
    [
        (Options(), "timeout", True),
        (Options(), "unreachable", True),
        (Options(), "forbidden", False),
        (Options(cluster_access="direct"), "timeout", False),
        (Options(kubeconfig="config"), "timeout", False),
        (Options(context="prod"), "unreachable", False),
        (Options(cluster_access="command-invoke"), "timeout", False),
    ],
)
def test_what_starts_a_pod_is_named_to_who_left_the_way_open(options, reason, named):
    why = Unreadable(reason, "No answer")
    (finding,) = evaluate(check, replace(healthy_facts(), options=options, kubernetes=why))
    assert (INSIDE in finding.reason) is named


@pytest.mark.parametrize(("permission", "narrower"), [("list pods (Kubernetes RBAC)", True), ("Microsoft.X/y", False)])
def test_who_asks_from_inside_is_told_of_the_other_ways(permission, narrower):
    options = Options(cluster_access="command-invoke")
    why = Unreadable("forbidden", "No right", "it", permission)
    (finding,) = evaluate(check, replace(healthy_facts(), options=options, kubernetes=why))
    assert ("--namespace" in finding.reason) is narrower
    assert "leave --cluster-access out" in finding.reason
