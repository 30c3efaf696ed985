"""Child processes that end with the run: own process group, own time limit, captured text."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ...masking import masked

MAX_OUTPUT_CHARS = 256 * 1024
_GRACE_SECONDS = 2.0

# Older versions of `az aks check-acr` hand the path of a temporary file to a shell.
_SHELL_SAFE = re.compile(r"^[A-Za-z0-9/._+-]+$")

_live: set[int] = set()
_folders: set[Path] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    ``code`` is its exit status, ``None`` where it was ended by us; ``text`` is what it wrote
    to standard output and standard error, in one stream.
    """

    code: int | None
    text: str

    @property
    def cut_short(self) -> bool:
        """The child did not end by itself."""
        return self.code is None


class Child:
    """A running child in a process group of its own, without a terminal to read from."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
        # The group leads a session of its own: Ctrl-C is ours to handle, and no child can
        # open the terminal to ask something.
        self._process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._process.pid
        remember(self.pid)

    def wait(self, seconds: float) -> Ended | None:
        """Return how the child ended, or ``None`` where it still runs after ``seconds``."""
        try:
            output, _ = self._process.communicate(timeout=max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None
        forget(self.pid)
        code = self._process.returncode
        return Ended(code if code >= 0 else None, as_text(output))

    def kill(self) -> None:
        """End the child and all that it started; whoever waits for it sees its end. For another thread than that."""
        if self._process.returncode is None:
            end_group(self.pid)

    def end(self) -> Ended:
        """End the child and all that it started, and return what it said so far.

        Of a child whose end was seen already, nothing is left to end.
        """
        if self._process.returncode is not None:
            return Ended(None, "")
        end_group(self.pid)
        try:
            output, _ = self._process.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            # A process that left the group holds the pipe open; what was read is not handed out.
            self._process.kill()
            output = b""
        forget(self.pid)
        return Ended(None, as_text(output))


def az_command(*arguments: str) -> list[str]:
    """The command line that runs this very ``az``, started as safely as this process was.

    ``-m`` would look into the current folder first: kept out where this Python can.
    """
    flags = ["-I"] if sys.flags.isolated else ["-P"] if sys.version_info >= (3, 11) else []
    return [sys.executable, *flags, "-m", "azure.cli", *arguments]


def end_group(pid: int) -> None:
    """End the process group that ``pid`` leads; one that has ended is left alone."""
    if sys.platform == "win32":
        taskkill = str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe")
        subprocess.run([taskkill, "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)
        return
    for end in (os.killpg, os.kill):  # a child that was just forked does not lead its group yet
        with suppress(ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of zombies
            end(pid, signal.SIGKILL)


def leave_nothing() -> None:
    """End every child that still runs, and remove every folder of theirs; for a process that ends at once.

    Takes no lock: it is called by a signal handler, which may have interrupted whoever holds it.
    """
    for pid in tuple(_live):
        end_group(pid)
    for folder in tuple(_folders):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user may enter, removed with all that is in it."""
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"] if sys.platform != "win32" else [tempfile.gettempdir()]  # noqa: S108
    place = next((name for name in places if sys.platform == "win32" or _SHELL_SAFE.match(name)), None)
    folder = Path(tempfile.mkdtemp(prefix="acrpulldiag-", dir=place))
    _folders.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _folders.discard(folder)


def as_text(output: bytes) -> str:
    """Decode what a child wrote, and mask the secrets in it; of far too much, the end is kept."""
    return masked(output.decode("utf-8", errors="replace").replace("\r\n", "\n"))[-MAX_OUTPUT_CHARS:]


def remember(pid: int) -> None:
    """Count ``pid`` among the children that :func:`leave_nothing` ends."""
    with _lock:
        _live.add(pid)


def forget(pid: int) -> None:
    """The child was reaped: its number may be another's from now on."""
    with _lock:
        _live.discard(pid)
