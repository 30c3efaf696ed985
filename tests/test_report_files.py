"""The edge of report files to az: opened once a run, written at its end, and nothing is left of one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from azext_acrpulldiag import _exit, _report_files
from azext_acrpulldiag._report_files import open_reports
from azext_acrpulldiag.engine import Request, judged
from azext_acrpulldiag.report import Elapsed
from azext_acrpulldiag.whole_file import WholeFile
from tests import build

errors = pytest.importorskip("azure.cli.core.azclierror", reason="azure-cli is not installed")
events = pytest.importorskip("knack.events")


class Cli:
    """As much of az as an event needs."""

    def __init__(self) -> None:
        self.handlers: list[tuple[str, Any]] = []
        self.invocation = SimpleNamespace(data={})

    def register_event(self, name: str, handler: Any) -> None:
        self.handlers.append((name, handler))

    def fire(self, event: str) -> None:
        for name, handler in self.handlers:
            if name == event:
                handler(self, event_data={})

    def end(self) -> None:
        self.fire(events.EVENT_INVOKER_FILTER_RESULT)
        self.fire(events.EVENT_CLI_POST_EXECUTE)


@pytest.fixture
def cli() -> Iterator[Cli]:
    cli = Cli()
    yield cli
    cli.fire(events.EVENT_CLI_POST_EXECUTE)
    _exit._reports.clear()
    _exit._worst = 0


def report(name: str) -> dict[str, Any]:
    facts = getattr(build, name)()
    return judged(facts, Request(facts.targets), Elapsed(0.0, 0, 0))


def left(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_the_jobs_of_a_run_share_its_files(tmp_path: Path, cli: Cli) -> None:
    names = [str(tmp_path / "a.md"), str(tmp_path / "b.MD")]
    for _ in range(3):
        open_reports(cli, names, "error", ())
    assert len(left(tmp_path)) == 2 and not {"a.md", "b.MD"} & set(left(tmp_path))
    for name in ("healthy_facts", "failing_pods_facts"):
        _exit.leave_with(cli, 0, report(name))
    cli.end()
    assert left(tmp_path) == ["a.md", "b.MD"]
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.MD").read_text(encoding="utf-8")
    assert text.index("Broken") < text.index("Healthy")


def test_a_run_that_does_not_come_to_its_end_leaves_what_was(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "a.html").write_text("before")
    open_reports(cli, [str(tmp_path / "a.html"), str(tmp_path / "b.html")], "error", ())
    cli.fire(events.EVENT_CLI_POST_EXECUTE)
    assert left(tmp_path) == ["a.html"]
    assert (tmp_path / "a.html").read_text() == "before"


@pytest.mark.parametrize("name", ["report", "report.txt", "html", ".html", "report.xml.gz", ""])
def test_a_name_that_says_nothing_of_the_form_is_refused(tmp_path: Path, cli: Cli, name: str) -> None:
    with pytest.raises(errors.InvalidArgumentValueError, match=r"has to end in \.html, \.md or \.xml"):
        open_reports(cli, [str(tmp_path / "good.html"), name], "error", ())
    assert left(tmp_path) == []


def test_two_uses_of_one_file_are_refused(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "link.html").symlink_to(tmp_path / "a.html")
    for names, others in ((["a.html", "./a.html"], []), (["a.html"], ["a.html"]), (["a.html", "link.html"], [])):
        given = [[str(tmp_path / each) for each in these] for these in (names, others)]
        with pytest.raises(errors.InvalidArgumentValueError, match="reads or writes already"):
            open_reports(cli, given[0], "error", [*given[1], None])
    assert left(tmp_path) == ["link.html"]


def test_where_one_cannot_be_opened_none_is_left(tmp_path: Path, cli: Cli) -> None:
    with pytest.raises(errors.FileOperationError, match=r"no/b\.html' cannot be written: No such file or directory"):
        open_reports(cli, [str(tmp_path / "a.html"), str(tmp_path / "no" / "b.html")], "error", ())
    cli.fire(events.EVENT_CLI_POST_EXECUTE)
    assert left(tmp_path) == []


def test_a_full_disk_costs_no_other_file_and_is_told(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(_report_files, "fail", told.append)
    whole = WholeFile.write

    def full(file: WholeFile, text: str) -> None:
        if file.target.name == "a.html":
            raise _report_files.UnwritableError("No space left on device")
        whole(file, text)

    monkeypatch.setattr(WholeFile, "write", full)
    open_reports(cli, [str(tmp_path / "a.html"), str(tmp_path / "b.html")], "error", ())
    _exit.leave_with(cli, 0, report("healthy_facts"))
    cli.end()
    assert left(tmp_path) == ["b.html"]
    assert len(told) == 1 and "a.html' cannot be written: No space left on device" in told[0]


def test_a_defect_costs_no_other_file_and_is_told(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise KeyError("\x1b[31m")

    told: list[str] = []
    monkeypatch.setattr(_report_files, "fail", told.append)
    monkeypatch.setattr("azext_acrpulldiag.present.junit.junit", broken)
    open_reports(cli, [str(tmp_path / "a.xml"), str(tmp_path / "b.md")], "error", ())
    _exit.leave_with(cli, 0, report("healthy_facts"))
    cli.end()
    assert left(tmp_path) == ["b.md"]
    assert len(told) == 1 and "a.xml' was not written, by an internal error: KeyError: " in told[0]
    assert told[0].isprintable()
