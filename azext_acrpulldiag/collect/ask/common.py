"""What the runs about several clusters ask once for all of them, and what they sign in with.

Each run keeps its own deadline and connections: what is shared is answers, the tokens of the login, and the TLS
context, which is dear to make.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from ...facts import Unreadable
from .deadline import Deadline
from .errors import ReadError
from .shared import Shared
from .transport import Trust

T = TypeVar("T")

_PASSING = ("timeout", "unreachable", "throttled", "server-error", "malformed", "not-logged-in")
"""Why there was no answer, where another run may well get one."""

Tokens = Shared[tuple[str, ...], Any]


class Common:
    """What is common to the runs of one command; safe to use from many threads."""

    def __init__(self) -> None:
        self.trust = Trust()
        self._answers: Shared[Hashable, Any] = Shared(_lasts, failures_last=lambda error: _lasts(error.why))
        self._lock = threading.Lock()
        self._logins: dict[tuple[str, str], tuple[Any, Tokens]] = {}

    def once(self, key: Hashable, ask: Callable[[], T], deadline: Deadline) -> T:
        """Return what ``ask()`` answers, or answered for another run; raises what it raises or raised.

        ``deadline`` is that of the run that asks. Where another's was over before there was an answer, this run asks
        for itself.
        """
        asked: list[bool] = []

        def ask_now() -> T:
            asked.append(True)
            return ask()

        while True:
            try:
                found = self._answers.get(key, ask_now)
            except ReadError as error:
                if asked or not _is_late(error.why) or deadline.remaining() <= 0:
                    raise
                continue
            if asked or not _is_late(found) or deadline.remaining() <= 0:
                return cast("T", found)

    def login(self, key: tuple[str, str], make: Callable[[], tuple[Any, Tokens]]) -> tuple[Any, Tokens]:
        """Return the credential of a tenant and user, and the tokens that it gave so far."""
        with self._lock:
            if key not in self._logins:
                self._logins[key] = make()
            return self._logins[key]


def _lasts(found: object) -> bool:
    return not (isinstance(found, Unreadable) and found.reason in _PASSING)


def _is_late(found: object) -> bool:
    return isinstance(found, Unreadable) and found.reason == "timeout"
