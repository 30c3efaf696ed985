from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.image._hosts import pool_platform
from azext_acrpulldiag.checks.image.platform import image_fits_its_nodes
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Kubernetes, Placement, Platform, Requirement, Unreadable
from azext_acrpulldiag.images.platforms import NodePlatform
from azext_acrpulldiag.model import Confidence, Status
from tests.build import (
    IMAGE,
    agent_pool,
    cluster,
    healthy_facts,
    image_facts,
    lookup,
    node,
    waiting_container,
    waiting_facts,
)
from tests.build.ids import GET_CREDENTIALS

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "x", "y/read")
ARM_ONLY = lookup(platforms=(Platform("linux", "arm64"),))
ARM_POOL = agent_pool("arm", node_image_version="AKSUbuntu-2204gen2arm64containerd-202610.01.0")
WINDOWS_POOL = agent_pool("win", os_type="Windows", node_image_version="AKSWindows-2022-containerd-20348.3091.260210")
ARM_LABELS = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", "kubernetes.azure.com/agentpool": "arm"}
ARM_NODE = node("aks-arm-1", "arm", architecture="arm64", labels=ARM_LABELS)
WINDOWS_NODE = node("akswin000000", "win", os="windows", windows_build="10.0.20348")


def one(facts):
    (finding,) = evaluate(image_fits_its_nodes, facts)
    return finding


def pools(*agent_pools, **changes):
    return cluster(agent_pools=agent_pools, **changes)


def seen(*nodes, failing=()):
    return Kubernetes(nodes, tuple(failing), ())


# --- for an image that no pod waits for --------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        lookup(),
        lookup(platforms=(Platform("linux", "arm64"), Platform("linux", "amd64"))),
        lookup(platforms=(Platform("linux", "amd64", None, "v3"),)),
    ],
)
def test_an_image_that_some_pool_can_run_passes(found):
    assert one(image_facts(found)).status is Status.PASS


@pytest.mark.parametrize("found", [lookup(), ARM_ONLY])
def test_one_pool_that_can_run_it_is_enough(found):
    assert one(image_facts(found, cluster=pools(agent_pool(), ARM_POOL))).status is Status.PASS


def test_no_pool_can_run_it():
    finding = one(image_facts(ARM_ONLY, cluster=pools(agent_pool(), WINDOWS_POOL)))
    assert (finding.outcome, finding.confidence) == ("image.platform-mismatch", Confidence.INFERRED)
    evidence = finding.evidence
    assert evidence["image_platforms"] == ["linux/arm64"]
    assert evidence["node_platforms"] == ["linux/amd64", "windows/amd64 (Windows build 20348)"]
    assert (evidence["pools_unable"], evidence["pools_able"], evidence["pods"]) == (["pool1", "win"], [], [])


def test_the_repair_keeps_the_platforms_that_there_are():
    finding = one(image_facts(ARM_ONLY))
    assert [remedy.command for remedy in finding.remedies] == [
        f"docker buildx build --platform linux/amd64,linux/arm64 --tag {IMAGE} --push ."
    ]


def test_a_lone_manifest_is_pulled_and_does_not_start():
    finding = one(image_facts(replace(ARM_ONLY, is_index=False)))
    assert (finding.status, finding.outcome, finding.explains) == (Status.WARN, "image.platform-mismatch", ())


def test_a_pinned_digest_is_not_rebuilt_by_its_name():
    finding = one(image_facts(lookup(platforms=(Platform("linux", "arm64"),), digest="sha256:" + "5e" * 32)))
    assert [remedy.command for remedy in finding.remedies] == [None]


@pytest.mark.parametrize(("build", "status"), [("17763", Status.FAIL), ("20348", Status.PASS), ("26100", Status.FAIL)])
def test_windows_builds(build, status):
    found = lookup(platforms=(Platform("windows", "amd64", f"10.0.{build}.1"),))
    finding = one(image_facts(found, cluster=pools(agent_pool(), WINDOWS_POOL)))
    assert finding.status is status
    if status is Status.FAIL:
        assert finding.remedies[0].command.startswith("az acr build --registry contosoreg --image team/app:1.2")


@pytest.mark.parametrize(
    "pool",
    [
        agent_pool(node_image_version=FORBIDDEN),
        agent_pool(node_image_version="something-else"),
        agent_pool(os_type=FORBIDDEN),
    ],
)
def test_a_pool_that_does_not_show_its_platform_leaves_it_open(pool):
    assert one(image_facts(ARM_ONLY, cluster=pools(agent_pool("p2"), pool))).status is Status.UNKNOWN
    assert one(image_facts(lookup(), cluster=pools(agent_pool("p2"), pool))).status is Status.PASS


def test_an_unknown_windows_build_leaves_it_open():
    found = lookup(platforms=(Platform("windows", "amd64", "10.0.20348.1"),))
    vague = agent_pool("win", os_type="Windows", node_image_version="AKSWindows-2022-containerd")
    assert one(image_facts(found, cluster=pools(agent_pool(), vague))).status is Status.UNKNOWN


@pytest.mark.parametrize("provisioning", [True, FORBIDDEN])
def test_a_cluster_that_provisions_nodes_by_itself_may_get_one_that_fits(provisioning):
    facts = image_facts(ARM_ONLY, cluster=cluster(node_auto_provisioning=provisioning))
    assert one(facts).status is Status.UNKNOWN


@pytest.mark.parametrize("mode", ["Gateway", "gateway"])
def test_gateway_pools_run_no_pods(mode):
    finding = one(image_facts(ARM_ONLY, cluster=pools(agent_pool(), agent_pool("gw", mode=mode))))
    assert finding.evidence["pools_unable"] == ["pool1"]
    assert one(image_facts(cluster=pools())).status is Status.SKIPPED


def test_nodes_and_pools_without_nodes_are_judged_together():
    arm_is_empty = image_facts(ARM_ONLY, cluster=pools(agent_pool(), ARM_POOL), kubernetes=seen(node()))
    assert one(arm_is_empty).status is Status.PASS
    assert one(image_facts(ARM_ONLY, kubernetes=seen(node()))).outcome == "image.platform-mismatch"


# --- for the pods that wait --------------------------------------------------------------


def test_a_pod_on_a_node_that_can_run_it_passes():
    assert one(waiting_facts()).status is Status.PASS


def test_a_pod_landed_on_a_node_that_cannot_run_it():
    kubernetes = seen(node(), ARM_NODE, failing=[waiting_container()])
    finding = one(waiting_facts(ARM_ONLY, cluster=pools(agent_pool(), ARM_POOL), kubernetes=kubernetes))
    assert (finding.outcome, finding.confidence) == ("image.platform-mismatch", Confidence.OBSERVED)
    evidence = finding.evidence
    assert (evidence["pods"], evidence["nodes"]) == (["shop/web-1"], ["aks-pool1-87752918-vmss000000"])
    assert (evidence["pools_unable"], evidence["pools_able"]) == (["pool1"], ["arm"])
    assert finding.remedies[1].command == GET_CREDENTIALS
    patch = shlex.split(finding.remedies[2].command)
    assert patch[3:8] == ["patch", "deployment", "web", "--namespace", "shop"]
    assert json.loads(patch[9])["spec"]["template"]["spec"]["nodeSelector"] == {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64",
    }


@pytest.mark.parametrize(
    ("placement", "able"),
    [
        (Placement({"kubernetes.io/arch": "amd64"}), ["arm"]),
        (Placement({"kubernetes.azure.com/agentpool": "pool1"}), []),
        (Placement(required_terms=((Requirement("kubernetes.azure.com/agentpool", "In", ("pool1",)),),)), []),
    ],
)
def test_only_pools_that_are_open_to_the_pod_are_offered(placement, able):
    kubernetes = seen(node(), ARM_NODE, failing=[waiting_container(placement=placement)])
    finding = one(waiting_facts(ARM_ONLY, kubernetes=kubernetes))
    assert (finding.evidence["pools_able"], len(finding.remedies)) == (able, 1 + 2 * len(able))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_the_owner_is_patched_whatever_its_kind(kind):
    kubernetes = seen(node(), ARM_NODE, failing=[waiting_container(owner=f"{kind}/web")])
    move = one(waiting_facts(ARM_ONLY, kubernetes=kubernetes)).remedies[2]
    kubectl = "kubectl --kubeconfig ./prod.kubeconfig"
    assert move.command.startswith(f"{kubectl} patch {kind.lower()} web --namespace shop --patch ")
    assert (move.option, move.step, move.requires[1]) == (2, 2, f"patch {kind.lower()}s")


@pytest.mark.parametrize("owner", [None, "Job/nightly", "CronJob/x"])
def test_only_owners_that_can_be_patched_are(owner):
    kubernetes = seen(node(), ARM_NODE, failing=[waiting_container(owner=owner)])
    assert len(one(waiting_facts(ARM_ONLY, kubernetes=kubernetes)).remedies) == 1


def test_a_pod_that_has_no_node_yet_is_judged_by_where_it_may_land():
    unplaced = waiting_container(node=None, placement=Placement({"kubernetes.io/arch": "arm64"}))
    assert one(waiting_facts(ARM_ONLY, kubernetes=seen(node(), ARM_NODE, failing=[unplaced]))).status is Status.PASS
    assert one(waiting_facts(lookup(), kubernetes=seen(node(), ARM_NODE, failing=[unplaced]))).status is Status.FAIL


def test_pods_of_other_images_do_not_count():
    other = waiting_container(image="contosoreg.azurecr.io/team/app:1.3")
    broken = waiting_container(image="///:::")
    kubernetes = seen(node(), ARM_NODE, failing=[other, broken])
    assert one(waiting_facts(ARM_ONLY, kubernetes=kubernetes)).status is Status.PASS


def test_a_node_that_is_gone_leaves_the_pools():
    kubernetes = seen(ARM_NODE, failing=[waiting_container(node="gone")])
    facts = waiting_facts(ARM_ONLY, cluster=pools(agent_pool(), ARM_POOL), kubernetes=kubernetes)
    assert one(facts).status is Status.PASS


@pytest.mark.parametrize("changes", [{"nodes": FORBIDDEN}, {"failing": FORBIDDEN}])
def test_what_kubernetes_does_not_show_leaves_the_pools(changes):
    assert one(image_facts(ARM_ONLY, kubernetes=replace(seen(node()), **changes))).status is Status.FAIL


def test_an_unreadable_kubernetes_leaves_a_mismatch_proven_and_a_fit_open():
    assert one(image_facts(ARM_ONLY, kubernetes=FORBIDDEN)).status is Status.FAIL
    finding = one(image_facts(kubernetes=FORBIDDEN))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


def test_a_node_that_does_not_show_its_platform_is_unknown():
    kubernetes = seen(node(architecture=""), failing=[waiting_container()])
    assert one(waiting_facts(kubernetes=kubernetes)).status is Status.UNKNOWN


def test_a_windows_pod_on_a_node_of_another_build():
    found = lookup(platforms=(Platform("windows", "amd64", "10.0.17763.1"),))
    kubernetes = seen(WINDOWS_NODE, failing=[waiting_container(node="akswin000000")])
    finding = one(waiting_facts(found, kubernetes=kubernetes))
    assert finding.evidence["node_platforms"] == ["windows/amd64 (Windows build 20348)"]


# --- what does not apply -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (healthy_facts(), Status.SKIPPED),
        (healthy_facts(images=()), Status.SKIPPED),
        (healthy_facts(images=FORBIDDEN), Status.UNKNOWN),
        (image_facts(lookup(reference_exists=False)), Status.SKIPPED),
        (image_facts(lookup(platforms=FORBIDDEN)), Status.UNKNOWN),
        (image_facts(lookup(platforms=())), Status.SKIPPED),
        (image_facts(cluster=FORBIDDEN), Status.UNKNOWN),
        (image_facts(ARM_ONLY, registry=FORBIDDEN), Status.UNKNOWN),
    ],
)
def test_what_cannot_be_judged(facts, status):
    assert one(facts).status is status


@pytest.mark.parametrize(
    ("version", "architecture"),
    [
        ("AKSUbuntu-2204gen2containerd-202610.01.0", "amd64"),
        ("AKSUbuntu-2204gen2arm64containerd-202508.20.1", "arm64"),
        ("AKSAzureLinux-V3gen2-202508.06.0", "amd64"),
        ("AKSAzureLinux-V3gen2arm64-202508.06.0", "arm64"),
        ("AKSUbuntu-1804gen2containerd-2022.02.07", "amd64"),
    ],
)
def test_recorded_node_images_tell_the_architecture(version, architecture):
    assert pool_platform(agent_pool(node_image_version=version)) == NodePlatform("linux", architecture)
