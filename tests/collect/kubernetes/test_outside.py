"""Pods beside the ordinary: refused by a provider, with image volumes, refused before they exist."""

import pytest

from azext_acrpulldiag.collect.kubernetes import refused as source
from azext_acrpulldiag.collect.kubernetes.refused import refused_from
from azext_acrpulldiag.collect.kubernetes.virtual_nodes import containers_not_created, is_about_an_image
from azext_acrpulldiag.facts import Unreadable
from tests.azure.registry import SIGNATURE
from tests.azure.state import Cloud
from tests.collect.kubernetes.test_workloads import read
from tests.recordings import body

HOST = "contosoreg.azurecr.io"
IMAGE = f"{HOST}/team/app:1.2"
DENIED = 'admission webhook "validation.gatekeeper.sh" denied the request: [policy] Container image {} is not allowed.'
PROVIDER = body("k8s/virtual_node_provider_failed_texts")
POLICY = body("k8s/replicaset_failedcreate_admission_webhook_texts")


def failing_of(cloud):
    return read(cloud)[0].failing


# --- virtual nodes -------------------------------------------------------------------------


def pod_of(*images, message="", reason="ProviderFailed", inits=()):
    def specs(listed):
        return [{"name": f"c{number}", "image": image} for number, image in enumerate(listed)]

    spec = {"containers": specs(images), "initContainers": specs(inits)}
    return {"metadata": {}, "spec": spec, "status": {"reason": reason, "message": message}}


def not_created(pod, *events):
    return [spec["image"] for _, spec, _, _ in containers_not_created(pod, events)]


@pytest.mark.parametrize("key", ["event_line_vk_log_2023", "error_text_2018_describe_pod", "firewalled_registry_2021"])
def test_recorded_refusals_for_an_image(key):
    assert is_about_an_image(PROVIDER[key])


def test_the_containers_that_a_refusal_is_about():
    both = (IMAGE, "nginx:1")
    assert not_created(pod_of(*both, message=f"The image '{IMAGE}' is not accessible")) == [IMAGE]
    assert not_created(pod_of(*both, message=f"no username present in auth config for server: {HOST}")) == [IMAGE]
    assert not_created(pod_of(*both, message='status code 409 error code "RegistryErrorResponse"')) == list(both)
    assert not_created(pod_of("nginx:1", inits=(IMAGE,), message=f"The image '{IMAGE}' is not accessible")) == [IMAGE]
    assert not_created(pod_of(*both)) == list(both), "it is seen, whatever the reason"


def test_what_is_about_something_else_is_no_pull():
    assert not_created(pod_of(IMAGE, message='error code "ContainerGroupQuotaReached"')) == []
    assert not_created(pod_of(IMAGE, message="The image is not accessible", reason="Evicted")) == []


def test_a_pod_that_the_provider_refused_is_read_from_its_status(cloud: Cloud):
    cloud.refused_by_provider(f"The image '{IMAGE}' is not accessible: https://x/y?sig={SIGNATURE}&se=1")
    (found,) = failing_of(cloud)
    assert (found.reason, found.node, found.image) == ("ProviderFailed", "virtual-node-aci-linux", IMAGE)
    assert found.owner == "Deployment/web"
    assert SIGNATURE not in found.message


def test_a_pod_that_never_starts_again_is_found_by_its_event(cloud: Cloud):
    pod = cloud.refused_by_provider("", phase="Failed")
    cloud.provider_event(pod, f"no username present in auth config for server: {HOST}")
    (found,) = failing_of(cloud)
    assert found.message == f"no username present in auth config for server: {HOST}"


# --- image volumes -------------------------------------------------------------------------


def test_a_volume_that_the_text_names_is_the_image(cloud: Cloud):
    cloud.mounted_image(IMAGE, f'Failed to pull image "{IMAGE}": 401 Unauthorized')
    (found,) = failing_of(cloud)
    assert (found.image, found.pull_policy, found.container) == (IMAGE, "IfNotPresent", "app")


def test_a_volume_without_a_tag_is_named_with_one(cloud: Cloud):
    cloud.mounted_image(f"{HOST}/model", f'Failed to pull image "{HOST}/model:latest": 401 Unauthorized')
    assert [each.image for each in failing_of(cloud)] == [f"{HOST}/model"]


def test_the_containers_own_image_comes_first(cloud: Cloud):
    own = "mcr.microsoft.com/dotnet/runtime:8.0"
    cloud.mounted_image(IMAGE, f'Failed to pull image "{own}": 404 Not Found')
    assert [each.image for each in failing_of(cloud)] == [own]


def test_a_volume_that_no_container_mounts_does_not_hurt(cloud: Cloud):
    pod = cloud.mounted_image(IMAGE, "ImagePullBackOff")
    pod["spec"]["containers"][0]["volumeMounts"] = []
    cloud.api.add("pods", pod)
    event = cloud.event(pod, "Failed", f'Failed to pull image "{IMAGE}": 401 Unauthorized')
    event["involvedObject"].pop("fieldPath")
    cloud.api.add("events", event)
    (found,) = failing_of(cloud)
    assert (found.image, found.message) == ("mcr.microsoft.com/dotnet/runtime:8.0", "ImagePullBackOff")


# --- policies ------------------------------------------------------------------------------


def refusal(message, kind="ReplicaSet", reason="FailedCreate", name="web-77b9", at="2026-11-22T12:00:00Z"):
    involved = {"kind": kind, "namespace": "web", "name": name}
    return {"reason": reason, "involvedObject": involved, "message": message, "count": 3, "lastTimestamp": at}


def test_recorded_denials():
    (found,) = refused_from([refusal(POLICY["azure_policy_allowed_images_event_message"])])
    assert (found.controller, found.policy, found.count) == ("ReplicaSet/web-77b9", "validation.gatekeeper.sh", 3)
    assert refused_from([refusal(POLICY["gatekeeper_custom_constraint_title"], kind="Job")])


def test_what_is_no_denial():
    failed = POLICY["webhook_call_failed_event_line"]
    quota = 'Error creating: pods "web-1" is forbidden: exceeded quota: compute'
    denied = "Error creating: " + DENIED.format(IMAGE)
    events = [refusal(failed), refusal(quota), refusal(denied, kind="Pod"), refusal(denied, reason="SuccessfulCreate")]
    assert refused_from(events) == ()


def test_a_validating_admission_policy_denies_in_its_own_words():
    text = "ValidatingAdmissionPolicy 'signed' with binding 'signed-prod' denied request: no signature"
    assert [each.policy for each in refused_from([refusal(text)])] == ["signed"]


def test_the_newest_text_of_a_workload_counts(monkeypatch):
    old = refusal(DENIED.format("old"), at="2026-11-22T11:00:00Z")
    new, other = refusal(DENIED.format("new")), refusal(DENIED.format(IMAGE), name="api-1")
    first, second = refused_from([old, new, other])
    assert ("new" in first.message, second.controller) == (True, "ReplicaSet/api-1")
    monkeypatch.setattr(source, "WORKLOADS", 1)
    assert len(refused_from([old, new, other])) == 1


@pytest.mark.parametrize(
    ("kind", "owner", "running"),
    [
        (("ReplicaSet", "web-77b9"), ("ReplicaSet", "web-5d4f8"), 1),
        (("ReplicaSet", "web-77b9"), ("ReplicaSet", "api-5d4f8"), 0),
        (("ReplicaSet", "bare"), ("ReplicaSet", "bare"), 1),
        (("DaemonSet", "agent"), ("DaemonSet", "agent"), 1),
        (("StatefulSet", "db"), ("DaemonSet", "db"), 0),
    ],
)
def test_pods_of_a_refused_workload_that_run(cloud: Cloud, kind, owner, running):
    cloud.refused_workload(*kind, DENIED.format(IMAGE))
    cloud.running_pod(*owner, "one")
    (found,) = read(cloud)[0].refused
    assert found.running == running


def test_more_pods_than_are_looked_through_leave_it_unknown(cloud: Cloud, monkeypatch):
    monkeypatch.setattr(source, "PODS", 1)
    cloud.refused_workload("DaemonSet", "agent", DENIED.format(IMAGE))
    for name in ("one", "two"):
        cloud.running_pod("DaemonSet", "other", name)
    (found,) = read(cloud)[0].refused
    assert isinstance(found.running, Unreadable)


@pytest.mark.parametrize("is_refused", [True, False])
def test_running_pods_are_asked_for_only_where_a_policy_refused_some(cloud: Cloud, is_refused):
    cloud.failing_pod()
    if is_refused:
        cloud.refused_workload("DaemonSet", "agent", DENIED.format(IMAGE))
    read(cloud)
    assert any("status.phase=Running" in str(entry) for entry in cloud.log) is is_refused


@pytest.mark.parametrize("lost", ["events?.*type=Warning", "pods?.*phase=Running"])
def test_what_could_not_be_read_is_said(cloud: Cloud, lost):
    cloud.refused_workload("DaemonSet", "agent", DENIED.format(IMAGE))
    cloud.fault(lost, "403")
    found = read(cloud)[0].refused
    unread = found if "Warning" in lost else found[0].running
    assert isinstance(unread, Unreadable) and unread.reason == "forbidden"
