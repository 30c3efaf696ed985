"""Runs of the real ``az`` that share their imports: see :mod:`.preload.warm_az`, the process that forks them."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .az import PRELOAD, Az, Result, az_command
from .server import Server


class WarmAz(Az):
    """Like :class:`Az`; its ``run`` forks a process that has imported what ``az`` does.

    For many runs of one command with the same extensions. What an import costs, or does with its environment, is to be
    tried with :class:`Az`.
    """

    def __init__(self, process: WarmProcess, folder: Path) -> None:
        super().__init__(process.server, folder, process.extensions)
        self._process = process
        self.config = process.config
        shutil.rmtree(self.config, ignore_errors=True)

    def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        cwd: Path | None = None,
    ) -> Result:
        """Run ``az`` with ``arguments``; its standard input is empty."""
        if stdin is not None:
            raise ValueError("A run that reads standard input is one for Az")
        if not self._ready:
            self.logged_in()
        out, err = self.folder / "stdout", self.folder / "stderr"
        asked = {
            "arguments": arguments,
            "env": self.environment() | dict(env or {}),
            "cwd": str(cwd or Path.cwd()),
            "out": str(out),
            "err": str(err),
        }
        code = self._process.answer(json.dumps(asked), timeout)
        return Result(code, _taken(out), _taken(err))


class WarmProcess:
    """The process that is forked, and the folders that its imports have read."""

    def __init__(self, server: Server, folder: Path, extensions: Path) -> None:
        self.server, self.extensions = server, extensions
        self.config = folder / "azure"
        self._process = subprocess.Popen(
            [az_command()[0], str(PRELOAD / "warm_az.py"), str(folder / "imported")],
            env=Az(server, folder, extensions).environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def answer(self, line: str, timeout: float) -> int:
        """The exit code of the run that ``line`` asks for; raises ``TimeoutExpired`` after ``timeout`` seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(line, timeout)
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """Let it end, and wait for that."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@contextmanager
def warm_process(server: Server, folder: Path, extensions: Path) -> Iterator[WarmProcess]:
    """Have the process for as long as it is needed."""
    process = WarmProcess(server, folder, extensions)
    try:
        yield process
    finally:
        process.end()


def _taken(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return text
