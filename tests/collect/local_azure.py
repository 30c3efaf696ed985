"""A local TLS server that plays Resource Manager badly, and a CLI context that trusts it."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]
SUBSCRIPTION = "5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10"
OTHER_SUBSCRIPTION = "77777777-7a3e-4a53-8d0e-2f3e1c9b7a10"
TENANT = "0f3c9a52-64b1-4d0c-9a55-8f6a2e1b3c47"


class LocalAzure:
    """Answers each path with the answers queued for it, the last one again and again."""

    def __init__(self, authority: Any) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with outer._lock:
                    outer.requests.append((self.command, self.path, dict(self.headers), body))
                    queued = outer.answers[self.path.split("?")[0]]
                    answer = queued.pop(0) if len(queued) > 1 else queued[0]
                answer(self)

            do_GET = do_POST = handle_any  # noqa: N815 - http.server looks for these names

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # clients of these tests hang up

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    """An ordinary answer; ``body`` is bytes or something for JSON. Underscores in header names are dashes."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    return reply


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection with a reset, before any byte."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(handler.connection)
    handler.close_connection = True


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    """Promise a long body and hang up within it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"value": [')
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def silent(azure: LocalAzure) -> Answer:
    """Never answer."""

    def hold(handler: BaseHTTPRequestHandler) -> None:
        azure.closing.wait(120)
        handler.close_connection = True

    return hold


def dripping(azure: LocalAzure, headers_too: bool = False) -> Answer:
    """Send one byte at a time, faster than any time-out between bytes."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\n" + (b"X-Padding: " if headers_too else b"Content-Length: 100000\r\n\r\n{")
        handler.wfile.write(head)
        while not azure.closing.is_set():
            handler.wfile.write(b"a" if headers_too else b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    return drip


class ConnectProxy:
    """A forward proxy that knows CONNECT only."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        target = head.split()[1].decode()
        self.asked.append(target)
        host, _, port = target.partition(":")
        upstream = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=_pump, args=(upstream, client), daemon=True).start()
        _pump(client, upstream)

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side hung up


class Login:
    """Stands for ``azure.cli.core._profile.Profile``: one user, two subscriptions."""

    def __init__(self, cli_ctx: Any = None) -> None:
        self.credentials: list[Any] = []

    def load_cached_subscriptions(self) -> list[dict[str, Any]]:
        return [self.get_subscription(SUBSCRIPTION), self.get_subscription(OTHER_SUBSCRIPTION)]

    def get_subscription_id(self) -> str:
        return SUBSCRIPTION

    def get_subscription(self, subscription: str | None = None) -> dict[str, Any]:
        from knack.util import CLIError

        if subscription not in (SUBSCRIPTION, OTHER_SUBSCRIPTION, None):
            raise CLIError(f"Subscription '{subscription}' not found. Check the spelling and casing and try again.")
        user = {"name": "someone@example.com", "type": "user"}
        return {"id": subscription or SUBSCRIPTION, "tenantId": TENANT, "user": user, "state": "Enabled"}

    def get_login_credentials(self, subscription_id: str) -> tuple[Any, str, str]:
        return Login.credential, subscription_id, TENANT

    credential: Any = None


class Credential:
    """Hands out one token; ``work`` runs first, for delays and errors."""

    def __init__(self, work: Callable[[], None] = lambda: None, token: str = "the-secret-token") -> None:
        self.work, self.token, self.calls = work, token, 0

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        self.calls += 1
        self.work()
        return SimpleNamespace(token=self.token, expires_on=int(time.time()) + 3600)
