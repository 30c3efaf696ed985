"""Run reads as early as what they depend on allows, and end with an answer for each.

A task starts when the tasks it comes after have answered. Whatever goes wrong inside one,
its answer is a value or an ``Unreadable``: no read costs another read its result.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Generic, TypeVar

from ..facts import Unreadable
from .ask.arm import ReadError
from .ask.deadline import Deadline, begin_after, chain_length
from .ask.workers import Workers

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

TASKS_AT_ONCE = 24


class Task(Generic[T_co]):
    """One read: its name, its answer to come, and what it cost."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds = 0.0
        self.chain = 0
        self._answer: Future[T_co | Unreadable] = Future()

    def answer(self, deadline: Deadline) -> T_co | Unreadable:
        """Wait for the answer, at most until the deadline."""
        try:
            return self._answer.result(timeout=deadline.remaining())
        except NotYet:
            return Unreadable("timeout", f"Reading {self.name} did not finish within {deadline.seconds:g} seconds")


class Plan:
    """The reads of one run."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._workers = Workers(TASKS_AT_ONCE)
        self.tasks: list[Task[object]] = []

    def start(self, name: str, work: Callable[..., T | Unreadable], *after: Task[object]) -> Task[T]:
        """Run ``work(*answers of after)`` once those are there; return its task.

        ``work`` gets an ``Unreadable`` where an earlier answer is one. What it has to take is made sure of
        where readings are declared: :func:`~.reading.told`.
        """
        task: Task[T] = Task(name)
        self.tasks.append(task)
        pending = _Countdown(len(after), lambda: self._submit(task, work, after))
        for earlier in after:
            earlier._answer.add_done_callback(pending.one_less)  # pylint: disable=protected-access
        pending.start()
        return task

    def waited_for(self) -> list[str]:
        """The names of the reads that have not answered yet, in the order in which they were planned."""
        # pylint: disable=protected-access
        return [task.name for task in self.tasks if not task._answer.done()]

    def close(self) -> None:
        """Take no more work."""
        self._workers.close()

    def _submit(self, task: Task[T], work: Callable[..., T | Unreadable], after: tuple[Task[object], ...]) -> None:
        def run() -> None:
            # pylint: disable=protected-access
            began = time.monotonic()
            begin_after(*(earlier.chain for earlier in after))
            answer = self._attempt(task.name, work, [earlier._answer.result() for earlier in after])
            task.chain = chain_length()
            task.seconds = time.monotonic() - began
            task._answer.set_result(answer)

        self._workers.submit(run)

    def _attempt(self, name: str, work: Callable[..., T | Unreadable], answers: list[object]) -> T | Unreadable:
        if self._deadline.remaining() <= 0:
            return Unreadable("timeout", f"The run timed out before {name} was read")
        try:
            return work(*answers)
        except ReadError as error:
            return error.why
        except Exception as defect:
            from knack.log import get_logger

            get_logger(__name__).debug("Reading %s failed with an internal error.", name, exc_info=True)
            return Unreadable("internal-error", f"Internal error reading {name}: {type(defect).__name__}: {defect}")


class _Countdown:
    """Calls once after ``count`` calls of :meth:`one_less` and one of :meth:`start`."""

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        self._left = count + 1
        self._then = then
        self._lock = threading.Lock()

    def one_less(self, _: object) -> None:
        with self._lock:
            self._left -= 1
            done = self._left == 0
        if done:
            self._then()

    def start(self) -> None:
        self.one_less(None)
