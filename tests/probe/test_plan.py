"""Which nodes are asked to pull."""

import pytest

from azext_acrpulldiag.probe.plan import MOST_PODS, NODE_IMAGE, host_from, planned
from tests.probe.nodes import IMAGE, SPOT, arm64, node, provisioned, windows, with_images

PREFER = {"key": "soft", "value": "", "effect": "PreferNoSchedule"}


def plan(*items, declared=()):
    chosen, left_out = planned([host_from(each, IMAGE) for each in items], declared)
    return [each.node.name for each in chosen], {each.pool: each.message for each in left_out}


def test_each_pool_and_kind_of_node_has_one():
    names, left_out = plan(
        node("a-1", "a"),
        node("a-2", "a"),
        node("a-3", "a", **{NODE_IMAGE: "AKSUbuntu-2204-newer"}),
        windows("win-1"),
        arm64("arm-1"),
        provisioned("auto-amd"),
        provisioned("auto-arm", **{"kubernetes.io/arch": "arm64"}),
        node("alone", None),
        declared=("a", "win", "arm"),
    )
    assert sorted(names) == ["a-1", "a-3", "alone", "arm-1", "auto-amd", "auto-arm", "win-1"]
    assert left_out == {}


def test_a_node_without_the_image_is_preferred():
    assert plan(with_images(node("a-1"), IMAGE), with_images(node("a-2"), "x.azurecr.io/y:1"))[0] == ["a-2"]
    assert plan(with_images(node("a-1"), IMAGE))[0] == ["a-1"]


def test_a_node_whose_list_is_whole_is_preferred():
    assert plan(with_images(node("a-1"), others=50), with_images(node("a-2"), others=3))[0] == ["a-2"]
    assert plan(with_images(node("a-1")), with_images(node("a-2"), others=50))[0] == ["a-2"]


@pytest.mark.parametrize(
    ("item", "size", "fetched"),
    [
        (with_images(node("n"), "x.azurecr.io/y:1"), None, True),
        (with_images(node("n"), IMAGE), 10**9, False),
        (with_images(node("n"), f"{IMAGE.rpartition(':')[0]}@sha256:{'0' * 64}", IMAGE), None, False),
        (with_images(node("n"), others=50, size=1000), None, False),
        (with_images(node("n"), others=50, size=1000), 999, False),
        (with_images(node("n"), others=50, size=1000), 1000, True),
        (with_images(node("n"), others=49, size=1000), 999, True),
        (with_images(node("n")), 10**9, False),  # kubelet is told to list none, or has not reported yet
    ],
)
def test_layers_are_fetched_where_the_image_cannot_have_been_there(item, size, fetched):
    assert host_from(item, IMAGE).fetched(size) is fetched


def test_a_digest_is_compared_where_the_reference_has_one():
    digest = f"sha256:{'1' * 64}"
    item = with_images(node("n"), f"contosoreg.azurecr.io/team/app@{digest}")
    assert host_from(item, f"{IMAGE}@{digest}").listed
    assert not host_from(item, f"{IMAGE}@sha256:{'2' * 64}").listed


def test_taints_that_keep_pods_out_are_known():
    (taint,) = host_from(node("n", "a", SPOT, PREFER), IMAGE).taints
    assert (taint.key, taint.value, taint.effect) == tuple(SPOT.values())


def test_what_no_pod_would_be_placed_on_is_not_tried():
    cordoned, going = node("b-1", "b"), node("c-1", "c")
    cordoned["spec"]["unschedulable"] = True
    going["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    virtual = node("virtual-node-aci-linux", None, type="virtual-kubelet")
    names, left_out = plan(node("a-1", "a", ready=False), cordoned, going, virtual, declared=("a", "B", "empty"))
    assert names == []
    assert left_out["empty"] == "It has no nodes; a pod that waits for one would have the autoscaler add it."
    assert left_out["a"] == "None of its nodes is ready."
    assert "cordoned" in left_out["b"]
    assert "cordoned" in left_out["c"]
    assert "Container Instances" in left_out[None]


GOING = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1796029800", "effect": "NoSchedule"}
DISRUPTED = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
FULL_DISK = {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}


def test_nodes_that_an_autoscaler_removes_are_not_tried():
    names, left_out = plan(node("a-1", "a", GOING), node("a-2", "a"), provisioned("c-1", taints=(DISRUPTED,)))
    assert names == ["a-2"]
    assert left_out == {"general": "An autoscaler is about to remove its nodes."}


def test_a_node_in_trouble_is_the_last_choice():
    assert plan(node("a-1", "a", FULL_DISK), with_images(node("a-2", "a"), IMAGE))[0] == ["a-2"]
    assert plan(node("a-1", "a", FULL_DISK))[0] == ["a-1"]


def test_there_is_an_end_to_the_pods_of_nodes_without_a_pool():
    names, left_out = plan(*(node(f"n-{number:03}", None) for number in range(MOST_PODS + 3)))
    assert len(names) == MOST_PODS
    assert left_out == {None: "A probe starts at most 200 pods."}


def test_a_ready_node_stands_in_for_one_that_is_not():
    assert plan(node("a-1", ready=False), node("a-2"))[0] == ["a-2"]
