"""Files: whole or not there, for their owner alone, and none can hold a run up."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from azext_acrpulldiag.snapshot import file
from azext_acrpulldiag.snapshot.document import Judged, Snapshot, SnapshotError
from azext_acrpulldiag.snapshot.file import LARGEST, read_snapshot, saving
from tests import build

SNAPSHOT = Snapshot("1.0", build.NOW, False, (Judged(build.healthy_facts()),))


def save(path: Path, snapshot: Snapshot = SNAPSHOT) -> None:
    with saving(path) as write:
        write(snapshot)


def test_it_comes_back_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "é run.json"
    old = os.umask(0)
    try:
        save(path)
    finally:
        os.umask(old)
    assert read_snapshot(path) == SNAPSHOT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text("before")
    with saving(path) as write:
        assert path.read_text() == "before"
        assert len(list(tmp_path.iterdir())) == 2
        write(SNAPSHOT)
        assert read_snapshot(path) == SNAPSHOT
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ends", [KeyboardInterrupt, ValueError, SystemExit])
def test_a_run_that_ends_early_leaves_nothing(tmp_path: Path, ends: type[BaseException]) -> None:
    path = tmp_path / "run"
    path.write_text("before")
    with pytest.raises(ends), saving(path):
        raise ends
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read_snapshot(tmp_path / "link") == SNAPSHOT


@pytest.mark.parametrize("name", ["folder", "no/such", "pipe", "file/below", "nul\0", "loop", "n" * 300])
def test_what_cannot_be_written_is_told_when_it_is_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SnapshotError, match="cannot be written: ") as raised, saving(tmp_path / name):
        pytest.fail("it was opened")
    assert raised.value.advice
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_not_replaced() -> None:
    with pytest.raises(SnapshotError, match="is no regular file"), saving(Path("/dev/full")):
        pytest.fail("it was opened")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SnapshotError, match="cannot be written: No space left on device"):
        save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "is a directory"),
        ("pipe", "is no regular file"),
        ("nothing", "cannot be read: No such file or directory"),
        ("large", "larger than a snapshot may be: 64 MB are read, and it has 1024 MB"),
        ("nul\0", "cannot be read: embedded null byte"),
        ("latin", "is no text in UTF-8: byte 2 is none"),
        ("empty", "is no JSON"),
        ("/dev/zero", "is no regular file"),
        ("/dev/tty", ""),
    ],
)
def test_what_is_no_snapshot_is_told_at_once(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(2**30)
    (tmp_path / "latin").write_bytes(b"{}\xe9")
    (tmp_path / "empty").write_bytes(b"")
    began = time.process_time()
    with pytest.raises(SnapshotError) as raised:
        read_snapshot(tmp_path / name)
    assert said in str(raised.value)
    assert raised.value.advice
    assert time.process_time() - began < 1


def test_a_mark_of_windows_at_its_beginning_is_no_matter(tmp_path: Path) -> None:
    save(tmp_path / "run")
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "run").read_bytes())
    assert read_snapshot(tmp_path / "marked") == SNAPSHOT


def test_one_that_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST", 100)
    with pytest.raises(SnapshotError, match="was not written: it would have"):
        save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_the_large_case_fits(tmp_path: Path) -> None:
    """5,000 failing pods, 5,000 nodes with their labels and 4,000 role assignments, as budgets have them."""
    facts = build.healthy_facts()
    failing = build.failing("x" * 600)
    labels = {f"kubernetes.azure.com/some-label-{number}": f"value-of-it-{number}" for number in range(25)}
    nodes = tuple(
        replace(build.node(), name=f"aks-pool-12345678-vmss{number:06}", labels=labels) for number in range(5000)
    )
    pods = tuple(replace(failing, pod=f"web-5d4f8c9b7-{number:05}") for number in range(5000))
    effective = facts.access.effective
    assert isinstance(effective, tuple)
    large = replace(
        facts,
        kubernetes=replace(build.kubernetes(), nodes=nodes, failing=pods),
        access=replace(facts.access, at_scope=effective[:1] * 4000),
    )
    snapshot = replace(SNAPSHOT, reports=(Judged(large),))
    save(tmp_path / "run", snapshot)
    assert (tmp_path / "run").stat().st_size < LARGEST / 3
    assert read_snapshot(tmp_path / "run") == snapshot
