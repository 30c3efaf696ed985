"""Read the private endpoints of the registry: where they are, their addresses and the names that resolve to them.

An endpoint is asked for first, then its network interface and its zone groups at once; all
endpoints at the same time. They may be anywhere, also where this login may not look: what
cannot be read about one of them stays with that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from ...facts import EndpointAddress, PrivateEndpoint, PrivateEndpointConnection, Registry, Unreadable
from ...path.endpoints import DATA_MEMBER, MEMBER
from ..ask.arm import ArmReader, Json, ReadError, in_parallel, operation_of
from ..members import Body, maybe, shown

NETWORK_API = "2024-05-01"
IPV6 = "IPv6"
# https://github.com/Azure/azure-rest-api-specs/tree/main/specification/network/resource-manager/Microsoft.Network
IP_VERSIONS = ("IPv4", IPV6)
READ_ENDPOINTS = "Microsoft.Network/privateEndpoints/read"

Addresses = tuple[EndpointAddress, ...] | Unreadable


def read_endpoints(reader: ArmReader, registry: Registry) -> tuple[PrivateEndpoint, ...] | Unreadable:
    """Read every private endpoint that is connected to the registry; no request where there is none.

    Of one that is not approved only its subnet is asked for: it does not answer, and nobody's
    records need to resolve to it, so that its ``addresses`` and ``zone_ids`` are empty.
    """
    connections = registry.private_endpoints
    if isinstance(connections, Unreadable):
        return connections
    read = in_parallel([partial(_read, reader, registry, connection) for connection in connections])
    return tuple(
        _unread(connection, found) if isinstance(found, Unreadable) else found
        for connection, found in zip(connections, read, strict=True)
    )


def may_serve(connection: PrivateEndpointConnection) -> bool:
    """Tell whether a connection is approved, or may be: its state is not shown."""
    return isinstance(connection.status, Unreadable) or connection.status.lower() == "approved"


def _read(reader: ArmReader, registry: Registry, connection: PrivateEndpointConnection) -> PrivateEndpoint:
    endpoint_id = connection.private_endpoint_id
    if endpoint_id is None:
        return _unread(connection, Unreadable("not-shown", f"{connection.id} does not name its private endpoint"))
    try:
        body = reader.get(endpoint_id, NETWORK_API)
    except ReadError as error:
        unread = _unread(connection, _with_right(error.why, READ_ENDPOINTS))
        return unread if may_serve(connection) else replace(unread, addresses=(), zone_ids=())
    if body is None:
        return PrivateEndpoint(connection.id, endpoint_id, connection.status, None, (), ())
    if not may_serve(connection):
        return endpoint_from(connection, body, (), (), registry.login_server)
    interfaces = interfaces_of(body)
    paths = () if isinstance(interfaces, Unreadable) else interfaces
    zone_ids, *found = in_parallel(
        [partial(_zone_ids, reader, endpoint_id), *(partial(_addresses, reader, path) for path in paths)]
    )
    addresses = interfaces if isinstance(interfaces, Unreadable) else joined(found)
    return endpoint_from(connection, body, addresses, zone_ids, registry.login_server)


def _addresses(reader: ArmReader, interface_id: str) -> Any:
    body = reader.get(interface_id, NETWORK_API)
    if body is None:
        return Unreadable("not-found", f"{interface_id} does not exist", operation_of(interface_id))
    return addresses_from(body)


def _zone_ids(reader: ArmReader, endpoint_id: str) -> Any:
    groups = reader.list(f"{endpoint_id}/privateDnsZoneGroups", NETWORK_API)
    if groups is None:
        return Unreadable("not-found", f"{endpoint_id} does not exist any more", READ_ENDPOINTS)
    return zone_ids_from(groups)


def _unread(connection: PrivateEndpointConnection, why: Unreadable) -> PrivateEndpoint:
    return PrivateEndpoint(connection.id, connection.private_endpoint_id, connection.status, why, why, why)


def _with_right(why: Unreadable, right: str) -> Unreadable:
    """Name the right that is missing, also where the login has none in that tenant at all."""
    return replace(why, permission=right) if why.reason in ("forbidden", "not-logged-in") else why


# --- mapping ---------------------------------------------------------------------------


def interfaces_of(answer: Json) -> tuple[str, ...] | Unreadable:
    """The ids of an endpoint's network interfaces."""
    body = Body(answer)
    found = shown(body.ids, "properties", "networkInterfaces")
    return found or body.not_shown("properties", "networkInterfaces").why


def endpoint_from(
    connection: PrivateEndpointConnection,
    answer: Json,
    addresses: Addresses,
    zone_ids: tuple[str, ...] | Unreadable,
    login_server: str,
) -> PrivateEndpoint:
    """Map an endpoint that exists, with what its network interfaces and zone groups say. Pure.

    Where an interface tells nothing, the endpoint's own ``customDnsConfigs`` do; Azure empties
    them when a zone group is attached (recorded).
    """
    if isinstance(addresses, Unreadable):
        addresses = _custom_addresses(answer, login_server) or addresses
    return PrivateEndpoint(
        connection_id=connection.id,
        id=connection.private_endpoint_id,
        status=connection.status,
        subnet_id=shown(Body(answer).text, "properties", "subnet", "id"),
        addresses=addresses,
        zone_ids=zone_ids,
    )


def joined(interfaces: Iterable[Addresses]) -> Addresses:
    """The addresses of all network interfaces; one that tells nothing makes them all ``Unreadable``."""
    found: list[EndpointAddress] = []
    for addresses in interfaces:
        if isinstance(addresses, Unreadable):
            return addresses
        found.extend(addresses)
    return tuple(found)


def addresses_from(answer: Json) -> Addresses:
    """Map the IPv4 configurations of an endpoint's network interface."""
    body = Body(answer)
    found = shown(lambda: tuple(map(_address, _of_ipv4(body))))
    return found or body.not_shown("properties", "ipConfigurations").why


def _of_ipv4(interface: Body) -> list[Body]:
    configurations = [each.object("properties") for each in interface.objects("properties", "ipConfigurations")]
    return [each for each in configurations if maybe(each.enum, IP_VERSIONS, "privateIPAddressVersion") != IPV6]


def _address(configuration: Body) -> EndpointAddress:
    return EndpointAddress(
        configuration.text("privateIPAddress"),
        configuration.text("privateLinkConnectionProperties", "requiredMemberName"),
        tuple(fqdn.lower() for fqdn in configuration.texts("privateLinkConnectionProperties", "fqdns")),
    )


def _custom_addresses(endpoint: Json, login_server: str) -> tuple[EndpointAddress, ...]:
    """What ``customDnsConfigs`` says; ``()``: nothing, or nothing that can be read."""
    configs = shown(
        lambda: [
            (config.text("fqdn").lower(), config.texts("ipAddresses"))
            for config in Body(endpoint).objects("properties", "customDnsConfigs")
        ]
    )
    return tuple(
        EndpointAddress(address, member_of(fqdn, login_server), (fqdn,))
        for fqdn, addresses in (() if isinstance(configs, Unreadable) else configs)
        for address in addresses
        if ":" not in address
    )


def member_of(fqdn: str, login_server: str) -> str:
    """The private link member that serves a name of the registry; empty for a name that is none of ours."""
    if fqdn == login_server:
        return MEMBER
    label, _, suffix = login_server.partition(".")
    if not (fqdn.startswith(f"{label}.") and fqdn.endswith(f".data.{suffix}")):
        return ""
    return DATA_MEMBER + fqdn.removeprefix(f"{label}.").removesuffix(f".data.{suffix}")


def zone_ids_from(answer: Iterable[Json]) -> tuple[str, ...] | Unreadable:
    """The zones that an endpoint's zone groups keep up to date."""
    return shown(lambda: tuple(zone_id for group in answer for zone_id in _zones_of(Body(group))))


def _zones_of(group: Body) -> tuple[str, ...]:
    configs = group.objects("properties", "privateDnsZoneConfigs")
    zones = [maybe(config.text, "properties", "privateDnsZoneId") for config in configs]
    if None in zones:
        raise group.malformed("properties", "privateDnsZoneConfigs")
    return tuple(zone for zone in zones if zone)
