"""Decide which entry of a pull error carries the cause."""

from __future__ import annotations

from dataclasses import dataclass

from . import parse
from .bodies import CacheRule, Said, cache_rule_in, client_address_in, said_in
from .classes import verdict_of
from .parse import Stage
from .subject import is_backoff_only, is_no_pull, may_be_a_pull


@dataclass(frozen=True)
class Cause:
    """One attempt of a pull: kubelet makes one a credential, the anonymous one last."""

    symptom_class: str
    mechanism: str | None
    stage: Stage
    host: str | None
    status: int | None
    address: str | None
    credential: str | None
    text: str
    resolver: str | None = None
    client_address: str | None = None
    said: Said | None = None
    cache_rule: CacheRule | None = None
    asked_for: str | None = None


@dataclass(frozen=True)
class PullError:
    """What a message says.

    ``symptom_class`` is one of ``SYMPTOM_CLASSES``; ``mechanism`` a finer word where one class
    has several causes. ``host`` is the host that the failing request went to (a storage host
    for layers), else the image's registry. ``status`` is the HTTP status that a registry or
    storage answered with. ``address`` is the client's in a firewall's refusal, else the one
    that was dialled. ``credential`` is ``anonymous``, ``credentialed`` or ``None`` (the text
    does not tell). ``causes`` are all attempts, the deciding one first.
    """

    symptom_class: str
    mechanism: str | None
    stage: Stage
    host: str | None
    image: str | None
    status: int | None
    address: str | None
    credential: str | None
    causes: tuple[Cause, ...]
    resolver: str | None = None
    """The address of the DNS server that was asked for the host, where the text names it."""
    client_address: str | None = None
    """Whom the registry's firewall refused, by the registry's own words in any attempt."""
    said: Said | None = None
    """The registry's own error in the deciding attempt, where the text holds it."""
    cache_rule: CacheRule | None = None
    """The artifact cache rule that the registry names in any attempt."""
    asked_for: str | None = None
    """The registry whose image ``host`` was asked for as its mirror (``?ns=``), where the text names it."""


def classify(message: str) -> PullError:
    """Classify the text of an event, a container status or a log line. Never raises."""
    text = parse.readable(message)
    words = parse.bare(text)
    image = parse.image_in(text)
    if is_no_pull(text, words):
        return _alone("negative", image, text)
    if is_backoff_only(words):
        return _alone("backoff-only", image, text)
    parts = parse.entries(text)
    attempts = [_cause(part, image, position, len(parts)) for position, part in enumerate(parts)]
    order = sorted(range(len(attempts)), key=lambda index: (_rank(attempts[index], index, len(attempts)), index))
    causes = tuple(attempts[index] for index in order)
    first = causes[0]
    if (first.symptom_class, first.mechanism) == ("other", None) and not may_be_a_pull(words):
        return _alone("negative", image, text)
    return PullError(
        symptom_class=first.symptom_class,
        mechanism=first.mechanism,
        stage=first.stage,
        host=first.host,
        image=image,
        status=first.status,
        address=first.address,
        credential=first.credential,
        causes=causes,
        resolver=first.resolver,
        client_address=next((each.client_address for each in causes if each.client_address), None),
        said=first.said,
        cache_rule=next((each.cache_rule for each in causes if each.cache_rule), None),
        asked_for=first.asked_for,
    )


def _cause(text: str, image: str | None, position: int, count: int) -> Cause:
    words = parse.bare(text)
    stage = parse.stage_of(text, words)
    verdict = verdict_of(text, words, stage)
    credential = parse.credential_in(words)
    if credential is None and position < count - 1:
        credential = "credentialed"  # kubelet goes without a credential last
    return Cause(
        symptom_class=verdict.symptom_class,
        mechanism=verdict.mechanism,
        stage=stage,
        host=parse.host_in(text, image),
        status=parse.status_in(words),
        address=parse.address_in(text),
        credential=credential,
        text=text,
        resolver=parse.resolver_in(text),
        client_address=client_address_in(text),
        said=said_in(text),
        cache_rule=cache_rule_in(text),
        asked_for=parse.asked_for_in(text),
    )


def _rank(cause: Cause, position: int, count: int) -> int:
    """How little an attempt tells: the lowest rank carries the cause.

    A credential that got further than 401 met the real obstacle. The attempt without a
    credential ends in 401 at every private registry, whatever stopped the others: even what
    nobody knows tells more, where it happened to a credential.
    """
    refused = cause.symptom_class == "unauthorized-401"
    without = cause.credential == "anonymous" or (count > 1 and position == count - 1)
    if cause.symptom_class in ("other", "backoff-only") and cause.mechanism is None:
        return 5 if without or cause.symptom_class == "backoff-only" else 3
    return (4 if refused else 2) if without else (1 if refused else 0)


def _alone(symptom_class: str, image: str | None, text: str) -> PullError:
    host = parse.host_in("", image)
    cause = Cause(symptom_class, None, Stage.NONE, host, None, None, None, text)
    return PullError(symptom_class, None, Stage.NONE, host, image, None, None, None, (cause,))
