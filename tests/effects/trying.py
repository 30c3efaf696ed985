"""What the repairs of a finding are said to lead to."""

from __future__ import annotations

from azext_acrpulldiag.diagnosis.whole import proven
from azext_acrpulldiag.facts import Facts
from azext_acrpulldiag.model import LeadsTo, Remedy


def first_steps(facts: Facts, outcome: str) -> dict[int, Remedy]:
    """The first step of every option of the outcome's only finding, by the number of the option."""
    (finding,) = (each for each in proven(facts).findings if each.outcome == outcome)
    return {each.option: each for each in finding.remedies if each.step == 1}


def leads_to(facts: Facts, outcome: str, option: int = 1) -> tuple[str, tuple[str, ...]]:
    """The verdict and the root causes that are left once an option is done."""
    led = first_steps(facts, outcome)[option].leads_to
    assert isinstance(led, LeadsTo)
    return led.verdict.value, led.root_causes


def not_told(facts: Facts, outcome: str, option: int = 1) -> str | None:
    """Why it is not said what an option leads to."""
    step = first_steps(facts, outcome)[option]
    assert step.leads_to is None
    return step.not_told


HEALTHY = ("healthy", ())
