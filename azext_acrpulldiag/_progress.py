"""What a run waits for, on a terminal while it lasts, by az's own progress controller."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_SECONDS = 0.2
"""Between two updates."""
_SPINNER = 16
"""Columns that the spinner takes besides."""


@contextmanager
def progress(cli_ctx: Any, waited_for: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Within: show what ``waited_for`` names, updated by one thread.

    Nothing off a terminal, with ``--only-show-errors``, with ``core.disable_progress_bar``, and where several
    clusters are judged at once, whose threads would write over each other.
    """
    if not _is_wanted(cli_ctx):
        yield
        return
    from azure.cli.core.commands.progress import IndeterminateProgressBar

    spinner, ended = IndeterminateProgressBar(cli_ctx, "Running"), threading.Event()
    spinner.begin()
    thread = threading.Thread(target=_update, args=(spinner, waited_for, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        spinner.end()


def _is_wanted(cli_ctx: Any) -> bool:
    quiet = cli_ctx.only_show_errors or cli_ctx.config.getboolean("core", "disable_progress_bar", False)
    alone = threading.current_thread() is threading.main_thread()
    return bool(sys.stderr.isatty() and not quiet and alone)


def _update(spinner: Any, waited_for: Callable[[], Sequence[str]], ended: threading.Event) -> None:
    while not ended.wait(_SECONDS):
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            return
        names = ", ".join(waited_for())
        words = f"Reading {names}" if names else "Judging"
        spinner.message = words[: max(0, width - _SPINNER)]
        spinner.update_progress()
