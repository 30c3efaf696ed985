"""The whole way from node pools to the registry: each stage in the order in which a pull meets it. Pure.

A broken stage does not end the way: what comes behind it is judged as it would be met once
that is repaired, so that two faults show in one run, in path order.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from ..facts import Facts, Network, NodePlace, Registry, known
from .arrival import arriving
from .filtering import filtered
from .firewall import layers_host
from .hops import Destination, Hop, Walk
from .names import resolved
from .routing import carried

T = TypeVar("T")


def walks(facts: Facts, instead: Network | None = None) -> tuple[Walk, ...]:
    """Walk to every host of a pull from every place that nodes sit in; ``instead`` of the facts' network.

    Raises :class:`~azext_acrpulldiag.facts.NotKnownError` where registry or network were not read.
    """
    registry, network = known(facts.registry), instead or facts.network
    if network is None:
        return ()
    return _walked(_Same(registry), _Same(known(network)))


class _Same(Generic[T]):
    """A value that is compared by identity: what is in a mapping has no hash."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=8)
def _walked(registry: _Same[Registry], network: _Same[Network]) -> tuple[Walk, ...]:
    """Every check of the way asks for the same walks."""
    places, hosts = network.value.places, hosts_of(registry.value)
    return tuple(_walk(registry.value, network.value, place, host) for place in places for host in hosts)


def hosts_of(registry: Registry) -> tuple[str, ...]:
    """The hosts that a pull talks to: the login server, and where layers come from.

    Those are the data endpoints, or public storage, whose names are none of the registry's own.
    """
    hosts = registry.data_endpoint_hosts
    layers = layers_host(registry)
    return (registry.login_server, *(hosts if isinstance(hosts, tuple) else ()), *((layers,) if layers else ()))


def _walk(registry: Registry, network: Network, place: NodePlace, host: str) -> Walk:
    hops, destination = _named(registry, network, place, host)
    return Walk(place, host, (*hops, *_behind(registry, network, place, destination)), destination)


def _named(
    registry: Registry, network: Network, place: NodePlace, host: str
) -> tuple[tuple[Hop, ...], Destination | None]:
    if host == layers_host(registry):
        return (), Destination(host)  # accounts of Azure's own, whose names no private zone holds
    return resolved(registry, network, place, host)


def _behind(registry: Registry, network: Network, place: NodePlace, destination: Destination | None) -> Iterator[Hop]:
    if destination is None:
        return
    yield from filtered(registry, network, place, destination)
    yield from carried(registry, network, place, destination)
    yield from arriving(registry, network, place, destination)
