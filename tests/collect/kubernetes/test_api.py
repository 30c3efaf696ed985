"""The Kubernetes API through the real transport: pages, refusals, and servers that do not answer."""

import json
import socket
import threading
import time

import pytest

from azext_acrpulldiag.collect.ask import kubernetes as ask_kubernetes
from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.ask.kubernetes import proxy_for
from azext_acrpulldiag.collect.kubernetes import api as kube_api
from azext_acrpulldiag.collect.kubernetes.api import KubeApi
from azext_acrpulldiag.collect.kubernetes.login import api_server_from
from tests.azure.state import Cloud
from tests.collect.kube_here import TOKEN, KubeSession, kube_here, kubeconfig

pytest.importorskip("kubernetes", reason="kubernetes is not installed")


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
        monkeypatch.setattr(api._transport, "GET", lambda *_, **__: (200, json.dumps(body).encode()))
        assert refusal(lambda: list(api.nodes())).reason == "malformed"
        assert refusal(lambda: list(api.pods())).reason == "malformed"
        assert refusal(lambda: list(api.events())).reason == "malformed"


def test_a_pod_of_another_shape_is_none(monkeypatch):
    with kube_here(a_cloud(0)) as (api, _):
        monkeypatch.setattr(api._transport, "GET", lambda *_, **__: (200, b'{"metadata": {"name": "n"}}'))
        assert refusal(lambda: api.pod("web", "n")).reason == "malformed"


def test_selectors_and_namespaces_reach_the_server():
    cloud = a_cloud(1)
    cloud.pulled()
    cloud.failing_pod(name="other", namespace="elsewhere")
    with kube_here(cloud) as (api, _):
        assert [pod["metadata"]["name"] for pod in api.pods("web", "status.phase=Pending")] == ["web-00000"]
        assert [event["reason"] for event in api.events(None, "reason=Pulled")] == ["Pulled"]
        assert list(api.nodes()) == []


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


def test_a_silent_server_is_given_up_for_all_that_follows(monkeypatch):
    monkeypatch.setattr(ask_kubernetes, "FIRST_ANSWER_SECONDS", 0.3)
    cloud = a_cloud()
    cloud.silence_api_server()
    with kube_here(cloud) as (api, session):
        first = refusal(lambda: list(api.pods()))
        second = refusal(lambda: api.secret("web", "pull"))
    assert first.reason == "timeout"
    assert second is first
    assert session.meter.requests == 1


def test_the_deadline_cuts_an_answer_that_drips():
    cloud = a_cloud()
    cloud.fault("/api/v1/pods", "drip")
    with kube_here(cloud, seconds=1.0) as (api, _):
        began = time.monotonic()
        assert refusal(lambda: list(api.pods())).reason == "timeout"
    assert time.monotonic() - began < 15


def test_without_time_left_nothing_is_asked():
    cloud = a_cloud()
    with kube_here(cloud) as (api, session):
        session.deadline.end()
        assert refusal(lambda: list(api.pods())).reason == "timeout"
    assert session.meter.requests == 0


def test_a_name_that_nobody_can_look_up_costs_seconds_once(monkeypatch):
    found = threading.Event()
    monkeypatch.setattr(ask_kubernetes, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found.wait(60))
    monkeypatch.setenv("NO_PROXY", "*")
    session = KubeSession(60)
    api = KubeApi(session, api_server_from(kubeconfig("private.example"), lambda: ""))
    began = time.monotonic()
    assert refusal(lambda: list(api.pods())).reason == "timeout"
    assert refusal(lambda: list(api.nodes())).reason == "timeout"
    assert time.monotonic() - began < 30
    found.set()
    assert session.meter.requests == 0


def test_a_server_with_another_certificate_is_not_trusted(monkeypatch):
    cloud = a_cloud()
    with kube_here(cloud) as (_, session):
        config = kubeconfig(cloud.cluster["properties"]["fqdn"])
        config["clusters"][0]["cluster"].pop("certificate-authority-data")
        api = KubeApi(session, api_server_from(config, lambda: ""))
        why = refusal(lambda: list(api.pods()))
    assert why.reason == "unreachable"
    assert "certificate" in why.detail.lower()
    assert not cloud.log.lines()


def test_no_body_and_no_token_is_logged(debug_log):
    cloud = a_cloud()
    cloud.api.add("secrets", {"metadata": {"name": "pull", "namespace": "web"}, "data": {"k": "c2VjcmV0"}})
    with kube_here(cloud) as (api, _):
        api.secret("web", "pull")
    assert "c2VjcmV0" not in debug_log.text
    assert TOKEN not in debug_log.text


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "10.0.0.1:3128"}, "http://10.0.0.1:3128"),
        ({"HTTP_PROXY": "http://plain:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".azmk8s.io"}, None),
        ({"ALL_PROXY": "http://all:1"}, "http://all:1"),
        ({}, None),
    ],
)
def test_the_proxy_is_that_of_the_rest_of_az(monkeypatch, environment, proxy):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for("https://prod-1.hcp.westeurope.azmk8s.io:443") == proxy
