"""The edge of snapshots to az: one clear error, whatever is the matter with a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azext_acrpulldiag import _exit
from azext_acrpulldiag.engine import Request
from azext_acrpulldiag.facts import Access, Facts, Unreadable
from azext_acrpulldiag.snapshot import file
from azext_acrpulldiag.snapshot.file import read_snapshot
from tests import build

errors = pytest.importorskip("azure.cli.core.azclierror", reason="azure-cli is not installed")
snapshots = pytest.importorskip("azext_acrpulldiag._snapshots")


def saved(path: Path, *facts: Facts, redact: bool = False, skip: tuple[str, ...] = ()) -> Path:
    request = Request(build.healthy_facts().targets, skip=skip, narrowed=f"all but {skip[0]}" if skip else "")
    with snapshots.kept(request, str(path), redact) as keep:
        for each in facts:
            keep(each)
    return path


def again(path: Path, **options: Any) -> Any:
    given = {"skip": (), "narrowed": "", "expiry_days": None, "redact": False, **options}
    return snapshots.judged_again(str(path), **given)


def test_every_report_is_judged(tmp_path: Path) -> None:
    path = saved(tmp_path / "run", build.healthy_facts(), build.private_link_facts())
    reports = again(path)
    assert [each["verdict"] for each in reports] == ["healthy", "healthy"]
    assert reports[0]["elapsed"]["requests"] == 0


def test_no_text_of_a_file_moves_the_cursor(tmp_path: Path) -> None:
    """Names of Azure and Kubernetes have no such characters, and a file may say anything."""
    hostile = "\x1b]0;x\x07\x9b31m\u202e\nHEALTHY"
    facts = build.failing_pods_facts()
    targets = replace(facts.targets, cluster=replace(facts.targets.cluster, name=hostile))
    unread = Unreadable("forbidden", hostile, hostile, hostile)
    path = saved(tmp_path / "run", replace(facts, targets=targets, access=Access.unread(unread), network=unread))
    (report,) = again(path)
    shown = json.dumps(report, ensure_ascii=False)
    assert shown.isprintable()
    assert "\\\\x1b]0;x" in shown
    assert "\\n" not in shown.replace("\\\\n", "")


def test_what_the_run_left_out_stays_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path / "run", build.healthy_facts(), skip=("network",))
    (report,) = again(path, skip=("registry",), narrowed="all but registry")
    assert report["summary"].startswith("Of what was judged (all but network; of that all but registry): ")
    (whole,) = again(path)
    assert whole["summary"].startswith("Of what was judged (all but network): ")
    with pytest.raises(errors.InvalidArgumentValueError, match="leave out every check"):
        again(path, skip=tuple({each["category"] for each in report["findings"]} - {"network"}))


def test_days_are_those_of_the_run_unless_they_are_given(tmp_path: Path) -> None:
    facts = build.healthy_facts()
    days = replace(facts, options=replace(facts.options, expiry_days=400))
    path = saved(tmp_path / "run", days)
    assert read_snapshot(path).reports[0].facts.options.expiry_days == 400
    assert again(path)[0]["verdict"] == again(path, expiry_days=1)[0]["verdict"] == "healthy"


def test_redacted_once_is_redacted(tmp_path: Path) -> None:
    path = saved(tmp_path / "run", build.healthy_facts(), redact=True)
    assert "contosoreg" not in path.read_text()
    once, twice = again(path), again(path, redact=True)
    assert once[0]["target"] == twice[0]["target"]
    whole = saved(tmp_path / "whole", build.healthy_facts())
    assert again(whole)[0]["target"]["registry"]["loginServer"] == "contosoreg.azurecr.io"
    assert again(whole, redact=True)[0]["target"] == once[0]["target"]


def test_facts_that_contradict_each_other_are_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "run", build.healthy_facts())

    def fail(*_: object) -> None:
        raise OverflowError("too large")

    monkeypatch.setattr(snapshots, "judged", fail)
    with pytest.raises(errors.FileOperationError, match="contradict each other, and cannot be judged: OverflowError"):
        again(path)


def test_a_file_that_is_none_is_az_s_error_of_files(tmp_path: Path) -> None:
    with pytest.raises(errors.FileOperationError, match="cannot be read: No such file") as raised:
        again(tmp_path / "nothing")
    assert raised.value.recommendations == ["Give a file that --save-snapshot wrote."]
    with pytest.raises(errors.FileOperationError, match="cannot be written"):
        saved(tmp_path / "no" / "such", build.healthy_facts())


def test_a_file_that_cannot_be_written_after_the_run_costs_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_exit, "_worst", 0)
    monkeypatch.setattr(file, "LARGEST", 10)
    path = saved(tmp_path / "run", build.healthy_facts())
    assert not path.exists()
    assert "was not written: it would have" in caplog.text
    assert min((_exit._worst, _exit.FOUND), key=_exit._rank) == _exit.FAILED
