"""The real ``az`` takes the simulated cloud for Azure."""

from __future__ import annotations

import pytest

from tests import build
from tests.azure.az import Az
from tests.azure.changes_access import ago
from tests.azure.resources import OUTBOUND_IP
from tests.azure.state import Cloud

NODE_GROUP = build.NODE_GROUP_ID.rpartition("/")[2]


def test_a_login_is_real(az: Az, cloud: Cloud) -> None:
    assert az.run("account", "clear").code == 0
    done = az.login()
    assert done.code == 0, done.err
    assert [each["name"] for each in done.json] == ["Contoso"]
    assert not cloud.log.refused
    assert {entry.host for entry in cloud.log} == {"login.microsoftonline.com", "management.azure.com"}


def test_a_refused_login_is_told_in_azs_words(az: Az, cloud: Cloud) -> None:
    az.run("account", "clear")
    cloud.refuse_login()
    done = az.login()
    assert done.code == 1
    assert "AADSTS7000222" in done.err


@pytest.mark.parametrize(
    ("command", "query", "expected"),
    [
        ("account list", "[].name", ["Contoso"]),
        ("aks show -g rg-app -n prod", "identityProfile.kubeletidentity.objectId", build.KUBELET_OBJECT_ID),
        ("aks nodepool list -g rg-app --cluster-name prod", "[].name", ["pool1"]),
        ("acr show -n contosoreg", "[loginServer, sku.name]", ["contosoreg.azurecr.io", "Premium"]),
        (f"vmss list -g {NODE_GROUP}", "[].name", ["aks-pool1-87752918-vmss"]),
        (f"identity show -g {NODE_GROUP} -n prod-agentpool", "principalId", build.KUBELET_OBJECT_ID),
        (f"network public-ip show -g {NODE_GROUP} -n out1", "ipAddress", OUTBOUND_IP),
        (f"network vnet subnet show --ids {build.SUBNET_ID}", "name", "aks-subnet"),
    ],
)
def test_az_reads_the_default_cloud(az: Az, cloud: Cloud, command: str, query: str, expected: object) -> None:
    done = az.run(*command.split(), "--query", query, "-o", "json")
    assert done.code == 0, done.err
    assert done.json == expected
    assert not cloud.log.refused


def test_az_lists_inherited_assignments(az: Az, cloud: Cloud) -> None:
    cloud.grant(scope=build.REGISTRY_ID.partition("/providers/")[0])
    scope = ["--scope", build.REGISTRY_ID, "--include-inherited"]
    names = ["--query", "[].[principalId, roleDefinitionName]", "-o", "json"]
    done = az.run("role", "assignment", "list", *scope, *names)
    assert sorted(done.json) == [[cloud.caller_object_id, "Owner"], [build.KUBELET_OBJECT_ID, "AcrPull"]]


def test_az_lists_the_credentials_of_an_application(az: Az, cloud: Cloud) -> None:
    cloud.service_principal_cluster(secrets=[(ago(days=400), ago(days=35)), (ago(days=30), ago(days=-335))])
    done = az.run("ad", "app", "credential", "list", "--id", build.APP_ID, "--query", "length(@)", "-o", "json")
    assert done.json == 2


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("aks show -g rg-app -n nothere", 3, "ResourceNotFound"),
        ("aks show -g rg-none -n prod", 3, "ResourceGroupNotFound"),
    ],
)
def test_az_tells_of_absences(az: Az, command: str, code: int, said: str) -> None:
    done = az.run(*command.split())
    assert done.code == code
    assert said in done.err


def test_az_tells_of_refusals(az: Az, cloud: Cloud) -> None:
    cloud.forbid("Microsoft.ContainerService/managedClusters/read")
    done = az.run("aks", "show", "-g", "rg-app", "-n", "prod")
    assert done.code == 1
    assert "AuthorizationFailed" in done.err


def test_az_sees_a_registry_in_another_tenant(az: Az, cloud: Cloud) -> None:
    other, tenant = "8a7b6c5d-4e3f-4a2b-9c1d-0e9f8a7b6c5d", "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"
    cloud.registry_in("rg-there", other, tenant)
    assert az.run("account", "show", "--query", "name", "-o", "tsv").out == "Contoso\n"
    done = az.run("acr", "show", "-n", "contosoreg", "--subscription", other, "--query", "name", "-o", "tsv")
    assert done.out == "contosoreg\n", done.err
    assert az.run("acr", "show", "-n", "contosoreg").code != 0


def test_az_takes_a_flat_error_of_the_service_itself(az: Az, cloud: Cloud) -> None:
    cloud.fault("managedClusters/prod", "flat-404")
    done = az.run("aks", "show", "-g", "rg-app", "-n", "prod")
    assert done.code == 3
    assert "GetManagedCluster" in done.err or "Could not find managed cluster" in done.err


def check_health(az: Az) -> str:
    done = az.run("acr", "check-health", "-n", "contosoreg", "--ignore-errors")
    assert done.code == 0, done.err
    return done.err


def test_check_health_passes_as_a_child_without_docker(az: Az) -> None:
    said = check_health(az)
    assert "DOCKER_COMMAND_ERROR" in said
    assert "Fetch access token for registry 'contosoreg.azurecr.io' : OK" in said
    assert "CONNECTIVITY" not in said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Cloud.refuse_this_machine, "CONNECTIVITY_FORBIDDEN_ERROR"),
        (Cloud.refuse_exchange, "CONNECTIVITY_REFRESH_TOKEN_ERROR"),
    ],
)
def test_check_health_says_what_this_machine_sees(az: Az, cloud: Cloud, change: object, code: str) -> None:
    assert callable(change)
    change(cloud)
    assert code in check_health(az)
