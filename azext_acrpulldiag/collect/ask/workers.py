"""Daemon threads for work that must not outlive a run.

``concurrent.futures`` joins its threads when the interpreter ends, so one name lookup that
hangs would hold ``az`` after its report was printed. These threads hold it for a moment at
most: a thread that is still at work when the interpreter is taken down is ended within whatever
it calls, and where that is no Python (an extension module being imported), that aborts ``az``.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

# Seconds that az waits at its end for what is still at work; its connections are closed by then.
LAST_PATIENCE = 1.5
_started: WeakSet[threading.Thread] = WeakSet()


def start(thread: threading.Thread) -> None:
    """Start a daemon thread that ``az`` waits for, for a moment, at its end."""
    thread.start()
    _started.add(thread)


@atexit.register
def _settle() -> None:
    end = time.monotonic() + LAST_PATIENCE
    for thread in list(_started):
        thread.join(max(0.0, end - time.monotonic()))


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
