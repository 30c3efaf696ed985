"""The simulated Kubernetes API, asked as kubectl and the Python client ask it."""

import json
import pickle
from urllib.parse import urlencode

import pytest

from tests.azure.kubernetes import Canipull, Kubernetes, serve
from tests.azure.messages import Request

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def api():
    api = Kubernetes()
    for number, (app, node, phase) in enumerate(
        [("web", "node-1", "Pending"), ("web", "node-2", "Running"), ("job", "node-1", "Pending")]
    ):
        metadata = {"name": f"pod-{number}", "labels": {"app": app}}
        api.add("pods", {"metadata": metadata, "spec": {"nodeName": node}, "status": {"phase": phase}})
    api.add("pods", {"metadata": {"name": "pod-9", "namespace": "other"}, "spec": {}, "status": {"phase": "Pending"}})
    api.add("nodes", {"metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux"}}})
    return api


def ask(api, path, method="GET", item=None, token="any", **query):
    target = f"{path}?{urlencode(query)}" if query else path
    content = json.dumps(item).encode() if item is not None else b""
    return serve(Request(method, "api", target, {"authorization": f"Bearer {token}"}, content), api)


def read(api, path, **query):
    return json.loads(ask(api, path, **query).body)


def names(api, path, **query):
    return [item["metadata"]["name"] for item in read(api, path, **query)["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["pod-0", "pod-1", "pod-2"]),
        ({"fieldSelector": "status.phase!=Running"}, ["pod-0", "pod-2"]),
        ({"fieldSelector": "status.phase=Pending,spec.nodeName=node-1"}, ["pod-0", "pod-2"]),
        ({"fieldSelector": "metadata.name==pod-1"}, ["pod-1"]),
        ({"labelSelector": "app=web"}, ["pod-0", "pod-1"]),
        ({"labelSelector": "app in (job, cron),app"}, ["pod-2"]),
        ({"labelSelector": "app notin (web)"}, ["pod-2"]),
        ({"labelSelector": "!app"}, []),
    ],
)
def test_lists_select(api, query, found):
    assert names(api, PODS, **query) == found


def test_a_list_of_all_namespaces_comes_in_pages(api):
    first = read(api, "/api/v1/pods", limit=3)
    assert (len(first["items"]), first["metadata"]["remainingItemCount"]) == (3, 1)
    assert names(api, "/api/v1/pods", limit=3, **{"continue": first["metadata"]["continue"]}) == ["pod-9"]
    assert "continue" not in read(api, "/api/v1/pods")["metadata"]


def test_cluster_wide_objects_are_read_by_name(api):
    assert read(api, "/api/v1/nodes/node-1")["kind"] == "Node"
    missing = ask(api, "/api/v1/nodes/node-7")
    assert (missing.status, json.loads(missing.body)["reason"]) == (404, "NotFound")


def test_a_watch_tells_what_is_there_and_what_changes(api):
    lines = iter(ask(api, PODS, watch="true", fieldSelector="metadata.name=pod-1", timeoutSeconds=60).body)
    assert json.loads(next(lines))["type"] == "ADDED"
    api.remove("pods", "default", "pod-0")
    api.remove("pods", "default", "pod-1")
    change = json.loads(next(line for line in lines if line.strip()))
    assert (change["type"], change["object"]["metadata"]["name"]) == ("DELETED", "pod-1")


def test_a_watch_goes_on_where_a_list_ended(api):
    revision = read(api, PODS)["metadata"]["resourceVersion"]
    api.add("pods", {"metadata": {"name": "pod-4"}})
    lines = ask(api, PODS, watch="true", resourceVersion=revision, timeoutSeconds=60).body
    assert json.loads(next(iter(lines)))["object"]["metadata"]["name"] == "pod-4"


def test_objects_are_created_once_and_deleted_with_warnings(api):
    api.warnings = ("one", "two")
    pod = {"metadata": {"name": "new"}, "spec": {"containers": [{"image": "x"}]}}
    created = ask(api, PODS, "POST", pod)
    assert (created.status, created.headers["warning"]) == (201, '299 - "one", 299 - "two"')
    assert ask(api, PODS, "POST", pod).status == 409
    assert ask(api, f"{PODS}/new", "DELETE").status == 200
    assert ask(api, f"{PODS}/new", "DELETE").status == 404


@pytest.mark.parametrize("code", [0, 60])
def test_the_pod_of_check_acr_ends_as_the_state_says(api, code):
    api.canipull = Canipull(log="text", exit_code=code, phase="Failed" if code else "Succeeded")
    ask(api, PODS, "POST", {"metadata": {"name": "canipull-1"}, "spec": {"containers": [{"image": "x"}]}})
    pod = read(api, f"{PODS}/canipull-1")
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == code
    assert ask(api, f"{PODS}/canipull-1/log").body == b"text"


def test_refusals(api):
    api.tokens = {"good"}
    assert ask(api, PODS, token="bad").status == 401
    assert ask(api, PODS, token="good").status == 200
    api.forbidden = {("list", "secrets"), ("create", "pods")}
    refused = ask(api, "/api/v1/namespaces/default/secrets", token="good")
    assert refused.status == 403
    assert 'cannot list resource "secrets"' in json.loads(refused.body)["message"]
    review = {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": "default"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert json.loads(ask(api, path, "POST", review, token="good").body)["status"] == {"allowed": False}


def patch(api, path, change, kind="merge-patch+json", **query):
    target = f"{path}?{urlencode(query)}"
    headers = {"content-type": f"application/{kind}"}
    answer = serve(Request("PATCH", "api", target, headers, json.dumps(change).encode()), api)
    return answer.status, json.loads(answer.body)


def test_a_patch_is_told_to_whoever_watches(api):
    lines = iter(ask(api, PODS, watch="true", resourceVersion=str(api.revision), timeoutSeconds=60).body)
    status, changed = patch(api, f"{PODS}/pod-1", {"metadata": {"labels": {"app": "new"}}})
    assert (status, changed["metadata"]["labels"]) == (200, {"app": "new"})
    told = json.loads(next(line for line in lines if line.strip()))
    assert (told["type"], told["object"]["metadata"]["name"]) == ("MODIFIED", "pod-1")


def test_a_patch_of_another_state_is_refused(api):
    before = api.objects["pods", "default", "pod-1"]["metadata"]["resourceVersion"]
    change = {"metadata": {"resourceVersion": before, "labels": {"app": "one"}}}
    assert patch(api, f"{PODS}/pod-1", change)[0] == 200
    status, refused = patch(api, f"{PODS}/pod-1", change | {"spec": {}})
    assert (status, refused["reason"]) == (409, "Conflict")
    assert "the object has been modified" in refused["message"]


@pytest.mark.parametrize(
    ("change", "kind", "refused"),
    [
        ([{"op": "remove", "path": "/spec/none"}], "json-patch+json", (422, "Invalid")),
        ({"$patch": "rename"}, "strategic-merge-patch+json", (422, "Invalid")),
        ({}, "json", (415, "UnsupportedMediaType")),
        ({}, "apply-patch+yaml", (415, "UnsupportedMediaType")),
    ],
)
def test_a_patch_that_is_not_understood_changes_nothing(api, change, kind, refused):
    before = api.revision
    status, said = patch(api, f"{PODS}/pod-1", change, kind)
    assert (status, said["reason"]) == refused
    assert api.revision == before


def test_a_dry_run_changes_nothing(api):
    before = api.revision
    status, shown = patch(api, f"{PODS}/pod-1", {"metadata": {"labels": {"app": "new"}}}, dryRun="All")
    assert (status, shown["metadata"]["labels"]) == (200, {"app": "new"})
    assert api.revision == before
    secrets = "/api/v1/namespaces/default/secrets/new"
    applied = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}}
    assert patch(api, secrets, applied, "apply-patch+yaml", dryRun="All", fieldManager="me")[0] == 201
    assert patch(api, secrets, applied, "apply-patch+yaml")[0] == 400
    assert api.revision == before


def test_what_is_not_served_is_not_found(api):
    assert ask(api, "/apis/metrics.k8s.io/v1beta1").status == 404
    assert ask(api, "/api/v1/namespaces/default/widgets").status == 404


def test_the_state_can_be_handed_to_another_process(api):
    copied = pickle.loads(pickle.dumps(api))
    copied.add("pods", {"metadata": {"name": "later"}})
    assert ("pods", "default", "later") in copied.objects
    assert ("pods", "default", "later") not in api.objects
