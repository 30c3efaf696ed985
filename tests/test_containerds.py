"""Where containerds of other suites come from; that they come, the tests of real pulls show."""

from __future__ import annotations

import shutil

import pytest

from scripts import containerds

TARGETS = """\
bookworm-updates main https://mirror.example/debian/
bookworm contrib https://mirror.example/debian/
bookworm main https://mirror.example/debian/
"""


@pytest.fixture
def sources(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(containerds, "_codename", lambda: "bookworm")
    monkeypatch.setattr(containerds, "_run", lambda command, folder=None: TARGETS)


@pytest.mark.usefixtures("sources")
def test_the_mirror_is_the_machines_own():
    assert containerds._mirror() == "https://mirror.example/debian/"


@pytest.mark.usefixtures("sources")
def test_a_machine_whose_sources_lack_the_main_archive(monkeypatch):
    monkeypatch.setattr(containerds, "_codename", lambda: "trixie")
    with pytest.raises(containerds.UnavailableError, match="main archive of Debian trixie"):
        containerds._mirror()


def test_a_machine_without_apt(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(containerds, "FOLDER", tmp_path / "containerd")
    assert containerds.main() == 1
    assert "no apt" in capsys.readouterr().err
    assert not (tmp_path / "containerd").exists()


def test_what_is_there_is_not_fetched_again(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(containerds, "FOLDER", tmp_path)
    monkeypatch.setattr(containerds, "_unpack", lambda suites, folder: pytest.fail("fetched"))
    for suite in containerds.SUITES:
        program = containerds.program(suite)
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho containerd 9.9\n")
        program.chmod(0o755)
    assert containerds.main() == 0
    assert capsys.readouterr().out.splitlines() == [f"{suite}: containerd 9.9" for suite in containerds.SUITES]
