"""``--save-snapshot``, ``--snapshot`` and ``--redact``: what becomes of facts between reading and judging."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ._exit import fail
from .diagnosis.evaluate import left_out
from .engine import Request, as_read, judged
from .facts import Facts
from .quoting import printable
from .report import Elapsed, Json
from .snapshot.aliases import Aliases
from .snapshot.document import Judged, Snapshot, SnapshotError
from .snapshot.file import read_snapshot, saving
from .snapshot.redaction import redacted

_UNKNOWN_VERSION = "unknown"
_one_at_a_time = threading.Lock()


@cache
def _aliases() -> Aliases:
    """Those of this process, so of one run, whatever the number of its reports."""
    return Aliases()


def _redacted(facts: Facts) -> Facts:
    with _one_at_a_time:  # several --ids are judged at once
        return redacted(facts, _aliases())


@contextmanager
def kept(request: Request, save: str | None, redact: bool) -> Iterator[Callable[[Facts], Facts]]:
    """Give what every facts of a run go through before they are judged; write them to ``save`` at its end.

    That file is opened at once. Raises az's ``FileOperationError`` where it cannot be opened; where it cannot be
    written after the run, that is said beside the report, and the process ends with 1.
    """
    as_judged = _redacted if redact else as_read
    if save is None:
        yield as_judged
        return
    reports: list[Judged] = []

    def keep(facts: Facts) -> Facts:
        shown = as_judged(facts)
        reports.append(Judged(shown, request.skip, request.narrowed))
        return shown

    with _in_words_of_az(), saving(Path(save).expanduser()) as write:
        yield keep
        try:
            write(Snapshot(_extension_version(), reports[0].facts.now, redact, tuple(reports)))
        except SnapshotError as error:
            fail(f"{error} {error.advice}")


def judged_again(path: str, skip: tuple[str, ...], narrowed: str, expiry_days: int | None, redact: bool) -> list[Json]:
    """Return the reports of a saved run; nothing but the file is read.

    ``skip`` and ``narrowed`` come to what the run itself left out; ``expiry_days`` is in place of the run's own
    (``None``: that). Raises az's ``FileOperationError`` for a file that cannot be judged, and
    ``InvalidArgumentValueError`` where nothing is left to judge.
    """
    with _in_words_of_az():
        snapshot = read_snapshot(Path(path).expanduser())
        return [
            _report(path, each, skip, narrowed, expiry_days, redact and not snapshot.redacted)
            for each in snapshot.reports
        ]


def _report(
    path: str, saved: Judged, skip: tuple[str, ...], narrowed: str, expiry_days: int | None, redact: bool
) -> Json:
    began = time.monotonic()
    everything = (*saved.skip, *skip)
    _refuse_nothing_left(everything)
    told = "; of that ".join(filter(None, (saved.narrowed, narrowed)))
    try:
        facts = _redacted(saved.facts) if redact else saved.facts
        if expiry_days is not None:
            facts = replace(facts, options=replace(facts.options, expiry_days=expiry_days))
        report = judged(facts, Request(facts.targets, skip=everything, narrowed=told), Elapsed(0.0, 0, 0))
    except Exception as error:
        # Each value has its type, and all of them together make no sense: of a run they would.
        raise SnapshotError(
            f"The facts in the snapshot {path!r} contradict each other, and cannot be judged: "
            f"{type(error).__name__}: {printable(str(error)[:200])}."
        ) from error
    report["elapsed"]["seconds"] = round(time.monotonic() - began, 3)
    return report


def _refuse_nothing_left(skip: tuple[str, ...]) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    from .checks import ALL

    if all(left_out(checked.id, skip) for checked in ALL):
        raise InvalidArgumentValueError(
            "--skip and --only leave out every check that the snapshot's own run did not leave out.",
            "Leave at least one check to run, so that something is judged.",
        )


@contextmanager
def _in_words_of_az() -> Iterator[None]:
    try:
        yield
    except SnapshotError as error:
        raise _file_error(error) from error


def _file_error(error: SnapshotError) -> Any:
    from azure.cli.core.azclierror import FileOperationError

    return FileOperationError(str(error), error.advice)


def _extension_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("acrpulldiag")
    except PackageNotFoundError:  # run from a checkout
        return _UNKNOWN_VERSION
