"""What networks do besides keeping what was written: peerings that meet, rules that may not clash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import resources as make
from .messages import Request, Response, answer
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

PEERINGS = "virtualNetworkPeerings"


def refused(code: str, message: str, status: int = 400) -> Response:
    """A refusal of a provider, as the network provider writes them."""
    return answer({"error": {"code": code, "message": message, "details": []}}, status)


def _peering(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """Initiated while there is one side, Connected once there are both; with a Disconnected one nothing can be done.

    https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview#connectivity, and the words of
    the refusal from https://github.com/hashicorp/terraform-provider-azurerm/issues/14051.
    """
    here = made["id"].rsplit("/", 2)[0]
    properties = made["properties"]
    there = properties["remoteVirtualNetwork"]["id"]
    (other, *_) = [each for each in cloud.resources.children(there, PEERINGS) if _leads_to(each, here)] or [None]
    twins = [each for each in cloud.resources.children(here, PEERINGS) if _leads_to(each, there)]
    if old is None and twins:
        return refused(
            "AnotherPeeringAlreadyReferencesRemoteVnet",
            f"Peering {made['id']} cannot reference remote virtual network {there} because another peering "
            f"{twins[0]['id']} belonging to the same virtual network already references it.",
        )
    if other and other["properties"]["peeringState"] == "Disconnected" and not (old and _is_cut(old)):
        return refused(
            "RemotePeeringIsDisconnected",
            f"Cannot create or update peering {made['id']} because remote peering {other['id']} referencing parent "
            f"virtual network {here} is in Disconnected state. Update or re-create the remote peering to get it back "
            "to Initiated state. Peering gets Disconnected when remote vnet or remote peering is deleted and "
            "re-created.",
        )
    joined = other is not None and other["properties"]["peeringState"] != "Disconnected"
    properties["peeringState"] = "Connected" if joined else "Initiated"
    if joined:
        other["properties"]["peeringState"] = "Connected"
    shared = make.peering(here, made["name"], there, "", "Connected")["properties"]
    for name in ("allowVirtualNetworkAccess", "allowForwardedTraffic", "allowGatewayTransit", "useRemoteGateways"):
        properties.setdefault(name, shared.get(name, False))
    if old is None or "syncRemoteAddressSpace" in request.query:
        space = {"addressPrefixes": _prefixes(cloud, there)}
        properties |= {"remoteAddressSpace": space, "remoteVirtualNetworkAddressSpace": space}
        properties["peeringSyncLevel"] = "FullyInSync"
    return None


def _leads_to(peering: Json, network_id: str) -> bool:
    return str(peering["properties"]["remoteVirtualNetwork"]["id"]).lower() == network_id.lower()


def _is_cut(peering: Json) -> bool:
    return bool(peering["properties"]["peeringState"] == "Disconnected")


def _prefixes(cloud: Cloud, network_id: str) -> list[str]:
    return list(cloud.resources[network_id]["properties"]["addressSpace"]["addressPrefixes"])


def _security_rule(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """Priorities of a direction are taken once; https://github.com/Azure/aks-engine/issues/2106 has the words."""
    properties = made["properties"]
    for several in ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes"):
        properties.setdefault(several, [])
    group = cloud.resources[made["id"].rsplit("/", 2)[0]]
    for each in group["properties"]["securityRules"]:
        other = each["properties"]
        same = (other["priority"], other["direction"].lower()) == (properties["priority"], _lower(properties))
        if same and each["name"] != made["name"]:
            return refused(
                "SecurityRuleConflict",
                f"Security rule {made['name']} conflicts with rule {each['name']}. Rules cannot have the same Priority "
                "and Direction.",
            )
    return None


def _lower(rule: Json) -> str:
    return str(rule["direction"]).lower()


def _subnet(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """Service endpoints show where they are; the recording is ``network/subnet_get_service_endpoint_acr``."""
    for endpoint in made["properties"].get("serviceEndpoints") or ():
        endpoint |= {"provisioningState": "Succeeded"}
        endpoint.setdefault("locations", ["*"])
    for name in ("delegations", "serviceEndpoints"):
        if name in made["properties"] and made["properties"][name] is None:
            del made["properties"][name]
    if made["properties"].get("serviceEndpointPolicies") in ([], None):
        made["properties"].pop("serviceEndpointPolicies", None)
    return None


def _route(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """An address belongs to a virtual appliance and to nothing else."""
    properties = made["properties"]
    wants_address = properties["nextHopType"] == "VirtualAppliance"
    if wants_address != bool(properties.get("nextHopIpAddress")):
        return refused(
            "InvalidRequestFormat",
            f"Route {made['name']}: nextHopIpAddress goes with the next hop type VirtualAppliance, and with no other.",
        )
    properties["hasBgpOverride"] = False
    return None


TYPES: dict[str, Any] = {
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": _peering,
    "microsoft.network/virtualnetworks/subnets": _subnet,
    "microsoft.network/networksecuritygroups/securityrules": _security_rule,
    "microsoft.network/routetables/routes": _route,
}
