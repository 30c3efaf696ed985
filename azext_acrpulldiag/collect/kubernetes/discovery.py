"""Find the registries to judge where the user named none: those of failing pods, and the bootstrap registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...facts import Cluster, Kubernetes, Unreadable
from ...images.mirrors import bootstrap_of
from ...images.references import parse_reference
from ...targets import ClusterTarget, RegistryTarget, parse_registry
from ..ask.arm import ArmReader, in_parallel
from ..ask.kubernetes import ApiServer
from ..ask.session import Session
from ..azure.cluster import explain_missing_cluster, read_cluster
from ..azure.missing import ClusterMissingError
from .api import KubeApi
from .login import ClusterAccess, find_api_server
from .workloads import Scope, read_kubernetes


@dataclass(frozen=True)
class Discovered:
    """The registries that there are to judge, and what was read to find them."""

    registries: tuple[RegistryTarget, ...]
    cluster: Cluster | Unreadable
    server: ApiServer | Unreadable
    kubernetes: Kubernetes | Unreadable


def discover(session: Session, target: ClusterTarget, access: ClusterAccess, scope: Scope, suffix: str) -> Discovered:
    """Read the cluster and Kubernetes only; ``suffix`` is the cloud's login server suffix, with its dot.

    Raises :class:`ClusterMissingError`. What cannot be read names no registry.
    """
    reader = ArmReader(session)
    reads: list[Callable[[], Any]] = [
        lambda: read_cluster(reader, target),
        lambda: find_api_server(reader, session, target, access),
    ]
    cluster, server = in_parallel(reads)
    if cluster is None or (isinstance(server, Unreadable) and server.reason == "not-found"):
        raise ClusterMissingError(target, explain_missing_cluster(reader, target))
    kubernetes = server if isinstance(server, Unreadable) else read_kubernetes(KubeApi(session, server), scope)
    failing = kubernetes if isinstance(kubernetes, Unreadable) else kubernetes.failing
    images = () if isinstance(failing, Unreadable) else (each.image for each in failing)
    found = with_bootstrap(registries_of(images, suffix), cluster, suffix)
    return Discovered(found, cluster, server, kubernetes)


def with_bootstrap(
    found: tuple[RegistryTarget, ...], cluster: Cluster | Unreadable, suffix: str
) -> tuple[RegistryTarget, ...]:
    """Add the registry that nodes get AKS's own images through, by its id, unless it is one of ``found``."""
    bootstrap = bootstrap_of(cluster)
    if not isinstance(bootstrap, str):
        return found
    try:
        own = parse_registry(bootstrap, suffix)
    except ValueError:  # no id of a registry
        return found
    if own.probable_name.lower() in (each.probable_name.lower() for each in found):
        return found
    return (*found, own)


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
