"""Nodes, endpoints and the registry's public endpoint as ends of a connection. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...arm_ids import key_of, network_id_of
from ...facts import Network, NodePlace, Registry, RouteTable, Subnet, Unreadable, VirtualNetwork
from ..addresses import PUBLIC, AddressSet, address_set, prefix_length
from ..hops import Destination
from ..lookups import looked_up, subnet_of
from ..regions import regions_of, routed_regions
from .rules import Services, Side
from .service_tags import AZURE_CLOUD, tag_of

REGISTRY_TAG, STORAGE_TAG = "AzureContainerRegistry", "Storage"
_REGISTRY_SERVICES = ("azurecontainerregistry", AZURE_CLOUD)
_STORAGE_SERVICES = ("storage", AZURE_CLOUD)


def is_layer_storage(destination: Destination) -> bool:
    """Tell whether it is the public storage that layers come from where a registry has no data endpoint."""
    return ".blob." in destination.host


def service_tag_of(destination: Destination) -> str:
    """The service tag of a public destination."""
    return STORAGE_TAG if is_layer_storage(destination) else REGISTRY_TAG


def services_of(registry: Registry, network: Network, destination: Destination) -> Services:
    """The service tags that hold a public destination."""
    names = _STORAGE_SERVICES if is_layer_storage(destination) else _REGISTRY_SERVICES
    labels = destination.host.lower().split(".")
    if len(labels) > 2 and labels[2] == "data":
        return Services(names, (labels[1],))
    regions = routed_regions(registry, network.replications)
    return Services(names, regions.names, regions.complete)


def for_want_of_regions(why: Unreadable, registry: Registry, network: Network, tags: Iterable[str]) -> Unreadable:
    """Say that it is the registry's replications that would tell, where one of ``tags`` is of a region.

    ``why`` as it is where they are known, or where no service tag for a region is among the words of rules or routes.
    """
    unread = network.replications
    if not isinstance(unread, Unreadable) or regions_of(registry, unread).complete:
        return why
    parts = map(tag_of, tags)
    if not any(region and name in (*_REGISTRY_SERVICES, *_STORAGE_SERVICES) for name, region in parts):
        return why
    return replace(unread, detail=f"{why.detail.rstrip('.')}. {unread.detail}")


def nodes(subnet: Subnet) -> Side:
    """The nodes of a subnet: any of its addresses. Pods' images are pulled by the node itself."""
    return Side(address_set(subnet.prefixes))


def private_side(network: Network, place: NodePlace, address: str) -> Side:
    """An endpoint's address, seen from the nodes' network."""
    here = own_network(network, place)
    inside = None
    if isinstance(here, VirtualNetwork) and _reach(here).covers(address_set((address,))):
        inside = True
    return Side(address_set((address,)), in_network=inside)


def public_side(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Side:
    """The registry's public addresses, or those of the storage that has its layers."""
    # A route that sends everything to a firewall or NVA makes VirtualNetwork hold every address:
    # https://learn.microsoft.com/azure/virtual-network/service-tags-overview
    inside = None if _everything_is_routed(network, place) else False
    return Side(PUBLIC, in_network=inside, services=services_of(registry, network, destination), grouped=False)


def own_network(network: Network, place: NodePlace) -> VirtualNetwork | Unreadable | None:
    """The nodes' network."""
    if isinstance(place.subnet_id, Unreadable):
        return place.subnet_id
    return network.networks.get(key_of(network_id_of(place.subnet_id)))


def _reach(here: VirtualNetwork) -> AddressSet:
    peered = (prefix for peering in here.peerings for prefix in peering.remote_prefixes)
    return address_set((*here.prefixes, *peered))


def _everything_is_routed(network: Network, place: NodePlace) -> bool:
    """Tell whether a route sends everything to a firewall or NVA, or may."""
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        return False
    table: RouteTable | Unreadable | None = None
    if subnet.route_table_id is not None:
        table = looked_up(network.route_tables, subnet.route_table_id, "Route table")
    if isinstance(table, Unreadable):
        return True
    routes = table.routes if table else ()
    own = any(
        prefix_length(route.prefix) == 0 and route.next_hop.lower() not in ("none", "internet") for route in routes
    )
    hub = network.hubs.get(key_of(network_id_of(subnet.id)))
    announced = isinstance(hub, Unreadable) or (hub is not None and hub.internet is not None)
    return own or (announced and (table is None or table.gateway_routes is not False))
