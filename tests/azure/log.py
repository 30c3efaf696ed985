"""What was asked of the simulated cloud, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .messages import Request


@dataclass
class Entry:
    """One request; times are seconds of the monotonic clock, ``ended`` is 0.0 while it is under way."""

    request: Request
    connection: int
    started: float
    ended: float = 0.0
    status: int = 0
    answer: bytes | None = None
    """The body of an answer that nothing was done to, where it is JSON in one piece."""

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def host(self) -> str:
        return self.request.host

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    @property
    def user_agent(self) -> str:
        return self.request.headers.get("user-agent", "")

    @property
    def body(self) -> bytes:
        return self.request.body

    def __str__(self) -> str:
        return f"{self.status or '---'} {self.request.line}"


@dataclass
class RequestLog:
    """All requests, in the order in which they came in, and the hosts that were refused."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    # Tracebacks of handlers: faults of the simulation, never of what is tested.
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, object]:
        return {"entries": list(self.entries), "refused": list(self.refused), "errors": list(self.errors)}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def begin(self, request: Request, connection: int) -> Entry:
        entry = Entry(request, connection, time.monotonic())
        with self._lock:
            self.entries.append(entry)
        return entry

    def refuse(self, host: str) -> None:
        """Note a host that is not part of the simulated cloud."""
        with self._lock:
            self.refused.append(host)

    def clear(self) -> None:
        with self._lock:
            self.entries.clear()
            self.refused.clear()
            self.errors.clear()

    def matching(self, wanted: Callable[[Entry], bool]) -> list[Entry]:
        return [entry for entry in self if wanted(entry)]

    def to(self, host: str) -> list[Entry]:
        """The requests to one host."""
        return self.matching(lambda entry: entry.host == host)

    def lines(self) -> list[str]:
        """One line a request, for messages of failed assertions."""
        return [str(entry) for entry in self]


def longest_chain(entries: Iterable[Entry]) -> int:
    """Count the longest sequence of requests of which none began before the one before it had ended.

    Under latency that is the number of round trips that a run waits for one after the other.
    """
    chain, free_at = 0, float("-inf")
    for entry in sorted((entry for entry in entries if entry.ended), key=lambda entry: entry.ended):
        if entry.started >= free_at:
            chain, free_at = chain + 1, entry.ended
    return chain
