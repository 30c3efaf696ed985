"""The image of a registry that a node asked for, where the pod names it otherwise."""

import pytest

from azext_acrpulldiag.facts import Bootstrap
from azext_acrpulldiag.images.references import written
from azext_acrpulldiag.pull_errors.asked import Requested, asked_for, requests_in, shown_image
from tests.build import REGISTRY_ID, cluster, failing, failing_pods_facts, registry

SERVER = "contosoreg.azurecr.io"
DIGEST = "sha256:" + "5e" * 32
COREDNS = "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-3"


def mirrored(url, image=COREDNS, said="404 Not Found"):
    return failing(f"unexpected status from HEAD request to {url}: {said}", image=image)


@pytest.mark.parametrize(
    ("url", "image", "asked"),
    [
        (f"https://{SERVER}/v2/aks/coredns/manifests/v1?ns=mcr.microsoft.com", COREDNS, f"{SERVER}/aks/coredns:v1"),
        (f"https://{SERVER}:443/v2/hub/nginx/manifests/1.27", "nginx:1.27", f"{SERVER}/hub/nginx:1.27"),
        (f"https://{SERVER}/v2/hub/nginx/manifests/{DIGEST}?ns=docker.io", "nginx", f"{SERVER}/hub/nginx@{DIGEST}"),
        (f"https://{SERVER}/v2/hub/nginx/blobs/{DIGEST}?ns=docker.io", "nginx:1.27", f"{SERVER}/hub/nginx:1.27"),
        (
            f"https://{SERVER}/oauth2/token?scope=repository%3Ahub%2Fnginx%3Apull&service={SERVER}",
            "nginx:1.27",
            f"{SERVER}/hub/nginx:1.27",
        ),
        (f"https://{SERVER}/oauth2/token?scope=repository:hub/nginx:pull", "nginx", f"{SERVER}/hub/nginx:latest"),
    ],
)
def test_a_url_of_the_registry_shows_what_was_asked_for(url, image, asked):
    assert written(shown_image(mirrored(url, image), SERVER, {SERVER})) == asked


@pytest.mark.parametrize(
    ("url", "image"),
    [
        ("https://mcr.microsoft.com/v2/oss/v2/kubernetes/coredns/manifests/v1", COREDNS),
        (f"https://{SERVER}/v2/", COREDNS),
        (f"https://{SERVER}/v2/UPPER/manifests/v1", COREDNS),
        (f"https://{SERVER}/v2/a/manifests/-", COREDNS),
        (f"https://{SERVER}/v2/a/blobs/{DIGEST}", "///:::"),
        (f"https://{SERVER}.example.com/v2/a/manifests/1", COREDNS),
    ],
)
def test_what_no_url_of_the_registry_shows_is_not_guessed(url, image):
    assert shown_image(mirrored(url, image), SERVER, {SERVER}) is None


def test_requests_are_told_in_their_order():
    message = (
        f"Head https://{SERVER}/v2/a/manifests/1: EOF, then failed to fetch https://one.blob.core.windows.net/x: 403"
    )
    assert requests_in(message) == (Requested(SERVER, "a", "1"), Requested("one.blob.core.windows.net"))


def test_the_url_tells_better_than_the_clusters_own_prefix():
    """An older cluster asks without the prefix of today."""
    isolated = failing_pods_facts(cluster=cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID)))
    shown = mirrored(f"https://{SERVER}/v2/oss/v2/kubernetes/coredns/manifests/v1.12.1-3?ns=mcr.microsoft.com")
    assert written(asked_for(shown, isolated)) == f"{SERVER}/oss/v2/kubernetes/coredns:v1.12.1-3"
    silent = failing("Back-off pulling image", image=COREDNS)
    below = f"{SERVER}/aks-managed-repository/oss/v2/kubernetes/coredns:v1.12.1-3"
    assert written(asked_for(silent, isolated)) == below
    assert asked_for(silent, failing_pods_facts()) is None


def test_an_image_of_the_registry_is_what_the_pod_names():
    """The streaming mirror on a node is asked in the registry's place, and is no registry."""
    message = f'Head "http://localhost:8578/v2/shop/web/manifests/v1?ns={SERVER}": connection refused'
    named = failing(message, image=f"{SERVER}/shop/web:v1")
    assert written(asked_for(named, failing_pods_facts())) == f"{SERVER}/shop/web:v1"
    assert asked_for(failing(message, image="ghcr.io/shop/web:v1"), failing_pods_facts()) is None


def test_its_other_hosts_are_the_registrys():
    own = registry(regional_hosts=("contosoreg.westeurope.geo.azurecr.io",))
    shown = mirrored("https://contosoreg.westeurope.geo.azurecr.io/v2/hub/nginx/manifests/1?ns=docker.io", "nginx:1")
    assert written(asked_for(shown, failing_pods_facts(registry=own))) == f"{SERVER}/hub/nginx:1"
