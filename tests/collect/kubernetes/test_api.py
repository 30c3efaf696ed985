"""The Kubernetes API through the real transport: pages, refusals, and answers that are none."""

import json

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.kubernetes import api as kube_api
from tests.azure.state import Cloud
from tests.collect.kube_here import TOKEN, kube_here


def refusal(call):
    with pytest.raises(ReadError) as caught:
        call()
    return caught.value.why


def a_cloud(pods=1):
    cloud = Cloud()
    for number in range(pods):
        cloud.failing_pod(name=f"web-{number:05}")
    return cloud


def test_lists_are_read_page_by_page(monkeypatch):
    monkeypatch.setattr(kube_api, "PAGE", 2)
    cloud = a_cloud(5)
    with kube_here(cloud) as (api, session):
        names = [pod["metadata"]["name"] for pod in api.pods()]
    assert names == [f"web-{number:05}" for number in range(5)]
    assert (session.meter.requests, session.meter.longest_chain) == (3, 3)
    assert all("limit=2" in line for line in cloud.log.lines())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": None},
        {"items": "text"},
        {"items": ["text"]},
        {"items": [{"metadata": None, "status": {}}]},
        {"items": [{"metadata": {"name": "n"}, "status": None}]},
        {"items": [{"metadata": {"name": "n"}, "status": "text"}]},
    ],
)
def test_a_list_of_another_shape_is_not_an_empty_one(body, monkeypatch):
    with kube_here(a_cloud(0)) as (api, _):
        monkeypatch.setattr(api._http, "get", lambda *_: (200, json.dumps(body).encode()))
        assert refusal(lambda: list(api.nodes())).reason == "malformed"
        assert refusal(lambda: list(api.pods())).reason == "malformed"
        assert refusal(lambda: list(api.events())).reason == "malformed"


def test_a_pod_of_another_shape_is_none(monkeypatch):
    with kube_here(a_cloud(0)) as (api, _):
        monkeypatch.setattr(api._http, "get", lambda *_: (200, b'{"metadata": {"name": "n"}}'))
        assert refusal(lambda: api.pod("web", "n")).reason == "malformed"


def test_selectors_and_namespaces_reach_the_server():
    cloud = a_cloud(1)
    cloud.pulled()
    cloud.failing_pod(name="other", namespace="elsewhere")
    with kube_here(cloud) as (api, _):
        assert [pod["metadata"]["name"] for pod in api.pods("web", "status.phase=Pending")] == ["web-00000"]
        assert [event["reason"] for event in api.events(None, "reason=Pulled")] == ["Pulled"]
        assert list(api.nodes()) == []


def test_every_name_is_one_part_of_its_path(monkeypatch):
    asked = []
    with kube_here(a_cloud(0)) as (api, _):
        monkeypatch.setattr(api._http, "get", lambda path, *_: (asked.append(path), (404, b""))[1])
        assert refusal(lambda: list(api.pods("a/b?c"))).reason == "not-found"
        assert [api.secret("web", "../x#y"), api.namespace("a b/%2e")] == [None, None]
    assert asked == [
        "/api/v1/namespaces/a%2Fb%3Fc/pods",
        "/api/v1/namespaces/web/secrets/..%2Fx%23y",
        "/api/v1/namespaces/a%20b%2F%252e",
    ]


def test_single_objects_are_there_or_absent():
    cloud = a_cloud(1)
    cloud.api.add("secrets", {"metadata": {"name": "pull", "namespace": "web"}, "type": "x", "data": {"k": "dg=="}})
    cloud.api.add("serviceaccounts", {"metadata": {"name": "default", "namespace": "web"}})
    with kube_here(cloud) as (api, _):
        assert api.secret("web", "pull")["data"] == {"k": "dg=="}
        assert api.service_account("web", "default")["metadata"]["name"] == "default"
        assert api.pod("web", "web-00000")["status"]["phase"] == "Pending"
        assert api.namespace("web")["metadata"]["name"] == "web"
        assert [api.secret("web", "x"), api.service_account("web", "x"), api.pod("x", "y"), api.namespace("x")] == [
            None
        ] * 4


@pytest.mark.parametrize(
    ("verb", "call", "permission"),
    [
        (
            "list pods",
            lambda api: list(api.pods()),
            "list pods (Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader)",
        ),
        (
            "list pods",
            lambda api: list(api.pods("web")),
            "list pods in namespace web (Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader)",
        ),
        (
            "list nodes",
            lambda api: list(api.nodes()),
            "list nodes (Kubernetes RBAC, or the Azure data action "
            "Microsoft.ContainerService/managedClusters/nodes/read)",
        ),
        (
            "get secrets",
            lambda api: api.secret("web", "pull"),
            "get secrets in namespace web (Kubernetes RBAC, or Azure Kubernetes Service RBAC Writer)",
        ),
    ],
)
def test_a_refusal_names_the_right_that_is_missing(verb, call, permission):
    cloud = a_cloud()
    cloud.forbid_in_cluster(verb)
    with kube_here(cloud) as (api, _):
        why = refusal(lambda: call(api))
    assert (why.reason, why.permission) == ("forbidden", permission)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("401", "not-logged-in"),
        ("429", "throttled"),
        ("500", "server-error"),
        ("html", "malformed"),
        ("truncated", "malformed"),
        ("list", "malformed"),
        ("mistyped", "malformed"),
        ("reset", "unreachable"),
        ("cut", "unreachable"),
    ],
)
def test_no_answer_is_named_once_and_never_asked_again(kind, reason):
    cloud = a_cloud()
    cloud.fault("/api/v1/pods", kind)
    with kube_here(cloud) as (api, session):
        assert refusal(lambda: list(api.pods())).reason == reason
    assert session.meter.requests == 1


def test_no_body_and_no_token_is_logged(debug_log):
    cloud = a_cloud()
    cloud.api.add("secrets", {"metadata": {"name": "pull", "namespace": "web"}, "data": {"k": "c2VjcmV0"}})
    with kube_here(cloud) as (api, _):
        api.secret("web", "pull")
    assert "c2VjcmV0" not in debug_log.text
    assert TOKEN not in debug_log.text
