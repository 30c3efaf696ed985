"""Private endpoints of the registry, and the private DNS zones that are to lead to them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import TYPE_CHECKING

from tests import build

from . import resources as make
from . import resources_privatelink as private
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

NETWORK = "Microsoft.Network"
ENDPOINT_PREFIX = "10.225.0.0/24"
ZONE = "privatelink.azurecr.io"
_FIRST_HOST = 4  # Azure keeps the first four addresses of a subnet.


class PrivateLinkChanges:
    """Part of :class:`~tests.azure.state.Cloud`; all are about the default registry."""

    def private_link(self: Cloud, group: str = "rg-dns", vnet_id: str = make.VNET_ID) -> tuple[str, str]:
        """The whole healthy thing: an endpoint in another subnet of the nodes' network, its zone linked to ``vnet_id``
        and kept by a zone group, public access off. Returns the ids of the endpoint and the zone.
        """
        zone_id = self.private_zone(group)
        self.link_zone(zone_id, vnet_id)
        endpoint_id = self.private_endpoint(zone_id=zone_id)
        self.public_access(False)
        return endpoint_id, zone_id

    def private_endpoint(
        self: Cloud,
        status: str = "Approved",
        name: str = "pe-registry",
        *,
        subnet_id: str | None = None,
        addresses: Iterable[str] = (),
        regions: Iterable[str] = (make.LOCATION,),
        group: str = "rg-shared",
        subscription: str = build.SUBSCRIPTION,
        zone_id: str | None = None,
    ) -> str:
        """Connect a private endpoint with that connection state; returns the endpoint's id.

        ``subnet_id``: default a subnet ``endpoints`` of the nodes' network, made where it is not there; the subnet and
        its network are the caller's to make otherwise. ``addresses``: of the login server, then of the data endpoint
        of each region; default the next free ones of the subnet. ``regions``: the registry's home and its replicas.
        ``zone_id``: keep that zone's records with a zone group. With an approved one, Azure switches dedicated data
        endpoints on.
        """
        self.ensure_group(group, subscription)
        subnet_id = subnet_id or self.endpoint_subnet()
        base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{NETWORK}"
        endpoint_id = f"{base}/privateEndpoints/{name}"
        nic_id = f"{base}/networkInterfaces/{name}.nic.b619a860-2c34-40f4-8f2c-b015f8a5fc4f"
        members = self._members(list(regions), list(addresses), subnet_id)
        registry = self.registry
        number = len(self.resources.children(registry["id"], "privateEndpointConnections"))
        self.resources.add(private.connection(registry, endpoint_id, status, number))
        self.resources.add(private.endpoint(endpoint_id, registry["id"], subnet_id, nic_id, status, members))
        self.resources.add(private.interface(nic_id, endpoint_id, subnet_id, members))
        hosts = [fqdn for member, fqdn, _ in members if member != "registry"]
        known = registry["properties"]["dataEndpointHostNames"]
        if status == "Approved":
            registry["properties"] |= {
                "dataEndpointEnabled": True,
                "dataEndpointHostNames": known + [host for host in hosts if host not in known],
            }
        if zone_id is not None:
            self.zone_group(endpoint_id, zone_id)
        return endpoint_id

    def endpoint_subnet(self: Cloud) -> str:
        """The subnet ``endpoints`` of the nodes' network, made where it is not there; returns its id."""
        subnet_id = f"{make.VNET_ID}/subnets/endpoints"
        return subnet_id if subnet_id in self.resources else self.subnet("endpoints", ENDPOINT_PREFIX)

    def private_zone(
        self: Cloud, group: str = "rg-dns", name: str = ZONE, subscription: str = build.SUBSCRIPTION
    ) -> str:
        """Add a private DNS zone without links or records; returns its id."""
        self.ensure_group(group, subscription)
        zone_id = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{NETWORK}/privateDnsZones/{name}"
        return str(self.resources.add(private.zone(zone_id))["id"])

    def link_zone(
        self: Cloud, zone_id: str, vnet_id: str = make.VNET_ID, falls_back: bool = False, name: str | None = None
    ) -> str:
        """Link a zone to a virtual network; returns the link's id. ``falls_back``: ``NxDomainRedirect``."""
        link = private.link(zone_id, name or f"link-{vnet_id.rpartition('/')[2]}", vnet_id, falls_back)
        return str(self.resources.add(link)["id"])

    def record(self: Cloud, zone_id: str, label: str, *addresses: str) -> str:
        """Set the A record ``label`` of a zone, or remove it where no address is given; returns its id."""
        record = private.a_record(zone_id, label, addresses)
        self.remove(record["id"])
        if addresses:
            self.resources.add(record)
        return str(record["id"])

    def zone_group(self: Cloud, endpoint_id: str, zone_id: str) -> str:
        """Let an endpoint keep a zone's records: they are written now, as Azure does; returns the group's id."""
        endpoint = self.resources[endpoint_id]
        endpoint["properties"]["customDnsConfigs"] = []
        sets = []
        for label, address in self._records_of(endpoint):
            self.record(zone_id, label, address)
            sets.append(
                {
                    "recordType": "A",
                    "recordSetName": label,
                    "fqdn": f"{label}.{zone_id.rpartition('/')[2]}",
                    "ttl": 10,
                    "ipAddresses": [address],
                    "provisioningState": "Succeeded",
                }
            )
        return str(self.resources.add(private.zone_group(endpoint_id, zone_id, sets))["id"])

    def _records_of(self: Cloud, endpoint: Json) -> list[tuple[str, str]]:
        """Labels (what stands before the registry's suffix) and addresses of the interface of an endpoint."""
        suffix = "." + self.login_server.partition(".")[2]
        nic = self.resources[endpoint["properties"]["networkInterfaces"][0]["id"]]
        return [
            (fqdn.removesuffix(suffix), each["properties"]["privateIPAddress"])
            for each in nic["properties"]["ipConfigurations"]
            for fqdn in each["properties"]["privateLinkConnectionProperties"]["fqdns"]
        ]

    def _members(self: Cloud, regions: list[str], addresses: list[str], subnet_id: str) -> list[private.Member]:
        label, _, suffix = self.login_server.partition(".")
        named = [("registry", self.login_server)]
        named += [(f"registry_data_{region}", f"{label}.{region}.data.{suffix}") for region in regions]
        given = addresses or self._free_addresses(subnet_id, len(named))
        return [(member, fqdn, address) for (member, fqdn), address in zip(named, given, strict=True)]

    def _free_addresses(self: Cloud, subnet_id: str, count: int) -> list[str]:
        taken = {
            each["properties"].get("privateIPAddress")
            for nic in self.resources.of_type(f"{NETWORK}/networkInterfaces")
            for each in nic["properties"]["ipConfigurations"]
            if each["properties"]["subnet"]["id"].lower() == subnet_id.lower()
        }
        network = ip_network(self.resources[subnet_id]["properties"]["addressPrefix"])
        candidates = (str(network[number]) for number in range(_FIRST_HOST, network.num_addresses))
        free = (address for address in candidates if address not in taken)
        return [next(free) for _ in range(count)]
