"""Checks on the users of a registry in pull secrets: its admin account and its tokens.

What the registry itself accepts is not judged again: an accepted credential is right, whatever
a list says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...access.credentials import DISABLED, EXPIRED, MISMATCH, UNKNOWN, excluded_from, fault_of
from ...catalogue import Outcome, check
from ...details import Details
from ...effects.credentials import scope_extended, token_enabled, token_made
from ...effects.pull_secret import retried
from ...facts import Facts, PullSecret, RegistryToken, SecretEntry, Unreadable, known
from ...model import Finding, Severity
from ...repairs import Step, option
from .._kubectl import Kubectl
from ._renewal import Renewal
from ._repairs import (
    ADMIN_PASSWORD,
    NEW_TOKEN_PASSWORD,
    ROLE_INSTEAD,
    new_token,
    renewals,
    renewed_by_new_token,
)
from ._users import EXPLAINS, NEEDS, NothingHolds, last_of, none_of
from ._weight import NamedSecret, UsedEntry, entries_of, found, ignorance

_AUTHENTICATION = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
_TOKENS = "https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions"


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
            untold="Whether the secret has one of the account's two passwords shows only once the account is enabled.",
        ),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
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
    explains=EXPLAINS,
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
        *renewals(new_token("{user}", token_made)),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
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
            effect=retried(token_enabled),
        ),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
)
TOKEN_EXPIRED = Outcome(
    id="pull-secret.token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in with token {user} of {registry}, "
    "{no_valid_password}.",
    url=_TOKENS,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NothingHolds),
    repairs=(*renewals(NEW_TOKEN_PASSWORD), *ROLE_INSTEAD),
    explains=EXPLAINS,
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
                effect=retried(scope_extended),
            )
        ),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
)


@check("pull-secret.admin", needs=NEEDS, outcomes=(ADMIN_DISABLED, ADMIN_PASSWORD_MISMATCH))
def the_admin_account_is_on_and_its_password_right(facts: Facts) -> Iterator[Finding]:
    """Where a pull secret signs in as the registry's admin account, it is enabled and the password is a current one.

    The account has the registry's name and two passwords, each of which may be regenerated at any
    time, which takes about a minute. Decided by ``adminUserEnabled`` and by comparing the password with
    the two of ``listCredentials`` in memory; only whether it is one of them is kept. That call is made
    only for a secret that claims to be the admin account
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication).
    """
    yield from none_of(facts, "admin")
    for secret, entry in entries_of(facts, "admin"):
        fault = fault_of(facts, entry)
        if isinstance(fault, Unreadable):
            yield ignorance(facts, secret, fault)
        elif fault == DISABLED:
            yield found(ADMIN_DISABLED, facts, secret, UsedEntry.of(entry))
        elif fault == MISMATCH:
            password = AdminPassword(entry.stray_white_space)
            yield found(ADMIN_PASSWORD_MISMATCH, facts, secret, UsedEntry.of(entry), password)


@check(
    "pull-secret.token",
    needs=NEEDS,
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
    yield from none_of(facts, "token")
    for secret, entry in entries_of(facts, "token"):
        fault = fault_of(facts, entry)
        if isinstance(fault, Unreadable):
            yield ignorance(facts, secret, fault)
        elif fault == UNKNOWN:
            yield found(TOKEN_UNKNOWN, facts, secret, UsedEntry.of(entry))
        elif fault is not None and isinstance(entry.token, RegistryToken):
            yield _faulty(facts, secret, entry, entry.token, fault)


def _faulty(facts: Facts, secret: PullSecret, entry: SecretEntry, token: RegistryToken, fault: str) -> Finding:
    used = UsedEntry.of(entry)
    if fault == DISABLED:
        return found(TOKEN_DISABLED, facts, secret, used, TokenStatus(known(token.status)))
    if fault == EXPIRED:
        ends = known(token.password_ends)
        return found(TOKEN_EXPIRED, facts, secret, used, NothingHolds(len(ends), last_of(list(ends))))
    excluded = excluded_from(token, entry)
    scope = TokenScope(token.scope_map, excluded, excluded[0], known(token.scope_map_actions))
    return found(TOKEN_SCOPE, facts, secret, used, scope)
