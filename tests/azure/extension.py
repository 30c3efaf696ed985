"""The extension as users get it: built into a wheel, added with ``az extension add``."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.wheel import build_wheel, source_files

from .az import az_command

PROJECT = Path(__file__).resolve().parents[2]
_KEPT_SECONDS = 24 * 3600


def installed_extension() -> Path:
    """Return the folder for ``AZURE_EXTENSION_DIR`` that holds this checkout's wheel.

    ``ACRPULLDIAG_EXTENSION_DIR`` names one that exists already. Otherwise the wheel is built and added once for each
    state of the sources, into a folder below ``build`` that is named after their hash; processes that want the same
    wait for the first. Raises ``CalledProcessError`` with pip's or az's own words on stderr.
    """
    named = os.environ.get("ACRPULLDIAG_EXTENSION_DIR")
    if named:
        return Path(named)
    builds = PROJECT / "build" / "extensions"
    builds.mkdir(parents=True, exist_ok=True)
    folder = builds / _hash_of_sources()
    with _lock(builds / "lock"):
        if not folder.exists():
            _remove_old(builds)
            _install(folder)
        os.utime(folder)
    return folder


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-wheel-", dir=folder.parent) as name:
        work = Path(name)
        wheel = build_wheel(work)
        extensions = work / "extensions"
        environment = os.environ | {
            "AZURE_CONFIG_DIR": str(work / "azure"),
            "AZURE_EXTENSION_DIR": str(extensions),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        _run([*az_command(), "extension", "add", "--source", str(wheel), "--yes", "--only-show-errors"], environment)
        # Only a whole installation gets its name.
        extensions.rename(folder)


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tempfile.gettempdir())
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


def _hash_of_sources() -> str:
    digest = hashlib.sha256(" ".join(az_command()).encode())
    for path in source_files():
        digest.update(f"\0{path.relative_to(PROJECT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _remove_old(builds: Path) -> None:
    """Remove what no run has asked for since a day."""
    for folder in builds.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
