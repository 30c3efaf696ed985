"""How details write moments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_IN_MINUTES, _IN_HOURS = 10 * 60, 48 * 60


def dated(moment: datetime) -> str:
    """A moment in UTC, to the second: ``2026-11-22T12:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def lasting(span: timedelta) -> str:
    """A span of time in words, whole minutes, hours or days: ``75 minutes``, ``3 hours``, ``2 days``."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes % 60 and minutes < _IN_MINUTES:
        count, unit = minutes, "minute"
    elif minutes < _IN_HOURS:
        count, unit = (minutes // 60, "hour") if minutes else (0, "minute")
    else:
        count, unit = minutes // (24 * 60), "day"
    return f"{count} {unit}" + ("" if count == 1 else "s")
