"""Of every outcome that a command repairs, one story: broken, repaired with what is printed, and told again.

``make repairs`` does it with every story.
"""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.repairs import steps_of
from tests.azure.az import Az
from tests.azure.state import Cloud
from tests.contracts.held import can_hold, objections, operation_of

from . import kubectl
from .loop import Outlook, Plan, close, hindrance, only_looks
from .not_closed import NOT_CLOSED
from .stories import STORIES

# The cheapest story of each outcome whose repair can be run.
CLOSED_BY: dict[str, str] = {}


@pytest.mark.skipif(not kubectl.have_kubectl(), reason="needs kubectl")
@pytest.mark.parametrize("outcome", CLOSED_BY)
def test_a_repair_does_what_the_report_says(outcome: str, cloud: Cloud, warm_az: Az) -> None:
    story = STORIES[CLOSED_BY[outcome]]
    assert outcome in story.outcomes
    story.tell(cloud)
    result = close(story, warm_az)
    assert not isinstance(result, str), result
    assert outcome in result.outcomes
    assert result.difference is None, "\n".join((result.difference or "", *result.commands))
    if can_hold():
        # az has versions of its own, of which not all are defined here.
        found = objections([each for each in result.requests if operation_of(each)], story.name)
        assert not found, "\n".join(found)


def test_every_repair_is_closed_by_a_story_or_listed() -> None:
    outcomes = {each.id: each for checked in ALL for each in checked.outcomes}
    changing = {
        name
        for name, each in outcomes.items()
        if any(step.command and not only_looks(step.command) for step in steps_of(each.repairs))
    }
    assert not CLOSED_BY.keys() & NOT_CLOSED.keys()
    assert changing == CLOSED_BY.keys() | NOT_CLOSED.keys()


def step(command: str | None, description: str = "Do it") -> dict[str, object]:
    return {"command": command, "description": description}


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((step("az acr update --name a"),), None),
        ((step("az acr update --name a"), step(None, "If it was refused: ask")), None),
        ((step("az acr show --name a"),), "its command only looks"),
        ((step("az aks get-credentials --name a"), step("kubectl describe pod a")), "its command only looks"),
        ((step(None, "Ask"),), "no command does it"),
        ((step(None, "Ask"), step("az acr update --name a")), "a step is for a person: Ask"),
        ((step('az aks update-credentials --client-secret "${SP_SECRET:?unset}"'),), "a person fills SP_SECRET"),
        ((step("A=$(az x create)"), step('az acr update --name "${A:?unset}"')), None),
        ((step("docker push a"),), "it builds or pushes an image"),
    ],
)
def test_why_a_plan_cannot_be_run(steps: tuple[dict[str, object], ...], reason: str | None) -> None:
    assert hindrance(Plan(("access.pull-role-missing",), steps, None)) == reason


def test_a_difference_is_seen() -> None:
    from .loop import Closed

    healthy, broken = Outlook("healthy", ()), Outlook("broken", ("a.b",))

    def closed(promised: Outlook | None, came: Outlook, failed: str = "", left: tuple[str, ...] = ()) -> Closed:
        return Closed("story", ("a.b",), ("az x",), promised, came, failed, left, came.root_causes, ())

    assert closed(healthy, healthy).difference is None
    assert closed(None, healthy).difference is None
    assert closed(healthy, broken).difference
    assert closed(broken, healthy).difference
    assert closed(None, broken).difference
    assert closed(None, healthy, failed="no").difference
    assert closed(None, healthy, left=("a.b",)).difference
