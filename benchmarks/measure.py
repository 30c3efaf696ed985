"""Run ``az`` and measure the process; repeat several commands in turn, so that noise falls on all alike."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.azure.az import Az


@dataclass(frozen=True)
class Run:
    """One process: seconds by the clock and of CPU (its children included), peak memory in megabytes."""

    seconds: float
    cpu: float
    megabytes: float
    out: str


@dataclass(frozen=True)
class Median:
    """The medians of several runs of one command."""

    seconds: float
    cpu: float
    megabytes: float
    fastest: float


class CommandFailedError(Exception):
    """A measured command did not succeed, so that its time says nothing."""


def run(az: Az, arguments: Sequence[str], expected: Sequence[int] = (0,)) -> Run:
    """Run once, from a folder in which no source of the extension lies. Raises :class:`CommandFailedError`."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.monotonic()
        process = az.start(*arguments, stdout=out, stderr=err, cwd=az.folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode not in expected:
            raise CommandFailedError(f"az {' '.join(arguments)}: exit {process.returncode}\n{err.read()}")
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, out.read())


def interleaved(rows: Mapping[str, tuple[Az, Sequence[tuple[str, ...]]]], runs: int) -> dict[str, Median]:
    """Measure each row ``runs`` times, one after the other in turn; a row is commands that run in sequence.

    One turn before them is not counted: it fills the file cache.
    """
    measured: dict[str, list[Run]] = {name: [] for name in rows}
    for turn in range(runs + 1):
        for name, (az, commands) in rows.items():
            done = _sum([run(az, command) for command in commands])
            if turn:
                measured[name].append(done)
    return {name: _median(each) for name, each in measured.items()}


def size_of(folder: Path) -> float:
    """Megabytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _sum(runs: Sequence[Run]) -> Run:
    return Run(
        sum(one.seconds for one in runs), sum(one.cpu for one in runs), max(one.megabytes for one in runs), runs[-1].out
    )


def _median(runs: Sequence[Run]) -> Median:
    return Median(
        statistics.median(one.seconds for one in runs),
        statistics.median(one.cpu for one in runs),
        statistics.median(one.megabytes for one in runs),
        min(one.seconds for one in runs),
    )
