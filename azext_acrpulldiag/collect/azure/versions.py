"""Ask with an api-version that is known where a resource lives.

Preview versions of AKS stop working about a year after their release, and sovereign clouds and single regions learn
of new ones later, see https://learn.microsoft.com/azure/aks/concepts-preview-api-life-cycle. The refusal lists those
that are known, so a version that is pinned here is the first that is tried, and never the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..ask.arm import ReadError, VersionRefusedError

T = TypeVar("T")

_PREVIEW = "-preview"


def ask_in(version: str, ask: Callable[[str], T]) -> tuple[T, str]:
    """Ask with ``version``, else once more with the newest of its kind, preview or stable, that the refusal lists.

    Returns the answer and the version that it is of. Raises what ``ask`` raises.
    """
    try:
        return ask(version), version
    except VersionRefusedError as refused:
        other = newest_beside(version, refused.supported)
        if other is None:
            raise
        return ask(other), other


def ask_in_either(preview: str, stable: str, ask: Callable[[str], T]) -> tuple[T, str]:
    """Ask as :func:`ask_in` does with ``preview``, and with ``stable`` where no preview version is usable."""
    try:
        return ask_in(preview, ask)
    except ReadError as error:
        if error.why.reason != "unsupported":
            raise
    return ask_in(stable, ask)


def newest_beside(version: str, listed: Iterable[str]) -> str | None:
    """The newest version of the kind of ``version``, but not that one: a list may name what this region refuses.

    Dates sort as text.
    """
    suffix = _PREVIEW if version.endswith(_PREVIEW) else ""
    same_kind = {each for each in listed if each[10:].lower() == suffix}
    return max(same_kind - {version}, default=None)
