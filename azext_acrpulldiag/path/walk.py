"""The whole path from node pools to the registry: each hop in the order in which a pull meets it. Pure.

A broken hop does not end the path: what comes behind it is judged as it would be met once
that is repaired, so that two faults show in one run, in path order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from ..facts import Cluster, Facts, Network, NodePlace, NotKnownError, Outbound, Registry, Unreadable, known
from .arrival import Egresses, arriving
from .dns.names import resolved
from .endpoints import own_hosts
from .filters.firewall import layers_host
from .filters.security_groups import filtered
from .hops import UNKNOWN, Destination, Hop, Walk
from .proxy import proxy_for
from .routing.follow import carried
from .routing.outbound import Egress, egresses_of

T = TypeVar("T")

PROXY = "http-proxy"


def walks(facts: Facts, instead: Network | None = None, leaving: Egresses = None) -> tuple[Walk, ...]:
    """Walk to every host of a pull from every place that nodes sit in; ``instead`` of the facts' network.

    For a host that nodes reach through the cluster's HTTP proxy, the path ends there: neither the nodes' DNS nor
    their routes are used. Its destination is what the name would resolve to without the proxy. ``leaving`` is what
    :func:`egresses` tells; without it nothing is said of IP rules that allow some addresses.

    Raises :class:`~azext_acrpulldiag.facts.NotKnownError` where registry, network or cluster were not read.
    """
    registry, network = known(facts.registry), instead or facts.network
    if network is None:
        return ()
    return _walked(_Same(registry), _Same(known(network)), _Same(known(facts.cluster)), _Same(leaving))


def egresses(facts: Facts) -> tuple[Egress, ...]:
    """The outbound IPs of the nodes on the path to the registry's public endpoint.

    Raises :class:`~azext_acrpulldiag.facts.NotKnownError` where that was not read, or what it depends on.
    """
    why = Unreadable("not-shown", "The nodes' network, or their outbound IPs, were not read")
    network, outbound = known(facts.network), known(facts.outbound)
    cluster = known(facts.cluster)
    if network is None or outbound is None:
        raise NotKnownError(why)
    return _left(_Same(known(facts.registry)), _Same(network), _Same(cluster), _Same(outbound))


def unmet(found: Iterable[Walk], otherwise: str) -> str:
    """Why no path has a hop of some kind: all end at the cluster's proxy, or ``otherwise``."""
    proxies = [next((hop.name for hop in walk.hops if hop.kind == PROXY), None) for walk in found]
    if not proxies or None in proxies:
        return otherwise
    return f"The nodes reach the registry through the cluster's HTTP proxy {proxies[0]}."


def why_lost(registry: Registry, network: Network, walk: Walk) -> Unreadable | None:
    """Why it is not known what a walk's host resolves to, or should; ``None``: nothing that was unread is why."""
    if walk.destination is not None:
        return None
    hops, _ = resolved(registry, network, walk.place, walk.host)
    endpoints = () if isinstance(network.endpoints, Unreadable) else network.endpoints
    unread = (*(hop.unread for hop in hops), *(each.addresses for each in endpoints))
    return next((each for each in unread if isinstance(each, Unreadable)), None)


class _Same(Generic[T]):
    """A value that is compared by identity: what is in a mapping has no hash."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=8)
def _left(
    registry: _Same[Registry], network: _Same[Network], cluster: _Same[Cluster], outbound: _Same[Outbound]
) -> tuple[Egress, ...]:
    return egresses_of(registry.value, network.value, cluster.value, outbound.value)


@lru_cache(maxsize=8)
def _walked(
    registry: _Same[Registry], network: _Same[Network], cluster: _Same[Cluster], leaving: _Same[Egresses]
) -> tuple[Walk, ...]:
    """Every check of the path asks for the same walks."""
    places, hosts = network.value.places, hosts_of(registry.value, network.value)
    proxies = {host: proxy_for(host, cluster.value) for host in hosts}
    return tuple(
        _walk(registry.value, network.value, place, host, proxies[host], leaving.value)
        for place in places
        for host in hosts
    )


def hosts_of(registry: Registry, network: Network) -> tuple[str, ...]:
    """The hosts that a pull talks to: the login server, and where layers come from.

    Those are the data endpoints, or public storage, whose names are none of the registry's own.
    """
    layers = layers_host(registry)
    return (*own_hosts(registry, network.endpoints, network.replications), *((layers,) if layers else ()))


def _walk(
    registry: Registry,
    network: Network,
    place: NodePlace,
    host: str,
    proxy: str | Unreadable | None,
    leaving: Egresses,
) -> Walk:
    hops, destination = _named(registry, network, place, host)
    if proxy is not None:
        return Walk(place, host, (_by_proxy(host, proxy),), destination)
    return Walk(place, host, (*hops, *_behind(registry, network, place, destination, leaving)), destination)


def _named(
    registry: Registry, network: Network, place: NodePlace, host: str
) -> tuple[tuple[Hop, ...], Destination | None]:
    if host == layers_host(registry):
        return (), Destination(host)  # accounts of Azure's own, whose names are in no private DNS zone
    return resolved(registry, network, place, host)


def _by_proxy(host: str, proxy: str | Unreadable) -> Hop:
    if isinstance(proxy, Unreadable):
        return Hop(PROXY, "HTTP proxy", None, UNKNOWN, proxy.sentence, unread=proxy)
    why = Unreadable(
        "unsupported",
        f"The nodes reach {host} through the cluster's HTTP proxy {proxy}; the proxy's own path is not read",
    )
    return Hop(PROXY, proxy, None, UNKNOWN, why.sentence, unread=why)


def _behind(
    registry: Registry, network: Network, place: NodePlace, destination: Destination | None, leaving: Egresses
) -> Iterator[Hop]:
    if destination is None:
        return
    yield from filtered(registry, network, place, destination)
    yield from carried(registry, network, place, destination)
    yield from arriving(registry, network, place, destination, leaving)
