"""Nodes as Kubernetes shows them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks.cluster.nodes_in_kubernetes import every_node_is_ready as ready
from azext_acrpulldiag.checks.cluster.nodes_in_kubernetes import (
    nodes_registered_with_the_present_kubelet_identity as labels,
)
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Status
from tests.build import NOW, cluster, healthy_facts, kubernetes, node, service_principal_facts

UNREAD = Unreadable("forbidden", "HTTP 403")
FORMER = "7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80"


def judged(check, *nodes, **changes):
    return evaluate(check, replace(healthy_facts(), kubernetes=kubernetes(nodes=nodes), **changes))


def test_unready_nodes_are_one_warning_a_pool():
    findings = judged(
        ready,
        node("a"),
        node("b", ready=False),
        node("c", pool="pool2", ready=False),
        node("d", pool=None, ready=False),
    )
    assert [(each.outcome, each.evidence["nodes"]) for each in findings] == [
        ("cluster.not-ready", ["d"]),
        ("cluster.not-ready", ["b"]),
        ("cluster.not-ready", ["c"]),
    ]
    assert findings[1].evidence["provisioning_state"] == "not ready (1 of 2 nodes)"
    assert (
        findings[1].remedies[0].description
        == "Cordon and drain node b, then restart that one instance, or reimage it if that does not help"
    )


def test_the_repair_of_several_unready_nodes_is_for_the_cluster():
    (finding,) = judged(ready, node("a", ready=False), node("b", ready=False))
    assert [each.command.split()[:3] for each in finding.remedies] == [["az", "aks", "update"]]


def test_a_node_that_is_being_set_up_is_no_fault():
    new = node(ready=False, created=NOW - timedelta(minutes=3))
    assert [each.status for each in judged(ready, new)] == [Status.PASS]
    assert [each.status for each in judged(ready, replace(new, created=None))] == [Status.WARN]


def test_nodes_of_another_client_id_are_outdated():
    (finding,) = judged(labels, node(), node("old", pool="burst", kubelet_client_id=FORMER.upper()))
    assert finding.outcome == "identity.node-identity-outdated"
    assert (finding.evidence["pools"], finding.evidence["node_client_ids"]) == (["burst"], [FORMER])
    first, *others = finding.remedies
    assert first.description == "Cordon and drain node old, then reimage that one instance"
    assert [each.command.split()[:3] for each in others] == [["az", "aks", "upgrade"], ["az", "aks", "update"]]


def test_the_repair_of_several_outdated_nodes_is_for_the_cluster():
    (finding,) = judged(labels, node("a", kubelet_client_id=FORMER), node("b", kubelet_client_id=FORMER))
    assert [each.command.split()[:3] for each in finding.remedies] == [
        ["az", "aks", "upgrade"],
        ["az", "aks", "update"],
    ]


def test_a_node_without_the_label_is_no_fault():
    assert [each.status for each in judged(labels, node(kubelet_client_id=None))] == [Status.PASS]


def test_labels_do_not_matter_to_others():
    (finding,) = evaluate(labels, service_principal_facts(kubernetes=kubernetes()))
    assert finding.status is Status.SKIPPED
    (finding,) = judged(labels, node(), cluster=cluster(kubelet_identity=None))
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("check", [ready, labels])
def test_skipped_where_nobody_asked_and_unknown_where_unread(check):
    statuses = [
        evaluate(check, replace(healthy_facts(), kubernetes=read))[0].status
        for read in (None, UNREAD, replace(kubernetes(), nodes=UNREAD))
    ]
    assert statuses == [Status.SKIPPED, Status.UNKNOWN, Status.UNKNOWN]
