"""Pods that were created before their service account named a pull secret."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.pull_secret.accounts import failing_pods_have_the_secrets_of_their_accounts as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Confidence, Severity, Status, Symptom
from tests import build
from tests.build import NOW

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "an operation", "a right")
OLDER = build.older_pod_facts


def only(of):
    (finding,) = evaluate(check, of)
    return finding


def secret(*entries, **changes):
    held = entries or (build.secret_entry(offers=()),)
    return build.pull_secret(*held, **{"named_by": ("serviceaccount/default",), **changes})


def pod(name="web-1", **changes):
    return build.failing_container(name, **{"pull_secrets": (), **changes})


def commands(finding, option=1):
    return [each.command for each in finding.remedies if each.option == option]


def test_a_pod_without_the_secret_of_its_account():
    finding = only(OLDER())
    assert (finding.outcome, finding.severity) == ("pull-secret.newer-than-pod", Severity.WARNING)
    assert finding.confidence is Confidence.OBSERVED
    assert finding.evidence["pod_created"] == "2026-11-22T11:30:00Z"
    assert finding.evidence["secret_created"] == "2026-11-22T11:50:00Z"
    assert commands(finding)[-1].endswith("rollout restart deployment/web --namespace team")
    assert "role assignment create" in commands(finding, 2)[0]
    assert not any("delete" in (each.command or "") for each in finding.remedies)


def test_it_is_the_cause_of_what_the_pod_reports_and_the_missing_role_follows():
    of = OLDER()
    symptom = Symptom("team", "web-1", "app", build.IMAGE, None, None, "unauthorized-401", "401", 1, None)
    (root,) = diagnose(ALL, judge(ALL, of), [symptom]).root_causes
    assert root.finding.outcome == "pull-secret.newer-than-pod"
    assert set(root.explains) == {"unauthorized-401", "access.pull-role-missing"}


def test_times_that_are_not_shown_are_not_told():
    finding = only(OLDER(pod(), pull_secrets=(secret(),)))
    assert (finding.evidence["pod_created"], finding.evidence["secret_created"]) == (None, None)


@pytest.mark.parametrize(
    "found",
    [
        secret(exists=False),
        secret(malformed="it has no auths"),
        secret(build.secret_entry(offers=(), repositories=("team/other",))),
        secret(build.secret_entry(offers=(), token=None)),
        secret(build.secret_entry(offers=(), token=build.registry_token(password_ends=(NOW,)))),
        secret(named_by=("pod/web-1",)),
        secret(named_by=("serviceaccount/another",)),
        secret(namespace="elsewhere"),
    ],
)
def test_a_secret_that_would_not_help_the_pod(found):
    assert only(OLDER(pull_secrets=(found,))).status is Status.PASS


def test_a_pod_with_a_secret_of_its_own_never_gets_those_of_its_account():
    assert only(OLDER(pod(pull_secrets=("own",)))).status is Status.PASS


def test_no_fault_where_the_identity_may_pull():
    assert only(OLDER(access=build.access())).status is Status.PASS


@pytest.mark.parametrize(
    "changes",
    [
        {"access": build.access(effective=FORBIDDEN)},
        {"pull_secrets": (secret(exists=FORBIDDEN),)},
        {"pull_secrets": (secret(build.secret_entry(token=FORBIDDEN, offers=())),)},
    ],
)
def test_what_is_not_known_makes_it_inferred(changes):
    finding = only(OLDER(**changes))
    assert (finding.outcome, finding.confidence) == ("pull-secret.newer-than-pod", Confidence.INFERRED)


def test_not_known_and_not_asked_for():
    assert only(OLDER(pull_secrets=FORBIDDEN)).status is Status.UNKNOWN
    assert only(OLDER(pull_secrets=None)).status is Status.SKIPPED
    assert only(OLDER(pull_secrets=())).status is Status.SKIPPED


@pytest.mark.parametrize("pods", [FORBIDDEN, build.kubernetes(failing=FORBIDDEN)])
def test_pods_that_were_not_read_are_unknown(pods):
    assert only(OLDER(kubernetes=pods)).status is Status.UNKNOWN


def test_each_workload_makes_its_pods_anew_and_others_are_named():
    pods = (
        pod("web-1"),
        pod("web-2"),
        pod("db-0", owner="StatefulSet/db"),
        pod("nightly-1", owner="Job/nightly"),
        pod("bare", owner=None),
    )
    finding = only(OLDER(*pods))
    assert finding.evidence["pods"] == ["bare", "db-0", "nightly-1", "web-1", "web-2"]
    restarted = [each for each in commands(finding) if each and "rollout restart" in each]
    assert [each.split(" restart ")[1].split()[0] for each in restarted] == ["deployment/web", "statefulset/db"]
    assert "Job/nightly, pod/bare" in finding.remedies[3].description


def test_a_bare_pod_takes_words():
    finding = only(OLDER(pod(owner=None)))
    assert finding.remedies[0].command is None
    assert "pod/web-1" in finding.remedies[0].description


def test_an_owner_cannot_inject_a_command():
    finding = only(OLDER(pod(owner="Deployment/a; rm -rf /")))
    assert "'deployment/a; rm -rf /'" in commands(finding)[-1]


def test_the_age_of_the_pod_is_that_of_the_oldest():
    pods = (replace(pod("web-2"), created=NOW), pod("web-3"), replace(pod(), created=build.older_pod_facts().now))
    assert only(OLDER(*pods)).evidence["pod_created"] == "2026-11-22T12:00:00Z"
