"""The exit code of a run, and the answer beside data of another format.

``az`` prints a command's result and then raises its successful-execute event; a handler
that raises ``SystemExit`` there ends the process with a code of ours after full output.
With several ``--ids`` the jobs run at once, each on a copy of the CLI context: the worst
code is kept here, under a lock, and one handler is registered.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import Any

from .gate import FOUND, INCONCLUSIVE

FAILED = 1

_lock = threading.Lock()
_worst = 0
_reports: list[dict[str, Any]] = []


def leave_with(cli_ctx: Any, code: int, report: dict[str, Any]) -> None:
    """Make the process end with the worst code so far, and tell the answer of ``report`` on a terminal.

    What was found outranks what could not be read.
    """
    from knack.events import EVENT_CLI_SUCCESSFUL_EXECUTE

    global _worst  # pylint: disable=global-statement
    with _lock:
        _worst = min((code, _worst), key=_rank)
        _reports.append(report)
        cli_ctx.register_event(EVENT_CLI_SUCCESSFUL_EXECUTE, _end)


def reports_so_far() -> list[dict[str, Any]]:
    """The reports of all jobs that came to their end, in that order."""
    with _lock:
        return list(_reports)


def _rank(code: int) -> int:
    return (FAILED, FOUND, INCONCLUSIVE, 0).index(code)


def fail(message: str) -> None:
    """Say that something besides the report failed: that is printed all the same, and the process ends with 1."""
    from knack.log import get_logger

    global _worst  # pylint: disable=global-statement
    with _lock:
        _worst = FAILED
    get_logger(__name__).error(message)


def _end(cli_ctx: Any, **_: Any) -> None:
    from .collect.ask.workers import end_process

    _flush()
    global _worst  # pylint: disable=global-statement
    with _lock:
        code, reports = _worst, list(_reports)
        _worst = 0
        _reports.clear()
    asked = cli_ctx.invocation.data
    whole_table = asked.get("output") == "table" and not asked.get("query_active")
    if sys.stderr.isatty() and not whole_table:
        _tell(cli_ctx, reports)
    # The process ends now, and would first search all that az has loaded for garbage.
    gc.freeze()
    end_process(code)
    if code:
        raise SystemExit(code)


def _flush() -> None:
    """Hand over what was printed, before anything can fail or wait behind it.

    A reader that has gone (``| head``) is no failure; Python would complain of it at its very end.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _tell(cli_ctx: Any, reports: list[dict[str, Any]]) -> None:
    """Write the answer to standard error, in az's own styles, or none where NO_COLOR is set."""
    from azure.cli.core.style import Style, print_styled_text

    from .present.fleet import ASKED, screen_of
    from .present.folding import DEFAULT_WIDTH, continued_on
    from .present.terminal import blocks_of

    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns or DEFAULT_WIDTH
    except OSError:
        width = DEFAULT_WIDTH
    of_all = cli_ctx.invocation.data.get(ASKED)
    lines = screen_of(reports, width) if of_all else blocks_of(reports, width, continued_on(sys.platform))
    for line in lines:
        if os.environ.get("NO_COLOR") or not cli_ctx.enable_color:
            sys.stderr.write(f"{line.text}\n")
        else:
            print_styled_text((Style(line.style.value), line.text), file=sys.stderr)
