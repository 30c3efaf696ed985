"""What the registry says about an image."""

from __future__ import annotations

from dataclasses import replace

from azext_acrpulldiag.facts import ImageLookup, Platform

from .ids import IMAGE


def lookup(**changes: object) -> ImageLookup:
    """An image that is there, may be read and is for amd64."""
    return replace(
        ImageLookup(
            reference=IMAGE,
            repository="team/app",
            repository_exists=True,
            reference_exists=True,
            platforms=(Platform("linux", "amd64"),),
            is_index=True,
            tag="1.2",
            found_digest="sha256:" + "5e" * 32,
        ),
        **changes,
    )
