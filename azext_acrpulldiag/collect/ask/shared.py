"""Ask for a value once, whoever needs it: one answer, one failure, one chain of requests for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from .deadline import begin_after, chain_length
from .errors import ReadError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """Values by key, each asked for once; safe to use from many threads.

    Whoever comes while a value is asked for waits for it, and for its failure. ``lasting`` tells
    whether a value is still good; failures are remembered like values unless ``failures_last`` is
    false, or says so of this one, and what does not last is asked for again by whoever comes next.
    """

    def __init__(
        self, lasting: Callable[[V], bool] = lambda _: True, failures_last: bool | Callable[[ReadError], bool] = True
    ) -> None:
        self._lasting = lasting
        self._failures_last = failures_last
        self._answers: dict[K, Future[tuple[V | ReadError, int]]] = {}
        self._lock = threading.Lock()

    def get(self, key: K, ask: Callable[[], V]) -> V:
        """Return the value of ``key``, from ``ask()`` where nobody has asked yet; raises what that raises.

        The caller has waited for as long a chain of requests as whoever asked.
        """
        with self._lock:
            known = self._answers.get(key)
            if known is not None and not self._lasts(known):
                known = None
            answer: Future[tuple[V | ReadError, int]] = known or Future()
            self._answers[key] = answer
        if known is None:
            try:
                answer.set_result((ask(), chain_length()))
            except ReadError as error:
                answer.set_result((error, chain_length()))
            except BaseException as defect:
                answer.set_exception(defect)
        found, chain = answer.result()
        begin_after(chain_length(), chain)
        if isinstance(found, ReadError):
            raise found
        return found

    def put(self, key: K, value: V, replace: bool = False) -> None:
        """Remember a value that came in another way; one that is there already stays, unless ``replace``."""
        answer: Future[tuple[V | ReadError, int]] = Future()
        answer.set_result((value, chain_length()))
        with self._lock:
            if replace or key not in self._answers:
                self._answers[key] = answer

    def _lasts(self, answer: Future[tuple[V | ReadError, int]]) -> bool:
        """Whether an answer still stands; one that is on its way does."""
        if not answer.done():
            return True
        if answer.exception() is not None:
            return self._failures_last is True
        found, _ = answer.result()
        if not isinstance(found, ReadError):
            return self._lasting(found)
        return self._failures_last(found) if callable(self._failures_last) else self._failures_last
