"""The release file is the same bytes for everybody, and the forge's workflow makes it: its own steps run here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from scripts.wheel import PROJECT, differences, source_files

WORKFLOW = PROJECT / ".github" / "workflows" / "build.yml"
JOBS: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
NEEDED = ("Makefile", "requirements-wheel.txt", "scripts/wheel.py", ".gitignore")
SETUP = (PROJECT / "setup.py").read_text(encoding="utf-8")
TAG = "v" + re.findall(r'^VERSION = "(.+)"$', SETUP, re.MULTILINE)[0]

# What stands on the forge's machines and not here. It says what it was asked, and that there is no such release yet.
GH = """\
#!/bin/sh
[ "$1 $2" = "release view" ] && exit 1
printf '%s\\n' "$@" >"$GH_LOG"
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the working copy says, as a commit of a repository of its own, checked out by a cautious user."""
    folder = tmp_path_factory.mktemp("checkout") / "a folder"
    for path in (*source_files(), *(PROJECT / each for each in NEEDED)):
        copied = folder / path.relative_to(PROJECT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
        copied.chmod(0o600)
    _ready_builder(folder / ".venv-wheel")
    git = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-C", str(folder))
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "Release"], check=True)
    return folder


def _ready_builder(environment: Path) -> None:
    """This Python instead of one that make would install, which takes a network."""
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (environment / ".ready").touch()


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the steps of the job ``wheel`` leave behind."""
    _run_steps("wheel", checkout, {})
    return checkout / "dist"


def _run_steps(job: str, folder: Path, environment: dict[str, str]) -> None:
    """Run what a job runs, as the forge does (docs.github.com, workflow syntax, ``jobs.<job_id>.steps[*].shell``)."""
    for step in JOBS[job]["steps"]:
        if "run" not in step:
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env=os.environ | {"GITHUB_REF_NAME": TAG, "TZ": "Pacific/Auckland", "MAKEFLAGS": ""} | environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (step.get("name"), done.stdout, done.stderr)


def test_two_clones_give_the_same_bytes(built: Path) -> None:
    """The step itself builds a second one from a clone, with other modes and times of its files."""
    assert any(step.get("run") == "make same-wheel" for step in JOBS["wheel"]["steps"])
    (wheel,) = built.glob("*.whl")
    with ZipFile(wheel) as members:
        assert len({each.date_time for each in members.infolist()}) == 1
        assert {each.external_attr >> 16 & 0o777 for each in members.infolist()} <= {0o644, 0o664}
    assert {path.name for path in built.iterdir()} == {wheel.name, "SHA256SUMS"}


def test_what_differs_is_named(tmp_path: Path) -> None:
    for name, text in (("one.whl", "1"), ("other.whl", "2")):
        with ZipFile(tmp_path / name, "w") as made:
            made.writestr("same", "")
            made.writestr("changed", text)
    found = list(differences(tmp_path / "one.whl", tmp_path / "other.whl"))
    assert found == ["one.whl is not other.whl", "changed"]
    assert list(differences(tmp_path / "one.whl", tmp_path / "one.whl")) == []


def test_the_wheel_is_attached_to_a_draft(built: Path, tmp_path: Path) -> None:
    tools, log = tmp_path / "tools", tmp_path / "log"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    _run_steps("release", built.parent, {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GH_LOG": str(log)})
    asked = log.read_text().splitlines()
    assert asked[:3] == ["release", "create", TAG]
    assert {"--draft", "--verify-tag"} <= set(asked)
    attached = [each for each in asked if each.startswith("dist/")]
    assert sorted(attached) == sorted(f"dist/{path.name}" for path in built.iterdir())


def test_a_release_waits_for_everything_that_has_to_pass() -> None:
    assert set(JOBS["release"]["needs"]) == {"wheel", "check"}
    assert JOBS["release"]["if"] == "github.ref_type == 'tag'"
    (command,) = [step["run"] for step in JOBS["check"]["steps"] if "run" in step]
    assert os.access(PROJECT / command, os.X_OK)


def test_only_what_attaches_may_write() -> None:
    assert yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["permissions"] == {}
    writing = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}
    assert writing == {"release"}


def _actions() -> Iterator[str]:
    return (step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step)


def test_actions_are_the_forges_own_and_pinned() -> None:
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each) for each in _actions())


def test_metadata_say_what_is_true(built: Path) -> None:
    """No address stands anywhere before setup.py has one."""
    (wheel,) = built.glob("*.whl")
    with ZipFile(wheel) as members:
        (name,) = [each for each in members.namelist() if each.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(members.read(name))
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert {"aks", "acr"} <= set(metadata["Keywords"].split(","))
    assert metadata.get_all("Requires-Dist") == ["kubernetes<36,>=35"]
    has_address = re.search(r"^ADDRESS = None$", SETUP, re.MULTILINE) is None
    assert ("Project-URL" in metadata) == has_address
