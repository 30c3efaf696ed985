"""The registry's private endpoints: which count, and what addresses they give a host. Pure."""

from __future__ import annotations

from ..arm_ids import network_id_of, same_id
from ..facts import Network, NodePlace, PrivateEndpoint, Registry, Unreadable, VirtualNetwork
from .hops import Destination
from .regions import Replications, regions_of

MEMBER, DATA_MEMBER = "registry", "registry_data_"
"""Members of a registry's private endpoint (``requiredMemberName``): the login server, and in front of a region its
data endpoint."""


def own_hosts(
    registry: Registry, endpoints: tuple[PrivateEndpoint, ...] | Unreadable, replications: Replications
) -> tuple[str, ...]:
    """The registry's own names that a pull talks to: the login server, and its data endpoints.

    Those are what the registry lists, and what its approved endpoints have an address for: with one, layers come from
    data endpoints for every client, whatever ``dataEndpointEnabled`` says
    (https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints). Where neither
    shows one, there is one in each region of the registry.
    """
    listed = () if isinstance(registry.data_endpoint_hosts, Unreadable) else registry.data_endpoint_hosts
    approved = () if isinstance(endpoints, Unreadable) else [each for each in endpoints if is_approved(each.status)]
    served = (name for each in approved for name in _data_names(each))
    found = tuple(dict.fromkeys(name.lower() for name in (*listed, *served)))
    if not found and has_approved(registry):
        found = tuple(data_host(registry, each) for each in regions_of(registry, replications).names if each)
    return (registry.login_server, *found)


def _data_names(endpoint: PrivateEndpoint) -> tuple[str, ...]:
    addresses = () if isinstance(endpoint.addresses, Unreadable) else endpoint.addresses
    return tuple(name for each in addresses if each.member.lower().startswith(DATA_MEMBER) for name in each.fqdns)


def data_host(registry: Registry, region: str) -> str:
    """The registry's data endpoint in a region."""
    name, _, suffix = registry.login_server.lower().partition(".")
    return f"{name}.{region}.data.{suffix}"


def has_approved(registry: Registry) -> bool | None:
    """Tell whether an endpoint of the registry is approved, by the registry's own list; ``None``: it is not known."""
    if isinstance(registry.private_endpoints, Unreadable):
        return None
    statuses = [each.status for each in registry.private_endpoints]
    if any(map(is_approved, statuses)):
        return True
    return None if any(isinstance(each, Unreadable) for each in statuses) else False


def approved_of(registry: Registry, network: Network) -> tuple[PrivateEndpoint, ...] | Unreadable:
    """The endpoints that the registry has approved: with one, its names pass through ``privatelink`` for everyone."""
    connections, endpoints = registry.private_endpoints, network.endpoints
    if isinstance(endpoints, Unreadable):
        if isinstance(connections, Unreadable):
            return endpoints
        doubted = [each for each in connections if isinstance(each.status, Unreadable) or is_approved(each.status)]
        return endpoints if doubted else ()
    approved = tuple(each for each in endpoints if is_approved(each.status))
    if approved:
        return approved
    for each in endpoints:
        if isinstance(each.status, Unreadable):
            return each.status
    return () if isinstance(connections, Unreadable) else _unseen(registry, endpoints) or ()


def _unseen(registry: Registry, endpoints: tuple[PrivateEndpoint, ...]) -> Unreadable | None:
    """Why an approved connection may exist whose endpoint is not among those that were looked at."""
    seen = {each.connection_id.lower() for each in endpoints}
    for each in registry.private_endpoints if not isinstance(registry.private_endpoints, Unreadable) else ():
        if each.id.lower() in seen:
            continue
        if isinstance(each.status, Unreadable):
            return each.status
        if is_approved(each.status):
            return Unreadable("not-shown", f"The private endpoint of connection {each.id} was not read")
    return None


def is_approved(status: str | Unreadable) -> bool:
    """Tell whether a connection's status is ``Approved``, in any casing."""
    return isinstance(status, str) and status.lower() == "approved"


def perhaps_awaited(registry: Registry, network: Network) -> tuple[PrivateEndpoint, ...]:
    """The endpoints that may be what nodes wait for: not approved, and in which network is not known.

    None where public access is not off, for then nobody depends on them.
    """
    access, endpoints = registry.public_network_access, network.endpoints
    if isinstance(access, Unreadable) or access.lower() != "disabled" or isinstance(endpoints, Unreadable):
        return ()
    not_approved = (each for each in endpoints if isinstance(each.status, str) and not is_approved(each.status))
    return tuple(each for each in not_approved if isinstance(each.subnet_id, Unreadable))


def addresses_for(endpoint: PrivateEndpoint, registry: Registry, host: str) -> tuple[str, ...] | Unreadable:
    """The endpoint's addresses that ``host`` should resolve to; empty: it has none for it."""
    if isinstance(endpoint.addresses, Unreadable):
        return endpoint.addresses
    member = _member_of(registry, host)
    return tuple(
        each.address
        for each in endpoint.addresses
        if host.lower() in (name.lower() for name in each.fqdns) or (not each.fqdns and each.member.lower() == member)
    )


def _member_of(registry: Registry, host: str) -> str:
    """``registry``, or ``registry_data_westeurope`` for ``contosoreg.westeurope.data.azurecr.io``."""
    if host.lower() == registry.login_server.lower():
        return MEMBER
    return f"{DATA_MEMBER}{host.lower().partition('.')[2].partition('.')[0]}"


def meant_for(
    registry: Registry, network: Network, place: NodePlace, host: str, endpoints: tuple[PrivateEndpoint, ...]
) -> PrivateEndpoint:
    """Choose the endpoint that ``host`` should resolve to from ``place``; there is at least one.

    That is one in the nodes' own network, else in a network peered with it, else the first; among
    equals one whose address for the host is known.
    """

    def order(endpoint: PrivateEndpoint) -> tuple[int, bool]:
        addresses = addresses_for(endpoint, registry, host)
        return _distance(network, place, endpoint), isinstance(addresses, Unreadable) or not addresses

    return min(endpoints, key=order)


def _distance(network: Network, place: NodePlace, endpoint: PrivateEndpoint) -> int:
    if not isinstance(place.subnet_id, str) or not isinstance(endpoint.subnet_id, str):
        return 2
    own, theirs = network_id_of(place.subnet_id), network_id_of(endpoint.subnet_id)
    if same_id(own, theirs):
        return 0
    joined = network.networks.get(own.lower())
    peerings = joined.peerings if isinstance(joined, VirtualNetwork) else ()
    return 1 if any(same_id(each.remote_network_id, theirs) for each in peerings) else 2


def destination_at(endpoint: PrivateEndpoint, registry: Registry, host: str) -> Destination | None:
    """Where ``host`` goes by ``endpoint``; ``None`` where its address is not known."""
    addresses = addresses_for(endpoint, registry, host)
    return Destination(host, addresses, endpoint) if addresses and not isinstance(addresses, Unreadable) else None
