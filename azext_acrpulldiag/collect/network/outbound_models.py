"""NAT gateways and public addresses as Azure answers them, made values. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from ...facts import Unreadable
from ..ask.arm import Json
from ..ask.errors import operation_of
from ..members import Body, maybe


def nat_sources_from(answer: Json) -> tuple[str, ...]:
    """Ids of a NAT gateway's addresses (the member is ``publicIpAddresses``) and prefixes."""
    properties = Body(answer).object("properties")
    members = ("publicIpAddresses", "publicIpPrefixes")
    sources = tuple(each for member in members for each in maybe(properties.ids, member) or ())
    if not sources:
        raise properties.not_shown(members[0])
    return sources


def addresses_from(items: Iterable[Json]) -> tuple[str, ...] | Unreadable:
    """IPv4 addresses and prefixes of public IP resources; registries' rules know no IPv6.

    An address that is not allocated has no ``ipAddress`` (recorded), so is ``Unreadable``.
    """
    found: list[str] = []
    for body in map(Body, items):
        properties, resource = body.object("properties"), body.text("id")
        if (maybe(properties.text, "publicIPAddressVersion") or "").lower() == "ipv6":
            continue
        member = "ipPrefix" if "/publicipprefixes/" in resource.lower() else "ipAddress"
        text = maybe(properties.text, member)
        if text is None:
            return Unreadable(
                "not-shown", f"{resource} shows no address; none is allocated yet", operation_of(resource)
            )
        try:
            network = ip_network(text)
        except ValueError as error:
            raise properties.malformed(member) from error
        if network.version == 4:
            found.append(str(network).removesuffix("/32"))
    return tuple(found)
