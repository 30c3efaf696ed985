"""Find the registries to judge where the user named none: those that failing pods pull from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...facts import Kubernetes, Unreadable
from ...images.references import parse_reference
from ...targets import ClusterTarget, RegistryTarget, parse_registry
from ..ask.arm import ArmReader, ReadError
from ..ask.kubernetes import ApiServer
from ..ask.session import Session
from ..azure.cluster import explain_missing_cluster
from ..azure.missing import ClusterMissingError
from .api import KubeApi
from .login import ClusterAccess, find_api_server
from .workloads import Scope, read_kubernetes


@dataclass(frozen=True)
class Discovered:
    """The registries that failing pods name, sorted, and what was read to find them."""

    registries: tuple[RegistryTarget, ...]
    server: ApiServer | Unreadable
    kubernetes: Kubernetes | Unreadable


def discover(session: Session, target: ClusterTarget, access: ClusterAccess, scope: Scope, suffix: str) -> Discovered:
    """Read Kubernetes only; ``suffix`` is the cloud's login server suffix, with its dot.

    Raises :class:`ClusterMissingError`. Where pods cannot be read, no registry is known.
    """
    reader = ArmReader(session)
    try:
        server = find_api_server(reader, session, target, access)
    except ReadError as error:
        if error.why.reason == "not-found":
            raise ClusterMissingError(target, explain_missing_cluster(reader, target)) from error
        return Discovered((), error.why, error.why)
    kubernetes = read_kubernetes(KubeApi(session, server), scope)
    failing = kubernetes if isinstance(kubernetes, Unreadable) else kubernetes.failing
    images = () if isinstance(failing, Unreadable) else (each.image for each in failing)
    return Discovered(registries_of(images, suffix), server, kubernetes)


def registries_of(images: Iterable[str], suffix: str) -> tuple[RegistryTarget, ...]:
    """The registries of this cloud among the hosts of ``images``; a regional host names the registry before it."""
    servers = set()
    for image in images:
        try:
            host = parse_reference(image).host.lower()
        except ValueError:
            continue
        if host.endswith(suffix.lower()):
            servers.add(host.partition(".")[0] + suffix.lower())
    found = []
    for server in sorted(servers):
        try:
            found.append(parse_registry(server, suffix))
        except ValueError:  # no name that a registry can have
            continue
    return tuple(found)
