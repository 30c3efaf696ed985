"""Time that remains, and requests that were made: what every read of a run shares."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0

_chain: ContextVar[int] = ContextVar("chain", default=0)


class Deadline:
    """The moment by which a run must have its answer, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.seconds = seconds

    def remaining(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    def end(self) -> None:
        """Declare the time over now."""
        self._end = time.monotonic()

    def limits(self) -> dict[str, float]:
        """Connection and read time-outs for one call, cut from what remains (azure-core's names)."""
        left = max(0.05, self.remaining())
        return {"connection_timeout": min(CONNECT_SECONDS, left), "read_timeout": min(READ_SECONDS, left)}


class Meter:
    """Counts requests, and the longest chain of requests that waited for one another.

    The chain of a piece of work is carried in a context variable: work that starts from the
    results of others begins at the longest of theirs (:meth:`begin_after`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.longest_chain = 0

    def count(self) -> None:
        """Record one request about to be sent by this thread of work."""
        depth = _chain.get() + 1
        _chain.set(depth)
        with self._lock:
            self.requests += 1
            self.longest_chain = max(self.longest_chain, depth)


def chain_length() -> int:
    """Requests that this thread of work has waited for so far."""
    return _chain.get()


def begin_after(*chains: int) -> None:
    """Continue after work whose chains had these lengths."""
    _chain.set(max(chains, default=0))
