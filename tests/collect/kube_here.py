"""The simulated API server, and a session through which the real transport asks it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter, begin_after
from azext_acrpulldiag.collect.ask.transport import Lifeline, pool_manager
from azext_acrpulldiag.collect.kubernetes.api import KubeApi
from azext_acrpulldiag.collect.kubernetes.login import api_server_from
from tests.azure.certificates import authority
from tests.azure.server import serving
from tests.azure.state import Cloud

TOKEN = "a-token-of-the-cluster-user"


class KubeSession:
    """The part of a session that the Kubernetes API is asked through."""

    def __init__(self, seconds: float) -> None:
        self.deadline, self.meter = Deadline(seconds), Meter()
        self._lifeline = Lifeline(self.deadline)

    def pool_manager(self, proxy: str | None, **tls: Any) -> Any:
        return pool_manager(self._lifeline, proxy, **tls)


def kubeconfig(host: str, **user: Any) -> dict[str, Any]:
    """A kubeconfig as AKS writes it, for ``host``; a token's unless ``user`` says otherwise."""
    cluster = {
        "server": f"https://{host}:443",
        "certificate-authority-data": base64.b64encode(authority().pem).decode(),
    }
    return {
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "clusterUser"}}],
        "clusters": [{"name": "prod", "cluster": cluster}],
        "users": [{"name": "clusterUser", "user": user or {"token": TOKEN}}],
    }


@contextmanager
def kube_here(cloud: Cloud, seconds: float = 20.0, **user: Any) -> Iterator[tuple[KubeApi, KubeSession]]:
    """Serve ``cloud`` and give an API client that reaches its API server through the simulated proxy."""
    begin_after(0)
    session = KubeSession(seconds)
    with serving(cloud) as server:
        environment = {"HTTPS_PROXY": server.proxy, "NO_PROXY": "", "no_proxy": "", "https_proxy": server.proxy}
        with mock.patch.dict("os.environ", environment):
            config = kubeconfig(cloud.cluster["properties"]["fqdn"], **user)
            yield KubeApi(session, api_server_from(config, lambda: "entra-token")), session  # type: ignore[arg-type]
