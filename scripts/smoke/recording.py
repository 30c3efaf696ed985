"""Note the answers that a run gets, where they come in: in the transport of az's own SDKs and in the API server's.

Nothing of this is in the extension: the functions of this process are replaced while it lasts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from azext_acrpulldiag.collect.ask.kubernetes import KubernetesHttp


@dataclass(frozen=True)
class Answer:
    """One answer; ``body`` is ``None`` where it is no JSON."""

    host: str
    method: str
    path: str
    version: str
    status: int
    body: Any = field(repr=False)


@contextmanager
def noted(hosts: tuple[str, ...]) -> Iterator[list[Answer]]:
    """Every answer of these hosts, and of the cluster's API server; of no other, since those answer with tokens."""
    import requests

    answers: list[Answer] = []
    lock = threading.Lock()
    send, ask = requests.Session.send, KubernetesHttp.send

    def note(method: str, url: str, status: int, payload: bytes, host: str = "") -> None:
        parts = urlsplit(url)
        version = parse_qs(parts.query).get("api-version", [""])[0]
        with lock:
            answers.append(Answer(host or parts.netloc.lower(), method, parts.path, version, status, _json(payload)))

    def noting_send(session: Any, request: Any, **options: Any) -> Any:
        response = send(session, request, **options)
        if urlsplit(request.url).netloc.lower() in hosts:
            # The whole body now; whoever reads it in pieces gets it from here.
            note(request.method, request.url, response.status_code, response.content)
        return response

    def noting_ask(api: Any, method: str, path: str, *more: Any, **options: Any) -> tuple[int, bytes]:
        status, payload = ask(api, method, path, *more, **options)
        note(method, path, status, payload, KUBERNETES)
        return status, payload

    with patch.object(requests.Session, "send", noting_send), patch.object(KubernetesHttp, "send", noting_ask):
        yield answers


KUBERNETES = "kubernetes"
"""The host of answers of an API server, whose name is the user's."""


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return None
