"""Workloads whose pods a policy refuses."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.admission import no_policy_refuses_an_image as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Status
from tests import build
from tests.build.kubernetes import refused_workload

UNREAD = Unreadable("forbidden", "HTTP 403")
WEBHOOK = 'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: '


def judged(*workloads, **changes):
    return evaluate(check, build.refused_workload_facts(workloads or (refused_workload(),), **changes))


def test_a_workload_of_which_nothing_runs():
    (finding,) = judged()
    assert (finding.outcome, finding.status) == ("symptom.admission-denied", Status.FAIL)
    assert finding.evidence["image"] == "contosoreg.azurecr.io/team/app:1.2"
    assert finding.evidence["policy"] == "validation.gatekeeper.sh"
    assert finding.summary.count("No pod of it runs") == 1


@pytest.mark.parametrize(("running", "words"), [(1, "1 pod of it runs as before"), (3, "3 pods of it run as before")])
def test_a_workload_whose_older_pods_run(running, words):
    (finding,) = judged(refused_workload(running=running))
    assert (finding.status, words in finding.summary) == (Status.WARN, True)


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [
        ("[ratify-constraint] Subject failed verification: contosoreg.azurecr.io/net-monitor:v1", True),
        ("[containerdenynottrustedimage] C1002: Pod/app-tjmwf/app: Container using not trusted image", True),
        ("[nolatest] container app didn't specify an image tag, see https://learn.microsoft.com/x/y", True),
        ("Container image quay.io/jetstack/cert-manager-controller:v1.12.2 for container c is not allowed.", False),
        ("Container app in your Pod web-1 has no livenessProbe. Required probes: [livenessProbe]", False),
    ],
)
def test_only_what_is_about_an_image_of_the_registry_is_judged(text, is_ours):
    (finding,) = judged(refused_workload(WEBHOOK + text))
    assert finding.status is (Status.FAIL if is_ours else Status.SKIPPED)


def test_what_was_not_read_is_unknown():
    for facts in (
        build.healthy_facts(kubernetes=replace(build.kubernetes(), refused=UNREAD)),
        build.healthy_facts(kubernetes=UNREAD),
        build.refused_workload_facts((refused_workload(running=UNREAD),)),
    ):
        (finding,) = evaluate(check, facts)
        assert (finding.status, finding.code) == (Status.UNKNOWN, "forbidden")


def test_nothing_refused_is_no_pass():
    (finding,) = evaluate(check, build.healthy_facts())
    assert finding.status is Status.SKIPPED
    (finding,) = evaluate(check, build.healthy_facts(kubernetes=None))
    assert finding.status is Status.SKIPPED
