"""Clusters are found in every subscription of a login, also where Resource Graph is refused; none is lost silently."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.azure.clusters import find_clusters, subscriptions_by_login, targets_of
from tests import build
from tests.azure.state import Subscription
from tests.collect.simulated import simulated_session
from tests.contracts.held import can_hold, objections

OTHER = "6d2a3b71-8b4f-4c64-9e1f-3a4f2d0c8b21"
GRAPH = "POST .*ResourceGraph"


@pytest.fixture
def find(simulated_azure, cloud, tmp_path, monkeypatch):
    pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")
    cloud.add_cluster("test", OTHER, "rg-other")

    def ask(**narrowed):
        with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
            return find_clusters(session, **narrowed)

    return ask


def names(found):
    return [(each.subscription, each.resource_group.lower(), each.name) for each in found.clusters]


PROD, TEST = (build.SUBSCRIPTION, "rg-app", "prod"), (OTHER, "rg-other", "test")


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, [PROD, TEST]),
        ({"subscription": OTHER.upper()}, [TEST]),
        ({"group": "RG-app"}, [PROD]),
        ({"group": "rg-none"}, []),
        ({"subscription": OTHER, "group": "rg-app"}, []),
    ],
)
def test_all_of_them_or_as_many_as_are_meant(find, cloud, refused, narrowed, expected):
    if refused:
        cloud.fault(GRAPH, "403")
    found = find(**narrowed)
    assert names(found) == expected
    assert found.unread == {}
    assert not can_hold() or not objections(cloud.log)
    lists = [entry for entry in cloud.log if entry.path.lower().endswith("/managedclusters")]
    assert bool(lists) is refused


def test_a_subscription_that_is_refused_both_ways_is_named(find, cloud):
    cloud.fault(GRAPH, "403")
    cloud.fault(rf"GET .*/subscriptions/{OTHER}/.*managedClusters\?", "403")
    found = find()
    assert names(found) == [PROD]
    assert {one: why.reason for one, why in found.unread.items()} == {OTHER: "forbidden"}


def test_one_query_a_tenant_and_a_disabled_subscription_is_left_out(find, cloud):
    cloud.subscriptions[OTHER] = Subscription("Elsewhere", tenant="11111111-2222-3333-4444-555555555555")
    assert names(find()) == [PROD, TEST]
    assert len([entry for entry in cloud.log if "ResourceGraph" in entry.path]) == 2
    cloud.subscriptions[OTHER].state = "Disabled"
    assert names(find()) == [PROD]


def test_a_login_without_a_subscription_is_no_empty_answer(find, cloud):
    for each in cloud.subscriptions.values():
        each.state = "Disabled"
    assert [why.reason for why in find().unread.values()] == ["not-logged-in"]


def test_what_a_login_opens_stands_together():
    tenants = [("s1", "t1", "a"), ("s2", "t1", "b"), ("s3", "t1", "a"), ("t2", "t2", "a")]
    accounts = [{"id": one, "tenantId": tenant, "user": {"name": user}} for one, tenant, user in tenants]
    assert subscriptions_by_login([*accounts, {"id": "s4"}]) == [("s1", "s3"), ("s2",), ("s4",)]


def test_a_cluster_stands_once_whatever_its_casing():
    rows = [{"id": build.CLUSTER_ID}, {"id": build.CLUSTER_ID.upper()}, {"id": "no id"}, {}]
    assert [each.name for each in targets_of(rows, None)] == ["prod"]
