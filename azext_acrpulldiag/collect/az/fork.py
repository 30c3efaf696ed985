"""Run one ``az`` command in a fork of this process, which spares loading ``az`` again.

The command may begin before all that it needs is known: it waits for that where it needs it.
"""

from __future__ import annotations

import gc
import json
import logging
import math
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from .child import MAX_OUTPUT_CHARS, Ended, as_text, end_group, forget, remember

Prepare = Callable[[Callable[[], str]], Sequence[str]]


def fork_is_sound() -> bool:
    """Tell whether a fork can run Python here.

    A fork copies locks that other threads hold, and macOS frameworks refuse to work in one.
    """
    return sys.platform == "linux" and threading.active_count() == 1


class AzFork:
    """A fork that begins one ``az`` command at once.

    ``prepare`` is called in the fork and returns the command's arguments; it is given a
    function that waits for what :meth:`run` sends. ``environment`` is set in the fork alone.
    It ends by itself after ``seconds``, even if this process is gone by then.
    """

    def __init__(self, prepare: Prepare, environment: Mapping[str, str], seconds: float) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        gc.freeze()  # so that collecting garbage in the fork copies no pages (see the gc module's documentation)
        self._lock = threading.Lock()
        self._running = False
        self._pid: int | None = os.fork()
        if self._pid == 0:
            os.close(self._orders)
            os.close(self._answers)
            _serve(orders, answers, prepare, environment, seconds)
        os.close(orders)
        os.close(answers)
        remember(self._pid)

    def run(self, told: Any, seconds: float) -> Ended:
        """Send ``told``, which JSON can hold, and return how the command ended, within ``seconds``."""
        end = time.monotonic() + seconds
        with self._lock:
            if self._pid is None or self._running:
                raise RuntimeError("A fork runs one command.")
            self._running = True
        output, finished = b"", False
        try:
            with os.fdopen(self._orders, "wb", closefd=False) as orders:
                orders.write(json.dumps(told).encode() + b"\n")
            output, finished = _read_until(self._answers, end)
        except BrokenPipeError:  # it ended already
            finished = True
        finally:
            if not finished:
                self._kill()
            code = self._reap()
        return Ended(code if finished else None, as_text(output))

    def end(self) -> None:
        """End the fork and all that it started. Where another thread is in :meth:`run`, that sees the end."""
        self._kill()
        if not self._running:
            self._reap()

    def _kill(self) -> None:
        with self._lock:
            if self._pid is not None:
                end_group(self._pid)

    def _reap(self) -> int | None:
        if self._pid is None:
            return None
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)  # its number stays its own until it is reaped
        with self._lock:
            if self._pid is None:  # by another thread, just now
                return None
            _, status = os.waitpid(self._pid, 0)
            forget(self._pid)
            self._pid = None
        os.close(self._orders)
        os.close(self._answers)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else None


def _read_until(source: int, end: float) -> tuple[bytes, bool]:
    """Read to the end of ``source``; the flag tells whether it came before ``end``."""
    output = b""
    while True:
        ready, _, _ = select.select([source], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return output, False
        chunk = os.read(source, 65536)
        if not chunk:
            return output, True
        output = (output + chunk)[-4 * MAX_OUTPUT_CHARS :]


def _serve(orders: int, answers: int, prepare: Prepare, environment: Mapping[str, str], seconds: float) -> NoReturn:
    """Run the command and exit: the whole life of the fork."""
    code = 1
    try:
        _detach(answers, seconds)
        os.environ.update(environment)
        code = _invoke(prepare(partial(_wait, orders)))
    except BaseException:  # whatever it is, it must not run on as a second copy of this program
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _detach(answers: int, seconds: float) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(math.ceil(seconds) + 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (answers, 1), (answers, 2)):
        os.dup2(source, target)
    os.close(answers)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    # This run's own logging (--debug, --only-show-errors) is not the command's.
    for name in ("", "cli", "azure"):
        logging.getLogger(name).handlers.clear()


def _wait(orders: int) -> str:
    """Return the JSON that was sent. Where this process is not wanted any more, it ends here."""
    with os.fdopen(orders) as source:
        told = source.readline()
    if not told:
        raise SystemExit(0)
    return told


def _invoke(arguments: Sequence[str]) -> int:
    from azure.cli.core import get_default_cli

    try:
        cli: Any = get_default_cli()
        result = cli.invoke(list(arguments))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return int(result or 0)
