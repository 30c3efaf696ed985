"""Files of snapshots: written whole or not at all, and read without trust in what the name leads to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..whole_file import UnwritableError, WholeFile
from .document import Snapshot, SnapshotError, from_json, to_json

LARGEST = 64 * 1024 * 1024
"""Bytes. One of 5,000 failing pods, 5,000 nodes and 4,000 role assignments has about a quarter of it; tests say so."""

_GIVE_ONE = "Give a file that --save-snapshot wrote."


def read_snapshot(path: Path) -> Snapshot:
    """Read one; that can run nothing, and reaches nothing but the file. Raises :class:`SnapshotError`."""
    what = f"The snapshot {str(path)!r}"
    try:
        _refuse_others(path.stat(), what)
        # A name can come to lead to something else at any time: no wait for whoever writes into a pipe.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 - a handle has no path
            _refuse_others(os.fstat(handle), what)
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # "\0" in the name
        raise SnapshotError(f"{what} cannot be read: {_reason(error)}.", _GIVE_ONE) from error
    _refuse_large(len(content), what)
    try:
        return from_json(content.decode("utf-8-sig"), what)
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{what} is no text in UTF-8: byte {error.start:,} is none.", _GIVE_ONE) from error


def _refuse_others(status: os.stat_result, what: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SnapshotError(f"{what} is a directory.", _GIVE_ONE)
    if not stat.S_ISREG(status.st_mode):
        raise SnapshotError(f"{what} is no regular file.", _GIVE_ONE)
    _refuse_large(status.st_size, what)


def _refuse_large(size: int, what: str) -> None:
    if size > LARGEST:
        raise SnapshotError(
            f"{what} is larger than a snapshot may be: {LARGEST // 2**20} MB are read, and it has {size // 2**20} MB "
            "or more.",
            _GIVE_ONE,
        )


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


@contextmanager
def saving(path: Path) -> Iterator[Callable[[Snapshot], None]]:
    """Open a file beside ``path`` at once, and give what writes a snapshot and puts it there.

    Nobody but its owner may read it. Until it is whole, what ``path`` was stays as it is; where nothing is written,
    nothing is left. Raises :class:`SnapshotError` where it cannot be opened or written.
    """
    what = f"The snapshot {str(path)!r}"

    def write(snapshot: Snapshot) -> None:
        text = to_json(snapshot)
        if len(text) > LARGEST:
            raise SnapshotError(
                f"{what} was not written: it would have {len(text) // 2**20} MB, and {LARGEST // 2**20} MB are read.",
                "Narrow the run with --namespace or --skip.",
            )
        with _told(what):
            file.write(text)

    with _told(what):
        file = WholeFile(path, private=True)
    try:
        yield write
    finally:
        file.discard()


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except UnwritableError as error:
        advice = "Give --save-snapshot the name of a file in a directory that you may write to."
        raise SnapshotError(f"{what} cannot be written: {error}.", advice) from error
