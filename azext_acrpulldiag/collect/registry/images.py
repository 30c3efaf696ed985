"""Look images up in the registry: are they there, may they be read, and for which platforms are they?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...facts import Image, ImageLookup, Platform, Registry, Unreadable
from ..ask.arm import ReadError, in_parallel
from ..azure.cluster import nearest
from .api import (
    Absence,
    Listing,
    Manifest,
    RegistryApi,
    RegistryRefusalError,
    repository_scope,
)
from .image_models import (
    Answers,
    Disallowed,
    config_digest,
    index_entries,
    is_index,
    lookup_from,
    platform_from,
    platform_of_attributes,
    tagged_digest,
    unread_lookup,
)

MAX_IMAGES = 50
_MAX_NAMELESS = 8
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
        lambda: _platforms_of(api, image.repository, manifest),
        lambda: _near_misses(api, image, answers),
    ]
    attributes, platforms, near = in_parallel(calls)
    if isinstance(platforms, Unreadable):
        platforms = platform_of_attributes(attributes, platforms)
    near = () if isinstance(near, Unreadable) else near  # a courtesy
    found = replace(answers, attributes=attributes, platforms=platforms, near_misses=near)
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
    manifest, repository, tagged, attributes = in_parallel(calls)
    return Answers(manifest, repository, tagged, attributes)


def _manifest(api: RegistryApi, repository: str, reference: str) -> Manifest | Absence | Disallowed:
    try:
        return api.manifest(repository, reference)
    except RegistryRefusalError as refusal:
        if refusal.disallowed:
            return Disallowed(refusal.why)
        raise


def _platforms_of(
    api: RegistryApi, repository: str, manifest: Manifest | Absence | Disallowed | Unreadable
) -> tuple[Platform, ...] | Unreadable:
    if isinstance(manifest, Manifest):
        return _platforms(api, repository, manifest)
    if isinstance(manifest, Absence):
        return Unreadable("not-found", f"The registry serves no manifest for {repository}")
    return manifest if isinstance(manifest, Unreadable) else manifest.why


def _platforms(
    api: RegistryApi, repository: str, manifest: Manifest, depth: int = 0
) -> tuple[Platform, ...] | Unreadable:
    """Every platform of an index (and the indexes in it) or of a single manifest, each once."""
    if not is_index(manifest):
        return _platform_of_config(api, repository, manifest)
    entries = index_entries(manifest)
    if isinstance(entries, Unreadable):
        return entries
    platforms, nameless = entries
    if len(nameless) > _MAX_NAMELESS or (nameless and depth >= _DEPTH):
        return Unreadable("unsupported", f"The index {manifest.digest} has too many entries that name no platform")
    below = in_parallel([partial(_platforms_below, api, repository, digest, depth + 1) for digest in nameless])
    unread = next((one for one in below if isinstance(one, Unreadable)), None)
    if unread is not None:
        return unread
    found = [*platforms, *(platform for one in below if not isinstance(one, Unreadable) for platform in one)]
    return tuple(dict.fromkeys(found))


def _platforms_below(api: RegistryApi, repository: str, digest: str, depth: int) -> tuple[Platform, ...] | Unreadable:
    manifest = api.manifest(repository, digest)
    return () if isinstance(manifest, Absence) else _platforms(api, repository, manifest, depth)


def _platform_of_config(api: RegistryApi, repository: str, manifest: Manifest) -> tuple[Platform, ...] | Unreadable:
    digest = config_digest(manifest)
    if digest is None:
        return ()
    config = api.config_blob(repository, digest)
    if isinstance(config, Absence):
        return Unreadable("not-found", f"The registry does not have the configuration {digest} of the image")
    platform = platform_from(config)
    return () if platform is None else (platform,)


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
