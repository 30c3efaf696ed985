"""A probe in a process of its own, which can be ended at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azext_acrpulldiag.collect.kubernetes.login import api_server_from
from azext_acrpulldiag.probe.api import ProbeApi
from azext_acrpulldiag.probe.run import Wanted, probed
from tests.collect.kube_here import KubeSession
from tests.probe.probing import SUBJECT


def probe(config: dict[str, Any], proxy: str) -> None:
    """Probe the cluster of a kubeconfig, as the command does on its main thread."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update({"HTTPS_PROXY": proxy, "https_proxy": proxy, "NO_PROXY": "", "no_proxy": ""})
    server = api_server_from(config, lambda: "entra-token")

    @contextmanager
    def connect(seconds: float) -> Iterator[ProbeApi]:
        yield ProbeApi(KubeSession(seconds), server)  # type: ignore[arg-type]

    try:
        probed(connect, Wanted(SUBJECT, seconds=60))
    except KeyboardInterrupt:
        os._exit(1)
    os._exit(0)
