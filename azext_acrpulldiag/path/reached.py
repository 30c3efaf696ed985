"""Do nodes reach a private endpoint of the registry, or its public endpoint? Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..arm_ids import same_id
from ..facts import Facts, Registry, Unreadable, known
from .endpoints import is_approved
from .hops import Walk
from .walk import walks


def come_to_an_endpoint(facts: Facts, subnet_id: str | None, pools: Iterable[str]) -> bool | Unreadable:
    """Tell whether the nodes of a subnet (``None``: not known, so of ``pools``) are led to a private endpoint.

    Raises :class:`~azext_acrpulldiag.facts.NotKnownError` where registry or cluster were not read.
    """
    registry = known(facts.registry)
    possible = _may_be_private(registry)
    if possible is not True:
        return possible
    if facts.network is None:
        why = f"Registry {registry.name} has an approved private endpoint, and whether the nodes use it was not read"
        return Unreadable("unsupported", why)
    if isinstance(facts.network, Unreadable):
        return facts.network
    ways = (walk for walk in walks(facts) if walk.host == registry.login_server)
    found = [walk for walk in ways if _is_from(walk, subnet_id, frozenset(pools))]
    unclear = next((walk for walk in found if walk.destination is None), None)
    if unclear is not None or not found:
        return _unclear(unclear, registry)
    return all(walk.destination is not None and walk.destination.private for walk in found)


def _may_be_private(registry: Registry) -> bool | Unreadable:
    """Whether the registry has an approved private endpoint."""
    endpoints = registry.private_endpoints
    if isinstance(endpoints, Unreadable):
        return endpoints
    statuses = [endpoint.status for endpoint in endpoints]
    if any(map(is_approved, statuses)):
        return True
    return next((status for status in statuses if isinstance(status, Unreadable)), False)


def _is_from(walk: Walk, subnet_id: str | None, pools: frozenset[str]) -> bool:
    here = walk.place.subnet_id
    if subnet_id is None or isinstance(here, Unreadable):
        return bool(pools.intersection(walk.place.pools))
    return same_id(here, subnet_id)


def _unclear(walk: Walk | None, registry: Registry) -> Unreadable:
    unread = next((hop.unread for hop in walk.hops if hop.unread is not None), None) if walk else None
    return unread or Unreadable("not-shown", f"What {registry.login_server} resolves to for the nodes is not known")
