"""How long credentials in pull secrets are valid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks._dates import lasting
from azext_acrpulldiag.checks.pull_secret.lifetimes import credentials_in_secrets_will_hold as expiry
from azext_acrpulldiag.checks.pull_secret.lifetimes import login_tokens_in_secrets_are_valid as login_token
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Options, PasswordCredential, Unreadable
from azext_acrpulldiag.model import Severity, Status
from tests import build
from tests.build import NOW

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "an operation", "a right")
NO_ROLE = build.access(effective=(), at_scope=())


def only(check, of):
    (finding,) = evaluate(check, of)
    return finding


def ended(ago=timedelta(hours=1), valid=timedelta(minutes=75), owner=None, **changes):
    ends = NOW - ago
    of = build.login_token_secret_facts(ends, login_token_issued=None if valid is None else ends - valid, **changes)
    return replace(of, access=NO_ROLE, pull_secrets=tuple(replace(one, owner=owner) for one in of.pull_secrets))


# --- login tokens ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(75, "75 minutes"), (195, "195 minutes"), (180, "3 hours"), (60, "1 hour"), (1, "1 minute"), (43200, "30 days")],
)
def test_it_says_how_long_the_token_was_valid(minutes, words):
    finding = only(login_token, ended(valid=timedelta(minutes=minutes)))
    assert f"was valid for {words} and expired 1 hour ago" in finding.summary
    assert finding.evidence["valid_minutes"] == minutes


@pytest.mark.parametrize("issued", [None, FORBIDDEN, NOW + timedelta(days=1)])
def test_it_names_no_number_that_the_token_does_not_show(issued):
    finding = only(login_token, ended(valid=None) if issued is None else replace_issued(issued))
    assert finding.evidence["valid_minutes"] is None
    assert "valid for" not in finding.summary
    assert "hours" not in finding.summary.replace("1 hour ago", "")


def replace_issued(issued):
    of = ended(valid=None)
    (secret,) = of.pull_secrets
    return replace(
        of, pull_secrets=(replace(secret, entries=(replace(secret.entries[0], login_token_issued=issued),)),)
    )


def test_who_writes_the_secret_has_to_renew_it_more_often():
    finding = only(login_token, ended(owner="ExternalSecret/regcred"))
    first = finding.remedies[0]
    assert (first.option, first.command) == (1, None)
    assert "ExternalSecret/regcred" in first.description and "every 75 minutes" in first.description
    assert not any("kubectl" in (each.command or "") for each in finding.remedies)
    unshown = only(login_token, ended(valid=None, owner="SealedSecret/regcred")).remedies[0].description
    assert "before it ends" in unshown and "every" not in unshown


def test_without_an_owner_the_secret_gets_another_credential():
    assert "kubectl" in only(login_token, ended()).remedies[-2].command


# --- what ends soon --------------------------------------------------------------------------


def token(*ends, **options):
    of = build.token_secret_facts(build.registry_token(password_ends=ends))
    return replace(of, options=Options(**options))


def application(*ends, **changes):
    passwords = tuple(PasswordCredential(str(end), None, end) for end in ends)
    return build.application_secret_facts(build.service_principal(**{"passwords": passwords, **changes}))


def in_days(days):
    return NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("of", "credential", "left"),
    [
        (token(in_days(9)), "a password of the registry token pull-app", "9 days"),
        (token(in_days(-3), in_days(9)), "a password of the registry token pull-app", "9 days"),
        (token(in_days(30)), "a password of the registry token pull-app", "30 days"),
        (application(in_days(2), in_days(1)), f"a client secret of application {build.APP_ID}", "2 days"),
        (build.login_token_secret_facts(NOW + timedelta(minutes=90)), "a login token", "90 minutes"),
        (token(in_days(39), expiry_days=40), "a password of the registry token pull-app", "39 days"),
    ],
)
def test_what_ends_within_the_days_to_be_warned_of(of, credential, left):
    for each in (of, replace(of, access=NO_ROLE)):
        finding = only(expiry, each)
        assert (finding.outcome, finding.severity, finding.explains) == ("pull-secret.expiring", Severity.WARNING, ())
        assert (finding.evidence["credential"], finding.evidence["left"]) == (credential, left)


@pytest.mark.parametrize(
    "of",
    [
        token(in_days(31)),
        token(None),
        token(in_days(1), None),
        token(in_days(1), in_days(60)),
        token(),
        token(in_days(-1)),  # has expired, which another check says
        token(in_days(9), expiry_days=8),
        application(in_days(1), None),
        application(in_days(1), in_days(60)),
        application(passwords=FORBIDDEN, seen_passwords=(PasswordCredential("a", None, None),)),
        build.admin_secret_facts(),
        build.login_token_secret_facts(NOW),
    ],
)
def test_what_does_not(of):
    assert only(expiry, of).status is Status.PASS


@pytest.mark.parametrize(
    "of",
    [
        build.pull_secret_facts((build.pull_secret(build.secret_entry(token=None)),)),
        build.token_secret_facts(unusable="it has no password"),
    ],
)
def test_what_is_of_no_use_does_not_end_soon(of):
    assert only(expiry, of).status is Status.PASS


@pytest.mark.parametrize(
    "of",
    [
        build.token_secret_facts(build.registry_token(password_ends=FORBIDDEN)),
        application(passwords=FORBIDDEN),
        application(passwords=FORBIDDEN, seen_passwords=(PasswordCredential("a", None, in_days(1)),)),
    ],
)
def test_an_end_that_could_not_be_read_is_unknown_and_leaves_no_verdict_open(of):
    finding = only(expiry, of)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


def test_nothing_to_look_at():
    for secrets in (None, ()):
        assert (
            only(expiry, build.pull_secret_facts(secrets) if secrets is not None else nothing()).status
            is Status.SKIPPED
        )


def nothing():
    return replace(build.pull_secret_facts(), pull_secrets=None)


@pytest.mark.parametrize("of", [token(in_days(9)), application(in_days(2)), build.login_token_secret_facts(in_days(1))])
def test_the_repair_leaves_what_still_holds_as_it_is(of):
    told = [each.command or "" for each in only(expiry, of).remedies]
    assert any("kubectl" in each for each in told)
    assert not any("credential generate" in each or "delete" in each for each in told)
    assert all("--append" in each for each in told if "credential reset" in each)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "0 minutes"),
        (timedelta(seconds=59), "0 minutes"),
        (timedelta(minutes=599), "599 minutes"),
        (timedelta(minutes=601), "10 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(hours=49), "2 days"),
    ],
)
def test_spans_in_words(span, words):
    assert lasting(span) == words
