from __future__ import annotations

from azext_acrpulldiag.effects.cluster import started
from azext_acrpulldiag.facts import Unreadable
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
