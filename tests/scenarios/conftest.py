"""Failed comparisons of stories show both sides."""

import pytest

pytest.register_assert_rewrite("tests.scenarios.running")
