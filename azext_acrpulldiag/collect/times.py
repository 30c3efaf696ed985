"""Read the dates that Azure writes."""

from __future__ import annotations

from datetime import datetime, timezone


def utc(text: str) -> datetime:
    """Return an ISO 8601 time as an aware one in UTC; without an offset it is taken as UTC.

    Azure writes fractions of none, 6 or 7 digits and both ``Z`` and ``+00:00``, on which
    Python 3.10's ``fromisoformat`` fails. isodate is what the CLI's SDKs read them with.
    Raises ``ValueError``.
    """
    import isodate

    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a time")
    try:
        moment: datetime = isodate.parse_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time") from error
