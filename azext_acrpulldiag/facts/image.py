"""Image references, and what the registry's own API says of them."""

from __future__ import annotations

from dataclasses import dataclass

from .envelope import Unreadable


@dataclass(frozen=True)
class Image:
    """A parsed image reference.

    ``tag`` is ``latest`` where the reference names neither tag nor digest.
    """

    host: str
    repository: str
    tag: str | None
    digest: str | None


@dataclass(frozen=True)
class Platform:
    """One platform that an image offers."""

    os: str
    architecture: str
    os_version: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class ImageLookup:
    """What the registry's own API says about one image, asked with the CLI's login."""

    reference: str
    repository: str
    repository_exists: bool | Unreadable
    reference_exists: bool | Unreadable
    """The tag or digest."""
    near_misses: tuple[str, ...] = ()
    """Existing names close to the one that is missing."""
    unreadable_part: str | Unreadable | None = None
    """``repository``, ``tag`` or ``manifest`` whose ``readEnabled`` is off; ``None``: none."""
    quarantined: bool | Unreadable = False
    platforms: tuple[Platform, ...] | Unreadable = ()
