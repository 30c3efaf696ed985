"""A request as the simulated cloud sees it, and an answer as a handler gives it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One HTTP request, after TLS was taken off.

    ``headers`` have lower-case names; ``path`` is percent-decoded; ``target`` is the raw request target.
    """

    method: str
    host: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """Query parameters by name as sent; a name that is sent twice keeps its last value."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def query_list(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body as JSON, ``None`` without a body."""
        return json.loads(self.body) if self.body else None

    @property
    def bearer(self) -> str | None:
        """The bearer token of the Authorization header."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else None

    @property
    def line(self) -> str:
        """``METHOD host/path?query``, percent-decoded: what faults and logs match on."""
        return f"{self.method} {self.host}{unquote(self.target)}"


@dataclass
class Response:
    """What a handler answers.

    ``body``: bytes, or an iterable of bytes that is sent chunk by chunk (a Kubernetes watch or log).
    ``hijack``: takes over the connection after nothing was sent: called with the TLS socket and the
    bytes already read behind the request; used for protocol upgrades (kubectl attach).
    ``reason``: what the status line says behind the number; the standard's phrase where it is not given.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    hijack: Callable[[Any, bytes], None] | None = None
    reason: str = ""

    @property
    def phrase(self) -> str:
        """The reason phrase of the status line, which containerd repeats in its errors."""
        known = self.status in HTTPStatus.__members__.values()
        return self.reason or (HTTPStatus(self.status).phrase if known else "")


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; ``headers`` are named with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("content-type", "application/json; charset=utf-8")
    return Response(status, json.dumps(body).encode(), named)


def replay(exchange: Any, **replacements: str) -> Response:
    """A recorded response, with its texts replaced: ``replay(recording("..."), old="new")``."""
    response = exchange["response"]
    text = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
    for old, new in replacements.items():
        text = text.replace(old, new)
    kept = {"content-type", "retry-after", "x-ms-failure-cause", "www-authenticate"}
    headers = {name.lower(): value for name, value in response.get("headers", {}).items() if name.lower() in kept}
    headers.setdefault("content-type", "application/json; charset=utf-8")
    return Response(response["status"], text.encode(), headers)
