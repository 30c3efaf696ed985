"""Requests to a Kubernetes API server, answered within a few seconds or not at all.

They pass no logging policy and are logged by nobody: the answers may be secrets. They stay JSON.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...facts import Unreadable
from .arm import MAX_BODY_BYTES
from .errors import ReadError, first_line
from .session import Session
from .workers import Workers

# An API server that is there answers at once; one that is private or fenced off never does.
CONNECT_SECONDS = 3.0
FIRST_ANSWER_SECONDS = 5.0
READ_SECONDS = 15.0


@dataclass(frozen=True)
class ApiServer:
    """An API server and the right to ask it. Shows no secret when printed."""

    url: str
    tls: ssl.SSLContext = field(repr=False)
    authorization: Callable[[], str | None] = field(repr=False)
    """The value of the header, made when asked for: some tokens are short-lived."""
    server_name: str | None = None
    """The name in its certificate, where that is not the host of ``url``."""


class KubernetesHttp:
    """Requests to one API server, under the run's limits; safe to use from many threads.

    It never retries, and a server that never answered is given up: every further request raises the
    same at once.
    """

    def __init__(self, session: Session, server: ApiServer) -> None:
        self._session = session
        self._server = server
        self._proxy = proxy_for(server.url)
        self._pool = session.pool_manager(self._proxy, ssl_context=server.tls, **_names(server.server_name))
        self._lock = threading.Lock()
        self._found = False
        self._answered = False
        self._ahead: timedelta | None = None
        self._out_of_reach: Unreadable | None = None

    def remaining(self) -> float:
        """Seconds that are left of the run."""
        return self._session.deadline.remaining()

    @property
    def clock(self) -> datetime:
        """The server's time, as its last answer told it to the second; this machine's where none has."""
        return datetime.now(timezone.utc) if self._ahead is None else datetime.now(timezone.utc) + self._ahead

    def get(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """GET ``path``, which is percent-encoded already; any status is an answer, with its body.

        Raises :class:`ReadError`.
        """
        return self.send("GET", path, query)

    def send(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Like :meth:`get` with another method, and a ``body`` of JSON."""
        with self._response(method, path, query, body) as response:
            chunks: list[bytes] = []
            size = 0
            for chunk in response.stream(1 << 16, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise ReadError(Unreadable("malformed", "An answer of the API server is too large"))
            return int(response.status), b"".join(chunks)

    def lines(self, path: str, query: Mapping[str, str]) -> Iterator[bytes]:
        """GET ``path`` and give each line of the answer as it comes, until the server ends it.

        Raises :class:`ReadError`, also for a status that is not 200; what came before a break is given.
        """
        # Left before its end, it is closed with the generator.
        # pylint: disable-next=contextmanager-generator-missing-cleanup
        with self._response("GET", path, query) as response, closing(response):
            if response.status != 200:
                raise ReadError(Unreadable("unsupported", f"HTTP {response.status} from the API server for a watch"))
            rest = b""
            for chunk in response.stream(1 << 16, decode_content=True):
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > MAX_BODY_BYTES:
                    raise ReadError(Unreadable("malformed", "An answer of the API server is too large"))
                yield from filter(None, map(bytes.strip, whole))

    @contextmanager
    def _response(
        self, method: str, path: str, query: Mapping[str, str] | None, body: bytes | None = None
    ) -> Iterator[Any]:
        """The answer to one request, whose connection is given back; what fails within is a :class:`ReadError`."""
        if self._out_of_reach is not None:
            raise ReadError(self._out_of_reach)
        if self.remaining() <= 0:
            raise ReadError(Unreadable("timeout", "The run timed out before the Kubernetes API was read"))
        url = f"{self._server.url}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": _user_agent()}
        authorization = self._server.authorization()
        if authorization:
            headers["authorization"] = authorization
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            self._look_up()
            self._session.meter.count()
            response = self._pool.request(
                method, url, body=body, headers=headers, timeout=self._limits(), preload_content=False, redirect=False
            )
            try:
                self._note_time(response.headers.get("date"))
                yield response
            finally:
                response.release_conn()
        except _failures() as error:
            raise ReadError(self._no_answer(error)) from None
        self._answered = True

    def _note_time(self, told: str | None) -> None:
        with suppress(ValueError, TypeError):  # no time is told, or none that can be read
            self._ahead = parsedate_to_datetime(told or "") - datetime.now(timezone.utc)

    def _limits(self) -> Any:
        from urllib3.util import Timeout

        left = max(0.05, self._session.deadline.remaining())
        # A proxy looks the name up and connects before it answers.
        connect = FIRST_ANSWER_SECONDS if self._proxy else CONNECT_SECONDS
        read = READ_SECONDS if self._answered else FIRST_ANSWER_SECONDS
        return Timeout(connect=min(connect, left), read=min(read, left))

    def _look_up(self) -> None:
        """Look the name up once, in seconds: sockets have no time-out for it. A proxy does it by itself."""
        if self._proxy:
            return
        with self._lock:
            if self._out_of_reach is not None:
                raise ReadError(self._out_of_reach)
            if self._found:
                return
            parts = urlsplit(self._server.url)
            workers = Workers(1)
            found = workers.submit(lambda: socket.getaddrinfo(parts.hostname, parts.port or 443))
            workers.close()
            try:
                found.result(timeout=min(CONNECT_SECONDS, self._session.deadline.remaining()))
            except _failures() as error:
                raise ReadError(self._no_answer(error)) from None
            self._found = True

    def _no_answer(self, error: Exception) -> Unreadable:
        """Say why there is no answer; an API server that never gave one, and keeps everybody waiting, is given up."""
        host = urlsplit(self._server.url).hostname
        timed_out = "imeout" in type(error).__name__ or "timed out" in str(error)
        timed_out = timed_out or self._session.deadline.remaining() <= 0  # which shuts the sockets down
        said = "timed out" if timed_out else first_line(error)
        why = Unreadable("timeout" if timed_out else "unreachable", f"No answer from the API server {host}: {said}")
        if timed_out and not self._answered:
            self._out_of_reach = why
        return why


def proxy_for(url: str) -> str | None:
    """The proxy that ``requests``, and so every other part of az, would use for ``url``."""
    from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    return str(prepend_scheme_if_needed(proxy, "http")) if proxy else None


def _user_agent() -> str:
    """That of az's other requests, so that the cluster's audit log says who asked."""
    from azure.cli.core.util import get_az_user_agent

    return str(get_az_user_agent())


def _names(server_name: str | None) -> dict[str, str]:
    return {"server_hostname": server_name, "assert_hostname": server_name} if server_name else {}


def _failures() -> tuple[type[Exception], ...]:
    from concurrent.futures import TimeoutError as NotYet

    from urllib3.exceptions import HTTPError

    return (HTTPError, OSError, NotYet)
