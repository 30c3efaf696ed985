"""What effects of several rooms share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..facts import CheckAcrReport, Facts, PullSecret, SecretEntry, Unreadable

T = TypeVar("T")

# Of canipull: the node's credential, or its token, is refused, see CheckAcrReport.
_REFUSED = (10, 60)


def prepares(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """The effect of a step that changes something which a run does not read, for a later step of its option."""
    return facts


def each(items: tuple[T, ...] | Unreadable, change: Callable[[T], T]) -> tuple[T, ...] | Unreadable:
    """Change every one of what was read; what was not read stays unread."""
    return items if isinstance(items, Unreadable) else tuple(map(change, items))


def in_secrets(facts: Facts, change: Callable[[SecretEntry], SecretEntry]) -> Facts:
    """Change every entry of the pull secrets that were read."""

    def changed(secret: PullSecret) -> PullSecret:
        return replace(secret, entries=tuple(map(change, secret.entries)))

    secrets = facts.pull_secrets
    return replace(facts, pull_secrets=secrets if secrets is None else each(secrets, changed))


def signing_in_anew(facts: Facts) -> Facts:
    """Take out what ``az aks check-acr`` told of a credential that was refused: it was made before the repair."""
    report = facts.check_acr
    refused = isinstance(report, CheckAcrReport) and report.exit_code in _REFUSED
    return replace(facts, check_acr=None) if refused else facts
