"""Files that are there whole or not at all. What snapshots rest on is in ``snapshot/test_file.py``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from azext_acrpulldiag.whole_file import UnwritableError, WholeFile, discard_all


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_who_may_read_it(tmp_path: Path) -> None:
    WholeFile(tmp_path / "new").write("new")
    WholeFile(tmp_path / "private", private=True).write("")
    (tmp_path / "there").write_text("before")
    (tmp_path / "there").chmod(0o604)
    WholeFile(tmp_path / "there").write("é\n")
    assert [mode(tmp_path / name) for name in ("new", "private", "there")] == [0o640, 0o600, 0o604]
    assert (tmp_path / "there").read_bytes() == "é\n".encode()
    assert len(list(tmp_path.iterdir())) == 3


def test_on_the_way_out_nothing_is_left_and_what_was_stays(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("before")
    files = [WholeFile(tmp_path / "there"), WholeFile(tmp_path / "new")]
    done = WholeFile(tmp_path / "done")
    done.write("whole")
    assert len(list(tmp_path.iterdir())) == 4
    discard_all()
    for each in (*files, done):
        each.discard()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["done", "there"]
    assert (tmp_path / "there").read_text() == "before"


def test_what_cannot_be_put_in_its_place_is_told_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "there").write_text("before")
    file = WholeFile(tmp_path / "there")
    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(UnwritableError, match=r"^Permission denied$"):
        file.write("after")
    file.discard()
    assert [each.read_text() for each in tmp_path.iterdir()] == ["before"]
