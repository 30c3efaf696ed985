"""Actions of Resource Manager that take their time: begun with a POST, and asked about until they are done."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from ...facts import Unreadable
from .arm import ArmReader, Json, answered, error_code, error_message, interpret
from .errors import ReadError, VersionRefusedError, operation_of, refusal, translated_errors

_LONGEST_MESSAGE = 300


def begin(reader: ArmReader, path: str, api_version: str, body: Json) -> str:
    """POST the action at ``path``; return the URL at which to ask for its result.

    It is sent once, whatever comes of it, since it may have begun; and its body, which may hold a token, is in no
    log. Raises :class:`ReadError`.
    """
    from azure.core.rest import HttpRequest

    endpoint = reader.session.arm_endpoint
    url = f"{endpoint}{path}?{urlencode({'api-version': api_version})}"
    with translated_errors(path, method="POST"):
        request = HttpRequest("POST", url, json=body)
        status, headers, payload = reader.send(request, path, retry_total=0, logging_enable=False)
    if status != 202:
        raise ReadError(_why(status, payload, path, "POST"))
    location = headers.get("location") or ""
    if urlsplit(location.lower())[:2] != urlsplit(endpoint.lower())[:2]:
        why = f"The answer for {path} does not say where its result will be"
        raise ReadError(Unreadable("malformed", why, operation_of(path, "POST")))
    return location


def result(reader: ArmReader, url: str, path: str) -> Json | None:
    """GET what came of it; ``None``: it is not done yet. ``path`` is the result's id. Raises :class:`ReadError`."""
    return answered(reader.session, path, lambda: _result(reader, url, path))


def _result(reader: ArmReader, url: str, path: str) -> Json | None:
    from azure.core.rest import HttpRequest

    with translated_errors(path):
        status, _, payload = reader.send(HttpRequest("GET", url), path)
        if status == 202:
            return None
        if status != 200:
            raise ReadError(_why(status, payload, path, "GET"))
        return interpret(status, payload, path)


def _why(status: int, payload: bytes, path: str, method: str) -> Unreadable:
    """What a status says, with the message that comes with it unless it is one of rights: that names the login.

    Raises :class:`VersionRefusedError`.
    """
    if status < 400:
        return Unreadable("malformed", f"HTTP {status} is no answer for {path}", operation_of(path, method))
    why = refusal(status, error_code(payload), path, method=method)
    try:
        interpret(status, payload, path, method)
    except VersionRefusedError:
        raise
    except ReadError as error:
        why = error.why
    message = error_message(payload)
    if message is None or status in (401, 403):
        return why
    return replace(why, detail=f"{why.detail}: {message.splitlines()[0][:_LONGEST_MESSAGE]}")
