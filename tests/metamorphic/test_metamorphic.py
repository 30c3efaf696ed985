"""The metamorphic suite: break every healthy scenario in every way, alone and in pairs.

One fault goes through the real collectors, in one process; two go on the facts alone. Of a break the diagnosis must
name it first or second, of two breaks both; and what nobody broke must not be named. A sample goes through the real
``az``. The confusion table is printed after the tests, see ``table.py``.
"""

from __future__ import annotations

import base64
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations
from queue import SimpleQueue
from typing import Any
from zlib import crc32

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.diagnosis.kubelet_identity import HELD_AGAINST_IT
from azext_acrpulldiag.diagnosis.whole import diagnosed, proven
from azext_acrpulldiag.facts import Cluster, Facts, Kubernetes, Unreadable
from azext_acrpulldiag.model import Confidence, Diagnosis, Status, Verdict
from azext_acrpulldiag.pull_errors.symptoms import login_server_of
from tests import build
from tests.azure.az import Az
from tests.azure.state import Cloud
from tests.score import is_ambiguous, messages

from ..scenarios.conftest import ReadStory
from ..scenarios.engines import AT_ONCE, SKIP, Engine, asked, lent
from ..scenarios.running import assert_promises, run, unread
from ..scenarios.stories import STORIES, Story
from . import network_faults  # noqa: F401 - registers its faults
from .faults import FAULTS, Fault
from .inverse import Repair, repairs_noted, repairs_of
from .merging import DependentError, merged
from .table import Row, noted

HEALTHY = {
    name: story
    for name, story in STORIES.items()
    if story.verdict == "healthy" and not story.starts_a_pod and not story.missing
}
# Scenarios whose faults are put together two by two: they differ in what they have read.
PAIRED = (
    "healthy",
    "granted-in-abac-mode",
    "service-principal-rotated",
    "image-exists-and-fits",
    "several-pools",
    "private-endpoint-in-hub",
    "custom-dns-in-a-linked-hub",
    "zone-in-the-hub-and-ruleset-here",
    "azure-firewall-allows-the-names",
)
SCENARIOS_A_FAULT = 1
# Of the scenarios that are not paired, one in so many has a certain fault read from its cloud: each has some, and each
# fault is in dozens. With --every-fault all have all.
ONE_IN = 4
OUTCOMES = {outcome.id: outcome for checked in ALL for outcome in checked.outcomes}


# --- running and judging ---------------------------------------------------------------


def read(free: SimpleQueue[Engine], cloud: Cloud, arguments: tuple[str, ...]) -> Facts:
    with lent(free) as engine:
        answer = engine.run(cloud, **asked(arguments))
    assert "facts" in answer, answer
    facts: Facts = pickle.loads(base64.b64decode(answer["facts"]))
    return facts


def judged(facts: Facts) -> Diagnosis:
    return diagnosed(facts, SKIP)


def unknown(diagnosis: Diagnosis) -> list[str]:
    """What was not read, and why: for the messages of failed assertions."""
    return [f"{each.check}: {each.code}: {each.reason}" for each in diagnosis.findings if each.status is Status.UNKNOWN]


def causes(diagnosis: Diagnosis) -> list[str]:
    return [root.finding.outcome or "" for root in diagnosis.root_causes]


# --- one fault, through the collectors -------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """A healthy scenario with one fault in it, as it was read."""

    fault: Fault
    facts: Facts


def copy_of(cloud: Cloud) -> Cloud:
    """The same moment once more: dates that are relative to now stay the same."""
    copied: Cloud = pickle.loads(pickle.dumps(cloud))
    return copied


def read_all(story: Story, free: SimpleQueue[Engine], every: bool) -> tuple[Facts, list[Broken]]:
    """Read a scenario as it is, and with its share of the faults that apply to it, or ``every`` one of them."""
    told = story.told()
    base = read(free, copy_of(told), story.arguments)

    def one(fault: Fault) -> Broken:
        cloud = copy_of(told)
        fault.tell(cloud)
        facts = read(free, cloud, story.arguments)
        return Broken(fault, replace(facts, now=base.now))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return base, list(pool.map(one, share([each for each in FAULTS.values() if harms(each, base)], story, every)))


def share(faults: list[Fault], story: Story, every: bool) -> list[Fault]:
    """The faults that a scenario is tried with: always the same ones, in equal parts over the scenarios."""
    if every or story.name in PAIRED:
        return faults
    turn = crc32(story.name.encode())
    return [fault for fault in faults if (turn + list(FAULTS).index(fault.name)) % ONE_IN == 0] or faults[:1]


def harms(fault: Fault, facts: Facts) -> bool:
    """Whether it stops a pull, as far as one can know.

    What is only inferred weighs less than the images that nodes have just pulled, and the kubelet identity may pull
    nothing where that could not be read.
    """
    kubernetes, cluster = facts.kubernetes, facts.cluster
    pulled = isinstance(kubernetes, Kubernetes) and bool(kubernetes.pulled)
    inferred = OUTCOMES[fault.outcome].confidence is Confidence.INFERRED
    unused = isinstance(cluster, Cluster) and isinstance(cluster.service_account_pull, Unreadable)
    return fault.applies(facts) and not (pulled and inferred) and not (unused and fault.outcome in HELD_AGAINST_IT)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_fault_is_named_and_nothing_else(
    name: str, engines: SimpleQueue[Engine], record_property: Any, pytestconfig: pytest.Config
) -> None:
    base, broken = read_all(HEALTHY[name], engines, pytestconfig.getoption("every_fault"))
    whole = judged(base)
    assert whole.verdict is Verdict.HEALTHY, unknown(whole)
    rows = [_alone(name, each) for each in broken]
    rows += [row for each in broken for row in _reported(name, base, each)]
    if name in PAIRED:
        rows += pairs(name, base, broken)
    noted(record_property, rows)
    repairs = [repair for each in broken for repair in _repairs(name, each.fault, each.facts)]
    if name in PAIRED:
        repairs += [
            repair
            for each in broken
            for facts in _as_pods_report(base, each).values()
            for repair in _repairs(name, each.fault, facts)
        ]
    repairs_noted(record_property, repairs)
    again = judged(read(engines, HEALTHY[name].told(), HEALTHY[name].arguments))
    assert again.verdict is Verdict.HEALTHY, f"what was broken in a copy broke the scenario: {unknown(again)}"
    assert not [row.complaint for row in rows if row.complaint]
    assert not [repair.complaint for repair in repairs if repair.complaint]
    assert broken


def _alone(story: str, broken: Broken) -> Row:
    """In a preflight, or beside what the scenario's own pods tell."""
    return Row("alone", story, (broken.fault.outcome,), (broken.fault.name,), tuple(causes(judged(broken.facts))))


def _reported(story: str, base: Facts, broken: Broken) -> Iterator[Row]:
    """Once more, with a pod that reports what the fault makes pods report."""
    for symptom_class, facts in _as_pods_report(base, broken).items():
        found = tuple(causes(judged(facts)))
        yield Row("reported", story, (broken.fault.outcome,), (broken.fault.name, symptom_class), found)


def _as_pods_report(base: Facts, broken: Broken) -> dict[str, Facts]:
    """The broken facts with a pod that reports each class that the fault explains."""
    if not isinstance(base.kubernetes, Kubernetes) or base.kubernetes.failing != () or base.options.image is not None:
        return {}
    causes_found = [root.finding for root in judged(broken.facts).root_causes]
    explained = {each for cause in causes_found if cause.outcome == broken.fault.outcome for each in cause.explains}
    image = f"{login_server_of(base)}/{broken.fault.image}"
    pods = {each: build.failing(MESSAGES[each], image=image) for each in sorted(explained.intersection(MESSAGES))}
    kubernetes = base.kubernetes
    return {each: replace(broken.facts, kubernetes=replace(kubernetes, failing=(pod,))) for each, pod in pods.items()}


def _repairs(story: str, fault: Fault, facts: Facts) -> Iterator[Repair]:
    """The inverse: what its repairs lead to."""
    return repairs_of(story, fault.name, fault.outcome, proven(facts, SKIP))


# What pods report: the first recorded text of each class that says for itself what it is.
MESSAGES = {record["label"]: record["message"] for record in reversed(messages("messages")) if not is_ambiguous(record)}


# --- two faults, on the facts ----------------------------------------------------------


def pairs(story: str, base: Facts, broken: list[Broken]) -> Iterator[Row]:
    """Every two faults that have nothing in common: neither the facts that they change nor what they cause."""
    for one, other in combinations(broken, 2):
        if one.fault.about & other.fault.about or _folds(one.fault.outcome, other.fault.outcome):
            continue
        try:
            facts = merged(base, one.facts, other.facts)
        except DependentError:
            continue
        expected = (one.fault.outcome, other.fault.outcome)
        yield Row("pair", story, expected, (one.fault.name, other.fault.name), tuple(causes(judged(facts))))


def _folds(one: str, other: str) -> bool:
    return other in OUTCOMES[one].explains or one in OUTCOMES[other].explains


# --- a sample, through the real az -----------------------------------------------------


@pytest.mark.parametrize("turn", range(SCENARIOS_A_FAULT))
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_through_the_real_az(
    name: str, turn: int, cloud: Cloud, warm_az: Az, read_stories: dict[str, ReadStory]
) -> None:
    fault = FAULTS[name]
    story = next(each for each in _rotated(f"{name} {turn}") if harms(fault, read_stories[each.name].facts))
    story.tell(cloud)
    fault.tell(cloud)
    done = run(warm_az, *story.arguments)
    assert_promises(done)
    assert fault.outcome in [each["outcome"] for each in done.report["rootCauses"]][:2], unread(done.report)
    assert done.result.code == 4


def _rotated(word: str) -> list[Story]:
    """The scenarios in an order of their own for each word, the same in every run."""
    return [HEALTHY[name] for name in sorted(HEALTHY, key=lambda name: crc32(f"{name} {word}".encode()))]
