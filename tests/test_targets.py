"""``--acr`` in its three forms, and what is refused before Azure is asked."""

import pytest

from azext_acrpulldiag.targets import RegistryForm, parse_registry
from tests.build import REGISTRY_ID, SUBSCRIPTION

SUFFIX = ".azurecr.io"


def test_a_name():
    target = parse_registry("contosoreg", SUFFIX)
    assert (target.form, target.name, target.login_server) == (RegistryForm.NAME, "contosoreg", None)


@pytest.mark.parametrize("host", ["contosoreg.azurecr.io", "Contosoreg.AzureCR.io", "contosoreg-a1b2c3d4.azurecr.io"])
def test_a_login_server_tells_no_name(host):
    target = parse_registry(host, SUFFIX)
    assert (target.form, target.login_server, target.name) == (RegistryForm.LOGIN_SERVER, host.lower(), None)


def test_a_login_server_of_another_cloud_is_read_with_that_clouds_suffix():
    assert parse_registry("contosoreg.azurecr.us", ".azurecr.us").login_server == "contosoreg.azurecr.us"


@pytest.mark.parametrize(
    "written", [REGISTRY_ID, REGISTRY_ID + "/", REGISTRY_ID.replace("resourceGroups", "RESOURCEGROUPS")]
)
def test_a_resource_id_in_any_casing(written):
    target = parse_registry(written, SUFFIX)
    assert (target.form, target.subscription, target.resource_group, target.name) == (
        RegistryForm.RESOURCE_ID,
        SUBSCRIPTION,
        "rg-shared",
        "contosoreg",
    )


@pytest.mark.parametrize(
    "given, says",
    [
        ("", "empty"),
        ("ab", "not a registry name"),
        ("bad_name", "not a registry name"),
        ("https://contosoreg.azurecr.io", "leave out scheme"),
        ("contosoreg.azurecr.io/app:1", "Give that as --image"),
        ("contosoreg.azurecr.us", "not a login server of this cloud"),
        ("contosoreg.azureacr.io", "Did you mean contosoreg.azurecr.io?"),
        ("contosoreg.azurecr.oi", "Did you mean contosoreg.azurecr.io?"),
        ("/subscriptions/x/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r", "not the resource ID"),
        (
            REGISTRY_ID.replace("ContainerRegistry/registries", "ContainerService/managedClusters"),
            "not the resource ID",
        ),
    ],
)
def test_what_is_refused_says_what_was_expected(given, says):
    with pytest.raises(ValueError, match=says) as caught:
        parse_registry(given, SUFFIX)
    assert "Expected a registry name" in str(caught.value)
