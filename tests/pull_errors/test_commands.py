"""The commands that go on from an answer."""

from __future__ import annotations

import shlex

import pytest

from azext_acrpulldiag.pull_errors.explain.commands import diagnosis_of, page_of

BEGIN = "az aks diagnose-pull --resource-group MyResourceGroup --name MyManagedCluster --acr "


@pytest.mark.parametrize(
    ("image", "host", "expected"),
    [
        ("contosoreg.azurecr.io/web:1", None, "contosoreg --image contosoreg.azurecr.io/web:1"),
        (
            "contosoreg.azurecr.io/web:1",
            "x.blob.core.windows.net",
            "contosoreg --image contosoreg.azurecr.io/web:1",
        ),
        (
            "contosoreg.azurecr.cn/web",
            "login.partner.microsoftonline.cn",
            "contosoreg --image contosoreg.azurecr.cn/web",
        ),
        (
            "contosoreg.azurecr.us/web@sha256:" + 64 * "a",
            None,
            "contosoreg --image contosoreg.azurecr.us/web@sha256:" + 64 * "a",
        ),
        (
            "contosoreg-a1b2c3d4.azurecr.io/web:1",
            None,
            "contosoreg-a1b2c3d4.azurecr.io --image contosoreg-a1b2c3d4.azurecr.io/web:1",
        ),
        (
            "contosoreg.westeurope.geo.azurecr.io/web:1",
            None,
            "contosoreg --image contosoreg.westeurope.geo.azurecr.io/web:1",
        ),
        ("contosoreg.privatelink.azurecr.io/web:1", None, "contosoreg"),
        (None, "contosoreg.westeurope.data.azurecr.io", "contosoreg"),
        (None, "contosoreg.azurecr.io:443", "contosoreg"),
        ("contosoreg.azurecr.io/Web:1", "contosoreg.azurecr.io", "contosoreg"),
    ],
)
def test_the_registry_and_the_image_of_a_text(image, host, expected):
    assert diagnosis_of(image, host) == BEGIN + expected


@pytest.mark.parametrize(
    ("image", "host"),
    [
        (None, None),
        ("nginx:1", "registry-1.docker.io"),
        ("mcr.microsoft.com/a:1", "eastus.data.mcr.microsoft.com"),
        ("contosoreg.azureacr.io/web:1", "contosoreg.azureacr.io"),
        ("contosoreg.azurecr.io.example.com/web:1", "contosoreg.azurecr.io.example.com"),
        (None, "<acrname>.azurecr.io"),
    ],
)
def test_no_registry_of_azure_no_command(image, host):
    assert diagnosis_of(image, host) is None


@pytest.mark.parametrize("image", ["c.azurecr.io/$(touch pwned)", "contosoreg.azurecr.io/a:1;id", "@file", "--debug"])
def test_a_hostile_image_is_no_command(image):
    command = diagnosis_of(image, "contosoreg.azurecr.io")
    assert command == BEGIN + "contosoreg" and shlex.split(command)[-1] == "contosoreg"


def test_the_page_of_the_likeliest_outcome():
    assert (
        page_of(["image.tag-not-found", "x"]) == "az aks list-pull-checks --outcome image.tag-not-found --output table"
    )
    assert page_of([]) is None
