"""How repairs are declared: options, which are alternatives, each a number of steps in order. Pure.

A step's ``{names}`` are filled from the finding's details, quoted for a shell. It says itself when it
applies; an option is given whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .details import Details, Named
from .facts import Facts
from .model import Remedy
from .quoting import fill, fill_command, placeholders, printable

Effect = Callable[[Mapping[str, Any], Facts], Facts]
"""What a command does, as a pure function from facts to those that a run would read after it.

The first argument has the values that the step is filled with. What could not be read stays unread. Its age is not
judged: what it makes has been there for long. Raises :class:`UntoldError` where the facts do not tell what comes of it.
"""


class UntoldError(Exception):
    """Nobody can tell from the facts what a repair leads to; the text is a sentence that says why."""


@dataclass(frozen=True)
class Step:
    """One command, or advice where no command can do it.

    ``when`` names a detail, or several, without which (``None``, false, empty) the step is not needed. ``each`` names a
    list of details: the step is taken once for every item, whose own names come before the finding's. ``instead``
    is what to say where a value that the command needs is not known, or cannot stand in a command; without it,
    the option that the step belongs to is not given. ``requires`` are the rights that the command takes, ``changes``
    says in a clause what it touches besides. A command that changes something has an ``effect``, or says in ``untold``,
    a sentence, why nobody can tell what it leads to; one that only reads has neither.
    """

    description: str
    command: str | None = None
    when: str | tuple[str, ...] = ()
    each: str = ""
    instead: str = ""
    requires: tuple[str, ...] = ()
    changes: str = ""
    effect: Effect | None = None
    untold: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every name that the step wants filled."""
        texts = (self.description, self.command or "", self.instead, self.changes)
        return frozenset().union(*map(placeholders, texts))


@dataclass(frozen=True)
class Option:
    """One way to repair: steps in order. ``when`` names a detail, or several, without which it is no way."""

    steps: tuple[Step, ...]
    when: str | tuple[str, ...] = ()


def option(*steps: Step, when: str | tuple[str, ...] = ()) -> Option:
    """Declare an option of several steps."""
    return Option(steps, when)


Repairs = tuple[Option | Step, ...]
"""Alternatives, the best first. A step alone is an option of one step."""


def steps_of(repairs: Repairs) -> Iterator[Step]:
    """Every step of every option."""
    for each in repairs:
        yield from (each,) if isinstance(each, Step) else each.steps


def filled(repairs: Repairs, details: Sequence[Details]) -> tuple[Remedy, ...]:
    """Fill the options that apply, numbered from 1, and the steps of each."""
    known = Named(details)
    given: list[tuple[Remedy, ...]] = []
    for each in repairs:
        alternative = Option((each,)) if isinstance(each, Step) else each
        if _applies(alternative.when, known):
            steps = _steps(alternative.steps, details, number=len(given) + 1)
            if steps:
                given.append(steps)
    return tuple(remedy for steps in given for remedy in steps)


def _steps(steps: Iterable[Step], details: Sequence[Details], number: int) -> tuple[Remedy, ...]:
    """The steps of one option; empty where one of them that is needed cannot be told."""
    told: list[Remedy] = []
    for step in steps:
        for values in _values(step, details):
            remedy = _remedy(step, values, number, len(told) + 1)
            if remedy is None:
                return ()
            told.append(remedy)
    return tuple(told)


def _values(step: Step, details: Sequence[Details]) -> Iterator[Named]:
    """What to fill a step with: nothing where it does not apply, several times where it repeats."""
    whole = Named(details)
    items: Sequence[Sequence[Details]] = [(item, *details) for item in whole[step.each]] if step.each else [details]
    for item in items:
        named = Named(item)
        if _applies(step.when, named):
            yield named


def _applies(when: str | tuple[str, ...], known: Mapping[str, Any]) -> bool:
    return all(known[each] for each in names_in(when))


def names_in(when: str | tuple[str, ...]) -> tuple[str, ...]:
    """The details that ``when`` names."""
    return (when,) if isinstance(when, str) and when else tuple(when)


def _remedy(step: Step, values: Mapping[str, Any], number: int, place: int) -> Remedy | None:
    command = None if step.command is None else fill_command(step.command, values)
    words = step.description
    if step.command is not None and command is None:
        if not step.instead and any(_is_missing(values[name]) for name in placeholders(step.command)):
            return None
        words = step.instead or words
    elif any(values[name] is None for name in placeholders(words)):
        return None
    done = command is not None
    changes = in_words(step.changes, values) if step.changes and done else None
    by_hand = step.command is not None and not done
    return Remedy(
        in_words(words, values),
        command,
        number,
        place,
        changes,
        step.requires if done else (),
        not_told=_BY_HAND if by_hand else step.untold or None,
        effect=partial(step.effect, values) if step.effect and not by_hand else None,
    )


_BY_HAND = "It has to be done by hand, so it was not tried."


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, (tuple, list)) and not value)


def in_words(template: str, values: Mapping[str, Any]) -> str:
    """Fill a text for people: lists with commas, everything printable."""
    return fill(template, lambda name: _said(values[name]))


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_said(item) for item in value) or "none"
    return printable(str(value))
