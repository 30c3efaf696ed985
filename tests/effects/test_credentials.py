from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.effects.credentials import (
    answered,
    client_secret_made,
    login_renewed,
    scope_extended,
    the_user,
    token_made,
    token_password_made,
)
from azext_acrpulldiag.facts import Facts, Offer, PasswordCredential, RegistryToken, Unreadable
from azext_acrpulldiag.repairs import UntoldError
from tests import build

from .trying import leads_to, not_told

UNREAD = Unreadable("forbidden", "HTTP 403")
REFUSED = (Offer(False, 401, "token", "team/app"),)
# The identity still has no role, which pods with a secret of their own do not need.
AT_RISK = ("at-risk", ())
ENDED = PasswordCredential("key-1", build.NOW - timedelta(days=400), build.NOW - timedelta(days=35))
NEW_TOKEN = {"login_server": "contosoreg.azurecr.io", "pulled_repositories": ("team/app",), "user": "pull-app"}


def alone(facts: Facts) -> Facts:
    """The same, where the identity may not pull."""
    return replace(facts, access=build.access(effective=(), at_scope=()))


def token_facts(**changes: object) -> Facts:
    return alone(build.token_secret_facts(build.registry_token(**changes), offers=REFUSED))


def entry_of(facts: Facts, secret: int = 0):
    return facts.pull_secrets[secret].entries[0]


# --- tokens of the registry ----------------------------------------------------------------


def test_a_token_that_is_enabled_pulls():
    assert leads_to(token_facts(status="disabled"), "pull-secret.token-disabled") == AT_RISK


def test_what_else_is_wrong_with_an_enabled_token_comes_out():
    facts = token_facts(status="disabled", scope_map_actions=())
    led = leads_to(facts, "pull-secret.token-disabled")
    assert led == ("broken", ("pull-secret.token-scope-excludes-repository",))


def test_whether_an_enabled_token_may_pull_is_not_told_where_its_scope_was_not_read():
    facts = token_facts(status="disabled", scope_map_actions=UNREAD)
    why = not_told(facts, "pull-secret.token-disabled")
    assert why == "Whether the registry accepts pull-app then is not known: HTTP 403."


def test_each_repository_that_is_added_to_the_scope_map_counts():
    entry = build.secret_entry(
        token=build.registry_token(scope_map_actions=()), repositories=("team/app", "team/db"), offers=REFUSED
    )
    facts = alone(build.pull_secret_facts((build.pull_secret(entry),)))
    assert leads_to(facts, "pull-secret.token-scope-excludes-repository") == AT_RISK
    one = scope_extended({"scope_map": "pull-app-scope-map", "lacking": "team/app"}, facts)
    assert entry_of(one).offers == ()
    assert entry_of(one).token.scope_map_actions == ("repositories/team/app/content/read",)


def test_a_scope_map_that_was_not_read_stays_unread():
    facts = token_facts(scope_map_actions=UNREAD)
    assert scope_extended({"scope_map": "pull-app-scope-map", "lacking": "team/app"}, facts) == facts


def test_a_token_with_a_new_password_in_the_secret_pulls():
    facts = token_facts(password_ends=(build.NOW - timedelta(days=1),))
    assert leads_to(facts, "pull-secret.token-expired") == AT_RISK


def test_a_new_first_password_leaves_it_open_what_others_have():
    other = build.pull_secret(name="other", named_by=("pod/web-2",))
    facts = build.pull_secret_facts((build.pull_secret(build.secret_entry(offers=REFUSED)), other))
    after = token_password_made(NEW_TOKEN, facts)
    assert entry_of(after).offers == REFUSED
    (open_now,) = entry_of(after, 1).offers
    assert isinstance(open_now, Unreadable)
    assert entry_of(after).token.password_ends == (None, build.NOW + timedelta(days=90))


def test_the_ends_of_passwords_that_were_not_read_stay_unread():
    facts = token_facts(password_ends=UNREAD)
    assert entry_of(token_password_made(NEW_TOKEN, facts)).token.password_ends == UNREAD


def test_a_token_made_under_the_name_in_the_secret_pulls_once_its_password_is_there():
    facts = alone(build.token_secret_facts(token=None, offers=REFUSED))
    facts = replace(facts, pull_secrets=tuple(_without_token(each) for each in facts.pull_secrets))
    assert leads_to(facts, "pull-secret.token-unknown") == AT_RISK
    made = token_made(NEW_TOKEN, facts)
    assert isinstance(entry_of(made).token, RegistryToken)
    assert entry_of(made).offers == REFUSED


def _without_token(secret):
    return replace(secret, entries=tuple(replace(each, token=None) for each in secret.entries))


# --- applications ------------------------------------------------------------------------


def application_facts(principal, **changes: object) -> Facts:
    return alone(build.application_secret_facts(principal, **{"offers": REFUSED, **changes}))


def test_an_application_with_a_new_client_secret_in_the_secret_pulls():
    facts = application_facts(build.service_principal(passwords=(ENDED,)))
    assert leads_to(facts, "pull-secret.service-principal-expired") == AT_RISK


def test_an_application_with_a_new_client_secret_still_needs_its_role():
    facts = application_facts(build.service_principal(passwords=(ENDED,)), roles=build.roles_held(effective=()))
    led = leads_to(facts, "pull-secret.service-principal-expired")
    assert led == ("broken", ("pull-secret.service-principal-no-role",))


def test_a_client_secret_alone_changes_nothing_of_the_pull_secret():
    facts = application_facts(build.service_principal(passwords=(ENDED,)))
    after = client_secret_made({"user": build.APP_ID}, facts)
    assert entry_of(after).offers == REFUSED
    assert len(entry_of(after).principal.passwords) == 2


def test_an_application_that_is_enabled_again_pulls():
    facts = application_facts(build.service_principal(enabled=False))
    assert leads_to(facts, "pull-secret.service-principal-unknown") == AT_RISK


def test_whether_an_application_can_be_made_again_nobody_can_tell():
    facts = application_facts(build.service_principal(object_id=None))
    assert not_told(facts, "pull-secret.service-principal-unknown").startswith("Whether the application still exists")


@pytest.mark.parametrize("mode", ["LegacyRegistryPermissions", "AbacRepositoryPermissions"])
def test_an_application_with_a_role_pulls(mode):
    facts = application_facts(build.service_principal(), roles=build.roles_held(effective=()))
    facts = replace(facts, registry=build.registry(role_assignment_mode=mode))
    assert leads_to(facts, "pull-secret.service-principal-no-role") == AT_RISK


# --- the admin account, and login tokens -------------------------------------------------------


def test_the_right_password_of_the_admin_account_pulls():
    facts = alone(build.admin_secret_facts(admin_password_matches=False, offers=REFUSED))
    assert leads_to(facts, "pull-secret.admin-password-mismatch") == AT_RISK


def test_what_the_admin_account_has_once_it_is_enabled_nobody_can_tell():
    facts = alone(build.admin_secret_facts(admin_password_matches=None))
    facts = replace(facts, registry=build.registry(admin_enabled=False))
    assert leads_to(facts, "pull-secret.admin-disabled") == AT_RISK
    assert not_told(facts, "pull-secret.admin-disabled", 2).startswith("Whether the secret has one of")


def test_no_password_is_read_of_an_admin_account_that_is_disabled():
    facts = replace(build.admin_secret_facts(), registry=build.registry(admin_enabled=False))
    with pytest.raises(UntoldError, match="disabled"):
        the_user({"user": "contosoreg"}, facts.pull_secrets[0], facts)


def test_a_comparison_that_could_not_be_made_is_not_made_then():
    facts = build.admin_secret_facts(admin_password_matches=UNREAD)
    assert the_user({"user": "contosoreg"}, facts.pull_secrets[0], facts).admin_password_matches == UNREAD


def test_a_user_that_another_repair_has_replaced_gets_no_password():
    facts = build.token_secret_facts()
    with pytest.raises(UntoldError, match="another user"):
        the_user({"user": "gone"}, facts.pull_secrets[0], facts)


def test_a_login_token_that_is_renewed_lasts_as_long_as_before():
    ended = build.NOW - timedelta(minutes=5)
    issued = ended - timedelta(minutes=75)
    facts = alone(build.login_token_secret_facts(ended, login_token_issued=issued))
    named = {"namespace": "team", "secret": "regcred"}
    after = entry_of(login_renewed(named, facts))
    assert after.login_token_ends == build.NOW + timedelta(minutes=75)
    unknown = alone(build.login_token_secret_facts(ended))
    assert entry_of(login_renewed(named, unknown)).login_token_ends == build.NOW + timedelta(hours=3)
    assert login_renewed({**named, "secret": "other"}, facts) == facts


def test_an_answer_is_an_acceptance_for_every_repository():
    facts = build.token_secret_facts()
    (offer,) = answered(facts, replace(entry_of(facts), repositories=())).offers
    assert (offer.accepted, offer.step, offer.repository) == (True, "manifest", None)
