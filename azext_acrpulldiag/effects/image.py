"""Images that are pushed, tagged, unlocked or released in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..facts import Facts, ImageLookup, ImageManifest, Offered, Platform, Registry, Unreadable
from ..images.manifests import IMAGE_CONFIGS
from ..repairs import Effect, UntoldError
from ._common import each

Values = Mapping[str, Any]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DIGEST = f"sha256:{'0' * 64}"
"""What stands for a digest that is known only when the thing is made."""


def _in_images(facts: Facts, change: Callable[[ImageLookup], ImageLookup]) -> Facts:
    images = facts.images
    return replace(facts, images=images if images is None else each(images, change))


def _seen_through(one: ImageLookup) -> ImageLookup:
    """The image. Raises :class:`UntoldError` where what it holds was not read, which decides whether nodes run it."""
    if isinstance(one.platforms, Unreadable) or isinstance(one.manifests, Unreadable):
        raise UntoldError(
            "For which platforms the image is could not be read, so whether nodes run it shows only then."
        )
    return one


def _is_quarantining(facts: Facts) -> bool:
    """Whether a new image cannot be pulled before a scanner has passed it: a registry does that only if it is told."""
    return isinstance(facts.registry, Registry) and facts.registry.quarantine_policy == "enabled"


# --- pushed --------------------------------------------------------------------------------


def built_for(platforms: str) -> Effect:
    """``docker buildx build --push``: ``image`` is an index of the platforms that the detail ``platforms`` lists.

    With more or fewer platforms than before: buildx writes an index for one, too, with its provenance beside it
    (https://docs.docker.com/build/metadata/attestations/).
    """

    def effect(values: Values, facts: Facts) -> Facts:
        made = tuple(_offered(values[platforms]))

        def change(one: ImageLookup) -> ImageLookup:
            if one.reference != values["image"]:
                return one
            pushed = _there(one, facts)
            return replace(
                pushed,
                platforms=tuple(offered.platform for offered in made if offered.platform),
                is_index=True,
                found_digest=one.found_digest and _DIGEST,
                manifests=made,
            )

        return _in_images(facts, change)

    return effect


def _offered(platforms: str) -> Iterator[Offered]:
    for number, named in enumerate(platforms.split(","), 1):
        system, _, architecture = named.partition("/")
        manifest = ImageManifest(_MANIFEST, IMAGE_CONFIGS[0], "", ())
        yield Offered(f"sha256:{number:064x}", Platform(system, architecture), manifest)


def tagged(values: Values, facts: Facts) -> Facts:
    """``az acr import`` of the tag ``nearest`` as ``image``.

    Raises :class:`UntoldError` where that tag was not looked up.
    """
    images = facts.images if isinstance(facts.images, tuple) else ()
    same = (one for one in images if (one.repository, one.tag) == (values["repository"], values["nearest"]))
    source = next(same, None)
    if source is None:
        raise UntoldError("What the nearest tag is, and for which platforms, was not read.")
    given = replace(source, reference=values["image"])
    return _in_images(facts, lambda one: replace(given, tag=one.tag) if one.reference == values["image"] else one)


def _there(one: ImageLookup, facts: Facts) -> ImageLookup:
    """An image that has just been pushed."""
    return replace(
        one,
        repository_exists=True,
        reference_exists=True,
        near_misses=(),
        unreadable_part=None,
        quarantined=one.quarantined or _is_quarantining(facts),
        refusal=None,
    )


# --- may be read ---------------------------------------------------------------------------


def unlocked(values: Values, facts: Facts) -> Facts:
    """``az acr repository update --read-enabled true`` for the ``part`` of ``image`` that was found locked.

    A lock of what lies below it is not shown while it holds, and is not expected. Raises :class:`UntoldError` like
    :func:`_seen_through`.
    """
    whole = values["part"] == "repository"

    def change(one: ImageLookup) -> ImageLookup:
        mine = one.repository == values["path"] if whole else one.reference == values["image"]
        locked = mine and one.unreadable_part == values["part"]
        return replace(_seen_through(one), unreadable_part=None) if locked else one

    return _in_images(facts, change)


def quarantine_ended(_values: Values, facts: Facts) -> Facts:
    """The registry's quarantine policy disabled, which hides no image any more.

    Raises :class:`UntoldError` like :func:`_seen_through`.
    """

    def change(one: ImageLookup) -> ImageLookup:
        return replace(_seen_through(one), quarantined=False) if one.quarantined is True else one

    registry = facts.registry
    if isinstance(registry, Registry):
        facts = replace(facts, registry=replace(registry, quarantine_policy="disabled"))
    return _in_images(facts, change)
