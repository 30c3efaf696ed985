"""What several runs ask for is asked once, and none pays for the deadline of another."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress

import pytest

from azext_acrpulldiag.collect.ask.arm import may_be_common
from azext_acrpulldiag.collect.ask.common import Common
from azext_acrpulldiag.collect.ask.deadline import Deadline, begin_after
from azext_acrpulldiag.collect.ask.errors import ReadError
from azext_acrpulldiag.facts import Unreadable
from tests import build

from .test_shared import Question

LONG = 60.0


@pytest.fixture(autouse=True)
def fresh_chain():
    begin_after(0)


@contextmanager
def asking(common, question):
    """Within: another run, whose time is up, waits for the answer to ``question``."""

    def run():
        with suppress(ReadError):
            common.once("key", question, Deadline(0))

    other = threading.Thread(target=run)
    other.start()
    while not question.asked:
        time.sleep(0.001)
    yield
    other.join()


def failure(reason):
    return ReadError(Unreadable(reason, "no"))


def asked_twice(question):
    """What two runs get, one after the other."""
    common, answers = Common(), []
    for _ in range(2):
        try:
            answers.append(common.once("key", question, Deadline(LONG)))
        except ReadError as error:
            answers.append(error.why.reason)
    return answers


def test_an_answer_and_an_absence_are_for_all():
    for answer in ({"id": "x"}, None, (), Unreadable("forbidden", "no")):
        question = Question(answer)
        assert asked_twice(question) == [answer, answer]
        assert question.asked == 1


@pytest.mark.parametrize("reason", ["forbidden", "unsupported", "not-found"])
def test_a_refusal_is_for_all(reason):
    question = Question(failure(reason))
    assert asked_twice(question) == [reason, reason]
    assert question.asked == 1


@pytest.mark.parametrize(
    "reason", ["timeout", "unreachable", "throttled", "server-error", "malformed", "not-logged-in"]
)
def test_what_passes_is_asked_again(reason):
    assert asked_twice(Question(failure(reason), "there")) == [reason, "there"]
    assert asked_twice(Question(Unreadable(reason, "no"), "there"))[1] == "there"


def test_a_defect_is_not_kept():
    common = Common()
    question = Question(ValueError("a defect"), "there")
    with pytest.raises(ValueError, match="a defect"):
        common.once("key", question, Deadline(LONG))
    assert common.once("key", question, Deadline(LONG)) == "there"


@pytest.mark.parametrize("late", [failure("timeout"), Unreadable("timeout", "no")])
def test_whoever_waits_for_a_run_that_is_over_asks_for_itself(late):
    common = Common()
    with asking(common, Question(late, moment=0.2)):
        assert common.once("key", lambda: "there", Deadline(LONG)) == "there"


def test_whoever_is_late_itself_asks_no_more():
    common, own = Common(), Question("there")
    with asking(common, Question(Unreadable("timeout", "no"), moment=0.2)):
        found = common.once("key", own, Deadline(0))
    assert isinstance(found, Unreadable) and found.reason == "timeout"
    assert own.asked == 0


@pytest.mark.parametrize(
    ("method", "path", "common"),
    [
        ("GET", build.REGISTRY_ID, True),
        ("GET", build.VNET_ID, True),
        ("GET", f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/permissions", True),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", True),
        ("POST", f"{build.VNET_ID}/listDnsForwardingRulesets", True),
        ("GET", build.CLUSTER_ID, False),
        ("GET", f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets", False),
        ("POST", f"{build.REGISTRY_ID}/listCredentials", False),
        ("POST", f"{build.CLUSTER_ID}/listClusterUserCredential", False),
    ],
)
def test_no_secret_and_nothing_of_one_cluster_is_kept(method, path, common):
    assert may_be_common(method, path) is common
