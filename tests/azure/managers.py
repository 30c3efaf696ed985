"""Virtual Network Managers: what is in force on a network, as the two POSTs of a network list it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.recordings import body

from .messages import Request, Response, answer
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

MANAGERS = "Microsoft.Network/networkManagers"


def listed(cloud: Cloud, action: str, network_id: str, request: Request) -> Response | None:
    """Answer one of the two lists; ``None``: the action is another."""
    if action == "listnetworkmanagereffectivesecurityadminrules":
        return _page(cloud, request, list(_rules(cloud, network_id)), "network/avnm_effective_security_admin_rules")
    if action == "listnetworkmanagereffectiveconnectivityconfigurations":
        return _page(cloud, request, list(_configurations(cloud, network_id)), "network/avnm_effective_connectivity")
    return None


def _page(cloud: Cloud, request: Request, items: list[Json], name: str) -> Response:
    """As recorded: the token of the last page is empty."""
    result: Json = body(f"{name}_post_empty")
    start = int(base64.b64decode((request.json or {}).get("skipToken") or "") or 0)
    end = start + (cloud.page_size or len(items))
    more = base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
    return answer(result | {"value": items[start:end], "skipToken": more})


def _rules(cloud: Cloud, network_id: str) -> Iterator[Json]:
    for rule in cloud.resources.of_type(f"{MANAGERS}/securityAdminConfigurations/ruleCollections/rules"):
        collection = cloud.resources[rule["id"].rsplit("/", 2)[0]]
        applies = collection["properties"]["appliesToGroups"]
        if groups := _groups(cloud, network_id, applies):
            yield {
                "id": rule["id"],
                "configurationDescription": "",
                "ruleCollectionDescription": "",
                "ruleCollectionAppliesToGroups": applies,
                "kind": rule["kind"],
                "properties": rule["properties"],
                "ruleGroups": groups,
            }


def _configurations(cloud: Cloud, network_id: str) -> Iterator[Json]:
    for configuration in cloud.resources.of_type(f"{MANAGERS}/connectivityConfigurations"):
        properties = configuration["properties"]
        groups = _groups(cloud, network_id, properties["appliesToGroups"])
        is_hub = any(hub["resourceId"].lower() == network_id.lower() for hub in properties["hubs"])
        if groups or is_hub:
            yield {"id": configuration["id"], "properties": properties, "configurationGroups": groups}


def _groups(cloud: Cloud, network_id: str, applies: list[Json]) -> list[Json]:
    """Of some groups, those that a network is in."""
    ids = [each["networkGroupId"] for each in applies]
    members = {
        each["id"].rsplit("/", 2)[0].lower()
        for each in cloud.resources.of_type(f"{MANAGERS}/networkGroups/staticMembers")
        if each["properties"]["resourceId"].lower() == network_id.lower()
    }
    properties = {"description": "", "provisioningState": "Succeeded"}
    return [{"id": each, "properties": properties} for each in ids if each.lower() in members]
