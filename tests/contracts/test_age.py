"""Previews that are due, and the versions that are pinned."""

from __future__ import annotations

from datetime import date

from .age import Pinned, main, overdue, pinned
from .definitions import known
from .table import warnings_of

PREVIEW = Pinned("collect/azure/cluster.py", "PREVIEW_API_VERSION", "2026-08-02-preview")


def test_an_old_preview_is_a_warning_after_the_tests():
    """No failure: what is true of a commit today shall be true of it in a year. ``make contracts-age`` fails."""
    assert warnings_of(date(2027, 5, 2), [PREVIEW]) == []
    assert warnings_of(date(2027, 5, 3), [PREVIEW]) == [f"{PREVIEW} is older than nine months: make contracts-age"]


def test_every_pinned_version_is_defined(noted):
    """The module says by its constant what it asks with; some definition has that version."""
    defined = {operation.version for operation in known()}
    versions = pinned()
    assert {each.module for each in versions} >= {
        "azext_acrpulldiag/collect/ask/once.py",
        "azext_acrpulldiag/collect/azure/cluster.py",
        "azext_acrpulldiag/collect/registry/registry.py",
    }
    assert [str(each) for each in versions if each.version not in defined] == []
    noted.note("versions", (each.version for each in versions))


def test_a_preview_is_due_nine_months_after_its_date():
    assert PREVIEW.due == date(2027, 5, 2)
    assert not overdue(date(2027, 5, 2), [PREVIEW])
    assert overdue(date(2027, 5, 3), [PREVIEW]) == [PREVIEW]


def test_the_end_of_a_month_is_a_date():
    assert Pinned("m", "n", "2026-05-31-preview").due == date(2027, 2, 28)


def test_a_stable_version_is_never_due():
    assert not overdue(date(2036, 1, 1), [Pinned("m", "n", "2026-01-01")])


def test_the_target_fails_for_an_old_preview(monkeypatch, capsys):
    monkeypatch.setattr("tests.contracts.age.pinned", lambda: [Pinned("m", "n", "2025-01-01-preview")])
    assert main() == 1
    assert "m: n = 2025-01-01-preview, to be replaced after 2025-10-01: TOO OLD" in capsys.readouterr().out
    monkeypatch.setattr("tests.contracts.age.pinned", lambda: [Pinned("m", "n", "2025-01-01")])
    assert main() == 0
