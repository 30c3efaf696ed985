"""Reports, as plain data, that have what the renderers look at."""

from __future__ import annotations

from typing import Any

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
