"""When two texts are the same."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# What differs between two attempts at the same pull. A status, an address that was dialled, a tag and a digest do not.
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?"
    r"|(?<![0-9a-f:/@])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])"
    r"|(?<=-mount)\d{1,20}"
    r"|:\d{4,5}(?=->)"
    r"|(?<=bytes read=)\d{1,20}"
    r"|(?<=back-off )(?:\d{1,4}[hms]){1,3}"
    r"|(?<=\bsig=)[^&\s\"']{1,200}",
    re.IGNORECASE,
)
_SHORT = 1000
"""Characters; longer texts are remembered by their digests."""


def same_but_for_ids(text: str) -> str:
    """What texts have in common that differ only in times, request ids, the client's ports and such."""
    if len(text) <= _SHORT:
        return _without_ids(text)
    return hashlib.sha256(_VARYING.sub("*", text).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=4096)
def _without_ids(text: str) -> str:
    return _VARYING.sub("*", text)
