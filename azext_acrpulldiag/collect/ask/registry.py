"""Requests to a registry's login server, and to the storage it redirects to.

These requests carry tokens in headers and bodies, so they pass no logging policy.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ...facts import Unreadable
from .arm import ReadError, answered, read_body, translated_errors
from .session import Session

# containerd takes no larger manifest either; a configuration is some kilobytes.
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """Status, headers by their lower-case names, and the whole body."""

    status: int
    headers: dict[str, str]
    payload: bytes


class RegistryHttp:
    """One pipeline for one login server, under the run's limits."""

    def __init__(self, session: Session, login_server: str) -> None:
        from azure.core import PipelineClient

        self.session = session
        self.login_server = login_server
        settings = session.policies()
        self._client = PipelineClient(
            f"https://{login_server}",
            policies=[settings["user_agent_policy"], settings["retry_policy"], *settings["per_retry_policies"]],
            transport=settings["transport"],
        )

    def ask(self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None) -> Answer:
        """Send one request to the login server; any status is an answer. Raises :class:`~.errors.ReadError`."""
        return self._exchange(method, f"https://{self.login_server}{path}", headers, form)

    def follow(self, location: str, path: str) -> Answer:
        """GET what the answer for ``path`` redirects to, with no token of ours. Raises like :meth:`ask`."""
        target = urlsplit(location)
        if target.scheme != "https" or not target.hostname:
            raise malformed(self.login_server, path)
        store = f"{target.hostname}, from which layers of {self.login_server} are downloaded,"
        logging.getLogger("urllib3.connectionpool").addFilter(_SIGNATURES)
        try:
            answer = self._exchange("GET", location, {}, None)
        except ReadError as error:
            if error.why.reason != "unreachable":
                raise
            # The text of the error would tell the address with its signature.
            raise ReadError(Unreadable("unreachable", f"{store} does not answer this machine")) from None
        if answer.status != 200:
            reason = "server-error" if answer.status >= 500 else "unsupported"
            raise ReadError(Unreadable(reason, f"{store} answers HTTP {answer.status} to this machine"))
        return answer

    def _exchange(self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None) -> Answer:
        from azure.core.rest import HttpRequest

        named = plain(url).removeprefix("https://")

        def exchange() -> Answer:
            with translated_errors(named, method=method):
                request = HttpRequest(method, url, headers=headers, data=form)
                response = self._client.send_request(request, stream=True)
                payload = read_body(response, self.session, named, MAX_DOCUMENT_BYTES)
                return Answer(response.status_code, _lower(response.headers), payload)

        return answered(self.session, named, exchange)


class _SignatureFilter(logging.Filter):
    """Keep signatures, and all else of a query, out of ``--debug`` logs: urllib3 logs every address with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                plain(each) if isinstance(each, str) and each.startswith("/") else each for each in record.args
            )
        return True


_SIGNATURES = _SignatureFilter()


def malformed(login_server: str, path: str) -> ReadError:
    """Say that an answer is none of a registry."""
    what = f"The answer of {login_server} for {plain(path)} could not be read"
    return ReadError(Unreadable("malformed", what, f"{login_server}{plain(path)}"))


def plain(address: str) -> str:
    """An address without its query, which may hold a signature."""
    return address.partition("?")[0]


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}
