"""The command ``az aks list-pull-checks``: the catalogue as the installed extension has it. Needs no Azure login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import Check, Outcome


def list_pull_checks(category: str | None = None) -> list[dict[str, Any]]:
    """Return one row for every outcome of every check, in the order of the checks' ids; or those of one category."""
    from .checks import ALL  # it would slow down every other az aks command

    wanted = [checked for checked in ALL if category in (None, checked.category)]
    return [_row(checked, outcome) for checked in wanted for outcome in checked.outcomes]


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
        "needs": [
            {"right": right.name, "kind": right.kind.value, "where": right.where, "onlyWhere": right.when or None}
            for right in rights_of(checked.needs)
        ],
        "articleSection": outcome.article,
        "url": outcome.url,
    }
