"""Break, diagnose, repair with the printed commands, diagnose again: does a repair do what the report says it does?

Nothing of the product is called but ``az``. What is run is what a report prints, in one shell, as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.azure import broken
from tests.azure.az import Az
from tests.azure.changes_access import ago, iso
from tests.azure.kubelet import pull_again
from tests.azure.log import Entry
from tests.azure.shell import paste
from tests.azure.state import Cloud

from .not_closed import NOT_CLOSED, STORIES_NOT_CLOSED
from .pasting import variables_of
from .remedies import EXTENSIONS, programs
from .running import run
from .stories import Story

Remedy = dict[str, Any]

# What a command that only looks ends its words with, before its options.
_LOOKS = re.compile(r"(show|list|describe|get|check)(-[a-z-]+)?")
_READERS = ("get-credentials",)
_KEPT = re.compile(r"([A-Z_]+)=")
_BY_HAND = re.compile(r"<[\w-]+>|\bca-certificates\.pem\b|\.json\b")
_IF = re.compile(r"(Or )?[Ii]f ")
_ALSO = re.compile(r"Write .* too", re.DOTALL)
_LONG_AGO = timedelta(days=200)


@dataclass(frozen=True)
class Outlook:
    """A verdict, and the outcomes of the root causes in order."""

    verdict: str
    root_causes: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join((self.verdict, *self.root_causes))


@dataclass(frozen=True)
class Closed:
    """What came of a repair.

    ``promised`` is what the first report said that it leads to (``None``: it did not tell). ``failed`` is what a
    command that failed said, ``left`` are the outcomes whose fault the cloud still has, ``found`` those that
    the last report has: root causes, or warnings too where one of these was repaired.
    """

    story: str
    outcomes: tuple[str, ...]
    commands: tuple[str, ...]
    promised: Outlook | None
    came: Outlook
    failed: str
    left: tuple[str, ...]
    found: tuple[str, ...]
    requests: tuple[Entry, ...]

    @property
    def is_told(self) -> bool:
        """Whether the first report said what the second will say. Inconclusive: it said that it cannot know."""
        return self.promised is not None and self.promised.verdict != "inconclusive"

    @property
    def difference(self) -> str | None:
        """What is otherwise than it should be; ``None``: nothing."""
        if self.failed:
            return f"a command failed: {self.failed}"
        if self.is_told and self.promised != self.came:
            return f"it was to lead to {self.promised}, and came to {self.came}"
        if not self.is_told and (still := [each for each in self.outcomes if each in self.found]):
            return f"still there: {', '.join(still)}"
        if self.left and self.came.verdict == "healthy":
            return f"it is called healthy, and still broken: {', '.join(self.left)}"
        return None


@dataclass(frozen=True)
class Plan:
    """What to run of a report, and what it leads to by that report."""

    outcomes: tuple[str, ...]
    steps: tuple[Remedy, ...]
    promised: Outlook | None

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(each["command"] for each in self.steps if each["command"])


def close(story: Story, az: Az) -> Closed | str:
    """Go round once. ``az`` is logged in to a cloud of which the story is true; a reason where nothing can be run."""
    cloud = az.cloud
    if story.name in STORIES_NOT_CLOSED:
        return STORIES_NOT_CLOSED[story.name]
    first = run(az, *story.arguments).report
    plans = planned(first)
    plan = next((each for each in plans if not hindrance(each)), None)
    if plan is None:
        return next((str(hindrance(each)) for each in plans), "there is no repair")
    cloud.log.clear()
    done = paste(az, plan.commands)
    requests = tuple(cloud.log)
    left = tuple(each for each in plan.outcomes if each in broken.known() and broken.left(cloud, [each]))
    if set(story.root_causes) <= broken.known().keys():
        pull_again(cloud, story.root_causes)
    age(cloud)
    after = run(az, *story.arguments).report
    return Closed(
        story.name,
        plan.outcomes,
        plan.commands,
        plan.promised,
        _outlook(after["verdict"], (each["outcome"] for each in after["rootCauses"])),
        done.err.strip()[-800:] if done.code else "",
        left,
        tuple(each["outcome"] for each in (after["findings"] if not first["rootCauses"] else after["rootCauses"])),
        requests,
    )


def planned(report: Any) -> list[Plan]:
    """What a reader may run, the best first.

    That is the report's plan where there are several causes and it tells what that leads to; else the options of the
    first cause, or where there is none of the first warning.
    """
    whole = report["repairPlan"]
    causes = report["rootCauses"] or [each for each in report["findings"] if each["status"] == "warn"]
    if len(causes) > 1 and whole and whole["leadsTo"]:
        outcomes = tuple(dict.fromkeys(each["outcome"] for each in whole["steps"]))
        return [Plan(outcomes, tuple(whole["steps"]), _promised(whole["leadsTo"]))]
    options: dict[int, list[Remedy]] = {}
    for each in causes[0]["remedies"] if causes else ():
        options.setdefault(each["option"], []).append(each)
    return [
        Plan((causes[0]["outcome"],), tuple(steps), _promised(next((each["leadsTo"] for each in steps), None)))
        for steps in options.values()
    ]


def hindrance(plan: Plan) -> str | None:
    """Why a plan cannot be run as it is printed; ``None``: it can."""
    if listed := next((each for each in plan.outcomes if each in NOT_CLOSED), None):
        return NOT_CLOSED[listed]
    if not plan.commands:
        return "no command does it"
    if all(map(only_looks, plan.commands)):
        return "its command only looks"
    if not plan.promised and (case := next((each for each in plan.steps if _is_for_a_case(each)), None)):
        return f"it is for a case that a person has to know of: {case['description']}"
    if advice := _advice(plan):
        return f"a step is for a person: {advice}"
    unknown = set().union(*map(variables_of, plan.commands)) - {
        each[1] for each in map(_KEPT.match, plan.commands) if each
    }
    if unknown:
        return f"a person fills {', '.join(sorted(unknown))}"
    for command in plan.commands:
        if reason := _hindrance(command):
            return reason
    return None


def _is_for_a_case(step: Remedy) -> bool:
    return bool(step["command"] and _IF.match(step["description"]))


def _advice(plan: Plan) -> str | None:
    """The first step without a command that has to be taken for the repair to work.

    Writing down what was changed is care for later, and what begins with "If" is for a case that the simulated cloud is
    not in.
    """
    advice = (each["description"] for each in plan.steps if not each["command"])
    return next((each for each in advice if not (_IF.match(each) or _ALSO.fullmatch(each))), None)


def _hindrance(command: str) -> str | None:
    if _BY_HAND.search(command):
        return f"a person writes a file first: {command}"
    for words in programs(re.sub(r"^[A-Z_]+=(\$\()?", "", command)):
        if words[0] == "docker" or words[:3] == ["az", "acr", "build"]:
            return "it builds or pushes an image"
        if words[0] == "az" and any(tuple(words[1 : 1 + len(each)]) == each for each in EXTENSIONS):
            return f"its command is one of an extension that is not installed here: az {' '.join(words[1:3])}"
    return None


def only_looks(command: str) -> bool:
    """Whether a command reads, and writes no more than a file here."""
    words = [each for each in command.split(" -")[0].split() if re.fullmatch(r"[a-z][a-z-]*", each)]
    if "=" in command.split()[0]:
        return True  # keeps what it reads for the steps behind it, which are looked at too
    return any(each in _READERS or _LOOKS.fullmatch(each) for each in words[1:])


def age(cloud: Cloud) -> None:
    """Let what was written now have been written before the nodes were made: a repair's own age is not judged."""
    recent, then = ago(hours=1), ago(days=_LONG_AGO.days)
    holders = (*cloud.applications, *cloud.service_principals)
    written = [(each["properties"], 7, ("createdOn", "updatedOn")) for each in cloud.role_assignments]
    written += [(each, 0, ("startDateTime",)) for holder in holders for each in holder["passwordCredentials"]]
    for members, digits, names in written:
        for name in names:
            if members[name] > iso(recent, digits):
                members[name] = iso(then, digits)


def _promised(told: Any) -> Outlook | None:
    return _outlook(told["verdict"], told["rootCauses"]) if told else None


def _outlook(verdict: str, root_causes: Iterable[str]) -> Outlook:
    return Outlook(verdict, tuple(root_causes))
