"""Who pulls: the nodes' identity, or pods with secrets of their own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks._who_pulls import pulls_with_secrets
from azext_acrpulldiag.checks.access.limits import (
    identity_and_registry_share_a_tenant as tenants,
)
from azext_acrpulldiag.checks.access.limits import (
    no_deny_assignment_takes_pull_away as deny_assignments,
)
from azext_acrpulldiag.checks.access.pull_role import a_role_lets_the_puller_pull as pull_role
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Bootstrap, Offer, PullSecret, RunningPods, SecretEntry, Unreadable
from azext_acrpulldiag.model import Severity, Status, Verdict
from tests import build
from tests.build import NOW

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "get secrets", "a right")
ELSEWHERE = "99999999-0000-4000-8000-000000000009"
FACTS = build.running_pods_facts
MIRRORED = "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-3"


def only(check, of):
    (finding,) = evaluate(check, of)
    return finding


def with_secret(*entries: SecretEntry, **changes) -> tuple[PullSecret, ...]:
    held = entries or (build.secret_entry(offers=()),)
    return (build.pull_secret(*held, named_by=("running-pod/web-1", "running-pod/web-2"), **changes),)


def token(**changes) -> tuple[PullSecret, ...]:
    return with_secret(build.secret_entry(offers=(), token=build.registry_token(**changes)))


def verdict(of) -> Verdict:
    return diagnose(ALL, judge(ALL, of)).verdict


def test_a_missing_role_is_a_warning_where_everybody_brings_a_secret():
    finding = only(pull_role, FACTS())
    assert (finding.outcome, finding.severity) == ("access.pull-role-missing", Severity.WARNING)
    assert finding.evidence["pods_with_secrets"] == 2
    assert "bring pull secrets" in finding.summary
    assert verdict(FACTS()) is Verdict.AT_RISK


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (tenants, {"registry": build.registry(tenant_id=ELSEWHERE)}),
        (deny_assignments, {"access": build.access(denials=(build.deny_assignment(build.KUBELET_OBJECT_ID),))}),
    ],
)
def test_so_is_whatever_else_keeps_the_identity_from_pulling(check, changes):
    assert only(check, FACTS(**changes)).severity is Severity.WARNING
    without = {**changes, "running": None}
    assert only(check, FACTS(**without)).severity is Severity.ERROR


@pytest.mark.parametrize(
    "changes",
    [
        {"running": None},
        {"running": FORBIDDEN},
        {"running": RunningPods((), True)},
        {"kubernetes": build.kubernetes()},  # nothing was pulled of late
        {"kubernetes": build.kubernetes(pulled=(build.pulled(namespace="team", pod="another"),))},
        {"kubernetes": build.kubernetes(pulled=FORBIDDEN)},
        {"kubernetes": FORBIDDEN},
        {"pull_secrets": with_secret(exists=False)},
        {"pull_secrets": with_secret(malformed="it has no auths")},
        {"pull_secrets": with_secret(build.secret_entry(offers=(), unusable="it has no password"))},
        {"pull_secrets": with_secret(build.secret_entry(offers=(), repositories=("team/other",)))},
        {"pull_secrets": with_secret(build.secret_entry(token=None, offers=()))},
        {"pull_secrets": token(status="disabled")},
        {"pull_secrets": token(password_ends=(NOW,))},
        {"pull_secrets": token(scope_map_actions=())},
    ],
)
def test_without_such_evidence_it_stays_an_error(changes):
    finding = only(pull_role, FACTS(**changes))
    assert (finding.outcome, finding.severity) == ("access.pull-role-missing", Severity.ERROR)
    assert finding.evidence["pods_with_secrets"] is None


@pytest.mark.parametrize(
    "pods",
    [
        (build.running_pod(), build.running_pod("old-1", pull_secrets=())),
        (build.running_pod(images=("contosoreg.azurecr.io/team/app:1.2", "contosoreg.azurecr.io/team/other:3")),),
    ],
)
def test_one_pod_that_needs_the_identity_is_enough(pods):
    assert only(pull_role, FACTS(*pods)).severity is Severity.ERROR


@pytest.mark.parametrize(
    "of",
    [
        FACTS(pull_secrets=()),
        FACTS(build.running_pod(), build.running_pod("batch-1", pull_secrets=("unread",))),
    ],
)
def test_secrets_that_were_not_read_leave_it_open(of):
    assert only(pull_role, of).status is Status.UNKNOWN


def test_pods_of_other_registries_do_not_count():
    others = build.running_pod("nginx-1", images=("docker.io/library/nginx:1",), pull_secrets=())
    assert only(pull_role, FACTS(build.running_pod(), others)).severity is Severity.WARNING


def test_a_mirrored_image_is_pulled_by_the_identity_whatever_secret_its_pod_has():
    mirrored = build.running_pod("coredns-1", images=(MIRRORED,))
    isolated = build.cluster(bootstrap=Bootstrap("Cache", build.REGISTRY_ID))
    assert only(pull_role, FACTS(build.running_pod(), mirrored)).severity is Severity.WARNING
    assert only(pull_role, FACTS(build.running_pod(), mirrored, cluster=isolated)).severity is Severity.ERROR


@pytest.mark.parametrize(
    "changes",
    [
        {"complete": False},
        {"pull_secrets": with_secret(exists=FORBIDDEN)},
        {"pull_secrets": FORBIDDEN},
        {"pull_secrets": None},
        {"pull_secrets": with_secret(build.secret_entry("someone", "other", offers=()))},
        {"pull_secrets": with_secret(build.secret_entry(token=FORBIDDEN, offers=()))},
    ],
)
def test_what_is_not_seen_leaves_it_open(changes):
    finding = only(pull_role, FACTS(**changes))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)
    assert "has no role assignment" in finding.reason
    assert verdict(FACTS(**changes)) is Verdict.INCONCLUSIVE


def test_a_pod_that_is_seen_without_a_secret_settles_it_whatever_is_not_seen():
    pods = (build.running_pod(), build.running_pod("old-1", pull_secrets=()))
    assert only(pull_role, FACTS(*pods, complete=False)).severity is Severity.ERROR


def failing(message: str, **changes):
    waiting = replace(build.failing_container("web-9", **changes), message=message)
    return build.kubernetes(waiting, pulled=FACTS().kubernetes.pulled)


@pytest.mark.parametrize("message", [build.UNAUTHORIZED, "Back-off pulling image", "something else"])
def test_pods_that_are_refused_or_do_not_say_why_they_fail_tell_instead(message):
    of = FACTS(kubernetes=failing(message))
    assert pulls_with_secrets(of) is False
    assert only(pull_role, of).severity is Severity.ERROR


def test_pods_that_fail_for_another_reason_have_to_bring_a_secret_too():
    assert only(pull_role, FACTS(kubernetes=failing(build.UNREACHABLE))).severity is Severity.WARNING
    without = failing(build.UNREACHABLE, pull_secrets=())
    assert only(pull_role, FACTS(kubernetes=without)).severity is Severity.ERROR


def test_a_secret_that_its_registry_refuses_is_not_sound():
    refused = with_secret(build.secret_entry(offers=(Offer(False, 401, "token", "team/app"),)))
    assert only(pull_role, FACTS(pull_secrets=refused)).severity is Severity.ERROR
    unreached = with_secret(build.secret_entry(offers=(FORBIDDEN,)))
    assert only(pull_role, FACTS(pull_secrets=unreached)).severity is Severity.WARNING


def test_an_old_pull_shows_nothing():
    fetched = replace(build.pulled(namespace="team", pod="web-1"), at=NOW - timedelta(hours=1, seconds=1))
    assert pulls_with_secrets(FACTS(kubernetes=build.kubernetes(pulled=(fetched,)))) is False


def test_roles_that_could_not_be_read_leave_nothing_open_where_nobody_needs_them():
    unread = build.access(effective=FORBIDDEN)
    assert only(pull_role, FACTS(access=unread)).decisive is False
    assert only(pull_role, FACTS(access=unread, running=None)).decisive is None


# --- secrets of pods that run ---------------------------------------------------------------


def causes(of):
    return [root.finding.outcome for root in diagnose(ALL, judge(ALL, of)).root_causes]


def test_a_bad_secret_that_every_pod_brings_is_the_cause_and_the_role_its_alternative():
    of = FACTS(pull_secrets=token(password_ends=(NOW,)))
    assert causes(of) == ["pull-secret.token-expired"]
    (finding,) = [each for each in judge(ALL, of) if each.outcome == "pull-secret.token-expired"]
    assert "role assignment create" in (finding.remedies[-1].command or "")


def test_a_pod_without_any_secret_needs_the_role_as_well():
    pods = (build.running_pod(), build.running_pod("old-1", pull_secrets=()))
    of = FACTS(*pods, pull_secrets=token(password_ends=(NOW,)))
    assert set(causes(of)) == {"pull-secret.token-expired", "access.pull-role-missing"}


def test_a_bad_secret_beside_one_that_is_sound_is_a_warning():
    pods = (build.running_pod(pull_secrets=("regcred", "gone")),)
    gone = build.pull_secret(name="gone", named_by=("running-pod/web-1",), exists=False, entries=(), hosts=())
    sound = build.pull_secret(build.secret_entry(offers=()), named_by=("running-pod/web-1",))
    of = FACTS(*pods, pull_secrets=(sound, gone))
    found = {each.outcome: each.severity for each in judge(ALL, of) if each.outcome}
    assert found == {"access.pull-role-missing": Severity.WARNING, "pull-secret.missing": Severity.WARNING}


def test_a_secret_for_other_registries_is_no_fault_of_a_pod_that_runs():
    elsewhere = with_secret(hosts=("otherreg.azurecr.io",))
    elsewhere = tuple(replace(secret, entries=()) for secret in elsewhere)
    assert causes(FACTS(pull_secrets=elsewhere)) == ["access.pull-role-missing"]


def test_the_workload_of_a_pod_that_runs_names_the_new_secret():
    immutable = tuple(replace(secret, immutable=True) for secret in token(password_ends=(NOW,)))
    found = judge(ALL, FACTS(pull_secrets=immutable))
    (finding,) = [each for each in found if each.outcome == "pull-secret.token-expired"]
    assert any("patch deployment/web" in (remedy.command or "") for remedy in finding.remedies)
