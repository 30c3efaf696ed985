"""The images that come through cache rules, and what the registry says of the rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...facts import CacheRule, Facts, Image, ImageLookup, Unreadable
from ...images.cache_rules import rule_for
from ...images.references import written
from ...pull_errors.bodies import cache_rule_in
from ...pull_errors.symptoms import FailedPull, failed_pulls

_NOT_FOUND = "image-not-found"


@dataclass(frozen=True)
class Cached:
    """An image that a rule serves, and what is known of it."""

    repository: str
    images: tuple[str, ...]
    """References, as pods and the argument write them."""
    rule: CacheRule | None
    """``None``: the registry names the rule, and rules were not read."""
    status: int | None = None
    """Of HTTP, where the registry refused it."""
    message: str = ""
    """What the registry said of the rule; empty: nothing."""
    upstream: str | None = None
    """What the registry says that it asked for; ``None``: it does not say."""
    is_there: bool = False
    """The registry has it by now."""
    is_absent: bool = False
    """The registry told this run that it does not have it."""
    unread: Unreadable | None = None
    """Why this run was not told whether the registry has it; ``None``: it was."""
    is_missing: bool = False
    """And pods wait for it, since their nodes were told the same."""


def cached_images(facts: Facts) -> tuple[Cached, ...]:
    """The images that are judged and meet a cache rule, each once; none where rules were not read."""
    rules = facts.cache_rules
    if isinstance(rules, Unreadable):
        return ()
    found: dict[str, Cached] = {}
    for image, reference, pull in _judged(facts):
        rule = rule_for(rules, image.repository)
        if rule is None:
            continue
        key = written(image)
        one = found.get(key) or _looked_up(Cached(image.repository, (), rule), _lookup(facts, image), facts)
        found[key] = _with_pull(one, reference, pull)
    return tuple(found.values())


def words_of_rules(facts: Facts) -> dict[str, Cached]:
    """What the registry says of rules, by the name of the rule: to this run before what pods report."""
    found: dict[str, Cached] = {}
    for image, reference, pull in _judged(facts):
        one = _lookup(facts, image) if _may_meet_a_rule(facts, image) else None
        for said in (_by_lookup(image, one), _by_pull(image, pull)):
            if said is not None:
                name, words = said
                known = found.setdefault(name, words)
                found[name] = replace(known, images=tuple(dict.fromkeys((*known.images, reference))))
    return found


def _may_meet_a_rule(facts: Facts, image: Image) -> bool:
    rules = facts.cache_rules
    return isinstance(rules, Unreadable) or rule_for(rules, image.repository) is not None


def _judged(facts: Facts) -> Iterator[tuple[Image, str, FailedPull | None]]:
    """What is asked of the registry, with the reference that somebody wrote."""
    image = facts.options.image
    if image is not None:
        yield image, written(image), None
    for pull in failed_pulls(facts)[0]:
        if pull.asked is not None:
            yield pull.asked, pull.container.image, pull


def _lookup(facts: Facts, image: Image) -> ImageLookup | None:
    images = facts.images if isinstance(facts.images, tuple) else ()
    named = (image.repository, image.tag, image.digest)
    return next((one for one in images if (one.repository, one.tag, one.digest) == named), None)


def _looked_up(cached: Cached, one: ImageLookup | None, facts: Facts) -> Cached:
    if one is None:
        return replace(cached, unread=facts.images if isinstance(facts.images, Unreadable) else None)
    parts = (one.repository_exists, one.reference_exists)
    return replace(
        cached,
        is_there=one.reference_exists is True,
        is_absent=False in parts,
        unread=None if False in parts else next((each for each in parts if isinstance(each, Unreadable)), None),
        status=one.refusal.status if one.refusal else None,
    )


def _with_pull(cached: Cached, reference: str, pull: FailedPull | None) -> Cached:
    images = tuple(dict.fromkeys((*cached.images, reference)))
    if pull is None:
        return replace(cached, images=images)
    return replace(
        cached,
        images=images,
        status=cached.status or pull.error.status,
        is_missing=cached.is_missing or (pull.symptom_class == _NOT_FOUND and cached.is_absent),
    )


def _by_lookup(image: Image, one: ImageLookup | None) -> tuple[str, Cached] | None:
    refusal = one.refusal if one else None
    rule = cache_rule_in(refusal.message) if refusal else None
    if refusal is None or rule is None:
        return None
    return rule.name, Cached(image.repository, (), None, refusal.status, refusal.message, rule.source)


def _by_pull(image: Image, pull: FailedPull | None) -> tuple[str, Cached] | None:
    rule = pull.error.cache_rule if pull else None
    if pull is None or rule is None:
        return None
    said = pull.error.said.message if pull.error.said else pull.error.causes[0].text
    return rule.name, Cached(image.repository, (), None, pull.error.status, said, rule.source)
