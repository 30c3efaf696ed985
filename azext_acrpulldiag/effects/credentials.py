"""Whom pull secrets sign in as: tokens of the registry, applications, its admin account; and what it answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..access.credentials import fault_of
from ..facts import Facts, Offer, PullSecret, RegistryToken, SecretEntry, ServicePrincipal, Unreadable, known
from ..quoting import printable, sentence
from ..repairs import Effect, UntoldError
from ._common import each, in_secrets
from .identity import principal_enabled, secret_added

Values = Mapping[str, Any]
Credential = Callable[[Values, PullSecret, Facts], SecretEntry]
"""The entry that a repair gives a secret, by the facts in which its user has been given a password."""

_NAME_OF_NEW = "aks-pull"
# Of az acr login: https://learn.microsoft.com/azure/container-registry/container-registry-authentication
_LOGIN_LASTS = timedelta(hours=3)


def answered(facts: Facts, entry: SecretEntry) -> SecretEntry:
    """The entry with what its registry answers, once what was wrong with it is repaired.

    What it refused is put down to that, as the diagnosis does. Where something else is known to be wrong the answer is
    left out, so that this is judged. Raises :class:`UntoldError` where nobody knows whether anything is.
    """
    fault = fault_of(facts, entry)
    if isinstance(fault, Unreadable):
        why = sentence(fault.detail)
        raise UntoldError(f"Whether the registry accepts {printable(entry.user)} then is not known: {why}")
    accepted = tuple(Offer(True, 200, "manifest", repository) for repository in entry.repositories or (None,))
    return replace(entry, offers=accepted if fault is None else ())


# --- tokens of the registry ------------------------------------------------------------------


def token_made(values: Values, facts: Facts) -> Facts:
    """``az acr token create`` of the token ``user``: whoever names it in a secret does not have its password yet."""

    def change(entry: SecretEntry) -> SecretEntry:
        unknown = _is_of(entry, "token", values) and entry.token is None
        return replace(entry, token=_new_token(values["user"], values)) if unknown else entry

    return in_secrets(facts, change)


def token_password_made(values: Values, facts: Facts) -> Facts:
    """``az acr token credential generate --password1`` for the token ``user``: one that does not end.

    Whoever signed in with the first one before is refused, and which of the two a secret contains is not shown.
    """
    which = "The first password of its token was replaced, and which of the two the secret contains is not shown"

    def change(entry: SecretEntry) -> SecretEntry:
        token = entry.token
        if not _is_of(entry, "token", values) or not isinstance(token, RegistryToken):
            return entry
        ends = token.password_ends
        token = token if isinstance(ends, Unreadable) else replace(token, password_ends=(None, *ends[1:]))
        accepted = any(isinstance(one, Offer) and one.accepted for one in entry.offers)
        return replace(entry, token=token, offers=(Unreadable("not-shown", which),) if accepted else entry.offers)

    return in_secrets(facts, change)


def token_enabled(values: Values, facts: Facts) -> Facts:
    """``az acr token update --status enabled`` for the token ``user``."""

    def change(entry: SecretEntry) -> SecretEntry:
        if not _is_of(entry, "token", values) or not isinstance(entry.token, RegistryToken):
            return entry
        return answered(facts, replace(entry, token=replace(entry.token, status="enabled")))

    return in_secrets(facts, change)


def scope_extended(values: Values, facts: Facts) -> Facts:
    """``az acr scope-map update --add-repository``: ``lacking``, for every token of the map ``scope_map``."""

    def change(entry: SecretEntry) -> SecretEntry:
        token = entry.token
        if not isinstance(token, RegistryToken) or token.scope_map != values["scope_map"]:
            return entry
        if isinstance(token.scope_map_actions, Unreadable):
            return entry
        actions = (*token.scope_map_actions, _pull_of(values["lacking"]))
        return answered(facts, replace(entry, token=replace(token, scope_map_actions=actions)))

    return in_secrets(facts, change)


def _new_token(name: str, values: Values) -> RegistryToken:
    return RegistryToken(name, "enabled", (None,), tuple(map(_pull_of, values["pulled_repositories"])))


def _pull_of(repository: str) -> str:
    return f"repositories/{repository}/content/read"


def _is_of(entry: SecretEntry, kind: str, values: Values) -> bool:
    return entry.unusable is None and (entry.user_kind, entry.user) == (kind, values["user"])


# --- applications ------------------------------------------------------------------------


def client_secret_made(values: Values, facts: Facts) -> Facts:
    """``az ad sp credential reset --append`` for the application ``user``: no pull secret has that one yet."""
    return secret_added({"app_id": values["user"]}, facts)


def application_enabled(values: Values, facts: Facts) -> Facts:
    """``az ad sp update --set accountEnabled=true`` for the application ``user``."""
    facts = principal_enabled({"app_id": values["user"]}, facts)
    return in_secrets(facts, lambda entry: answered(facts, entry) if _is_of(entry, "application", values) else entry)


def role_heeded(grant: Effect) -> Effect:
    """``grant``, a role for the application of the detail ``object_id``, and what the registry answers it then."""

    def effect(values: Values, facts: Facts) -> Facts:
        facts = grant(values, facts)

        def change(entry: SecretEntry) -> SecretEntry:
            principal = entry.principal
            mine = isinstance(principal, ServicePrincipal) and principal.object_id == values["object_id"]
            return answered(facts, entry) if mine and entry.unusable is None else entry

        return in_secrets(facts, change)

    return effect


# --- login tokens ------------------------------------------------------------------------


def login_renewed(values: Values, facts: Facts) -> Facts:
    """Another login token in ``secret``, which lasts as long as the one before it."""

    def change(entry: SecretEntry) -> SecretEntry:
        if entry.user_kind != "login-token" or entry.unusable:
            return entry
        ends = facts.now + _lasts(entry)
        return answered(facts, replace(entry, login_token_issued=facts.now, login_token_ends=ends))

    def renewed(secret: PullSecret) -> PullSecret:
        mine = (secret.namespace, secret.name) == (values["namespace"], values["secret"])
        return replace(secret, entries=tuple(map(change, secret.entries))) if mine else secret

    secrets = facts.pull_secrets
    return replace(facts, pull_secrets=secrets if secrets is None else each(secrets, renewed))


def _lasts(entry: SecretEntry) -> timedelta:
    ends, issued = entry.login_token_ends, entry.login_token_issued
    return ends - issued if isinstance(ends, datetime) and isinstance(issued, datetime) else _LOGIN_LASTS


# --- what is put into a secret -----------------------------------------------------------------


def a_new_token(values: Values, _secret: PullSecret, _facts: Facts) -> SecretEntry:
    """A token that may read all that is pulled with the secret."""
    token, repositories = _new_token(_NAME_OF_NEW, values), tuple(values["pulled_repositories"])
    return SecretEntry(values["login_server"], token.name, "token", token=token, repositories=repositories)


def the_user(values: Values, secret: PullSecret, facts: Facts) -> SecretEntry:
    """The ``user`` that the secret has, with a password that is right.

    Raises :class:`UntoldError` where there is none to be read: that of the admin account while it is disabled; and
    where another repair has put another user there.
    """
    entry = next((one for one in secret.entries if one.user == values["user"]), None)
    if entry is None:
        raise UntoldError("By then the secret signs in as another user.")
    if entry.user_kind != "admin":
        return entry
    if known(facts.registry).admin_enabled is False:
        raise UntoldError("The admin account is disabled, and shows no password until it is enabled.")
    compared = entry.admin_password_matches
    return replace(entry, admin_password_matches=compared if isinstance(compared, Unreadable) else True)
