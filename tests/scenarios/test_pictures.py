"""The drawn ways, over every story: they show each fault that a finding tells, where it tells it, and no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from azext_acrpulldiag.diagnosis.paths import JUDGES
from azext_acrpulldiag.diagnosis.whole import diagnosed
from azext_acrpulldiag.facts import Facts
from azext_acrpulldiag.path import OK, walks
from azext_acrpulldiag.path.arrival import APART
from azext_acrpulldiag.report import Elapsed, Json, report_of

from .conftest import ReadStory

OF_STATUS = {"fail": "blocks", "warn": "may-block", "unknown": "unknown"}
ENOUGH = 40
"""Stories of each state, at least: fewer would prove little."""


@dataclass(frozen=True)
class Written:
    """What was read of a story, and its report."""

    facts: Facts
    report: Json


@pytest.fixture(scope="module")
def written(read_stories: dict[str, ReadStory]) -> dict[str, Written]:
    def of(facts: Facts) -> Written:
        return Written(facts, report_of(facts, diagnosed(facts), Elapsed(0.0, 0, 0)))

    return {name: of(story.facts) for name, story in read_stories.items()}


def told(report: Json) -> list[Json]:
    """What the network checks say that a picture has to show."""
    found = [each for each in report["findings"] if each["category"] == "network" and each["status"] in OF_STATUS]
    decisive = {(each["check"], each["reason"]) for each in report["unknowns"] if each["decisive"]}
    return [
        each
        for each in found
        if each["status"] != "unknown"
        or any(check == each["check"] and reason in each["summary"] for check, reason in decisive)
    ]


def drawn_at(finding: Json, path: Json) -> list[Json]:
    """The hops of a way at which a finding is drawn."""
    named = {name: finding[name] for name in ("check", "outcome", "status")}
    return [hop for hop in path["hops"] if named in hop["findings"]]


def of_way(finding: Json, path: Json) -> bool:
    """Whether a fault names the pools and the host of a way, as far as it names any."""
    evidence = finding["evidence"]
    pools, hosts = evidence.get("pools") or path["pools"], evidence.get("hosts") or [path["host"]]
    return not path["pools"] or (bool(set(pools) & set(path["pools"])) and path["host"] in hosts)


def judged_in_words(hop: Json) -> set[str]:
    return {OF_STATUS[each["status"]] for each in hop["findings"] if each["status"] in OF_STATUS}


def shows_what_findings_say(report: Json) -> Counter[str]:
    """Both ways: from hops to findings, and from findings to hops."""
    statements = {(each["check"], each["outcome"], each["status"]) for each in report["findings"]}
    counts: Counter[str] = Counter()
    for path in report["paths"]:
        for hop in path["hops"]:
            counts[hop["state"]] += 1
            assert {(each["check"], each["outcome"], each["status"]) for each in hop["findings"]} <= statements
            assert all(hop["kind"] in JUDGES[each["check"]] or each["outcome"] for each in hop["findings"]), hop
            if hop["state"] in OF_STATUS.values():
                assert hop["state"] in judged_in_words(hop), hop
            else:
                assert judged_in_words(hop) <= {"unknown"}, hop
    for finding in told(report):
        here = [(path, hop) for path in report["paths"] for hop in drawn_at(finding, path)]
        assert here, finding
        if finding["status"] == "unknown":
            assert {hop["state"] for _, hop in here} <= {"unknown", "blocks"}, finding
            continue
        for path, hop in here:
            assert hop["state"] == "blocks" or finding["status"] == "warn", (finding, hop)
            assert of_way(finding, path) or not any(of_way(finding, each) for each in report["paths"]), (finding, path)
        missing = [path for path in report["paths"] if named_by(finding, path) and not drawn_at(finding, path)]
        assert not missing, (finding, missing)
    return counts


def named_by(finding: Json, path: Json) -> bool:
    evidence: dict[str, Any] = finding["evidence"]
    return path["host"] in (evidence.get("hosts") or ()) and bool(set(path["pools"]) & set(evidence.get("pools") or ()))


def calls_nothing_sound_that_is_not(facts: Facts, report: Json) -> None:
    """What the walk has for broken or unknown is drawn as no hop that works, unless another check decides it."""
    sound = {
        (pool, path["host"], hop["kind"], hop["name"], hop["resource"])
        for path in report["paths"]
        for pool in path["pools"]
        for hop in path["hops"]
        if hop["state"] == "works"
    }
    for walk in walks(facts):
        for pool in walk.place.pools:
            for hop in walk.hops:
                if hop.state != OK and hop.unread is not APART:
                    assert (pool, walk.host, hop.kind, hop.name, hop.resource_id) not in sound, hop


def test_every_story_is_drawn_as_it_is_told(written: dict[str, Written]) -> None:
    counts: Counter[str] = Counter()
    for name, story in written.items():
        report = story.report
        try:
            counts += Counter(dict.fromkeys(shows_what_findings_say(report), 1))
            if (report["target"]["registry"] or {}).get("read"):
                calls_nothing_sound_that_is_not(story.facts, report)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
    assert min(counts[state] for state in ("works", "blocks", "unknown")) >= ENOUGH, counts
    assert counts["may-block"] > 0


def test_pools_fail_where_pods_do(written: dict[str, Written]) -> None:
    """A row fails where a live pod of its nodes does, and works where a pull of them was seen."""
    seen: Counter[str] = Counter()
    for name, story in written.items():
        report = story.report
        failing = {each["nodePool"] for each in report["symptoms"] if each["node"] and each["nodePool"]}
        rows = {row["pool"]: row for row in report["pools"] if row["state"] in ("fails", "both")}
        assert failing <= set(rows), name
        for pool, row in rows.items():
            assert row["failingPods"] or row["probed"] == "failed", (name, pool)
        for row in report["pools"]:
            seen[row["state"]] += 1
            pulled = row["pulledOn"] is not None and row["pulledOn"] > 0  # null: it was not read
            assert (pulled or row["probed"] == "pulled") == (row["state"] in ("works", "both")), (name, row)
    assert min(seen[state] for state in ("works", "fails", "both", "unknown")) > 0, seen
