"""A row is wired to others, and a run begins those that it needs as early as it can."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from azext_acrpulldiag.collect.ask.deadline import Deadline
from azext_acrpulldiag.collect.plan import Plan
from azext_acrpulldiag.collect.reading import NOT_NEEDED, Reading, Underway, at_once, in_order, needing, told
from azext_acrpulldiag.facts import Unreadable

WHY = Unreadable("forbidden", "No right to read it")

ONE = Reading("one", at_once(lambda run: 1))
REFUSED = Reading("refused", at_once(lambda run: WHY))
SUM = Reading("sum", needing(lambda run, one, other: one + other, ONE, REFUSED))
SHOWN = Reading("shown", told(lambda run, one, other: (one, other), ONE, REFUSED))


@pytest.fixture
def begun():
    """A function that begins readings, and whose ``plan`` has their tasks."""
    deadline = Deadline(5)
    plan = Plan(deadline)

    def begin(*readings):
        return Underway(SimpleNamespace(session=SimpleNamespace(deadline=deadline)), plan, readings)

    begin.plan = plan
    yield begin
    plan.close()


def names(plan):
    return [task.name for task in plan.tasks]


def test_what_needs_a_value_is_not_called_without(begun):
    assert begun(SUM)(SUM) == WHY


def test_what_is_told_is_called_with_the_reason(begun):
    assert begun(SHOWN)(SHOWN) == (1, WHY)


def test_a_reading_brings_about_those_that_it_comes_after_once(begun):
    assert in_order([SHOWN, SUM, ONE]) == (ONE, REFUSED, SHOWN, SUM)
    begun(SHOWN, SUM)
    assert names(begun.plan) == ["one", "refused", "shown", "sum"]


def test_what_is_not_needed_is_not_read(begun):
    answers = begun(ONE)
    other = Reading("other", at_once(lambda run: 2), otherwise=None)
    assert (answers(REFUSED), answers(other)) == (NOT_NEEDED, None)
    assert names(begun.plan) == ["one"]


def test_what_a_reading_spares_is_waited_for_only_where_it_is_read(begun):
    sparing = Reading("sparing", told(lambda run, one, other: (one, other), ONE, REFUSED), spares=(REFUSED,))
    assert in_order([sparing]) == (ONE, sparing)
    assert begun(sparing)(sparing) == (1, NOT_NEEDED)
    assert begun(sparing, REFUSED)(sparing) == (1, WHY)


def test_what_is_put_together_at_the_end_does_not_wait_for_a_late_part():
    plan, short, release = Plan(Deadline(5)), Deadline(0.3), threading.Event()
    late = Reading("late", at_once(lambda run: release.wait(5)))
    both = Reading("both", told(lambda run, one, other: (one, other.reason), ONE, late), at_end=True)
    answers = Underway(SimpleNamespace(session=SimpleNamespace(deadline=short)), plan, [both])
    assert answers(both) == (1, "timeout")
    assert names(plan) == ["one", "late"]
    release.set()
    plan.close()
