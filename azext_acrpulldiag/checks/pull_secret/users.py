"""Checks on the users in pull secrets: does each still exist, hold and reach the repository?

What the registry itself accepts is not judged again: an accepted credential is right, whatever
a list says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from ...access.grants import ABAC_MODE
from ...catalogue import Outcome, RemedyTemplate, check, skipped
from ...facts import Facts, PullSecret, RegistryToken, SecretEntry, ServicePrincipal, Unreadable, known
from ...model import Finding, Severity
from ._weight import (
    CREATE_FOR_ANY,
    CREATE_FOR_USER,
    DELETE,
    ENTRY_KEYS,
    NEW_TOKEN,
    REFUSED,
    ROLE_INSTEAD,
    entries_of,
    found,
    ignorance,
    secrets_of,
)

_SERVICE_PRINCIPAL = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-service-principal"
_AUTHENTICATION = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
_TOKENS = "https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions"

_NEW_SP_PASSWORD = RemedyTemplate(
    "Add a client secret to the application, and keep the password that it prints as ACR_PASSWORD",
    "az ad sp credential reset --id {user} --append --query password --output tsv",
)
_ADMIN_PASSWORD = RemedyTemplate(
    "Print the admin account's password, and keep it as ACR_PASSWORD",
    'az acr credential show --name {registry} --subscription {subscription} --query "passwords[0].value" --output tsv',
)
_NEW_TOKEN_PASSWORD = RemedyTemplate(
    "Generate a new password for the token, and keep what it prints as ACR_PASSWORD",
    "az acr token credential generate --name {user} --registry {registry} --subscription {subscription} "
    '--password1 --query "passwords[0].value" --output tsv',
)
NEW_PASSWORDS = {"application": _NEW_SP_PASSWORD, "admin": _ADMIN_PASSWORD, "token": _NEW_TOKEN_PASSWORD}
"""How each kind of user gets a new password, or shows the one that holds."""

_ASSIGN = (
    "az role assignment create --assignee-object-id {object_id} --assignee-principal-type ServicePrincipal"
    " --role %s --scope {registry_id}"
)
_GRANT_LEGACY = RemedyTemplate(
    "Give the application the role AcrPull on {registry} (registry mode RBAC)", _ASSIGN % "AcrPull"
)
_GRANT_ABAC = RemedyTemplate(
    "Give the application the role Container Registry Repository Reader on {registry} (registry mode RBAC + ABAC)",
    _ASSIGN % '"Container Registry Repository Reader"',
)
_CREATE_SP = RemedyTemplate(
    "Where the application still exists, create its service principal (and give it a role at the registry)",
    "az ad sp create --id {user}",
)
_ENABLE_SP = RemedyTemplate("Enable it again", "az ad sp update --id {user} --set accountEnabled=true")

# The registry refuses whoever these are about, so that the refusal is their consequence.
_EXPLAINS = (*REFUSED, "aad-token", "pull-secret.credential-refused")

SERVICE_PRINCIPAL_UNKNOWN = Outcome(
    id="pull-secret.service-principal-unknown",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, whose service "
    "principal {problem}.",
    url=_SERVICE_PRINCIPAL,
    evidence_keys=(*ENTRY_KEYS, "problem"),
    remedies=(_CREATE_SP, _ENABLE_SP, NEW_TOKEN, DELETE, CREATE_FOR_ANY, *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.5",
)
SERVICE_PRINCIPAL_EXPIRED = Outcome(
    id="pull-secret.service-principal-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, which has no client "
    "secret that still holds ({count} listed; last end: {ended}).",
    url=_SERVICE_PRINCIPAL,
    evidence_keys=(*ENTRY_KEYS, "count", "ended"),
    remedies=(_NEW_SP_PASSWORD, DELETE, CREATE_FOR_USER, *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.5",
)
SERVICE_PRINCIPAL_NO_ROLE = Outcome(
    id="pull-secret.service-principal-no-role",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, which no role lets "
    "pull from {registry}.",
    url=_SERVICE_PRINCIPAL,
    evidence_keys=(*ENTRY_KEYS, "object_id", "mode"),
    remedies=(_GRANT_LEGACY, _GRANT_ABAC, *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.5",
)
ADMIN_DISABLED = Outcome(
    id="pull-secret.admin-disabled",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as the admin account of {registry}, which is "
    "switched off.",
    url=_AUTHENTICATION,
    evidence_keys=ENTRY_KEYS,
    remedies=(
        NEW_TOKEN,
        DELETE,
        CREATE_FOR_ANY,
        RemedyTemplate(
            "Or switch the admin account on again, whose password opens the whole registry",
            "az acr update --name {registry} --subscription {subscription} --admin-enabled true",
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
    article="1.6",
)
ADMIN_PASSWORD_MISMATCH = Outcome(
    id="pull-secret.admin-password-mismatch",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as the admin account of {registry}, and its "
    "password is neither of the two current ones.",
    url=_AUTHENTICATION,
    evidence_keys=(*ENTRY_KEYS, "stray_white_space"),
    remedies=(_ADMIN_PASSWORD, DELETE, CREATE_FOR_USER, *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.6",
)
TOKEN_UNKNOWN = Outcome(
    id="pull-secret.token-unknown",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as {user}, and {registry} has no token of "
    "that name.",
    url=_TOKENS,
    evidence_keys=ENTRY_KEYS,
    remedies=(
        RemedyTemplate(
            "Create the token, and keep the password that it prints as ACR_PASSWORD",
            "az acr token create --name {user} --registry {registry} --subscription {subscription} "
            "--repository {repository} content/read",
        ),
        DELETE,
        CREATE_FOR_USER,
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
)
TOKEN_DISABLED = Outcome(
    id="pull-secret.token-disabled",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, whose status "
    "is {status}.",
    url=_TOKENS,
    evidence_keys=(*ENTRY_KEYS, "status"),
    remedies=(
        RemedyTemplate(
            "Enable the token",
            "az acr token update --name {user} --registry {registry} --subscription {subscription} --status enabled",
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
)
TOKEN_EXPIRED = Outcome(
    id="pull-secret.token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, which has no "
    "password that still holds ({count} listed; last end: {ended}).",
    url=_TOKENS,
    evidence_keys=(*ENTRY_KEYS, "count", "ended"),
    remedies=(_NEW_TOKEN_PASSWORD, DELETE, CREATE_FOR_USER, *ROLE_INSTEAD),
    explains=_EXPLAINS,
)
TOKEN_SCOPE = Outcome(
    id="pull-secret.token-scope-excludes-repository",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, whose scope "
    "map {scope_map} does not let it pull {excluded}.",
    url=_TOKENS,
    evidence_keys=(*ENTRY_KEYS, "scope_map", "excluded", "first_excluded", "actions"),
    remedies=(
        RemedyTemplate(
            "Add the repository to the token's scope map",
            "az acr scope-map update --name {scope_map} --registry {registry} --subscription {subscription} "
            "--add-repository {first_excluded} content/read",
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
)
LOGIN_TOKEN_EXPIRED = Outcome(
    id="pull-secret.login-token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} holds a token of az acr login, which ended on {ended}; "
    "such a token holds for three hours.",
    url=_AUTHENTICATION,
    evidence_keys=(*ENTRY_KEYS, "ended"),
    remedies=(NEW_TOKEN, DELETE, CREATE_FOR_ANY, *ROLE_INSTEAD),
    explains=_EXPLAINS,
)

_NEEDS = ("pull_secrets", "registry", "access", "kubernetes", "options")


@check(
    "pull-secret.service-principal",
    needs=_NEEDS,
    outcomes=(SERVICE_PRINCIPAL_UNKNOWN, SERVICE_PRINCIPAL_EXPIRED, SERVICE_PRINCIPAL_NO_ROLE),
)
def applications_in_secrets_may_pull(facts: Facts) -> Iterator[Finding]:
    """Every application that a pull secret signs in as exists, has a client secret that holds and may pull.

    The registry has Microsoft Entra ID check the application id and the client secret, and then asks
    what the application may do: each of the three is refused with the same 401.

    Decided by Microsoft Graph in the registry's tenant, and by the roles in force for the service
    principal at the registry, judged from their definitions. Graph never says which client secret the
    pull secret holds, so only *all ended* proves a fault. A managed identity has no client secret at
    all: its client id is of no use as a user.
    """
    yield from _none(facts, "application")
    for secret, entry in entries_of(facts, "application"):
        principal = entry.principal
        if isinstance(principal, Unreadable):
            yield ignorance(facts, secret, principal)
        elif principal is not None:
            yield from _of_application(facts, secret, entry, principal)


def _of_application(
    facts: Facts, secret: PullSecret, entry: SecretEntry, principal: ServicePrincipal
) -> Iterator[Finding]:
    if principal.object_id is None or principal.enabled is False:
        lost = principal.object_id is None
        repair = _CREATE_SP if lost else _ENABLE_SP
        others = tuple(each for each in SERVICE_PRINCIPAL_UNKNOWN.remedies if each not in (_CREATE_SP, _ENABLE_SP))
        outcome = replace(SERVICE_PRINCIPAL_UNKNOWN, remedies=(repair, *others))
        problem = "does not exist in the registry's tenant" if lost else "is disabled"
        yield found(outcome, facts, secret, entry, problem=problem)
        return
    shown = principal.seen_passwords if isinstance(principal.passwords, Unreadable) else principal.passwords
    holds = any(one.end is None or one.end > facts.now for one in shown)
    if not holds and not isinstance(principal.passwords, Unreadable):
        ended = _last([one.end for one in shown])
        yield found(SERVICE_PRINCIPAL_EXPIRED, facts, secret, entry, count=len(shown), ended=ended)
        return
    if entry.may_pull is False:
        mode = known(facts.registry).role_assignment_mode
        other_mode = _GRANT_LEGACY if mode == ABAC_MODE else _GRANT_ABAC
        remedies = tuple(each for each in SERVICE_PRINCIPAL_NO_ROLE.remedies if each is not other_mode)
        outcome = replace(SERVICE_PRINCIPAL_NO_ROLE, remedies=remedies)
        shown_mode = None if isinstance(mode, Unreadable) else mode
        yield found(outcome, facts, secret, entry, object_id=known(principal.object_id), mode=shown_mode)
        return
    for part in (principal.object_id, principal.passwords if not holds else None, entry.may_pull):
        if isinstance(part, Unreadable):
            yield ignorance(facts, secret, part)
            return


@check("pull-secret.admin", needs=_NEEDS, outcomes=(ADMIN_DISABLED, ADMIN_PASSWORD_MISMATCH))
def the_admin_account_is_on_and_its_password_right(facts: Facts) -> Iterator[Finding]:
    """Where a pull secret signs in as the registry's admin account, that is on and the password is a current one.

    The account has the registry's name and two passwords, each of which may be regenerated at any
    time, which takes about a minute. Decided by ``adminUserEnabled`` and by comparing the password with
    the two of ``listCredentials`` in memory; only whether it is one of them is kept. That call is made
    only for a secret that claims to be the admin account
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication).
    """
    yield from _none(facts, "admin")
    for secret, entry in entries_of(facts, "admin"):
        enabled, matches = known(facts.registry).admin_enabled, entry.admin_password_matches
        if enabled is False:
            yield found(ADMIN_DISABLED, facts, secret, entry)
        elif matches is False:
            stray = entry.stray_white_space
            yield found(ADMIN_PASSWORD_MISMATCH, facts, secret, entry, stray_white_space=stray)
        elif isinstance(matches, Unreadable):
            yield ignorance(facts, secret, matches)


@check(
    "pull-secret.token",
    needs=_NEEDS,
    outcomes=(TOKEN_UNKNOWN, TOKEN_DISABLED, TOKEN_EXPIRED, TOKEN_SCOPE),
)
def tokens_in_secrets_may_pull(facts: Facts) -> Iterator[Finding]:
    """Every registry token that a pull secret signs in with is enabled, not expired and may pull the image.

    The registry refuses a token that it does not have, that is disabled or whose password has ended, and
    gives any other one the repositories of its scope map and no more.

    Decided by the token of that name in the registry: its status, the expiry of its passwords, and the
    actions of its scope map, ``repositories/NAME/content/read``, where a ``*`` may end the name
    (https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions).
    Which of its two passwords the secret holds is not shown, so only *all ended* proves a fault.
    """
    yield from _none(facts, "token")
    for secret, entry in entries_of(facts, "token"):
        if isinstance(entry.token, Unreadable):
            yield ignorance(facts, secret, entry.token)
        elif entry.token is None:
            yield found(TOKEN_UNKNOWN, facts, secret, entry)
        else:
            yield from _of_token(facts, secret, entry, entry.token)


def _of_token(facts: Facts, secret: PullSecret, entry: SecretEntry, token: RegistryToken) -> Iterator[Finding]:
    if not isinstance(token.status, Unreadable) and token.status.lower() != "enabled":
        yield found(TOKEN_DISABLED, facts, secret, entry, status=token.status)
        return
    ends = token.password_ends
    if not isinstance(ends, Unreadable) and not any(end is None or end > facts.now for end in ends):
        yield found(TOKEN_EXPIRED, facts, secret, entry, count=len(ends), ended=_last(list(ends)))
        return
    actions = token.scope_map_actions
    if not isinstance(actions, Unreadable):
        excluded = [each for each in entry.repositories if not lets_pull(actions, each)]
        if excluded:
            yield found(
                TOKEN_SCOPE,
                facts,
                secret,
                entry,
                scope_map=token.scope_map,
                excluded=excluded,
                first_excluded=excluded[0],
                actions=list(actions),
            )
            return
    for part in (token.status, ends, actions):
        if isinstance(part, Unreadable):
            yield ignorance(facts, secret, part)
            return


def lets_pull(actions: tuple[str, ...], repository: str) -> bool:
    """Tell whether the actions of a scope map let a token read a repository; ``*`` may end a name."""
    for action in actions:
        kind, _, rest = action.partition("/")
        name, slash, right = rest.lower().rpartition("/content/")
        if kind.lower() != "repositories" or not slash or right != "read":
            continue
        if name == repository or (name.endswith("*") and repository.startswith(name[:-1])):
            return True
    return False


@check("pull-secret.login-token", needs=_NEEDS, outcomes=(LOGIN_TOKEN_EXPIRED,))
def login_tokens_in_secrets_still_hold(facts: Facts) -> Iterator[Finding]:
    """No pull secret holds a token of ``az acr login`` that has ended.

    The user ``00000000-0000-0000-0000-000000000000`` means that the password is a token. It ends three
    hours after it was made, and the secret is of no use from then on. Decided by the end that the token
    itself names (its claim ``exp``)
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication).
    """
    yield from _none(facts, "login-token")
    for secret, entry in entries_of(facts, "login-token"):
        ends = entry.login_token_ends
        if isinstance(ends, Unreadable):
            yield ignorance(facts, secret, ends)
        elif ends is not None and ends <= facts.now:
            yield found(LOGIN_TOKEN_EXPIRED, facts, secret, entry, ended=_date(ends))


def _none(facts: Facts, kind: str) -> Iterator[Finding]:
    """Say so where no secret has such a user."""
    if facts.pull_secrets is None or not any(
        entry.user_kind == kind for secret in secrets_of(facts) for entry in secret.entries
    ):
        yield skipped(facts.targets.cluster.id, f"No pull secret was read whose user is {_KINDS[kind]}.")


_KINDS = {
    "application": "an application",
    "admin": "the admin account",
    "token": "a token of the registry",
    "login-token": "the all-zero id of az acr login",
}


def _last(ends: list[datetime | None]) -> str:
    dated = [end for end in ends if end is not None]
    return _date(max(dated)) if dated else "none"


def _date(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
