"""How details write moments."""

from __future__ import annotations

from datetime import datetime, timezone


def dated(moment: datetime) -> str:
    """A moment in UTC, to the second: ``2026-11-22T12:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
