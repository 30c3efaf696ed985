"""Read Azure Resource Manager as JSON, with api-versions pinned by us.

An answer is JSON, a definite absence (``None``, for a 404 of the resource itself) or a
:class:`ReadError` that carries an :class:`~azext_acrpulldiag.facts.Unreadable`. Bodies are
streamed under the deadline, so that a server that drips cannot hold a run, and so that they
are never in a ``--debug`` log.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from ...arm_ids import subscription_of
from ...facts import Unreadable
from ...masking import masked
from .deadline import begin_after, chain_length
from .errors import (
    ReadError,
    VersionRefusedError,
    explain_exception,
    operation_of,
    refusal,
    translated_errors,
)
from .session import Session
from .workers import Workers

__all__ = [
    "ArmReader",
    "Json",
    "Page",
    "ReadError",
    "VersionRefusedError",
    "by_key",
    "explain_exception",
    "in_parallel",
    "operation_of",
    "refusal",
    "translated_errors",
]

Json = dict[str, Any]
K = TypeVar("K")
T = TypeVar("T")

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_PAGES = 200

# Error codes of an api-version that is not known for a type, with status 400 or 404 (recorded in arm-errors;
# https://github.com/Azure/azure-cli/issues/28038).
_VERSION_REFUSED = {"noregisteredproviderfound", "invalidapiversionparameter", "invalidresourcetype"}
# Error codes of a 404 that does not mean "this resource does not exist".
# Recorded in azure-responses/arm-errors: an unknown subscription and an unknown api-version.
_NOT_AN_ABSENCE = {*_VERSION_REFUSED, "subscriptionnotfound", "invalidresourcenamespace", "tenantnotfound"}

_OF_ONE_CLUSTER = ("/providers/microsoft.containerservice/", "/providers/microsoft.compute/")
_LISTING_POSTS = ("/providers/microsoft.resourcegraph/", "/providers/microsoft.network/")


@dataclass(frozen=True)
class Page:
    """A page of a list, and where the next one is; ``None``: it is the last."""

    items: list[Json]
    following: str | None


class BrokenAnswerError(ReadError):
    """A body that broke off on its way; asking again may well help."""


class ArmReader:
    """Reads resources under the login of ``session``; safe to use from many threads."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._clients: dict[int, Any] = {}
        self._lock = threading.Lock()

    def get(self, path: str, api_version: str, **query: str) -> Json | None:
        """GET one resource. ``None``: Azure says that it does not exist.

        ``path`` is a resource id (or an id and an action below it). Raises :class:`ReadError`.
        """
        return self._send("GET", _url(self.session.arm_endpoint, path, api_version, query), path)

    def query(self, path: str, api_version: str) -> list[Json] | None:
        """POST an action that lists, all its pages. ``None``: the resource does not exist.

        The body names the next page by the ``skipToken`` of the one before; an empty one is the last (recorded).
        """
        items: list[Json] = []
        tokens: list[str] = []
        while len(tokens) < MAX_PAGES:
            page = self.post(path, api_version, {"skipToken": tokens[-1]} if tokens else {})
            if page is None:
                return None
            items.extend(_items(page, path, "POST"))
            following = page.get("skipToken")
            if not following:
                return items
            if not isinstance(following, str) or following in tokens:
                break
            tokens.append(following)
        why = f"{path} does not end, or does not tell its next page"
        raise ReadError(Unreadable("malformed", why, operation_of(path, "POST")))

    def list(self, path: str, api_version: str, **query: str) -> list[Json] | None:
        """GET a collection, all its pages. ``None``: its parent does not exist.

        Follows ``nextLink`` as it stands, on Resource Manager's own host only.
        """
        items: list[Json] = []
        following: str | None = None
        for _ in range(MAX_PAGES):
            page = self.page(path, api_version, following, **query)
            if page is None:
                return None
            items.extend(page.items)
            following = page.following
            if following is None:
                return items
        raise ReadError(Unreadable("malformed", f"{path} has more than {MAX_PAGES} pages", operation_of(path)))

    def page(self, path: str, api_version: str, following: str | None = None, **query: str) -> Page | None:
        """GET one page of a collection: the first, or the one that an earlier page named as ``following``.

        ``None``: its parent does not exist.
        """
        url = following or _url(self.session.arm_endpoint, path, api_version, query)
        page = self._send("GET", url, path)
        if page is None:
            return None
        after = page.get("nextLink") or None
        if after is not None and (not isinstance(after, str) or _origin(after) != _origin(self.session.arm_endpoint)):
            why = f"The next page of {path} points to another host"
            raise ReadError(Unreadable("malformed", why, operation_of(path)))
        return Page(_items(page, path), after)

    def post(
        self, path: str, api_version: str, body: Json | None = None, subscription: str | None = None
    ) -> Json | None:
        """POST an action that only reads (Resource Graph, listClusterUserCredential, ...).

        ``subscription`` picks the login where the path names none.
        """
        url = _url(self.session.arm_endpoint, path, api_version, {})
        return self._send("POST", url, path, body or {}, subscription)

    def _send(
        self, method: str, url: str, path: str, body: Json | None = None, subscription: str | None = None
    ) -> Json | None:
        def ask() -> Json | None:
            return answered(self.session, path, lambda: self._exchange(method, url, path, body, subscription))

        if not may_be_common(method, path):
            return ask()
        return self.session.once((method, url, json.dumps(body)), ask)

    def _exchange(self, method: str, url: str, path: str, body: Json | None, subscription: str | None) -> Json | None:
        from azure.core.rest import HttpRequest

        with translated_errors(path, method=method):
            request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
            status, _, payload = self.send(request, path, subscription)
            return interpret(status, payload, path, method)

    def send(
        self, request: Any, path: str, subscription: str | None = None, **options: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request of azure-core's; any status is an answer, with its headers and its body.

        ``options`` are azure-core's for this request alone. Raises what azure-core raises.
        """
        response = self._client(subscription_of(path) or subscription).send_request(request, stream=True, **options)
        return response.status_code, response.headers, read_body(response, self.session, path, MAX_BODY_BYTES)

    def _client(self, subscription: str | None) -> Any:
        """One pipeline a login: the authentication policy keeps its token."""
        from azure.cli.core.auth.util import resource_to_scopes
        from azure.mgmt.core import ARMPipelineClient
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

        credential, _ = self.session.credential(subscription) if subscription else self._default_credential()
        with self._lock:
            if id(credential) not in self._clients:
                scopes = resource_to_scopes(self.session.cli_ctx.cloud.endpoints.active_directory_resource_id)
                settings = self.session.policies()
                self._clients[id(credential)] = ARMPipelineClient(
                    base_url=self.session.arm_endpoint,
                    policies=pipeline(settings, ARMChallengeAuthenticationPolicy(credential, *scopes)),
                    transport=settings["transport"],
                )
            return self._clients[id(credential)]

    def _default_credential(self) -> tuple[Any, str]:
        from azure.cli.core.commands.client_factory import get_subscription_id

        return self.session.credential(get_subscription_id(self.session.cli_ctx))


def pipeline(settings: Mapping[str, Any], authentication: Any) -> list[Any]:
    """The policies in their order; the CLI's hook for policy tokens is for writes and left out."""
    from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy

    return [
        RequestIdPolicy(),
        HeadersPolicy(base_headers=settings["headers"]),
        settings["user_agent_policy"],
        settings["retry_policy"],
        authentication,
        *settings["per_retry_policies"],
        settings["logging_policy"],
    ]


def in_parallel(calls: Sequence[Callable[[], T]], width: int = 16, within: float | None = None) -> list[T | Unreadable]:
    """Run independent reads at once; each answers its value or why there is none.

    The chain of requests of the caller grows by the longest of them. One that has not answered
    ``within`` so many seconds is given up; it ends by itself with the run.
    """
    if not calls:
        return []
    base = chain_length()

    def measured(call: Callable[[], T]) -> tuple[T | Unreadable, int]:
        begin_after(base)
        try:
            return call(), chain_length()
        except ReadError as error:
            return error.why, chain_length()

    pool = Workers(min(width, len(calls)))
    futures = [pool.submit(partial(copy_context().run, measured, call)) for call in calls]
    pool.close()
    end = None if within is None else time.monotonic() + within
    results = [_outcome(future, end) or (_GIVEN_UP, base) for future in futures]
    begin_after(*(length for _, length in results))
    return [value for value, _ in results]


def by_key(calls: Mapping[K, Callable[[], T]]) -> dict[K, T | Unreadable]:
    """Run independent reads at once, as :func:`in_parallel` does; each answer stands under its key."""
    return dict(zip(calls, in_parallel(list(calls.values())), strict=True))


_GIVEN_UP = Unreadable("timeout", "It took longer than its share of --timeout")


def _outcome(future: Future[T], end: float | None) -> T | None:
    """The result; ``None``: it was not there by ``end``, on the monotonic clock."""
    try:
        return future.result(None if end is None else max(0.0, end - time.monotonic()))
    except NotYet:
        return None


def answered(session: Session, path: str, exchange: Callable[[], T]) -> T:
    """Run ``exchange``, once more where its answer broke off, and name what the deadline ended."""
    try:
        try:
            return exchange()
        except BrokenAnswerError:
            if not session.retries:
                raise
            return exchange()
    except ReadError as error:
        # The sockets are shut down at the deadline, so a late answer looks cut off or never sent.
        if session.deadline.remaining() <= 0 and error.why.reason in ("unreachable", "malformed"):
            late = f"The run timed out before {path} was read"
            raise ReadError(replace(error.why, reason="timeout", detail=late)) from error
        raise


def read_body(response: Any, session: Session, path: str, limit: int) -> bytes:
    """Read a streamed body under the deadline and a size limit in bytes.

    Raises :class:`BrokenAnswerError` where it breaks off.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_bytes():
            size += len(chunk)
            chunks.append(chunk)
            if size > limit:
                raise ReadError(Unreadable("malformed", f"The answer for {path} is too large", operation_of(path)))
            if session.deadline.remaining() <= 0:
                raise ReadError(Unreadable("timeout", f"The answer for {path} came too slowly", operation_of(path)))
    except ReadError:
        raise
    except Exception as error:
        why = explain_exception(error, path)
        if why is None:
            raise
        raise BrokenAnswerError(why) from error
    finally:
        response.close()
    return b"".join(chunks)


def interpret(status: int, payload: bytes, path: str, method: str = "GET") -> Json | None:
    """Turn status and body into JSON, an absence or a :class:`ReadError`."""
    if status < 300:
        body = _parsed(payload)
        if not isinstance(body, dict):
            why = f"The answer for {path} is not a JSON object"
            raise ReadError(Unreadable("malformed", why, operation_of(path, method)))
        return body
    code = error_code(payload)
    if status == 404 and code is not None and code.lower() not in _NOT_AN_ABSENCE:
        return None
    refused = refusal(status, code, path, method=method)
    if status in (400, 404) and code is not None and code.lower() in _VERSION_REFUSED:
        raise VersionRefusedError(refused, _error_text(payload, "message") or "")
    raise ReadError(refused)


def _parsed(payload: bytes) -> Any:
    """The JSON value in ``payload``, or ``None`` (which is no answer of Azure's either)."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def error_code(payload: bytes) -> str | None:
    """The error code of ARM's wrapped form or of a provider's flat one (AKS), if it is JSON."""
    return _error_text(payload, "code")


def error_message(payload: bytes) -> str | None:
    """The message of such an error, secrets masked."""
    return _error_text(payload, "message")


def _error_text(payload: bytes, name: str) -> str | None:
    """A text member of an error in either form; ``None``: it has none, or is no JSON."""
    body = _parsed(payload)
    error = body.get("error", body) if isinstance(body, dict) else None
    text = error.get(name) if isinstance(error, dict) else None
    return masked(text) if isinstance(text, str) and text else None


def _items(page: Json, path: str, method: str = "GET") -> list[Json]:
    value = page.get("value")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        why = f"The answer for {path} is not a list of objects"
        raise ReadError(Unreadable("malformed", why, operation_of(path, method)))
    return value


def may_be_common(method: str, path: str) -> bool:
    """Whether several clusters may ask for the same, and nobody minds that the answer is kept: no secret is in it."""
    below = path.lower()
    if method == "GET":
        return not any(provider in below for provider in _OF_ONE_CLUSTER)
    return any(provider in below for provider in _LISTING_POSTS)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _url(endpoint: str, path: str, api_version: str, query: Mapping[str, str]) -> str:
    return f"{endpoint}{path}?{urlencode({'api-version': api_version, **query})}"
