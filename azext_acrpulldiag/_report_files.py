"""``--report``: files for people and pipelines, opened before anything is read, and written once for a whole run.

With several ``--ids`` the jobs run at once, and whether all of them came to their end az alone knows. It says so in an
event that comes before anything is printed; at that the files are written. Where it never comes (an error, Ctrl-C)
nothing is left of them, and what they were stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ._exit import fail, reports_so_far
from .quoting import printable
from .whole_file import UnwritableError, WholeFile

SUFFIXES = (".html", ".htm", ".md", ".xml")

_files: dict[str, WholeFile] = {}
"""Those of this run, by the name that the user gave."""


def open_reports(cli_ctx: Any, names: Sequence[str], fail_on: str, others: Sequence[str | None]) -> None:
    """Open them all, once a run, and have them written at its end. ``others`` are further files of the run.

    Raises az's ``InvalidArgumentValueError`` for a name that says nothing of the form or stands for two files, and
    ``FileOperationError`` for one that cannot be written.
    """
    if _files:  # another job of the same run
        return
    _refuse_names(names, others)
    from azure.cli.core.azclierror import FileOperationError
    from knack.events import EVENT_CLI_POST_EXECUTE, EVENT_INVOKER_FILTER_RESULT

    cli_ctx.register_event(EVENT_CLI_POST_EXECUTE, _discard)
    for name in names:
        try:
            _files[name] = WholeFile(Path(name).expanduser())
        except UnwritableError as error:
            raise FileOperationError(*_unwritten(name, error)) from error
    cli_ctx.register_event(EVENT_INVOKER_FILTER_RESULT, lambda *_, **__: _write(fail_on))


def _refuse_names(names: Sequence[str], others: Sequence[str | None]) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    for name in names:
        if Path(name).suffix.lower() not in SUFFIXES:
            raise InvalidArgumentValueError(
                f"--report {name!r}: its name has to end in .html, .md or .xml, which says what is written.",
                "A page for people is .html, a summary for a pipeline .md, and results for its tests (JUnit) .xml.",
            )
    taken = [_place(each) for each in (*names, *filter(None, others))]
    if len(set(taken)) < len(taken):
        raise InvalidArgumentValueError("--report names a file that this run reads or writes already.")


def _place(name: str) -> str:
    """Where a name leads to, as far as that can be told."""
    try:
        return str(Path(name).expanduser().resolve())
    except (OSError, RuntimeError, ValueError):  # told when it is opened
        return name


def _write(fail_on: str) -> None:
    """Write all files. What goes wrong with one costs neither another nor the result, and is told beside it."""
    reports = reports_so_far()
    for name, file in _files.items():
        try:
            file.write(_form(name)(reports, fail_on))
        except UnwritableError as error:
            fail(" ".join(_unwritten(name, error)))
        except Exception as defect:
            from knack.log import get_logger

            get_logger(__name__).debug("%s could not be made.", name, exc_info=True)
            what = printable(f"{type(defect).__name__}: {defect}"[:200])
            fail(f"The report {name!r} was not written, by an internal error: {what}")


def _form(name: str) -> Callable[[Sequence[dict[str, Any]], str], str]:
    """What makes the text of a file of this name; imported when it is needed."""
    suffix = Path(name).suffix.lower()
    if suffix == ".xml":
        from .present.junit import junit

        return junit
    if suffix == ".md":
        from .present.markdown import markdown

        return lambda reports, _: markdown(reports)
    from .present.html import page

    return lambda reports, _: page(reports)


def _unwritten(name: str, error: UnwritableError) -> tuple[str, str]:
    return (
        f"The report {name!r} cannot be written: {error}.",
        "Give --report the name of a file in a directory that you may write to.",
    )


def _discard(*_: Any, **__: Any) -> None:
    for each in _files.values():
        each.discard()
    _files.clear()
