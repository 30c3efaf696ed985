"""What a snapshot holds, and its JSON: versions, and one clear error for whatever else a text may be. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..facts import Facts
from .codec import WrongError, codec_of, kind_of

PROGRAM = "acrpulldiag"
VERSION = 1
"""Raised where a field changes its name or meaning, or is taken away; added to is within a version."""
UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By version: makes of a document of it one of the next. There is none before the first."""

_TAKE_ANOTHER = "Take a new one with --save-snapshot."


class SnapshotError(Exception):
    """What was given is no snapshot that can be judged; ``advice`` says what to do."""

    def __init__(self, what: str, advice: str = _TAKE_ANOTHER) -> None:
        super().__init__(what)
        self.advice = advice


@dataclass(frozen=True)
class Judged:
    """The facts of one report, and what it left out."""

    facts: Facts
    skip: tuple[str, ...] = ()
    """Categories and ids of checks."""
    narrowed: str = ""
    """How ``skip`` came about, in the user's words; empty: everything was judged."""


@dataclass(frozen=True)
class Snapshot:
    """One run: the facts of each of its reports."""

    extension_version: str
    taken: datetime
    redacted: bool
    """Whether names and ids are aliases."""
    reports: tuple[Judged, ...]


def to_json(snapshot: Snapshot) -> str:
    """Return the text of a file, in ASCII. Raises ``TypeError`` where facts hold what they do not declare."""
    written = codec_of(Snapshot).write(snapshot)
    document = {"program": PROGRAM, "snapshotVersion": VERSION, **written}
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"


def from_json(text: str, what: str) -> Snapshot:
    """Read such a text. ``what`` names it in errors. Raises :class:`SnapshotError`."""
    document = _upgraded(_parsed(text, what), what)
    members = {name: each for name, each in document.items() if name not in ("program", "snapshotVersion")}
    try:
        snapshot: Snapshot = codec_of(Snapshot).read(members)
    except WrongError as wrong:
        raise SnapshotError(f"{what} is damaged, or was changed: {wrong}.", _of_another(document)) from wrong
    except RecursionError as error:
        raise _too_deep(what) from error
    if not snapshot.reports:
        raise SnapshotError(f"{what} is damaged, or was changed: reports: expected at least one.")
    return snapshot


def _parsed(text: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise _too_deep(what) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        cut = " Was it cut off?" if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg else ""
        raise SnapshotError(f"{what} is no JSON: {error.msg} at {where}.{cut}") from error
    except ValueError as error:  # what the hooks refuse, and numbers of thousands of digits
        raise SnapshotError(f"{what} is no JSON as snapshots have it: {error}.") from error
    if not isinstance(document, dict):
        raise SnapshotError(f"{what} is no snapshot: expected an object, found {kind_of(document)}.")
    return document


def _too_deep(what: str) -> SnapshotError:
    return SnapshotError(f"{what} is no snapshot: it is nested deeper than any.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the member {twice[:60]!r} twice")
    return members


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _upgraded(document: dict[str, Any], what: str) -> dict[str, Any]:
    """The document as this version writes it."""
    if document.get("program") != PROGRAM:
        raise SnapshotError(
            f'{what} is no snapshot of `az aks diagnose-pull`: its "program" is not "{PROGRAM}".',
            "Give a file that --save-snapshot wrote.",
        )
    version = document.get("snapshotVersion")
    if not isinstance(version, int) or isinstance(version, bool):
        raise SnapshotError(f"{what} is damaged: snapshotVersion: expected a whole number, found {kind_of(version)}.")
    if version > VERSION:
        raise SnapshotError(
            f"{what} is of a newer version: its snapshotVersion is {_few_digits(version)}, "
            f"and this extension reads up to {VERSION}.",
            "Update the extension: az extension update --name acrpulldiag",
        )
    while version < VERSION:
        if version not in UPGRADES:
            raise SnapshotError(f"{what} is damaged: there never was a snapshotVersion {_few_digits(version)}.")
        try:
            document = UPGRADES[version](document)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise SnapshotError(f"{what} is damaged: it is no document of version {version}.") from error
        version += 1
    return document


def _few_digits(number: int) -> str:
    return str(number) if abs(number) < 10**9 else "a number of many digits"


def _of_another(document: Mapping[str, Any]) -> str:
    """A file that a later extension wrote in this version may have what this one does not know."""
    by = document.get("extensionVersion")
    if isinstance(by, str) and len(by) < 40 and by.isprintable():
        return f"It says that extension version {by} wrote it: use that or a later one, or take a new snapshot."
    return _TAKE_ANOTHER
