"""What became of a pod, by its status."""

import pytest

from azext_acrpulldiag.probe.api import Refusal
from azext_acrpulldiag.probe.results import failure_text, last_warning, pull_told, refused, settled, unfinished


def pod(state=None, image_id="", **status):
    shown = [{"name": "pull", "imageID": image_id, "state": state}] if state else []
    return {"metadata": {"name": "p"}, "spec": {}, "status": {"containerStatuses": shown, **status}}


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def ended(reason):
    return {"terminated": {"reason": reason, "exitCode": 128}}


BESIDE = {"name": "a-proxy", "imageID": "sha256:2", "state": {"running": {}}}
UNSCHEDULABLE = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]


@pytest.mark.parametrize(
    ("item", "result", "message"),
    [
        (pod(waiting("ErrImagePull", "why")), "failed", "why"),
        (pod(waiting("ImagePullBackOff", "back-off")), "failed", "back-off"),
        (pod(waiting("InvalidImageName", "x")), "failed", "x"),
        (pod(ended("StartError"), "sha256:1", phase="Failed"), "pulled", ""),
        (pod(ended("ContainerCannotRun"), phase="Failed"), "pulled", ""),
        (pod(waiting("CreateContainerConfigError", "runs as root")), "pulled", ""),
        (pod(waiting("RunContainerError")), "pulled", ""),
        (pod({"running": {}}), "pulled", ""),
        (pod(phase="Failed", reason="Evicted", message="low on memory"), "ended", "Evicted: low on memory"),
        (pod(ended("ContainerStatusUnknown"), phase="Failed", reason="Evicted"), "ended", "Evicted"),
        (pod(phase="Failed", reason="DeadlineExceeded", message="Pod was active"), "timed-out", "Pod was active"),
        (pod(conditions=UNSCHEDULABLE), "not-schedulable", "0/1 nodes"),
        ({"metadata": {"name": "p", "deletionTimestamp": "x"}, "status": {}}, "ended", "Somebody deleted its pod."),
    ],
)
def test_it_has_come_to_something(item, result, message):
    found = settled(item)
    assert (found.result, found.message) == (result, message)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"status": "text"},
        pod(),
        pod(waiting("ContainerCreating")),
        pod(waiting("PodInitializing"), phase="Pending"),
        pod(conditions=[{"type": "PodScheduled", "status": "True"}]),
    ],
)
def test_it_goes_on(item):
    assert settled(item) is None


def test_what_became_of_a_container_that_a_mesh_added_says_nothing():
    item = pod(waiting("ErrImagePull", "why"))
    item["status"]["containerStatuses"].insert(0, BESIDE)
    assert settled(item).message == "why"
    item["status"]["containerStatuses"] = [BESIDE]
    assert settled(item) is None
    item = pod(waiting("ContainerCreating"))
    failing = {"name": "a-proxy", "image": "x", "imageID": "", "state": waiting("ErrImagePull", "of the mesh")}
    item["status"]["containerStatuses"].insert(0, failing)
    item["metadata"]["namespace"] = "web"
    assert settled(item) is None
    assert failure_text(item, []) == ""


@pytest.mark.parametrize(
    ("item", "unread", "result", "message"),
    [
        (None, "", "timed-out", ""),
        ({"spec": {"nodeName": "n"}}, "", "timed-out", ""),
        (pod(), "", "not-schedulable", "The scheduler did not place it in time."),
        (pod(conditions=[{"type": "PodScheduled", "message": "gated"}]), "", "not-schedulable", "gated"),
        (pod(), "not read", "timed-out", "not read"),
    ],
)
def test_what_has_come_to_nothing_in_time(item, unread, result, message):
    found = unfinished(item, unread)
    assert (found.result, found.message) == (result, message)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('Successfully pulled image "x" in 1.204s (1.204s including waiting). Image size: 29 bytes.', (1204, 29)),
        ('Successfully pulled image "x" in 532ms (2.1s including waiting). Image size: 7 bytes.', (532, 7)),
        ('Successfully pulled image "x" in 1m2.5s', (62500, None)),
        ('Successfully pulled image "x" in 71.123456µs', (0, None)),
        ('Container image "x" already present on machine', (None, None)),
    ],
)
def test_time_and_size_of_a_pull(message, told):
    assert pull_told([{"reason": "Pulled", "message": message}]) == told


@pytest.mark.parametrize(
    ("status", "message", "result"),
    [
        (403, 'pods "p" is forbidden: User "me" cannot create resource "pods" in API group ""', "not-probed"),
        (403, 'pods "p" is forbidden: exceeded quota: small, requested: pods=1', "refused"),
        (422, 'Pod "p" is invalid: spec.x: Invalid value', "refused"),
        (500, "Internal error occurred: failed calling webhook", "not-probed"),
        (404, 'namespaces "x" not found', "not-probed"),
        (403, 'pods is forbidden: User "Jane Doe" cannot create resource "pods" in API group ""', "not-probed"),
        (404, 'admission webhook "policy.contoso.com" denied the request: not here', "refused"),
        (429, "too many requests, please try again later", "not-probed"),
        (503, "", "not-probed"),
    ],
)
def test_a_pod_that_was_not_made(status, message, result):
    assert refused(Refusal(status, message)).result == result


def test_a_secret_in_a_text_is_masked():
    said = "denied: https://user:hunter2secret@proxy.contoso.com/?sig=abc%2Bdef"
    assert "hunter2" not in refused(Refusal(403, said)).message
    assert "hunter2" not in last_warning([{"type": "Warning", "message": said}])
    item = pod(waiting("ErrImagePull", said))
    item["metadata"]["namespace"] = "web"
    assert "hunter2" not in failure_text(item, [])


def test_the_cause_is_in_an_event_where_the_status_tells_of_backing_off():
    item = pod(waiting("ImagePullBackOff", 'Back-off pulling image "x"'))
    item["metadata"]["namespace"] = "web"
    about = {"namespace": "web", "name": "p", "fieldPath": "spec.containers{pull}"}
    event = {"involvedObject": about, "reason": "Failed", "message": 'Failed to pull image "x": 401 Unauthorized'}
    assert "401" in failure_text(item, [event])


def test_of_a_pod_that_came_to_no_end_the_last_warning_is_told():
    events = [
        {"type": "Warning", "message": "first", "lastTimestamp": "2026-11-22T12:00:00Z"},
        {"type": "Warning", "message": "last", "lastTimestamp": "2026-11-22T12:01:00Z"},
        {"type": "Normal", "message": "later", "lastTimestamp": "2026-11-22T12:02:00Z"},
    ]
    assert (last_warning(events), last_warning([])) == ("last", "")
