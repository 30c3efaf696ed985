"""Mirror of checks/nodes/identities.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.nodes.identities import nodes_ask_for_one_identity as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import AssignedIdentity, Unreadable
from azext_acrpulldiag.model import Confidence, Status
from tests.build import (
    APP_ID,
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    NODE_GROUP_ID,
    UNAUTHORIZED,
    cluster,
    failing,
    failing_pods_facts,
    healthy_facts,
    kubernetes,
    node,
    scale_set,
)

OURS = AssignedIdentity(IDENTITY_ID, KUBELET_OBJECT_ID, KUBELET_CLIENT_ID)
ADDON = AssignedIdentity(IDENTITY_ID.replace("prod-agentpool", "omsagent-prod"), "p", "c")
TWO = (OURS, ADDON)
UNNAMED = node(kubelet_client_id=None)
SAID = failing(
    "failed to acquire token: managed identity credential: {error:invalid_request, error_description:Multiple user "
    "assigned identities exist, please specify the clientId / resourceId of the identity in the token request}"
)
CREDENTIALED = failing(
    f"[failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized, {UNAUTHORIZED}]"
)


def judged(*containers, host=None, on=UNNAMED, **changes):
    hosts = (host or scale_set(identities=TWO),)
    told = kubernetes(*(containers or (failing(),)), nodes=(on,))
    return evaluate(check, healthy_facts(**{"node_hosts": hosts, "kubernetes": told, **changes}))


def test_several_identities_and_no_word_of_which():
    (finding,) = judged()
    assert (finding.outcome, finding.status) == ("nodes.identity-ambiguous", Status.WARN)
    assert (finding.confidence, finding.explains) == (Confidence.INFERRED, ("unauthorized-401",))
    assert finding.evidence["assigned"] == sorted([IDENTITY_ID, ADDON.resource_id])


def test_an_auto_provisioned_machine_has_what_karpenter_was_told():
    name = "aks-auto-x7k2p"
    machine = scale_set(
        "auto",
        name=name,
        kind="virtual-machine",
        identities=TWO,
        resource_id=f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachines/{name}",
    )
    (finding,) = judged(failing(node=name), host=machine, on=node(name, "auto"))
    assert finding.outcome == "nodes.identity-ambiguous"


def test_the_words_of_the_metadata_service_settle_it():
    (finding,) = judged(SAID, on=node())
    assert (finding.confidence, finding.evidence["said"]) == (Confidence.OBSERVED, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"on": node()},
        {"host": scale_set(identities=(OURS,))},
        {"host": scale_set(identities=(ADDON, replace(ADDON, resource_id="/other")))},
        {"host": scale_set(identities=Unreadable("forbidden", "HTTP 403"))},
        {"host": scale_set("other", identities=TWO)},
    ],
    ids=["named by AKS", "one", "not among them", "not read", "of another pool"],
)
def test_what_is_certain_or_not_known_to_be_several_is_no_finding(changes):
    (finding,) = judged(**changes)
    assert finding.status is Status.PASS


@pytest.mark.parametrize("container", [CREDENTIALED, failing("manifest unknown"), failing("403 Forbidden")])
def test_pulls_with_a_credential_or_another_fault_are_another_checks_matter(container):
    (finding,) = judged(container)
    assert finding.status is Status.PASS


@pytest.mark.parametrize(
    "changes", [{"service_principal_client_id": APP_ID, "kubelet_identity": None}, {"kubelet_identity": None}]
)
def test_clusters_that_pull_otherwise_are_skipped(changes):
    (finding,) = judged(cluster=cluster(**changes))
    assert finding.status is Status.SKIPPED


def test_without_pods_nothing_is_told():
    (finding,) = evaluate(check, healthy_facts())
    assert finding.status is Status.SKIPPED
    unread = Unreadable("forbidden", "HTTP 403")
    (finding,) = evaluate(check, healthy_facts(kubernetes=unread))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


@pytest.mark.parametrize("fact", ["node_hosts", "cluster"])
def test_what_was_not_read_is_unknown(fact):
    unread = Unreadable("forbidden", "HTTP 403", permission="Some/read")
    (finding,) = evaluate(check, failing_pods_facts(**{fact: unread}))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Some/read")
