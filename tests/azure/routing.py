"""Which handler answers for which host."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import arm, entra, graph, registry
from .messages import Request, Response, answer

if TYPE_CHECKING:
    from .state import Cloud

Handler = Callable[["Cloud", Request], Response]

FIXED: dict[str, Handler] = {
    "login.microsoftonline.com": entra.handle,
    "management.azure.com": arm.handle,
    "graph.microsoft.com": graph.handle,
}


def knows(cloud: Cloud, host: str, port: int) -> bool:
    """Whether the simulated cloud has this host."""
    return port == 443 and handler_of(cloud, host) is not None


def handler_of(cloud: Cloud, host: str) -> Handler | None:
    """The handler of a host, or ``None``."""
    if host in FIXED:
        return FIXED[host]
    if host in registry.hosts(cloud):
        return registry.handle
    if host.endswith(registry.BLOB_SUFFIX):
        return registry.handle_blob
    if host in _api_servers(cloud):
        return _kubernetes
    return None


def route(cloud: Cloud, request: Request) -> Response:
    """Answer one request."""
    handler = handler_of(cloud, request.host)
    if handler is None:
        return answer({"error": {"code": "HostNotSimulated", "message": request.host}}, 502)
    return handler(cloud, request)


def _api_servers(cloud: Cloud) -> set[str]:
    """The API server hosts of all clusters; private names too, since the caller may sit in the network."""
    profiles = [cluster["properties"] for cluster in cloud.resources.of_type(arm.CLUSTERS)]
    return {str(profile[name]).lower() for profile in profiles for name in ("fqdn", "privateFQDN") if profile.get(name)}


def _kubernetes(cloud: Cloud, request: Request) -> Response:
    """Hand over to ``tests.azure.kubernetes``: ``handle(request, cloud) -> Response``."""
    module = importlib.import_module("tests.azure.kubernetes")
    return module.handle(request, cloud)  # type: ignore[no-any-return]
