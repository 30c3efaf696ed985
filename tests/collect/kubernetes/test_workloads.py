"""Nodes, waiting containers and pulls: recorded shapes, and the simulated API server."""

from datetime import datetime, timedelta, timezone

import pytest

from azext_acrpulldiag.collect.kubernetes import workloads as source
from azext_acrpulldiag.collect.kubernetes.workloads import (
    Scope,
    failing_from,
    node_from,
    of_another_cluster,
    owner_of,
    placement_from,
    pulled_from,
    read_kubernetes,
)
from azext_acrpulldiag.facts import Kubernetes, Placement, Requirement, Unreadable
from tests.azure.state import Cloud
from tests.build import UNAUTHORIZED, kubernetes, node
from tests.collect.kube_here import kube_here
from tests.recordings import body

CAUSE = "x509: certificate is not valid for any names, but wanted to match noimage.com"
BACK_OFF = 'Back-off pulling image "contosoreg.azurecr.io/team/app:1.2"'


def recorded():
    return body("k8s/podlist_image_pull_fail")["items"], body("k8s/eventlist_image_pull_fail")["items"]


def read(cloud, scope=None, seconds=20.0):
    with kube_here(cloud, seconds) as (api, session):
        return read_kubernetes(api, scope or Scope()), session


# --- mapping -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "architecture", "client_id"),
    [
        ("k8s/nodelist_aks_amd64_2025", "amd64", "5487dee8-7105-495c-9508-634e80b1f2be"),
        ("k8s/nodelist_aks_arm64_2025", "arm64", None),
    ],
)
def test_nodes_as_aks_shows_them(recording, architecture, client_id):
    items = body(recording)["items"]
    found = node_from(items[0])
    assert (found.os, found.architecture, found.ready, found.windows_build) == ("linux", architecture, True, None)
    assert found.pool == items[0]["metadata"]["labels"]["kubernetes.azure.com/agentpool"]
    assert found.runtime == "containerd://1.7.27-1"
    if client_id:
        assert found.kubelet_client_id == client_id
    assert found.created.tzinfo is timezone.utc


def test_what_a_node_does_not_show_is_empty():
    found = node_from({"metadata": {"name": "n", "labels": {"karpenter.sh/nodepool": "burst"}}, "status": "text"})
    assert found.runtime is None
    assert (found.pool, found.os, found.kubelet_client_id, found.ready, found.created) == (
        "burst",
        "",
        None,
        False,
        None,
    )


def test_the_recorded_pod_and_its_status():
    pods, events = recorded()
    (found,) = failing_from(pods, events)
    assert (found.namespace, found.container) == ("message-image-pull-fail", "demo-deployment-container")
    assert found.image == "noimage.com/no-such-image"
    assert (found.reason, found.owner, found.kind) == ("ErrImagePull", "Deployment/no-image-deployment", "containers")
    assert CAUSE in found.message
    assert (found.count, found.last_seen) == (5, datetime(2023, 7, 11, 5, 36, 25, tzinfo=timezone.utc))
    assert (found.service_account, found.pull_secrets, found.pull_policy) == ("default", (), "IfNotPresent")


def test_a_failing_pull_begins_with_the_first_event_of_it():
    pods, events = recorded()
    (found,) = failing_from(pods, [each for each in events if each["reason"] in ("Failed", "BackOff")])
    assert found.first_seen == datetime(2023, 7, 11, 5, 34, 46, tzinfo=timezone.utc)
    (found,) = failing_from(pods, [])
    assert found.first_seen is None


@pytest.mark.parametrize("message", [None, "", 'Back-off pulling image "noimage.com/no-such-image"'])
def test_a_status_that_says_nothing_gives_way_to_the_newest_failed_event(message):
    pods, events = recorded()
    waiting = pods[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    waiting |= {"reason": "ImagePullBackOff", "message": message}
    (found,) = failing_from(pods, events)
    assert found.message.startswith('Failed to pull image "noimage.com/no-such-image"')
    assert CAUSE in found.message


def test_without_events_the_status_and_then_the_reason_is_all_there_is():
    pods, _ = recorded()
    waiting = pods[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    waiting |= {"reason": "ImagePullBackOff", "message": BACK_OFF}
    assert failing_from(pods, [])[0].message == BACK_OFF
    waiting["message"] = None
    found = failing_from(pods, [])[0]
    assert (found.message, found.count, found.last_seen) == ("ImagePullBackOff", None, None)


def test_events_of_another_pod_of_that_name_or_of_another_container_do_not_count():
    pods, events = recorded()
    pods[0]["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = None
    for event in events:
        event["involvedObject"]["uid"] = "of-the-pod-before"
    assert failing_from(pods, events)[0].message == "ErrImagePull"
    for event in events:
        event["involvedObject"] |= {"uid": pods[0]["metadata"]["uid"], "fieldPath": "spec.containers{other}"}
    assert failing_from(pods, events)[0].message == "ErrImagePull"


def test_an_event_without_a_field_path_is_known_by_the_image():
    pods, events = recorded()
    pods[0]["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = None
    for event in events:
        event["involvedObject"].pop("fieldPath", None)
    assert CAUSE in failing_from(pods, events)[0].message


@pytest.mark.parametrize("kind", ["containers", "initContainers", "ephemeralContainers"])
def test_every_kind_of_container_counts(kind):
    cloud = Cloud()
    pod = cloud.failing_pod(kind=kind, imagePullSecrets=[{"name": "one"}, {}], serviceAccountName="puller")
    (found,) = failing_from([pod], [])
    assert (found.kind, found.pull_secrets, found.service_account) == (kind, ("one",), "puller")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", "CrashLoopBackOff", "CreateContainerError"])
def test_waiting_for_something_else_is_no_failed_pull(reason):
    assert failing_from([Cloud().failing_pod(reason=reason)], []) == ()


@pytest.mark.parametrize("wrong", [None, "text", 7, ["list"], {"containerStatuses": ["text", {"state": "text"}]}])
def test_a_pod_of_another_shape_breaks_nothing(wrong):
    pod = Cloud().failing_pod()
    assert failing_from([{**pod, "status": wrong}], [{"involvedObject": wrong}, {}]) == ()
    (found,) = failing_from([{**pod, "spec": wrong}], [])
    assert found.node is None


def test_owners():
    pods, _ = recorded()
    pod = pods[0]
    assert owner_of(pod) == "Deployment/no-image-deployment"
    pod["metadata"]["labels"] = {}
    assert owner_of(pod) == "ReplicaSet/no-image-deployment-849c4c4958"
    pod["metadata"]["ownerReferences"][0] |= {"kind": "Job", "name": "nightly"}
    assert owner_of(pod) == "Job/nightly"
    pod["metadata"]["ownerReferences"] = []
    assert owner_of(pod) is None


def test_placement():
    expression = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    by_name = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
    terms = [{"matchExpressions": [expression]}, {"matchFields": [by_name]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    pod = {"spec": {"nodeSelector": {"a": "b"}, "affinity": {"nodeAffinity": required}}}
    assert placement_from(pod) == Placement(
        {"a": "b"},
        ((Requirement("kubernetes.io/os", "In", ("linux",)),), (Requirement("metadata.name", "In", ("n1",)),)),
    )
    assert placement_from({"spec": {"affinity": "text"}}) == Placement()


def test_only_pulls_that_took_time_are_evidence():
    cloud = Cloud()
    events = [cloud.pulled(), cloud.pulled(already_present=True), cloud.pulled(node="unknown-node")]
    found = pulled_from(events, (node("aks-pool1-87752918-vmss000000"),))
    assert [(each.image, each.node_pool) for each in found] == [
        ("contosoreg.azurecr.io/team/other:3", "pool1"),
        ("contosoreg.azurecr.io/team/other:3", None),
    ]
    assert all(each.at.tzinfo is timezone.utc for each in found)


@pytest.mark.parametrize(
    ("labels", "of_another"),
    [
        ({"kubernetes.azure.com/cluster": "mc_RG-app_prod_westeurope"}, False),
        ({"kubernetes.azure.com/cluster": "MC_rg-app_prod"}, False),  # cut
        ({"kubernetes.azure.com/cluster": "MC_rg-app_test_westeurope"}, True),
        ({}, False),
    ],
)
def test_nodes_tell_which_cluster_a_kubeconfig_leads_to(labels, of_another):
    found = of_another_cluster(kubernetes(nodes=(node(labels=labels),)), "MC_rg-app_prod_westeurope")
    assert (found is not None) == of_another
    assert of_another_cluster(kubernetes(nodes=Unreadable("forbidden", "HTTP 403")), "MC_x") is None


# --- reading -----------------------------------------------------------------------------


def test_five_requests_at_once_tell_all_of_a_healthy_cluster():
    cloud = Cloud()
    cloud.node()
    cloud.pulled()
    found, session = read(cloud)
    assert isinstance(found, Kubernetes)
    assert ([each.pool for each in found.nodes], found.failing, len(found.pulled)) == (["pool1"], (), 1)
    assert (session.meter.requests, session.meter.longest_chain) == (5, 1)


def test_running_pods_are_found_by_the_events_that_name_them():
    cloud = Cloud()
    pod = cloud.failing_pod(message="", reason="ImagePullBackOff", phase="Running")
    cloud.event(pod, "Failed", UNAUTHORIZED, ago=timedelta(minutes=20))
    cloud.event(pod, "BackOff", BACK_OFF)
    crashing = cloud.failing_pod(name="crashing", phase="Running", reason="CrashLoopBackOff")
    cloud.event(crashing, "BackOff", "Back-off restarting failed container app in pod crashing")
    found, session = read(cloud)
    assert [(each.pod, each.message) for each in found.failing] == [("web-5d4f8c9b7-x2x9z", UNAUTHORIZED)]
    assert (session.meter.requests, session.meter.longest_chain) == (6, 2)


def test_so_many_pods_and_no_more_are_fetched_by_name(monkeypatch):
    monkeypatch.setattr(source, "PODS_BY_NAME", 3)
    cloud = Cloud()
    for number in range(6):
        pod = cloud.failing_pod(name=f"web-{number}", phase="Running")
        cloud.event(pod, "Failed", UNAUTHORIZED, ago=timedelta(minutes=number))
    found, _ = read(cloud)
    assert [each.pod for each in found.failing] == ["web-0", "web-1", "web-2"]


def test_a_namespace_narrows_every_list_but_that_of_nodes():
    cloud = Cloud()
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod(name="other", namespace="elsewhere")
    found, _ = read(cloud, Scope("web"))
    assert [each.namespace for each in found.failing] == ["web"]
    assert len(found.nodes) == 1
    assert not [line for line in cloud.log.lines() if "/api/v1/pods" in line or "/api/v1/events" in line]


def test_one_pod_is_fetched_by_name_from_the_default_namespace():
    cloud = Cloud()
    cloud.failing_pod(name="web-0", namespace="default", phase="Running")
    found, _ = read(cloud, Scope(pod="web-0"))
    assert [each.pod for each in found.failing] == ["web-0"]


@pytest.mark.parametrize("scope", [Scope("wbe"), Scope("web", "gone"), Scope(pod="web-5d4f8c9b7-x2x9z")])
def test_what_does_not_exist_is_not_taken_for_healthy(scope):
    cloud = Cloud()
    cloud.failing_pod()
    found, _ = read(cloud, scope)
    assert isinstance(found.failing, Unreadable)
    assert found.failing.reason == "not-found"


def test_not_to_know_whether_the_namespace_exists_is_no_hindrance():
    cloud = Cloud()
    cloud.failing_pod()
    cloud.forbid_in_cluster("get namespaces")
    found, _ = read(cloud, Scope("web"))
    assert len(found.failing) == 1


def test_each_part_is_unreadable_by_itself():
    cloud = Cloud()
    cloud.node()
    cloud.failing_pod()
    cloud.forbid_in_cluster("list events", "list nodes")
    found, _ = read(cloud)
    assert [each.message for each in found.failing] == [UNAUTHORIZED]
    assert (found.nodes.permission or "").startswith("list nodes")
    assert (found.pulled.permission or "").startswith("list events")


@pytest.mark.parametrize(("kind", "reason"), [("401", "not-logged-in"), ("reset", "unreachable")])
def test_a_server_that_refuses_everything_is_one_unreadable(kind, reason):
    cloud = Cloud()
    cloud.fault("azmk8s", kind)
    found, _ = read(cloud)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


@pytest.mark.parametrize("lost", ["events?.*type=Warning", "events?.*reason=BackOff", "/pods/runs"])
def test_pods_that_may_be_overlooked_are_said_to_be(lost):
    cloud = Cloud()
    cloud.failing_pod()
    cloud.event(cloud.failing_pod(name="runs", phase="Running"), "Failed", UNAUTHORIZED)
    assert read(cloud)[0].overlooked is None
    cloud.fault(lost, "403")
    found, _ = read(cloud)
    assert found.overlooked.reason == "forbidden"
    assert "web-5d4f8c9b7-x2x9z" in {each.pod for each in found.failing}


@pytest.mark.parametrize("kind", ["timeout", "drip"])
def test_an_answer_that_never_ends_costs_itself_only(kind):
    cloud = Cloud()
    cloud.failing_pod()
    cloud.fault("reason=Pulled", kind)
    found, session = read(cloud, seconds=8.0)
    assert found.pulled.reason == "timeout"
    assert found.failing
    assert session.deadline.remaining() > 0.5
