"""The exit code of a run, and the words after its table.

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

FOUND = 4
INCONCLUSIVE = 5

_lock = threading.Lock()
_worst = 0
_closing_words: list[str] = []


def exit_code(verdict: str, fail_on: str) -> int:
    """The code of one report: 4 found, 5 inconclusive, 0 otherwise."""
    if fail_on == "never":
        return 0
    if verdict == "broken" or (verdict == "at-risk" and fail_on == "warning"):
        return FOUND
    return INCONCLUSIVE if verdict == "inconclusive" else 0


def leave_with(cli_ctx: Any, code: int, words: str) -> None:
    """Make the process end with the worst code so far, after ``words`` on a terminal.

    What was found outranks what could not be read.
    """
    from knack.events import EVENT_CLI_SUCCESSFUL_EXECUTE

    global _worst  # pylint: disable=global-statement
    with _lock:
        _worst = min((code, _worst), key=_rank)
        if words:
            _closing_words.append(words)
        cli_ctx.register_event(EVENT_CLI_SUCCESSFUL_EXECUTE, _end)


def _rank(code: int) -> int:
    return (FOUND, INCONCLUSIVE, 0).index(code)


def _end(cli_ctx: Any, **_: Any) -> None:
    from .collect.ask.workers import end_process

    _flush()
    global _worst  # pylint: disable=global-statement
    with _lock:
        code, words = _worst, list(_closing_words)
        _worst = 0
        _closing_words.clear()
    if cli_ctx.invocation.data.get("output") == "table" and sys.stderr.isatty():
        for text in words:
            sys.stderr.write(f"\n{text}\n")
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
