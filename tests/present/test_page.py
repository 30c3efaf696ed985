"""The page of an outcome in a terminal: what to do first, permissions last."""

from __future__ import annotations

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.listing import page_of
from azext_acrpulldiag.present.page import page_rows

OUTCOME = "access.pull-role-missing"


def test_repairs_stand_before_reasons_and_permissions_last() -> None:
    parts = [part for part, _ in page_rows(page_of(OUTCOME, ALL), 100, " \\")]
    assert parts[:2] == ["Outcome", "Means"]
    assert parts[2].startswith("fix")
    assert parts[-3:] == ["More", "Reads with", "Some runs"]
    assert parts.index("Why") > max(number for number, part in enumerate(parts) if part.startswith(("fix", "or")))


def test_evidence_is_spelled_as_reports_spell_it() -> None:
    rows = dict(page_rows(page_of(OUTCOME, ALL), 100, " \\"))
    assert "principalName" in rows["Evidence"]


def test_every_page_keeps_to_the_width() -> None:
    for outcome in {each.id for checked in ALL for each in checked.outcomes}:
        for part, text in page_rows(page_of(outcome, ALL), 80, " \\"):
            for line in text.split("\n"):
                assert len(line) <= 68 or " " not in line.strip().removesuffix(" \\"), (outcome, part)
