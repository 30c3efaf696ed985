"""Probes of a simulated cluster: each result, and that no pod is left."""

import threading
from datetime import datetime, timedelta, timezone

import pytest

from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.facts.probe import ProbeSubject
from azext_acrpulldiag.probe import pending
from azext_acrpulldiag.probe import run as run_module
from azext_acrpulldiag.probe.deletion import INTERRUPTED_SECONDS
from azext_acrpulldiag.probe.pod import MANAGED_BY
from azext_acrpulldiag.probe.run import Wanted, probed
from tests import build
from tests.azure.kubernetes import Pulling
from tests.probe.nodes import IMAGE, SPOT, SYSTEM, node, windows, with_images
from tests.probe.probing import SUBJECT, a_cloud, connecting, pods, probe, results

GATEKEEPER = (
    '"validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2containerallowedimag-12ab] Container image '
    "contosoreg.azurecr.io/team/app:1.2 for container pull has not been allowed."
)


def test_every_pool_pulls_and_no_pod_is_left():
    cloud = a_cloud(with_images(node("a-1", "a", SYSTEM), others=3), node("b-1", "b", SPOT), windows("w-1"))
    report = probe(cloud)
    assert results(report) == {"a": "pulled", "b": "pulled", "win": "pulled"}
    first = report.pools[0]
    assert (first.node, first.milliseconds, first.size, first.layers) == ("a-1", 200, 29112312, True)
    assert (report.left, pods(cloud), pending.what_is_left()) == ((), [], "")
    assert (cloud.api.started, cloud.api.scaled_up) == ([], [])
    assert len(cloud.api.deleted) == 3


def test_where_the_image_was_there_only_sign_in_is_proven():
    report = probe(a_cloud(with_images(node("a-1", "a"), IMAGE)))
    assert [(each.result, each.layers) for each in report.pools] == [("pulled", False)]


def test_one_pool_fails_with_the_text_of_the_runtime():
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    cloud.api.pulling["b"] = Pulling(message=build.UNAUTHORIZED)
    report = probe(cloud)
    assert results(report) == {"a": "pulled", "b": "failed"}
    assert "401 Unauthorized" in report.pools[1].message
    assert pods(cloud) == []


@pytest.mark.parametrize(
    ("how", "result", "told"),
    [
        (Pulling(full="memory"), "not-schedulable", "1 Insufficient memory"),
        (Pulling(never_ends=True, evicts="The node was low on resource: ephemeral-storage."), "ended", "Evicted: The"),
        (Pulling(refuses=("OutOfpods", "Node didn't have enough resource: pods")), "ended", "OutOfpods: Node"),
        (Pulling(config_error="container has runAsNonRoot and image will run as root"), "pulled", ""),
        (Pulling(seconds=1.5), "pulled", ""),
    ],
)
def test_results_of_a_pool(how, result, told):
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.pulling["a"] = how
    report = probe(cloud)
    (only,) = report.pools
    assert only.result == result
    assert told in only.message
    assert (pods(cloud), cloud.api.scaled_up) == ([], [])


def test_a_pull_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(run_module, "_END_SECONDS", 0.5)
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    cloud.api.pulling["b"] = Pulling(never_ends=True)
    report = probe(cloud, seconds=12.5)
    assert results(report) == {"a": "pulled", "b": "timed-out"}
    assert pods(cloud) == []


@pytest.mark.parametrize(
    ("attribute", "text", "policy"),
    [
        ("denied_by", GATEKEEPER, "azurepolicy-k8sazurev2containerallowedimag-12ab"),
        ("denied_by", '"policy.sigstore.dev" denied the request: no signature', "policy.sigstore.dev"),
        (
            "pods_refused",
            "ValidatingAdmissionPolicy 'no-probes' with binding 'all' denied request: not here",
            "no-probes",
        ),
        ("pods_refused", 'violates PodSecurity "restricted:latest": x', "PodSecurity restricted:latest"),
        ("pods_refused", "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2", "small"),
        (
            "pods_refused",
            'error looking up service account web/builder: serviceaccount "builder" not found',
            None,
        ),
        ("pods_refused", "failed quota: small: must specify limits.ephemeral-storage for: pull", "small"),
        ("pods_refused", "unable to create new content in namespace web because it is being terminated", None),
        ("pods_refused", "minimum memory usage per Container is 64Mi, but request is 16Mi", None),
    ],
)
def test_admission_refuses_the_pods(attribute, text, policy):
    cloud = a_cloud(node("a-1", "a"))
    setattr(cloud.api, attribute, text)
    report = probe(cloud)
    (only,) = report.pools
    assert (only.result, only.policy, only.pod) == ("refused", policy, None)
    assert text in only.message


OTHER = "mirror.contoso.com/team/app:1.2"


@pytest.mark.parametrize(
    ("mutations", "told"),
    [
        ({"spec.containers.0.image": OTHER}, f"Admission changed image of its pod to {OTHER}"),
        ({"spec.containers.0.imagePullPolicy": "IfNotPresent"}, "Admission changed imagePullPolicy of its pod to If"),
        ({"spec.containers.0.command": ["/usr/bin/wrapped"]}, "Admission changed command of its pod"),
        ({"spec.containers.0.args": ["serve"]}, "Admission changed args of its pod"),
        ({"spec.containers": [{"name": "other", "image": IMAGE}]}, "Admission changed image of its pod"),
        ({"spec.serviceAccountName": "other"}, "Admission changed serviceAccountName of its pod to other"),
        ({"spec.affinity": {}}, "Admission changed affinity of its pod"),
    ],
)
def test_a_pod_that_admission_made_another_of_shows_nothing_and_is_deleted_at_once(mutations, told):
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    cloud.api.mutations = mutations
    report = probe(cloud)
    assert results(report) == {"a": "not-probed", "b": "not-probed"}
    assert report.pools[0].message.startswith(told)
    assert pods(cloud) == []
    lines = cloud.log.lines()
    assert not [line for line in lines if "watch=1" in line]


def test_what_admission_adds_is_not_told_of():
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.mutations = {"spec.containers.0.image": f"{IMAGE}@sha256:{'1' * 64}"}
    assert results(probe(cloud)) == {"a": "pulled"}
    cloud.api.mutations = {"spec.priority": 0, "metadata.labels.team": "web", "spec.containers.0.env": [{"name": "A"}]}
    assert results(probe(cloud)) == {"a": "pulled"}


def test_a_pod_that_waits_behind_a_gate_is_not_placed(monkeypatch):
    monkeypatch.setattr(run_module, "_END_SECONDS", 2.5)
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.mutations = {"spec.schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}
    (only,) = probe(cloud, seconds=14.5).pools
    assert (only.result, only.message) == (
        "not-schedulable",
        "Scheduling is blocked due to non-empty scheduling gates",
    )
    assert pods(cloud) == []


def test_watches_that_end_at_once_do_not_hammer_the_server():
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.pulling["a"] = Pulling(seconds=2.0)
    cloud.api.expired = True
    assert results(probe(cloud)) == {"a": "pulled"}
    assert len([line for line in cloud.log.lines() if "watch=1" in line]) <= 6


def test_an_api_server_that_is_busy_is_asked_again(monkeypatch):
    monkeypatch.setattr(run_module, "_BUSY_PAUSES", (0.1, 0.1))
    cloud = a_cloud(node("a-1", "a"))
    cloud.fault(r"POST .*/pods\?", "429", times=2)
    assert results(probe(cloud)) == {"a": "pulled"}
    cloud.fault(r"POST .*/pods\?", "429")
    assert results(probe(cloud)) == {"a": "not-probed"}
    assert pods(cloud) == []


def test_a_namespace_that_enforces_pod_security_takes_the_pods():
    cloud = a_cloud(node("a-1", "a"), windows("w-1"))
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    cloud.api.objects["namespaces", "", "web"]["metadata"]["labels"] = enforced
    assert results(probe(cloud)) == {"a": "pulled", "win": "pulled"}


@pytest.mark.parametrize("verb", ["create", "delete", "list", "watch"])
def test_nothing_is_made_without_the_rights(verb):
    cloud = a_cloud(node("a-1", "a"))
    cloud.forbid_in_cluster(f"{verb} pods")
    why = probe(cloud)
    assert isinstance(why, Unreadable)
    assert (why.reason, why.permission) == ("forbidden", f"{verb} pods in namespace web")
    assert not any(line.startswith("POST") and "/pods" in line for line in cloud.log.lines())


def test_a_namespace_that_does_not_exist_is_told():
    cloud = a_cloud(node("a-1", "a"))
    why = probe(cloud, subject=ProbeSubject(IMAGE, "nowhere", "default"))
    assert isinstance(why, Unreadable)
    assert (why.reason, why.detail) == ("not-found", "No pod was started: there is no namespace nowhere")


def test_pools_without_nodes_are_not_waited_for():
    cloud = a_cloud(node("a-1", "a"))
    assert results(probe(cloud, declared=("a", "empty"))) == {"a": "pulled", "empty": "not-probed"}
    assert cloud.api.scaled_up == []


def test_a_pod_that_somebody_deletes_has_ended():
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.pulling["a"] = Pulling(never_ends=True)

    def delete():
        while not pods(cloud):
            pass
        cloud.api.remove("pods", "web", pods(cloud)[0])

    thread = threading.Thread(target=delete)
    thread.start()
    report = probe(cloud)
    thread.join()
    assert [(each.result, each.message) for each in report.pools] == [("ended", "Somebody deleted its pod.")]


def test_the_pull_secrets_of_the_pod_are_those_it_was_given():
    cloud = a_cloud(node("a-1", "a"))
    named = ProbeSubject(IMAGE, "web", "default", ("regcred",))
    assert probe(cloud, subject=named).subject == named


# --- what is left behind -------------------------------------------------------------------


def left_behind(cloud, name, age, deadline=300, namespace="web", label=MANAGED_BY):
    made = (datetime.now(timezone.utc) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": label}}
    metadata["creationTimestamp"] = made
    spec = {"activeDeadlineSeconds": deadline, "containers": []}
    cloud.api.add("pods", {"metadata": metadata, "spec": spec, "status": {"phase": "Failed"}})


def test_only_leftovers_past_their_own_deadline_are_swept():
    cloud = a_cloud(node("a-1", "a"))
    left_behind(cloud, "acr-pull-probe-old", 400)
    left_behind(cloud, "acr-pull-probe-old-elsewhere", 400, namespace="other")
    left_behind(cloud, "acr-pull-probe-colleague", 200)
    left_behind(cloud, "acr-pull-probe-slow", 400, deadline=3600)
    left_behind(cloud, "acr-pull-probe-helm", 400, label="Helm")
    left_behind(cloud, "not-a-probe", 400)
    report = probe(cloud)
    assert report.left == ()
    there = [name.removeprefix("acr-pull-probe-") for of, _, name in cloud.api.objects if of == "pods"]
    assert sorted(there) == ["colleague", "helm", "not-a-probe", "slow"]


def test_leftovers_are_swept_in_the_namespace_where_others_may_not_be_listed():
    cloud = a_cloud(node("a-1", "a"))
    left_behind(cloud, "acr-pull-probe-old", 400)
    cloud.fault("GET .*/api/v1/pods\\?", "403")
    probe(cloud)
    assert pods(cloud) == []


def test_a_pod_that_cannot_be_deleted_is_named(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.probe.deletion.SECONDS", 1.5)
    cloud = a_cloud(node("a-1", "a"))
    cloud.api.sticky = True
    report = probe(cloud)
    assert results(report) == {"a": "pulled"}
    (left,) = report.left
    assert (left.namespace, left.pod.rpartition("-")[0][:15]) == ("web", "acr-pull-probe-")
    assert left.pod.split("-")[3] in pending.what_is_left()
    pending._pending.clear()


@pytest.mark.parametrize(
    ("namespace", "told"),
    [
        ("web", "kubectl delete pods --namespace web --selector app.kubernetes.io/instance=1"),
        ("x; reboot", "kubectl delete pods --namespace 'x; reboot' --selector app.kubernetes.io/instance=1"),
        ("x\x1b[2J", "those with label app.kubernetes.io/instance=1"),
    ],
)
def test_a_name_of_the_cluster_is_no_more_than_a_name_where_pods_are_left(namespace, told):
    pending.expect(namespace, "app.kubernetes.io/instance=1")
    assert pending.what_is_left().endswith(f"To delete them now: {told}")
    pending.gone("app.kubernetes.io/instance=1")
    assert pending.what_is_left() == ""


def test_a_request_that_is_not_answered_leaves_no_pod():
    cloud = a_cloud(node("a-1", "a"))
    cloud.fault(r"POST .*/pods\?", "late-reset")
    report = probe(cloud)
    assert results(report) == {"a": "not-probed"}
    assert pods(cloud) == []


@pytest.mark.parametrize("at", ["pull", "_follow", "_make", "_read_events"])
def test_interrupted_the_pods_are_deleted_at_once(at, monkeypatch):
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    whole = getattr(run_module._Run, at)

    def interrupted(self, *arguments):
        whole(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module._Run, at, interrupted)
    began = datetime.now(timezone.utc)
    with connecting(cloud) as connect, pytest.raises(KeyboardInterrupt):
        probed(connect, Wanted(SUBJECT, seconds=60))
    assert (datetime.now(timezone.utc) - began).total_seconds() < INTERRUPTED_SECONDS
    assert (pods(cloud), pending.what_is_left()) == ([], "")
