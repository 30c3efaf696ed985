"""What sets failing nodes apart, and from whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.diagnosis.apart import apart, surroundings_of
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import NOW, agent_pool, cluster, failing, healthy_facts, kubernetes, node, pulled

SKU, IMAGE_VERSION = "kubernetes.azure.com/os-sku", "kubernetes.azure.com/node-image-version"
HERE = failing(node="here")


def labelled(name, pool, sku, **changes):
    return node(name, pool, runtime="containerd://1.7.34-1", **{"labels": {SKU: sku}, **changes})


AZL, UBUNTU = labelled("here", "azl", "AzureLinux"), labelled("there", "pool1", "Ubuntu")
SAME = pulled(image=HERE.image, node="there")


def found(*nodes, containers=(HERE,), pulls=(), pools=(), **changes):
    facts = healthy_facts(
        kubernetes=replace(kubernetes(*containers), nodes=nodes, pulled=pulls, **changes),
        cluster=cluster(agent_pools=pools),
    )
    symptoms = symptoms_of(facts)[0]
    return apart(symptoms, surroundings_of(facts, symptoms))


def told(apart):
    return {each.what: (each.value, each.others) for each in apart.only_here}


def test_what_all_failing_nodes_have_and_no_other_is_told():
    seen = found(AZL, UBUNTU, pulls=(SAME,))
    assert told(seen) == {"node pool": ("azl", ("pool1",)), "OS SKU": ("AzureLinux", ("Ubuntu",))}
    assert (seen.compared_with, seen.compared_nodes) == ("pulled-the-image", ("there",))
    assert "node pool azl, OS SKU AzureLinux" in seen.difference


@pytest.mark.parametrize(
    ("changes", "compared"),
    [
        ({"pulls": (SAME,)}, "pulled-the-image"),
        ({"pulls": (pulled(node="there"),)}, "pulled"),
        ({}, "ready"),
        ({"pulls": (replace(SAME, at=NOW - timedelta(hours=2)),)}, "ready"),
        ({"overlooked": Unreadable("forbidden", "HTTP 403")}, None),
    ],
)
def test_the_best_there_is_to_compare_with(changes, compared):
    assert found(AZL, UBUNTU, **changes).compared_with == compared


def test_nodes_that_fail_too_or_are_not_ready_are_no_comparison():
    assert found(AZL, UBUNTU, containers=(HERE, failing(pod="b", node="there"))).only_here == ()
    assert found(AZL, replace(UBUNTU, ready=False)).compared_with is None


def test_what_the_failing_nodes_do_not_share_is_not_told():
    other = labelled("also", "b", "AzureLinux")
    seen = found(AZL, other, UBUNTU, containers=(HERE, failing(pod="b", node="also")), pulls=(SAME,))
    assert list(told(seen)) == ["OS SKU"]


@pytest.mark.parametrize(
    "there",
    [labelled("there", "pool1", "AzureLinux"), labelled("there", "pool1", "Ubuntu", labels={})],
    ids=["alike", "not known"],
)
def test_a_trait_that_is_alike_or_not_known_is_not_told(there):
    assert "OS SKU" not in told(found(AZL, there, pulls=(SAME,)))


def test_one_runtime_version_among_nodes_of_one_pool():
    newer = replace(UBUNTU, name="here", runtime="containerd://2.3.3")
    assert told(found(newer, UBUNTU, pulls=(SAME,))) == {
        "container runtime": ("containerd://2.3.3", ("containerd://1.7.34-1",))
    }


def test_a_pool_tells_what_labels_do_not():
    bare = (replace(AZL, labels={}), replace(UBUNTU, labels={}))
    pools = (
        agent_pool("AZL", os_sku="AzureLinux", node_image_version="AKSAzureLinux-V3gen2-202607.20.0"),
        agent_pool("pool1", node_image_version=Unreadable("not-shown", "not shown")),
    )
    assert list(told(found(*bare, pulls=(SAME,), pools=pools))) == ["node pool", "OS SKU"]


def test_nothing_is_told_of_nodes_that_were_not_read_or_are_gone():
    assert found(UBUNTU, pulls=(SAME,)).only_here == ()
    facts = healthy_facts(kubernetes=replace(kubernetes(HERE), nodes=Unreadable("forbidden", "HTTP 403")))
    assert surroundings_of(facts, symptoms_of(facts)[0]).nodes == ()
    assert surroundings_of(healthy_facts(), ()).nodes == ()


def test_hostile_names_are_printable():
    seen = found(replace(AZL, pool="\x1b[2J", runtime="\x1b"), UBUNTU, pulls=(SAME,))
    assert "\x1b" not in seen.difference
