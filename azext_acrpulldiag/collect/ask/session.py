"""How every collector talks to Azure: one credential a login, bounded retries, one meter.

Everything goes through azure-core's pipeline, so proxies, ``REQUESTS_CA_BUNDLE``, the CLI's
user agent and ``--debug`` logging work as in other ``az`` commands. Three things differ from
a client that the CLI makes by itself: nothing waits past the deadline, time-outs are cut from
what remains, and concurrent calls share one token request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from ...facts import Unreadable
from .common import Common, Tokens
from .deadline import Deadline, Meter
from .errors import ReadError, explain_exception, first_line
from .shared import Shared
from .transport import Lifeline, Trust, attempt_policy, no_retry_policy, pool_manager, pooled_transport, retry_policy
from .workers import start

T = TypeVar("T")

_OURS = ("retry_policy", "transport", "per_retry_policies")
# azure-core asks for a new token when less than this is left of the old one.
_REFRESH_SECONDS = 300


class Session:
    """The CLI's own login, made ready for many concurrent reads.

    ``cli_ctx`` is the command's CLI context. Nothing is asked of Azure before the first read. ``common`` is what runs
    about other clusters share with this one.
    """

    def __init__(
        self, cli_ctx: Any, deadline: Deadline, meter: Meter, retries: bool = True, common: Common | None = None
    ) -> None:
        from azure.cli.core._profile import Profile

        self.cli_ctx = cli_ctx
        self.deadline = deadline
        self.meter = meter
        self.retries = retries
        """Whether what failed is asked again; not where the requests are numbered."""
        self._common = common
        self._profile = Profile(cli_ctx=cli_ctx)
        self._lifeline = Lifeline(deadline)
        self._lock = threading.Lock()
        self._credentials: dict[tuple[str, str], Any] = {}
        self._transport: Any = None

    @property
    def arm_endpoint(self) -> str:
        """The active cloud's Resource Manager, without a trailing slash."""
        return str(self.cli_ctx.cloud.endpoints.resource_manager).rstrip("/")

    def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions of the CLI's login, as ``az account list`` has them (no request)."""
        return list(self._profile.load_cached_subscriptions())

    def credential(self, subscription: str) -> tuple[Any, str]:
        """Return (credential, tenant id) for a subscription of the login.

        Subscriptions of one user in one tenant share the credential object. Raises knack's
        ``CLIError`` where the login does not hold that subscription.
        """
        account = self._profile.get_subscription(subscription)
        tenant = str(account["tenantId"])
        key = (tenant, str(account.get("user", {}).get("name")))
        with self._lock:
            if key not in self._credentials:
                signed_in = partial(self._login, subscription)
                login, tokens = signed_in() if self._common is None else self._common.login(key, signed_in)
                self._credentials[key] = SharedToken(login, self.deadline, tokens)
            return self._credentials[key], tenant

    def _login(self, subscription: str) -> tuple[Any, Tokens]:
        credential, _, _ = self._profile.get_login_credentials(subscription_id=subscription)
        return credential, Shared(_is_fresh, failures_last=False)

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return what ``ask()`` answers, asked once for all clusters where there are several.

        ``key`` says what is asked for, and of whom. Raises what ``ask`` raises.
        """
        return ask() if self._common is None else self._common.once(key, ask, self.deadline)

    def policies(self) -> dict[str, Any]:
        """The pipeline settings of this run, for any client of azure-core (keyword arguments)."""
        settings = self._cli_settings()
        settings["retry_policy"] = retry_policy(self.deadline) if self.retries else no_retry_policy()
        settings["transport"] = self.transport()
        settings["per_retry_policies"] = [attempt_policy(self.deadline, self.meter)]
        return settings

    def management_client(self, resource_type: Any, subscription: str) -> Any:
        """Return an SDK client from the CLI's client factory, under this run's limits."""
        from azure.cli.core.commands.client_factory import get_mgmt_service_client

        limits = {name: value for name, value in self.policies().items() if name in _OURS}
        credential, _ = self.credential(subscription)
        return get_mgmt_service_client(
            self.cli_ctx, resource_type, subscription_id=subscription, credential=credential, **limits
        )

    def transport(self) -> Any:
        """The shared connection pool."""
        verify = {name: value for name, value in self._cli_settings().items() if name == "connection_verify"}
        with self._lock:
            if self._transport is None:
                trust = Trust() if self._common is None else self._common.trust
                self._transport = pooled_transport(self._lifeline, trust, **verify)
            return self._transport

    def pool_manager(self, proxy: str | None, **tls: Any) -> Any:
        """A pool of connections of its own, for a service with its own certificates; see :mod:`.transport`."""
        return pool_manager(self._lifeline, proxy, **tls)

    def close(self) -> None:
        """End the run: its time is over, and so is every connection, also those in use."""
        self.deadline.end()
        self._lifeline.release()
        self._lifeline.cut()
        with self._lock:
            if self._transport is not None:
                self._transport.session.close()

    def _cli_settings(self) -> dict[str, Any]:
        from azure.cli.core.commands.client_factory import prepare_client_kwargs_track2

        return dict(prepare_client_kwargs_track2(self.cli_ctx))


class SharedToken:
    """A credential whose concurrent callers wait for one token request, and never past the deadline.

    msal sends its requests without any time-out, so each one runs on a thread of its own
    (a daemon: it cannot keep the process) and is given up when the run's time is over.
    """

    def __init__(self, credential: Any, deadline: Deadline, tokens: Tokens | None = None) -> None:
        self._credential = credential
        self._deadline = deadline
        self._tokens: Tokens = tokens or Shared(_is_fresh, failures_last=False)

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """azure-core's ``TokenCredential``.

        Raises ``TimeoutError`` at the deadline, the CLI's error where the login is refused, and
        :class:`~.errors.ReadError` where msal breaks on what the login service answers.
        """

        def ask() -> Any:
            with _login_errors():
                return _within(self._deadline, lambda: self._credential.get_token(*scopes, **kwargs))

        if kwargs.get("claims"):
            token = ask()
            self._tokens.put(scopes, token, replace=True)
            return token
        # In a context of its own: no request of ours is made, so the caller's chain does not grow.
        return copy_context().run(self._tokens.get, scopes, ask)


def _is_fresh(token: Any) -> bool:
    return bool(token.expires_on - time.time() >= _REFRESH_SECONDS)


@contextmanager
def _login_errors() -> Iterator[None]:
    """Name a failure of the login service that msal lets through as whatever broke inside it."""
    from msal.exceptions import MsalServiceError

    try:
        yield
    except Exception as error:
        if explain_exception(error, "the login service") is not None:
            raise
        if isinstance(error, MsalServiceError):
            why = Unreadable("server-error", f"The login service issued no token: {first_line(error)}")
        else:
            why = Unreadable("malformed", "The login service gave an answer that is not one of a login service")
        raise ReadError(why) from error


def _within(deadline: Deadline, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns or raise what it raises, or ``TimeoutError`` at the deadline."""
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((work(), None))
        except BaseException as error:  # handed to the caller below
            outcome.append((None, error))

    worker = threading.Thread(target=run, name="acrpulldiag-login", daemon=True)
    start(worker)
    worker.join(deadline.remaining())
    if not outcome:
        raise TimeoutError("The sign-in timed out")
    value, error = outcome[0]
    if error is not None:
        raise error
    return value
