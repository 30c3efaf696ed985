"""Virtual Network Managers that may be at work on a network, where what they do to it could not be read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..arm_ids import key_of, subscription_of
from ..facts import Network, NetworkManager, Unreadable

T = TypeVar("T")

CONNECTIVITY, SECURITY = "Connectivity", "SecurityAdmin"
"""Features of a Virtual Network Manager."""


def on_network(found: Mapping[str, tuple[T, ...] | Unreadable], network_id: str) -> tuple[T, ...] | Unreadable:
    """What was read of the configurations that are in force on a network."""
    return found.get(key_of(network_id), ())


def may_manage(network: Network, network_id: str, feature: str) -> bool:
    """Tell whether a Virtual Network Manager that the login sees may have configurations on a network.

    So it is, too, where none was looked for, or whether there is one could not be read.
    """
    managers = network.managed.managers
    if managers is None or isinstance(managers, Unreadable):
        return True
    return any(_has(each, feature) and _reaches(each, network_id) for each in managers)


def _has(manager: NetworkManager, feature: str) -> bool:
    """Later versions need no features to be named: a manager without any has all."""
    features = manager.features
    return isinstance(features, Unreadable) or not features or feature.lower() in (each.lower() for each in features)


def _reaches(manager: NetworkManager, network_id: str) -> bool:
    """Which subscriptions a management group holds is not read."""
    if isinstance(manager.subscriptions, Unreadable) or manager.beyond is not False:
        return True
    return (subscription_of(network_id) or "").lower() in manager.subscriptions


def unless(network: Network, feature: str, *network_ids: str, otherwise: str) -> str:
    """The caveat of a finding that a Virtual Network Manager could make untrue: what is ``otherwise``.

    Empty: what such managers do to the networks was read, or was not asked for.
    """
    held = network.managed.admin_rules if feature == SECURITY else network.managed.groups
    unread = [each for each in network_ids if isinstance(held.get(key_of(each)), Unreadable)]
    if not unread:
        return ""
    none_seen = not any(may_manage(network, each, feature) for each in unread)
    seen = ", and none that could is seen in any subscription of this login" if none_seen else ""
    return f" Whether a Virtual Network Manager {otherwise} could not be read{seen}."
