"""Does a pull secret let a repository be pulled: by what its registry answers, else by what Azure shows?"""

from __future__ import annotations

from collections.abc import Iterator

from ..access.credentials import fault_of
from ..facts import Facts, Offer, PullSecret, SecretEntry, Unreadable
from ._working_secrets import answer_to, works

_REFUSED = "refused"


def is_sound(facts: Facts, secret: PullSecret, repository: str) -> bool | Unreadable:
    """Tell whether a secret lets a repository be pulled, as far as can be told without offering it."""
    if isinstance(secret.exists, Unreadable):
        return secret.exists
    if not secret.exists or secret.malformed:
        return False
    faults = [_fault_or_refusal(facts, each) for each in _entries_for(secret, repository)]
    if None in faults:
        return True
    return next((fault for fault in faults if isinstance(fault, Unreadable)), False)


def _fault_or_refusal(facts: Facts, entry: SecretEntry) -> str | Unreadable | None:
    """The same where it was offered: what its registry says counts more."""
    if works(entry):
        return None
    return _REFUSED if isinstance(answer_to(entry), Offer) else fault_of(facts, entry)


def _entries_for(secret: PullSecret, repository: str) -> Iterator[SecretEntry]:
    """The usable entries that kubelet would take for a repository; those of no known repository are for any."""
    for entry in secret.entries:
        if entry.unusable is None and (not entry.repositories or repository in entry.repositories):
            yield entry
