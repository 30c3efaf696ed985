"""Dates as recorded: no fraction, 6 and 7 digits, Z and an offset."""

from datetime import datetime, timezone

import pytest

from azext_acrpulldiag.collect.times import utc


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-05-07T06:52:46Z", datetime(2023, 5, 7, 6, 52, 46)),
        ("2025-04-10T03:52:08.7928115+00:00", datetime(2025, 4, 10, 3, 52, 8, 792811)),
        ("2026-01-02T03:04:05.123456Z", datetime(2026, 1, 2, 3, 4, 5, 123456)),
        ("2026-01-02T05:04:05.1+02:00", datetime(2026, 1, 2, 3, 4, 5, 100000)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
    ],
)
def test_reads_what_azure_writes_as_utc(text, moment):
    assert utc(text) == moment.replace(tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["", "8/20/2024 4:48:47 PM", "never", None, 5, "2026-13-01T00:00:00Z"])
def test_refuses_what_is_no_time(text):
    with pytest.raises(ValueError, match="not a time"):
        utc(text)
