"""What Azure shows against the credential in a pull secret, without offering it to its registry.

The one place that decides it: the checks on pull secrets say what is wrong, those on access ask whether anything is.
"""

from __future__ import annotations

from datetime import datetime

from ..facts import (
    Facts,
    PasswordCredential,
    RegistryToken,
    SecretEntry,
    ServicePrincipal,
    Unreadable,
    known,
)
from ..wildcards import matches
from .standing import Held, may_pull

LOST, DISABLED, EXPIRED, NO_ROLE = "lost", "disabled", "expired", "no-role"
MISMATCH, UNKNOWN, SCOPE = "mismatch", "unknown", "scope"

_ANYBODY = Unreadable("unsupported", "The user of this pull secret is no application, token or admin account")

_ENDLESS = Unreadable("not-shown", "The login token in this pull secret does not say when it expires")


def fault_of(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    """Return what is wrong with an entry that can be used, one of the words above; ``None``: nothing is known to be.

    ``Unreadable`` says what leaves it open. Which password of an application or a token a secret contains is not
    shown, so that only where all have ended they are expired.
    """
    if entry.user_kind == "application":
        return _of_application(facts, entry)
    if entry.user_kind == "admin":
        return _of_admin(facts, entry)
    if entry.user_kind == "token":
        return _of_token(facts, entry)
    return _of_login_token(facts, entry) if entry.user_kind == "login-token" else _ANYBODY


# --- by the kind of user -------------------------------------------------------------------


def shown_passwords(principal: ServicePrincipal) -> tuple[PasswordCredential, ...]:
    """The client secrets of an application that were shown; where not all were, there may be more."""
    return principal.seen_passwords if isinstance(principal.passwords, Unreadable) else principal.passwords


def last_end(ends: tuple[datetime | None, ...]) -> datetime | None:
    """When the last of some passwords ends; ``None``: one never does, or there is none."""
    known_ends = [end for end in ends if end is not None]
    return max(known_ends) if known_ends and len(known_ends) == len(ends) else None


def _holds(facts: Facts, ends: tuple[datetime | None, ...]) -> bool:
    return any(end is None or end > facts.now for end in ends)


def _of_application(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    principal = entry.principal
    if principal is None or isinstance(principal, Unreadable):
        return principal
    if principal.object_id is None:
        return LOST
    if principal.enabled is False:
        return DISABLED
    holds = _holds(facts, tuple(one.end for one in shown_passwords(principal)))
    if not holds and not isinstance(principal.passwords, Unreadable):
        return EXPIRED
    allowed = _application_may_pull(facts, entry, principal)
    if allowed is False:
        return NO_ROLE
    open_parts = (principal.object_id, principal.passwords if not holds else None, allowed)
    return next((part for part in open_parts if isinstance(part, Unreadable)), None)


def _application_may_pull(facts: Facts, entry: SecretEntry, principal: ServicePrincipal) -> bool | Unreadable | None:
    """Judge what was read of an application's roles; ``None``: they were not asked for."""
    if entry.roles is None or not isinstance(principal.object_id, str):
        return None
    held = Held(principal.object_id, entry.roles.effective, entry.roles.definitions, facts.access.denials)
    return may_pull(known(facts.registry), held, entry.repositories)


def _of_admin(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    if known(facts.registry).admin_enabled is False:
        return DISABLED
    if entry.admin_password_matches is False:
        return MISMATCH
    return entry.admin_password_matches if isinstance(entry.admin_password_matches, Unreadable) else None


def _of_token(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    token = entry.token
    if token is None:
        return UNKNOWN
    if isinstance(token, Unreadable):
        return token
    if not isinstance(token.status, Unreadable) and token.status.lower() != "enabled":
        return DISABLED
    if not isinstance(token.password_ends, Unreadable) and not _holds(facts, token.password_ends):
        return EXPIRED
    if excluded_from(token, entry):
        return SCOPE
    open_parts = (token.status, token.password_ends, token.scope_map_actions)
    return next((part for part in open_parts if isinstance(part, Unreadable)), None)


def excluded_from(token: RegistryToken, entry: SecretEntry) -> tuple[str, ...]:
    """The repositories of an entry that its token's scope map, as far as it was read, does not let it pull."""
    actions = token.scope_map_actions
    return (
        ()
        if isinstance(actions, Unreadable)
        else tuple(each for each in entry.repositories if not lets_pull(actions, each))
    )


def lets_pull(actions: tuple[str, ...], repository: str) -> bool:
    """Tell whether the actions of a scope map let a token read a repository; ``*`` may end a name."""
    for action in actions:
        kind, _, rest = action.partition("/")
        name, slash, right = rest.lower().rpartition("/content/")
        if kind.lower() == "repositories" and slash and right == "read" and matches(name, repository):
            return True
    return False


def _of_login_token(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    ends = entry.login_token_ends
    if ends is None:
        return _ENDLESS
    if isinstance(ends, Unreadable):
        return ends
    return EXPIRED if ends <= facts.now else None
