"""A small server on loopback, and a session whose real pipeline sends everything to it."""

from __future__ import annotations

import atexit
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter, begin_after
from azext_acrpulldiag.collect.ask.session import Session
from tests.build import TENANT
from tests.contracts.held import undefined_members


class Here:
    """Answers by path; ``answers`` maps a path, in lower case, to (status, body) or to a fault.

    A body of ``bytes`` is sent as it is, ``"reset"`` closes the connection, ``"drip"`` never
    ends. Every request is kept as (path, query, headers).
    """

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {path.lower(): answer for path, answer in answers.items()}
        self.requests: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.delay = 0.0
        self.undefined: list[str] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        here = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                with here.lock:
                    here.requests.append((unquote(split.path), parse_qs(split.query), dict(self.headers)))
                    here.at_once += 1
                    here.most_at_once = max(here.most_at_once, here.at_once)
                time.sleep(here.delay)
                with here.lock:
                    here.at_once -= 1
                path = unquote(split.path).lower()
                here.hold(path, parse_qs(split.query))
                here.answer(self, path)

        return Handler

    def hold(self, path: str, query: dict[str, list[str]]) -> None:
        """Note members of an answer to Resource Manager that its definition does not know."""
        match self.answers.get(path):
            case (200, dict() as body):
                self.undefined += undefined_members("GET", path, query.get("api-version", [""])[0], body)

    def answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        answer = self.answers.get(path, (404, {"error": {"code": "ResourceNotFound", "message": path}}))
        if answer == "reset":
            handler.close_connection = True
            return
        if answer == "drip":
            self.drip(handler)
            return
        status, body = answer
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    @staticmethod
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            for _ in range(400):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True


class LocalSession(Session):
    """The session of a run, with a login of its own and every host on loopback."""

    def __init__(self, port: int, seconds: float, authority: str) -> None:
        from azure.cli.core.mock import DummyCli

        super().__init__(DummyCli(), Deadline(seconds), Meter())
        self._port = port
        self._authority = authority

    def credential(self, subscription: str) -> tuple[Any, str]:
        return _Credential(), TENANT

    def _cli_settings(self) -> dict[str, Any]:
        return {**super()._cli_settings(), "connection_verify": self._authority}

    def transport(self) -> Any:
        transport = super().transport()
        adapter = transport.session.get_adapter("https://")
        if "send" not in vars(adapter):
            adapter.send = _to_loopback(adapter.send, self._port)
        return transport


class _Credential:
    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(f"token for {scopes[0]}", int(time.time()) + 3600)


def _to_loopback(send: Callable[..., Any], port: int) -> Callable[..., Any]:
    def redirected(request: Any, *args: Any, **kwargs: Any) -> Any:
        split = urlsplit(request.url)
        request.headers["X-Meant-For"] = split.netloc
        request.url = f"https://127.0.0.1:{port}{split.path}?{split.query}"
        kwargs["proxies"] = {}
        return send(request, *args, **kwargs)

    return redirected


@lru_cache
def _certificate() -> str:
    """A file with a key and a certificate for loopback that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with NamedTemporaryFile(suffix=".pem", delete=False) as file:
        file.write(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


@contextmanager
def azure_here(answers: dict[str, Any], seconds: float = 20.0) -> Iterator[tuple[Here, LocalSession]]:
    """Serve ``answers`` for the time of a test."""
    here = Here(answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), here.handler())
    server.daemon_threads = True
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(_certificate())
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    begin_after(0)  # the chain of a test that ran before in this thread is none of this one's
    session = LocalSession(server.server_address[1], seconds, _certificate())
    try:
        yield here, session
        assert not here.undefined
    finally:
        session.close()
        server.shutdown()
        server.server_close()
