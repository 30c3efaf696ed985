"""One ``with`` for a whole simulated cloud and the ``az`` that is logged in to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .az import Az
from .process import in_own_process
from .server import serving
from .state import Cloud


@contextmanager
def simulated(cloud: Cloud, extensions: Path | None = None, own_process: bool = False) -> Iterator[Az]:
    """Serve ``cloud`` and give an ``az`` that sees nothing else.

    ``own_process``, for measurements: it is served by a process of its own, so that they are not of this one's lock,
    and az trusts as many authorities as a user's. Changes to ``cloud`` are then not seen, and the log is
    ``az.server.log()``.
    """
    served = in_own_process(cloud) if own_process else serving(cloud)
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-az-") as folder, served as server:
        yield Az(server, Path(folder), extensions, measured=own_process).logged_in()
