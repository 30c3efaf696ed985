"""Requests to an API server: silence, deadlines, certificates, names and proxies."""

import socket
import threading
import time

import pytest

from azext_acrpulldiag.collect.ask import kubernetes
from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.ask.kubernetes import proxy_for
from azext_acrpulldiag.collect.kubernetes.api import KubeApi
from azext_acrpulldiag.collect.kubernetes.login import api_server_from
from tests.azure.state import Cloud
from tests.collect.kube_here import KubeSession, kube_here, kubeconfig


def refusal(call):
    with pytest.raises(ReadError) as caught:
        call()
    return caught.value.why


def a_cloud():
    cloud = Cloud()
    cloud.failing_pod(name="web-00000")
    return cloud


def test_a_silent_server_is_given_up_for_all_that_follows(monkeypatch):
    monkeypatch.setattr(kubernetes, "FIRST_ANSWER_SECONDS", 0.3)
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
    monkeypatch.setattr(kubernetes, "CONNECT_SECONDS", 0.2)
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


def test_the_clusters_audit_log_says_that_az_asked():
    cloud = a_cloud()
    with kube_here(cloud) as (api, _):
        list(api.pods())
    assert [entry.user_agent.startswith("AZURECLI/") for entry in cloud.log] == [True]


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
