"""Read the private endpoints of the registry: where they are, their addresses and the names that lead there.

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
from ..ask.arm import ArmReader, Json, ReadError, in_parallel, operation_of
from ..members import ids, malformed, member, not_shown, objects, text, texts

NETWORK_API = "2024-05-01"
READ_ENDPOINTS = "Microsoft.Network/privateEndpoints/read"
MEMBER = "registry"
DATA_MEMBER = "registry_data_"

Addresses = tuple[EndpointAddress, ...] | Unreadable


def read_endpoints(reader: ArmReader, registry: Registry) -> tuple[PrivateEndpoint, ...] | Unreadable:
    """Read every private endpoint that is connected to the registry; no request where there is none.

    Of one that is not approved only its subnet is asked for: it does not answer, and nobody's
    records need to lead there, so that its ``addresses`` and ``zone_ids`` are empty.
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


def interfaces_of(body: Json) -> tuple[str, ...] | Unreadable:
    """The ids of an endpoint's network interfaces."""
    found = ids(body, "properties", "networkInterfaces")
    return found if isinstance(found, Unreadable) or found else not_shown(body, "properties", "networkInterfaces")


def endpoint_from(
    connection: PrivateEndpointConnection,
    body: Json,
    addresses: Addresses,
    zone_ids: tuple[str, ...] | Unreadable,
    login_server: str,
) -> PrivateEndpoint:
    """Map an endpoint that exists, with what its network interfaces and zone groups say. Pure.

    Where an interface tells nothing, the endpoint's own ``customDnsConfigs`` do; Azure empties
    them when a zone group is attached (recorded).
    """
    if isinstance(addresses, Unreadable):
        addresses = _custom_addresses(body, login_server) or addresses
    return PrivateEndpoint(
        connection_id=connection.id,
        id=connection.private_endpoint_id,
        status=connection.status,
        subnet_id=text(body, "properties", "subnet", "id"),
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


def addresses_from(interface: Json) -> Addresses:
    """Map the IPv4 configurations of an endpoint's network interface."""
    configurations = objects(interface, "properties", "ipConfigurations")
    if isinstance(configurations, Unreadable):
        return configurations
    found: list[EndpointAddress] = []
    for one in configurations:
        if str(member(one, "properties", "privateIPAddressVersion")).lower() == "ipv6":
            continue
        address = text(one, "properties", "privateIPAddress")
        name = text(one, "properties", "privateLinkConnectionProperties", "requiredMemberName")
        fqdns = texts(one, "properties", "privateLinkConnectionProperties", "fqdns")
        if isinstance(address, Unreadable):
            return address
        if isinstance(name, Unreadable):
            return name
        if isinstance(fqdns, Unreadable):
            return fqdns
        found.append(EndpointAddress(address, name, tuple(fqdn.lower() for fqdn in fqdns)))
    return tuple(found) if found else not_shown(interface, "properties", "ipConfigurations")


def _custom_addresses(body: Json, login_server: str) -> tuple[EndpointAddress, ...]:
    """What ``customDnsConfigs`` says; ``()``: nothing, or nothing that can be read."""
    configs = objects(body, "properties", "customDnsConfigs")
    if isinstance(configs, Unreadable):
        return ()
    found: list[EndpointAddress] = []
    for config in configs:
        fqdn, addresses = text(config, "fqdn"), texts(config, "ipAddresses")
        if isinstance(fqdn, Unreadable) or isinstance(addresses, Unreadable):
            return ()
        name = member_of(fqdn.lower(), login_server)
        found.extend(EndpointAddress(address, name, (fqdn.lower(),)) for address in addresses if ":" not in address)
    return tuple(found)


def member_of(fqdn: str, login_server: str) -> str:
    """The private link member that serves a name of the registry; empty for a name that is none of ours."""
    if fqdn == login_server:
        return MEMBER
    label, _, suffix = login_server.partition(".")
    if not (fqdn.startswith(f"{label}.") and fqdn.endswith(f".data.{suffix}")):
        return ""
    return DATA_MEMBER + fqdn.removeprefix(f"{label}.").removesuffix(f".data.{suffix}")


def zone_ids_from(groups: Iterable[Json]) -> tuple[str, ...] | Unreadable:
    """The zones that an endpoint's zone groups keep up to date."""
    found: list[str] = []
    for group in groups:
        configs = objects(group, "properties", "privateDnsZoneConfigs")
        if isinstance(configs, Unreadable):
            return configs
        zones = texts({"ids": [member(config, "properties", "privateDnsZoneId") for config in configs]}, "ids")
        if isinstance(zones, Unreadable):
            return malformed(group, "properties", "privateDnsZoneConfigs")
        found.extend(zones)
    return tuple(found)
