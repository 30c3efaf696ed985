"""A row of the table of readings, and the readings of one run under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, cast, overload

from ..facts import Unreadable
from ..rights import Right
from .ask.deadline import Deadline
from .plan import Plan, Task
from .request import ReadRequest, Run

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
J = TypeVar("J")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

NOT_NEEDED = Unreadable("not-needed", "Not read: no check that runs needs it")


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """The function of a reading, and the readings whose answers it takes after the run, in this order."""

    function: Callable[..., T_co | Unreadable]
    after: tuple[Reading[object], ...] = ()


@dataclass(frozen=True, eq=False)
class Reading(Generic[T_co]):
    """One row: what is read by which function, after which readings and with which rights."""

    name: str
    """What the report calls it where it says how long each took."""
    by: Call[T_co]
    fact: str | None = None
    """The field of ``Facts`` that it is; ``None``: others are read by means of it."""
    rights: tuple[Right, ...] = ()
    """Its own, without those of the readings that it comes after."""
    spares: tuple[Reading[object], ...] = ()
    """Of those that it comes after, the ones that it waits for and does not bring about: it says nearly all
    without them."""
    at_end: bool = False
    """Whether it only puts answers together, when all are waited for: a late part costs no other part then."""
    asked: Callable[[ReadRequest], bool] = lambda _: True
    """Whether the arguments let it be read."""
    otherwise: T_co | Unreadable = NOT_NEEDED
    """The fact where it is not read; no check that needs it looks then."""

    @property
    def brings(self) -> tuple[Reading[object], ...]:
        """The readings without which there is no use in this one."""
        return tuple(each for each in self.by.after if each not in self.spares)


# --- wiring, so that a type checker sees what a function is given --------------------------

Why = Unreadable
"""Why there is no value."""


def at_once(by: Callable[[Run], T | Why]) -> Call[T]:
    """Call a function that waits for nothing."""
    return Call(by)


# fmt: off
@overload
def told(by: Callable[[Run, A | Why], T | Why], a: Reading[A], /) -> Call[T]:
    ...


@overload
def told(by: Callable[[Run, A | Why, B | Why], T | Why], a: Reading[A], b: Reading[B], /) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why], T | Why], a: Reading[A], b: Reading[B], c: Reading[C], /
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], /,
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why, E | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], e: Reading[E], /,
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why, E | Why, F | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], e: Reading[E], f: Reading[F], /,
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why, E | Why, F | Why, G | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], e: Reading[E], f: Reading[F], g: Reading[G], /,
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why, E | Why, F | Why, G | Why, H | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], e: Reading[E], f: Reading[F], g: Reading[G],
    h: Reading[H], /,
) -> Call[T]:
    ...


@overload
def told(
    by: Callable[[Run, A | Why, B | Why, C | Why, D | Why, E | Why, F | Why, G | Why, H | Why, J | Why], T | Why],
    a: Reading[A], b: Reading[B], c: Reading[C], d: Reading[D], e: Reading[E], f: Reading[F], g: Reading[G],
    h: Reading[H], j: Reading[J], /,
) -> Call[T]:
    ...
# fmt: on


def told(by: Callable[..., T | Why], *after: Reading[object]) -> Call[T]:
    """Call a function with the answers of ``after``, each a value or why there is none."""
    return Call(by, after)


# fmt: off
@overload
def needing(by: Callable[[Run, A], T | Why], a: Reading[A], /) -> Call[T]:
    ...


@overload
def needing(by: Callable[[Run, A, B], T | Why], a: Reading[A], b: Reading[B], /) -> Call[T]:
    ...
# fmt: on


def needing(by: Callable[..., T | Why], *after: Reading[object]) -> Call[T]:
    """Call a function with the values of ``after``; where there is none, why is the answer, and it is not called."""

    def guarded(run: Run, *answers: object) -> T | Why:
        why = next((each for each in answers if isinstance(each, Unreadable)), None)
        return by(run, *answers) if why is None else why

    return Call(guarded, after)


# --- a run ---------------------------------------------------------------------------------


def in_order(readings: Iterable[Reading[object]]) -> tuple[Reading[object], ...]:
    """Return these readings and those that they bring about, each once and after those that it comes after."""
    found: dict[Reading[object], None] = {}

    def visit(reading: Reading[object]) -> None:
        for earlier in reading.brings:
            visit(earlier)
        found.setdefault(reading)

    for reading in readings:
        visit(reading)
    return tuple(found)


class Underway:
    """The readings of one run, begun in the constructor, each as early as what it comes after allows."""

    def __init__(self, run: Run, plan: Plan, readings: Iterable[Reading[object]]) -> None:
        self._run, self._plan = run, plan
        self._tasks: dict[Reading[object], Task[object]] = {}
        self._wanted = dict.fromkeys(in_order(readings))
        for reading in self._wanted:
            self._begin(reading)

    def __call__(self, reading: Reading[T], deadline: Deadline | None = None) -> T | Unreadable:
        """Wait for the answer, at most until the run's deadline, or another."""
        if reading not in self._wanted:
            return reading.otherwise
        if reading.at_end:
            return reading.by.function(self._run, *map(self, reading.by.after))
        return cast("Task[T]", self._tasks[reading]).answer(deadline or self._run.session.deadline)

    def _begin(self, reading: Reading[object]) -> None:
        """Start it, and before it those wanted ones that it waits for without bringing them about."""
        if reading.at_end or reading in self._tasks:
            return
        for earlier in self._awaited(reading):
            self._begin(earlier)
        tasks = {each: self._tasks[each] for each in self._awaited(reading)}

        def work(*answers: object) -> object:
            given = dict(zip(tasks, answers, strict=True))
            return reading.by.function(self._run, *(given.get(each, NOT_NEEDED) for each in reading.by.after))

        self._tasks[reading] = self._plan.start(reading.name, work, *tasks.values())

    def _awaited(self, reading: Reading[object]) -> Iterator[Reading[object]]:
        return (each for each in reading.by.after if each in self._wanted)
