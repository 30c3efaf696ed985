"""Look images up in the registry: are they there, may they be read, and for which platforms are they?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...facts import Image, ImageLookup, Offered, Platform, Refusal, Registry, Unreadable
from ...images.platforms import on_aks
from ..ask.arm import Json, ReadError, in_parallel
from ..azure.cluster import nearest
from .api import (
    Absence,
    Listing,
    Manifest,
    RegistryApi,
    RegistryRefusalError,
    repository_scope,
)
from .image_models import Answers, Disallowed, lookup_from, tagged_digest, unread_lookup
from .manifest_models import (
    Entry,
    config_digest,
    index_entries,
    is_image,
    is_index,
    manifest_from,
    platform_from,
    platform_of_attributes,
)

MAX_IMAGES = 50
_MAX_NAMELESS = 8
_MAX_OFFERED = 24
_DEPTH = 2
_AT_ONCE = 8


def read_images(api: RegistryApi, registry: Registry, images: Sequence[Image]) -> tuple[ImageLookup, ...] | Unreadable:
    """Look up each image once.

    ``Unreadable`` as a whole where the registry gives this login no token at all. Of more than
    ``MAX_IMAGES`` images the rest is told as not looked up.
    """
    wanted = tuple(dict.fromkeys(images))
    if not wanted:
        return ()
    try:
        api.token(repository_scope(wanted[0].repository))
    except ReadError as error:
        return error.why
    looked_up = in_parallel([partial(_look_up, api, registry, image) for image in wanted[:MAX_IMAGES]], _AT_ONCE)
    too_many = Unreadable("unsupported", f"More than {MAX_IMAGES} images fail; this one was not read")
    return tuple(
        unread_lookup(image, found) if isinstance(found, Unreadable) else found
        for image, found in zip(wanted, [*looked_up, *[too_many] * len(wanted[MAX_IMAGES:])], strict=True)
    )


def _look_up(api: RegistryApi, registry: Registry, image: Image) -> ImageLookup:
    answers = _first_answers(api, image)
    manifest, attributes = answers.manifest, answers.attributes
    digest = manifest.digest if isinstance(manifest, Manifest) else image.digest or tagged_digest(answers.tag)
    calls: list[Callable[[], Any]] = [
        lambda: attributes or (api.attributes(image.repository, digest=digest) if digest else None),
        lambda: _offers_of(api, image.repository, manifest),
        lambda: _near_misses(api, image, answers),
    ]
    attributes, offers, near = in_parallel(calls)
    offers = _Offers((), offers, offers) if isinstance(offers, Unreadable) else offers
    platforms = offers.platforms
    if isinstance(platforms, Unreadable):
        platforms = platform_of_attributes(attributes, platforms)
    near = () if isinstance(near, Unreadable) else near  # a courtesy
    manifests = offers.unread or offers.manifests
    found = replace(answers, attributes=attributes, platforms=platforms, near_misses=near, manifests=manifests)
    return lookup_from(image, found, registry.quarantine_policy)


def _first_answers(api: RegistryApi, image: Image) -> Answers:
    """What needs nothing but the name; kubelet goes by the digest where there is one."""
    name, tag, digest = image.repository, image.tag, image.digest
    calls: list[Callable[[], Any]] = [
        lambda: _manifest(api, name, digest or tag or ""),
        lambda: api.attributes(name),
        lambda: api.attributes(name, tag=tag) if tag else None,
        lambda: api.attributes(name, digest=digest) if digest else None,
    ]
    served, repository, tagged, attributes = in_parallel(calls)
    manifest, refusal = (served, None) if isinstance(served, Unreadable) else served
    return Answers(manifest, repository, tagged, attributes, refusal=refusal)


def _manifest(
    api: RegistryApi, repository: str, reference: str
) -> tuple[Manifest | Absence | Disallowed | Unreadable, Refusal | None]:
    try:
        return api.manifest(repository, reference), None
    except RegistryRefusalError as refusal:
        return Disallowed(refusal.why) if refusal.disallowed else refusal.why, refusal.words


# --- what nodes may take -----------------------------------------------------------------


@dataclass(frozen=True)
class _Offers:
    """The manifests of an image."""

    manifests: tuple[Offered, ...]
    nameless: Unreadable | None = None
    """Why it is not known for which platform one of them is."""
    unread: Unreadable | None = None
    """Why it is not known which there are."""

    @property
    def platforms(self) -> tuple[Platform, ...] | Unreadable:
        """Those of all manifests, each once."""
        if self.nameless is not None:
            return self.nameless
        return tuple(dict.fromkeys(each.platform for each in self.manifests if each.platform is not None))


def _offers_of(api: RegistryApi, repository: str, manifest: Manifest | Absence | Disallowed | Unreadable) -> _Offers:
    if isinstance(manifest, Manifest):
        return _offers(api, repository, manifest)
    if isinstance(manifest, Absence):
        return _Offers((), Unreadable("not-found", f"The registry serves no manifest for {repository}"))
    why = manifest if isinstance(manifest, Unreadable) else manifest.why
    return _Offers((), why, why)


def _offers(api: RegistryApi, repository: str, manifest: Manifest, depth: int = 0) -> _Offers:
    """Every manifest of an index (and of the indexes in it), or a single one."""
    if not is_index(manifest):
        return _single(api, repository, manifest, None)
    entries = index_entries(manifest)
    if isinstance(entries, Unreadable):
        return _Offers((), entries, entries)
    nameless = sum(entry.platform is None for entry in entries)
    if nameless > _MAX_NAMELESS or (nameless and depth >= _DEPTH):
        why = Unreadable("unsupported", f"The index {manifest.digest} has too many entries that name no platform")
        return _Offers((), why, why)
    asked = [entry for entry in entries if entry.platform is None or on_aks(entry.platform)][:_MAX_OFFERED]
    answers = in_parallel([partial(_below, api, repository, entry, depth + 1) for entry in asked])
    below = dict(zip(asked, answers, strict=True))
    return _joined([_of_entry(entry, below.get(entry)) for entry in entries])


def _joined(parts: Sequence[_Offers]) -> _Offers:
    nameless = next((one.nameless for one in parts if one.nameless is not None), None)
    unread = next((one.unread for one in parts if one.unread is not None), None)
    return _Offers(tuple(each for one in parts for each in one.manifests), nameless, unread)


def _of_entry(entry: Entry, found: _Offers | Unreadable | None) -> _Offers:
    """What an entry of an index offers; ``None``: it was not asked for."""
    if found is None:
        found = Unreadable("unsupported", f"The manifest {entry.digest} is for no node of AKS, or one of too many")
    if isinstance(found, Unreadable):
        return _Offers((Offered(entry.digest, entry.platform, found),), None if entry.platform else found)
    return found


def _below(api: RegistryApi, repository: str, entry: Entry, depth: int) -> _Offers:
    """What is behind an entry of an index. A node is given the platform that the index says."""
    manifest = api.manifest(repository, entry.digest)
    if isinstance(manifest, Absence):
        return _Offers((Offered(entry.digest, entry.platform, None),))
    if not is_index(manifest):
        return _single(api, repository, manifest, entry.platform)
    if depth > _DEPTH:
        why = Unreadable("unsupported", f"The index {entry.digest} is too deep within others")
        return _Offers((), why, why)
    return _offers(api, repository, manifest, depth)


def _single(api: RegistryApi, repository: str, manifest: Manifest, platform: Platform | None) -> _Offers:
    """A single manifest; its configuration is read where it alone says for what it is, and what."""
    digest, read = config_digest(manifest), platform is None or not is_image(manifest)
    config = _config(api, repository, digest) if read and digest else None
    why = config if isinstance(config, Unreadable) and platform is None and is_image(manifest) else None
    if platform is None and is_image(manifest) and isinstance(config, dict):
        platform = platform_from(config)
    return _Offers((Offered(manifest.digest, platform, manifest_from(manifest, config)),), why)


def _config(api: RegistryApi, repository: str, digest: str) -> Json | Unreadable:
    try:
        config = api.config_blob(repository, digest)
    except ReadError as error:
        return error.why
    if isinstance(config, Absence):
        return Unreadable("not-found", f"The registry does not have the configuration {digest} of the image")
    return config


def _near_misses(api: RegistryApi, image: Image, answers: Answers) -> tuple[str, ...]:
    """Names close to the missing one, out of a bounded list; a list that is refused costs only these."""
    if Absence.REPOSITORY in (answers.repository, answers.manifest):
        listed = api.repositories()
        wanted = image.repository
    elif isinstance(answers.manifest, Absence) and image.tag and not image.digest:
        listed = api.tags(image.repository)
        wanted = image.tag
    else:
        return ()
    return nearest(wanted, listed.names) if isinstance(listed, Listing) else ()
