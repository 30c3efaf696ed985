"""An image without its registry's host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.image.registry_left_out import REGISTRY_LEFT_OUT, hosts_are_written
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Confidence, Status, Verdict
from azext_acrpulldiag.pull_errors.left_out import symptoms_by_scope
from tests.build import UNAUTHORIZED, failing, failing_pods_facts, healthy_facts, hostless_facts, kubernetes

FORBIDDEN = Unreadable("forbidden", "HTTP 403", permission="AcrPull")
TIMED_OUT = 'Head "https://registry-1.docker.io/v2/shop/web/manifests/v1": dial tcp 54.198.86.24:443: i/o timeout'


def found(facts):
    return evaluate(hosts_are_written, facts)


def commands(facts):
    (finding,) = found(facts)
    return [remedy.command for remedy in finding.remedies if remedy.option == 1 and remedy.command]


def test_an_image_that_the_registry_has_lacks_its_host():
    (finding,) = found(hostless_facts())
    assert (finding.outcome, finding.confidence) == (REGISTRY_LEFT_OUT.id, Confidence.OBSERVED)
    assert finding.summary == (
        "The image shop/web:v1 is written without contosoreg.azurecr.io/ in front, so nodes ask docker.io for it; the "
        "registry has it as contosoreg.azurecr.io/shop/web:v1."
    )
    assert finding.evidence["pods"] == ["web/web-5d4f-x2x9z"]


def test_where_docker_hub_said_nothing_the_cause_is_inferred():
    (finding,) = found(hostless_facts(message=TIMED_OUT))
    assert finding.confidence is Confidence.INFERRED


def test_what_the_registry_does_not_have_is_none_of_its_affair():
    (finding,) = found(hostless_facts(there=False))
    assert finding.status is Status.PASS


@pytest.mark.parametrize(("message", "decisive"), [(None, True), (TIMED_OUT, False)])
def test_a_registry_that_cannot_be_asked_may_have_what_docker_hub_has_not(message, decisive):
    given = {} if message is None else {"message": message}
    (finding,) = found(hostless_facts(FORBIDDEN, **given))
    assert (finding.status, finding.permission, finding.decisive) == (Status.UNKNOWN, "AcrPull", decisive)


def test_without_such_an_image_nothing_applies():
    for facts in (healthy_facts(), failing_pods_facts()):
        (finding,) = found(facts)
        assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("read", [FORBIDDEN, replace(kubernetes(), failing=FORBIDDEN)])
def test_pods_that_were_not_read_decide_nothing(read):
    (finding,) = found(hostless_facts(kubernetes=read, hostless_images=None))
    assert finding.status is Status.SKIPPED


def test_pods_that_were_not_read_pass_for_nothing():
    (finding,) = found(hostless_facts(there=False, kubernetes=FORBIDDEN))
    assert finding.status is Status.UNKNOWN


def test_a_registry_that_was_not_read_leaves_it_unknown():
    (finding,) = found(hostless_facts(registry=FORBIDDEN, hostless_images=FORBIDDEN))
    assert finding.status is Status.UNKNOWN


def waiting(**container):
    facts = hostless_facts()
    return replace(facts, kubernetes=kubernetes(replace(facts.kubernetes.failing[0], **container)))


SET = "set image {} app=contosoreg.azurecr.io/shop/web:v1 --namespace web"


@pytest.mark.parametrize(
    ("container", "workload"),
    [
        ({}, "deployment/web"),
        ({"owner": "StatefulSet/web", "kind": "initContainers"}, "statefulset/web"),
        ({"owner": "DaemonSet/web"}, "daemonset/web"),
        ({"owner": None}, "pod/web-5d4f-x2x9z"),
    ],
)
def test_the_workload_gets_the_whole_name(container, workload):
    get, change = commands(waiting(**container))
    assert get.startswith("az aks get-credentials --name prod ")
    assert change.endswith(SET.format(workload))


@pytest.mark.parametrize(
    "container",
    [
        {"owner": "Job/web-28"},
        {"owner": "ReplicaSet/web"},
        {"owner": "Rollout/web"},
        {"kind": "ephemeralContainers"},
        {"kind": "sandbox"},
    ],
)
def test_an_owner_that_would_not_take_it_is_told_in_words(container):
    (finding,) = found(waiting(**container))
    assert [remedy.command for remedy in finding.remedies if remedy.command and "set image" in remedy.command] == []
    assert finding.remedies[-1].description.startswith("Write contosoreg.azurecr.io/shop/web:v1 where")


def diagnosed(facts):
    return diagnose(ALL, judge(ALL, facts), *symptoms_by_scope(facts))


def test_it_is_in_scope_and_only_its_own_finding_explains_it():
    told = diagnosed(hostless_facts())
    assert [(root.finding.outcome, root.explains) for root in told.root_causes] == [
        (REGISTRY_LEFT_OUT.id, ("unauthorized-401",))
    ]
    assert ([each.image for each in told.symptoms], told.out_of_scope) == (["shop/web:v1"], ())


def test_it_explains_no_pull_that_the_registry_was_asked_for():
    facts = hostless_facts()
    both = kubernetes(*facts.kubernetes.failing, failing(UNAUTHORIZED, pod="other"))
    told = diagnosed(replace(facts, kubernetes=both))
    assert [root.finding.outcome for root in told.root_causes] == [REGISTRY_LEFT_OUT.id, "symptom.unexplained"]


def test_not_to_know_whether_the_registry_has_it_explains_no_pull_of_the_registrys():
    facts = hostless_facts(FORBIDDEN)
    assert diagnosed(facts).verdict is Verdict.INCONCLUSIVE
    both = kubernetes(*facts.kubernetes.failing, failing(UNAUTHORIZED, pod="other"))
    told = diagnosed(replace(facts, kubernetes=both))
    assert [root.finding.outcome for root in told.root_causes] == ["symptom.unexplained"]
    assert len(told.out_of_scope) == 1
