"""Images that nodes ask the registry for under another host's name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.image.credential_host import HOST_WITHOUT_CREDENTIAL, nodes_bring_their_credential
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Bootstrap, Unreadable
from azext_acrpulldiag.model import Status
from tests.build import REGISTRY_ID, cluster, failing, failing_pods_facts, healthy_facts, kubernetes

SERVER = "contosoreg.azurecr.io"
FORBIDDEN = Unreadable("forbidden", "HTTP 403")
ANONYMOUS = (
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
    f"https://{SERVER}/oauth2/token?scope=repository%3Ahub%2Fnginx%3Apull&service={SERVER}: 401 Unauthorized"
)


def found(image="nginx:1.27", message=ANONYMOUS, **changes):
    return evaluate(nodes_bring_their_credential, failing_pods_facts((failing(message, image=image),), **changes))


@pytest.mark.parametrize(
    ("image", "host"),
    [("nginx:1.27", "docker.io"), ("images.contoso.example/hub/nginx:1.27", "images.contoso.example")],
)
def test_nodes_that_come_as_nobody_under_another_name(image, host):
    (finding,) = found(image)
    assert finding.outcome == HOST_WITHOUT_CREDENTIAL.id
    assert (finding.evidence["host"], finding.evidence["suggestion"]) == (host, f"{SERVER}/hub/nginx:1.27")
    commands = [remedy.command for remedy in finding.remedies if remedy.command]
    assert commands[-1].endswith(f"set image deployment/web app={SERVER}/hub/nginx:1.27 --namespace web")


@pytest.mark.parametrize(
    "message",
    [
        f"unexpected status from HEAD request to https://{SERVER}/v2/hub/nginx/manifests/1?ns=docker.io: 404 Not Found",
        ANONYMOUS.replace("anonymous", "oauth"),
    ],
)
def test_another_answer_or_a_credential_is_no_sign_of_it(message):
    (finding,) = found(message=message)
    assert finding.status is Status.PASS


@pytest.mark.parametrize(
    "image",
    [
        f"{SERVER}/hub/nginx:1.27",
        "contosoreg.westeurope.geo.azurecr.io/hub/nginx:1.27",
        "contosoreg.privatelink.azurecr.io/hub/nginx:1.27",
        "contosoreg/hub/nginx:1.27",
        "hub/Nginx:1.27",
    ],
)
def test_by_its_own_name_or_one_that_is_misspelt_nothing_applies(image):
    (finding,) = found(image)
    assert finding.status is Status.SKIPPED


def test_images_of_aks_come_with_the_identity():
    isolated = cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID))
    (finding,) = found("mcr.microsoft.com/hub/nginx:1.27", cluster=isolated)
    assert finding.status is Status.SKIPPED
    (finding,) = found("mcr.microsoft.com/hub/nginx:1.27")
    assert finding.outcome == HOST_WITHOUT_CREDENTIAL.id


def test_other_registries_pods_and_none_that_fail():
    for facts in (healthy_facts(), failing_pods_facts((failing("401 Unauthorized", image="nginx:1"),))):
        (finding,) = evaluate(nodes_bring_their_credential, facts)
        assert finding.status is Status.SKIPPED


def test_a_registry_that_was_not_read_leaves_it_unknown():
    (finding,) = found(registry=FORBIDDEN)
    assert finding.status is Status.UNKNOWN


@pytest.mark.parametrize("read", [FORBIDDEN, replace(kubernetes(), failing=FORBIDDEN)])
def test_pods_that_were_not_read_name_no_image(read):
    (finding,) = evaluate(nodes_bring_their_credential, healthy_facts(kubernetes=read))
    assert finding.status is Status.SKIPPED
