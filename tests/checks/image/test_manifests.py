"""Mirror of checks/image/manifests.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.image.manifests import the_registry_has_what_nodes_take
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import CacheRule, Kubernetes, Offered, Platform, Unreadable
from azext_acrpulldiag.model import Confidence, Status
from tests.build import (
    IMAGE,
    agent_pool,
    cluster,
    image_facts,
    lookup,
    node,
    offered,
    waiting_container,
    waiting_facts,
)

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "x", "y/read")
GONE = offered(digest="sha256:gone", manifest=None)
ARM_GONE = offered("linux/arm64", "sha256:armgone", manifest=None)
ARM = offered("linux/arm64", "sha256:arm")
ARM_POOL = agent_pool("arm", node_image_version="AKSUbuntu-2204gen2arm64containerd-202610.01.0")
WINDOWS_POOL = agent_pool("win", os_type="Windows", node_image_version="AKSWindows-2022-containerd-20348.3091.260210")
VAGUE_POOL = agent_pool("win", os_type="Windows", node_image_version="AKSWindows-2022-containerd")
ARM_NODE = node("aks-arm-1", "arm", architecture="arm64")


def one(facts):
    (finding,) = evaluate(the_registry_has_what_nodes_take, facts)
    return finding


def index(*manifests, **changes):
    return lookup(manifests=manifests, **changes)


def windows(build, manifest=None):
    return Offered(f"sha256:{build}", Platform("windows", "amd64", f"10.0.{build}.1"), manifest)


def test_the_manifest_of_every_pool_is_gone():
    finding = one(image_facts(index(GONE, ARM)))
    assert (finding.outcome, finding.confidence) == ("image.manifest-missing", Confidence.INFERRED)
    assert finding.summary == (
        f"The image {IMAGE} is an index that names a manifest which the registry no longer has, for linux/amd64, the "
        "platform of node pool pool1; it still has those for linux/arm64."
    )
    assert finding.evidence["missing"] == ["sha256:gone"]
    assert [remedy.command for remedy in finding.remedies if remedy.command] == [
        f"docker buildx build --platform linux/amd64,linux/arm64 --tag {IMAGE} --push ."
    ]


def test_only_the_pool_whose_manifest_is_gone_is_named():
    finding = one(image_facts(index(offered(), ARM_GONE), cluster=cluster(agent_pools=(agent_pool(), ARM_POOL))))
    assert (finding.evidence["pools"], finding.reach.pools) == (["arm"], {"arm"})


def test_a_pod_that_waits_names_the_node():
    finding = one(waiting_facts(index(GONE, ARM)))
    assert (finding.status, finding.confidence) == (Status.FAIL, Confidence.OBSERVED)
    assert finding.evidence["pods"] == ["shop/web-1"]


def test_what_no_node_with_a_pod_takes_is_of_no_account():
    seen = Kubernetes(nodes=(node(), ARM_NODE), failing=(waiting_container(),), pulled=())
    facts = waiting_facts(index(offered(), ARM_GONE), kubernetes=seen)
    assert one(replace(facts, cluster=cluster(agent_pools=(agent_pool(), ARM_POOL)))).status is Status.PASS


@pytest.mark.parametrize(
    "found",
    [
        index(offered(), ARM_GONE),  # the cluster has no such node
        index(offered(), offered("linux/386", "sha256:386", manifest=None)),
        index(offered(), offered(digest="sha256:second", manifest=None)),  # containerd takes the first
        index(ARM),  # nothing for the node: another check's matter
        index(offered(), offered(None, "sha256:nameless", manifest=None)),
        index(offered(), offered("linux/s390x", manifest=FORBIDDEN)),
    ],
)
def test_what_no_node_takes_may_be_gone(found):
    assert one(image_facts(found)).status is Status.PASS


@pytest.mark.parametrize(
    "found",
    [
        index(GONE, offered(digest="sha256:second")),
        index(offered(None, "sha256:nested", manifest=None)),
        index(offered("linux/386", "sha256:386", manifest=None)),
    ],
)
def test_containerd_looks_for_no_other(found):
    assert one(image_facts(found)).outcome == "image.manifest-missing"


@pytest.mark.parametrize(
    ("manifests", "pool", "status"),
    [
        ((windows(20348), windows(17763)), WINDOWS_POOL, Status.FAIL),
        ((windows(17763), windows(20348, FORBIDDEN)), WINDOWS_POOL, Status.UNKNOWN),
        ((windows(17763), offered()), WINDOWS_POOL, Status.PASS),
        ((windows(17763), windows(20348)), VAGUE_POOL, Status.FAIL),
        ((windows(17763), windows(20348, offered().manifest)), VAGUE_POOL, Status.UNKNOWN),
    ],
)
def test_windows_builds(manifests, pool, status):
    assert one(image_facts(index(*manifests), cluster=cluster(agent_pools=(pool,)))).status is status


def test_a_windows_image_is_not_built_by_buildx():
    finding = one(image_facts(index(windows(20348)), cluster=cluster(agent_pools=(WINDOWS_POOL,))))
    assert finding.remedies[0].command is None


def test_a_pinned_digest_is_not_had_again_by_building():
    assert one(image_facts(index(GONE, digest="sha256:" + "5e" * 32))).remedies[0].command is None


def test_a_repository_that_a_cache_rule_fills_takes_no_push():
    finding = one(image_facts(index(GONE), cache_rules=(CacheRule("hub", "docker.io/*", "team/*", None, None),)))
    assert finding.evidence["cache_rule"] == "hub"
    assert [remedy.command for remedy in finding.remedies] == [None]
    assert "cache rule hub" in finding.remedies[0].description


@pytest.mark.parametrize(
    "found",
    [lookup(manifests=FORBIDDEN), index(offered(manifest=FORBIDDEN))],
)
def test_what_could_not_be_read_is_unknown(found):
    finding = one(image_facts(found))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "y/read")


def test_a_pool_of_no_known_platform_leaves_it_open_where_something_is_gone():
    vague = cluster(agent_pools=(agent_pool(node_image_version="something-else"),))
    assert one(image_facts(index(offered()), cluster=vague)).status is Status.PASS
    assert one(image_facts(index(offered(), ARM_GONE), cluster=vague)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "found",
    [lookup(is_index=False), lookup(reference_exists=False), lookup(unreadable_part="tag", manifests=FORBIDDEN)],
)
def test_it_does_not_apply(found):
    assert one(image_facts(found)).status is Status.SKIPPED


def test_images_that_were_not_read_are_unknown():
    assert one(image_facts(images=FORBIDDEN)).status is Status.UNKNOWN
