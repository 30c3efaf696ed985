"""Daemon threads for work that must not outlive a run.

``concurrent.futures`` joins its threads when the interpreter ends, so one name lookup that
hangs would hold ``az`` after its report was printed. These threads never do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


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
                self._threads[-1].start()
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
