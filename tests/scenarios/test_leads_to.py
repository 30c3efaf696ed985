"""What the repairs of every story are said to lead to: never to the cause that they repair."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from azext_acrpulldiag.diagnosis.whole import proven
from azext_acrpulldiag.model import Diagnosis, Finding

from .conftest import ReadStory

SKIP = ("registry.health",)


@pytest.fixture(scope="module")
def judged(read_stories: dict[str, ReadStory]) -> dict[str, Diagnosis]:
    return {name: proven(story.facts, SKIP) for name, story in read_stories.items()}


def test_no_repair_leads_back_to_its_cause(judged: dict[str, Diagnosis]) -> None:
    back = [
        f"{name}: option {remedy.option} of {finding.outcome} leads to {remedy.leads_to.root_causes}"
        for name, diagnosis in judged.items()
        for finding in causes(diagnosis)
        for remedy in finding.remedies
        if remedy.leads_to is not None and alone(finding, diagnosis) and finding.outcome in remedy.leads_to.root_causes
    ]
    assert not back, "\n".join(back)


def test_every_repair_of_a_cause_says_what_it_leads_to_or_why_nobody_can_tell(judged: dict[str, Diagnosis]) -> None:
    for name, diagnosis in judged.items():
        for finding in causes(diagnosis):
            for remedy in finding.remedies:
                assert (remedy.leads_to is None) != (remedy.not_told is None), (name, finding.outcome, remedy.option)


def test_a_plan_leaves_fewer_causes_or_shows_the_next(judged: dict[str, Diagnosis]) -> None:
    for name, diagnosis in judged.items():
        plan = diagnosis.repair_plan
        if plan is not None and plan.leads_to is not None:
            before = Counter(finding.outcome for finding in causes(diagnosis))
            assert before - Counter(plan.leads_to.root_causes), name


def test_most_repairs_are_told(judged: dict[str, Diagnosis], record_property: Any) -> None:
    """A count to look at, and a floor: repairs that stop being told would pass all other tests."""
    told = Counter(
        remedy.leads_to is not None
        for diagnosis in judged.values()
        for finding in causes(diagnosis)
        for remedy in finding.remedies
        if remedy.step == 1
    )
    record_property("repairs told", told[True])
    assert told[True] > told[False]


def causes(diagnosis: Diagnosis) -> list[Finding]:
    return [root.finding for root in diagnosis.root_causes]


def alone(finding: Finding, diagnosis: Diagnosis) -> bool:
    """Whether no other root cause has the same outcome."""
    return sum(each.outcome == finding.outcome for each in causes(diagnosis)) == 1
