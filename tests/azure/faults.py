"""Ways in which a request can fail, as seen from outside."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.recordings import recording

from .messages import Request, Response, answer, replay

ARM = "management.azure.com"
PROXY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>Blocked by the web proxy</body></html>"
)


class Mode(Enum):
    """What happens on the wire."""

    ANSWER = "answer"
    SILENT = "silent"
    DRIP = "drip"
    CUT = "cut"
    RESET = "reset"


@dataclass
class Mangled:
    mode: Mode
    response: Response = field(default_factory=Response)


@dataclass
class Fault:
    """``match`` is a regular expression sought in ``METHOD host/path?query`` (any case)."""

    match: str
    kind: str
    times: int | None = None
    retry_after: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is not one of {', '.join(KINDS)}")

    def fits(self, request: Request) -> bool:
        return self.times != 0 and re.search(self.match, request.line, re.IGNORECASE) is not None

    def apply(self, request: Request, truth: Callable[[], Response]) -> Mangled:
        """Make the failure; ``truth`` gives what would have been answered."""
        return KINDS[self.kind](self, request, truth)


@dataclass
class Faults:
    """The faults that are switched on, first match first."""

    active: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"active": self.active}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def take(self, request: Request) -> Fault | None:
        """The fault that strikes this request, counted down."""
        with self._lock:
            fault = next((fault for fault in self.active if fault.fits(request)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault


def exactly(line: str) -> str:
    """A ``match`` for one request, by the ``line`` of a logged request."""
    return f"^{re.escape(line)}$"


def _late_reset(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
    """The request is carried out, and its answer is lost."""
    truth()
    return Mangled(Mode.RESET)


def _status(status: int, retry_after: bool = False) -> Callable[..., Mangled]:
    def make(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
        response = _error(status, request)
        response.headers.pop("retry-after", None)
        if retry_after:
            response.headers["retry-after"] = str(fault.retry_after)
        return Mangled(Mode.ANSWER, response)

    return make


def _error(status: int, request: Request) -> Response:
    """An error of that status in the shape of the service that was asked."""
    if request.host == ARM:
        return _arm_error(status, request)
    if request.host == "graph.microsoft.com":
        code = {401: "InvalidAuthenticationToken", 403: "Authorization_RequestDenied", 404: "Request_ResourceNotFound"}
        error = recording("graph/error_403_authorization_requestdenied")["response"]["body"]
        error["error"]["code"] = code.get(status, "TooManyRequests" if status == 429 else "UnknownError")
        return answer(error, status)
    if request.host.endswith(".blob.core.windows.net"):
        return storage_error(status)
    if request.host.startswith("login."):
        return replay_with_status(recording("aad/error_7000215_wrong_secret"), status)
    code = {401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 429: "TOOMANYREQUESTS"}.get(status, "UNKNOWN")
    return answer({"errors": [{"code": code, "message": "an error that the test asked for"}]}, status)


def storage_error(status: int) -> Response:
    """What Azure Storage answers: XML behind a byte order mark, its message in the status line too."""
    code, message = {
        403: ("AuthorizationFailure", "This request is not authorized to perform this operation."),
        404: ("BlobNotFound", "The specified blob does not exist."),
        503: ("ServerBusy", "The server is busy."),
    }.get(status, ("InternalError", "Server encountered an internal error. Please try again after some time."))
    told = f"{message}\nRequestId:31d6913c-901e-0013-4fb9-ca617d000000\nTime:2026-11-22T12:00:00.6212166Z"
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{told}</Message></Error>'
    return Response(status, text.encode(), {"content-type": "application/xml", "x-ms-error-code": code}, reason=message)


def _arm_error(status: int, request: Request) -> Response:
    if status == 401:
        return replay(recording("arm-errors/401_expiredauthenticationtoken"))
    if status == 403:
        return replay(recording("arm-errors/403_authorizationfailed_get"))
    if status == 404:
        return replay(recording("arm-errors/404_resourcenotfound"))
    if status == 429:
        return replay(recording("arm-errors/429_subscriptionrequeststhrottled"))
    if status == 503:
        return replay(recording("arm-errors/503_html_body"))
    return answer({"error": {"code": "InternalServerError", "message": "The server has encountered an error."}}, status)


def replay_with_status(exchange: Any, status: int) -> Response:
    response = replay(exchange)
    response.status = status
    return response


def _on_the_wire(mode: Mode) -> Callable[..., Mangled]:
    def make(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
        return Mangled(mode, truth() if mode in (Mode.DRIP, Mode.CUT) else Response())

    return make


def _html(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
    return Mangled(Mode.ANSWER, Response(200, PROXY_PAGE, {"content-type": "text/html"}))


def _rewritten(change: Callable[[Any], Any]) -> Callable[..., Mangled]:
    """The true answer with its JSON changed; an answer that is no JSON stays."""

    def make(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
        response = truth()
        if isinstance(response.body, bytes) and response.body.lstrip()[:1] in (b"{", b"["):
            response.body = json.dumps(change(json.loads(response.body))).encode()
        return Mangled(Mode.ANSWER, response)

    return make


def _truncated(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
    """Half of the JSON, as a complete HTTP message."""
    response = truth()
    if isinstance(response.body, bytes):
        response.body = response.body[: max(1, len(response.body) // 2)]
    return Mangled(Mode.ANSWER, response)


# What holds the items of a list: of Resource Manager and Graph, and of Kubernetes.
_LISTS = ("value", "items")


def _mistype(body: Any) -> Any:
    """Members that are objects or lists become texts, one level below ``properties``, or lists as a whole."""
    if not isinstance(body, dict):
        return "text"
    for listed in _LISTS:
        if listed in body:
            return {**body, listed: "text"}
    if isinstance(body.get("properties"), dict):
        return {**body, "properties": {name: _wrong(value) for name, value in body["properties"].items()}}
    return {name: _wrong(value) for name, value in body.items()}


def _wrong(value: Any) -> Any:
    """A value of another JSON type."""
    return "text" if isinstance(value, (dict, list)) else ["list"]


def _without_properties(body: Any) -> Any:
    """Every object loses its ``properties``; items of lists too."""
    if isinstance(body, dict):
        return {name: _without_properties(value) for name, value in body.items() if name != "properties"}
    return [_without_properties(item) for item in body] if isinstance(body, list) else body


def _nulls(body: Any) -> Any:
    """Members of objects become null, one level below ``properties`` or in the items of a list."""
    if not isinstance(body, dict):
        return None
    for listed in _LISTS:
        if isinstance(body.get(listed), list):
            return {**body, listed: [_nulls(item) for item in body[listed]]}
    if isinstance(body.get("properties"), dict):
        return {**body, "properties": dict.fromkeys(body["properties"])}
    return dict.fromkeys(body)


def _telling(fault: Fault, request: Request, truth: Callable[[], Response]) -> Mangled:
    """A registry's refusal whose words hold :data:`TOLD`, as that of a proxy between may."""
    body = {"errors": [{"code": "DENIED", "message": f"operation is disallowed: {TOLD}"}]}
    return Mangled(Mode.ANSWER, Response(403, json.dumps(body).encode(), {"content-type": "application/json"}))


TOLD = (
    "GET https://weumanaged193.blob.core.windows.net/0f/data?se=2026&sig=ToldCanary%2B1: Authorization: Bearer "
    "eyJhbGciOiJSUzI1NiJ9.eyJ0b2xkIjoiQ2FuYXJ5In0.ToldCanary-2 https://user:ToldCanary3@proxy.contoso.com/"
)
"""What nobody should see again: ``ToldCanary`` as a signature, at the end of a token, and as a password."""

KINDS: dict[str, Callable[..., Mangled]] = {
    "401": _status(401),
    "403": _status(403),
    "404": _status(404),
    "429": _status(429),
    "429-retry-after": _status(429, retry_after=True),
    "500": _status(500),
    "503": _status(503),
    "client-ip": lambda fault, request, truth: Mangled(
        Mode.ANSWER, replay(recording("acr-dataplane/docs_403_denied_client_ip"), **{"<ip-address>": "203.0.113.40"})
    ),
    "flat-404": lambda fault, request, truth: Mangled(
        Mode.ANSWER, replay(recording("aks/managedcluster_404_flat_error_from_rp"))
    ),
    "telling": _telling,
    "reset": _on_the_wire(Mode.RESET),
    "late-reset": _late_reset,
    "timeout": _on_the_wire(Mode.SILENT),
    "drip": _on_the_wire(Mode.DRIP),
    "cut": _on_the_wire(Mode.CUT),
    "html": _html,
    "truncated": _truncated,
    "mistyped": _rewritten(_mistype),
    "list": _rewritten(lambda body: [body]),
    "text": _rewritten(lambda body: "text"),
    "no-properties": _rewritten(_without_properties),
    "nulls": _rewritten(_nulls),
}
