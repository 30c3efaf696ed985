"""Daemon threads for work that must not outlive a run, and what of it the end of ``az`` waits for.

``concurrent.futures`` joins its threads when the interpreter ends, so one name lookup that hangs
would hold ``az`` after its report was printed. These threads do not hold it: a thread that waits
for a socket, a lock or a child is simply gone with the process. Two things are waited for:

* An import. Before Python 3.14 a thread that wants to run on while the interpreter is taken down is
  ended by ``pthread_exit``, which unwinds its stack. Where an extension module that is no C is being
  initialised there (cryptography's is Rust), that unwinding aborts the whole process. Imports end
  within moments, and start nothing that waits.
* Work that says so (:func:`waited_for`): what removes a pod and a folder behind it.

So a run that has answered everything waits for nothing, and neither does one whose time is over
while a host is silent. A thread that is woken inside OpenSSL while the interpreter, and OpenSSL with
it, is taken down may crash the process: where one is still at work when the run's exit code is known,
:func:`end_process` ends it without taking anything down.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from types import FrameType
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

IMPORT_SECONDS = 5.0
"""An import that takes longer hangs; it is waited for no further."""
_LOOK_SECONDS = 0.02
_IMPORTING = "<frozen importlib._bootstrap"

_started: WeakSet[threading.Thread] = WeakSet()
_waited_for: dict[threading.Thread, float] = {}


def start(thread: threading.Thread) -> None:
    """Start a daemon thread that ``az`` does not wait for at its end, unless it is in an import.

    It leaves Ctrl-C to the main thread. A signal goes to any thread that does not block it, and Python runs its
    handlers in the main one only: that would not wake from waiting for an answer if another thread got the signal.
    """
    if sys.platform == "win32":
        thread.start()
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    _started.add(thread)


@contextmanager
def waited_for(seconds: float) -> Iterator[None]:
    """Within: ``az`` waits at its end for this thread, for so many seconds at most."""
    thread = threading.current_thread()
    _waited_for[thread] = seconds
    try:
        yield
    finally:
        del _waited_for[thread]


def end_process(code: int) -> None:
    """End the process with ``code`` where a thread of ours is still at work; else return.

    What was printed is flushed, and what :func:`waited_for` says is waited for.
    """
    if not any(thread.is_alive() for thread in list(_started)):
        return
    _wait_for_work()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


@atexit.register
def _settle() -> None:
    try:
        _wait_for_work()
        _wait(_is_importing, IMPORT_SECONDS)
    except KeyboardInterrupt:
        # All that az prints is printed by now; raised on, this would be shown with a traceback.
        os._exit(1)


def _wait_for_work() -> None:
    _wait(lambda: bool(_waited_for), max(_waited_for.values(), default=0.0))


def _wait(under_way: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while under_way() and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)


def _is_importing() -> bool:
    """Whether one of our threads has an import on its stack."""
    frames = sys._current_frames()  # pylint: disable=protected-access
    return any(_has_import(frames.get(thread.ident or 0)) for thread in list(_started))


def _has_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False


class Workers:
    """Up to ``width`` daemon threads that take work in order."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` on a thread; its exception becomes the future's."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting += 1
            if self._waiting > len(self._threads) and len(self._threads) < self._width:
                self._threads.append(threading.Thread(target=self._serve, daemon=True))
                start(self._threads[-1])
        self._queue.put((future, work))
        return future

    def close(self) -> None:
        """Let idle threads end; those at work end after it."""
        for _ in self._threads:
            self._queue.put(None)

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work = item
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            finally:
                with self._lock:
                    self._waiting -= 1
