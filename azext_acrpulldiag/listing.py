"""The command ``az aks list-pull-checks``: the catalogue as the installed extension has it. Needs no Azure login."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import Check, Outcome
    from .rights import Right


def list_pull_checks(category: str | None = None, outcome: str | None = None) -> list[dict[str, Any]] | dict[str, Any]:
    """Return one row for every outcome of every check, in the order of the checks' ids; or those of one category.

    With ``outcome`` (an id) its own page instead, an object. Raises az's usage error for an id that there is none of.
    """
    from .checks import ALL  # it would slow down every other az aks command

    if outcome is not None:
        return page_of(outcome, ALL)
    wanted = [checked for checked in ALL if category in (None, checked.category)]
    return [_row(checked, outcome) for checked in wanted for outcome in checked.outcomes]


def page_of(outcome_id: str, checks: Iterable[Check]) -> dict[str, Any]:
    """What there is to say of one outcome: meaning, why, how it is decided, repairs, rights, links."""
    from .permissions import rights_of
    from .repairs import Option
    from .report import camel

    reporting = [checked for checked in checks for each in checked.outcomes if each.id == outcome_id]
    if not reporting:
        raise _unknown_outcome(outcome_id, checks)
    outcome = next(each for each in reporting[0].outcomes if each.id == outcome_id)
    return {
        "outcome": outcome.id,
        "severity": outcome.severity.value,
        "confidence": outcome.confidence.value,
        "seenFrom": outcome.seen_from.value,
        "meaning": outcome.summary,
        "checks": [
            {
                "check": each.id,
                "healthyWhen": _plain(each.title),
                "why": _plain(each.why),
                "decidedBy": _plain(each.how),
            }
            for each in reporting
        ],
        "symptoms": [name for name in outcome.explains if "." not in name],
        "consequences": [name for name in outcome.explains if "." in name],
        "repairs": [
            {
                "option": number,
                "step": place,
                "description": step.description,
                "command": step.command,
                "changes": step.changes or None,
                "requires": list(step.requires),
            }
            for number, each in enumerate(outcome.repairs, 1)
            for place, step in enumerate(each.steps if isinstance(each, Option) else (each,), 1)
        ],
        "needs": [_right(right) for right in rights_of(need for each in reporting for need in each.needs)],
        "evidence": [camel(key) for key in outcome.evidence_keys],
        "articleSection": outcome.article,
        "url": outcome.url,
    }


def _unknown_outcome(given: str, checks: Iterable[Check]) -> Any:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    ids = sorted({each.id for checked in checks for each in checked.outcomes})
    near = difflib.get_close_matches(given, ids, 3)
    hint = f"Did you mean {', '.join(near)}?" if near else "`az aks list-pull-checks -o table` lists them."
    return InvalidArgumentValueError(f"--outcome {given!r} is no outcome.", hint)


def outcome_ids() -> list[str]:
    """Return the ids of all outcomes, in order."""
    from .checks import ALL

    return sorted({outcome.id for checked in ALL for outcome in checked.outcomes})


def _plain(text: str) -> str:
    """A manual as running text: names in single backquotes, paragraphs kept."""
    paragraphs = (" ".join(part.split()) for part in text.replace("``", "`").split("\n\n"))
    return "\n\n".join(paragraphs)


def _right(right: Right) -> dict[str, Any]:
    return {"right": right.name, "kind": right.kind.value, "where": right.where, "onlyWhere": right.when or None}


def categories() -> list[str]:
    """Return the categories of all checks, in order."""
    from .checks import ALL

    return sorted({checked.category for checked in ALL})


def _row(checked: Check, outcome: Outcome) -> dict[str, Any]:
    from .permissions import rights_of

    return {
        "check": checked.id,
        "outcome": outcome.id,
        "category": checked.category,
        "severity": outcome.severity.value,
        "healthyWhen": checked.title.replace("``", "`"),
        "summary": outcome.summary,
        "seenFrom": outcome.seen_from.value,
        "symptoms": [name for name in outcome.explains if "." not in name],
        "needs": [_right(right) for right in rights_of(checked.needs)],
        "articleSection": outcome.article,
        "url": outcome.url,
    }
