"""Looking up what was read of a network. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..arm_ids import name_of
from ..facts import Network, NodePlace, Subnet, Unreadable

T = TypeVar("T")


def looked_up(mapping: Mapping[str, T | Unreadable | None], resource_id: str, noun: str) -> T | Unreadable:
    """Return what is known of ``resource_id``; a resource that is named and not there could not be read."""
    key = resource_id.lower()
    if key not in mapping:
        return Unreadable("not-shown", f"{noun} {name_of(resource_id)} was not read")
    found = mapping[key]
    if found is None:
        return Unreadable("not-found", f"{noun} {name_of(resource_id)} is named but does not exist")
    return found


def subnet_of(network: Network, place: NodePlace) -> Subnet | Unreadable:
    """The subnet that the nodes sit in."""
    if isinstance(place.subnet_id, Unreadable):
        return place.subnet_id
    return looked_up(network.subnets, place.subnet_id, "Subnet")
