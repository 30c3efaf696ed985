"""Tokens of a registry: for the CLI's login, for a user with a password, or for nobody.

They are asked for at the login server's own ``/oauth2``; the realm of a challenge is not followed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..ask.arm import translated_errors
from ..ask.registry import RegistryHttp, malformed, plain
from ..ask.shared import Shared
from .errors import parsed, refusal_from

PULL_RIGHT = "AcrPull, or Container Registry Repository Reader on a registry with repository permissions (ABAC)"

_AUDIENCE = "https://containerregistry.azure.net"


@dataclass(frozen=True)
class CliLogin:
    """The CLI's own login, as it is for ``subscription``."""

    subscription: str


@dataclass(frozen=True)
class Basic:
    """A user and a password, offered as containerd offers those of a pull secret."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Anonymous:
    """Nobody."""


Credential = CliLogin | Basic | Anonymous


class Tokens:
    """Access tokens of one credential by scope, each asked for once; safe to use from many threads."""

    def __init__(self, http: RegistryHttp, credential: Credential) -> None:
        self._http = http
        self._credential = credential
        self._refresh: Shared[CliLogin, str] = Shared()
        self._by_scope: Shared[str, str] = Shared()

    def get(self, scope: str) -> str:
        """Return the token for ``scope``. Raises :class:`~.errors.ReadError`."""
        return self._by_scope.get(scope, lambda: self._access_token(scope))

    def _access_token(self, scope: str) -> str:
        wanted = {"service": self._http.login_server, "scope": scope}
        if isinstance(self._credential, CliLogin):
            login = self._credential
            refresh = self._refresh.get(login, lambda: self._exchange(login))
            form = {"grant_type": "refresh_token", "refresh_token": refresh, **wanted}
            return self._token_in("POST", "/oauth2/token", form, "access_token")
        # containerd's POST gets 400 from ACR; its GET, with Basic or without, is what decides.
        return self._token_in("GET", f"/oauth2/token?{urlencode(wanted)}", None, "access_token", self._basic())

    def _basic(self) -> dict[str, str]:
        if not isinstance(self._credential, Basic):
            return {}
        pair = f"{self._credential.user}:{self._credential.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def _exchange(self, login: CliLogin) -> str:
        """Trade the login's Entra token for a refresh token of the registry."""
        http, path = self._http, "/oauth2/exchange"
        with translated_errors(f"{http.login_server}{path}", method="POST"):
            credential, tenant = http.session.credential(login.subscription)
            entra = credential.get_token(f"{self._audience()}/.default").token
        form = {"grant_type": "access_token", "service": http.login_server, "tenant": tenant, "access_token": entra}
        return self._token_in("POST", path, form, "refresh_token")

    def _audience(self) -> str:
        """As ``az acr login`` has it: one audience in all clouds, unless the CLI is configured otherwise."""
        configured = self._http.session.cli_ctx.config.get("acr", "audience_resource", fallback=None)
        if not configured:
            return _AUDIENCE
        text = str(configured).rstrip("/")
        return text if text.startswith("https://") else f"https://{text}.azure.net"

    def _token_in(
        self, method: str, path: str, form: dict[str, str] | None, name: str, headers: dict[str, str] | None = None
    ) -> str:
        http = self._http
        answer = http.ask(method, path, headers or {}, form)
        if answer.status != 200:
            step = "exchange" if path == "/oauth2/exchange" else "token"
            right = PULL_RIGHT if isinstance(self._credential, CliLogin) else ""
            raise refusal_from(answer.status, answer.payload, http.login_server, plain(path), step, right)
        token = (parsed(answer.payload) or {}).get(name)
        if isinstance(token, str) and token:
            return token
        raise malformed(http.login_server, path)
