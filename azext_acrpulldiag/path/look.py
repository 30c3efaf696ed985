"""Looking up what was read of a network, and the parts of its ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

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


def network_id_of(subnet_id: str) -> str:
    """The virtual network that a subnet belongs to."""
    at = subnet_id.lower().find("/subnets/")
    return subnet_id if at < 0 else subnet_id[:at]


def name_of(resource_id: str) -> str:
    """The last part of an id."""
    return resource_id.rstrip("/").rpartition("/")[2]


def group_of(resource_id: str) -> str | None:
    """The resource group in an id."""
    return _after(resource_id, "resourcegroups")


def subscription_of(resource_id: str) -> str | None:
    """The subscription in an id."""
    return _after(resource_id, "subscriptions")


def _after(resource_id: str, word: str) -> str | None:
    parts = resource_id.split("/")
    lower = [part.lower() for part in parts]
    at = lower.index(word) + 1 if word in lower else len(parts)
    return parts[at] if at < len(parts) else None
