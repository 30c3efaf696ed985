"""Assignments in the simulated cloud are inherited, held through groups and filtered as Azure documents it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import build
from tests.azure.client import Client
from tests.azure.server import Server
from tests.azure.state import MANAGEMENT_GROUP, OWNER, Cloud
from tests.recordings import body

SUBSCRIPTION_ID = f"/subscriptions/{build.SUBSCRIPTION}"
GROUP_ID = f"{SUBSCRIPTION_ID}/resourceGroups/rg-shared"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
OTHER = "1d2c3b4a-0000-4000-8000-00000000000a"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def scopes(client: Client, condition: str | None = None, scope: str = build.REGISTRY_ID) -> list[str]:
    """The scopes of what is listed, without the caller's own row."""
    query = {"filter": condition} if condition else {}
    listed = client.arm(f"{scope}{ASSIGNMENTS}", "2022-04-01", **query).json["value"]
    own = client.cloud.caller_object_id
    return [each["properties"]["scope"] for each in listed if each["properties"]["principalId"] != own]


def test_an_assignment_has_the_recorded_members(client: Client, cloud: Cloud) -> None:
    cloud.grant()
    listed = client.arm(f"{build.REGISTRY_ID}{ASSIGNMENTS}", "2022-04-01").json["value"][-1]
    recorded = body("authz/roleassignment_get_msi")
    assert listed.keys() == recorded.keys()
    assert listed["properties"].keys() == recorded["properties"].keys()
    assert listed["properties"]["condition"] is None
    assert client.arm(listed["id"], "2022-04-01").json == listed


@pytest.mark.parametrize("scope", [GROUP_ID, SUBSCRIPTION_ID, MANAGEMENT_GROUP, "/"])
def test_assignments_are_inherited(client: Client, cloud: Cloud, scope: str) -> None:
    cloud.grant(scope=scope)
    assert scopes(client, f"atScope() and assignedTo('{build.KUBELET_OBJECT_ID}')") == [scope]
    assert scopes(client, f"principalId eq '{build.KUBELET_OBJECT_ID}'") == [scope]


def test_what_lies_beside_is_not_inherited(client: Client, cloud: Cloud) -> None:
    cloud.grant(scope=f"{SUBSCRIPTION_ID}/resourceGroups/rg-shared-too")
    assert scopes(client) == []


def test_what_lies_below_is_listed_only_without_at_scope(client: Client, cloud: Cloud) -> None:
    cloud.grant()
    assert scopes(client, scope=GROUP_ID) == [build.REGISTRY_ID]
    assert scopes(client, "atScope()", scope=GROUP_ID) == []


def test_a_group_counts_for_assigned_to_and_not_for_principal_id(client: Client, cloud: Cloud) -> None:
    inner = cloud.group([build.KUBELET_OBJECT_ID])
    outer = cloud.group([inner])
    cloud.grant(outer, principal_type="Group")
    cloud.grant(OTHER)
    assert len(scopes(client, f"atScope() and assignedTo('{build.KUBELET_OBJECT_ID}')")) == 1
    assert scopes(client, f"principalId eq '{build.KUBELET_OBJECT_ID}'") == []
    assert len(scopes(client, "atScope()")) == 2


def test_definitions_are_found_by_id_and_by_name(client: Client, cloud: Cloud) -> None:
    guid = cloud.custom_role("Puller", ["Microsoft.ContainerRegistry/*"], ["*/delete"])
    definitions = "/providers/Microsoft.Authorization/roleDefinitions"
    custom = client.arm(f"{SUBSCRIPTION_ID}{definitions}/{guid}", "2022-04-01").json
    assert custom["properties"]["type"] == "CustomRole"
    assert custom["properties"]["permissions"][0]["notActions"] == ["*/delete"]
    named = client.arm(f"{build.REGISTRY_ID}{definitions}", "2022-04-01", filter="roleName eq 'AcrPull'").json
    assert [each["name"] for each in named["value"]] == [build.ACR_PULL]
    assert client.arm(f"{SUBSCRIPTION_ID}{definitions}/{OTHER}", "2022-04-01").status == 404


def test_denials_of_one_and_of_all_are_listed(client: Client, cloud: Cloud) -> None:
    cloud.deny()
    cloud.deny(None, scope=SUBSCRIPTION_ID, exclude=[OTHER])
    cloud.deny(OTHER)
    path = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/denyAssignments"
    listed = client.arm(path, "2022-04-01", filter=f"assignedTo('{build.KUBELET_OBJECT_ID}')").json["value"]
    assert [each["properties"]["principals"][0]["type"] for each in listed] == ["ServicePrincipal", "SystemDefined"]


def test_the_caller_is_told_his_own_rights(client: Client, cloud: Cloud) -> None:
    cloud.caller_permissions(["*/read"], ["Microsoft.Authorization/*"])
    path = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/permissions"
    rights = client.arm(path, "2022-04-01").json["value"]
    assert [(each["actions"], each["notActions"]) for each in rights] == [(["*/read"], ["Microsoft.Authorization/*"])]
    assert client.arm(f"{build.REGISTRY_ID}{ASSIGNMENTS}", "2022-04-01").status == 403


def test_assignments_can_be_hidden_behind_an_empty_list(client: Client, cloud: Cloud) -> None:
    cloud.grant()
    cloud.hide_role_assignments()
    assert client.arm(f"{build.REGISTRY_ID}{ASSIGNMENTS}", "2022-04-01").json == {"value": []}


def test_the_caller_has_a_row_of_his_own(client: Client, cloud: Cloud) -> None:
    def own_roles() -> list[str]:
        listed = client.arm(f"{build.REGISTRY_ID}{ASSIGNMENTS}", "2022-04-01", filter="atScope()").json["value"]
        mine = [each for each in listed if each["properties"]["principalId"] == cloud.caller_object_id]
        return [each["properties"]["roleDefinitionId"].rpartition("/")[2] for each in mine]

    assert own_roles() == [OWNER]
    cloud.caller_permissions(["*/read"], scope=GROUP_ID)
    (role,) = own_roles()
    assert cloud.role_definitions[role]["properties"]["permissions"][0]["actions"] == ["*/read"]
