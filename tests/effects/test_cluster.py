from __future__ import annotations

import pytest

from azext_acrpulldiag.effects.cluster import node_image_upgraded, started
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.repairs import UntoldError
from tests import build

from .trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no")


def test_a_cluster_that_is_started_pulls():
    stopped = build.cluster(power_state="Stopped", agent_pools=(build.agent_pool(power_state="Stopped"),))
    assert leads_to(build.healthy_facts(cluster=stopped), "cluster.stopped") == HEALTHY


def test_what_a_stopped_cluster_hides_comes_out():
    """Of a node pool that stands still, an identity that is not assigned is a warning only."""
    stopped = build.cluster(power_state="Stopped", agent_pools=(build.agent_pool(power_state="Stopped"),))
    facts = build.healthy_facts(cluster=stopped, node_hosts=(build.scale_set(identities=()),))
    assert leads_to(facts, "cluster.stopped") == ("broken", ("nodes.kubelet-identity-unassigned",))


def test_what_was_not_read_of_a_cluster_stays_unread():
    facts = build.healthy_facts(cluster=build.cluster(power_state="Stopped", agent_pools=UNREAD))
    assert started({}, facts).cluster.agent_pools == UNREAD
    unread = build.healthy_facts(cluster=UNREAD)
    assert started({}, unread) == unread


def test_whether_a_failed_cluster_gets_well_nobody_can_tell():
    facts = build.healthy_facts(cluster=build.cluster(provisioning_state="Failed"))
    assert not_told(facts, "cluster.not-ready").startswith("Whether AKS")


# --- node images -------------------------------------------------------------------------


def images(*versions: str, pool: str = "pool0") -> list[object]:
    """The versions of pools ``pool0``, ``pool1`` and so on, once one was upgraded."""
    pools = tuple(build.agent_pool(f"pool{at}", node_image_version=each) for at, each in enumerate(versions))
    facts = build.healthy_facts(cluster=build.cluster(agent_pools=pools))
    return [each.node_image_version for each in node_image_upgraded({"pool": pool}, facts).cluster.agent_pools]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AKSUbuntu-2204gen2containerd-202401.09.2", "AKSUbuntu-2204gen2containerd-202611.22.0"),
        ("AKSUbuntu-2204gen2arm64containerd-202505.14.0", "AKSUbuntu-2204gen2arm64containerd-202611.22.0"),
        ("AKSAzureLinux-V3gen2-202508.06.0", "AKSAzureLinux-V3gen2-202611.22.0"),
        ("AKSWindows-2022-containerd-20348.1787.230614", "AKSWindows-2022-containerd-20348.1787.261122"),
    ],
)
def test_a_node_pool_gets_an_image_of_today(old, new):
    assert images(old, old) == [new, old]


def test_of_kinds_that_are_no_longer_made_nobody_can_tell():
    with pytest.raises(UntoldError, match="this kind"):
        images("AKSUbuntu-1804gen2containerd-2022.02.07")
    unread = build.healthy_facts(cluster=UNREAD)
    assert node_image_upgraded({"pool": "pool1"}, unread) == unread
