"""Mirror of checks/service_principal.py. The clock is ``NOW``."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks._named import none_valid
from azext_acrpulldiag.checks.identity.service_principal import (
    the_nodes_can_hold_a_secret_that_holds,
    the_service_principal_exists_and_is_enabled,
    the_service_principal_has_a_secret_that_holds,
    the_service_principal_has_a_secret_that_will_hold,
)
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Options, PasswordCredential, Unreadable
from azext_acrpulldiag.model import Status, Verdict
from tests.build import (
    APP_ID,
    NOW,
    SUBSCRIPTION,
    cluster,
    healthy_facts,
    scale_set,
    service_principal,
    service_principal_facts,
)

AT = f"--subscription {SUBSCRIPTION}"

WHY = Unreadable("forbidden", "HTTP 403", "op", "Application.Read.All (Microsoft Graph)")
NOT_SHOWN = Unreadable("not-shown", "another tenant's")
OTHER_TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CHECKS = (
    the_service_principal_exists_and_is_enabled,
    the_service_principal_has_a_secret_that_holds,
    the_nodes_can_hold_a_secret_that_holds,
    the_service_principal_has_a_secret_that_will_hold,
)
SECRET_CHECKS = CHECKS[1:]


def secret(start, end, key="k"):
    """A secret that holds from ``start`` to ``end``, in days from now (``None``: not named)."""
    days = [None if day is None else NOW + timedelta(days=day) for day in (start, end)]
    return PasswordCredential(key, *days)


def node(created, number=0, **changes):
    moment = created if isinstance(created, Unreadable) else NOW + timedelta(days=created)
    return replace(scale_set(), kind="instance", name=f"vmss_{number}", created=moment, **changes)


HEALTHY_HOSTS = (scale_set(), node(-100))


def of(check, hosts=HEALTHY_HOSTS, options=None, **changes):
    facts = service_principal_facts(service_principal(**changes), options=options or Options())
    (finding,) = evaluate(check, replace(facts, node_hosts=hosts))
    return finding


# --- not-found, disabled ---------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"application_object_id": None, "home_tenant_id": OTHER_TENANT},
        {"home_tenant_id": service_principal().home_tenant_id.upper()},
    ],
    ids=["both exist", "application of another tenant", "casing"],
)
def test_a_service_principal_that_exists_passes(changes):
    assert of(CHECKS[0], **changes).status is Status.PASS


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"object_id": None, "enabled": WHY}, "service principal"),
        ({"object_id": None, "enabled": WHY, "application_object_id": WHY}, "service principal"),
        ({"application_object_id": None}, "application"),
    ],
)
def test_a_service_principal_that_is_gone_is_not_found(changes, lost):
    finding = of(CHECKS[0], **changes)
    assert (finding.outcome, finding.status) == ("identity.service-principal-not-found", Status.FAIL)
    assert (finding.evidence["lost"], finding.evidence["app_id"]) == (lost, APP_ID)


def test_a_service_principal_that_is_switched_off_is_disabled():
    finding = of(CHECKS[0], enabled=False)
    assert finding.outcome == "identity.service-principal-disabled"
    assert finding.remedies[0].command == f"az ad sp update --id {APP_ID} --set accountEnabled=true"


def test_disabled_is_said_though_the_application_is_not_visible():
    facts = service_principal_facts(service_principal(enabled=False, application_object_id=WHY))
    assert [finding.status for finding in evaluate(CHECKS[0], facts)] == [Status.FAIL, Status.UNKNOWN]


@pytest.mark.parametrize(
    "changes",
    [
        {"object_id": WHY},
        {"enabled": WHY},
        {"application_object_id": WHY},
        {"application_object_id": None, "home_tenant_id": WHY},
        {"application_object_id": None, "home_tenant_id": None},
    ],
)
def test_what_graph_does_not_say_is_unknown(changes):
    assert of(CHECKS[0], **changes).status is Status.UNKNOWN


# --- secret-expired --------------------------------------------------------------------


@pytest.mark.parametrize(
    "passwords",
    [
        (secret(-400, -30), secret(-20, 300)),
        (secret(-400, 0.001),),
        (secret(-400, None),),
        (secret(-400, -1), secret(1, 300)),
    ],
    ids=["rotation", "last minutes", "no end", "one that begins tomorrow"],
)
def test_one_secret_that_has_not_ended_passes(passwords):
    assert of(CHECKS[1], passwords=passwords).status is Status.PASS


@pytest.mark.parametrize(
    ("passwords", "ended"),
    [
        ((secret(-400, -1),), "2026-11-21T12:00:00Z"),
        ((secret(-400, 0),), "2026-11-22T12:00:00Z"),
        ((secret(-800, -400, "a"), secret(-400, -2, "b")), "2026-11-20T12:00:00Z"),
        ((), "none"),
    ],
    ids=["one", "this very moment", "all of them", "certificates only"],
)
def test_no_secret_left_is_expired(passwords, ended):
    finding = of(CHECKS[1], passwords=passwords)
    assert (finding.outcome, finding.status) == ("identity.service-principal-secret-expired", Status.FAIL)
    assert (finding.evidence["count"], finding.evidence["ended"]) == (len(passwords), ended)
    assert [remedy.command for remedy in finding.remedies] == [
        f"SP_SECRET=$(az ad sp credential reset --id {APP_ID} --append --query password --output tsv)",
        f"az aks update-credentials --resource-group rg-app --name prod {AT} --reset-service-principal "
        f'--service-principal {APP_ID} --client-secret "${{SP_SECRET:?unset}}"',
        f"az aks update --resource-group rg-app --name prod {AT} --enable-managed-identity --yes",
    ]
    assert [(each.option, each.step) for each in finding.remedies] == [(1, 1), (1, 2), (2, 1)]
    assert finding.remedies[0].requires == ("Application.ReadWrite.All",)


def test_one_that_holds_settles_it_though_others_are_not_visible():
    assert of(CHECKS[1], passwords=NOT_SHOWN, seen_passwords=(secret(-9, 9),)).status is Status.PASS


@pytest.mark.parametrize("seen", [(), (secret(-400, -1),)])
def test_ended_ones_prove_nothing_where_others_are_not_visible(seen):
    assert of(CHECKS[1], passwords=NOT_SHOWN, seen_passwords=seen).status is Status.UNKNOWN


# --- secret-replaced -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passwords", "hosts"),
    [
        ((secret(-200, 165),), (node(-100),)),
        ((secret(-50, 165),), (node(-100), node(-10, 1))),
        ((secret(-50, 165),), (node(-50),)),
        ((secret(-5, 300), secret(-200, 165)), (node(-100),)),
        ((secret(None, 300),), (node(-100),)),
        ((secret(-200, 165),), (node(-100), node(WHY, 1, unread=WHY))),
    ],
    ids=["older", "newest node counts", "same moment", "one is older", "no start", "settled without the unread"],
)
def test_a_live_secret_older_than_the_newest_node_passes(passwords, hosts):
    assert of(CHECKS[2], hosts, passwords=passwords).status is Status.PASS


def test_only_secrets_newer_than_every_node_are_a_warning():
    passwords = (secret(-400, -100), secret(-2, 363, "a"), secret(-1, 364, "b"))
    finding = of(CHECKS[2], (scale_set(created=NOW), node(-100), node(-3, 1)), passwords=passwords)
    assert (finding.outcome, finding.status) == ("identity.service-principal-secret-replaced", Status.WARN)
    assert (finding.evidence["first_start"], finding.evidence["newest_node"]) == (
        "2026-11-20T12:00:00Z",
        "2026-11-19T12:00:00Z",
    )
    assert finding.evidence["live"] == 2


@pytest.mark.parametrize(
    ("hosts", "changes"),
    [
        (WHY, {}),
        ((node(-100), node(WHY, 1, unread=WHY)), {}),
        ((node(WHY),), {}),
        ((node(-100),), {"passwords": NOT_SHOWN, "seen_passwords": (secret(-2, 9),)}),
        ((node(-100),), {"passwords": WHY}),
    ],
)
def test_whether_the_nodes_know_the_secret_may_be_unknown(hosts, changes):
    assert of(CHECKS[2], hosts, **{"passwords": (secret(-2, 363),), **changes}).status is Status.UNKNOWN


def test_a_cluster_without_nodes_holds_no_old_secret():
    assert of(CHECKS[2], (scale_set(),), passwords=(secret(-2, 363),)).status is Status.SKIPPED


def test_a_node_list_that_is_unread_leaves_no_preflight_open():
    facts = replace(service_principal_facts(), node_hosts=WHY)
    diagnosis = diagnose(CHECKS, judge(CHECKS, facts))
    assert {finding.status for finding in diagnosis.findings} == {Status.PASS, Status.UNKNOWN}
    assert diagnosis.verdict is Verdict.HEALTHY


# --- secret-expiring -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passwords", "days"),
    [
        ((secret(-300, 31),), 30),
        ((secret(-300, 5), secret(-2, 300)), 30),
        ((secret(-300, None),), 30),
        ((secret(-300, 8),), 7),
    ],
    ids=["later", "another one holds", "no end", "asked for less"],
)
def test_a_secret_that_holds_long_enough_passes(passwords, days):
    assert of(CHECKS[3], options=Options(expiry_days=days), passwords=passwords).status is Status.PASS


@pytest.mark.parametrize(
    ("passwords", "days", "left"),
    [((secret(-300, 30),), 30, 30), ((secret(-300, 5), secret(-300, 9)), 30, 9), ((secret(-300, 50),), 60, 50)],
)
def test_the_last_secret_that_ends_soon_is_a_warning(passwords, days, left):
    finding = of(CHECKS[3], options=Options(expiry_days=days), passwords=passwords)
    assert (finding.outcome, finding.status) == ("identity.service-principal-secret-expiring", Status.WARN)
    assert finding.evidence["days"] == left


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"passwords": NOT_SHOWN, "seen_passwords": (secret(-2, 300),)}, Status.PASS),
        ({"passwords": NOT_SHOWN, "seen_passwords": (secret(-2, 3),)}, Status.UNKNOWN),
        ({"passwords": WHY}, Status.UNKNOWN),
        ({"passwords": (secret(-300, -1),)}, Status.SKIPPED),
    ],
)
def test_an_end_that_is_not_known_is_not_announced(changes, status):
    assert of(CHECKS[3], **changes).status is status


# --- all of them -----------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_managed_identity_cluster_has_no_service_principal(check):
    (finding,) = evaluate(check, healthy_facts())
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize("changes", [{"cluster": WHY}, {"service_principal": WHY}])
def test_what_could_not_be_read_is_unknown(check, changes):
    (finding,) = evaluate(check, replace(service_principal_facts(), **changes))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, WHY.permission)


@pytest.mark.parametrize("check", SECRET_CHECKS, ids=lambda check: check.id)
def test_a_service_principal_that_is_gone_has_no_secret_to_judge(check):
    assert of(check, object_id=None, passwords=()).status is Status.SKIPPED


def test_a_deleted_application_is_one_root_cause():
    facts = service_principal_facts(service_principal(application_object_id=None, passwords=()))
    diagnosis = diagnose(CHECKS, judge(CHECKS, facts))
    assert [cause.finding.outcome for cause in diagnosis.root_causes] == ["identity.service-principal-not-found"]
    assert diagnosis.root_causes[0].explains == ("identity.service-principal-secret-expired",)


def test_a_tenant_that_the_cluster_does_not_show_is_unknown():
    principal = service_principal(application_object_id=None)
    facts = service_principal_facts(principal)
    hidden = replace(facts, cluster=replace(facts.cluster, tenant_id=WHY))
    (finding,) = evaluate(CHECKS[0], hidden)
    assert finding.status is Status.UNKNOWN
    assert cluster().tenant_id == principal.home_tenant_id


@pytest.mark.parametrize(
    ("count", "ended", "clause"),
    [
        (0, "none", "which has no password"),
        (1, "2026-07-01", "whose only password expired on 2026-07-01"),
        (2, "2026-07-01", "whose 2 passwords have all expired (last expired on 2026-07-01)"),
    ],
)
def test_that_nothing_is_valid_is_said_for_any_number(count, ended, clause):
    assert none_valid("password", count, ended) == clause
