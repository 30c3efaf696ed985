"""Checks on the users in pull secrets."""

import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.access.credentials import lets_pull
from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.pull_secret.applications import applications_in_secrets_may_pull
from azext_acrpulldiag.checks.pull_secret.lifetimes import login_tokens_in_secrets_are_valid
from azext_acrpulldiag.checks.pull_secret.registry_users import (
    the_admin_account_is_on_and_its_password_right,
    tokens_in_secrets_may_pull,
)
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import ManagedIdentity, Offer, PasswordCredential, RolesHeld, Unreadable
from azext_acrpulldiag.model import Severity, Status, Symptom
from tests import build
from tests.build import NOW

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "an operation", "a right")
REFUSED = Offer(False, 401, "token", "team/app")
ACCEPTED = Offer(True, 404, "manifest", "team/app")
NO_ROLE = build.access(effective=(), at_scope=())
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def ended(*ends):
    return tuple(PasswordCredential(f"key-{end}", None, end) for end in ends)


def application(principal=None, **changes):
    return build.application_secret_facts(principal, **changes)


def principal(**changes):
    return build.service_principal(**changes)


def token(**changes):
    return build.token_secret_facts(build.registry_token(**changes))


def admin(enabled=True, **changes):
    return replace(build.admin_secret_facts(**changes), registry=build.registry(admin_enabled=enabled))


SERVICE_PRINCIPAL, ADMIN, TOKEN, LOGIN_TOKEN = (
    applications_in_secrets_may_pull,
    the_admin_account_is_on_and_its_password_right,
    tokens_in_secrets_may_pull,
    login_tokens_in_secrets_are_valid,
)

FAULTS = [
    (SERVICE_PRINCIPAL, application(principal(object_id=None)), "pull-secret.service-principal-unknown"),
    (SERVICE_PRINCIPAL, application(principal(enabled=False)), "pull-secret.service-principal-unknown"),
    (SERVICE_PRINCIPAL, application(principal(passwords=ended(PAST))), "pull-secret.service-principal-expired"),
    (SERVICE_PRINCIPAL, application(principal(passwords=())), "pull-secret.service-principal-expired"),
    (SERVICE_PRINCIPAL, application(roles=RolesHeld(())), "pull-secret.service-principal-no-role"),
    (
        SERVICE_PRINCIPAL,
        application(principal(enabled=FORBIDDEN), roles=RolesHeld(())),
        "pull-secret.service-principal-no-role",
    ),
    (ADMIN, admin(False, admin_password_matches=None), "pull-secret.admin-disabled"),
    (ADMIN, admin(admin_password_matches=False), "pull-secret.admin-password-mismatch"),
    (TOKEN, token(status="disabled"), "pull-secret.token-disabled"),
    (TOKEN, token(password_ends=(PAST,)), "pull-secret.token-expired"),
    (TOKEN, token(password_ends=()), "pull-secret.token-expired"),
    (TOKEN, token(scope_map_actions=()), "pull-secret.token-scope-excludes-repository"),
    (
        TOKEN,
        token(scope_map_actions=("repositories/team/content/read",)),
        "pull-secret.token-scope-excludes-repository",
    ),
    (LOGIN_TOKEN, build.login_token_secret_facts(NOW), "pull-secret.login-token-expired"),
]


def only(check, of):
    (finding,) = evaluate(check, of)
    return finding


def without_role(of):
    return replace(of, access=NO_ROLE)


@pytest.mark.parametrize(("check", "of", "outcome"), FAULTS)
def test_a_user_that_cannot_pull_is_an_error_where_nobody_else_can(check, of, outcome):
    finding = only(check, without_role(of))
    assert (finding.outcome, finding.severity) == (outcome, Severity.ERROR)
    assert {"unauthorized-401", "access.pull-role-missing", "pull-secret.credential-refused"} <= set(finding.explains)


@pytest.mark.parametrize(("check", "of", "outcome"), FAULTS)
def test_beside_an_identity_that_may_pull_it_is_a_warning(check, of, outcome):
    finding = only(check, of)
    assert (finding.outcome, finding.severity, finding.explains) == (outcome, Severity.WARNING, ())


def with_offer(of, offer):
    (secret,) = of.pull_secrets
    entries = tuple(replace(entry, offers=(offer,)) for entry in secret.entries)
    return replace(of, pull_secrets=(replace(secret, entries=entries),))


def with_repositories(of, *repositories):
    (secret,) = of.pull_secrets
    entries = tuple(replace(entry, repositories=repositories) for entry in secret.entries)
    return replace(of, pull_secrets=(replace(secret, entries=entries),))


@pytest.mark.parametrize(("check", "of", "outcome"), FAULTS)
def test_what_the_registry_accepts_is_right_whatever_a_list_says(check, of, outcome):
    assert only(check, with_offer(without_role(of), ACCEPTED)).status is Status.PASS


@pytest.mark.parametrize(("check", "of", "outcome"), FAULTS)
def test_the_refusal_and_the_missing_role_are_folded_beneath(check, of, outcome):
    refused = with_offer(without_role(of), REFUSED)
    symptom = Symptom("team", "web-1", "web", build.IMAGE, None, None, "unauthorized-401", "401", 1, None)
    (root,) = diagnose(ALL, judge(ALL, refused), [symptom]).root_causes
    assert root.finding.outcome == outcome
    assert set(root.explains) == {
        "unauthorized-401",
        "access.pull-role-missing",
        "pull-secret.credential-refused",
    }


@pytest.mark.parametrize(
    ("check", "of"),
    [
        (SERVICE_PRINCIPAL, build.application_secret_facts()),
        (SERVICE_PRINCIPAL, application(principal(passwords=ended(PAST, FUTURE)))),
        (SERVICE_PRINCIPAL, application(principal(passwords=ended(None)))),
        (SERVICE_PRINCIPAL, application(principal(passwords=FORBIDDEN, seen_passwords=ended(FUTURE)))),
        (SERVICE_PRINCIPAL, application(principal(enabled=FORBIDDEN))),
        (ADMIN, build.admin_secret_facts()),
        (TOKEN, build.token_secret_facts()),
        (TOKEN, token(password_ends=(None,))),
        (TOKEN, token(status="Enabled")),
        (TOKEN, token(scope_map_actions=("repositories/*/content/read",))),
        (TOKEN, token(scope_map_actions=("repositories/team/*/content/read",))),
        (LOGIN_TOKEN, build.login_token_secret_facts(FUTURE)),
    ],
)
def test_users_that_may_pull_pass(check, of):
    assert only(check, without_role(of)).status is Status.PASS


@pytest.mark.parametrize("check", [SERVICE_PRINCIPAL, ADMIN, TOKEN, LOGIN_TOKEN])
def test_without_such_a_user_there_is_nothing_to_judge(check):
    other = build.pull_secret(build.secret_entry("(not shown)", "other", offers=()))
    for secrets in (None, (), (other,)):
        assert only(check, replace(build.healthy_facts(), pull_secrets=secrets)).status is Status.SKIPPED


@pytest.mark.parametrize("check", [SERVICE_PRINCIPAL, ADMIN, TOKEN, LOGIN_TOKEN])
def test_secrets_that_could_not_be_read_are_unknown(check):
    assert only(check, replace(build.healthy_facts(), pull_secrets=FORBIDDEN)).permission == "a right"


@pytest.mark.parametrize(
    ("check", "of"),
    [
        (SERVICE_PRINCIPAL, build.application_secret_facts(FORBIDDEN)),
        (SERVICE_PRINCIPAL, application(principal(object_id=FORBIDDEN))),
        (SERVICE_PRINCIPAL, application(principal(passwords=FORBIDDEN, seen_passwords=ended(PAST)))),
        (SERVICE_PRINCIPAL, application(roles=RolesHeld(FORBIDDEN))),
        (ADMIN, admin(admin_password_matches=FORBIDDEN)),
        (ADMIN, admin(FORBIDDEN, admin_password_matches=FORBIDDEN)),
        (TOKEN, build.token_secret_facts(FORBIDDEN)),
        (TOKEN, token(status=FORBIDDEN)),
        (TOKEN, token(password_ends=FORBIDDEN)),
        (TOKEN, token(scope_map_actions=FORBIDDEN)),
        (LOGIN_TOKEN, build.login_token_secret_facts(FORBIDDEN)),
    ],
)
def test_what_could_not_be_read_of_a_user_is_unknown(check, of):
    lacking, beside = only(check, without_role(of)), only(check, of)
    assert (lacking.status, lacking.permission, lacking.decisive) == (Status.UNKNOWN, "a right", None)
    assert (beside.status, beside.decisive) == (Status.UNKNOWN, False)


def test_a_fault_is_told_though_something_else_could_not_be_read():
    unread = token(status=FORBIDDEN, password_ends=(PAST,))
    assert only(TOKEN, without_role(unread)).outcome == "pull-secret.token-expired"
    unread = application(principal(passwords=FORBIDDEN), roles=RolesHeld(()))
    assert only(SERVICE_PRINCIPAL, without_role(unread)).outcome == "pull-secret.service-principal-no-role"


def test_a_token_that_the_registry_does_not_have():
    entry = build.secret_entry("pull-app", token=None, offers=())
    finding = only(TOKEN, build.pull_secret_facts((build.pull_secret(entry),), access=NO_ROLE))
    assert finding.outcome == "pull-secret.token-unknown"
    assert finding.remedies[1].command == (
        f"ACR_PASSWORD=$(az acr token create --name pull-app --registry contosoreg --subscription {build.SUBSCRIPTION} "
        '--repository team/app content/read --query "credentials.passwords[0].value" --output tsv)'
    )


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"object_id": None}, f"az ad sp create --id {build.APP_ID}"),
        ({"enabled": False}, f"az ad sp update --id {build.APP_ID} --set accountEnabled=true"),
    ],
)
def test_a_lost_and_a_disabled_service_principal_have_each_their_repair(changes, command):
    commands = [remedy.command for remedy in only(SERVICE_PRINCIPAL, application(principal(**changes))).remedies]
    assert commands[0] == command
    assert sum("az ad sp" in (each or "") for each in commands) == 1


@pytest.mark.parametrize(
    ("mode", "role"),
    [
        ("LegacyRegistryPermissions", "AcrPull"),
        ("AbacRepositoryPermissions", "Container Registry Repository Reader"),
    ],
)
def test_the_application_gets_the_role_of_the_registrys_mode(mode, role):
    of = replace(application(roles=RolesHeld(())), registry=build.registry(role_assignment_mode=mode))
    assert shlex.split(only(SERVICE_PRINCIPAL, of).remedies[0].command) == [
        *("az", "role", "assignment", "create", "--assignee-object-id", build.SP_OBJECT_ID),
        *("--assignee-principal-type", "ServicePrincipal", "--role", role, "--scope", build.REGISTRY_ID),
    ]


# --- what its roles let an application do ----------------------------------------------------

ABAC = {"role_assignment_mode": "AbacRepositoryPermissions"}


def in_condition(*repositories, **registry):
    """An application whose role covers team/app alone, in a pull secret for these repositories."""
    condition = (
        "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
        "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'))"
    )
    held = build.assignment(build.SP_OBJECT_ID, build.REPOSITORY_READER, condition=condition)
    reader = build.role_definition(
        build.REPOSITORY_READER,
        "Container Registry Repository Reader",
        data_actions=("Microsoft.ContainerRegistry/registries/repositories/content/read",),
    )
    roles = build.roles_held(held, definitions={build.REPOSITORY_READER: reader})
    of = application(roles=roles, repositories=repositories)
    return replace(without_role(of), registry=build.registry(**(registry or ABAC)))


def test_a_repository_outside_the_condition_counts_as_no_role():
    assert only(SERVICE_PRINCIPAL, in_condition("team/app")).status is Status.PASS
    left_out = only(SERVICE_PRINCIPAL, in_condition("team/app", "team/other"))
    assert left_out.outcome == "pull-secret.service-principal-no-role"
    assert "--image" in only(SERVICE_PRINCIPAL, in_condition()).reason


def test_where_the_registrys_mode_decides_it_has_to_be_known():
    unread = {"role_assignment_mode": FORBIDDEN}
    assert only(SERVICE_PRINCIPAL, in_condition("team/app", **unread)).permission == "a right"
    without = replace(without_role(application(roles=RolesHeld(()))), registry=build.registry(**unread))
    assert only(SERVICE_PRINCIPAL, without).outcome == "pull-secret.service-principal-no-role"


def test_a_role_whose_definition_was_not_read_leaves_it_open():
    of = without_role(application(roles=build.roles_held(definitions={build.ACR_PULL: FORBIDDEN})))
    assert only(SERVICE_PRINCIPAL, of).permission == "a right"


def test_a_deny_assignment_takes_the_application_its_role():
    denial = build.deny_assignment(build.SP_OBJECT_ID)
    denied = replace(application(), access=replace(NO_ROLE, denials=(denial,)))
    assert only(SERVICE_PRINCIPAL, denied).outcome == "pull-secret.service-principal-no-role"
    unread = replace(application(), access=replace(NO_ROLE, denials=FORBIDDEN))
    assert only(SERVICE_PRINCIPAL, unread).permission == "a right"


def test_the_scope_map_is_extended_by_the_repository():
    finding = only(TOKEN, token(scope_map_actions=("repositories/foo/content/read",)))
    assert finding.evidence["excluded"] == ["team/app"]
    assert finding.remedies[0].command == (
        f"az acr scope-map update --name pull-app-scope-map --registry contosoreg --subscription {build.SUBSCRIPTION} "
        "--add-repository team/app content/read"
    )


def test_the_scope_map_is_extended_by_every_repository_that_it_lacks():
    of = token(scope_map_actions=())
    finding = only(TOKEN, with_repositories(of, "team/app", "team/web"))
    added = [(each.option, each.step, shlex.split(each.command)[-2]) for each in finding.remedies]
    assert added == [(1, 1, "team/app"), (1, 2, "team/web")]


def test_what_is_to_be_done_is_told_also_where_no_command_can_name_it():
    unread = replace(build.registry_token(scope_map_actions=()), scope_map=None)
    finding = only(TOKEN, build.token_secret_facts(unread))
    assert [(each.description, each.command) for each in finding.remedies] == [
        ("Add the repository team/app to the token's scope map", None)
    ]


@pytest.mark.parametrize(
    ("action", "repository", "expected"),
    [
        ("repositories/team/app/content/read", "team/app", True),
        ("repositories/team/app/content/read", "team/app2", False),
        ("repositories/team/app/content/write", "team/app", False),
        ("repositories/team/app/metadata/read", "team/app", False),
        ("repositories/team*/content/read", "team/app", True),
        ("repositories/*/content/read", "team/app", True),
        ("repositories/team/*/content/read", "team", False),
        ("repositories/a/content/content/read", "a/content", True),
        ("gateway/team/app/content/read", "team/app", False),
        ("repositories/myrepository/contentWrite", "myrepository", False),
        ("", "team/app", False),
    ],
)
def test_what_a_scope_map_lets_a_token_pull(action, repository, expected):
    assert lets_pull((action,), repository) is expected


def test_a_login_token_that_does_not_say_when_it_ends_is_unknown():
    assert only(LOGIN_TOKEN, without_role(build.login_token_secret_facts(None))).status is Status.UNKNOWN


ELSEWHERE = "99999999-0000-4000-8000-000000000009"


def identity(**changes):
    there = ManagedIdentity(build.IDENTITY_ID, build.KUBELET_CLIENT_ID, build.KUBELET_OBJECT_ID, build.TENANT)
    return {"kubelet_identity_resource": replace(there, **changes)}


def locked_out(**changes):
    return {
        name: getattr(build.service_principal_facts(principal(**changes)), name)
        for name in ("cluster", "access", "service_principal", "kubelet_identity_resource")
    }


@pytest.mark.parametrize(
    "changes",
    [
        identity(tenant_id=ELSEWHERE),
        identity(client_id=build.APP_ID),
        identity(principal_id=build.SP_OBJECT_ID),
        {"kubelet_identity_resource": None},
        locked_out(enabled=False),
        locked_out(passwords=ended(PAST)),
        locked_out(passwords=()),
    ],
)
def test_an_identity_with_a_role_that_cannot_sign_in_lets_nobody_pull(changes):
    finding = only(TOKEN, replace(token(status="disabled"), **changes))
    assert (finding.severity, finding.evidence["identity_may_pull"]) == (Severity.ERROR, False)


@pytest.mark.parametrize(
    "changes",
    [
        identity(),
        identity(client_id=build.KUBELET_CLIENT_ID.upper()),
        {"kubelet_identity_resource": FORBIDDEN},
        locked_out(),
        locked_out(passwords=FORBIDDEN),
        locked_out(enabled=FORBIDDEN),
    ],
)
def test_one_that_is_not_known_to_be_unable_still_does(changes):
    assert only(TOKEN, replace(token(status="disabled"), **changes)).evidence["identity_may_pull"] is True


def test_no_role_stands_in_for_the_secret_where_the_identity_is_of_another_tenant():
    finding = only(TOKEN, replace(without_role(token(status="disabled")), **identity(tenant_id=ELSEWHERE)))
    assert not any("role assignment create" in (each.command or "") for each in finding.remedies)
