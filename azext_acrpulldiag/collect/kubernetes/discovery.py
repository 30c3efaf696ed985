"""Find the registries to judge where the user named none: those of failing pods, and the bootstrap registry.

A failing pod's registry is the one that its image names, or that its message shows to have been asked in another's
place. One whose image names no host at all may be meant for any that the nodes pulled from within the hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...facts import Cluster, Kubernetes, Unreadable
from ...images.mirrors import bootstrap_of
from ...images.references import host_of
from ...pull_errors.asked import requests_in
from ...pull_errors.left_out import may_lack_its_host
from ...targets import ClusterTarget, RegistryTarget, parse_registry
from ..ask.arm import ArmReader, in_parallel
from ..ask.session import Session
from ..azure.cluster import explain_missing_cluster, read_cluster
from ..azure.missing import ClusterMissingError
from .login import ClusterAccess
from .ways import Way, api_by, find_way
from .workloads import Scope, read_kubernetes


@dataclass(frozen=True)
class Discovered:
    """The registries that there are to judge, and what was read to find them."""

    registries: tuple[RegistryTarget, ...]
    cluster: Cluster | Unreadable
    way: Way | Unreadable
    kubernetes: Kubernetes | Unreadable


def discover(session: Session, target: ClusterTarget, access: ClusterAccess, scope: Scope, suffix: str) -> Discovered:
    """Read the cluster and Kubernetes only; ``suffix`` is the cloud's login server suffix, with its dot.

    Raises :class:`ClusterMissingError`. What cannot be read names no registry.
    """
    reader = ArmReader(session)
    reads: list[Callable[[], Any]] = [
        lambda: read_cluster(reader, target),
        lambda: find_way(reader, session, target, access),
    ]
    cluster, way = in_parallel(reads)
    if cluster is None or (isinstance(way, Unreadable) and way.reason == "not-found"):
        raise ClusterMissingError(target, explain_missing_cluster(reader, target))
    kubernetes = way if isinstance(way, Unreadable) else read_kubernetes(api_by(way, reader), scope)
    hosts = () if isinstance(kubernetes, Unreadable) else hosts_seen(kubernetes)
    found = with_bootstrap(registries_of(hosts, suffix), cluster, suffix)
    return Discovered(found, cluster, way, kubernetes)


def hosts_seen(kubernetes: Kubernetes) -> Iterator[str]:
    """The hosts that failing pods' images and messages name; of other pods' only where a failing one may be meant."""
    failing = () if isinstance(kubernetes.failing, Unreadable) else kubernetes.failing
    for each in failing:
        yield host_of(each.image)
        yield from (asked.host for asked in requests_in(each.message))
    if may_lack_its_host(failing, "") and not isinstance(kubernetes.pulled, Unreadable):
        yield from (host_of(each.image) for each in kubernetes.pulled)


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


def registries_of(hosts: Iterable[str], suffix: str) -> tuple[RegistryTarget, ...]:
    """The registries of this cloud among ``hosts``; a regional host names the registry before it."""
    of_cloud = (host.lower() for host in hosts if host.lower().endswith(suffix.lower()))
    servers = {host.partition(".")[0] + suffix.lower() for host in of_cloud}
    found = []
    for server in sorted(servers):
        try:
            found.append(parse_registry(server, suffix))
        except ValueError:  # no name that a registry can have
            continue
    return tuple(found)
