"""Every reader of foreign text, with any text; ``make fuzz`` tries many more."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from .parsers import PARSERS
from .texts import texts

EXAMPLES = 60


@pytest.mark.parametrize("name", PARSERS)
def test_any_text(name: str) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(texts())
    def holds(text: str) -> None:
        PARSERS[name](text)

    holds()
