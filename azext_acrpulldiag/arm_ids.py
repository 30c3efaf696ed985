"""Resource ids of Azure Resource Manager, taken apart and compared in one place. Pure.

Azure answers with any casing of ids and their parts, see managedClusters' ``resourcegroups``; what is compared
or looked up by id goes through :func:`same_id` and :func:`key_of`.
"""

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
    """The subscription in an id, as it is written there."""
    return named(resource_id).subscription or None


def key_of(resource_id: str) -> str:
    """What an id is looked up by: the same for every casing."""
    return resource_id.rstrip("/").lower()


def same_id(one: str, other: str) -> bool:
    """Compare two ids without regard to case."""
    return key_of(one) == key_of(other)


def parent_of(resource_id: str) -> str:
    """The id without its last type and name: of a subnet its network, of a route its table."""
    return resource_id.rstrip("/").rsplit("/", 2)[0]


def network_id_of(subnet_id: str) -> str:
    """The virtual network that a subnet belongs to; an id that is no subnet's as it is."""
    at = subnet_id.lower().find("/subnets/")
    return subnet_id if at < 0 else subnet_id[:at]


def resource_parts(resource_id: str) -> tuple[str, str, str] | None:
    """Return (subscription in lower case, resource group, name); ``None``: it is no id of a resource in a group."""
    parts = named(resource_id)
    whole = parts.subscription and parts.group and parts.name and "/providers/" in resource_id.lower()
    return (parts.subscription.lower(), parts.group, parts.name) if whole else None
