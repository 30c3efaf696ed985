"""One host looked up from one place, with what the steps of the lookup share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ...arm_ids import group_of, key_of, name_of, named, network_id_of, subscription_of
from ...facts import (
    EVERYWHERE,
    Forwarding,
    LinkedRulesets,
    Network,
    NodePlace,
    PrivateEndpoint,
    PrivateZone,
    Registry,
    Unreadable,
    VirtualNetwork,
    ZoneSearch,
)
from ..endpoints import addresses_for, approved_of, destination_at, meant_for, own_hosts
from ..hops import Destination
from .details import PrivateName
from .zones import private_name, zone_name


@dataclass(frozen=True)
class Query:
    """``host`` looked up from ``place``; ``approved`` are the registry's approved endpoints."""

    registry: Registry
    network: Network
    place: NodePlace
    host: str
    approved: tuple[PrivateEndpoint, ...]

    @property
    def zones(self) -> tuple[PrivateZone, ...]:
        """The zones that were found."""
        search = self.network.zones
        return () if search is None or isinstance(search, Unreadable) else search.zones

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """The zones in which the approved endpoints keep their records, as far as that was read."""
        kept = (each.zone_ids for each in self.approved if not isinstance(each.zone_ids, Unreadable))
        return tuple(zone_id for ids in kept for zone_id in ids)

    @property
    def private_name(self) -> str:
        """The host's name under ``privatelink``."""
        return private_name(self.registry, self.host)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that Azure's DNS looks up for the host, in order: public DNS leads the one on to the other."""
        return (self.host, self.private_name) if self.approved else (self.host,)

    @property
    def public_side(self) -> bool | Unreadable:
        """The registry has public access; its address rules are judged elsewhere."""
        access = self.registry.public_network_access
        if isinstance(access, Unreadable):
            return access
        known = {"enabled": True, "disabled": False}.get(access.lower())
        if known is None:
            return Unreadable("unsupported", f"Whether publicNetworkAccess {access!r} allows the nodes is not known")
        return known

    @cached_property
    def meant(self) -> PrivateEndpoint | None:
        """The endpoint that the host should resolve to; ``None``: no endpoint is approved."""
        if not self.approved:
            return None
        return meant_for(self.registry, self.network, self.place, self.host, self.approved)

    @property
    def meant_address(self) -> str | None:
        """The endpoint's address for the host, where it is known."""
        return self.address_of(self.host)

    def address_of(self, host: str) -> str | None:
        """The meant endpoint's address for any of the registry's hosts."""
        if self.meant is None:
            return None
        addresses = addresses_for(self.meant, self.registry, host)
        return None if isinstance(addresses, Unreadable) or not addresses else addresses[0]

    @property
    def repaired(self) -> Destination | None:
        """What the host resolves to once its name is repaired."""
        return Destination(self.host) if self.meant is None else destination_at(self.meant, self.registry, self.host)

    @property
    def supposed(self) -> Destination | None:
        """What the host resolves to whatever its unread answer is: known only if there is one endpoint at all."""
        return self.repaired if self.public_side is False and len(self.approved) == 1 else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts of the registry."""
        return own_hosts(self.registry, self.network.endpoints, self.network.replications)

    @property
    def _dns_servers(self) -> tuple[str, ...]:
        if isinstance(self.place.subnet_id, Unreadable):
            return ()
        own = self.network.networks.get(key_of(network_id_of(self.place.subnet_id)))
        return own.dns_servers if isinstance(own, VirtualNetwork) else ()

    @property
    def told(self) -> PrivateName:
        """What every finding about the host's name carries."""
        endpoint = self.meant
        endpoint_id = endpoint.id if endpoint else None
        zone_ids = None if endpoint is None or isinstance(endpoint.zone_ids, Unreadable) else endpoint.zone_ids
        return PrivateName(
            registry=self.registry.name,
            private_name=self.private_name,
            address=self.meant_address,
            endpoint=name_of(endpoint_id) if endpoint_id else None,
            endpoint_id=endpoint_id,
            endpoint_resource_group=group_of(endpoint_id) if endpoint_id else None,
            endpoint_subscription=subscription_of(endpoint_id) if endpoint_id else None,
            endpoint_zones=zone_ids,
            zone_label=zone_name(self.registry).replace(".", "-"),
            dns_servers=self._dns_servers,
            has_endpoint=endpoint is not None,
        )


def as_if_all_zones_were_seen(registry: Registry, network: Network) -> Network:
    """The network with every private zone and forwarding rule taken as seen: what was not found, or not read, is not
    linked.

    Zones that an endpoint keeps its records in exist, so these are then zones without a link.
    """
    search = network.zones
    if not isinstance(search, ZoneSearch):
        return network
    approved = approved_of(registry, network)
    queries = [
        Query(registry, network, place, registry.login_server, () if isinstance(approved, Unreadable) else approved)
        for place in network.places
    ]
    seen = {key_of(zone.id) for zone in search.zones}
    unseen = {
        key_of(zone_id): PrivateZone(zone_id, name_of(zone_id), (), {})
        for query in queries
        for zone_id in query.zone_ids
        if key_of(zone_id) not in seen and named(zone_id).subscription.lower() not in search.whole
    }
    zones = (replace(zone, links=()) if isinstance(zone.links, Unreadable) else zone for zone in search.zones)
    return replace(
        network,
        zones=ZoneSearch((*zones, *unseen.values()), (EVERYWHERE,)),
        forwarding=_as_if_all_rules_were_seen(network),
    )


def _as_if_all_rules_were_seen(network: Network) -> Forwarding:
    found = network.forwarding
    unlisted = found if isinstance(found, Unreadable) else Unreadable("not-shown", "Forwarding rules were not read")
    known = found if isinstance(found, Forwarding) else Forwarding({})
    nothing = {key: LinkedRulesets((), unlisted) for key in network.networks}
    return replace(known, linked={**nothing, **{key: _as_if_seen(each) for key, each in known.linked.items()}})


def _as_if_seen(linked: LinkedRulesets) -> LinkedRulesets:
    """Nothing more is linked. What is, and whose rules could not be read, may well forward the name."""
    return replace(linked, unlisted=linked.unlisted or linked.unread, unread=None)


def scopes_unseen(query: Query, search: ZoneSearch, network_id: str) -> tuple[str, ...]:
    """The subscriptions, as scopes, in which zones linked to the network may be that were not seen."""
    if EVERYWHERE in search.whole:
        return ()
    concerned = {*subscriptions_concerned(query, network_id)}
    concerned |= {named(zone_id).subscription.lower() for zone_id in query.zone_ids}
    return tuple(f"/subscriptions/{each}" for each in sorted(concerned - set(search.whole)))


def subscriptions_concerned(query: Query, answering: str) -> tuple[str, ...]:
    """Subscriptions in which a zone for the registry's names may be expected, in lower case.

    Those of the nodes, the registry, its endpoints, the network ``answering`` and all networks peered with
    that and to the nodes'.
    """
    return tuple(sorted(_subscriptions(_ids_concerned(query, answering))))


def _subscriptions(ids: Iterable[str]) -> set[str]:
    return {named(each).subscription.lower() for each in ids} - {""}


def _ids_concerned(query: Query, answering: str) -> Iterator[str]:
    place = query.place
    yield query.registry.id
    yield from () if isinstance(place.interface_group_ids, Unreadable) else place.interface_group_ids
    for endpoint in query.approved:
        yield from (each for each in (endpoint.id, endpoint.subnet_id) if isinstance(each, str))
    own = () if isinstance(place.subnet_id, Unreadable) else (network_id_of(place.subnet_id),)
    for network_id in (answering, *own):
        yield network_id
        fact = query.network.networks.get(key_of(network_id))
        yield from (each.remote_network_id for each in fact.peerings) if isinstance(fact, VirtualNetwork) else ()
