"""What Virtual Network Managers put in force, as recorded and as in the official examples."""

from __future__ import annotations

from contextlib import suppress

import pytest

from azext_acrpulldiag.collect.members import MemberError
from azext_acrpulldiag.collect.network.manager_models import admin_rules_from, connected_groups_from, manager_from
from azext_acrpulldiag.facts import AdminRule, ConnectedGroup, NetworkManager, SecurityRule, Unreadable
from tests import build
from tests.azure.changes_manager import MANAGER_ID
from tests.azure.state import Cloud
from tests.recordings import body

EMPTY = ("avnm_effective_connectivity_post_empty", "avnm_effective_security_admin_rules_post_empty")
EXAMPLE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myResourceGroup/providers/Microsoft.Network"
)


def test_nothing_in_force():
    connectivity, rules = (body(f"network/{name}")["value"] for name in EMPTY)
    assert connected_groups_from(connectivity) == ()
    assert admin_rules_from(rules) == ()


def test_a_rule_of_the_example():
    (found,) = admin_rules_from(body("network/spec_avnm_effective_security_admin_rules_post")["value"])
    assert found == AdminRule(
        f"{EXAMPLE}/networkManagers/testNetworkManager/securityAdminConfigurations/myTestSecurityConfig"
        "/ruleCollections/testRuleCollection/rules/SampleAdminRule",
        SecurityRule("SampleAdminRule", 1, "Inbound", "Deny", "Tcp", ("*",), ("*",), ("0-65535",), ("22",)),
    )


def test_lists_that_restrict_nothing_are_empty_and_network_groups_are_no_addresses():
    (found,) = admin_rules_from(body("network/avnm_security_admin_rules_list")["value"])
    rule = found.rule
    assert (rule.sources, rule.source_ports, rule.destination_ports) == (("*",), ("*",), ("*",))
    assert rule.destinations == ()
    assert [each.rpartition("/")[2] for each in rule.destination_groups] == ["TestNetworkGroup"]


def example():
    return body("network/spec_avnm_effective_connectivity_post")["value"]


def test_a_configuration_of_the_example():
    answer = example()
    group = answer[0]["properties"]["appliesToGroups"][0]["networkGroupId"]
    answer[0]["configurationGroups"] = []
    assert connected_groups_from(answer) == (
        ConnectedGroup(
            configuration_id=f"{EXAMPLE}/networkManagers/testNetworkManager/connectivityConfigurations"
            "/myTestConnectivityConfig",
            group_id=group,
            topology="HubAndSpoke",
            connectivity="None",
            hubs=(f"{EXAMPLE}/virtualNetworks/myHubVnet",),
            has_network=False,
            spans_regions=False,
        ),
    )


def test_a_mesh_spans_regions_as_its_configuration_says():
    answer = example()
    answer[0]["configurationGroups"] = []
    answer[0]["properties"]["connectivityTopology"] = "mesh"
    (found,) = connected_groups_from(answer)
    assert (found.topology, found.spans_regions) == ("Mesh", True)


def test_a_group_of_no_configuration_is_not_understood():
    """As the example has it, which names one group in two ways."""
    with pytest.raises(MemberError) as raised:
        connected_groups_from(example())
    assert raised.value.why.reason == "malformed"


def test_a_flag_that_is_another_word_is_not_known():
    answer = example()
    answer[0]["configurationGroups"] = []
    answer[0]["properties"]["appliesToGroups"][0]["isGlobal"] = "Perhaps"
    (found,) = connected_groups_from(answer)
    assert isinstance(found.spans_regions, Unreadable)


def test_a_manager_and_its_scope():
    cloud = Cloud()
    cloud.network_manager(features=("SecurityAdmin",))
    row = cloud.resources[MANAGER_ID]
    assert manager_from(row) == NetworkManager(MANAGER_ID, ("SecurityAdmin",), (build.SUBSCRIPTION,), False)
    row["properties"]["networkManagerScopes"] |= {"managementGroups": ["/providers/x"], "subscriptions": []}
    assert manager_from(row) == NetworkManager(MANAGER_ID, ("SecurityAdmin",), (), True)
    del row["properties"]["networkManagerScopes"], row["properties"]["networkManagerScopeAccesses"]
    found = manager_from(row)
    assert all(isinstance(each, Unreadable) for each in (found.features, found.subscriptions, found.beyond))


@pytest.mark.parametrize("form", [None, 5, "text", [5], [{}], {}])
@pytest.mark.parametrize("member", ["managementGroups", "subscriptions", "networkManagerScopes", "properties", "id"])
def test_whatever_form_a_member_of_a_manager_has_the_mapping_holds(member, form):
    cloud = Cloud()
    row = cloud.resources[cloud.network_manager()]
    properties = row["properties"]
    for holder in (row, properties, properties["networkManagerScopes"]):
        if member in holder:
            holder[member] = form
    with suppress(MemberError):
        assert isinstance(manager_from(row), NetworkManager)
