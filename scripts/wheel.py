"""Build the wheel: the same bytes from the same commit, whoever builds it, where and when.

``python -m scripts.wheel FOLDER`` (``make wheel``) writes it there; with ``--compare`` (``make same-wheel``) it builds
a second one from a clone of the last commit and exits with 1 where a byte of it differs from what the folder has.

Times in it are those of the commit (https://reproducible-builds.org/docs/source-date-epoch/), modes are set, and it is
built from a copy, so that nothing an earlier build left is in it. What is left is the version of setuptools, which
requirements-wheel.txt pins, and zlib's way to compress.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = "azext_acrpulldiag"
BUILD_FILES = ("setup.py", "pyproject.toml", "README.md", "HISTORY.rst", "LICENSE")
# The first that a ZIP file can hold: for sources that came without their commits.
NO_COMMIT = "315532800"


def build_wheel(folder: Path, project: Path = PROJECT) -> Path:
    """Build the wheel of ``project`` into ``folder`` and return its path; pip's own words on stderr if it fails."""
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-") as name:
        sources = Path(name)
        _copy(project, sources)
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(sources)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": time_of(project)}
        # In the copy: what stands in the current folder is importable, and may be half of another build.
        subprocess.run(command, env=environment, cwd=sources, umask=0o022, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def source_files(project: Path = PROJECT) -> list[Path]:
    """The files that a wheel is made of, in order."""
    package = (path for path in (project / PACKAGE).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted([*package, *(project / name for name in BUILD_FILES if (project / name).exists())])


def time_of(project: Path) -> str:
    """Seconds since 1970: what the environment says, else when the last commit was made."""
    git = ["git", "-C", str(project), "log", "-1", "--format=%ct"]
    try:
        committed = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        committed = ""
    return os.environ.get("SOURCE_DATE_EPOCH") or committed or NO_COMMIT


def _copy(project: Path, target: Path) -> None:
    for path in source_files(project):
        copied = target / path.relative_to(project)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
        copied.chmod(0o644)


def differences(one: Path, other: Path) -> Iterator[str]:
    """Name what differs in two wheels; nothing if they are the same to the byte."""
    if one.name != other.name:
        yield f"{one.name} is not {other.name}"
    with ZipFile(one) as left, ZipFile(other) as right:
        members = [
            {each.filename: (each.CRC, each.date_time, each.external_attr) for each in wheel.infolist()}
            for wheel in (left, right)
        ]
    differing = sorted(
        name for name in members[0].keys() | members[1].keys() if members[0].get(name) != members[1].get(name)
    )
    yield from differing
    if not differing and one.read_bytes() != other.read_bytes():
        yield "the order or the compression of the members"


def compare(folder: Path) -> int:
    """Build again, from a clone; return the exit status."""
    (built,) = folder.glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-again-") as name:
        clone = Path(name) / "clone"
        git_clone = ["git", "-c", "advice.detachedHead=false", "clone", "--quiet", "--no-hardlinks"]
        subprocess.run([*git_clone, str(PROJECT), str(clone)], check=True)
        found = list(differences(built, build_wheel(Path(name), clone)))
    for each in found:
        print(f"differs: {each}", file=sys.stderr)
    if not found:
        print(f"{built.name}: the same bytes from a clone")
    return int(bool(found))


def main() -> int:
    """Build, or compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.wheel", description="Build the wheel.")
    parser.add_argument("folder", type=Path, help="where the wheel is, or goes")
    parser.add_argument("--compare", action="store_true", help="build it again from a clone and compare")
    given = parser.parse_args()
    if given.compare:
        return compare(given.folder.resolve())
    given.folder.mkdir(parents=True, exist_ok=True)
    print(build_wheel(given.folder.resolve()).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
