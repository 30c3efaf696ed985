"""Say in plain words what a pull error means, and what is likely behind it.

Pure. The order of the likely outcomes is how often they are behind such a text in public
reports; ``decided_by`` is the one fact that tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...quoting import printable
from .. import PullError, classify
from .general import GENERAL, Explanation
from .special import SPECIAL

__all__ = ["GENERAL", "SPECIAL", "Explanation", "explain", "explanation_of"]


def explain(messages: Iterable[str]) -> list[dict[str, Any]]:
    """Explain each message, in order: the report of ``az aks explain-pull-error``."""
    return [_report(message) for message in messages]


def explanation_of(error: PullError) -> Explanation:
    """Return what a classified message means: the special case where one fits, else its class."""
    for applies, special in SPECIAL.get(error.symptom_class, ()):
        if applies(error):
            return special
    return GENERAL[error.symptom_class]


def _report(message: str) -> dict[str, Any]:
    error = classify(message)
    meaning = explanation_of(error)
    return {
        "message": printable(message),
        "class": error.symptom_class,
        "stage": error.stage.value,
        "host": _printable(error.host),
        "image": _printable(error.image),
        "status": error.status,
        "address": _printable(error.address),
        "credential": error.credential,
        "words": meaning.words,
        "likelyOutcomes": list(meaning.outcomes),
        "decidedBy": meaning.decided_by,
        "articleSection": meaning.article,
    }


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)
