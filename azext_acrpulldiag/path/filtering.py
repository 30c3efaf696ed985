"""Filtering on the way. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Network, NodePlace, Registry
from .hops import Destination, Hop


def filtered(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Iterator[Hop]:
    """Yield the hops of this stage."""
    yield from ()
