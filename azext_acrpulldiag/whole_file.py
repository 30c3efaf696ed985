"""Files that are there whole or not at all: opened before the work, put in their place when it is done."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_LONGEST_NAME = 100
"""Characters of a file's own name in that of the one beside it."""


class UnwritableError(Exception):
    """There can be no such file; the text says why, without its name and without a full stop."""


class WholeFile:
    """A file beside ``path``, which takes that name once it is whole; until then what ``path`` was stays as it is.

    With ``private`` nobody but its owner may read it; else whoever might read the one that was there, or what the
    process's umask leaves. Raises :class:`UnwritableError` where ``path`` is there and no regular file, or where none
    can be made beside it.
    """

    def __init__(self, path: Path, private: bool = False) -> None:
        try:
            self.target = path.resolve()  # what a link leads to
            there = self.target.exists()
            if there and not self.target.is_file():
                raise UnwritableError("it is there, and is no regular file")
            self._beside = self.target.with_name(f".{self.target.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}.tmp")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            handle = os.open(self._beside, flags, 0o600 if private else 0o666)
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links; "\0" in the name
            raise UnwritableError(_reason(error)) from error
        self._file = open(handle, "wb")  # noqa: PTH123, SIM115 - a handle has no path; closed by write and discard
        _open.append(self)
        if there and not private:
            with suppress(OSError):  # somebody else's file in a directory of ours
                self._beside.chmod(self.target.stat().st_mode & 0o777)

    def write(self, text: str) -> None:
        """Write all of it, and put it in its place. Raises :class:`UnwritableError`."""
        try:
            self._file.write(text.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._beside.replace(self.target)
        except OSError as error:
            raise UnwritableError(_reason(error)) from error
        _open.remove(self)

    def discard(self) -> None:
        """Leave nothing of what was not written to its end; what was stays."""
        if self in _open:
            _open.remove(self)
            with suppress(OSError):  # once more, of what is still to be written
                self._file.close()
            with suppress(OSError):
                self._beside.unlink(missing_ok=True)


_open: list[WholeFile] = []


def discard_all() -> None:
    """Leave nothing of any, on the way out of the process."""
    for each in list(_open):
        each.discard()


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
