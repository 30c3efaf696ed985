"""Whose a pull secret's credential is, and what Azure says of that user.

Reads by name and only what the user's kind asks for. Passwords are compared in memory, in
constant time; what leaves is a yes or a no.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

from ...arm_ids import name_of
from ...facts import Registry, RegistryToken, Unreadable
from ..ask.arm import ArmReader, Json, ReadError, operation_of
from ..azure.versions import ask_in
from ..members import Body, maybe, or_empty, shown
from ..registry.registry import API_VERSION

APPLICATION = "application"
ADMIN = "admin"
TOKEN = "token"  # noqa: S105 - the kind of a user
LOGIN_TOKEN = "login-token"  # noqa: S105 - the kind of a user
OTHER = "other"

# What `az acr login --expose-token` and the node's own plugin give as the user.
NOBODY = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Microsoft.ContainerRegistry/registries/tokens: ^[a-zA-Z0-9-]*$, 5 to 50 characters.
_TOKEN_NAME = re.compile(r"[A-Za-z0-9-]{5,50}")
_NO_TOKEN = Unreadable("malformed", "The password of the all-zero user is not a registry token")
# Microsoft.ContainerRegistry 2023-07-01, TokenProperties.status.
_STATUSES = ("enabled", "disabled")
# Somebody may have swapped user and password, and a password must not be shown.
_NOT_SHOWN = "(not shown: no application, token or admin account is named so)"


def kind_of(user: str, registry_name: str) -> str:
    """Tell what a user of the registry ``registry_name`` can be, by its form."""
    if user == NOBODY:
        return LOGIN_TOKEN
    if _GUID.fullmatch(user):
        return APPLICATION
    if user.lower() == registry_name.lower():
        return ADMIN
    return TOKEN if _TOKEN_NAME.fullmatch(user) else OTHER


def name_to_show(user: str, kind: str) -> str:
    """The user's name, unless it may be a password that was given as one."""
    return _NOT_SHOWN if kind == OTHER else user


# --- the admin account --------------------------------------------------------------------


def read_admin_passwords(reader: ArmReader, registry: Registry) -> Json | Unreadable | None:
    """Return the answer of ``listCredentials``, passwords and all. ``None``: the account is off.

    The only read that returns passwords, made for a secret that claims to be the admin account.
    """
    if isinstance(registry.admin_enabled, Unreadable):
        return registry.admin_enabled
    if not registry.admin_enabled:
        return None
    path = f"{registry.id}/listCredentials"
    found, _ = ask_in(API_VERSION, partial(reader.post, path))
    if found is None:
        return Unreadable("not-found", f"{registry.id} does not exist any more", operation_of(path, "POST"))
    return found


def matches_one(listed: Json, password: str) -> bool | Unreadable:
    """Compare a password with those in a listCredentials answer; every one is looked at."""
    passwords = shown(Body(listed).objects, "passwords")
    if isinstance(passwords, Unreadable):
        return Unreadable(passwords.reason, "Azure's answer about the admin account's passwords shows none")
    values = [value for one in passwords if (value := or_empty(one.text, "value"))]
    if not values or len(values) < len(passwords):
        return Unreadable("malformed", "Azure's answer about the admin account's passwords has an unexpected shape")
    given = password.encode()
    # A list, so that every one is compared whichever matches.
    return any([hmac.compare_digest(given, value.encode()) for value in values])  # pylint: disable=use-a-generator


# --- tokens -------------------------------------------------------------------------------


def read_token(reader: ArmReader, registry: Registry, name: str) -> RegistryToken | None:
    """Read a token by its name, and its scope map. ``None``: the registry has no such token.

    Raises :class:`~.arm.ReadError` where the token itself cannot be read.
    """
    found, _ = ask_in(API_VERSION, partial(reader.get, f"{registry.id}/tokens/{name}"))
    if found is None:
        return None
    scope_map = shown(Body(found).text, "properties", "scopeMapId")
    return token_from(name, found, scope_map if isinstance(scope_map, Unreadable) else _get(reader, scope_map))


def _get(reader: ArmReader, resource_id: str) -> Json | Unreadable:
    try:
        found, _ = ask_in(API_VERSION, partial(reader.get, resource_id))
    except ReadError as error:
        return error.why
    gone = Unreadable("not-found", f"{resource_id} does not exist", operation_of(resource_id))
    return gone if found is None else found


def token_from(name: str, body: Json, scope_map: Json | Unreadable) -> RegistryToken:
    """Map a token and its scope map. Pure."""
    token = Body(body)
    return RegistryToken(
        name=name,
        status=shown(token.enum, _STATUSES, "properties", "status"),
        password_ends=shown(_password_ends, token),
        scope_map_actions=(
            scope_map if isinstance(scope_map, Unreadable) else shown(Body(scope_map).texts, "properties", "actions")
        ),
        scope_map=name_of(or_empty(token.text, "properties", "scopeMapId")) or None,
    )


def _password_ends(token: Body) -> tuple[datetime | None, ...]:
    return tuple(maybe(each.moment, "expiry") for each in token.objects("properties", "credentials", "passwords"))


# --- login tokens -------------------------------------------------------------------------


@dataclass(frozen=True)
class TokenTimes:
    """When a registry's refresh or access token was issued and when it ends; ``None``: it does not say."""

    issued: datetime | Unreadable | None
    ends: datetime | Unreadable | None


def times_of_login_token(password: str) -> TokenTimes:
    """Return the times that a registry's token names; both unreadable where the password is no token.

    Its signature is the registry's affair: only the claims ``iat`` and ``exp`` are taken, unverified
    (https://www.rfc-editor.org/rfc/rfc7519#section-4.1: seconds since 1970, of which a part may be given).
    """
    _, _, rest = password.strip().partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        return TokenTimes(_NO_TOKEN, _NO_TOKEN)
    return TokenTimes(_moment(claims.get("iat")), _moment(claims.get("exp")))


def _moment(claim: object) -> datetime | Unreadable | None:
    if claim is None:
        return None
    if isinstance(claim, bool) or not isinstance(claim, (int, float)):
        return _NO_TOKEN
    try:
        return datetime.fromtimestamp(claim, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return _NO_TOKEN
