"""Nodes that pull: containerd behind the simulated cloud's proxy, and on networks that are broken in one way each."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from .certificates import authority
from .containerd import INSTALLED, Containerd, containerd
from .name_server import SERVER_FAILURE, SILENCE, name_server
from .server import Server

# Addresses of this process alone, so that tests may run side by side.
_NETWORK = f"127.{64 + os.getpid() // 250 % 128}.{os.getpid() % 250 + 1}"
_NAME_SERVER, _NO_NAME_SERVER, _CLOSED = f"{_NETWORK}.53", f"{_NETWORK}.54", f"{_NETWORK}.55"
_IMPATIENT = ("options timeout:1 attempts:1",)

Door = Callable[[socket.socket], object]


def _hangs_up(connection: socket.socket) -> None:
    connection.recv(4096)


def _resets(connection: socket.socket) -> None:
    connection.recv(16)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def _speaks_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


def _shows(context: Callable[[], ssl.SSLContext]) -> Door:
    return lambda connection: context().wrap_socket(connection, server_side=True).close()


# What listens on port 443 of hosts that no proxy stands before.
_DOORS: dict[str, Door] = {
    "hangs-up.azurecr.io": _hangs_up,
    "resets.azurecr.io": _resets,
    "speaks-http.azurecr.io": _speaks_http,
    "other-name.azurecr.io": _shows(lambda: authority().context("contosoreg.privatelink.azurecr.io")),
    "expired.azurecr.io": _shows(lambda: authority().expired("expired.azurecr.io")),
}


class Nodes:
    """Nodes by name; each starts when it is first asked for."""

    def __init__(self, server: Server, stack: ExitStack, runtime: str) -> None:
        self._server, self._stack, self._runtime = server, stack, runtime
        self._running: dict[str, Containerd] = {}

    def __getitem__(self, name: str) -> Containerd:
        if name not in self._running:
            self._running[name] = getattr(self, f"_{name}")()
        return self._running[name]

    def _proxied(self) -> Containerd:
        return self._start(self._server.ca_pem, self._server.proxy)

    def _distrusting(self) -> Containerd:
        return self._start(None, self._server.proxy)

    def _without_name_server(self) -> Containerd:
        return self._start(None, None, _NO_NAME_SERVER, _IMPATIENT)

    def _without_proxy(self) -> Containerd:
        return self._start(None, f"http://{_CLOSED}:3128")

    def _start(self, *network: Any) -> Containerd:
        return self._stack.enter_context(containerd(*network, runtime=self._runtime))

    def _direct(self) -> Containerd:
        names: dict[str, int | str | None] = {
            "refuses-connections.azurecr.io": _CLOSED,
            "resolver-fails.azurecr.io": SERVER_FAILURE,
            "resolver-silent.azurecr.io": SILENCE,
        }
        for number, (host, door) in enumerate(_DOORS.items(), 100):
            names[host] = f"{_NETWORK}.{number}"
            self._stack.enter_context(_open(f"{_NETWORK}.{number}", door))
        self._stack.enter_context(name_server(_NAME_SERVER, names))
        return self._start(authority().pem, None, _NAME_SERVER, _IMPATIENT)


@contextmanager
def running(server: Server, runtime: str = INSTALLED) -> Iterator[Nodes]:
    """The nodes of one simulated cloud with this containerd, which stop at the end: one such set at a time."""
    with ExitStack() as stack:
        yield Nodes(server, stack, runtime)


@contextmanager
def _open(address: str, door: Door) -> Iterator[None]:
    with socket.create_server((address, 443)) as listener:
        threading.Thread(target=_welcome, args=(listener, door), daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _welcome(listener: socket.socket, door: Door) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            door(connection)
