"""What is declared to be read with which right, and the role that comes of it."""

from __future__ import annotations

import json

import pytest
import yaml

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.permissions import every_right, fields_read_with, rights_of
from azext_acrpulldiag.rights import ACTIVITY_LOG, Kind
from scripts.permission_page import cluster_role, permission_page, role, secret_role

CLUSTER = "Microsoft.ContainerService/managedClusters/read"
GRAPH = "Application.Read.All"
LIST_CREDENTIALS = "Microsoft.ContainerRegistry/registries/listCredentials/action"


def names(fields: tuple[str, ...]) -> list[str]:
    return [right.name for right in rights_of(fields)]


def test_what_a_read_waits_for_comes_first():
    assert names(("node_hosts",))[:1] == [CLUSTER]
    assert names(("targets", "now", "options")) == []


def test_each_right_is_named_once():
    assert len(names(("pull_secrets", "access", "kubernetes"))) == len(set(names(("pull_secrets", "access"))))


def test_two_cases_of_one_right_are_both_told():
    (graph,) = (right for right in rights_of(("access", "pull_secrets")) if right.name == GRAPH)
    assert graph.when == "the cluster pulls as a service principal, or a pull secret signs in as an application"
    (pull,) = (right for right in rights_of(("images", "access")) if right.name == "list pods")
    assert pull.when == ""


def test_what_is_lost_without_a_right():
    assert fields_read_with(CLUSTER) >= {"cluster", "node_hosts", "service_principal", "access", "outbound"}
    assert fields_read_with(CLUSTER).isdisjoint({"registry", "cache_rules", "images", "kubernetes"})
    assert fields_read_with(LIST_CREDENTIALS) == {"pull_secrets"}


def test_the_role_only_reads():
    """But for the cluster's user credential, without which nothing in the cluster can be read, and for what Azure lists
    only when it is asked by POST."""
    granted = role()
    writing = [name for name in (*granted["Actions"], *granted["DataActions"]) if not name.endswith("/read")]
    assert writing == [
        "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action",
    ]
    assert not [name for name in granted["Actions"] if "*" in name]


def test_what_hands_out_secrets_is_left_out():
    text = json.dumps(role()) + cluster_role()
    assert "listCredentials" not in text
    assert "secrets" not in text
    assert {right.name for right in every_right() if right.left_out} >= {LIST_CREDENTIALS, "get secrets"}


def test_the_roles_in_the_cluster_are_objects_of_kubernetes():
    for text, kind in ((cluster_role(), "ClusterRole"), (secret_role(), "Role")):
        read = yaml.safe_load(text)
        assert (read["kind"], read["apiVersion"]) == (kind, "rbac.authorization.k8s.io/v1")
        assert all(set(rule) >= {"apiGroups", "resources", "verbs"} for rule in read["rules"])
    granted = {
        f"{verb} {resource}"
        for rule in yaml.safe_load(cluster_role())["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {right.name for right in every_right() if right.kind is Kind.KUBERNETES and not right.left_out}


@pytest.mark.parametrize("right", every_right(), ids=lambda right: right.name)
def test_the_page_tells_of_every_right(right):
    rows = [line for line in permission_page(ALL).splitlines() if line.startswith(f"| `{right.name}` |")]
    assert len(rows) == 1
    lost = [checked.id for checked in ALL if fields_read_with(right.name).intersection(checked.needs)]
    # What changed before is asked for after a verdict, for no check.
    assert bool(lost) is (right not in ACTIVITY_LOG)
    assert all(f"`{check}`" in rows[0] for check in lost)
