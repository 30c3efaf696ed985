"""A DNS server on loopback that is wrong in the ways that DNS servers are."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

NO_SUCH_NAME, SERVER_FAILURE, SILENCE = 3, 2, None
_ADDRESS = 1


@contextmanager
def name_server(address: str, names: Mapping[str, int | str | None]) -> Iterator[None]:
    """Answer on port 53 of ``address``.

    ``names``: an IPv4 address, one of the failures above, or ``SILENCE``. A name that is not there does not exist.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((address, 53))
        listener.settimeout(0.2)
        stopping = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, names, stopping), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()


def _serve(listener: socket.socket, names: Mapping[str, int | str | None], stopping: threading.Event) -> None:
    while not stopping.is_set():
        with suppress(TimeoutError):
            query, client = listener.recvfrom(4096)
            reply = _reply(query, names)
            if reply:
                listener.sendto(reply, client)


def _reply(query: bytes, names: Mapping[str, int | str | None]) -> bytes | None:
    if len(query) < 12:
        return None
    name, end = _question(query)
    outcome = names.get(name, NO_SUCH_NAME)
    if outcome is SILENCE:
        return None
    records = b""
    (kind,) = struct.unpack("!H", query[end - 4 : end - 2])
    if isinstance(outcome, str) and kind == _ADDRESS:
        records = struct.pack("!HHHIH", 0xC00C, _ADDRESS, 1, 60, 4) + socket.inet_aton(outcome)
    code = outcome if isinstance(outcome, int) else 0
    head = struct.pack("!2sHHHHH", query[:2], 0x8180 | code, 1, bool(records), 0, 0)
    return head + query[12:end] + records


def _question(query: bytes) -> tuple[str, int]:
    """The name that is asked for, and where the question ends."""
    labels, position = [], 12
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode())
        position += 1 + length
    return ".".join(labels).lower(), position + 5
