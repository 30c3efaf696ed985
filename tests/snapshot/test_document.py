"""Versions, and whatever else a text may be: a snapshot, or one clear error."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from azext_acrpulldiag.diagnosis.whole import diagnosed
from azext_acrpulldiag.snapshot import document
from azext_acrpulldiag.snapshot.document import Judged, Snapshot, SnapshotError, from_json, to_json
from tests import build

SNAPSHOT = Snapshot("1.0", build.NOW, False, (Judged(build.private_link_facts(), ("registry.health",), "all but x"),))
TEXT = to_json(SNAPSHOT)


def said_of(text: str) -> str:
    with pytest.raises(SnapshotError) as raised:
        from_json(text, "It")
    assert raised.value.advice
    return str(raised.value)


def changed(**members: Any) -> str:
    return json.dumps({**json.loads(TEXT), **members})


def test_a_snapshot_comes_back() -> None:
    assert from_json(TEXT, "It") == SNAPSHOT
    head = list(json.loads(TEXT))
    assert head == ["program", "snapshotVersion", "extensionVersion", "taken", "redacted", "reports"]
    assert TEXT.isascii()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("null", "expected an object, found null"),
        ("[]", "expected an object, found a list"),
        ("{}", 'its "program" is not "acrpulldiag"'),
        (TEXT[:-30], "is no JSON"),
        (TEXT[: len(TEXT) // 2], "is no JSON"),
        (TEXT + TEXT, "is no JSON: Extra data"),
        (changed(program="other"), "no snapshot of `az aks diagnose-pull`"),
        (changed(snapshotVersion=2), "is of a newer version: its snapshotVersion is 2"),
        (changed(snapshotVersion=10**30), "a number of many digits"),
        (changed(snapshotVersion=0), "there never was a snapshotVersion 0"),
        (changed(snapshotVersion="1"), "snapshotVersion: expected a whole number, found a string"),
        (changed(snapshotVersion=True), "snapshotVersion: expected a whole number"),
        (changed(taken=None), "taken: expected a time"),
        (changed(reports=[]), "reports: expected at least one"),
        (changed(reports=[{}]), "reports[0].facts: is missing"),
        (changed(more=1), "more: is no member that this version knows"),
        (changed(redacted="no"), "redacted: expected true or false, found a string"),
        ("[" * 200_000, "nested deeper than any"),
        ('{"a":' * 200_000, "nested deeper than any"),
        ('{"program": 1, "program": 2}', "an object has the member 'program' twice"),
        (TEXT.replace('"redacted":false', '"redacted":NaN'), "NaN is no number"),
        (TEXT.replace('"redacted":false', '"redacted":-Infinity'), "-Infinity is no number"),
        (TEXT.replace('"redacted":false', f'"redacted":{"9" * 5000}'), "is no JSON as snapshots have it"),
    ],
)  # fmt: skip
def test_whatever_else_it_is_is_said(text: str, said: str) -> None:
    assert said in said_of(text)


def test_a_file_of_a_later_extension_names_it() -> None:
    later = json.loads(TEXT)
    later["extensionVersion"] = "7.0"
    later["reports"][0]["facts"]["new"] = 1
    with pytest.raises(SnapshotError) as raised:
        from_json(json.dumps(later), "It")
    assert "reports[0].facts.new: is no member" in str(raised.value)
    assert "extension version 7.0 wrote it" in raised.value.advice


def test_older_versions_are_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(old: dict[str, Any]) -> dict[str, Any]:
        return {**{name: value for name, value in old.items() if name != "runs"}, "reports": old["runs"]}

    monkeypatch.setitem(vars(document), "UPGRADES", {-1: dict, 0: renamed})
    older = json.loads(TEXT)
    older["runs"] = older.pop("reports")
    for version in (-1, 0):
        older["snapshotVersion"] = version
        assert from_json(json.dumps(older), "It") == SNAPSHOT
    del older["runs"]
    assert "is no document of version 0" in said_of(json.dumps(older))


# --- at random --------------------------------------------------------------------------


def test_damaged_files_are_judged_or_refused() -> None:
    """Bytes cut and changed, values of other types, members dropped and added: a report, or one clear error."""
    chance = random.Random(13)
    outcomes = {"judged": 0, "refused": 0}
    for turn in range(300):
        text = _of_bytes(chance) if turn % 3 == 0 else json.dumps(_of_values(chance))
        try:
            snapshot = from_json(text, "It")
        except SnapshotError:
            outcomes["refused"] += 1
            continue
        for report in snapshot.reports:
            diagnosed(report.facts, report.skip, report.narrowed)
        outcomes["judged"] += 1
    assert min(outcomes.values()) > 10, outcomes


def _of_bytes(chance: random.Random) -> str:
    at = chance.randrange(len(TEXT))
    return TEXT[:at] + chance.choice(["", "0", '"', "}", "[", "\\", "\ud800", "é"]) + TEXT[at + chance.randrange(3) :]


def _of_values(chance: random.Random) -> Any:
    whole = copy.deepcopy(json.loads(TEXT))
    places: list[tuple[Any, Any]] = []
    _collect(whole["reports"][0]["facts"], places)
    for _ in range(chance.randrange(1, 4)):
        container, key = chance.choice(places)
        chosen = chance.randrange(6)
        if chosen == 0 and isinstance(container, dict):
            container.pop(key, None)
        elif chosen == 1 and isinstance(container, dict):
            container["added"] = 1
        elif key in container if isinstance(container, dict) else key < len(container):
            container[key] = chance.choice(
                [None, 10**400, -1, True, "", "a", "10.0.0.0/99", "/subscriptions/", [], {}, [[]], {"unreadable": {}},
                 "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", {"unreadable": {"reason": "x", "detail": "y"}}]
            )  # fmt: skip
    return whole


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    for key in value if isinstance(value, dict) else range(len(value)):
        places.append((value, key))
        if isinstance(value[key], (dict, list)):
            _collect(value[key], places)
