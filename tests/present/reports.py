"""Reports, as plain data, that have what the renderers look at."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from azext_acrpulldiag.engine import Request, judged
from azext_acrpulldiag.facts import Access, Unreadable
from azext_acrpulldiag.report import Elapsed
from tests import build

COMMAND = "az role assignment create --assignee-object-id 1 --role AcrPull --scope /registries/contosoreg"


def remedy(command: str | None = COMMAND, option: int = 1, step: int = 1, **more: Any) -> dict[str, Any]:
    words = {"description": f"Step {step} of option {option}", "changes": None, "requires": ["A/b/write"]}
    told = {"leadsTo": None, "notTold": None}
    return {**words, **told, "command": command, "option": option, "step": step, **more}


def finding(outcome: str, status: str = "fail", summary: str = "It is broken.", **more: Any) -> dict[str, Any]:
    check = outcome.partition(".")[0]
    given = {"check": f"{check}.x", "outcome": outcome, "category": check, "status": status, "resource": "/r"}
    return {**given, "summary": summary, "remedies": [], "changes": [], "furtherChanges": 0, **more}


def report(*roots: dict[str, Any], verdict: str = "broken", **more: Any) -> dict[str, Any]:
    causes = [{"explains": [], **each} for each in roots]
    return {
        "verdict": verdict,
        "summary": "In short.",
        "where": None,
        "target": {"cluster": {"name": "prod"}, "registry": {"loginServer": "contosoreg.azurecr.io"}, "image": None},
        "rootCauses": causes,
        "repairPlan": None,
        "findings": [*roots, *more.pop("findings", [])],
        "symptomGroups": [],
        "outOfScope": [],
        "outOfScopeGroups": [],
        "unknowns": [],
        **more,
    }


def leads_to(verdict: str, *causes: str) -> dict[str, Any]:
    return {"verdict": verdict, "rootCauses": list(causes)}


def unknown(check: str, reason: str, decisive: bool = True, code: str = "forbidden") -> dict[str, Any]:
    return {"check": check, "reason": reason, "decisive": decisive, "code": code, "permission": None}


@cache
def judged_reports() -> tuple[dict[str, Any], ...]:
    """Reports of runs, of every verdict, as the engine makes them."""
    names = ("healthy", "failing_pods", "token_secret", "bad_secret", "private_link", "firewall", "proxied")
    facts = [getattr(build, f"{name}_facts")() for name in names]
    unread = Unreadable("forbidden", "HTTP 403: no right to read it", "GET roles", "A/roleAssignments/read")
    healthy = build.healthy_facts()
    facts += [replace(healthy, access=Access.unread(unread)), replace(healthy, outbound=unread)]
    return tuple(judged(each, Request(each.targets), Elapsed(1.5, 9, 3)) for each in facts)
