"""A forward proxy on loopback that takes TLS off and answers for every host itself.

Nothing is ever connected to: a host that the simulated cloud does not know is refused and noted.
"""

from __future__ import annotations

import itertools
import select
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.utils import formatdate

import h11

from .certificates import authority
from .faults import Mangled, Mode
from .messages import Request, Response, answer
from .routing import knows, route
from .state import Cloud

IDLE_SECONDS = 120.0
GONE = (ConnectionError, ssl.SSLError, TimeoutError, h11.RemoteProtocolError, h11.LocalProtocolError, OSError)


class Server:
    """Serves one :class:`Cloud` at a time; ``cloud`` may be exchanged while it runs."""

    def __init__(self, cloud: Cloud | None = None) -> None:
        self.cloud = cloud or Cloud()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._stopping = threading.Event()
        self._numbers = itertools.count(1)
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="simulated-azure", daemon=True)

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def proxy(self) -> str:
        """What ``HTTPS_PROXY`` must be."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the authority that signs the hosts' certificates."""
        return authority().pem

    def start(self) -> Server:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop accepting and cut all connections."""
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            with closing(connection), suppress(*GONE):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(IDLE_SECONDS)
                host, port = self._tunnel(connection)
                if host:
                    with authority().context(host).wrap_socket(connection, server_side=True) as secure:
                        _Conversation(self, secure, host, port, next(self._numbers)).run()
        finally:
            self._open.discard(connection)

    def _tunnel(self, connection: socket.socket) -> tuple[str, int]:
        """Read the CONNECT line and answer it; the host is empty if it was refused."""
        http = h11.Connection(h11.SERVER)
        request = _next_event(http, connection)
        if not isinstance(request, h11.Request):
            return "", 0
        target = request.target.decode()
        host, _, port = target.rpartition(":")
        if request.method != b"CONNECT" or not knows(self.cloud, host.lower(), int(port)):
            self.cloud.log.refuse(target)
            refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            connection.sendall(refusal)
            return "", 0
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return host.lower(), int(port)


class _Conversation:
    """The requests of one TLS connection, one after the other."""

    def __init__(self, server: Server, secure: ssl.SSLSocket, host: str, port: int, number: int) -> None:
        self.server, self.secure, self.host, self.port, self.number = server, secure, host, port, number

    def run(self) -> None:
        http = h11.Connection(h11.SERVER)
        while not self.server._stopping.is_set():
            request = self._read(http)
            if request is None or not self._answer(http, request):
                return
            if http.our_state is h11.MUST_CLOSE:
                return
            http.start_next_cycle()

    def _read(self, http: h11.Connection) -> Request | None:
        head = _next_event(http, self.secure)
        if not isinstance(head, h11.Request):
            return None
        chunks = []
        if http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self.secure.sendall(http.send(go_on))
        while isinstance(event := _next_event(http, self.secure), h11.Data):
            chunks.append(bytes(event.data))
            if http.their_state is h11.MIGHT_SWITCH_PROTOCOL:
                break
        if isinstance(event, h11.ConnectionClosed):
            return None
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in head.headers}
        return Request(head.method.decode(), self.host, head.target.decode(), headers, b"".join(chunks))

    def _answer(self, http: h11.Connection, request: Request) -> bool:
        """Answer one request; false when the connection is of no more use."""
        cloud = self.server.cloud
        entry = cloud.log.begin(request, self.number)
        try:
            if cloud.latency:
                time.sleep(cloud.latency)
            fault = cloud.faults.take(request)
            if fault is None:
                response = self._route(request)
                entry.status = response.status
                entry.answer = response.body if isinstance(response.body, bytes) else None
                # Before the client has it: its next request may come while this thread is not yet told to go on.
                entry.ended = time.monotonic()
                return self._send(http, request, response)
            mangled = fault.apply(request, lambda: self._route(request))
            entry.status = mangled.response.status
            return self._misbehave(http, request, mangled)
        finally:
            entry.ended = entry.ended or time.monotonic()

    def _route(self, request: Request) -> Response:
        try:
            return route(self.server.cloud, request)
        except Exception:
            self.server.cloud.log.errors.append(f"{request.line}\n{traceback.format_exc()}")
            return answer({"error": {"code": "SimulationError", "message": request.line}}, 500)

    def _send(self, http: h11.Connection, request: Request, response: Response) -> bool:
        if response.hijack is not None:
            response.hijack(self.secure, http.trailing_data[0])
            return False
        headers = {"date": formatdate(usegmt=True), **response.headers}
        has_no_body = request.method == "HEAD" or response.status in (204, 304)
        if isinstance(response.body, bytes):
            headers.setdefault("content-length", str(len(response.body)))
            data = http.send(_status_line(response, headers))
            if response.body and not has_no_body:
                data += http.send(h11.Data(data=response.body))
            self.secure.sendall(data + http.send(h11.EndOfMessage()))
            return True
        headers.setdefault("transfer-encoding", "chunked")
        self.secure.sendall(http.send(_status_line(response, headers)))
        for chunk in response.body:
            self.secure.sendall(http.send(h11.Data(data=chunk)))
        self.secure.sendall(http.send(h11.EndOfMessage()))
        return True

    def _misbehave(self, http: h11.Connection, request: Request, mangled: Mangled) -> bool:
        if mangled.mode is Mode.ANSWER:
            return self._send(http, request, mangled.response)
        if mangled.mode is Mode.SILENT:
            self._wait_until_gone()
        if mangled.mode is Mode.DRIP:
            self._drip(mangled.response)
        if mangled.mode is Mode.CUT:
            self._send_half(mangled.response)
        if mangled.mode is Mode.RESET:
            # Closing with nothing to linger for makes the kernel send RST instead of FIN.
            self.secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        return False

    def _wait_until_gone(self, seconds: float = 600.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server._stopping.is_set():
            readable, _, _ = select.select([self.secure], [], [], 0.2)
            if readable and not self.secure.recv(65536):
                return

    def _drip(self, response: Response) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        self.secure.sendall(_head(response, len(body)))
        for position in range(len(body)):
            if self.server._stopping.wait(0.25):
                return
            self.secure.sendall(body[position : position + 1])

    def _send_half(self, response: Response) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        self.secure.sendall(_head(response, len(body)) + body[: len(body) // 2])


def _status_line(response: Response, headers: dict[str, str]) -> h11.Response:
    return h11.Response(status_code=response.status, headers=list(headers.items()), reason=response.phrase.encode())


def _head(response: Response, length: int) -> bytes:
    lines = [f"HTTP/1.1 {response.status} -", f"content-length: {length}", *map(": ".join, response.headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _next_event(http: h11.Connection, connection: socket.socket) -> object:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(connection.recv(65536))
    return event


@contextmanager
def serving(cloud: Cloud) -> Iterator[Server]:
    """Serve ``cloud`` from a thread of this process."""
    server = Server(cloud).start()
    try:
        yield server
    finally:
        server.stop()
