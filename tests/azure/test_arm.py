"""The simulated Resource Manager answers as the recorded one did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import build
from tests.azure.client import Client
from tests.azure.resources import OUTBOUND_IP_ID, VNET_ID
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.recordings import body

SUBSCRIPTION_ID = f"/subscriptions/{build.SUBSCRIPTION}"
OTHER_SUBSCRIPTION = "8a7b6c5d-4e3f-4a2b-9c1d-0e9f8a7b6c5d"
OTHER_TENANT = "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def test_the_cluster_has_the_recorded_members_and_oddities(client: Client) -> None:
    cluster = client.arm(build.CLUSTER_ID, "2026-06-01").json
    recorded = body("aks/managedcluster_get_system_msi_lb")
    assert cluster.keys() == recorded.keys()
    newer = {"nodeProvisioningProfile", "bootstrapProfile"}
    assert cluster["properties"].keys() == recorded["properties"].keys() | newer
    assert cluster["properties"]["nodeProvisioningProfile"] == {"mode": "Manual"}
    assert "/resourcegroups/" in cluster["id"]
    assert cluster["type"] == "Microsoft.ContainerService/ManagedClusters"
    assert cluster["properties"]["servicePrincipalProfile"] == {"clientId": "msi"}
    assert cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"] == build.KUBELET_OBJECT_ID


def test_ids_are_found_in_any_case(client: Client) -> None:
    assert client.arm(build.CLUSTER_ID.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).status == 200


@pytest.mark.parametrize(
    ("version", "shows_subnet_rules", "shows_mode"),
    [("2025-11-01", False, True), ("2026-09-01-preview", True, True), ("2023-07-01", False, False)],
)
def test_a_registry_shows_what_the_api_version_knows(
    client: Client, cloud: Cloud, version: str, shows_subnet_rules: bool, shows_mode: bool
) -> None:
    cloud.firewall(["20.1.2.0/24"], [build.SUBNET_ID])
    properties = client.arm(build.REGISTRY_ID, version).json["properties"]
    assert properties["networkRuleSet"]["ipRules"] == [{"action": "Allow", "value": "20.1.2.0/24"}]
    assert ("virtualNetworkRules" in properties["networkRuleSet"]) is shows_subnet_rules
    assert ("regionalEndpoints" in properties) is shows_subnet_rules
    assert ("softDeletePolicy" in properties["policies"]) is shows_subnet_rules
    assert ("roleAssignmentMode" in properties) is shows_mode


def test_a_stable_registry_has_no_member_that_the_official_example_lacks(client: Client) -> None:
    example = body("acr/spec_registry_get_2025_11_01")["properties"]
    assert not client.arm(build.REGISTRY_ID).json["properties"].keys() - example.keys()


@pytest.mark.parametrize(
    ("code", "status"),
    [("NoRegisteredProviderFound", 400), ("InvalidApiVersionParameter", 400), ("InvalidResourceType", 404)],
)
def test_a_version_can_be_refused(client: Client, cloud: Cloud, code: str, status: int) -> None:
    cloud.version_refusal = code
    cloud.versions["microsoft.containerregistry/registries"] = ("2025-11-01",)
    refused = client.arm(build.REGISTRY_ID, "2026-09-01-preview")
    assert (refused.status, refused.json["error"]["code"]) == (status, code)
    assert "2025-11-01" in refused.json["error"]["message"]
    assert client.arm(build.REGISTRY_ID).status == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{build.CLUSTER_ID}x", 404, "ResourceNotFound"),
        (build.CLUSTER_ID.replace("rg-app", "rg-none"), 404, "ResourceGroupNotFound"),
        (build.CLUSTER_ID.replace(build.SUBSCRIPTION, OTHER_SUBSCRIPTION), 404, "SubscriptionNotFound"),
        (f"{build.SUBNET_ID}x", 404, "NotFound"),
        (f"{SUBSCRIPTION_ID}/resourceGroups/rg-none", 404, "ResourceGroupNotFound"),
        (f"{build.CLUSTER_ID}x/agentPools", 404, "ResourceNotFound"),
    ],
)
def test_absences_are_told_as_recorded(client: Client, path: str, status: int, code: str) -> None:
    answer = client.arm(path)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)


def test_a_call_without_a_token_is_not_authenticated(client: Client) -> None:
    answer = client.send("GET", "management.azure.com", f"{build.CLUSTER_ID}?api-version=2026-06-01")
    assert (answer.status, answer.json["error"]["code"]) == (401, "AuthenticationFailed")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_of_another_tenant_is_refused(client: Client, cloud: Cloud) -> None:
    moved = cloud.registry_in("rg-there", OTHER_SUBSCRIPTION, OTHER_TENANT)
    assert client.arm(moved).json["error"]["code"] == "InvalidAuthenticationTokenTenant"
    assert client.arm_target(f"{moved}?api-version=2025-11-01", tenant=OTHER_TENANT).status == 200


def test_the_api_version_is_required(client: Client) -> None:
    assert client.arm_target(build.CLUSTER_ID).json["error"]["code"] == "MissingApiVersionParameter"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (f"{SUBSCRIPTION_ID}/providers/Microsoft.ContainerService/managedClusters", ["prod"]),
        (
            f"{SUBSCRIPTION_ID}/resourceGroups/rg-shared/providers/Microsoft.ContainerRegistry/registries",
            ["contosoreg"],
        ),
        (f"{SUBSCRIPTION_ID}/resourceGroups/rg-app/providers/Microsoft.ContainerRegistry/registries", []),
        (f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets", ["aks-pool1-87752918-vmss"]),
        (f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachines", []),
        (
            f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool1-87752918-vmss"
            "/virtualMachines",
            ["aks-pool1-87752918-vmss_0", "aks-pool1-87752918-vmss_1"],
        ),
        (f"{build.CLUSTER_ID}/agentPools", ["pool1"]),
        (f"{VNET_ID}/subnets", ["aks-subnet"]),
        (f"{build.REGISTRY_ID}/cacheRules", []),
    ],
)
def test_collections_list_what_is_right_there(client: Client, path: str, names: list[str]) -> None:
    assert [each["name"] for each in client.arm(path).json["value"]] == names


def test_an_agent_pool_is_the_profile_of_the_cluster(client: Client, cloud: Cloud) -> None:
    cloud.add_pool("win", osType="Windows", osSKU="Windows2022", enableNodePublicIP=True)
    pool = client.arm(f"{build.CLUSTER_ID}/agentPools/win").json
    assert pool["properties"]["osSKU"] == "Windows2022"
    assert "name" not in pool["properties"]
    assert client.arm(f"{build.CLUSTER_ID}/agentPools/nothere").status == 404


def test_subnets_are_in_their_network_and_in_their_route_table(client: Client, cloud: Cloud) -> None:
    table_id = cloud.route("VirtualAppliance", "10.1.1.4")
    network = client.arm(VNET_ID, "2025-05-01").json
    assert [each["properties"]["routeTable"]["id"] for each in network["properties"]["subnets"]] == [table_id]
    assert client.arm(table_id, "2025-05-01").json["properties"]["subnets"] == [{"id": build.SUBNET_ID}]


def test_the_addresses_of_nodes_are_listed_at_their_scale_set(client: Client, cloud: Cloud) -> None:
    cloud.node_public_ips("pool1", "20.3.3.3", "20.3.3.4")
    listed = client.arm(f"{cloud.scale_set()['id']}/publicipaddresses", "2018-10-01").json["value"]
    assert [each["properties"]["ipAddress"] for each in listed] == ["20.3.3.3", "20.3.3.4"]
    assert client.arm(f"{build.CLUSTER_ID}/agentPools/pool1").json["properties"]["enableNodePublicIP"] is True


def test_pages_are_followed_by_absolute_links_and_the_last_may_be_empty(client: Client, cloud: Cloud) -> None:
    cloud.page_size = 1
    path = f"{SUBSCRIPTION_ID}/providers/Microsoft.ContainerRegistry/registries"
    first = client.arm(path).json
    assert len(first["value"]) == 1
    second = client.arm_target(first["nextLink"].removeprefix("https://management.azure.com")).json
    assert second == {"value": []}


def test_pages_together_are_the_whole_list(client: Client, cloud: Cloud) -> None:
    for number in range(5):
        cloud.grant(f"principal-{number}")
    cloud.page_size = 2
    target: str | None = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
    seen = []
    while target:
        page = client.arm_target(target).json
        seen += [each["properties"]["principalId"] for each in page["value"]]
        target = page.get("nextLink", "").removeprefix("https://management.azure.com") or None
    assert seen == [cloud.caller_object_id, *(f"principal-{number}" for number in range(5))]


def test_resources_are_found_by_type_and_name(client: Client, cloud: Cloud) -> None:
    cloud.add_registry("otherreg")
    by_type = "resourceType eq 'Microsoft.ContainerRegistry/registries'"
    rows = client.arm(f"{SUBSCRIPTION_ID}/resources", "2024-11-01", filter=by_type).json["value"]
    assert [row["name"] for row in rows] == ["contosoreg", "otherreg"]
    assert "properties" not in rows[0]
    named = client.arm(f"{SUBSCRIPTION_ID}/resources", "2024-11-01", filter=f"{by_type} and name eq 'otherreg'").json
    assert [row["name"] for row in named["value"]] == ["otherreg"]


def test_the_user_credential_is_a_kubeconfig_for_the_simulated_api_server(client: Client, cloud: Cloud) -> None:
    import base64
    import json

    answer = client.arm(f"{build.CLUSTER_ID}/listClusterUserCredential", "2026-06-01", "POST").json
    config = json.loads(base64.b64decode(answer["kubeconfigs"][0]["value"]))
    assert config["clusters"][0]["cluster"]["server"] == f"https://{cloud.cluster['properties']['fqdn']}:443"
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).startswith(b"-----BEGIN")


def test_admin_passwords_are_given_only_when_the_account_is_on(client: Client, cloud: Cloud) -> None:
    assert client.arm(f"{build.REGISTRY_ID}/listCredentials", method="POST").status == 400
    cloud.registry["properties"]["adminUserEnabled"] = True
    credentials = client.arm(f"{build.REGISTRY_ID}/listCredentials", method="POST").json
    assert [each["value"] for each in credentials["passwords"]] == list(cloud.data_plane().admin_passwords)


def test_nothing_can_be_deleted(client: Client, cloud: Cloud) -> None:
    assert client.arm(build.REGISTRY_ID, method="DELETE").status == 403
    assert build.REGISTRY_ID in cloud.resources


def test_a_forbidden_operation_is_refused_as_recorded(client: Client, cloud: Cloud) -> None:
    cloud.forbid("Microsoft.ContainerRegistry/registries/read")
    answer = client.arm(build.REGISTRY_ID)
    assert (answer.status, answer.headers["x-ms-failure-cause"]) == (403, "gateway")
    assert answer.json["error"]["code"] == "AuthorizationFailed"
    assert "'Microsoft.ContainerRegistry/registries/read' over scope" in answer.json["error"]["message"]
    assert client.arm(build.CLUSTER_ID).status == 200


def test_a_forbidden_path_covers_all_below_it(client: Client, cloud: Cloud) -> None:
    cloud.forbid(build.NODE_GROUP_ID)
    assert client.arm(OUTBOUND_IP_ID).status == 403
    assert client.arm(f"{build.NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets").status == 403
    assert client.arm(build.REGISTRY_ID).status == 200


def test_lists_show_what_the_caller_may_read(client: Client, cloud: Cloud) -> None:
    cloud.caller_permissions(["*/read"], scope=f"{SUBSCRIPTION_ID}/resourceGroups/rg-app")
    path = f"{SUBSCRIPTION_ID}/providers/Microsoft.ContainerRegistry/registries"
    assert client.arm(path).json == {"value": []}
    groups = client.arm(f"{SUBSCRIPTION_ID}/resourcegroups").json["value"]
    assert [group["name"] for group in groups] == ["rg-app"]
    assert client.arm(build.REGISTRY_ID).status == 403


def test_resource_graph_selects_rows_by_type(client: Client, cloud: Cloud) -> None:
    query = "resources | where type =~ 'Microsoft.ContainerRegistry/registries' | project id, name, properties"
    answer = client.arm("/providers/Microsoft.ResourceGraph/resources", "2022-10-01", "POST", {"query": query}).json
    assert [row["name"] for row in answer["data"]] == ["contosoreg"]
    assert answer["resultTruncated"] == "false"
    server = "resources | where properties.loginServer =~ 'CONTOSOREG.azurecr.io' and name =~ 'contosoreg'"
    answer = client.arm("/providers/Microsoft.ResourceGraph/resources", "2022-10-01", "POST", {"query": server}).json
    assert answer["data"][0]["resourceGroup"] == "rg-shared"


def test_resource_graph_pages_with_a_token_while_it_says_nothing_was_cut(client: Client, cloud: Cloud) -> None:
    cloud.add_registry("otherreg")
    query = {"query": "resources | where type == 'microsoft.containerregistry/registries'", "options": {"$top": 1}}
    path = "/providers/Microsoft.ResourceGraph/resources"
    first = client.arm(path, "2022-10-01", "POST", query).json
    query["options"] = {"$top": 1, "$skipToken": first["$skipToken"]}
    second = client.arm(path, "2022-10-01", "POST", query).json
    assert [first["data"][0]["name"], second["data"][0]["name"]] == ["contosoreg", "otherreg"]
    assert "$skipToken" not in second


def test_a_query_beyond_the_simulation_is_refused_rather_than_misread(client: Client) -> None:
    query = {"query": "resources | summarize count() by type"}
    assert client.arm("/providers/Microsoft.ResourceGraph/resources", "2022-10-01", "POST", query).status == 400
