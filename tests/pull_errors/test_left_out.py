"""Images that pods write without a host."""

import pytest

from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.images.references import written
from azext_acrpulldiag.pull_errors.left_out import hostless_image, may_lack_its_host, symptoms_by_scope
from tests.build import failing, hostless_facts

SERVER = "contosoreg.azurecr.io"
DENIED = "pull access denied, repository does not exist or may require authorization"
DIGEST = "sha256:" + "5e" * 32


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("shop/web:v1", "shop/web:v1"),
        ("shop/web", "shop/web:latest"),
        ("web:v1", "web:v1"),
        ("library/web:v1", "library/web:v1"),
        (f"shop/web@{DIGEST}", f"shop/web@{DIGEST}"),
        ("a/b/c:1", "a/b/c:1"),
    ],
)
def test_a_name_without_a_host_may_be_meant_for_the_registry(text, meant):
    assert written(hostless_image(text, SERVER)) == f"{SERVER}/{meant}"


@pytest.mark.parametrize(
    "text",
    [
        "docker.io/shop/web:v1",
        "index.docker.io/shop/web:v1",
        "quay.io/shop/web:v1",
        "localhost/shop/web:v1",
        "localhost:5000/web:v1",
        "Shop/web:v1",
        "contosoreg/shop/web:v1",
        f"{SERVER}/shop/web:v1",
        "shop/Web:v1",
        "",
    ],
)
def test_one_that_names_a_host_or_is_none_is_not(text):
    assert hostless_image(text, SERVER) is None


@pytest.mark.parametrize(
    ("message", "may"),
    [
        (DENIED, True),
        ("docker.io/shop/web:v1: not found", True),
        ('Get "https://auth.docker.io/token?scope=repository%3Ashop%2Fweb%3Apull": 401 Unauthorized', True),
        ("dial tcp: lookup registry-1.docker.io: no such host", True),
        ('Back-off pulling image "shop/web:v1"', True),
        ('Get "https://production.cloudflare.docker.com/registry-v2/x": dial tcp 1.2.3.4:443: i/o timeout', False),
        ("429 Too Many Requests: toomanyrequests: You have reached your pull rate limit", False),
        ("no space left on device", False),
        (
            "unexpected status from HEAD request to https://mirror.example/v2/a/manifests/v1: 404 Not Found",
            False,
        ),
    ],
)
def test_what_docker_hub_has_or_another_host_was_asked_for_is_not_looked_up(message, may):
    assert bool(may_lack_its_host([failing(message, image="shop/web:v1")], SERVER)) is may


def test_an_image_is_looked_up_once():
    pods = [failing(DENIED, image="shop/web:v1", pod=str(number)) for number in range(3)]
    assert list(may_lack_its_host(pods, SERVER)) == ["shop/web:v1"]


@pytest.mark.parametrize(
    ("changes", "scope"),
    [
        ({}, (1, 0)),
        ({"there": False}, (0, 1)),
        ({"there": Unreadable("forbidden", "HTTP 403")}, (0, 1)),
        ({"message": "429 Too Many Requests: toomanyrequests"}, (0, 1)),
        ({"hostless_images": Unreadable("forbidden", "HTTP 403")}, (0, 1)),
        ({"hostless_images": None}, (0, 1)),
    ],
)
def test_it_is_in_scope_where_the_registry_has_it(changes, scope):
    inside, outside = symptoms_by_scope(hostless_facts(**changes))
    assert (len(inside), len(outside)) == scope
    assert all(each.elsewhere for each in inside)
