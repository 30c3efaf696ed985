"""Pods that run: one page of them, and when it is read."""

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.kubernetes import api as kube_api
from azext_acrpulldiag.collect.kubernetes.running import read_running_pods, running_pod_from
from azext_acrpulldiag.collect.kubernetes.workloads import Scope
from azext_acrpulldiag.facts import RunningPod
from tests.azure import secrets as make
from tests.azure.state import Cloud
from tests.collect.kube_here import kube_here
from tests.recordings import body

IMAGE = "contosoreg.azurecr.io/team/app:1.2"


class Api:
    """The API server, which answers with what it is given."""

    def __init__(self, *items, complete=True):
        self.items, self.complete, self.asked = items, complete, []

    def some_pods(self, namespace, selector):
        self.asked.append((namespace, selector))
        return list(self.items), self.complete


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        (Scope(), (None, "status.phase=Running")),
        (Scope("team"), ("team", "status.phase=Running")),
        (Scope("team", "web-1"), ("team", "status.phase=Running,metadata.name=web-1")),
        (Scope(None, "web-1"), ("default", "status.phase=Running,metadata.name=web-1")),
    ],
)
def test_one_page_is_asked_for(scope, asked):
    api = Api(complete=False)
    found = read_running_pods(api, scope)
    assert (found.pods, found.complete, api.asked) == ((), False, [asked])


def test_a_pod_shows_all_its_images_and_its_secrets():
    cloud = Cloud()
    pod = make.running_pod(cloud, secrets=("one", "two"))
    pod["spec"]["initContainers"] = [{"name": "init", "image": "nginx"}, {"name": "again", "image": IMAGE}]
    found = running_pod_from(pod)
    assert found == RunningPod("team", "web-1", (IMAGE, "nginx"), ("one", "two"), "Deployment/web")


@pytest.mark.parametrize("spec", [None, {}, {"containers": None}, {"containers": {}, "imagePullSecrets": "x"}])
def test_what_a_pod_does_not_show_is_empty(spec):
    found = running_pod_from({"metadata": {"name": "a"}, "spec": spec})
    assert (found.images, found.pull_secrets, found.owner) == ((), (), None)


def test_a_recorded_pod():
    found = running_pod_from(body("k8s/podlist_image_pull_fail")["items"][0])
    assert found.images and found.name


# --- over the wire --------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "complete"), [(2, True), (3, False)])
def test_more_than_a_page_is_not_complete(monkeypatch, count, complete):
    monkeypatch.setattr(kube_api, "PAGE", 2)
    cloud = Cloud()
    for number in range(count):
        make.running_pod(cloud, f"web-{number}")
    make.failing_pod(cloud, name="fails")
    with kube_here(cloud) as (api, session):
        found = read_running_pods(api, Scope())
    assert ([pod.name for pod in found.pods], found.complete) == (["web-0", "web-1"], complete)
    assert session.meter.requests == 1


def test_a_refusal_is_told():
    cloud = Cloud()
    cloud.forbid_in_cluster("list pods")
    with kube_here(cloud) as (api, _), pytest.raises(ReadError) as raised:
        read_running_pods(api, Scope("team"))
    assert raised.value.why.reason == "forbidden"
