"""A change in a sentence: what was done to what, by whom and when, and what that has to do with the cause. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from enum import Enum

from ..arm_ids import name_of
from ..checks._dates import lasting
from ..facts import Change
from ..facts.changes import SUCCEEDED
from ..quoting import quoted
from .suspects import scope_of_assignment

_LONGEST_NAME = 200
# What became of the resource, by the end of the operation.
_DONE = {
    "write": "was created or changed",
    "delete": "was deleted",
    "stop/action": "was stopped",
    "regeneratecredential/action": "got a new password for its admin account",
    "generatecredentials/action": "got a new password for a token",
}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class LookedFor(Enum):
    """What an entry of the log is known to be about."""

    THING = "thing"
    """A resource that the cause names."""
    ROLE_OF_THIS = "role-of-this"
    """A role assignment that let the principal of the cause pull."""
    OTHER_ROLE_OF_THIS = "other-role-of-this"
    """A role assignment of that principal, of which it is not known that it let pull."""
    ROLE_OF_SOMEBODY = "role-of-somebody"
    """A role assignment; whose, the log does not show."""
    ANOTHER = "another"
    """A role assignment of another principal."""


_DOUBTS = {
    LookedFor.OTHER_ROLE_OF_THIS: "it is not known that its role let pull",
    LookedFor.ROLE_OF_SOMEBODY: "the log does not show whose it was",
}


def summary_of(change: Change, looked_for: LookedFor, proven: bool, began: datetime | None, now: datetime) -> str:
    """The sentence; only of what is proven it says how long before it was."""
    by = f" by {_short(change.by)}" if change.by else ""
    when = change.began.astimezone(timezone.utc).strftime("%d %b %Y, %H:%M:%S UTC").lstrip("0")
    how_long = f", {_before(change.began, began, now)}" if proven else ""
    told = f"{_what(change, looked_for)} {_done(change)}{by} on {when}{how_long}"
    open_end = "" if change.status == SUCCEEDED else f"how it ended is not shown ({change.status or 'no status'})"
    return "; ".join(filter(None, (told, _DOUBTS.get(looked_for), open_end))) + "."


def _before(change: datetime, began: datetime | None, now: datetime) -> str:
    span = (began or now) - change
    words = "less than a minute" if span < timedelta(minutes=1) else lasting(span)
    return f"{words} before {'the first failing pull that is known' if began else 'now'}"


def _done(change: Change) -> str:
    operation = change.operation.lower()
    return next((words for end, words in _DONE.items() if operation.endswith(f"/{end}")), f"saw {change.operation}")


def _what(change: Change, looked_for: LookedFor) -> str:
    if looked_for is LookedFor.THING:
        return _thing(change.resource_id)
    scope = _short(name_of(scope_of_assignment(change.resource_id) or ""))
    if looked_for is LookedFor.ROLE_OF_THIS:
        return f"The role assignment at {scope} that let this principal pull"
    whose = " of this principal" if looked_for is LookedFor.OTHER_ROLE_OF_THIS else ""
    return f"A role assignment{whose} at this scope ({scope})"


def _thing(resource_id: str) -> str:
    """``Security rule deny-443 of network security group nsg-nodes``."""
    types = resource_id.rpartition("/providers/")[2].split("/")[1:]
    pairs = list(zip(types[::2], types[1::2], strict=False))[::-1]
    text = " of ".join(f"{_kind(kind)} {_short(name)}" for kind, name in pairs[:2]) or _short(resource_id)
    return text[0].upper() + text[1:]


def _kind(plural: str) -> str:
    """A resource type in words, one of it: ``privateDnsZones`` is a private dns zone, ``A`` a record."""
    if plural.isupper():
        return f"{plural} record"
    words = " ".join(word.lower() for word in _WORD.findall(plural))
    return re.sub(r"ies$", "y", words) if words.endswith("ies") else re.sub(r"s$", "", words)


def _short(text: str | None) -> str:
    """A name that others chose, printable and cut."""
    return quoted(text or "", _LONGEST_NAME)
