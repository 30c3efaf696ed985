"""Node pools by what their nodes are, and whether pulls work there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from azext_acrpulldiag.diagnosis.pools import PoolRow, pool_rows
from azext_acrpulldiag.diagnosis.whole import diagnosed
from azext_acrpulldiag.facts import Facts, Unreadable
from azext_acrpulldiag.facts.probe import FAILED, PULLED
from tests import build

OLD, NEW = "AKSUbuntu-2204gen2containerd-202609.01.0", "AKSUbuntu-2204gen2containerd-202610.01.0"
LABEL = "kubernetes.azure.com/node-image-version"


def rows(facts: Facts) -> tuple[PoolRow, ...]:
    return pool_rows(facts, diagnosed(facts).symptoms)


def node(name: str, image: str, **changes: Any) -> Any:
    made = build.node(name, **changes)
    return replace(made, labels={**made.labels, LABEL: image}, runtime="containerd://1.7.27-1")


def test_a_pool_whose_nodes_differ_has_a_row_for_each_kind() -> None:
    nodes = (node("a-0", OLD), node("a-1", NEW), node("a-2", NEW, ready=False))
    pods = (build.failing(node="a-0"), build.failing(node="a-0", container="other"))
    fetched = (build.pulled(node="a-1"),)
    older, newer = rows(build.healthy_facts(kubernetes=build.kubernetes(*pods, nodes=nodes, pulled=fetched)))
    assert (older.node_image, older.state, older.failing_pods, older.nodes) == (OLD, "fails", 1, 1)
    assert (newer.node_image, newer.state, newer.pulled_on, newer.nodes, newer.ready) == (NEW, "works", 1, 2, 1)
    assert (newer.pool, newer.os, newer.architecture, newer.containerd) == ("pool1", "linux", "amd64", "1.7.27-1")


def test_a_pool_where_some_pulls_work_and_some_do_not() -> None:
    nodes = (node("a-0", NEW), node("a-1", NEW))
    facts = build.kubernetes(build.failing(node="a-0"), nodes=nodes, pulled=(build.pulled(node="a-1"),))
    (row,) = rows(build.healthy_facts(kubernetes=facts))
    assert row.state == "both"


def test_where_no_node_was_read_azure_tells_what_it_can() -> None:
    unread = Unreadable("forbidden", "You may not list nodes")
    pools = (build.agent_pool("sys"), build.agent_pool("win", os_type="Windows", os_sku="Windows2022", count=3))
    facts = build.healthy_facts(cluster=build.cluster(agent_pools=pools), kubernetes=build.kubernetes(nodes=unread))
    system, windows = rows(facts)
    assert (system.pool, system.state, system.containerd, system.ready) == ("sys", "unknown", None, None)
    assert (windows.os, windows.os_sku, windows.nodes) == ("windows", "Windows2022", 3)
    assert {(row.failing_pods, row.pulled_on) for row in (system, windows)} == {(None, None)}


def test_pulls_that_were_not_read_are_not_counted() -> None:
    unread = Unreadable("forbidden", "You may not list events")
    told = replace(build.kubernetes(nodes=(node("a-0", NEW),)), pulled=unread)
    (row,) = rows(build.healthy_facts(kubernetes=told))
    assert (row.failing_pods, row.pulled_on, row.state) == (0, None, "unknown")


def test_a_pool_without_nodes_has_a_row() -> None:
    pools = (build.agent_pool(), build.agent_pool("spot"))
    facts = build.healthy_facts(cluster=build.cluster(agent_pools=pools), kubernetes=build.kubernetes())
    assert [(row.pool, row.nodes, row.state) for row in rows(facts)] == [
        ("pool1", 1, "unknown"),
        ("spot", 0, "unknown"),
    ]
    assert (rows(facts)[1].failing_pods, rows(facts)[1].pulled_on) == (0, 0)


def test_a_probe_tells() -> None:
    facts = build.probed_facts()
    for result, state in ((PULLED, "works"), (FAILED, "fails")):
        pools = tuple(replace(each, result=result) for each in facts.probe.pools)
        found = rows(replace(facts, probe=replace(facts.probe, pools=pools)))
        assert {row.state for row in found if row.probed == result} == {state}


def test_nothing_is_known_of_a_cluster_that_was_not_read() -> None:
    unread = Unreadable("forbidden", "You may not read it")
    assert rows(build.healthy_facts(cluster=unread, kubernetes=unread)) == ()
