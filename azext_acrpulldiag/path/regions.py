"""The regions that the registry is in: of its home, its data endpoints and its geo-replications. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..facts import Registry, Replication, Unreadable, region_key

# Only this SKU can have replicas in other regions.
_REPLICATED = "premium"

Replications = tuple[Replication, ...] | Unreadable


@dataclass(frozen=True)
class Regions:
    """Regions of the registry, each as :func:`~azext_acrpulldiag.facts.region_key` has it."""

    names: tuple[str, ...]
    """The home region first."""
    complete: bool
    """The registry is in no other region."""


def regions_of(registry: Registry, replications: Replications) -> Regions:
    """Return every region that the registry is known to be in."""
    home, by_data = region_key(registry.location), _data_regions(registry)
    read = () if isinstance(replications, Unreadable) else tuple(each.location for each in replications)
    one_region = isinstance(registry.sku, str) and registry.sku.lower() != _REPLICATED
    complete = not isinstance(replications, Unreadable) or bool(by_data) or one_region
    return Regions(tuple(dict.fromkeys((home, *by_data, *read))), complete)


def routed_regions(registry: Registry, replications: Replications) -> Regions:
    """Return the regions that the login server may lead to: those whose global routing is not known to be off."""
    found = regions_of(registry, replications)
    off = set(_not_routed(() if isinstance(replications, Unreadable) else replications))
    left = tuple(each for each in found.names if each not in off)
    return Regions(left or found.names, found.complete)


def _not_routed(replications: Iterable[Replication]) -> Iterable[str]:
    return (each.location for each in replications if each.global_routing is False)


def region_of_host(host: str) -> str | None:
    """``westeurope`` of ``contosoreg.westeurope.data.azurecr.io``; ``None``: it is no host of one region."""
    labels = host.lower().split(".")
    return labels[1] if len(labels) > 3 and labels[2] in ("data", "geo") and labels[3] == "azurecr" else None


def _data_regions(registry: Registry) -> tuple[str, ...]:
    """The regions of its data endpoints, where they are shown: there is one in each region."""
    hosts = registry.data_endpoint_hosts
    labels = [] if isinstance(hosts, Unreadable) else [host.lower().split(".") for host in hosts]
    return tuple(each[1] for each in labels if len(each) > 2 and each[2] == "data")
