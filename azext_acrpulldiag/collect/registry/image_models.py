"""From a registry's answers about one image to facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...facts import (
    FailingContainer,
    Image,
    ImageLookup,
    Offered,
    Platform,
    Refusal,
    Registry,
    Unreadable,
)
from ...images.references import Resemblance, parse_reference, resemblance_of, written
from ...pull_errors.asked import hosts_of, shown_image
from ..members import Body, or_empty, shown
from .api import Absence, Manifest
from .manifest_models import is_index

# https://github.com/Azure/acr/blob/main/docs/preview/quarantine/readme.md
_PASSED = "Passed"
_QUARANTINE_STATES = ("Quarantined", _PASSED)


@dataclass(frozen=True)
class Disallowed:
    """The registry forbids to read the manifest, to anybody: locked or quarantined."""

    why: Unreadable


_SERVING = (Resemblance.SAME, Resemblance.REGIONAL)
Attributes = dict[str, Any] | Absence | Unreadable | None


@dataclass(frozen=True)
class Answers:
    """What the registry answered about one image; ``None``: not asked."""

    manifest: Manifest | Absence | Disallowed | Unreadable
    repository: Attributes
    tag: Attributes = None
    attributes: Attributes = None
    """Those of the manifest."""
    platforms: tuple[Platform, ...] | Unreadable = ()
    manifests: tuple[Offered, ...] | Unreadable = ()
    refusal: Refusal | None = None
    near_misses: tuple[str, ...] = ()


def references_of(image: Image | None, failing: Iterable[FailingContainer], registry: Registry) -> tuple[Image, ...]:
    """Return the images to look up, each once: the argument's and those of failing containers.

    Only those whose host serves this registry's content (its login server or a regional host), and what a container's
    message shows to have been asked of it under another name.
    """
    server, hosts = registry.login_server, hosts_of(registry)
    named = [] if image is None else [image]
    for container in failing:
        asked = _of_this(container.image, server) or shown_image(container, server, hosts)
        named += [] if asked is None else [asked]
    return tuple(dict.fromkeys(one for one in named if resemblance_of(one, server) in _SERVING))


def _of_this(text: str, login_server: str) -> Image | None:
    """The image where its host serves the registry's content; a check tells of one that is not valid."""
    try:
        image = parse_reference(text)
    except ValueError:
        return None
    return image if resemblance_of(image, login_server) in _SERVING else None


def joined(
    one: tuple[ImageLookup, ...] | Unreadable | None, other: tuple[ImageLookup, ...] | Unreadable | None
) -> tuple[ImageLookup, ...] | Unreadable | None:
    """Join two reads of images; ``None``: neither had an image to read. What is unreadable stays so."""
    for answer in (one, other):
        if isinstance(answer, Unreadable):
            return answer
    return None if one is None and other is None else (*(one or ()), *(other or ()))  # type: ignore[misc]


def lookup_from(image: Image, answers: Answers, quarantine_policy: str | Unreadable) -> ImageLookup:
    """Join the answers about one image."""
    exists = _reference_exists(image, answers, quarantine_policy)
    return ImageLookup(
        reference=written(image),
        repository=image.repository,
        repository_exists=_repository_exists(answers),
        reference_exists=exists,
        near_misses=answers.near_misses,
        unreadable_part=_locked_part(answers) if exists is not False else None,
        quarantined=_quarantined(image, answers, quarantine_policy) if exists is not False else False,
        platforms=answers.platforms,
        is_index=isinstance(answers.manifest, Manifest) and is_index(answers.manifest),
        tag=image.tag,
        digest=image.digest,
        found_digest=tagged_digest(answers.tag),
        manifests=answers.manifests,
        refusal=answers.refusal,
    )


def unread_lookup(image: Image, why: Unreadable) -> ImageLookup:
    """An image of which nothing could be read."""
    return ImageLookup(
        written(image),
        image.repository,
        why,
        why,
        (),
        why,
        why,
        why,
        tag=image.tag,
        digest=image.digest,
        manifests=why,
    )


def tagged_digest(tag: Attributes) -> str | None:
    """The digest that a tag points to, by its attributes."""
    return or_empty(Body(tag).text, "tag", "digest") or None


# --- existence, locks, quarantine --------------------------------------------------------


def _repository_exists(answers: Answers) -> bool | Unreadable:
    if isinstance(answers.manifest, Manifest) or isinstance(answers.repository, dict):
        return True
    if Absence.REPOSITORY in (answers.repository, answers.manifest):
        return False
    if isinstance(answers.tag, dict) or isinstance(answers.attributes, dict):
        return True
    if isinstance(answers.repository, Unreadable):
        return answers.repository
    return Unreadable("malformed", "The registry does not say whether the repository exists")


def _asked(image: Image, answers: Answers) -> Attributes:
    """The attributes of what kubelet goes by: the digest where there is one, else the tag."""
    return answers.attributes if image.digest else answers.tag


def _reference_exists(image: Image, answers: Answers, quarantine_policy: str | Unreadable) -> bool | Unreadable:
    """A tag in quarantine looks missing to whoever may not read quarantined images."""
    manifest, listed = answers.manifest, isinstance(_asked(image, answers), dict)
    if isinstance(manifest, Manifest):
        return True
    if isinstance(manifest, Unreadable):
        return True if listed else manifest
    if isinstance(manifest, Disallowed):
        return True if listed else manifest.why
    if listed and quarantine_policy == "disabled":
        what = "The registry lists the image but serves no manifest for it, as a geo-replica does before it is in sync"
        return Unreadable("not-found", what)
    if listed:
        return True
    if _repository_exists(answers) is not False and quarantine_policy != "disabled":
        if isinstance(quarantine_policy, Unreadable):
            return quarantine_policy
        what = "The registry quarantines new images: the image is in quarantine or does not exist"
        return Unreadable("not-shown", what, permission="AcrQuarantineReader for this login")
    return False


def _locked_part(answers: Answers) -> str | Unreadable | None:
    unread: Unreadable | None = None
    for part, answer, path in (
        ("repository", answers.repository, ()),
        ("tag", answers.tag, ("tag",)),
        ("manifest", answers.attributes, ("manifest",)),
    ):
        if answer is None or isinstance(answer, Absence):
            continue
        readable = answer if isinstance(answer, Unreadable) else _read_enabled(answer, *path)
        if readable is False:
            return part
        if isinstance(readable, Unreadable):
            unread = unread or readable
    if isinstance(answers.manifest, Disallowed):
        return unread or answers.manifest.why
    # A lock holds for everybody, so whoever read the manifest proved that there is none.
    return None if isinstance(answers.manifest, Manifest) else unread


def _read_enabled(attributes: dict[str, Any], *path: str) -> bool | Unreadable:
    return shown(Body(attributes).flag, *path, "changeableAttributes", "readEnabled")


def _quarantined(image: Image, answers: Answers, policy: str | Unreadable) -> bool | Unreadable:
    if policy == "disabled":
        return False
    state = _quarantine_state(answers)
    if state is not None:
        return False if state == _PASSED else (policy if isinstance(policy, Unreadable) else True)
    if isinstance(policy, Unreadable):
        return False  # no state was ever given to it
    if isinstance(answers.manifest, (Absence, Disallowed)) and isinstance(_asked(image, answers), dict):
        return not isinstance(_locked_part(answers), str)
    why = answers.attributes if isinstance(answers.attributes, Unreadable) else None
    what = "The registry quarantines new images and does not show whether this one has passed"
    return Unreadable("not-shown", what, why.operation if why else None, why.permission if why else None)


def _quarantine_state(answers: Answers) -> str | None:
    """The state as the manifest or the tag shows it; ``None``: neither does, as where it never was in quarantine."""
    shows = [
        (answers.attributes, ("manifest", "quarantineState")),
        (answers.attributes, ("manifest", "changeableAttributes", "quarantineState")),
        (answers.tag, ("tag", "quarantineState")),
    ]
    states = (or_empty(Body(answer).enum, _QUARANTINE_STATES, *path) for answer, path in shows)
    return next((state for state in states if state), None)
