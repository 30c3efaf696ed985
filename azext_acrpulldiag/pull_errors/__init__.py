"""Read the text of a failed image pull: which class of failure, at which stage, by whom.

Pure, and safe on any text: linear in its length, never raises. :mod:`.chain` makes one text of lines and parts what it
lists, :mod:`.subject` tells what it is about, :mod:`.names` and :mod:`.parse` take an entry apart (hosts, stage,
status, credential), :mod:`.bodies` has the registry's own words, :mod:`.speakers`, :mod:`.rules` and :mod:`.classes`
name the mechanism of one entry, and :func:`classify` decides which entry carries the cause.
"""

from __future__ import annotations

from .bodies import CacheRule, Said
from .classes import SYMPTOM_CLASSES
from .decide import Cause, PullError, classify

__all__ = ["SYMPTOM_CLASSES", "CacheRule", "Cause", "PullError", "Said", "classify"]
