"""Checks on the users in pull secrets: does each exist, is it valid and may it pull the repository?

What the registry itself accepts is not judged again: an accepted credential is right, whatever
a list says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ...access.grants import ABAC_MODE
from ...access.standing import Held, may_pull
from ...catalogue import Outcome, check, skipped
from ...details import Details, internal
from ...facts import Facts, PullSecret, RegistryToken, SecretEntry, ServicePrincipal, Unreadable, known
from ...model import Finding, Severity
from ...repairs import Step, option
from ...wildcards import matches
from .._dates import dated
from .._kubectl import Kubectl
from .._named import none_valid
from .._roles import ABAC_ROLE, LEGACY_ROLE, grant_pull
from ._renewal import Renewal
from ._repairs import (
    ADMIN_PASSWORD,
    NEW_CLIENT_SECRET,
    NEW_TOKEN_PASSWORD,
    ROLE_INSTEAD,
    new_token,
    renewals,
    renewed_by_new_token,
)
from ._weight import REFUSED, NamedSecret, UsedEntry, entries_of, found, ignorance, secrets_of

_SERVICE_PRINCIPAL = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-service-principal"
_AUTHENTICATION = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
_TOKENS = "https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions"


@dataclass(frozen=True)
class Principal(Details):
    """An application without a service principal that may sign in."""

    problem: str
    lost: bool = internal()
    """It does not exist; else it is disabled."""

    @property
    def disabled(self) -> bool:
        """It exists and may not sign in."""
        return not self.lost


@dataclass(frozen=True)
class NothingHolds(Details):
    """A user none of whose passwords is valid; there may be none."""

    count: int
    ended: str
    """When the last one expired, or ``none``."""

    @property
    def no_valid_client_secret(self) -> str:
        """A clause that says so, for any number."""
        return none_valid("client secret", self.count, self.ended)

    @property
    def no_valid_password(self) -> str:
        """A clause that says so, for any number."""
        return none_valid("password", self.count, self.ended)


@dataclass(frozen=True)
class NoRole(Details):
    """An application that may not pull."""

    object_id: str
    mode: str | None

    @property
    def in_abac_mode(self) -> bool:
        """The registry is in ABAC mode."""
        return self.mode == ABAC_MODE

    @property
    def in_legacy_mode(self) -> bool:
        """The registry is in the other mode, as far as is known."""
        return not self.in_abac_mode


@dataclass(frozen=True)
class AdminPassword(Details):
    """A password that is not the admin account's."""

    stray_white_space: bool


@dataclass(frozen=True)
class TokenStatus(Details):
    """A token that is not enabled."""

    status: str


@dataclass(frozen=True)
class Excluded(Details):
    """A repository that a token may not pull."""

    lacking: str


@dataclass(frozen=True)
class TokenScope(Details):
    """What a token may do, and what it may not pull."""

    scope_map: str | None
    excluded: tuple[str, ...]
    first_excluded: str
    actions: tuple[str, ...]

    @property
    def lacking(self) -> tuple[Excluded, ...]:
        """Each repository that it may not pull."""
        return tuple(map(Excluded, self.excluded))


@dataclass(frozen=True)
class LoginToken(Details):
    """A token of ``az acr login`` that has expired."""

    ended: str


# The registry refuses whoever these are about, so that the refusal is their consequence.
_EXPLAINS = (*REFUSED, "aad-token", "pull-secret.credential-refused")

SERVICE_PRINCIPAL_UNKNOWN = Outcome(
    id="pull-secret.service-principal-unknown",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, whose service "
    "principal {problem}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, Principal),
    repairs=(
        Step(
            "If the application still exists: create its service principal, and assign it a pull role at the registry",
            "az ad sp create --id {user}",
            when="lost",
            requires=("Application.ReadWrite.All",),
        ),
        Step(
            "Enable it again",
            "az ad sp update --id {user} --set accountEnabled=true",
            when="disabled",
            requires=("Application.ReadWrite.All",),
            changes="the application may sign in everywhere again",
        ),
        *renewed_by_new_token(),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
    article="1.5",
)
SERVICE_PRINCIPAL_EXPIRED = Outcome(
    id="pull-secret.service-principal-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, "
    "{no_valid_client_secret}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NothingHolds),
    repairs=(*renewals(NEW_CLIENT_SECRET), *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.5",
)
SERVICE_PRINCIPAL_NO_ROLE = Outcome(
    id="pull-secret.service-principal-no-role",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, which has no role "
    "assignment that allows pulls from {registry}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NoRole),
    repairs=(
        grant_pull(
            f"Assign the application the role {LEGACY_ROLE} on {{registry}} (registry mode RBAC)",
            LEGACY_ROLE,
            principal="object_id",
            when="in_legacy_mode",
        ),
        grant_pull(
            f"Assign the application the role {ABAC_ROLE} on {{registry}} (registry mode RBAC + ABAC)",
            ABAC_ROLE,
            principal="object_id",
            when="in_abac_mode",
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
    article="1.5",
)
ADMIN_DISABLED = Outcome(
    id="pull-secret.admin-disabled",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as the admin account of {registry}, which is "
    "disabled.",
    url=_AUTHENTICATION,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry),
    repairs=(
        *renewed_by_new_token(),
        Step(
            "Or enable the admin account again, whose password gives access to the whole registry",
            "az acr update --name {registry} --subscription {subscription} --admin-enabled true",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="whoever knows the admin account's password may pull, push and delete every image",
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
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, AdminPassword),
    repairs=(*renewals(ADMIN_PASSWORD), *ROLE_INSTEAD),
    explains=_EXPLAINS,
    article="1.6",
)
TOKEN_UNKNOWN = Outcome(
    id="pull-secret.token-unknown",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as {user}, and {registry} has no token of "
    "that name.",
    url=_TOKENS,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry),
    repairs=(
        *renewals(new_token("{user}")),
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
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, TokenStatus),
    repairs=(
        Step(
            "Enable the token",
            "az acr token update --name {user} --registry {registry} --subscription {subscription} --status enabled",
            requires=("Microsoft.ContainerRegistry/registries/tokens/write",),
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
)
TOKEN_EXPIRED = Outcome(
    id="pull-secret.token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, "
    "{no_valid_password}.",
    url=_TOKENS,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NothingHolds),
    repairs=(*renewals(NEW_TOKEN_PASSWORD), *ROLE_INSTEAD),
    explains=_EXPLAINS,
)
_ADD_REPOSITORY = "Add the repository {lacking} to the token's scope map"
TOKEN_SCOPE = Outcome(
    id="pull-secret.token-scope-excludes-repository",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, whose scope "
    "map {scope_map} does not allow it to pull {excluded}.",
    url=_TOKENS,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, TokenScope),
    repairs=(
        option(
            Step(
                _ADD_REPOSITORY,
                "az acr scope-map update --name {scope_map} --registry {registry} --subscription {subscription} "
                "--add-repository {lacking} content/read",
                each="lacking",
                instead=_ADD_REPOSITORY,
                requires=("Microsoft.ContainerRegistry/registries/scopeMaps/write",),
                changes="every token with this scope map may pull from the repository",
            )
        ),
        *ROLE_INSTEAD,
    ),
    explains=_EXPLAINS,
)
LOGIN_TOKEN_EXPIRED = Outcome(
    id="pull-secret.login-token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} contains a token of az acr login, which expired on "
    "{ended}; such a token is valid for three hours.",
    url=_AUTHENTICATION,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, LoginToken),
    repairs=(*renewed_by_new_token(), *ROLE_INSTEAD),
    explains=_EXPLAINS,
)

_NEEDS = ("pull_secrets", "registry", "access", "kubernetes", "options")


@check(
    "pull-secret.service-principal",
    needs=_NEEDS,
    outcomes=(SERVICE_PRINCIPAL_UNKNOWN, SERVICE_PRINCIPAL_EXPIRED, SERVICE_PRINCIPAL_NO_ROLE),
)
def applications_in_secrets_may_pull(facts: Facts) -> Iterator[Finding]:
    """Every application that a pull secret signs in as exists, has a valid client secret and may pull.

    The registry has Microsoft Entra ID check the application id and the client secret, and then asks
    what the application may do: each of the three is refused with the same 401.

    Decided by Microsoft Graph in the registry's tenant, and by the role assignments of the service
    principal at the registry, judged from their role definitions. Graph never says which client secret the
    pull secret contains, so only *all expired* proves a fault. A managed identity has no client secret at
    all: its client id does not work as a user.
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
    used = UsedEntry.of(entry)
    if principal.object_id is None:
        gone = Principal("does not exist in the registry's tenant", lost=True)
        yield found(SERVICE_PRINCIPAL_UNKNOWN, facts, secret, used, gone)
        return
    if principal.enabled is False:
        yield found(SERVICE_PRINCIPAL_UNKNOWN, facts, secret, used, Principal("is disabled", lost=False))
        return
    shown = principal.seen_passwords if isinstance(principal.passwords, Unreadable) else principal.passwords
    holds = any(one.end is None or one.end > facts.now for one in shown)
    if not holds and not isinstance(principal.passwords, Unreadable):
        ended = NothingHolds(len(shown), _last([one.end for one in shown]))
        yield found(SERVICE_PRINCIPAL_EXPIRED, facts, secret, used, ended)
        return
    allowed = _application_may_pull(facts, entry, principal)
    if allowed is False:
        mode = known(facts.registry).role_assignment_mode
        lacking = NoRole(known(principal.object_id), None if isinstance(mode, Unreadable) else mode)
        yield found(SERVICE_PRINCIPAL_NO_ROLE, facts, secret, used, lacking)
        return
    for part in (principal.object_id, principal.passwords if not holds else None, allowed):
        if isinstance(part, Unreadable):
            yield ignorance(facts, secret, part)
            return


def _application_may_pull(facts: Facts, entry: SecretEntry, principal: ServicePrincipal) -> bool | Unreadable | None:
    """Judge what was read of an application's roles; ``None``: they were not asked for."""
    if entry.roles is None or not isinstance(principal.object_id, str):
        return None
    held = Held(principal.object_id, entry.roles.effective, entry.roles.definitions, facts.access.denials)
    return may_pull(known(facts.registry), held, entry.repositories)


@check("pull-secret.admin", needs=_NEEDS, outcomes=(ADMIN_DISABLED, ADMIN_PASSWORD_MISMATCH))
def the_admin_account_is_on_and_its_password_right(facts: Facts) -> Iterator[Finding]:
    """Where a pull secret signs in as the registry's admin account, it is enabled and the password is a current one.

    The account has the registry's name and two passwords, each of which may be regenerated at any
    time, which takes about a minute. Decided by ``adminUserEnabled`` and by comparing the password with
    the two of ``listCredentials`` in memory; only whether it is one of them is kept. That call is made
    only for a secret that claims to be the admin account
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication).
    """
    yield from _none(facts, "admin")
    for secret, entry in entries_of(facts, "admin"):
        enabled, is_right = known(facts.registry).admin_enabled, entry.admin_password_matches
        if enabled is False:
            yield found(ADMIN_DISABLED, facts, secret, UsedEntry.of(entry))
        elif is_right is False:
            password = AdminPassword(entry.stray_white_space)
            yield found(ADMIN_PASSWORD_MISMATCH, facts, secret, UsedEntry.of(entry), password)
        elif isinstance(is_right, Unreadable):
            yield ignorance(facts, secret, is_right)


@check(
    "pull-secret.token",
    needs=_NEEDS,
    outcomes=(TOKEN_UNKNOWN, TOKEN_DISABLED, TOKEN_EXPIRED, TOKEN_SCOPE),
)
def tokens_in_secrets_may_pull(facts: Facts) -> Iterator[Finding]:
    """Every registry token that a pull secret signs in with is enabled, not expired and may pull the image.

    The registry refuses a token that it does not have, that is disabled or whose password has expired, and
    gives any other one the repositories of its scope map and no more.

    Decided by the token of that name in the registry: its status, the expiry of its passwords, and the
    actions of its scope map, ``repositories/NAME/content/read``, where a ``*`` may end the name
    (https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions).
    Which of its two passwords the secret contains is not shown, so only *all expired* proves a fault.
    """
    yield from _none(facts, "token")
    for secret, entry in entries_of(facts, "token"):
        if isinstance(entry.token, Unreadable):
            yield ignorance(facts, secret, entry.token)
        elif entry.token is None:
            yield found(TOKEN_UNKNOWN, facts, secret, UsedEntry.of(entry))
        else:
            yield from _of_token(facts, secret, entry, entry.token)


def _of_token(facts: Facts, secret: PullSecret, entry: SecretEntry, token: RegistryToken) -> Iterator[Finding]:
    used = UsedEntry.of(entry)
    if not isinstance(token.status, Unreadable) and token.status.lower() != "enabled":
        yield found(TOKEN_DISABLED, facts, secret, used, TokenStatus(token.status))
        return
    ends = token.password_ends
    if not isinstance(ends, Unreadable) and not any(end is None or end > facts.now for end in ends):
        yield found(TOKEN_EXPIRED, facts, secret, used, NothingHolds(len(ends), _last(list(ends))))
        return
    actions = token.scope_map_actions
    if not isinstance(actions, Unreadable):
        excluded = tuple(each for each in entry.repositories if not lets_pull(actions, each))
        if excluded:
            yield found(TOKEN_SCOPE, facts, secret, used, TokenScope(token.scope_map, excluded, excluded[0], actions))
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
        if kind.lower() == "repositories" and slash and right == "read" and matches(name, repository):
            return True
    return False


@check("pull-secret.login-token", needs=_NEEDS, outcomes=(LOGIN_TOKEN_EXPIRED,))
def login_tokens_in_secrets_still_hold(facts: Facts) -> Iterator[Finding]:
    """No pull secret contains an expired token of ``az acr login``.

    The user ``00000000-0000-0000-0000-000000000000`` means that the password is a token. It expires
    three hours after it was issued, and the secret is useless from then on. Decided by the expiry that the token
    itself names (its claim ``exp``)
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication).
    """
    yield from _none(facts, "login-token")
    for secret, entry in entries_of(facts, "login-token"):
        ends = entry.login_token_ends
        if isinstance(ends, Unreadable):
            yield ignorance(facts, secret, ends)
        elif ends is not None and ends <= facts.now:
            yield found(LOGIN_TOKEN_EXPIRED, facts, secret, UsedEntry.of(entry), LoginToken(dated(ends)))


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
    known_ends = [end for end in ends if end is not None]
    return dated(max(known_ends)) if known_ends else "none"
