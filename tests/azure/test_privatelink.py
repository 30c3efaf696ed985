"""The simulated Resource Manager shows private endpoints and private DNS as the recorded one did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import build
from tests.azure.client import Client
from tests.azure.resources import VNET_ID
from tests.azure.server import Server
from tests.azure.state import Cloud, Grant
from tests.recordings import body

DNS_VERSION = "2024-06-01"
LOGIN, DATA = "contosoreg.azurecr.io", "contosoreg.westeurope.data.azurecr.io"
RESOURCE_GRAPH = "/providers/Microsoft.ResourceGraph/resources"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def zones_in_graph(client: Client) -> list[str]:
    query = {
        "subscriptions": [build.SUBSCRIPTION],
        "query": "resources | where type =~ 'Microsoft.Network/privateDnsZones'",
    }
    return [row["id"] for row in client.arm(RESOURCE_GRAPH, "2022-10-01", "POST", query).json["data"]]


def test_the_whole_thing_fits_together(client: Client, cloud: Cloud) -> None:
    endpoint_id, zone_id = cloud.private_link()
    registry = client.arm(build.REGISTRY_ID).json["properties"]
    (connection,) = registry["privateEndpointConnections"]
    assert connection["properties"]["privateEndpoint"]["id"] == endpoint_id
    assert registry["dataEndpointHostNames"] == [DATA]
    assert registry["publicNetworkAccess"] == "Disabled"
    endpoint = client.arm(endpoint_id).json["properties"]
    assert endpoint["customDnsConfigs"] == []
    assert endpoint["subnet"]["id"] == f"{VNET_ID}/subnets/endpoints"
    nic = client.arm(endpoint["networkInterfaces"][0]["id"]).json["properties"]
    found = {
        each["properties"]["privateLinkConnectionProperties"]["requiredMemberName"]: (
            each["properties"]["privateLinkConnectionProperties"]["fqdns"],
            each["properties"]["privateIPAddress"],
        )
        for each in nic["ipConfigurations"]
    }
    assert found == {"registry": ([LOGIN], "10.225.0.4"), "registry_data_westeurope": ([DATA], "10.225.0.5")}
    (group,) = client.arm(f"{endpoint_id}/privateDnsZoneGroups").json["value"]
    assert group["properties"]["privateDnsZoneConfigs"][0]["properties"]["privateDnsZoneId"] == zone_id
    for label, address in (("contosoreg", "10.225.0.4"), ("contosoreg.westeurope.data", "10.225.0.5")):
        record = client.arm(f"{zone_id}/A/{label}", DNS_VERSION).json
        assert record["properties"]["aRecords"] == [{"ipv4Address": address}]
    (link,) = client.arm(f"{zone_id}/virtualNetworkLinks", DNS_VERSION).json["value"]
    assert link["properties"]["virtualNetwork"]["id"] == VNET_ID
    assert link.keys() == body("dns/vnet_link_get_2024_06_01").keys()
    assert zones_in_graph(client) == [zone_id]


def test_a_pending_endpoint_is_as_recorded(client: Client, cloud: Cloud) -> None:
    endpoint = client.arm(cloud.private_endpoint("Pending")).json
    recorded = body("network/private_endpoint_get_acr_manual_pending")
    assert endpoint["properties"].keys() == recorded["properties"].keys()
    assert endpoint["properties"]["privateLinkServiceConnections"] == []
    assert endpoint["properties"]["customDnsConfigs"] == []


def test_without_a_zone_group_the_endpoint_shows_what_to_write_itself(client: Client, cloud: Cloud) -> None:
    shown = client.arm(cloud.private_endpoint()).json["properties"]["customDnsConfigs"]
    assert shown == [
        {"fqdn": LOGIN, "ipAddresses": ["10.225.0.4"]},
        {"fqdn": DATA, "ipAddresses": ["10.225.0.5"]},
    ]


def test_every_replica_has_a_data_endpoint_and_a_second_endpoint_addresses_of_its_own(cloud: Cloud) -> None:
    cloud.private_endpoint(regions=("westeurope", "northeurope"))
    cloud.private_endpoint(name="pe-two", regions=("westeurope", "northeurope"))
    nics = list(cloud.resources.of_type("Microsoft.Network/networkInterfaces"))
    found = [each["properties"]["privateIPAddress"] for nic in nics for each in nic["properties"]["ipConfigurations"]]
    assert found == [f"10.225.0.{number}" for number in range(4, 10)]
    assert cloud.registry["properties"]["dataEndpointHostNames"] == [DATA, DATA.replace("westeurope", "northeurope")]
    connections = cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")
    assert len({each["name"] for each in connections}) == 2


def test_a_record_that_is_not_there_is_a_404(client: Client, cloud: Cloud) -> None:
    zone_id = cloud.private_zone()
    record_id = cloud.record(zone_id, "contosoreg", "10.0.0.4")
    assert client.arm(record_id.replace("/A/", "/a/"), DNS_VERSION).status == 200
    cloud.record(zone_id, "contosoreg")
    assert client.arm(record_id, DNS_VERSION).status == 404
    assert client.arm(f"{zone_id}/virtualNetworkLinks", DNS_VERSION).json == body("dns/vnet_links_list_empty")


@pytest.mark.parametrize("falls_back", [True, False])
def test_only_a_new_api_version_shows_whether_a_link_falls_back(client: Client, cloud: Cloud, falls_back: bool) -> None:
    link_id = cloud.link_zone(cloud.private_zone(), falls_back=falls_back)
    policy = client.arm(link_id, DNS_VERSION).json["properties"]["resolutionPolicy"]
    assert policy == ("NxDomainRedirect" if falls_back else "Default")
    assert "resolutionPolicy" not in client.arm(link_id, "2020-06-01").json["properties"]


def test_zones_are_shown_to_those_who_may_read_them(client: Client, cloud: Cloud) -> None:
    _, zone_id = cloud.private_link()
    cloud.caller_grants = [Grant(build.REGISTRY_ID)]
    assert zones_in_graph(client) == []
    for path in (f"{zone_id}/A/contosoreg", f"{zone_id}/virtualNetworkLinks"):
        assert client.arm(path, DNS_VERSION).status == 403
