"""Which api-version is asked with, where the one that is meant is not known."""

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, VersionRefusedError
from azext_acrpulldiag.collect.azure.versions import ask_in, ask_in_either, newest_beside
from azext_acrpulldiag.facts import Unreadable

PREVIEW, STABLE = "2026-08-02-preview", "2026-01-01"
WHY = Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound")
FORBIDDEN = ReadError(Unreadable("forbidden", "HTTP 403"))


class Azure:
    """Knows ``known``, and lists ``listed`` for the others."""

    def __init__(self, known=(), listed=(), failing=None):
        self.known, self.failing, self.asked = known, failing, []
        self.message = f"The supported api-versions are '{', '.join(listed)}'."

    def __call__(self, version):
        self.asked.append(version)
        if self.failing:
            raise self.failing
        if version not in self.known:
            raise VersionRefusedError(WHY, self.message)
        return f"as {version}"


def test_a_version_that_is_known_is_asked_once():
    azure = Azure([PREVIEW])
    assert (ask_in(PREVIEW, azure), azure.asked) == (("as " + PREVIEW, PREVIEW), [PREVIEW])


@pytest.mark.parametrize(
    ("version", "listed", "newest"),
    [
        (PREVIEW, ("2025-09-02-preview", "2026-03-02-preview", "2026-05-01"), "2026-03-02-preview"),
        (PREVIEW, ("2027-01-02-preview", "2026-03-02-preview"), "2027-01-02-preview"),
        # Recorded: the list names what this location does not have.
        (PREVIEW, (PREVIEW, "2026-03-02-preview"), "2026-03-02-preview"),
        (PREVIEW, (PREVIEW, "2026-05-01", "2026-07-01-privatepreview"), None),
        (PREVIEW, (), None),
        (STABLE, ("2025-10-01", "2025-05-01", "2025-12-02-preview"), "2025-10-01"),
        (STABLE, (STABLE,), None),
    ],
)
def test_the_newest_of_the_same_kind_beside_it(version, listed, newest):
    assert newest_beside(version, listed) == newest


def test_one_more_request_with_what_the_refusal_lists():
    azure = Azure(["2026-03-02-preview"], ["2026-02-02-preview", "2026-03-02-preview"])
    assert ask_in(PREVIEW, azure) == ("as 2026-03-02-preview", "2026-03-02-preview")
    assert azure.asked == [PREVIEW, "2026-03-02-preview"]


def test_a_version_that_flickers_is_not_followed_further():
    azure = Azure([STABLE], ["2026-02-02-preview", "2026-03-02-preview", STABLE])
    with pytest.raises(VersionRefusedError):
        ask_in(PREVIEW, azure)
    assert azure.asked == [PREVIEW, "2026-03-02-preview"]
    assert ask_in_either(PREVIEW, STABLE, azure) == ("as " + STABLE, STABLE)


def test_the_stable_version_answers_where_no_preview_is_left():
    azure = Azure(["2025-10-01"], ["2025-05-01", "2025-10-01"])
    assert ask_in_either(PREVIEW, STABLE, azure) == ("as 2025-10-01", "2025-10-01")
    assert azure.asked == [PREVIEW, STABLE, "2025-10-01"]


@pytest.mark.parametrize("failing", [FORBIDDEN, ReadError(Unreadable("timeout", "late"))])
def test_other_failures_are_no_question_of_versions(failing):
    azure = Azure(failing=failing)
    with pytest.raises(ReadError) as raised:
        ask_in_either(PREVIEW, STABLE, azure)
    assert (raised.value, azure.asked) == (failing, [PREVIEW])
