"""Whether nodes come to the registry's public side or to a private endpoint, for the checks that it matters to."""

from __future__ import annotations

from collections.abc import Iterable

from ...arm_ids import same_id
from ...facts import Facts, Registry, Unreadable
from ...path import Walk, walks


class Leads:
    """Where the registry's name leads the nodes; walked only where the registry has an endpoint to lead to."""

    def __init__(self, facts: Facts, registry: Registry) -> None:
        self._facts = facts
        self._registry = registry
        self._walks: tuple[Walk, ...] | None = None

    def to_an_endpoint(self, subnet_id: str | None, pools: Iterable[str]) -> bool | Unreadable:
        """Tell whether the nodes of a subnet (``None``: not known, so of ``pools``) come to a private endpoint."""
        possible = _may_be_private(self._registry)
        if possible is not True:
            return possible
        if self._facts.network is None:
            why = (
                f"Registry {self._registry.name} has an approved private endpoint, and whether the nodes use it was not"
            )
            return Unreadable("unsupported", f"{why} read")
        if isinstance(self._facts.network, Unreadable):
            return self._facts.network
        found = [walk for walk in self._to_login_server() if _is_from(walk, subnet_id, frozenset(pools))]
        unclear = next((walk for walk in found if walk.destination is None), None)
        if unclear is not None or not found:
            return _unclear(unclear, self._registry)
        return all(walk.destination is not None and walk.destination.private for walk in found)

    def _to_login_server(self) -> tuple[Walk, ...]:
        if self._walks is None:
            host = self._registry.login_server
            self._walks = tuple(walk for walk in walks(self._facts) if walk.host == host)
        return self._walks


def _may_be_private(registry: Registry) -> bool | Unreadable:
    """Whether the registry has an endpoint that lets traffic through."""
    endpoints = registry.private_endpoints
    if isinstance(endpoints, Unreadable):
        return endpoints
    statuses = [endpoint.status for endpoint in endpoints]
    if any(not isinstance(status, Unreadable) and status.lower() == "approved" for status in statuses):
        return True
    return next((status for status in statuses if isinstance(status, Unreadable)), False)


def _is_from(walk: Walk, subnet_id: str | None, pools: frozenset[str]) -> bool:
    here = walk.place.subnet_id
    if subnet_id is None or isinstance(here, Unreadable):
        return bool(pools.intersection(walk.place.pools))
    return same_id(here, subnet_id)


def _unclear(walk: Walk | None, registry: Registry) -> Unreadable:
    unread = next((hop.unread for hop in walk.hops if hop.unread is not None), None) if walk else None
    return unread or Unreadable("not-shown", f"Where {registry.login_server} leads the nodes is not known")
