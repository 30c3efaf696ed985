from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.effects.credentials import a_new_token
from azext_acrpulldiag.effects.pull_secret import written
from azext_acrpulldiag.facts import Facts, FailingContainer, Offer, PullSecret, Unreadable
from tests import build

from .trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "HTTP 403")
REFUSED = Offer(False, 401, "token", "team/app")
AT_RISK = ("at-risk", ())
EXPIRED = build.secret_entry(
    token=build.registry_token(password_ends=(build.NOW - timedelta(days=1),)), offers=(REFUSED,)
)
BROKEN = {"malformed": "its data is not JSON", "hosts": (), "entries": (), "breaks_every_pull": True}
WEB = build.failing_container(owner="Deployment/web")


def secret_facts(secret: PullSecret, *pods: FailingContainer, **changes: object) -> Facts:
    """The identity may not pull, and pods are refused with this secret."""
    found = {"access": build.access(effective=(), at_scope=()), "kubernetes": build.kubernetes(*(pods or (WEB,)))}
    return build.pull_secret_facts((secret,), **{**found, **changes})


# --- written -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        ("pull-secret.missing", {"exists": False, "entries": (), "hosts": ()}),
        ("pull-secret.malformed", {"malformed": "it has no auths", "entries": (), "hosts": ()}),
        ("pull-secret.malformed", BROKEN),
        ("pull-secret.wrong-registry", {"entries": (), "hosts": ("contosoreg.azurecr.io:8443",)}),
        ("pull-secret.token-expired", {"entries": (EXPIRED,)}),
    ],
)
def test_pods_pull_with_the_secret_that_is_written(outcome, changes):
    assert leads_to(secret_facts(build.pull_secret(**changes)), outcome) == AT_RISK


@pytest.mark.parametrize(
    "changes", [{"immutable": True}, {"secret_type": "kubernetes.io/dockercfg"}, {"hosts": ("a.io", "b.io")}]
)
@pytest.mark.parametrize("owner", ["Deployment/web", "Job/nightly", None])
def test_pods_pull_with_the_secret_that_is_made_beside_it(changes, owner):
    facts = secret_facts(build.pull_secret(EXPIRED, **changes), replace(WEB, owner=owner))
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_a_secret_that_breaks_every_pull_is_named_no_more():
    """It would, also where the identity may pull."""
    facts = build.pull_secret_facts((build.pull_secret(immutable=True, **BROKEN),), kubernetes=build.kubernetes(WEB))
    assert leads_to(facts, "pull-secret.malformed") == HEALTHY


def test_the_token_may_pull_everything_that_is_pulled_with_the_secret():
    entry = replace(EXPIRED, user_kind="other", repositories=("team/app", "team/db"))
    db = replace(WEB, pod="db-1", image="contosoreg.azurecr.io/team/db:1", owner="Deployment/db")
    facts = secret_facts(build.pull_secret(entry, named_by=("pod/db-1", "pod/web-1")), WEB, db)
    assert leads_to(facts, "pull-secret.credential-refused") == AT_RISK


def test_pods_of_another_namespace_are_not_helped():
    elsewhere = replace(WEB, namespace="shop", pull_secrets=())
    facts = secret_facts(build.pull_secret(EXPIRED), WEB, elsewhere)
    assert leads_to(facts, "pull-secret.token-expired") == ("broken", ("access.pull-role-missing",))


def test_a_role_instead_of_the_secret_lets_every_pod_pull():
    elsewhere = replace(WEB, namespace="shop", pull_secrets=())
    assert leads_to(secret_facts(build.pull_secret(EXPIRED), WEB, elsewhere), "pull-secret.token-expired", 2) == HEALTHY


def test_the_secret_of_an_argument_is_written_over():
    facts = secret_facts(build.pull_secret(EXPIRED, named_by=("argument",)), kubernetes=build.kubernetes())
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_the_secret_that_is_made_beside_that_of_an_argument_is_given_in_its_place():
    secret = build.pull_secret(EXPIRED, named_by=("argument",), immutable=True)
    assert leads_to(secret_facts(secret, kubernetes=build.kubernetes()), "pull-secret.token-expired") == AT_RISK


def test_the_secret_of_pods_that_run_is_written_over():
    secret = build.pull_secret(replace(EXPIRED, offers=()), named_by=("running-pod/web-1", "running-pod/web-2"))
    facts = build.running_pods_facts(pull_secrets=(secret,))
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_the_secret_that_is_made_beside_that_of_pods_that_run_is_named_by_them():
    named_by = ("running-pod/web-1", "running-pod/web-2")
    secret = build.pull_secret(replace(EXPIRED, offers=()), named_by=named_by, immutable=True)
    facts = build.running_pods_facts(pull_secrets=(secret,))
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_secrets_that_could_not_be_read_stay_unread():
    facts = build.pull_secret_facts(pull_secrets=UNREAD)
    values = {"namespace": "team", "secret": "regcred", "login_server": "contosoreg.azurecr.io"}
    assert written("secret", a_new_token)({**values, "pulled_repositories": ("team/app",)}, facts) == facts


def test_what_is_no_refusal_is_not_the_credentials_doing():
    lost = replace(WEB, message=build.UNRESOLVED_AT_NODE)
    facts = secret_facts(build.pull_secret(EXPIRED), WEB, replace(lost, pod="web-2"))
    values = {"namespace": "team", "secret": "regcred", "login_server": "contosoreg.azurecr.io"}
    after = written("secret", a_new_token)({**values, "pulled_repositories": ("team/app",)}, facts)
    assert [each.pod for each in after.kubernetes.failing] == ["web-2"]


# --- written by its owner --------------------------------------------------------------------


def test_its_owner_puts_the_new_credential_into_it():
    facts = secret_facts(build.pull_secret(EXPIRED, owner="ExternalSecret/regcred"))
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_what_else_its_owner_gets_wrong_nobody_can_tell():
    secret = build.pull_secret(malformed="it has no auths", entries=(), hosts=(), owner="ExternalSecret/regcred")
    assert "is not known" in not_told(secret_facts(secret), "pull-secret.malformed")


def test_its_owner_renews_the_login():
    ended = build.NOW - timedelta(hours=1)
    entry = build.secret_entry("0000", "login-token", login_token_ends=ended, offers=(REFUSED,))
    facts = secret_facts(build.pull_secret(entry, owner="ExternalSecret/regcred"))
    assert leads_to(facts, "pull-secret.login-token-expired") == AT_RISK


# --- given to new pods -----------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["Deployment/web", "Job/nightly"])
def test_new_pods_get_the_secret_of_their_account(owner):
    pod = build.failing_container(pull_secrets=(), created=build.NOW - timedelta(minutes=30), owner=owner)
    assert leads_to(build.older_pod_facts(pod), "pull-secret.newer-than-pod") == AT_RISK


def test_whether_the_secret_of_an_account_helps_is_not_told_where_it_is_not_known():
    facts = build.older_pod_facts()
    entry = build.secret_entry(token=build.registry_token(status=UNREAD), offers=())
    secret = build.pull_secret(entry, named_by=("serviceaccount/default",))
    told = not_told(replace(facts, pull_secrets=(secret,)), "pull-secret.newer-than-pod")
    assert told.endswith("is not known: HTTP 403.")


# --- virtual nodes ---------------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["Deployment/web", None])
@pytest.mark.parametrize("changes", [{"pull_secrets": ()}, {"message": "no username present in auth config"}])
def test_pods_on_virtual_nodes_pull_with_the_secret_that_is_made(owner, changes):
    facts = build.virtual_node_facts()
    pods = tuple(replace(each, owner=owner, **changes) for each in facts.kubernetes.failing)
    facts = replace(facts, kubernetes=replace(facts.kubernetes, failing=pods))
    assert leads_to(facts, "pull-secret.virtual-node-needs-secret") == HEALTHY
