"""What the stories' own tests have read, for these too."""

from ..scenarios.conftest import read_stories  # noqa: F401 - a fixture
