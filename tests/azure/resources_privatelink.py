"""Resource Manager JSON of private endpoints and private DNS, made from recordings."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tests import build
from tests.recordings import body

from .resources import LOCATION, ZERO_SUBSCRIPTION, renamed
from .store import Json

Member = tuple[str, str, str]
"""``requiredMemberName``, FQDN, address."""


def connection(registry: Json, endpoint_id: str, status: str, number: int) -> Json:
    """The registry's side of an endpoint. As recorded: a Pending one's state has a status and no other member."""
    recorded = body("acr/private_endpoint_connections_list_pending_and_approved")["value"]
    resource: Json = recorded[0] if status == "Pending" else recorded[1]
    name = f"{registry['name']}.{number:08x}{resource['name'].partition('.')[2][8:]}"
    resource |= {"id": f"{registry['id']}/privateEndpointConnections/{name}", "name": name}
    resource["properties"]["privateEndpoint"] = {"id": endpoint_id}
    resource["properties"]["privateLinkServiceConnectionState"]["status"] = status
    return resource


def endpoint(
    endpoint_id: str, registry_id: str, subnet_id: str, nic_id: str, status: str, members: Sequence[Member]
) -> Json:
    """A private endpoint; ``customDnsConfigs`` is empty unless it is approved, and as long as it has a zone group."""
    pending = status == "Pending"
    resource: Json = body(
        "network/private_endpoint_get_acr_manual_pending"
        if pending
        else "network/private_endpoint_get_approved_customdnsconfigs"
    )
    resource = renamed(resource, **{resource["id"]: endpoint_id})
    resource |= {"name": endpoint_id.rpartition("/")[2], "location": LOCATION}
    properties = resource["properties"]
    properties |= {"subnet": {"id": subnet_id}, "networkInterfaces": [{"id": nic_id}]}
    (link,) = properties["manualPrivateLinkServiceConnections" if pending else "privateLinkServiceConnections"]
    link["properties"] |= {"privateLinkServiceId": registry_id, "groupIds": ["registry"]}
    link["properties"]["privateLinkServiceConnectionState"]["status"] = status
    properties["customDnsConfigs"] = custom_dns(members) if status == "Approved" else []
    return resource


def custom_dns(members: Sequence[Member]) -> list[Json]:
    return [{"fqdn": fqdn, "ipAddresses": [address]} for _, fqdn, address in members]


def interface(nic_id: str, endpoint_id: str, subnet_id: str, members: Sequence[Member]) -> Json:
    """The network interface of an endpoint, with one address for each member."""
    recorded = body("network/nic_get_private_endpoint_fqdns")
    resource: Json = renamed(recorded, **{recorded["id"]: nic_id, recorded["managedBy"]: endpoint_id})
    resource |= {"name": nic_id.rpartition("/")[2], "location": LOCATION}
    (first,) = resource["properties"]["ipConfigurations"]
    resource["properties"]["ipConfigurations"] = []
    for number, (member, fqdn, address) in enumerate(members):
        configuration = copy.deepcopy(first)
        name = f"privateEndpointIpConfig.{number:08x}-49bc-4b78-8521-10ea47fc86ed"
        configuration |= {"name": name, "id": f"{nic_id}/ipConfigurations/{name}"}
        configuration["properties"] |= {
            "privateIPAddress": address,
            "subnet": {"id": subnet_id},
            "primary": number == 0,
            "privateLinkConnectionProperties": {
                "groupId": "registry",
                "requiredMemberName": member,
                "fqdns": [fqdn],
            },
        }
        resource["properties"]["ipConfigurations"].append(configuration)
    return resource


def zone_group(endpoint_id: str, zone_id: str, record_sets: Sequence[Json], name: str = "default") -> Json:
    group_id = f"{endpoint_id}/privateDnsZoneGroups/{name}"
    recorded = body("network/private_dns_zone_group_get_2025_05_01")
    resource: Json = renamed(recorded, **{recorded["id"]: group_id}) | {"name": name}
    (config,) = resource["properties"]["privateDnsZoneConfigs"]
    config["properties"] |= {"privateDnsZoneId": zone_id, "recordSets": list(record_sets)}
    return resource


def zone(zone_id: str) -> Json:
    return _of_zone(body("dns/private_zone_get_2024_06_01"), zone_id)


def link(zone_id: str, name: str, network_id: str, falls_back: bool) -> Json:
    """A link to a virtual network; its own id is lower-cased, as recorded."""
    resource = _of_zone(body("dns/vnet_link_get_2024_06_01"), f"{zone_id}/virtualNetworkLinks/{name}".lower())
    resource["properties"] |= {
        "virtualNetwork": {"id": network_id},
        "resolutionPolicy": "NxDomainRedirect" if falls_back else "Default",
    }
    return resource


def a_record(zone_id: str, label: str, addresses: Sequence[str]) -> Json:
    resource = _of_zone(body("dns/a_record_get"), f"{zone_id}/A/{label}")
    resource["properties"] |= {
        "fqdn": f"{label}.{zone_id.rpartition('/')[2]}.",
        "aRecords": [{"ipv4Address": address} for address in addresses],
        "metadata": {"creator": "created by private endpoint"},
    }
    return resource


def _of_zone(recorded: Json, resource_id: str) -> Json:
    resource: Json = renamed(recorded, **{ZERO_SUBSCRIPTION: f"/subscriptions/{build.SUBSCRIPTION}"})
    return resource | {"id": resource_id, "name": resource_id.rpartition("/")[2]}
