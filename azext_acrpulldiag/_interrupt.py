"""Ctrl-C during a run: the first one ends it in order, the second one at once; both in silence.

Python's own handler raises ``KeyboardInterrupt``, which ``az`` turns into exit code 1; on its way
there the run closes its connections and ends its children. Pressed again, it would be raised in the
middle of that, or in ``az``'s own last steps, and be printed with a traceback. Pods that a probe started are deleted
by the first; what may be left of them is named.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from .collect.ask.workers import end_process
from .collect.az.child import leave_nothing
from .probe.pending import what_is_left
from .whole_file import discard_all

EXIT_CODE = 1
"""What ``az`` ends with after Ctrl-C."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within a run: handle Ctrl-C as this module says.

    After a first one the handler stays, since the process is on its way out. Left alone is a Ctrl-C that
    is ignored (a shell's background job) or that somebody else handles, and a thread that is not the
    main one, which may handle none (the jobs of several ``--ids``).
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    except KeyboardInterrupt:
        _name_what_is_left()
        discard_all()
        end_process(EXIT_CODE)
        raise
    finally:
        if signal.getsignal(signal.SIGINT) is _first:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _name_what_is_left() -> None:
    """Say which pods may be there, without a lock that the interrupted code may hold."""
    told = what_is_left()
    if told:
        with suppress(OSError):
            os.write(2, f"{told}\n".encode())


def _first(*_: Any) -> NoReturn:
    signal.signal(signal.SIGINT, _second)
    raise KeyboardInterrupt


def _second(*_: Any) -> NoReturn:
    leave_nothing()
    discard_all()
    _name_what_is_left()
    os._exit(EXIT_CODE)
