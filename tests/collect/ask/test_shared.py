"""A value is asked for once, and what it cost or why it is not there is shared."""

from __future__ import annotations

import threading
import time

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, by_key
from azext_acrpulldiag.collect.ask.deadline import Meter, begin_after, chain_length
from azext_acrpulldiag.collect.ask.shared import Shared
from azext_acrpulldiag.facts import Unreadable

REFUSED = ReadError(Unreadable("forbidden", "no"))


class Question:
    """Counts how often it is asked; answers after a moment, in the order given; an exception is raised."""

    def __init__(self, *answers, moment=0.0):
        self.answers = list(answers)
        self.moment = moment
        self.asked = 0
        self._meter = Meter()

    def __call__(self):
        self.asked += 1
        self._meter.count()
        time.sleep(self.moment)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def fresh_chain():
    begin_after(0)


def at_once(callers, call):
    """What each of so many threads got: a value or an exception, and how long its chain is."""
    found = []

    def run():
        try:
            found.append((call(), chain_length()))
        except Exception as error:
            found.append((error, chain_length()))

    threads = [threading.Thread(target=run) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return found


@pytest.mark.parametrize("answer", ["a value", None, REFUSED, ZeroDivisionError()])
@pytest.mark.parametrize("lasts", [True, False])
def test_concurrent_callers_share_one_answer_or_failure(answer, lasts):
    question = Question(answer, moment=0.2)
    shared = Shared(failures_last=lasts)
    found = at_once(6, lambda: shared.get("key", question))
    assert ([value for value, _ in found], question.asked) == ([answer] * 6, 1)
    if not isinstance(answer, ZeroDivisionError):
        assert {chain for _, chain in found} == {1}


def test_each_key_is_asked_for_by_itself():
    shared, one, other = Shared(), Question(1), Question(2)
    assert [shared.get("one", one), shared.get("other", other), shared.get("one", other)] == [1, 2, 1]
    assert (one.asked, other.asked) == (1, 1)


def test_a_failure_is_remembered_unless_told_otherwise():
    for failure in (REFUSED, ZeroDivisionError()):
        lasting, passing = Question(failure, "value"), Question(failure, "value")
        remembers, forgets = Shared(), Shared(failures_last=False)
        for shared, question in ((remembers, lasting), (forgets, passing)):
            with pytest.raises(type(failure)):
                shared.get("key", question)
        with pytest.raises(type(failure)):
            remembers.get("key", lasting)
        assert forgets.get("key", passing) == "value"


def test_a_value_that_does_not_last_is_asked_for_again():
    question = Question("old", "new")
    shared = Shared(lambda value: value != "old")
    assert [shared.get("key", question) for _ in range(3)] == ["old", "new", "new"]


def test_what_came_in_another_way_is_not_asked_for():
    question = Question("asked")
    shared = Shared()
    shared.put("key", "put")
    shared.put("key", "later")
    assert (shared.get("key", question), question.asked) == ("put", 0)
    shared.put("key", "instead", replace=True)
    assert shared.get("key", question) == "instead"


def test_who_comes_later_has_waited_as_long_as_who_asked():
    shared, question = Shared(), Question("value")
    begin_after(4)
    shared.get("key", question)
    begin_after(1)
    shared.get("key", question)
    assert chain_length() == 5
    begin_after(7)
    shared.get("key", question)
    assert chain_length() == 7


def test_answers_stand_under_the_keys_of_their_questions():
    assert by_key({"one": Question(1), "none": Question(None), "refused": Question(REFUSED)}) == {
        "one": 1,
        "none": None,
        "refused": REFUSED.why,
    }
