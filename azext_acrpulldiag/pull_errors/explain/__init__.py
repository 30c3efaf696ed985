"""Say in plain words what a pull error means, and what is likely behind it.

Pure. The order of the likely outcomes is how often they are behind such a text in public
reports; ``decided_by`` is the one fact that tells them apart.
"""

from __future__ import annotations

from .. import PullError
from .general import GENERAL, Explanation
from .on_node import ended_early
from .special import SPECIAL

__all__ = ["GENERAL", "SPECIAL", "Explanation", "ended_early", "explanation_of"]


def explanation_of(error: PullError) -> Explanation:
    """Return what a classified message means: the special case where one fits, else its class."""
    for applies, special in SPECIAL.get(error.symptom_class, ()):
        if applies(error):
            return special
    return GENERAL[error.symptom_class]
