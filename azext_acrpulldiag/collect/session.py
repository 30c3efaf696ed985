"""How every collector talks to Azure: one credential a tenant, bounded retries, one meter.

Everything goes through azure-core's pipeline, so proxies, ``REQUESTS_CA_BUNDLE``, the CLI's
user agent and ``--debug`` logging work as in other ``az`` commands. Three things differ from
a client that the CLI makes by itself: a wait for ``Retry-After`` never crosses the deadline,
time-outs are cut from what remains, and concurrent calls share one token request.
"""

from __future__ import annotations

import threading
from typing import Any

from .deadline import Deadline, Meter

POOL_CONNECTIONS = 32


class Session:
    """The CLI's own login, made ready for many concurrent reads.

    ``cli_ctx`` is the command's CLI context. Nothing is asked of Azure before the first read.
    """

    def __init__(self, cli_ctx: Any, deadline: Deadline, meter: Meter) -> None:
        from azure.cli.core._profile import Profile

        self.cli_ctx = cli_ctx
        self.deadline = deadline
        self.meter = meter
        self._profile = Profile(cli_ctx=cli_ctx)
        self._lock = threading.Lock()
        self._credentials: dict[str, tuple[Any, str]] = {}
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

        Raises knack's ``CLIError`` where the login does not hold that subscription.
        """
        with self._lock:
            if subscription not in self._credentials:
                credential, _, tenant = self._profile.get_login_credentials(subscription_id=subscription)
                self._credentials[subscription] = (_OneTokenRequest(credential), tenant)
            return self._credentials[subscription]

    def policies(self) -> dict[str, Any]:
        """The pipeline settings of this run, for any client of azure-core (keyword arguments)."""
        from azure.cli.core.commands.client_factory import prepare_client_kwargs_track2

        settings: dict[str, Any] = dict(prepare_client_kwargs_track2(self.cli_ctx))
        settings["retry_policy"] = retry_policy(self.deadline)
        settings["transport"] = self.transport()
        settings["per_retry_policies"] = [metering_policy(self.meter)]
        return settings

    def management_client(self, resource_type: Any, subscription: str) -> Any:
        """Return an SDK client from the CLI's client factory, under this run's limits.

        Pass ``**session.deadline.limits()`` to each of its calls.
        """
        from azure.cli.core.commands.client_factory import get_mgmt_service_client

        limits = {name: value for name, value in self.policies().items() if name in _OURS}
        credential, _ = self.credential(subscription)
        return get_mgmt_service_client(
            self.cli_ctx, resource_type, subscription_id=subscription, credential=credential, **limits
        )

    def transport(self) -> Any:
        """The shared connection pool (its adapter is sized for our concurrency)."""
        with self._lock:
            if self._transport is None:
                self._transport = _pooled_transport()
            return self._transport

    def close(self) -> None:
        """Close idle connections; reads still under way end at their time-outs."""
        with self._lock:
            if self._transport is not None:
                self._transport.session.close()


_OURS = ("retry_policy", "transport", "per_retry_policies")


class _OneTokenRequest:
    """Lets concurrent calls wait for one token request instead of sending one each."""

    def __init__(self, credential: Any) -> None:
        self._credential = credential
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """azure-core's ``TokenCredential``."""
        with self._lock:
            return self._credential.get_token(*scopes, **kwargs)


def _pooled_transport() -> Any:
    import requests
    from azure.core.pipeline.transport import RequestsTransport
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=POOL_CONNECTIONS, max_retries=0))
    # session_owner=False: clients share it, and closing one must not close the others' sockets.
    return RequestsTransport(session=session, session_owner=False)


def retry_policy(deadline: Deadline) -> Any:
    """azure-core's retry policy, which here never waits past the deadline."""
    from azure.core.pipeline.policies import RetryPolicy

    class DeadlineRetryPolicy(RetryPolicy):
        """Give up where the wait that the service asks for is longer than what remains."""

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            wait = self.get_retry_after(response) or 0.0
            return bool(wait < deadline.remaining() and super().is_retry(settings, response))

        def is_exhausted(self, settings: dict[str, Any]) -> bool:
            return bool(deadline.remaining() <= self.get_backoff_time(settings) or super().is_exhausted(settings))

    return DeadlineRetryPolicy(
        retry_total=3, retry_connect=1, retry_read=1, retry_status=3, retry_backoff_factor=0.4, retry_backoff_max=8
    )


def metering_policy(meter: Meter) -> Any:
    """A policy that counts each request as it is sent, retries included."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class MeteringPolicy(SansIOHTTPPolicy):  # type: ignore[type-arg]
        """Counts before sending."""

        def on_request(self, request: Any) -> None:
            meter.count()

    return MeteringPolicy()
