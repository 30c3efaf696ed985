"""Everything here needs the definitions."""

from __future__ import annotations

import pytest

from .definitions import installed


@pytest.fixture(autouse=True)
def definitions() -> None:
    if not installed():
        pytest.skip("Microsoft's definitions are not installed: make setup-contracts")
