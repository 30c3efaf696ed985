"""The simulated Resource Manager takes writes as the real one documents them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import build
from tests.azure.client import Answer, Client
from tests.azure.resources import VNET_ID
from tests.azure.resources_reach import security_rule
from tests.azure.server import Server
from tests.azure.state import Cloud

GROUP = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-shared/providers"
ROLES = f"/subscriptions/{build.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
ASSIGNMENT = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments"
NETWORKS = "2024-07-01"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def put(client: Client, path: str, version: str = NETWORKS, **properties: Any) -> Answer:
    return client.arm(path, version, "PUT", {"properties": properties})


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


# --- in general -----------------------------------------------------------------------------


def test_a_long_operation_is_asked_for_and_then_done(client: Client) -> None:
    table = f"{GROUP}/Microsoft.Network/routeTables/rt"
    begun = put(client, table, routes=[])
    assert (begun.status, begun.json["properties"]["provisioningState"]) == (201, "Updating")
    where = urlsplit(begun.headers["azure-asyncoperation"])
    assert client.arm_target(f"{where.path}?{where.query}").json["status"] == "Succeeded"
    assert client.arm(table, NETWORKS).json["properties"] == {"routes": [], "provisioningState": "Succeeded"}


def test_a_put_replaces_what_can_be_written_and_keeps_the_rest(client: Client) -> None:
    subnet = client.arm(build.SUBNET_ID, NETWORKS).json
    service = {"service": "Microsoft.ContainerRegistry"}
    assert put(client, build.SUBNET_ID, addressPrefix="10.224.0.0/16", serviceEndpoints=[service]).status == 200
    after = client.arm(build.SUBNET_ID, NETWORKS).json
    shown = {**service, "provisioningState": "Succeeded", "locations": ["*"]}
    assert after["properties"]["serviceEndpoints"] == [shown]
    assert "privateEndpointNetworkPolicies" in subnet["properties"]
    assert "privateEndpointNetworkPolicies" not in after["properties"]
    assert after["etag"] != subnet["etag"]


def test_a_put_leaves_what_its_version_does_not_show(client: Client, cloud: Cloud) -> None:
    cloud.firewall(subnet_ids=[build.SUBNET_ID])
    cloud.registry["properties"]["roleAssignmentMode"] = "AbacRepositoryPermissions"
    older = client.arm(build.REGISTRY_ID, "2024-11-01-preview").json
    rules = cloud.registry["properties"]["networkRuleSet"]["virtualNetworkRules"]
    assert client.arm(build.REGISTRY_ID, "2023-07-01", "PUT", older).status == 200
    assert cloud.registry["properties"]["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert cloud.registry["properties"]["networkRuleSet"]["virtualNetworkRules"] == rules


def test_a_patch_merges(client: Client) -> None:
    before = client.arm(build.REGISTRY_ID, "2026-09-01-preview").json
    change = {"properties": {"policies": {"quarantinePolicy": {"status": "enabled"}}}}
    assert client.arm(build.REGISTRY_ID, "2026-09-01-preview", "PATCH", change).status == 200
    after = client.arm(build.REGISTRY_ID, "2026-09-01-preview").json
    before["properties"]["policies"]["quarantinePolicy"]["status"] = "enabled"
    assert after == before


def test_a_write_takes_its_right(client: Client, cloud: Cloud) -> None:
    cloud.forbid("Microsoft.ContainerRegistry/registries/write")
    change = {"properties": {"publicNetworkAccess": "Disabled"}}
    refused = client.arm(build.REGISTRY_ID, method="PATCH", body=change)
    assert code(refused) == (403, "AuthorizationFailed")
    assert "Microsoft.ContainerRegistry/registries/write" in refused.json["error"]["message"]
    assert cloud.registry["properties"]["publicNetworkAccess"] == "Enabled"


@pytest.mark.parametrize(
    "path",
    [
        f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/no-such/providers/Microsoft.Network/routeTables/rt",
        f"{GROUP}/Microsoft.Network/routeTables/no-such/routes/r",
        f"{GROUP}/Microsoft.Network/privateDnsZones/no-such/A/x",
    ],
)
def test_nothing_is_made_where_nothing_is(client: Client, path: str) -> None:
    assert put(client, path).status == 404
    assert client.arm(path, NETWORKS).status == 404


def test_nothing_is_patched_that_is_not_there(client: Client) -> None:
    assert client.arm(f"{GROUP}/Microsoft.Network/routeTables/rt", NETWORKS, "PATCH", {}).status == 404


@pytest.mark.parametrize(
    ("header", "status"), [("if-none-match: *", 412), ("if-match: other", 412), ("if-match: *", 200)]
)
def test_a_condition_of_the_request_is_kept(client: Client, cloud: Cloud, header: str, status: int) -> None:
    zone_id = cloud.private_zone()
    name, _, value = header.partition(": ")
    kept = client.send

    def send(method: str, host: str, target: str, body: str | None, headers: dict[str, str]) -> Answer:
        return kept(method, host, target, body, {**headers, name: value})

    client.send = send  # type: ignore[assignment, method-assign]
    assert client.arm(zone_id, "2024-06-01", "PUT", {"location": "global"}).status == status


# --- roles ------------------------------------------------------------------------------------


def assign(client: Client, name: str = "6e1f4d0a-0000-4000-8000-000000000001", **more: Any) -> Answer:
    properties = {"roleDefinitionId": f"{ROLES}/{build.ACR_PULL}", "principalId": build.KUBELET_OBJECT_ID, **more}
    return put(client, f"{ASSIGNMENT}/{name}", "2022-04-01", **properties)


def test_a_role_is_assigned_once(client: Client, cloud: Cloud) -> None:
    made = assign(client)
    assert made.status == 201
    assert made.json["properties"]["scope"] == build.REGISTRY_ID
    assert cloud.role_assignments[-1]["properties"]["principalId"] == build.KUBELET_OBJECT_ID
    assert code(assign(client, "6e1f4d0a-0000-4000-8000-000000000002")) == (409, "RoleAssignmentExists")


def test_a_condition_may_change_and_a_principal_may_not(client: Client) -> None:
    assign(client)
    assert assign(client, condition="true", conditionVersion="2.0").json["properties"]["condition"] == "true"
    assert code(assign(client, principalId=build.APP_ID))[0] == 400


def test_a_role_is_one_that_there_is(client: Client) -> None:
    answer = assign(client, roleDefinitionId=f"{ROLES}/6e1f4d0a-0000-4000-8000-000000000003")
    assert code(answer) == (404, "RoleDefinitionDoesNotExist")


def test_assigning_takes_the_right_to(client: Client, cloud: Cloud) -> None:
    cloud.forbid("Microsoft.Authorization/roleAssignments/write")
    assert code(assign(client)) == (403, "AuthorizationFailed")


# --- networks -----------------------------------------------------------------------------------


def peer(client: Client, here: str, there: str, **more: Any) -> Answer:
    remote = {"remoteVirtualNetwork": {"id": there}, "allowVirtualNetworkAccess": True}
    return put(client, f"{here}/virtualNetworkPeerings/p", **remote, **more)


def state(client: Client, here: str) -> str:
    return str(client.arm(f"{here}/virtualNetworkPeerings/p", NETWORKS).json["properties"]["peeringState"])


def test_a_peering_waits_for_its_other_side(client: Client, cloud: Cloud) -> None:
    other = cloud.network("vnet-other", "10.9.0.0/16")
    peer(client, VNET_ID, other)
    assert state(client, VNET_ID) == "Initiated"
    peer(client, other, VNET_ID)
    assert (state(client, VNET_ID), state(client, other)) == ("Connected", "Connected")
    (shown,) = client.arm(VNET_ID, NETWORKS).json["properties"]["virtualNetworkPeerings"]
    assert shown["properties"]["remoteAddressSpace"] == {"addressPrefixes": ["10.9.0.0/16"]}


def test_nothing_can_be_peered_with_a_disconnected_side(client: Client, cloud: Cloud) -> None:
    other = cloud.network("vnet-other", "10.9.0.0/16")
    cloud.peering_side(other, VNET_ID, "Disconnected")
    assert code(peer(client, VNET_ID, other)) == (400, "RemotePeeringIsDisconnected")


def test_a_network_is_peered_once(client: Client, cloud: Cloud) -> None:
    other = cloud.network("vnet-other", "10.9.0.0/16")
    cloud.peering_side(VNET_ID, other)
    assert code(peer(client, VNET_ID, other)) == (400, "AnotherPeeringAlreadyReferencesRemoteVnet")


def test_rules_live_in_their_group_and_priorities_are_taken_once(client: Client, cloud: Cloud) -> None:
    group = cloud.security_group(security_rule("deny", 200, "Deny", "Internet"))
    rule = security_rule("allow", 100, "Allow", "AzureContainerRegistry")["properties"]
    assert put(client, f"{group}/securityRules/allow", **rule).status == 201
    names = [each["name"] for each in client.arm(group, NETWORKS).json["properties"]["securityRules"]]
    assert names == ["deny", "allow"]
    assert client.arm(f"{group}/securityRules/allow", NETWORKS).json["properties"]["priority"] == 100
    assert code(put(client, f"{group}/securityRules/more", **rule)) == (400, "SecurityRuleConflict")


def test_a_route_has_an_address_for_an_appliance_alone(client: Client, cloud: Cloud) -> None:
    table = cloud.route("None")
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance"}
    assert put(client, f"{table}/routes/default", **route).status == 400
    assert put(client, f"{table}/routes/default", **route, nextHopIpAddress="10.1.0.4").status == 200
    (shown,) = client.arm(table, NETWORKS).json["properties"]["routes"]
    assert shown["properties"]["nextHopIpAddress"] == "10.1.0.4"


# --- private link ---------------------------------------------------------------------------------


def test_a_network_takes_one_zone_of_a_name(client: Client, cloud: Cloud) -> None:
    for group, status in (("rg-dns", 201), ("rg-shared", 409)):
        link = f"{cloud.private_zone(group)}/virtualNetworkLinks/nodes"
        made = put(client, link, "2024-06-01", virtualNetwork={"id": VNET_ID}, registrationEnabled=False)
        assert made.status == status


def test_a_zone_group_writes_the_records(client: Client, cloud: Cloud) -> None:
    endpoint_id, zone_id = cloud.private_endpoint(), cloud.private_zone()
    config = {"name": "acr", "properties": {"privateDnsZoneId": zone_id}}
    group = f"{endpoint_id}/privateDnsZoneGroups/default"
    assert put(client, group, privateDnsZoneConfigs=[config]).status == 201
    assert client.arm(f"{zone_id}/A/contosoreg", "2024-06-01").status == 200
    (shown,) = client.arm(group, NETWORKS).json["properties"]["privateDnsZoneConfigs"]
    assert shown["name"] == "acr"


def test_an_approval_shows_on_both_sides(client: Client, cloud: Cloud) -> None:
    endpoint_id = cloud.private_endpoint("Pending")
    (connection,) = cloud.resources.children(build.REGISTRY_ID, "privateEndpointConnections")
    told = {"privateLinkServiceConnectionState": {"status": "Approved", "description": "by hand"}}
    answer = put(client, connection["id"], "2025-11-01", **told)
    assert answer.status == 200
    endpoint = client.arm(endpoint_id, NETWORKS).json["properties"]
    (side,) = endpoint["manualPrivateLinkServiceConnections"]
    assert side["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert {each["fqdn"] for each in endpoint["customDnsConfigs"]} >= {"contosoreg.azurecr.io"}


# --- clusters -----------------------------------------------------------------------------------


def test_a_cluster_starts(client: Client, cloud: Cloud) -> None:
    cloud.stop_cluster()
    assert client.arm(f"{build.CLUSTER_ID}/start", method="POST").status == 202
    assert cloud.cluster["properties"]["powerState"] == {"code": "Running"}


def test_a_reconciled_cluster_keeps_what_was_not_sent(client: Client, cloud: Cloud) -> None:
    cloud.unassign_kubelet_identity()
    before = client.arm(build.CLUSTER_ID, "2026-06-01").json
    pools = [{"name": "pool1", "mode": "System"}]
    sent = {"location": "westeurope", "properties": {"agentPoolProfiles": pools}}
    assert client.arm(build.CLUSTER_ID, "2026-06-01", "PUT", sent).status == 200
    assert client.arm(build.CLUSTER_ID, "2026-06-01").json == before
    (assigned,) = cloud.scale_set()["identity"]["userAssignedIdentities"]
    assert assigned.lower() == build.IDENTITY_ID.lower()
    instance = cloud.resources[f"{cloud.scale_set()['id']}/virtualMachines/0"]
    assert "identity" not in instance
    client.arm(f"{cloud.scale_set()['id']}/manualupgrade", method="POST", body={"instanceIds": ["0"]})
    assert instance["identity"] == cloud.scale_set()["identity"]
