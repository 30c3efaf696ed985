"""Checks on how long the credentials in pull secrets are valid: login tokens, and whatever ends soon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...access.credentials import EXPIRED, fault_of, last_end, shown_passwords
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.credentials import login_renewed
from ...effects.pull_secret import retried
from ...facts import Facts, RegistryToken, SecretEntry, ServicePrincipal, Unreadable
from ...model import Finding, Severity
from ...repairs import Step
from .._dates import dated, lasting
from .._kubectl import Kubectl
from ._renewal import Renewal
from ._repairs import NEW_CLIENT_SECRET, ROLE_INSTEAD, renewals, renewed_by_new_token
from ._users import EXPLAINS, NEEDS, none_of
from ._weight import (
    NO_SECRET,
    NOT_LOOKED_AT,
    NamedSecret,
    UsedEntry,
    entries_of,
    found,
    ignorance,
    resource_of,
    secrets_of,
)

_AUTHENTICATION = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"
_TOKENS = "https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions"


@dataclass(frozen=True)
class LoginToken(Details):
    """A login token that has expired."""

    ended: str
    issued: str | None
    """``None``: the token does not say."""
    valid_minutes: int | None
    """How long it was valid; ``None``: it does not say when it was issued."""
    ago: str = internal()
    held: str = internal()
    """How long it was valid, as the beginning of a clause; empty: not known."""
    cadence: str = internal()
    """How often it has to be renewed."""

    @classmethod
    def of(cls, entry: SecretEntry, ends: datetime, now: datetime) -> LoginToken:
        """Say what the token says of itself."""
        issued = entry.login_token_issued if isinstance(entry.login_token_issued, datetime) else None
        valid = ends - issued if issued is not None and issued <= ends else None
        return cls(
            ended=dated(ends),
            issued=None if issued is None else dated(issued),
            valid_minutes=None if valid is None else int(valid.total_seconds() // 60),
            ago=lasting(now - ends),
            held="" if valid is None else f"was valid for {lasting(valid)} and ",
            cadence="before it ends" if valid is None else f"more often than every {lasting(valid)}",
        )


@dataclass(frozen=True)
class Expiry(Details):
    """What of a pull secret ends soon, and when."""

    credential: str
    ends: str
    left: str
    of_application: bool = internal()

    @property
    def of_registry(self) -> bool:
        """It is one that the registry issues."""
        return not self.of_application


LOGIN_TOKEN_EXPIRED = Outcome(
    id="pull-secret.login-token-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} contains a login token of {registry}, as az acr login "
    "gets them, which {held}expired {ago} ago, on {ended}.",
    url=_AUTHENTICATION,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, LoginToken),
    repairs=(
        Step(
            "Have {owner}, which writes the secret {secret}, renew the token {cadence}, or give it a credential that "
            "lasts, such as the password of a registry token; any change to the secret itself would be undone",
            when="owner",
            effect=retried(login_renewed),
        ),
        *renewed_by_new_token(),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
)
EXPIRING = Outcome(
    id="pull-secret.expiring",
    severity=Severity.WARNING,
    summary="The pull secret {secret} in namespace {namespace} signs in with {credential}, which expires on {ends}, in "
    "{left}.",
    url=_TOKENS,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, Expiry),
    repairs=(
        *renewals(NEW_CLIENT_SECRET, when=("of_application",)),
        *renewed_by_new_token(when=("of_registry",)),
    ),
)


@check("pull-secret.login-token", needs=NEEDS, outcomes=(LOGIN_TOKEN_EXPIRED,))
def login_tokens_in_secrets_are_valid(facts: Facts) -> Iterator[Finding]:
    """No pull secret contains an expired login token.

    The user ``00000000-0000-0000-0000-000000000000`` means that the password is a token which the registry issued for a
    login, and the secret is useless once it has expired. How long it is valid differs: a refresh token of ``az acr
    login`` for three hours, an access token for 75 minutes. Decided by what the token says of itself, its claims
    ``iat`` and ``exp``; where it does not say when it was issued, how long it was valid is not known
    (https://learn.microsoft.com/azure/container-registry/container-registry-authentication,
    https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md).
    """
    yield from none_of(facts, "login-token")
    for secret, entry in entries_of(facts, "login-token"):
        fault, ends = fault_of(facts, entry), entry.login_token_ends
        if isinstance(fault, Unreadable):
            yield ignorance(facts, secret, fault)
        elif fault == EXPIRED and isinstance(ends, datetime):
            yield found(LOGIN_TOKEN_EXPIRED, facts, secret, UsedEntry.of(entry), LoginToken.of(entry, ends, facts.now))


@check("pull-secret.expiry", needs=NEEDS, outcomes=(EXPIRING,))
def credentials_in_secrets_will_hold(facts: Facts) -> Iterator[Finding]:
    """No credential in a pull secret that was looked at expires within the days to be warned of.

    When it expires, pods are refused from their next pull on. Decided by the expiry of the login token itself, and by
    the last of the registry token's passwords or of the application's client secrets to expire, since which of them
    the secret contains is not shown; each against ``--expiry-days``. What has expired already is another check's
    affair.
    """
    if facts.pull_secrets is None or facts.pull_secrets == ():
        yield skipped(facts.targets.cluster.id, NOT_LOOKED_AT if facts.pull_secrets is None else NO_SECRET)
        return
    limit = facts.now + timedelta(days=facts.options.expiry_days)
    for secret in secrets_of(facts):
        for entry in secret.entries:
            ends = None if entry.unusable else _end(entry)
            if isinstance(ends, Unreadable):
                yield unknown(resource_of(secret), ends, decisive=False)
            elif ends is not None and facts.now < ends <= limit:
                expiry = Expiry(
                    _CREDENTIALS[entry.user_kind].format(entry.user),
                    dated(ends),
                    lasting(ends - facts.now),
                    entry.user_kind == "application",
                )
                used = UsedEntry.of(entry)
                yield found(EXPIRING, facts, secret, used, expiry, severity=Severity.WARNING, explains=())


_CREDENTIALS = {
    "application": "a client secret of application {}",
    "token": "a password of the registry token {}",
    "login-token": "a login token",
}


def _end(entry: SecretEntry) -> datetime | Unreadable | None:
    """When an entry's credential ends at the latest; ``None``: never, or there is none that could."""
    if entry.user_kind == "login-token":
        return entry.login_token_ends  # one that names none is unknown to the check on login tokens
    if entry.user_kind == "token":
        token = entry.token
        if not isinstance(token, RegistryToken):
            return token
        return token.password_ends if isinstance(token.password_ends, Unreadable) else last_end(token.password_ends)
    principal = entry.principal if entry.user_kind == "application" else None
    if not isinstance(principal, ServicePrincipal):
        return principal
    ends = tuple(one.end for one in shown_passwords(principal))
    if isinstance(principal.passwords, Unreadable) and None not in ends:
        return principal.passwords
    return last_end(ends)
