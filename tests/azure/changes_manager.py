"""Virtual Network Managers, and what they put in force on networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests import build
from tests.recordings import body

from . import resources as make
from .managers import MANAGERS
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

GROUP_ID = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-avnm"
MANAGER_ID = f"{GROUP_ID}/providers/{MANAGERS}/avnm-corp"
CONFIGURATION_ID = f"{MANAGER_ID}/securityAdminConfigurations/baseline"
COLLECTION_ID = f"{CONFIGURATION_ID}/ruleCollections/egress"


class ManagerChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def network_manager(
        self: Cloud,
        subscription: str = build.SUBSCRIPTION,
        features: Iterable[str] = ("Connectivity", "SecurityAdmin"),
        management_groups: Iterable[str] = (),
    ) -> str:
        """Add the Virtual Network Manager ``avnm-corp``, whose scope is a subscription; returns its id.

        Members as of ``NetworkManager`` in Azure/azure-rest-api-specs, Microsoft.Network 2024-05-01.
        """
        self.ensure_group("rg-avnm")
        properties = {
            "description": "",
            "networkManagerScopes": {
                "managementGroups": list(management_groups),
                "subscriptions": [f"/subscriptions/{subscription}"],
            },
            "networkManagerScopeAccesses": list(features),
            "provisioningState": "Succeeded",
        }
        resource = _child(MANAGER_ID, MANAGERS, properties) | {"location": make.LOCATION, "tags": {}}
        return str(self.resources.add(resource)["id"])

    def admin_rule(
        self: Cloud,
        name: str,
        priority: int,
        access: str,
        *destinations: str,
        network_ids: Iterable[str] = (make.VNET_ID,),
        **members: object,
    ) -> str:
        """Put a security admin rule about outbound TCP in force on networks; returns its id.

        Of no ``destinations`` it is about all.
        """
        if MANAGER_ID not in self.resources:
            self.network_manager()
        group_id = self.network_group("governed", *network_ids)
        self.resources.add(_child(COLLECTION_ID, "", {"appliesToGroups": [{"networkGroupId": group_id}]}))
        (rule,) = body("network/avnm_security_admin_rules_list")["value"]
        rule |= {"id": f"{COLLECTION_ID}/rules/{name}", "name": name}
        rule["properties"] |= {
            "priority": priority,
            "access": access,
            "direction": "Outbound",
            "sources": [],
            "destinations": [_end(each) for each in destinations],
            **members,
        }
        return str(self.resources.add(rule)["id"])

    def connect(
        self: Cloud,
        *network_ids: str,
        hub: str | None = None,
        connectivity: str = "DirectlyConnected",
        spans_regions: bool = False,
        name: str = "mesh",
    ) -> str:
        """Put a connectivity configuration in force: a mesh, or with a ``hub`` hub-and-spoke; returns its id.

        The peerings of a hub are not made.
        """
        if MANAGER_ID not in self.resources:
            self.network_manager()
        group_id = self.network_group(f"{name}-members", *network_ids)
        resource: Json = body("network/avnm_connectivity_configuration_get")
        resource |= {"id": f"{MANAGER_ID}/connectivityConfigurations/{name}", "name": name}
        flag = str(spans_regions)
        group = {"networkGroupId": group_id, "groupConnectivity": connectivity, "useHubGateway": "False"}
        resource["properties"] |= {
            "connectivityTopology": "HubAndSpoke" if hub else "Mesh",
            "hubs": [{"resourceType": "Microsoft.Network/virtualNetworks", "resourceId": hub}] if hub else [],
            "appliesToGroups": [group | {"isGlobal": flag}],
            "isGlobal": flag,
        }
        return str(self.resources.add(resource)["id"])

    def network_group(self: Cloud, name: str, *network_ids: str) -> str:
        """Add a network group with static members; returns its id."""
        group_id = str(self.resources.add(_child(f"{MANAGER_ID}/networkGroups/{name}", "", {}))["id"])
        for number, each in enumerate(network_ids):
            self.resources.add(_child(f"{group_id}/staticMembers/member{number}", "", {"resourceId": each}))
        return group_id


def _child(resource_id: str, kind: str, properties: Json) -> Json:
    return {"id": resource_id, "name": resource_id.rpartition("/")[2], "type": kind, "properties": properties}


def _end(prefix: str) -> Json:
    kind = "IPPrefix" if prefix[0].isdigit() or prefix == "*" else "ServiceTag"
    return {"addressPrefixType": kind, "addressPrefix": prefix}
