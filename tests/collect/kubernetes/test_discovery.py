"""Registries that failing pods name."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.collect.kubernetes.discovery import hosts_seen, registries_of, with_bootstrap
from azext_acrpulldiag.facts import Bootstrap, PulledImage, Unreadable
from tests.build import NOW, REGISTRY_ID, cluster, failing, kubernetes

UNREAD = Unreadable("forbidden", "HTTP 403")


def test_hosts_of_this_cloud_each_once_and_sorted():
    hosts = [
        "fabrikam.azurecr.io",
        "contosoreg.azurecr.io",
        "CONTOSOREG.azurecr.io",
        "contosoreg.westeurope.geo.azurecr.io",
        "docker.io",
        "contosoreg.azurecr.us",
        "contosoreg.azureacr.io",
        "ab.azurecr.io",
        "",
        "evil.azurecr.io.example.com",
    ]
    found = registries_of(hosts, ".azurecr.io")
    assert [each.login_server for each in found] == ["contosoreg.azurecr.io", "fabrikam.azurecr.io"]


@pytest.mark.parametrize(
    ("hosts", "bootstrap", "found"),
    [
        ((), Bootstrap("Cache", REGISTRY_ID), [REGISTRY_ID]),
        (("contosoreg.azurecr.io",), Bootstrap("Cache", REGISTRY_ID), ["contosoreg.azurecr.io"]),
        (("fabrikam.azurecr.io",), Bootstrap("Cache", REGISTRY_ID), ["fabrikam.azurecr.io", REGISTRY_ID]),
        ((), Bootstrap("Cache", "/no/registry"), []),
        ((), Bootstrap("Cache", UNREAD), []),
        ((), Bootstrap("Direct", None), []),
        ((), UNREAD, []),
    ],
)
def test_the_bootstrap_registry_is_one_of_them(hosts, bootstrap, found):
    named = with_bootstrap(registries_of(hosts, ".azurecr.io"), cluster(bootstrap=bootstrap), ".azurecr.io")
    assert [each.given for each in named] == found


PULLED = PulledImage("fabrikam.azurecr.io/a:1", "n", "pool1", NOW, "web")
DENIED = "pull access denied, repository does not exist or may require authorization"
MIRRORED = "unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/hub/a/manifests/1?ns=docker.io: 404"


@pytest.mark.parametrize(
    ("image", "message", "found"),
    [
        ("contosoreg.azurecr.io/a:1", "401 Unauthorized", {"contosoreg.azurecr.io"}),
        ("a:1", MIRRORED, {"docker.io", "contosoreg.azurecr.io"}),
        ("shop/web:v1", DENIED, {"docker.io", "fabrikam.azurecr.io"}),
        ("docker.io/shop/web:v1", DENIED, {"docker.io"}),
        ("shop/web:v1", "429 Too Many Requests", {"docker.io"}),
        ("///:::", "InvalidImageName", {""}),
    ],
)
def test_the_hosts_that_failing_pods_make_known(image, message, found):
    seen = replace(kubernetes(failing(message, image=image)), pulled=(PULLED,))
    assert set(hosts_seen(seen)) == found


@pytest.mark.parametrize("changes", [{"failing": UNREAD}, {"failing": ()}])
def test_nothing_that_fails_makes_no_host_known(changes):
    assert not list(hosts_seen(replace(kubernetes(), pulled=(PULLED,), **changes)))


def test_pulls_that_could_not_be_read_make_no_host_known():
    seen = replace(kubernetes(failing(DENIED, image="shop/web:v1")), pulled=UNREAD)
    assert set(hosts_seen(seen)) == {"docker.io"}


def test_without_the_cluster_none_is_added():
    assert with_bootstrap((), UNREAD, ".azurecr.io") == ()


def test_none():
    assert registries_of([], ".azurecr.io") == ()
