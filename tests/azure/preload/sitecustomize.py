"""Python runs this at its start where this folder is in ``PYTHONPATH``: names that are looked up lead to loopback.

``az acr check-health`` looks a login server up before it asks it anything, and no proxy does that for it.
``SIMULATED_HOSTS`` has the names, with spaces between; forks and children inherit them.
"""

import os
import socket
from collections.abc import Callable
from typing import Any

LOOPBACK = "127.0.0.1"


def _answering(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def answer(host: Any, *rest: Any, **named: Any) -> Any:
        known = isinstance(host, str) and host.lower() in os.environ.get("SIMULATED_HOSTS", "").split()
        return look_up(LOOPBACK if known else host, *rest, **named)

    return answer


for _name in ("gethostbyname", "getaddrinfo"):
    setattr(socket, _name, _answering(getattr(socket, _name)))
