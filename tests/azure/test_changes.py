"""Each change leaves the resources as Azure would show them."""

from __future__ import annotations

from typing import Any

import pytest

from tests import build
from tests.azure.changes_cluster import scale_set_id
from tests.azure.state import Cloud
from tests.recordings import body
from tests.scenarios.stories import STORIES, told


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def properties(cloud: Cloud) -> dict[str, Any]:
    return cloud.cluster["properties"]  # type: ignore[no-any-return]


def addresses(cloud: Cloud, references: list[dict[str, str]]) -> list[str]:
    return [cloud.resources[each["id"]]["properties"]["ipAddress"] for each in references]


def test_every_node_of_the_default_cloud_carries_the_kubelet_identity(cloud: Cloud) -> None:
    hosts = [resource for key, resource in cloud.resources.items() if key.startswith(scale_set_id("pool1").lower())]
    assert len(hosts) == 3
    for host in hosts:
        ((identity_id, identity),) = host["identity"]["userAssignedIdentities"].items()
        assert identity_id == build.IDENTITY_ID
        assert identity == {"principalId": build.KUBELET_OBJECT_ID, "clientId": build.KUBELET_CLIENT_ID}
        assert host["tags"]["aks-managed-poolName"] == "pool1"
        assert host["tags"]["aks-managed-kubeletIdentityClientID"] == build.KUBELET_CLIENT_ID


def test_the_default_nodes_sit_in_a_subnet_that_exists(cloud: Cloud) -> None:
    assert build.SUBNET_ID in str(cloud.scale_set())
    assert build.SUBNET_ID in cloud.resources
    outbound = properties(cloud)["networkProfile"]["loadBalancerProfile"]["effectiveOutboundIPs"]
    assert addresses(cloud, outbound) == ["20.61.112.7"]


def test_no_recorded_placeholder_is_left_in_the_default_cloud(cloud: Cloud) -> None:
    text = str(dict(cloud.resources))
    for placeholder in ("/subscriptions/00000000", "clitest", "cliakstest", "aks-cit", "testResource", "tenantid"):
        assert placeholder not in text


def test_a_stopped_cluster_has_no_nodes(cloud: Cloud) -> None:
    cloud.stop_cluster()
    assert properties(cloud)["powerState"] == {"code": "Stopped"}
    assert not list(cloud.resources.of_type("Microsoft.Compute/virtualMachineScaleSets/virtualMachines"))


def test_a_service_principal_cluster_lacks_what_the_recorded_one_lacks(cloud: Cloud) -> None:
    cloud.service_principal_cluster()
    recorded = body("aks/managedcluster_get_service_principal")
    assert "identity" not in recorded
    assert "identity" not in cloud.cluster
    assert "identityProfile" not in properties(cloud)
    assert properties(cloud)["servicePrincipalProfile"] == {"clientId": build.APP_ID}
    assert "identity" not in cloud.scale_set()


def test_a_pool_of_its_own_subnet_and_public_addresses(cloud: Cloud) -> None:
    subnet_id = cloud.subnet("second")
    cloud.add_pool("edge", subnet_id, enableNodePublicIP=True, count=1)
    assert properties(cloud)["agentPoolProfiles"][1]["vnetSubnetID"] == subnet_id
    profile = cloud.scale_set("edge")["properties"]["virtualMachineProfile"]["networkProfile"]
    (configuration,) = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"]
    assert configuration["properties"]["subnet"] == {"id": subnet_id}
    assert "publicIPAddressConfiguration" in configuration["properties"]


def test_changes_of_the_identity(cloud: Cloud) -> None:
    cloud.outdate_nodes(client_id="old")
    assert cloud.scale_set()["tags"]["aks-managed-kubeletIdentityClientID"] == "old"
    cloud.recreate_kubelet_identity("new-object", "new-client")
    assert cloud.resources[build.IDENTITY_ID]["properties"]["principalId"] == "new-object"
    cloud.unassign_kubelet_identity()
    assert "identity" not in cloud.scale_set()
    assert "identity" not in cloud.resources[f"{scale_set_id('pool1')}/virtualMachines/1"]
    cloud.delete_kubelet_identity()
    assert build.IDENTITY_ID not in cloud.resources
    assert properties(cloud)["identityProfile"]["kubeletidentity"]["objectId"] == build.KUBELET_OBJECT_ID


def test_a_nat_gateway_can_beat_the_load_balancer_unseen(cloud: Cloud) -> None:
    gateway_id = cloud.nat_gateway(["20.9.9.9"], ["20.50.0.0/30"], declared=False)
    assert properties(cloud)["networkProfile"]["outboundType"] == "loadBalancer"
    assert cloud.resources[build.SUBNET_ID]["properties"]["natGateway"] == {"id": gateway_id}
    gateway = cloud.resources[gateway_id]["properties"]
    assert addresses(cloud, gateway["publicIpAddresses"]) == ["20.9.9.9"]
    assert cloud.resources[gateway["publicIpPrefixes"][0]["id"]]["properties"]["ipPrefix"] == "20.50.0.0/30"


def test_a_managed_nat_gateway_keeps_its_addresses_in_its_own_profile(cloud: Cloud) -> None:
    cloud.managed_nat_gateway("20.7.7.7", "20.7.7.8")
    network = properties(cloud)["networkProfile"]
    assert network["outboundType"] == "managedNATGateway"
    assert addresses(cloud, network["natGatewayProfile"]["effectiveOutboundIPs"]) == ["20.7.7.7", "20.7.7.8"]
    assert "effectiveOutboundIPs" not in network["loadBalancerProfile"]


def test_a_route_through_a_firewall_ends_in_its_public_addresses(cloud: Cloud) -> None:
    firewall_id = cloud.route_through_firewall(["20.5.5.5", "20.5.5.6"])
    assert firewall_id is not None
    table = cloud.resources[cloud.resources[build.SUBNET_ID]["properties"]["routeTable"]["id"]]
    (route,) = table["properties"]["routes"]
    configurations = cloud.resources[firewall_id]["properties"]["ipConfigurations"]
    assert route["properties"]["nextHopIpAddress"] == configurations[0]["properties"]["privateIPAddress"]
    references = [each["properties"]["publicIPAddress"] for each in configurations]
    assert addresses(cloud, references) == ["20.5.5.5", "20.5.5.6"]
    assert "privateIPAddress" not in configurations[1]["properties"]
    assert "loadBalancerProfile" not in properties(cloud)["networkProfile"]
    peerings = list(cloud.resources.of_type("Microsoft.Network/virtualNetworks/virtualNetworkPeerings"))
    assert {each["properties"]["remoteVirtualNetwork"]["id"].rpartition("/")[2] for each in peerings} == {
        "vnet-hub",
        "aks-vnet-14326078",
    }


def test_an_appliance_is_nothing_that_azure_knows(cloud: Cloud) -> None:
    assert cloud.route_through_firewall(firewall=False) is None
    assert not list(cloud.resources.of_type("Microsoft.Network/azureFirewalls"))


def test_switching_public_access_off_denies_by_default_too(cloud: Cloud) -> None:
    cloud.public_access(False)
    recorded = body("acr/registry_get_public_network_access_disabled")["properties"]
    shown = cloud.registry["properties"]
    assert shown["publicNetworkAccess"] == recorded["publicNetworkAccess"] == "Disabled"
    assert shown["networkRuleSet"]["defaultAction"] == recorded["networkRuleSet"]["defaultAction"] == "Deny"


@pytest.mark.parametrize(("status", "members"), [("Pending", {"status"}), ("Approved", {"status", "description"})])
def test_a_pending_connection_has_a_status_and_no_more(cloud: Cloud, status: str, members: set[str]) -> None:
    cloud.private_endpoint(status)
    (connection,) = cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")
    assert connection["properties"]["privateLinkServiceConnectionState"].keys() == members


def test_a_basic_registry_shows_no_rules(cloud: Cloud) -> None:
    cloud.sku("Basic")
    assert "networkRuleSet" not in cloud.registry["properties"]


def test_a_registry_moves_with_its_group_and_subscription(cloud: Cloud) -> None:
    moved = cloud.registry_in("rg-else", "8a7b6c5d-4e3f-4a2b-9c1d-0e9f8a7b6c5d")
    assert build.REGISTRY_ID not in cloud.resources
    assert cloud.registry["id"] == moved
    assert cloud.grant()["properties"]["scope"] == moved


@pytest.mark.parametrize(("healthy", "expected"), [(None, None), (True, "Healthy"), (False, "Unhealthy")])
def test_cache_rules_with_and_without_credentials(cloud: Cloud, healthy: bool | None, expected: str | None) -> None:
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy)
    (rule,) = cloud.resources.children(cloud.registry["id"], "cacheRules")
    found = cloud.resources.get(rule["properties"].get("credentialSetResourceId") or "none")
    state = found["properties"]["authCredentials"][0]["credentialHealth"]["status"] if found else None
    assert state == expected


def test_the_first_replica_brings_the_home_region_along(cloud: Cloud) -> None:
    registry = cloud.registry
    registry["properties"] |= {"regionalEndpoints": "Enabled"}
    cloud.replica("northeurope", "Unavailable", routed=False)
    found = {each["name"]: each["properties"] for each in cloud.resources.children(registry["id"], "replications")}
    assert list(found) == ["westeurope", "northeurope"]
    assert [each["regionEndpointEnabled"] for each in found.values()] == [True, False]
    assert [each["status"]["displayStatus"] for each in found.values()] == ["Ready", "Unavailable"]
    assert [host.split(".")[1] for host in registry["properties"]["regionalEndpointHostNames"]] == list(found)
    assert registry["properties"]["dataEndpointHostNames"] == []


def test_removing_takes_what_is_below(cloud: Cloud) -> None:
    cloud.remove(build.NODE_GROUP_ID)
    assert not [key for key in cloud.resources if key.startswith(build.NODE_GROUP_ID.lower())]
    assert build.CLUSTER_ID in cloud.resources


def test_stories_are_listed_by_name_and_described() -> None:
    assert {"healthy", "pull-role-missing"} <= STORIES.keys()
    assert all(each.title for each in STORIES.values())
    holders = [
        [each["properties"]["principalId"] for each in told(name).role_assignments]
        for name in ("healthy", "pull-role-missing")
    ]
    assert [build.KUBELET_OBJECT_ID in each for each in holders] == [True, False]
