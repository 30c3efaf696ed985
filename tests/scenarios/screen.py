"""What the real ``az`` writes to a terminal of a certain width."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from dataclasses import dataclass

from tests.azure.az import Az

from .running import CLUSTER


@dataclass(frozen=True)
class Screen:
    """The lines that ``az`` wrote to the terminal, and its exit code. ``piped`` is what went elsewhere."""

    lines: tuple[str, ...]
    code: int
    piped: str = ""

    @property
    def text(self) -> str:
        """The whole, one line after another."""
        return "\n".join(self.lines)


def screen(az: Az, width: int, *arguments: str, command: tuple[str, ...] = CLUSTER) -> Screen:
    """Run ``az aks diagnose-pull`` with standard output and error on one terminal."""
    return _run(az, width, (*command, *arguments), out=True)


def beside_data(az: Az, width: int, *arguments: str, command: tuple[str, ...] = CLUSTER) -> Screen:
    """The same with standard output piped, so that only standard error is a terminal."""
    return _run(az, width, (*command, *arguments), out=False)


def _run(az: Az, width: int, command: tuple[str, ...], *, out: bool) -> Screen:
    az.logged_in()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    said: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, said))
    reader.start()
    pipes = {"stdout": theirs if out else subprocess.PIPE, "stderr": theirs}
    process = az.start(*command, **pipes, env={"COLUMNS": "0"})  # the terminal says how wide it is
    os.close(theirs)
    piped, _ = process.communicate(timeout=240)
    reader.join()
    os.close(ours)
    lines = b"".join(said).decode().replace("\r\n", "\n").splitlines()
    return Screen(tuple(lines), process.returncode, piped or "")


def _read(terminal: int, said: list[bytes]) -> None:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux, when the other side is closed
            return
        if not part:
            return
        said.append(part)


def dialogue(az: Az, keys: bytes, *arguments: str, piped: bool = False, command: tuple[str, ...] = CLUSTER) -> Screen:
    """Run it on a terminal of its own, and press ``keys`` once it asks; ``piped``: standard output goes elsewhere."""
    az.logged_in()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    said: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, said))
    reader.start()
    pipes = {"stdin": theirs, "stdout": subprocess.PIPE if piped else theirs, "stderr": theirs}
    process = az.start(*command, *arguments, **pipes, start_new_session=True, preexec_fn=_take_terminal)
    os.close(theirs)
    end = time.monotonic() + 60
    while b"(y/N)" not in b"".join(said) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    os.write(ours, keys)
    out, _ = process.communicate(timeout=240)
    reader.join()
    os.close(ours)
    lines = b"".join(said).decode().replace("\r\n", "\n").splitlines()
    return Screen(tuple(lines), process.returncode, out or "")


def _take_terminal() -> None:
    """Make standard input the terminal of this session, so that Ctrl-C is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
