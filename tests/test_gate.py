"""What counts under --fail-on: the exit code, which the verdict foretells, and what each finding comes to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from azext_acrpulldiag.engine import Request, judged
from azext_acrpulldiag.facts import Facts
from azext_acrpulldiag.gate import Mark, exit_code, marked
from azext_acrpulldiag.report import Elapsed
from tests import build
from tests.variants import variants_of

LEVELS = ("error", "warning", "unknown", "never")


def finding(status: str, outcome: str | None = None, seen_from: str = "azure", **more: Any) -> dict[str, Any]:
    return {"check": "a.b", "outcome": outcome, "resource": "/r", "status": status, "seenFrom": seen_from, **more}


def report(verdict: str, *findings: dict[str, Any], roots: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    unknowns = [{"decisive": each["decisive"]} for each in findings if each["status"] == "unknown"]
    return {"verdict": verdict, "rootCauses": list(roots), "findings": list(findings), "unknowns": unknowns}


FAIL, WARN = finding("fail", "a.fail"), finding("warn", "a.warn")
UNREAD, UNREAD_DECISIVE = finding("unknown", decisive=False), finding("unknown", decisive=True)
HERE = finding("warn", "a.here", "this-machine")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (report("healthy", finding("pass"), finding("skipped")), (0, 0, 0, 0)),
        (report("healthy", finding("pass"), UNREAD), (0, 0, 5, 0)),
        (report("healthy", HERE), (0, 0, 0, 0)),
        (report("at-risk", WARN), (0, 4, 4, 0)),
        (report("at-risk", WARN, UNREAD), (0, 4, 4, 0)),
        (report("broken", FAIL, roots=(FAIL,)), (4, 4, 4, 0)),
        (report("broken", WARN, roots=(WARN,)), (4, 4, 4, 0)),
        (report("broken", FAIL, WARN, UNREAD_DECISIVE, roots=(FAIL,)), (4, 4, 4, 0)),
        (report("inconclusive", UNREAD_DECISIVE), (5, 5, 5, 0)),
        (report("inconclusive", WARN, UNREAD_DECISIVE), (5, 5, 5, 0)),
    ],
)
def test_the_exit_code(given: dict[str, Any], codes: tuple[int, ...]) -> None:
    assert tuple(exit_code(given, level) for level in LEVELS) == codes


@pytest.mark.parametrize(
    ("given", "level", "marks"),
    [
        (report("broken", WARN, HERE, roots=(WARN,)), "error", (Mark.FAILURE, Mark.WELL)),
        (report("at-risk", WARN, HERE), "error", (Mark.WELL, Mark.WELL)),
        (report("at-risk", WARN, HERE), "warning", (Mark.FAILURE, Mark.WELL)),
        (report("inconclusive", UNREAD_DECISIVE, UNREAD), "warning", (Mark.ERROR, Mark.OPEN)),
        (report("inconclusive", UNREAD_DECISIVE, UNREAD), "unknown", (Mark.ERROR, Mark.ERROR)),
        (report("healthy", finding("pass"), finding("skipped")), "unknown", (Mark.WELL, Mark.NOT_APPLICABLE)),
        (report("broken", FAIL, roots=(FAIL,)), "never", (Mark.FAILURE,)),
    ],
)
def test_what_each_finding_comes_to(given: dict[str, Any], level: str, marks: tuple[Mark, ...]) -> None:
    assert tuple(each.mark for each in marked(given, level)) == marks


# --- of whole runs ----------------------------------------------------------------------


def _facts() -> Iterator[Facts]:
    """Those of every base but one, whose failed probe is, as never in a run, none of the failing pods; and variants."""
    names = sorted(name for name in vars(build) if name.endswith("_facts") and name != "probed_facts")
    yield from (getattr(build, name)() for name in names)
    fields = ("access", "cluster", "kubernetes", "registry", "network", "pull_secrets", "images")
    for base in (build.healthy_facts(), build.failing_pods_facts(), build.token_secret_facts()):
        for name in fields:
            yield from list(variants_of(base, (name,)))[::13]


@cache
def reports() -> tuple[dict[str, Any], ...]:
    return tuple(judged(each, Request(each.targets), Elapsed(0.0, 0, 0)) for each in _facts())


def by_verdict(report: dict[str, Any], level: str) -> int:
    """What README's table says."""
    code = {"broken": 4, "inconclusive": 5, "at-risk": 0, "healthy": 0}[report["verdict"]]
    if level in ("warning", "unknown") and report["verdict"] == "at-risk":
        code = 4
    if level == "unknown" and not code and report["unknowns"]:
        code = 5
    return 0 if level == "never" else code


@pytest.mark.parametrize("level", LEVELS)
def test_the_verdict_foretells_the_exit_code(level: str) -> None:
    assert {each["verdict"] for each in reports()} == {"healthy", "at-risk", "broken", "inconclusive"}
    for each in reports():
        assert exit_code(each, level) == by_verdict(each, level), (each["summary"], level)
