"""Which failing containers are the registry's, and what their messages are called."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import Bootstrap, CacheRule, Unreadable
from azext_acrpulldiag.pull_errors.symptoms import LONGEST_MESSAGE, login_server_of, scope_unread, symptoms_of
from azext_acrpulldiag.targets import NO_REGISTRY, RegistryForm, RegistryTarget, Targets
from tests.build import (
    NOW,
    REGISTRY_ID,
    SUBSCRIPTION,
    UNAUTHORIZED,
    cluster,
    failing,
    failing_pods_facts,
    healthy_facts,
    isolated_facts,
    kubernetes,
    registry,
)

UNREAD = Unreadable("forbidden", "HTTP 403")


def sides(container, **changes):
    inside, outside = symptoms_of(failing_pods_facts((container,), **changes))
    return len(inside), len(outside)


@pytest.mark.parametrize(
    "image",
    [
        "contosoreg.azurecr.io/team/app:1.2",
        "CONTOSOREG.azurecr.io/team/app",
        "contosoreg.azureacr.io/team/app",
        "contosoreg.azurecr.us/team/app",
        "contosoreg/app:1",
        "contosoreg.privatelink.azurecr.io/app",
        "contosoreg.westeurope.geo.azurecr.io/app",
        "https://contosoreg.azurecr.io/app",
        "contosoreg.azurecr.io/App:1",
        "contosorge.azurecr.io/app",
    ],
)
def test_images_of_the_registry_or_of_a_host_like_it_are_in_scope(image):
    assert sides(failing(image=image)) == (1, 0)


@pytest.mark.parametrize("image", ["nginx", "docker.io/library/nginx:1", "fabrikam.azurecr.io/a", "///:::", ""])
def test_all_others_are_out_of_scope(image):
    assert sides(failing("manifest unknown", image=image)) == (0, 1)


def test_an_image_that_the_nodes_get_through_the_registry_is_in_scope():
    """A network-isolated cluster mirrors mcr.microsoft.com to its own registry."""
    mirrored = failing(
        "failed to do request: Head https://contosoreg.azurecr.io/v2/aks-managed-repository/x/manifests/1: 403 "
        "Forbidden",
        image="mcr.microsoft.com/x:1",
    )
    assert sides(
        mirrored, cache_rules=(CacheRule("r", "mcr.microsoft.com/*", "aks-managed-repository/*", None, None),)
    ) == (
        1,
        0,
    )


@pytest.mark.parametrize(
    "message",
    [
        "failed to do request: Head https://contosoreg.azurecr.io/v2/hub/nginx/manifests/1?ns=docker.io: EOF; then "
        "https://registry-1.docker.io/v2/library/nginx/manifests/1: dial tcp 1.2.3.4:443: i/o timeout",
        "failed to fetch anonymous token: unexpected status from GET request to https://contosoreg.azurecr.io/oauth2/"
        "token?scope=repository%3Ahub%2Fnginx%3Apull&service=contosoreg.azurecr.io: 401 Unauthorized",
    ],
)
def test_a_request_to_the_registry_brings_an_image_of_any_name_into_scope(message):
    inside, outside = symptoms_of(failing_pods_facts((failing(message, image="nginx:1"),)))
    assert [each.asked for each in inside] == ["contosoreg.azurecr.io/hub/nginx:1"]
    assert outside == ()
    assert sides(failing(message.replace("contosoreg", "fabrikam"), image="nginx:1")) == (0, 1)


AKS_IMAGE = "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-3"
OTHER_ID = REGISTRY_ID.replace("contosoreg", "fabrikam")


@pytest.mark.parametrize(
    ("bootstrap", "scope"),
    [
        (Bootstrap("Cache", REGISTRY_ID.upper()), (1, 0)),
        (Bootstrap("Cache", OTHER_ID), (0, 1)),
        (Bootstrap("Cache", UNREAD), (0, 1)),
        (Bootstrap("Direct", None), (0, 1)),
        (UNREAD, (0, 1)),
    ],
)
def test_images_of_aks_are_the_bootstrap_registrys(bootstrap, scope):
    for read in (registry(), UNREAD):
        waiting = failing("manifest unknown", image=AKS_IMAGE)
        assert sides(waiting, cluster=cluster(bootstrap=bootstrap), registry=read) == scope


@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (RegistryTarget(REGISTRY_ID, RegistryForm.RESOURCE_ID, SUBSCRIPTION, "rg-shared", "contosoreg"), (1, 0)),
        (RegistryTarget(OTHER_ID, RegistryForm.RESOURCE_ID, SUBSCRIPTION, "rg-shared", "fabrikam"), (0, 1)),
        (RegistryTarget("c", RegistryForm.LOGIN_SERVER, login_server="contosoreg-a1b2.azurecr.io"), (1, 0)),
        (NO_REGISTRY, (0, 1)),
    ],
)
def test_a_bootstrap_registry_that_was_not_read_is_known_by_its_name(target, scope):
    isolated = cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID))
    targets = Targets(healthy_facts().targets.cluster, target)
    waiting = failing("manifest unknown", image=AKS_IMAGE)
    assert sides(waiting, cluster=isolated, registry=UNREAD, targets=targets) == scope


def test_what_is_said_of_the_host_behind_a_mirror_tells_nothing():
    isolated = isolated_facts()
    assert [each.symptom_class for each in symptoms_of(isolated)[0]] == ["backoff-only"]
    refused = "unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/x: 401 Unauthorized"
    told = replace(isolated, kubernetes=kubernetes(failing(refused, image=AKS_IMAGE)))
    assert [each.symptom_class for each in symptoms_of(told)[0]] == ["unauthorized-401"]


@pytest.mark.parametrize(
    ("changes", "unread"),
    [
        ({}, None),
        ({"registry": UNREAD}, UNREAD),
        ({"cluster": UNREAD}, UNREAD),
        ({"cluster": UNREAD, "kubernetes": kubernetes(failing())}, None),
        ({"cluster": UNREAD, "kubernetes": UNREAD}, None),
        ({"cluster": UNREAD, "kubernetes": kubernetes()}, None),
    ],
)
def test_why_it_is_not_known_whose_images_pods_wait_for(changes, unread):
    assert scope_unread(isolated_facts(**changes)) == unread


def test_a_bootstrap_registry_that_is_not_shown_leaves_open_whose_images_those_are():
    found = scope_unread(isolated_facts(cluster=cluster(bootstrap=Bootstrap("Cache", UNREAD))))
    assert "mcr.microsoft.com" in found.detail


def test_without_the_registry_the_name_that_the_user_gave_decides():
    assert sides(failing(), registry=UNREAD) == (1, 0)
    by_server = RegistryTarget("x", RegistryForm.LOGIN_SERVER, login_server="fabrikam.azurecr.io")
    facts = failing_pods_facts(registry=UNREAD)
    facts = replace(facts, targets=Targets(facts.targets.cluster, by_server))
    assert login_server_of(facts) == "fabrikam.azurecr.io"
    assert symptoms_of(facts)[0] == ()


def test_its_own_further_hosts_are_the_registrys():
    own = registry(regional_hosts=("contosoreg.westeurope.geo.azurecr.io",))
    assert sides(failing(image="contosoreg.westeurope.geo.azurecr.io/a"), registry=own) == (1, 0)


@pytest.mark.parametrize(
    ("message", "reason", "expected"),
    [
        (UNAUTHORIZED, "ErrImagePull", "unauthorized-401"),
        ("pull QPS exceeded", "ErrImagePull", "kubelet-qps"),
        ('Back-off pulling image "contosoreg.azurecr.io/team/app:1.2"', "ImagePullBackOff", "backoff-only"),
        ("ImagePullBackOff", "ImagePullBackOff", "backoff-only"),
        ("InvalidImageName", "InvalidImageName", "invalid-image-name"),
        ("", "ErrImageNeverPull", "never-pull"),
        ("", "SignatureValidationFailed", "signature-verification"),
        ("Container started", "ErrImagePull", "other"),
        ("some words", "ErrImagePull", "other"),
    ],
)
def test_classes(message, reason, expected):
    """A container that waits on its image is never dropped, whatever its text says."""
    ((symptom,), _) = symptoms_of(failing_pods_facts((failing(message, reason=reason),)))
    assert symptom.symptom_class == expected


def test_symptoms_carry_what_was_read_and_where():
    ((symptom,), _) = symptoms_of(failing_pods_facts())
    assert (symptom.namespace, symptom.pod, symptom.node_pool, symptom.count) == ("web", "web-5d4f-x2x9z", "pool1", 4)
    assert symptom.last_seen is not None
    assert symptom.last_seen < NOW


def test_hostile_text_is_made_printable_and_cut():
    hostile = failing(
        "\x1b[31m" + "x" * 65536, image="contosoreg.azurecr.io/a:\u202e\x07", container="\x1b]0;title\x07"
    )
    ((symptom,), _) = symptoms_of(failing_pods_facts((hostile,)))
    for text in (symptom.message, symptom.image, symptom.container):
        assert text.isprintable()
    assert len(symptom.message) <= LONGEST_MESSAGE + len(" ...")


def test_symptoms_are_sorted():
    inside, _ = symptoms_of(failing_pods_facts((failing(pod="b"), failing(pod="a"), failing(namespace="aa"))))
    assert [(each.namespace, each.pod) for each in inside] == [("aa", "web-5d4f-x2x9z"), ("web", "a"), ("web", "b")]


@pytest.mark.parametrize("read", [None, UNREAD, kubernetes(), replace(kubernetes(), failing=UNREAD)])
def test_no_symptoms_where_nothing_fails_or_was_read(read):
    assert symptoms_of(replace(healthy_facts(), kubernetes=read)) == ((), ())


def test_a_pool_is_unknown_where_nodes_are():
    facts = replace(healthy_facts(), kubernetes=replace(kubernetes(failing()), nodes=UNREAD))
    assert symptoms_of(facts)[0][0].node_pool is None
