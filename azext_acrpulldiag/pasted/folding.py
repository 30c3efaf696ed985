"""When two texts are the same."""

from __future__ import annotations

import re

# What differs between two attempts at the same pull. A status, an address that was dialled, a tag and a digest do not.
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?"
    r"|:\d{4,5}(?=->)"
    r"|(?<=bytes read=)\d{1,20}"
    r"|(?<=back-off )(?:\d{1,4}[hms]){1,3}"
    r"|(?<=\bsig=)[^&\s\"']{1,200}",
    re.IGNORECASE,
)


def same_but_for_ids(text: str) -> str:
    """The text without times, request ids, the client's ports and what waits between attempts."""
    return _VARYING.sub("*", text)
