"""Pods that pull as the identities of their service accounts, each judged by its own."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.access.limits import identity_and_registry_share_a_tenant as tenants
from azext_acrpulldiag.checks.access.limits import no_deny_assignment_takes_pull_away as denials
from azext_acrpulldiag.checks.access.limits import the_grant_has_had_time_to_spread as propagation
from azext_acrpulldiag.checks.access.pull_role import a_role_lets_the_puller_pull as pull_role
from azext_acrpulldiag.checks.identity.kubelet_identity import pods_pull_by_the_kubelet_identity as warning
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Bootstrap, ServiceAccountPull, Unreadable
from azext_acrpulldiag.model import Severity, Status
from tests.build import (
    ACCOUNT_CLIENT_ID,
    ACCOUNT_OBJECT_ID,
    KUBELET_OBJECT_ID,
    NOW,
    REGISTRY_ID,
    access,
    account_pull,
    account_pull_facts,
    assignment,
    cluster,
    deny_assignment,
    failing,
    kubernetes,
)

NO = Unreadable("forbidden", "HTTP 403", "op", "right")
ELSEWHERE = "99999999-0000-4000-8000-000000000009"
POD = frozenset({("web", "web-5d4f-x2x9z")})
CHECKS = (pull_role, denials, tenants, propagation)
ROLELESS = replace(account_pull(), access=replace(account_pull().access, effective=(), at_scope=()))


def found(checked, *pulls, **changes):
    return evaluate(checked, account_pull_facts(pulls, **changes))


def one(checked, *pulls, **changes):
    (finding,) = found(checked, *pulls, **changes)
    return finding


@pytest.mark.parametrize("checked", CHECKS)
def test_the_role_of_the_accounts_identity_counts_and_not_the_kubelets(checked):
    assert one(checked, account_pull()).status is Status.PASS


def test_an_identity_without_a_role_is_named_for_its_pods_alone():
    finding = one(pull_role, ROLELESS)
    assert (finding.outcome, finding.evidence["principal"]) == ("access.pull-role-missing", ACCOUNT_OBJECT_ID)
    assert finding.reach.pods == POD
    commands = [each.command for each in finding.remedies if each.command]
    assert len(commands) == 1, "attaching the registry would help the kubelet identity"
    assert ACCOUNT_OBJECT_ID in commands[0]


def test_the_kubelet_identitys_role_is_one_on_another_principal():
    kubelets = (assignment(),)
    pull = replace(ROLELESS, access=replace(ROLELESS.access, at_scope=kubelets))
    finding = one(pull_role, pull)
    assert (finding.outcome, finding.evidence["holder"]) == ("access.pull-role-on-other-principal", KUBELET_OBJECT_ID)


def test_each_identity_is_judged():
    other = replace(account_pull(), accounts=(("team", "default"),))
    statuses = {finding.status for finding in found(pull_role, ROLELESS, other)}
    assert statuses == {Status.FAIL}


def test_a_default_identity_that_no_failing_pod_is_known_to_use_is_a_warning():
    finding = one(pull_role, replace(ROLELESS, accounts=()))
    assert (finding.status, finding.severity, finding.explains) == (Status.WARN, Severity.WARNING, ())


def test_a_deny_assignment_and_a_fresh_grant_of_the_accounts_identity():
    denied = replace(
        account_pull(), access=replace(account_pull().access, denials=(deny_assignment(ACCOUNT_OBJECT_ID),))
    )
    assert one(denials, denied).outcome == "access.denied"
    fresh = account_pull(assignment(principal=ACCOUNT_OBJECT_ID, created=NOW))
    assert one(propagation, fresh).outcome == "access.recently-granted"


@pytest.mark.parametrize(
    ("tenant", "status"), [(ELSEWHERE, Status.FAIL), (NO, Status.UNKNOWN), (account_pull().tenant_id, Status.PASS)]
)
def test_the_tenant_is_that_of_the_binding(tenant, status):
    assert one(tenants, replace(account_pull(), tenant_id=tenant)).status is status


@pytest.mark.parametrize("checked", CHECKS)
def test_what_could_not_be_read_is_unknown(checked):
    assert one(checked, access=access(by_account=NO)).permission == "right"


@pytest.mark.parametrize("checked", CHECKS)
def test_nobody_known_is_skipped(checked):
    assert one(checked, access=access(by_account=())).status is Status.SKIPPED


def test_images_through_a_mirror_are_pulled_as_the_kubelet_identity():
    isolated = cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID), service_account_pull=ServiceAccountPull(True, None))
    waiting = kubernetes(failing("refused", image="mcr.microsoft.com/oss/coredns:1", pod="coredns-1"))
    findings = found(pull_role, account_pull(), cluster=isolated, kubernetes=waiting)
    failed = [finding for finding in findings if finding.status is Status.FAIL]
    assert [finding.evidence["principal"] for finding in failed] == [KUBELET_OBJECT_ID]
    assert failed[0].reach.pods == {("web", "coredns-1")}


# --- identity.service-account-pull --------------------------------------------------------

NOBODY = replace(account_pull(), identity=None, access=access(puller=None, effective=()))


@pytest.mark.parametrize(
    ("pull", "without", "unbound"),
    [
        (account_pull(), (), ()),
        (NOBODY, ("web/web-5d4f-x2x9z",), ()),
        (replace(NOBODY, identity=ACCOUNT_CLIENT_ID), (), (ACCOUNT_CLIENT_ID,)),
        (replace(NOBODY, accounts=()), (), ()),
    ],
)
def test_pods_that_pull_as_nobody_make_it_a_cause(pull, without, unbound):
    finding = one(warning, pull)
    assert finding.status is Status.WARN
    assert (finding.evidence["pods_without"], finding.evidence["unbound"]) == (list(without), list(unbound))
    nobody = bool(without or unbound)
    assert finding.explains == (("unauthorized-401",) if nobody else ())
    assert finding.reach.pods == (POD if nobody else frozenset())
    assert ("pull as nobody" in finding.summary) is nobody
