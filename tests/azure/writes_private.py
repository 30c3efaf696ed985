"""Private DNS and private endpoints: links, records, zone groups that write records, connections on both sides."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import resources_privatelink as private
from .messages import Request, Response
from .store import Json
from .writes_network import refused

if TYPE_CHECKING:
    from .state import Cloud

LINKS = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"


def _zone(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    shown = private.zone(made["id"])
    made["properties"] = {**shown["properties"], **made["properties"]}
    made |= {key: value for key, value in shown.items() if key in ("etag", "type")}
    return None


def _link(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """A network takes one zone of a name.

    https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links#other-considerations
    """
    zone_id = made["id"].rsplit("/", 2)[0]
    network = made["properties"]["virtualNetwork"]["id"].lower()
    for each in cloud.resources.of_type(LINKS):
        same_name = each["id"].lower().split("/privatednszones/")[1].split("/")[0] == zone_id.rpartition("/")[2].lower()
        is_it = each["id"].lower() == made["id"].lower()
        if same_name and not is_it and each["properties"]["virtualNetwork"]["id"].lower() == network:
            return refused(
                "Conflict",
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
                f"virtual network with '{zone_id.rpartition('/')[2]}' and '{each['id'].split('/')[8]}' zones.",
                409,
            )
    shown = private.link(zone_id, made["name"], made["properties"]["virtualNetwork"]["id"], False)
    made["properties"] = {**shown["properties"], **made["properties"], "virtualNetworkLinkState": "Completed"}
    made |= {key: value for key, value in shown.items() if key not in ("properties", "location")}
    return None


def _record(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    zone_id, _, label = made["id"].rsplit("/", 2)
    records = made["properties"].get("aRecords") or []
    shown = private.a_record(zone_id, label, [each["ipv4Address"] for each in records])
    metadata = made["properties"].get("metadata")
    made |= {key: value for key, value in shown.items() if key != "properties"}
    made["properties"] = {
        **shown["properties"],
        "ttl": made["properties"].get("ttl", made["properties"].get("TTL", 3600)),
    }
    made["properties"] |= {"metadata": metadata} if metadata else {}
    if not metadata:
        made["properties"].pop("metadata", None)
    return None


def _zone_group(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """The records are written into each zone that is named, as ``Cloud.zone_group`` does."""
    endpoint_id = made["id"].rsplit("/", 2)[0]
    (config,) = made["properties"]["privateDnsZoneConfigs"]
    zone_id = config["properties"]["privateDnsZoneId"]
    group_id = cloud.zone_group(endpoint_id, zone_id)
    kept = copy.deepcopy(cloud.resources[group_id])
    del cloud.resources[group_id]
    (shown,) = kept["properties"]["privateDnsZoneConfigs"]
    shown["name"] = config["name"]
    made |= {**kept, "id": made["id"], "name": made["name"]}
    return None


def _connection(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """The registry's side. The endpoint shows the same state, and names once it is approved."""
    state = made["properties"]["privateLinkServiceConnectionState"]
    endpoint = cloud.resources.get(made["properties"]["privateEndpoint"]["id"])
    if endpoint is not None:
        properties = endpoint["properties"]
        for member in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            for each in properties.get(member) or ():
                each["properties"]["privateLinkServiceConnectionState"] |= {"status": state["status"]}
        if state["status"] == "Approved":
            _name(cloud, endpoint)
    return None


def _name(cloud: Cloud, endpoint: Json) -> None:
    """What an approval brings: the endpoint's names, its records where a zone group keeps them, data endpoints."""
    interface = cloud.resources[endpoint["properties"]["networkInterfaces"][0]["id"]]
    members = [
        (link["requiredMemberName"], name, each["properties"]["privateIPAddress"])
        for each in interface["properties"]["ipConfigurations"]
        for link in [each["properties"]["privateLinkConnectionProperties"]]
        for name in link["fqdns"]
    ]
    endpoint["properties"]["customDnsConfigs"] = private.custom_dns(members)
    for group in cloud.resources.children(endpoint["id"], "privateDnsZoneGroups"):
        for config in group["properties"]["privateDnsZoneConfigs"]:
            cloud.zone_group(endpoint["id"], config["properties"]["privateDnsZoneId"])
    registry = cloud.registry["properties"]
    hosts = [name for member, name, _ in members if member != "registry"]
    registry["dataEndpointEnabled"] = True
    registry["dataEndpointHostNames"] += [each for each in hosts if each not in registry["dataEndpointHostNames"]]


def _endpoint(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """An endpoint for the registry: approved at once, since whoever runs ``az`` may approve it."""
    _, _, subscription, _, group, *_ = made["id"].split("/")
    subnet_id = made["properties"]["subnet"]["id"]
    cloud.private_endpoint(name=made["name"], group=group, subscription=subscription, subnet_id=subnet_id)
    kept = copy.deepcopy(cloud.resources[made["id"]])
    made["properties"] = kept.pop("properties")
    made |= kept
    return None


TYPES: dict[str, Any] = {
    "microsoft.network/privatednszones": _zone,
    "microsoft.network/privatednszones/virtualnetworklinks": _link,
    "microsoft.network/privatednszones/a": _record,
    "microsoft.network/privateendpoints": _endpoint,
    "microsoft.network/privateendpoints/privatednszonegroups": _zone_group,
    "microsoft.containerregistry/registries/privateendpointconnections": _connection,
}
