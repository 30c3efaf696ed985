"""Mirror of collect/kubernetes/sandboxes.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.kubernetes.sandboxes import sandbox_image, sandbox_not_created
from tests.azure.state import Cloud
from tests.collect.kubernetes.test_workloads import read

PAUSE = "mcr.microsoft.com/oss/v2/kubernetes/pause:3.6"
OF_IMAGE = (
    f'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "{PAUSE}": failed to '
    f'pull image "{PAUSE}": failed to pull and unpack image "{PAUSE}": failed to resolve reference "{PAUSE}": failed '
    'to do request: Head "https://mcr.microsoft.com/v2/oss/v2/kubernetes/pause/manifests/3.6": dial tcp: lookup '
    "mcr.microsoft.com: no such host"
)
OF_NETWORK = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="
    '"azure-vnet" failed (add): IPAM Invoker Add failed: pool exhausted'
)


def event(message=OF_IMAGE, at="2026-11-01T10:00:00Z", **of):
    return {
        "reason": "FailedCreatePodSandBox",
        "message": message,
        "lastTimestamp": at,
        "involvedObject": {"uid": "1", **of},
    }


def pod(waiting="ContainerCreating", phase="Pending", **status):
    waits = [{"name": "app", "state": {"waiting": {"reason": waiting}}}]
    return {"metadata": {"uid": "1"}, "status": {"phase": phase, "containerStatuses": waits, **status}}


def test_the_image_is_the_sandboxs():
    assert sandbox_image(OF_IMAGE) == PAUSE
    assert sandbox_image(OF_NETWORK) is None


def test_a_pod_whose_newest_event_is_of_the_image_waits_for_it():
    assert sandbox_not_created(pod(), [event()]) == (PAUSE, event())
    later = event(OF_NETWORK, "2026-11-01T10:05:00Z")
    assert sandbox_not_created(pod(), [event(), later]) is None
    assert sandbox_not_created(pod(), [event(OF_NETWORK, "2026-11-01T09:00:00Z"), event()]) == (PAUSE, event())


@pytest.mark.parametrize(
    "other",
    [
        pod("ErrImagePull"),
        pod(phase="Running"),
        pod(conditions=[{"type": "PodReadyToStartContainers", "status": "True"}]),
    ],
)
def test_a_pod_that_has_a_sandbox_waits_for_none(other):
    assert sandbox_not_created(other, [event()]) is None


def test_events_of_an_earlier_pod_of_the_name_do_not_count():
    assert sandbox_not_created(pod(), [event(uid="2")]) is None
    assert sandbox_not_created(pod(), [event(uid=None)]) == (PAUSE, event(uid=None))


@pytest.mark.parametrize(("message", "expected"), [(OF_IMAGE, [("POD", PAUSE, (), None, "sandbox")]), (OF_NETWORK, [])])
def test_it_is_read_with_the_pods(message, expected, cloud: Cloud):
    made = cloud.failing_pod(message="", reason="ContainerCreating", imagePullSecrets=[{"name": "regcred"}])
    cloud.event(made, "FailedCreatePodSandBox", message)
    found = read(cloud)[0].failing
    assert [(each.container, each.image, each.pull_secrets, each.owner, each.kind) for each in found] == expected
    assert [each.message for each in found] == [message] * len(expected)
