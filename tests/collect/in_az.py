"""Run a collector where it will run: in a process of az's own Python, with az's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.azure.az import Az, az_command

PROJECT = Path(__file__).resolve().parents[2]

_START = """
import dataclasses, json, pathlib, sys, time
from azext_acrpulldiag.collect.az import check_acr, check_health, child
from azext_acrpulldiag.collect.ask.deadline import Deadline
from azext_acrpulldiag.targets import ClusterTarget
"""
_END = """
answer = {"type": type(result).__name__, **dataclasses.asdict(result)}
pathlib.Path(sys.argv[1]).write_text(json.dumps(answer))
"""


@dataclass(frozen=True)
class Collected:
    """What the collector answered, and what the process wrote."""

    answer: dict[str, Any]
    out: str
    err: str


def command(script: str, answer: Path) -> list[str]:
    """The command line of a process that runs ``script``, which leaves its answer in ``result``."""
    return [az_command()[0], "-c", _START + textwrap.dedent(script) + _END, str(answer)]


def environment(az: Az, folder: Path) -> dict[str, str]:
    """az's environment, with ``folder/temp`` as the temporary folder."""
    temporary = folder / "temp"
    temporary.mkdir(exist_ok=True)
    environment = az.logged_in().environment()
    paths = os.pathsep.join(filter(None, (str(PROJECT), environment.get("PYTHONPATH"))))
    return environment | {"PYTHONPATH": paths, "TMPDIR": str(temporary)}


def collect(az: Az, folder: Path, script: str, **changes: str) -> Collected:
    """Run ``script`` to its end; nothing may be left of it then."""
    answer = folder / "answer.json"
    env = environment(az, folder)
    done = subprocess.run(
        command(script, answer),
        env=env | changes,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert_nothing_left(az, folder)
    return Collected(json.loads(answer.read_text()), done.stdout, done.stderr)


def assert_nothing_left(az: Az, folder: Path) -> None:
    """No file in the temporary folder, and no process that had this az's environment."""
    assert sorted(str(path) for path in (folder / "temp").rglob("*")) == []
    assert list(processes_of(az)) == []


def processes_of(az: Az) -> Iterator[str]:
    """Command lines of the processes that were started with this az's configuration folder."""
    if sys.platform != "linux":
        return
    mark = f"AZURE_CONFIG_DIR={az.config}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and mark in (process / "environ").read_bytes():
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
