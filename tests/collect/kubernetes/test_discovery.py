"""Registries that failing pods name."""

from azext_acrpulldiag.collect.kubernetes.discovery import registries_of


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


def test_none():
    assert registries_of([], ".azurecr.io") == ()
