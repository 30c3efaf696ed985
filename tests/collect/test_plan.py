"""Reads start as early as they can, and every one ends with an answer."""

import threading
import time

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter
from azext_acrpulldiag.collect.ask.workers import Workers
from azext_acrpulldiag.collect.plan import Plan
from azext_acrpulldiag.facts import Unreadable

NO_RIGHT = Unreadable("forbidden", "No right to read it", "A/b/read", "A/b/read")


@pytest.fixture
def deadline():
    return Deadline(60)


@pytest.fixture
def plan(deadline):
    plan = Plan(deadline)
    yield plan
    plan.close()


def refuse(*_):
    raise ReadError(NO_RIGHT)


def test_work_gets_the_answers_it_comes_after(plan, deadline):
    one = plan.start("one", lambda: 1)
    two = plan.start("two", lambda: 2)
    both = plan.start("both", lambda first, second: first + second, one, two)
    assert both.answer(deadline) == 3


def test_independent_reads_run_at_once(plan, deadline):
    meet = threading.Barrier(3, timeout=3)
    tasks = [plan.start(str(number), meet.wait) for number in range(3)]
    assert sorted(task.answer(deadline) for task in tasks) == [0, 1, 2]


def test_a_refused_read_costs_no_other(plan, deadline):
    refused = plan.start("refused", refuse)
    dependent = plan.start("dependent", lambda value: value, refused)
    other = plan.start("other", lambda: "fine")
    assert (refused.answer(deadline), dependent.answer(deadline), other.answer(deadline)) == (
        NO_RIGHT,
        NO_RIGHT,
        "fine",
    )


def test_a_defect_is_an_answer_too(plan, deadline, caplog):
    with caplog.at_level("DEBUG"):
        answer = plan.start("broken", lambda: {}["missing"]).answer(deadline)
    assert (answer.reason, "KeyError" in answer.detail) == ("internal-error", True)
    (record,) = (each for each in caplog.records if "broken" in each.getMessage())
    assert (record.levelname, record.exc_info[0]) == ("DEBUG", KeyError)


def test_a_read_that_never_ends_is_a_timeout_at_the_deadline():
    plan, release = Plan(short := Deadline(0.2)), threading.Event()
    began = time.monotonic()
    answer = plan.start("nodes", release.wait).answer(short)
    release.set()
    assert answer.reason == "timeout"
    assert "nodes" in answer.detail
    assert time.monotonic() - began < 20


def test_nothing_starts_after_the_deadline():
    plan, over = Plan(Deadline(0)), []
    plan.start("late", lambda: over.append(1)).answer(Deadline(1))
    assert over == []


def test_the_longest_chain_goes_through_what_was_waited_for(plan, deadline):
    meter = Meter()
    first = plan.start("first", lambda: [meter.count() for _ in range(2)])
    plan.start("aside", lambda: meter.count()).answer(deadline)
    plan.start("last", lambda _: meter.count(), first).answer(deadline)
    assert (meter.requests, meter.longest_chain) == (4, 3)


def test_workers_are_no_hindrance_to_the_end_of_the_process():
    workers = Workers(1)
    assert workers.submit(lambda: threading.current_thread().daemon).result(2) is True
    workers.close()


def test_workers_hand_on_exceptions():
    workers = Workers(1)
    with pytest.raises(KeyError):
        workers.submit(lambda: {}["missing"]).result(2)
    assert workers.submit(lambda: 1).result(2) == 1
    workers.close()
