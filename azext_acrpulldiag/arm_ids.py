"""What a resource id says: names for people and for commands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Named:
    """The parts of a resource id that commands ask for; empty where the id lacks one."""

    name: str
    group: str
    subscription: str


@lru_cache(maxsize=8192)
def named(resource_id: str) -> Named:
    """Take a resource id apart. The name is the last one, so that of a subnet, not of its network."""
    words = resource_id.strip("/").split("/")
    before = dict(zip((word.lower() for word in words[::2]), words[1::2], strict=False))
    return Named(words[-1], before.get("resourcegroups", ""), before.get("subscriptions", ""))


def name_of(resource_id: str) -> str:
    """The last part of an id."""
    return named(resource_id).name


def group_of(resource_id: str) -> str | None:
    """The resource group in an id."""
    return named(resource_id).group or None


def subscription_of(resource_id: str) -> str | None:
    """The subscription in an id."""
    return named(resource_id).subscription or None


def network_id_of(subnet_id: str) -> str:
    """The virtual network that a subnet belongs to."""
    at = subnet_id.lower().find("/subnets/")
    return subnet_id if at < 0 else subnet_id[:at]
