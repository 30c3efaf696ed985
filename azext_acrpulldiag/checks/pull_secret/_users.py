"""What the checks on users in pull secrets share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ...catalogue import skipped
from ...details import Details
from ...facts import Facts
from ...model import Finding
from .._dates import dated
from .._named import none_valid
from ._weight import NEEDS, REFUSED, secrets_of

__all__ = ["EXPLAINS", "NEEDS", "NothingHolds", "last_of", "none_of"]

# The registry refuses whoever these are about, so that the refusal is their consequence.
EXPLAINS = (*REFUSED, "aad-token", "pull-secret.credential-refused")


@dataclass(frozen=True)
class NothingHolds(Details):
    """A user none of whose passwords is valid; there may be none."""

    count: int
    ended: str
    """When the last one expired, or ``none``."""

    @property
    def no_valid_client_secret(self) -> str:
        """A clause that says so, for any number."""
        return none_valid("client secret", self.count, self.ended)

    @property
    def no_valid_password(self) -> str:
        """A clause that says so, for any number."""
        return none_valid("password", self.count, self.ended)


def none_of(facts: Facts, kind: str) -> Iterator[Finding]:
    """Say so where no secret has such a user."""
    if facts.pull_secrets is None or not any(
        entry.user_kind == kind for secret in secrets_of(facts) for entry in secret.entries
    ):
        yield skipped(facts.targets.cluster.id, f"No pull secret was read whose user is {_KINDS[kind]}.")


_KINDS = {
    "application": "an application",
    "admin": "the admin account",
    "token": "a token of the registry",
    "login-token": "the all-zero id of az acr login",
}


def last_of(ends: list[datetime | None]) -> str:
    known_ends = [end for end in ends if end is not None]
    return dated(max(known_ends)) if known_ends else "none"
