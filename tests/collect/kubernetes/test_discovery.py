"""Registries that failing pods name."""

import pytest

from azext_acrpulldiag.collect.kubernetes.discovery import registries_of, with_bootstrap
from azext_acrpulldiag.facts import Bootstrap, Unreadable
from tests.build import REGISTRY_ID, cluster

UNREAD = Unreadable("forbidden", "HTTP 403")


def test_hosts_of_this_cloud_each_once_and_sorted():
    images = [
        "fabrikam.azurecr.io/a:1",
        "contosoreg.azurecr.io/a:1",
        "CONTOSOREG.azurecr.io/b:1",
        "contosoreg.westeurope.geo.azurecr.io/a",
        "docker.io/library/nginx",
        "contosoreg.azurecr.us/a",
        "contosoreg.azureacr.io/a",
        "ab.azurecr.io/too-short",
        "///:::",
        "evil.azurecr.io.example.com/a",
    ]
    found = registries_of(images, ".azurecr.io")
    assert [each.login_server for each in found] == ["contosoreg.azurecr.io", "fabrikam.azurecr.io"]


@pytest.mark.parametrize(
    ("images", "bootstrap", "found"),
    [
        ((), Bootstrap("Cache", REGISTRY_ID), [REGISTRY_ID]),
        (("contosoreg.azurecr.io/a:1",), Bootstrap("Cache", REGISTRY_ID), ["contosoreg.azurecr.io"]),
        (("fabrikam.azurecr.io/a",), Bootstrap("Cache", REGISTRY_ID), ["fabrikam.azurecr.io", REGISTRY_ID]),
        ((), Bootstrap("Cache", "/no/registry"), []),
        ((), Bootstrap("Cache", UNREAD), []),
        ((), Bootstrap("Direct", None), []),
        ((), UNREAD, []),
    ],
)
def test_the_bootstrap_registry_is_one_of_them(images, bootstrap, found):
    named = with_bootstrap(registries_of(images, ".azurecr.io"), cluster(bootstrap=bootstrap), ".azurecr.io")
    assert [each.given for each in named] == found


def test_without_the_cluster_none_is_added():
    assert with_bootstrap((), UNREAD, ".azurecr.io") == ()


def test_none():
    assert registries_of([], ".azurecr.io") == ()
