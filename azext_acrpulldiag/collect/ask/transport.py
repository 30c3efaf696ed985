"""The parts of azure-core's pipeline that keep every request of a run within its deadline.

Time-outs of a socket count from its last byte, so a server that drips could hold a read for
ever. The connection pool here therefore knows its sockets and shuts them down at the deadline.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import weakref
from contextlib import suppress
from typing import Any

from .deadline import Deadline, Meter

POOL_CONNECTIONS = 32
_HOURS = re.compile(r"(\d{1,4}):(\d\d):(\d\d)")
_OVER = "The run timed out"


class Lifeline:
    """Holds the sockets of a run and ends them when its time is over, so that no read outlives it."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[Any] = weakref.WeakSet()
        self._timer: threading.Timer | None = None

    def hold(self, connected: Any) -> None:
        """Take charge of a connected socket; the first one starts the clock."""
        with self._lock:
            self._sockets.add(connected)
            if self._timer is None:
                self._timer = threading.Timer(self._deadline.remaining(), self.cut)
                self._timer.daemon = True
                self._timer.start()
        if self._deadline.remaining() <= 0:
            self.cut()

    def cut(self) -> None:
        """Shut down every socket: whoever reads from one gets an end of file at once."""
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            # socket's own method: that of SSLSocket forgets the TLS state under its reader.
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def release(self) -> None:
        """Stop the clock."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()


def pooled_transport(lifeline: Lifeline, trust: Trust, **connection: Any) -> Any:
    """Return azure-core's requests transport over one shared pool whose sockets ``lifeline`` holds.

    ``trust`` lends its connections their TLS context. ``connection`` are azure-core's connection settings, such as
    ``connection_verify``.
    """
    import requests
    from azure.core.pipeline.transport import RequestsTransport

    session = requests.Session()
    session.mount("https://", _adapter(lifeline, trust))
    # session_owner=False: clients share it, and closing one must not close the others' sockets.
    return RequestsTransport(session=session, session_owner=False, **connection)


def pool_manager(lifeline: Lifeline, proxy: str | None, **tls: Any) -> Any:
    """Return urllib3's pool manager, through ``proxy`` where one is given, whose sockets ``lifeline`` holds.

    ``tls`` are urllib3's connection settings, such as ``ssl_context``. It never retries and follows no redirect.
    """
    adapter = _adapter(lifeline, Trust())
    settings = {"retries": False, **tls}
    if proxy:
        return adapter.proxy_manager_for(proxy, **settings)
    adapter.init_poolmanager(POOL_CONNECTIONS, POOL_CONNECTIONS, **settings)
    return adapter.poolmanager


def _adapter(lifeline: Lifeline, trust: Trust) -> Any:
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class HeldConnection(HTTPSConnection):
        def connect(self) -> None:
            trust.lend(self)
            super().connect()
            lifeline.hold(self.sock)

    class HeldPool(HTTPSConnectionPool):
        ConnectionCls = HeldConnection

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": HeldPool}

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **kwargs)
            if proxy.lower().startswith("socks"):  # these have connections of their own kind
                return manager
            manager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": HeldPool}
            return manager

    return Adapter(pool_maxsize=POOL_CONNECTIONS, max_retries=0)


class Trust:
    """One TLS context for all connections that trust the same authorities.

    urllib3 makes one for each connection, and each time parses the whole bundle of authorities.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[tuple[Any, ...], Any] = {}

    def lend(self, connection: Any) -> None:
        """Give an HTTPS connection that verifies, and has no context or certificate of its own, the shared context."""
        from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs

        authorities = (connection.ca_certs, connection.ca_cert_dir)
        verify = resolve_cert_reqs(connection.cert_reqs)
        if not any(authorities) or verify != ssl.CERT_REQUIRED or connection.ssl_context or connection.cert_file:
            return
        with self._lock:
            if authorities not in self._contexts:
                context = create_urllib3_context(cert_reqs=verify)
                context.load_verify_locations(*authorities)
                self._contexts[authorities] = context
            connection.ssl_context = self._contexts[authorities]
        connection.ca_certs = connection.ca_cert_dir = None


def no_retry_policy() -> Any:
    """For a session whose requests are numbered: what failed is not asked again."""
    from azure.core.pipeline.policies import RetryPolicy

    return RetryPolicy.no_retries()


def retry_policy(deadline: Deadline) -> Any:
    """azure-core's retry policy, which here never waits past the deadline."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.core.pipeline.policies import RetryPolicy

    class DeadlineRetryPolicy(RetryPolicy):
        """Gives up where the wait that the service asks for is longer than what remains.

        Resource Graph asks in a header of its own, for a query too, which only reads:
        https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
        """

        def send(self, request: Any) -> Any:
            try:
                return super().send(request)
            except (ServiceRequestError, ServiceResponseError) as error:
                if deadline.remaining() <= 0:  # the socket was shut down, see Lifeline
                    raise ServiceRequestError(_OVER) from error
                raise

        def get_retry_after(self, response: Any) -> float | None:
            try:
                wait = super().get_retry_after(response)
            except (ValueError, TypeError, OverflowError):  # a date or number that is none
                return None
            return float(wait) if wait else _until_quota_resets(response.http_response)

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            wait = self.get_retry_after(response) or 0.0
            asked = _until_quota_resets(response.http_response) is not None
            return bool(wait < deadline.remaining() and (asked or super().is_retry(settings, response)))

        def is_exhausted(self, settings: dict[str, Any]) -> bool:
            return bool(deadline.remaining() <= self.get_backoff_time(settings) or super().is_exhausted(settings))

        def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
            # A streamed answer that nobody reads would keep its connection. Clients of older SDKs
            # get a response that is read already and cannot be closed.
            close = getattr(response.http_response, "close", None) if response is not None else None
            if close is not None:
                close()
            super().sleep(settings, transport, response)

    return DeadlineRetryPolicy(
        retry_total=3, retry_connect=1, retry_read=1, retry_status=3, retry_backoff_factor=0.4, retry_backoff_max=8
    )


def _until_quota_resets(response: Any) -> float | None:
    """Seconds until Resource Graph takes queries of this user again; ``None``: it did not refuse one for its quota."""
    found = _HOURS.fullmatch(response.headers.get("x-ms-user-quota-resets-after") or "")
    if found is None or response.status_code != 429:
        return None
    hours, minutes, seconds = map(int, found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def attempt_policy(deadline: Deadline, meter: Meter) -> Any:
    """A policy that counts each attempt as it is sent and cuts its time-outs from what remains."""
    from azure.core.exceptions import ServiceRequestError
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class AttemptPolicy(SansIOHTTPPolicy):
        """Stands below the retry policy, so that it sees every attempt."""

        def on_request(self, request: Any) -> None:
            if deadline.remaining() <= 0:
                raise ServiceRequestError(_OVER)
            request.context.options.update(deadline.limits())
            meter.count()

    return AttemptPolicy()
