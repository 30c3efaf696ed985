"""The simulated cloud in a process of its own, ruled by lines on its standard input."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .log import Entry
from .server import serving
from .state import Cloud

PROJECT = Path(__file__).resolve().parents[2]


def serve(cloud: Cloud | bytes, latency: float | None = None) -> None:
    """Serve until standard input ends.

    The first line on standard output is ``{"proxy", "ca"}``. Lines that are understood: ``log`` (answers the pickled
    log, base64), ``clear``, ``latency SECONDS``.
    """
    if isinstance(cloud, bytes):
        cloud = pickle.loads(cloud)
    if latency:
        cloud.latency = latency
    with serving(cloud) as server:
        _say(json.dumps({"proxy": server.proxy, "ca": server.ca_pem.decode()}))
        for line in sys.stdin:
            command, _, value = line.strip().partition(" ")
            if command == "clear":
                cloud.log.clear()
            elif command == "latency":
                cloud.latency = float(value)
            _say(base64.b64encode(pickle.dumps(list(cloud.log))).decode() if command == "log" else "ok")


def _say(line: str) -> None:
    print(line, flush=True)


class ServerProcess:
    """The other end of :func:`serve`."""

    def __init__(self, cloud: Cloud, process: subprocess.Popen[str]) -> None:
        self.cloud = cloud
        self._process = process
        told: dict[str, Any] = json.loads(self._read())
        self.proxy = str(told["proxy"])
        self.ca_pem = str(told["ca"]).encode()

    def log(self) -> list[Entry]:
        """The requests so far."""
        return pickle.loads(base64.b64decode(self._ask("log")))  # type: ignore[no-any-return]

    def clear(self) -> None:
        self._ask("clear")

    def latency(self, seconds: float) -> None:
        """Let every request take that long."""
        self._ask(f"latency {seconds}")

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def in_own_process(cloud: Cloud) -> Iterator[ServerProcess]:
    """Serve a copy of ``cloud`` from another process."""
    with tempfile.NamedTemporaryFile(prefix="acrpulldiag-cloud-") as state:
        state.write(pickle.dumps(cloud))
        state.flush()
        command = [sys.executable, "-m", "tests.azure", "serve", "--state", state.name]
        process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield ServerProcess(cloud, process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)
