"""Answer messages that come one by one: which are of a failed pull, which are the same, what they mean. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...images.references import parse_reference
from ...masking import masked
from ...pasted import Pasted, is_failure, is_said_of_pull, is_success, same_but_for_ids
from ...quoting import printable
from .. import PullError, classify
from . import explanation_of
from .commands import diagnosis_of, page_of

MOST = 10_000
"""Answers of one run."""
_REMEMBERED = 20_000
"""Texts; those before are classified again where they return."""
_NO_CAUSE = "backoff-only"


class TooManyError(ValueError):
    """More different answers than :data:`MOST`."""


class Answers:
    """The answers to messages that come one by one: each once, counted, in the order of its first message."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._seen: dict[tuple[str, str | None, bool], tuple[Any, ...] | None] = {}

    def add(self, message: Pasted, always: bool = False) -> bool:
        """Answer a message; ``False``: it says nothing of a pull that fails, and ``always`` was not asked for.

        Raises :class:`TooManyError`.
        """
        same = (same_but_for_ids(message.text), message.image, message.is_alone)
        if same not in self._seen:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            image = None if message.image is None else masked(message.image)
            self._seen[same] = self._answered(replace(message, text=masked(message.text), image=image), always)
        found = self._seen[same]
        if found is not None:
            self._answers[found]["count"] += 1
        return found is not None

    def report(self) -> tuple[list[dict[str, Any]], int]:
        """The report of ``az aks explain-pull-error``, and how many answers it leaves out.

        Those are of texts that only say that a pull failed, where another says why.
        """
        telling = [answer for answer in self._answers.values() if answer["class"] not in (_NO_CAUSE, "negative")]
        images = {answer["image"] for answer in telling}
        kept = [
            answer
            for answer in self._answers.values()
            if answer["class"] != _NO_CAUSE or not telling or answer["image"] not in (None, *images)
        ]
        return kept, len(self._answers) - len(kept)

    def _answered(self, message: Pasted, always: bool) -> tuple[Any, ...] | None:
        """The key of the answer to a message; a new answer counts no message yet."""
        error = classify(message.text)
        if not always and not _is_of_pull(error, message):
            return None
        answer = _report(message, error)
        key = _key(answer, error, message)
        known = self._answers.get(key)
        if known is None:
            if len(self._answers) >= MOST:
                raise TooManyError(f"There are more than {MOST:,} different errors.")
            self._answers[key] = answer
        elif answer["class"] == _NO_CAUSE and len(answer["message"]) > len(known["message"]):
            known["message"] = answer["message"]  # a sentence instead of the bare reason
        return key


def _key(answer: dict[str, Any], error: PullError, message: Pasted) -> tuple[Any, ...]:
    """What makes two answers the same: all but the message, or also that where it alone tells them apart."""
    said = tuple(answer[name] for name in answer if name not in ("message", "likelyOutcomes"))
    if error.symptom_class == "admission-denied" or (error.symptom_class == "other" and error.mechanism is None):
        return *said, same_but_for_ids(message.text)
    alone = answer["image"] is None and error.symptom_class != _NO_CAUSE
    return *said, error.mechanism, same_but_for_ids(message.text) if alone else None


def _is_of_pull(error: PullError, message: Pasted) -> bool:
    """Tell whether a message is of a failed pull: by its class, by its words where others may speak of the same."""
    if error.symptom_class == "negative" or is_success(message.text):
        return False
    if error.symptom_class == "other" and error.mechanism is None:
        return is_said_of_pull(message.text) and is_failure(message.text)
    return message.is_alone or is_said_of_pull(message.text)


def _report(message: Pasted, error: PullError) -> dict[str, Any]:
    meaning = explanation_of(error)
    image = error.image or message.image
    return {
        "message": printable(message.text),
        "class": error.symptom_class,
        "stage": error.stage.value,
        "host": _printable(error.host or _host_of(image)),
        "image": _printable(image),
        "status": error.status,
        "address": _printable(error.address),
        "credential": error.credential,
        "words": meaning.words,
        "likelyOutcomes": list(meaning.outcomes),
        "decidedBy": meaning.decided_by,
        "articleSection": meaning.article,
        "count": 0,
        "page": page_of(meaning.outcomes),
        "next": None if error.symptom_class == "negative" else diagnosis_of(image, error.host),
    }


def _host_of(image: str | None) -> str | None:
    """The registry that an image names which its text does not."""
    try:
        return parse_reference(image or "").host
    except ValueError:
        return None


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)
