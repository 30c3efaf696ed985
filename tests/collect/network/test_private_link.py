"""Private endpoints: mapped from recorded answers, and read in the simulated cloud."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.deadline import begin_after
from azext_acrpulldiag.collect.network.private_link import (
    addresses_from,
    endpoint_from,
    interfaces_of,
    joined,
    member_of,
    read_endpoints,
    zone_ids_from,
)
from azext_acrpulldiag.collect.registry.registry import registry_from
from azext_acrpulldiag.facts import EndpointAddress, PrivateEndpoint, PrivateEndpointConnection, Unreadable
from tests import build
from tests.azure.resources import VNET_ID
from tests.azure.state import Grant, Subscription
from tests.collect.simulated import simulated_session
from tests.recordings import body

LOGIN, DATA = "contosoreg.azurecr.io", "contosoreg.westeurope.data.azurecr.io"
FABRIKAM = "8d5f2c7e-1f0b-4a39-9c55-0e6b7a1d2f43"
CONNECTION = PrivateEndpointConnection("/connection", "Approved", "/endpoint")
WHY = Unreadable("forbidden", "no right", "op", "right")
BOTH = (
    EndpointAddress("10.225.0.4", "registry", (LOGIN,)),
    EndpointAddress("10.225.0.5", "registry_data_westeurope", (DATA,)),
)


@pytest.fixture
def read(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that reads the endpoints of the default registry as it is now."""

    def read_now():
        with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
            read_now.meter = session.meter
            reader = ArmReader(session)
            found = registry_from(reader.get(cloud.registry["id"], "2026-09-01-preview"), build.TENANT)
            session.meter.requests = session.meter.longest_chain = 0
            begin_after(0)
            return read_endpoints(reader, found)

    return read_now


# --- mapping ---------------------------------------------------------------------------


def test_an_interface_as_recorded():
    found = addresses_from(body("network/nic_get_private_endpoint_fqdns"))
    assert found == (EndpointAddress("10.0.0.4", "blob", ("asoteststormbywcw.blob.core.windows.net",)),)


def test_every_recorded_interface_with_private_link_is_understood():
    items = body("network/nics_list_with_privatelink")["value"]
    found = [addresses_from(item) for item in items]
    assert items
    for addresses in found:
        assert not isinstance(addresses, Unreadable)
        assert all(each.address.startswith("10.") and each.fqdns for each in addresses)


def test_an_ipv6_configuration_is_no_address_of_ours():
    interface = body("network/nic_get_private_endpoint_fqdns")
    (only,) = interface["properties"]["ipConfigurations"]
    sixth = {"properties": {**only["properties"], "privateIPAddressVersion": "IPv6", "privateIPAddress": "fd00::4"}}
    interface["properties"]["ipConfigurations"].append(sixth)
    assert [each.address for each in addresses_from(interface)] == ["10.0.0.4"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("privateIPAddress", None, "not-shown"),
        ("privateLinkConnectionProperties", None, "not-shown"),
        ("privateLinkConnectionProperties", {"requiredMemberName": "registry"}, "not-shown"),
        ("privateLinkConnectionProperties", {"requiredMemberName": "registry", "fqdns": "x"}, "malformed"),
    ],
)
def test_an_interface_that_lacks_a_member_is_unreadable(name, value, reason):
    interface = body("network/nic_get_private_endpoint_fqdns")
    interface["properties"]["ipConfigurations"][0]["properties"][name] = value
    assert addresses_from(interface).reason == reason


@pytest.mark.parametrize("properties", [{}, {"ipConfigurations": []}, {"ipConfigurations": None}])
def test_an_interface_without_configurations_tells_nothing(properties):
    assert addresses_from({"id": "/nic", "properties": properties}).reason == "not-shown"


def test_one_interface_that_tells_nothing_spoils_them_all():
    assert joined([BOTH, WHY]) == WHY
    assert joined([BOTH[:1], BOTH[1:]]) == BOTH


@pytest.mark.parametrize(
    "name",
    [
        "network/private_endpoint_get_2025_05_01",
        "network/private_endpoint_get_approved_customdnsconfigs",
        "network/private_endpoint_get_acr_manual_pending",
    ],
)
def test_a_recorded_endpoint_shows_its_interface_and_subnet(name):
    recorded = body(name)
    (nic,) = interfaces_of(recorded)
    assert "/networkInterfaces/" in nic
    found = endpoint_from(CONNECTION, recorded, BOTH, ("/zone",), LOGIN)
    assert found == PrivateEndpoint(
        "/connection", "/endpoint", "Approved", recorded["properties"]["subnet"]["id"], BOTH, ("/zone",)
    )


def test_an_endpoint_without_interfaces_does_not_say_so():
    assert interfaces_of({"id": "/pe", "properties": {"networkInterfaces": []}}).reason == "not-shown"
    assert endpoint_from(CONNECTION, {"properties": {}}, WHY, (), LOGIN).subnet_id.reason == "not-shown"


def test_custom_dns_configs_stand_in_for_an_interface():
    recorded = body("network/private_endpoint_get_approved_customdnsconfigs")
    found = endpoint_from(CONNECTION, recorded, WHY, (), LOGIN)
    assert found.addresses == (EndpointAddress("10.0.0.4", "", ("saplr000002.blob.core.windows.net",)),)


@pytest.mark.parametrize(
    "configs", [None, [], "x", [{"fqdn": LOGIN}], [{"fqdn": LOGIN, "ipAddresses": ["fd00::4"]}], [{"ipAddresses": []}]]
)
def test_custom_dns_configs_that_say_nothing_leave_the_reason(configs):
    recorded = body("network/private_endpoint_get_approved_customdnsconfigs")
    recorded["properties"]["customDnsConfigs"] = configs
    assert endpoint_from(CONNECTION, recorded, WHY, (), LOGIN).addresses == WHY


@pytest.mark.parametrize(
    ("fqdn", "expected"),
    [
        (LOGIN, "registry"),
        (DATA, "registry_data_westeurope"),
        ("contosoreg.westeurope.geo.azurecr.io", ""),
        ("other.azurecr.io", ""),
        ("other.westeurope.data.azurecr.io", ""),
        ("contosoreg.westeurope.data.azurecr.cn", ""),
    ],
)
def test_members_by_their_names(fqdn, expected):
    assert member_of(fqdn, LOGIN) == expected


def test_zone_groups_as_recorded():
    zones = zone_ids_from(body("network/private_dns_zone_groups_list")["value"])
    assert [each.rpartition("/")[2] for each in zones] == ["www.clizone1.com", "www.clizone2.com"]
    assert len(zone_ids_from([body("network/private_dns_zone_group_get_2025_05_01")])) == 1
    assert zone_ids_from([]) == ()


@pytest.mark.parametrize(
    ("properties", "reason"),
    [({}, "not-shown"), ({"privateDnsZoneConfigs": [{"properties": {}}]}, "malformed")],
)
def test_zone_groups_of_another_form_are_unreadable(properties, reason):
    assert zone_ids_from([{"id": "/group", "properties": properties}]).reason == reason


# --- reading ---------------------------------------------------------------------------


def test_nothing_is_asked_where_there_is_no_endpoint(read):
    assert read() == ()
    assert read.meter.requests == 0


def test_what_the_registry_does_not_show_stays_unreadable(read):
    assert read_endpoints(None, replace(build.registry(), private_endpoints=WHY)) == WHY


def test_the_healthy_endpoint(read, cloud):
    endpoint_id, zone_id = cloud.private_link()
    (connection,) = cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")
    expected = PrivateEndpoint(
        connection["id"], endpoint_id, "Approved", f"{VNET_ID}/subnets/endpoints", BOTH, (zone_id,)
    )
    assert read() == (expected,)
    # the endpoint, then its interface and zone groups
    assert (read.meter.requests, read.meter.longest_chain) == (3, 2)


def test_every_replica_has_an_address(read, cloud):
    cloud.private_endpoint(regions=("westeurope", "northeurope", "eastasia"))
    (found,) = read()
    assert [each.member for each in found.addresses] == [
        "registry", "registry_data_westeurope", "registry_data_northeurope", "registry_data_eastasia",
    ]  # fmt: skip
    assert found.zone_ids == ()


def test_several_endpoints_take_no_longer_than_one(read, cloud):
    for number in range(5):
        cloud.private_endpoint(name=f"pe-{number}")
    assert len({each.addresses for each in read()}) == 5
    assert (read.meter.requests, read.meter.longest_chain) == (15, 2)


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_of_an_endpoint_that_is_not_approved_only_its_place_is_read(read, cloud, status):
    endpoint_id = cloud.private_endpoint(status)
    (found,) = read()
    assert (found.id, found.status, found.addresses, found.zone_ids) == (endpoint_id, status, (), ())
    assert found.subnet_id == cloud.endpoint_subnet()
    assert read.meter.requests == 1


def test_where_an_endpoint_is_that_is_not_approved_may_not_be_known(read, cloud):
    endpoint_id = cloud.private_endpoint("Pending")
    cloud.forbid(endpoint_id)
    (found,) = read()
    assert (found.subnet_id.reason, found.addresses, found.zone_ids) == ("forbidden", (), ())


def test_an_endpoint_whose_state_is_not_shown_may_be_approved(read, cloud):
    cloud.private_endpoint()
    (connection,) = cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")
    del connection["properties"]["privateLinkServiceConnectionState"]
    (found,) = read()
    assert found.status.reason == "not-shown"
    assert found.addresses == BOTH


def test_a_connection_that_names_no_endpoint(read, cloud):
    cloud.private_endpoint()
    (connection,) = cloud.resources.children(cloud.registry["id"], "privateEndpointConnections")
    connection["properties"]["privateEndpoint"] = None
    (found,) = read()
    assert found.id is None
    assert found.subnet_id.reason == found.addresses.reason == found.zone_ids.reason == "not-shown"


def test_an_endpoint_that_is_gone(read, cloud):
    endpoint_id = cloud.private_endpoint()
    cloud.remove(endpoint_id)
    (found,) = read()
    assert (found.id, found.subnet_id, found.addresses, found.zone_ids) == (endpoint_id, None, (), ())
    assert read.meter.requests == 1


def test_an_endpoint_that_may_not_be_read_leaves_the_others(read, cloud):
    hidden = cloud.private_endpoint(name="pe-hidden", group="rg-hidden")
    cloud.private_endpoint(name="pe-open")
    cloud.forbidden.append(hidden)
    first, second = read()
    for why in (first.subnet_id, first.addresses, first.zone_ids):
        assert (why.reason, why.permission) == ("forbidden", "Microsoft.Network/privateEndpoints/read")
    assert second.subnet_id == f"{VNET_ID}/subnets/endpoints"
    assert not isinstance(second.addresses, Unreadable)


def test_an_endpoint_in_a_tenant_that_the_login_does_not_have(read, cloud):
    cloud.subscriptions[FABRIKAM] = Subscription("Fabrikam", "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a")
    cloud.private_endpoint(subscription=FABRIKAM, group="rg-theirs")
    del cloud.subscriptions[FABRIKAM]
    (found,) = read()
    assert (found.subnet_id.reason, found.subnet_id.permission) == (
        "not-logged-in", "Microsoft.Network/privateEndpoints/read",
    )  # fmt: skip
    assert found.addresses == found.zone_ids == found.subnet_id


def test_an_interface_that_may_not_be_read_is_replaced_by_what_the_endpoint_says(read, cloud):
    cloud.private_endpoint()
    cloud.forbidden.append("Microsoft.Network/networkInterfaces/read")
    (found,) = read()
    assert found.addresses == BOTH


def test_an_interface_that_may_not_be_read_and_an_endpoint_that_says_nothing(read, cloud):
    _, zone_id = cloud.private_link()
    cloud.forbidden.append("Microsoft.Network/networkInterfaces/read")
    (found,) = read()
    assert (found.addresses.reason, found.addresses.permission) == (
        "forbidden", "Microsoft.Network/networkInterfaces/read",
    )  # fmt: skip
    assert found.zone_ids == (zone_id,)


def test_an_interface_that_is_gone(read, cloud):
    endpoint_id, _ = cloud.private_link()
    cloud.remove(cloud.resources[endpoint_id]["properties"]["networkInterfaces"][0]["id"])
    (found,) = read()
    assert found.addresses.reason == "not-found"


def test_zone_groups_that_may_not_be_read(read, cloud):
    cloud.private_link()
    cloud.caller_grants = [
        Grant("/", ("*",), ("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",)),
    ]
    (found,) = read()
    assert found.zone_ids.permission == "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read"
    assert found.addresses == BOTH


@pytest.mark.parametrize(
    ("match", "parts"), [(r"privateEndpoints/pe-registry\?", 3), ("networkInterfaces/", 1), ("privateDnsZoneGroups", 1)]
)
def test_a_part_that_answers_nonsense_is_unreadable_and_the_rest_stays(read, cloud, match, parts):
    cloud.private_link()
    cloud.fault(match, "text")
    (found,) = read()
    unreadable = [each for each in (found.subnet_id, found.addresses, found.zone_ids) if isinstance(each, Unreadable)]
    assert len(unreadable) == parts
    assert {each.reason for each in unreadable} == {"malformed"}


@pytest.mark.parametrize("kind", ["list", "html", "mistyped", "nulls", "no-properties", "500"])
@pytest.mark.parametrize("match", [r"privateEndpoints/pe-registry\?", "networkInterfaces/", "privateDnsZoneGroups"])
def test_what_is_told_is_true_or_unreadable(read, cloud, match, kind):
    _, zone_id = cloud.private_link()
    cloud.fault(match, kind)
    (found,) = read()
    truth = (f"{VNET_ID}/subnets/endpoints", BOTH, (zone_id,))
    told = (found.subnet_id, found.addresses, found.zone_ids)
    assert told != truth
    for value, true in zip(told, truth, strict=True):
        assert value == true or isinstance(value, Unreadable)
