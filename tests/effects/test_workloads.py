from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.workloads import image_set, is_of, key_of, pulled, without_needless
from azext_acrpulldiag.facts import Facts, Platform, PulledImage, RunningPod, RunningPods, Unreadable
from tests import build

from .trying import HEALTHY, leads_to

UNREAD = Unreadable("forbidden", "HTTP 403")
NO_ROLE = build.access(effective=(), at_scope=())
WEB = build.failing_container(owner="Deployment/web")
SIDECAR = replace(WEB, container="proxy", image="contosoreg.azurecr.io/team/proxy:2")


def failing_facts(*pods, **changes: object) -> Facts:
    return build.pull_secret_facts(**{"access": NO_ROLE, "kubernetes": build.kubernetes(*pods), **changes})


# --- pods that have pulled -------------------------------------------------------------------


def test_a_pod_runs_once_none_of_its_containers_waits():
    half = pulled(failing_facts(WEB, SIDECAR), [key_of(WEB)])
    assert half.kubernetes.failing == (SIDECAR,)
    assert half.running == RunningPods((), complete=True)
    assert half.pull_secrets[0].named_by == ("pod/web-1",)
    whole = pulled(failing_facts(WEB, SIDECAR), map(key_of, (WEB, SIDECAR)))
    assert whole.running.pods == (
        RunningPod("team", "web-1", (WEB.image, SIDECAR.image), ("regcred",), "Deployment/web"),
    )
    assert whole.pull_secrets[0].named_by == ("running-pod/web-1",)


def test_that_it_has_pulled_speaks_for_no_node():
    after = pulled(failing_facts(WEB), [key_of(WEB)])
    assert after.kubernetes.pulled == (PulledImage(WEB.image, None, None, build.NOW, "team", "web-1"),)


def test_pods_that_run_are_added_to_those_that_were_read():
    other = build.running_pod("db-1")
    after = pulled(failing_facts(WEB, running=RunningPods((other,), complete=False)), [key_of(WEB)])
    assert [each.name for each in after.running.pods] == ["db-1", "web-1"]
    assert not after.running.complete


def test_who_pulls_is_not_looked_at_where_the_identity_may():
    after = pulled(failing_facts(WEB, access=build.access()), [key_of(WEB)])
    assert (after.running, after.pull_secrets) == (None, ())


def test_running_pods_are_read_no_more_once_the_identity_may_pull():
    facts = build.running_pods_facts()
    assert without_needless(facts) == facts
    granted = without_needless(replace(facts, access=build.access()))
    assert (granted.running, granted.pull_secrets) == (None, ())


def test_secrets_of_accounts_are_read_for_pods_that_fail_only():
    facts = build.older_pod_facts()
    (pod,) = facts.kubernetes.failing
    assert pulled(facts, [key_of(pod)]).pull_secrets == ()


@pytest.mark.parametrize("kubernetes", [UNREAD, None, build.kubernetes(failing=UNREAD)])
def test_pods_that_were_not_read_stay_unread(kubernetes):
    facts = build.healthy_facts(kubernetes=kubernetes)
    assert pulled(facts, [key_of(WEB)]) == facts


def test_events_and_secrets_that_were_not_read_stay_unread():
    facts = failing_facts(WEB, kubernetes=build.kubernetes(WEB, pulled=UNREAD), pull_secrets=UNREAD, running=UNREAD)
    after = pulled(facts, [key_of(WEB)])
    assert (after.kubernetes.pulled, after.pull_secrets, after.running) == (UNREAD, UNREAD, UNREAD)


@pytest.mark.parametrize(
    ("workload", "expected"),
    [("deployment/web", True), ("pod/web-1", True), ("deployment/db", False), ("statefulset/web", False)],
)
def test_a_pod_is_of_its_workload(workload, expected):
    assert is_of(WEB, workload) is expected
    assert is_of(build.running_pod(), workload) is expected


# --- another image -------------------------------------------------------------------------


def test_an_image_with_its_registry_in_front_is_pulled():
    assert leads_to(build.hostless_facts(), "image.registry-left-out") == HEALTHY


def test_an_image_with_its_registry_in_front_still_takes_a_role():
    led = leads_to(build.hostless_facts(access=NO_ROLE), "image.registry-left-out")
    assert led == ("broken", ("access.pull-role-missing",))


def test_only_the_container_that_is_named_gets_another_image():
    facts = failing_facts(WEB, SIDECAR)
    values = {"workload": "deployment/web", "namespace": "team", "container": "app", "suggestion": "a.azurecr.io/b:1"}
    after = image_set(values, facts)
    assert after.kubernetes.failing == (SIDECAR,)
    assert after.kubernetes.pulled[0].image == "a.azurecr.io/b:1"


# --- other nodes ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_pods_that_move_to_nodes_that_run_their_image_pull(kind):
    labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", "kubernetes.azure.com/agentpool": "arm"}
    arm = build.node("aks-arm-1", "arm", architecture="arm64", labels=labels)
    arm_only = build.lookup(platforms=(Platform("linux", "arm64"),), manifests=(build.offered("linux/arm64"),))
    waiting = build.waiting_container(owner=f"{kind}/web")
    pools = (build.agent_pool(), build.agent_pool("arm"))
    facts = build.waiting_facts(
        arm_only,
        kubernetes=build.kubernetes(waiting, nodes=(build.node(), arm)),
        cluster=build.cluster(agent_pools=pools),
    )
    assert leads_to(facts, "image.platform-mismatch", 2) == HEALTHY
