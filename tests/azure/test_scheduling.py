"""What becomes of a pod that is created in the simulated cluster."""

import json
import time

import pytest

from tests.azure.kubernetes import Kubernetes, Pulling, serve
from tests.azure.messages import Request

PODS = "/api/v1/namespaces/default/pods"
IMAGE = "contosoreg.azurecr.io/team/app:1.2"


@pytest.fixture
def api():
    api = Kubernetes()
    for name, pool in (("node-1", "sys"), ("node-2", "work")):
        labels = {"kubernetes.azure.com/agentpool": pool}
        api.add("nodes", {"metadata": {"name": name, "labels": labels}, "spec": {}})
    taint = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}
    api.objects["nodes", "", "node-1"]["spec"]["taints"] = [taint]
    return api


def ask(api, method, path, item=None):
    content = json.dumps(item).encode() if item is not None else b""
    answer = serve(Request(method, "api", path, {}, content), api)
    return answer.status, json.loads(answer.body)


def create(api, namespace="default", **spec):
    container = {"name": "pull", "image": IMAGE, "imagePullPolicy": "Always", "command": ["/no-such-command"]}
    pod = {"metadata": {"name": "probe"}, "spec": {"containers": [container], "restartPolicy": "Never", **spec}}
    return ask(api, "POST", f"/api/v1/namespaces/{namespace}/pods", pod)


def until(api, settled):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        pod = api.objects["pods", "default", "probe"]
        if settled(pod):
            return pod
        time.sleep(0.02)
    raise AssertionError(f"It goes on: {pod['status']}")


def is_over(pod):
    return pod["status"]["phase"] == "Failed"


def waits(pod):
    statuses = pod["status"].get("containerStatuses", [{}])
    return "message" in statuses[0].get("state", {}).get("waiting", {})


def reasons(api):
    return [each["reason"] for each in sorted(api.select("events", ""), key=lambda each: each["metadata"]["name"])]


def test_an_image_is_pulled_and_its_command_does_not_exist(api):
    assert create(api)[0] == 201
    pod = until(api, is_over)
    assert pod["spec"]["nodeName"] == "node-2"
    (status,) = pod["status"]["containerStatuses"]
    assert (status["state"]["terminated"]["reason"], status["imageID"][:30]) == ("StartError", IMAGE[:30])
    assert reasons(api) == ["Scheduled", "Pulling", "Pulled", "Failed"]
    assert (api.started, api.scaled_up) == ([], [])


def test_a_pull_fails_with_the_text_of_the_story(api):
    api.pulling["work"] = Pulling(message="401 Unauthorized")
    create(api)
    (status,) = until(api, waits)["status"]["containerStatuses"]
    assert status["state"]["waiting"] == {"reason": "ErrImagePull", "message": "401 Unauthorized"}


def test_a_taint_keeps_a_pod_out_unless_it_is_tolerated(api):
    pinned = {"key": "metadata.name", "operator": "In", "values": ["node-1"]}
    term = {"nodeSelectorTerms": [{"matchFields": [pinned]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}
    create(api, affinity=affinity)
    said = until(api, lambda pod: pod["status"].get("conditions"))["status"]["conditions"][0]
    assert said["reason"] == "Unschedulable"
    assert "1 node(s) had untolerated taint {CriticalAddonsOnly: true}" in said["message"]
    assert api.scaled_up == []
    ask(api, "DELETE", f"{PODS}/probe")
    create(api, affinity=affinity, tolerations=[{"key": "CriticalAddonsOnly", "operator": "Exists"}])
    assert until(api, is_over)["spec"]["nodeName"] == "node-1"


def test_a_pod_that_any_new_node_would_take_has_one_added(api):
    create(api, nodeSelector={"kubernetes.azure.com/agentpool": "empty"})
    until(api, lambda pod: pod["status"].get("conditions"))
    time.sleep(0.05)
    assert api.scaled_up == ["probe"]


@pytest.mark.parametrize(
    ("how", "deadline", "reason"),
    [
        (Pulling(refuses=("OutOfcpu", "Node didn't have enough resource: cpu")), 60, "OutOfcpu"),
        (Pulling(never_ends=True, evicts="The node was low on resource: ephemeral-storage."), 60, "Evicted"),
        (Pulling(never_ends=True), 1, "DeadlineExceeded"),
    ],
)
def test_a_pod_ends_otherwise(api, how, deadline, reason):
    api.pulling["node-2"] = how
    create(api, activeDeadlineSeconds=deadline)
    assert until(api, is_over)["status"]["reason"] == reason


def test_a_node_that_is_full_takes_none(api):
    api.pulling["work"] = Pulling(full="cpu")
    create(api)
    said = until(api, lambda pod: pod["status"].get("conditions"))["status"]["conditions"][0]
    assert "1 Insufficient cpu" in said["message"]


def test_a_container_that_cannot_be_made_has_its_image(api):
    api.pulling["work"] = Pulling(config_error="container has runAsNonRoot and image will run as root")
    create(api)
    (status,) = until(api, waits)["status"]["containerStatuses"]
    assert status["state"]["waiting"]["reason"] == "CreateContainerConfigError"
    assert "Pulled" in reasons(api)


def test_a_command_that_exists_runs(api):
    container = {"name": "pull", "image": IMAGE, "command": ["/bin/sh"]}
    create(api, containers=[container])
    until(api, lambda pod: pod["status"]["phase"] == "Running")
    assert api.started == ["probe"]


def test_admission_refuses(api):
    assert create(api, "nowhere")[1]["message"] == 'namespaces "nowhere" not found'
    api.pods_refused = "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"
    status, said = create(api)
    assert (status, said["reason"]) == (403, "Forbidden")
    assert said["message"].startswith('pods "probe" is forbidden: exceeded quota')


def test_a_namespace_may_enforce_pod_security(api):
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.add("namespaces", {"metadata": {"name": "strict", "labels": enforced}})
    status, said = create(api, "strict")
    assert status == 403
    assert 'violates PodSecurity "restricted:latest": runAsNonRoot != true' in said["message"]


def test_a_pod_for_windows_has_nothing_of_linux(api):
    status, said = create(api, os={"name": "windows"}, securityContext={"runAsUser": 1000})
    assert (status, said["reason"]) == (422, "Invalid")


def test_a_pod_that_was_deleted_is_not_brought_back(api):
    api.pulling["work"] = Pulling(seconds=0.3)
    create(api)
    until(api, lambda pod: pod["status"].get("containerStatuses"))
    assert ask(api, "DELETE", f"{PODS}/probe")[0] == 200
    time.sleep(0.5)
    assert ("pods", "default", "probe") not in api.objects


def test_a_node_that_is_gone_keeps_pods_that_end(api):
    api.sticky = True
    create(api)
    until(api, is_over)
    assert ask(api, "DELETE", f"{PODS}/probe")[0] == 200
    assert "deletionTimestamp" in api.objects["pods", "default", "probe"]["metadata"]
