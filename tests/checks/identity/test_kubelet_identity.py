"""Mirror of checks/identity.py."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.identity.kubelet_identity import (
    nodes_were_set_up_for_the_present_kubelet_identity,
    pods_pull_by_the_kubelet_identity,
    the_kubelet_identity_exists,
)
from azext_acrpulldiag.checks.identity.node_hosts import every_node_pool_carries_the_kubelet_identity
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import AssignedIdentity, KubeletIdentity, ManagedIdentity, ServiceAccountPull, Unreadable
from azext_acrpulldiag.model import Status
from tests.build import (
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    SUBSCRIPTION,
    TENANT,
    cluster,
    healthy_facts,
    scale_set,
    service_principal_facts,
)

AT = f"--subscription {SUBSCRIPTION}"

WHY = Unreadable("forbidden", "HTTP 403", "op", "some/read")
OLD_CLIENT_ID = "0f961be1-e758-4f1c-ba6b-9838dfcf8c8d"
OWN_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-ids"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
)
RECONCILE = f"az aks update --resource-group rg-app --name prod {AT} --yes"
BY_SERVICE_ACCOUNT = ServiceAccountPull(True, OWN_ID)


def existing(**changes):
    return replace(ManagedIdentity(IDENTITY_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, TENANT), **changes)


def commands(finding):
    return [remedy.command for remedy in finding.remedies]


# --- kubelet-identity-missing ----------------------------------------------------------


@pytest.mark.parametrize("client_id", [KUBELET_CLIENT_ID, KUBELET_CLIENT_ID.upper()])
def test_an_identity_that_exists_with_its_ids_passes(client_id):
    facts = healthy_facts(kubelet_identity_resource=existing(client_id=client_id))
    (finding,) = evaluate(the_kubelet_identity_exists, facts)
    assert finding.status is Status.PASS


def missing(**changes):
    (finding,) = evaluate(the_kubelet_identity_exists, healthy_facts(**changes))
    assert (finding.outcome, finding.status) == ("identity.kubelet-identity-missing", Status.FAIL)
    return finding


def test_an_identity_that_the_profile_lacks_is_missing():
    finding = missing(cluster=cluster(kubelet_identity=None), kubelet_identity_resource=None)
    assert finding.evidence["identity"] is None
    assert commands(finding) == [RECONCILE]


def test_an_identity_that_was_deleted_is_missing():
    finding = missing(kubelet_identity_resource=None)
    assert (finding.evidence["identity"], finding.evidence["object_id"]) == (IDENTITY_ID, None)
    assert finding.evidence["profile_object_id"] == KUBELET_OBJECT_ID
    assert commands(finding) == [RECONCILE]


@pytest.mark.parametrize("change", [{"client_id": "other"}, {"principal_id": "other"}])
def test_an_identity_that_was_created_again_is_missing(change):
    finding = missing(kubelet_identity_resource=existing(**change))
    assert "other" in (finding.evidence["client_id"], finding.evidence["object_id"])


def test_an_identity_of_ones_own_is_made_by_its_owner():
    own = cluster(kubelet_identity=KubeletIdentity(OWN_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID))
    deleted = missing(cluster=own, kubelet_identity_resource=None)
    again = missing(cluster=own, kubelet_identity_resource=existing(principal_id="new"))
    assign = f"az aks update --resource-group rg-app --name prod {AT} --assign-kubelet-identity {OWN_ID} --yes"
    create = f"az identity create {AT} --resource-group rg-ids --name puller"
    assert commands(deleted) == [create, assign, None]
    assert [(each.option, each.step) for each in deleted.remedies] == [(1, 1), (1, 2), (1, 3)]
    assert "a pull role" in deleted.remedies[2].description
    assert deleted.remedies[0].requires == ("Microsoft.ManagedIdentity/userAssignedIdentities/write",)
    assert commands(again) == [assign, None]


def test_an_identity_with_a_strange_id_is_still_named():
    odd = cluster(kubelet_identity=KubeletIdentity("/odd", KUBELET_CLIENT_ID, KUBELET_OBJECT_ID))
    assert missing(cluster=odd, kubelet_identity_resource=None).evidence["identity"] == "/odd"


@pytest.mark.parametrize(
    "facts",
    [
        service_principal_facts(),
        healthy_facts(cluster=cluster(kubelet_identity=None, provisioning_state="Creating")),
        healthy_facts(cluster=cluster(kubelet_identity=None, provisioning_state="creating")),
        healthy_facts(cluster=cluster(service_account_pull=BY_SERVICE_ACCOUNT), kubelet_identity_resource=None),
    ],
    ids=["service principal", "being created", "in other casing", "service accounts"],
)
def test_kubelet_identity_does_not_apply(facts):
    (finding,) = evaluate(the_kubelet_identity_exists, facts)
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize(
    "facts",
    [
        healthy_facts(cluster=WHY),
        healthy_facts(cluster=cluster(kubelet_identity=WHY)),
        healthy_facts(kubelet_identity_resource=WHY),
    ],
)
def test_a_kubelet_identity_that_could_not_be_read_is_unknown(facts):
    (finding,) = evaluate(the_kubelet_identity_exists, facts)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "some/read")


# --- node-identity-outdated ------------------------------------------------------------


@pytest.mark.parametrize("tag", [KUBELET_CLIENT_ID, KUBELET_CLIENT_ID.upper(), None])
def test_the_same_client_id_or_none_passes(tag):
    facts = healthy_facts(node_hosts=(scale_set(tagged_kubelet_client_id=tag),))
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, facts)
    assert finding.status is Status.PASS


def test_nodes_of_another_client_id_are_one_finding():
    hosts = (
        scale_set("a", tagged_kubelet_client_id=OLD_CLIENT_ID),
        scale_set("b", tagged_kubelet_client_id=OLD_CLIENT_ID.upper()),
        scale_set("c"),
    )
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, healthy_facts(node_hosts=hosts))
    assert (finding.outcome, finding.status) == ("identity.node-identity-outdated", Status.FAIL)
    assert finding.evidence["pools"] == ["a", "b"]
    assert finding.evidence["node_client_ids"] == [OLD_CLIENT_ID]
    assert finding.evidence["client_id"] == KUBELET_CLIENT_ID
    assert commands(finding)[0] == f"az aks upgrade --resource-group rg-app --name prod {AT} --node-image-only --yes"


def outdated_host(kind, path, name):
    """A node's host that still uses the former identity, of the same pool as a scale set that does not."""
    host = scale_set(tagged_kubelet_client_id=OLD_CLIENT_ID)
    return replace(host, kind=kind, resource_id=f"{host.resource_id.rpartition('/providers/')[0]}{path}", name=name)


MODEL = scale_set()
INSTANCES = "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool1-87752918-vmss/virtualMachines"
ONE_INSTANCE = outdated_host("instance", f"{INSTANCES}/3", "aks-pool1-87752918-vmss_3")


def test_one_outdated_instance_is_reimaged_by_itself():
    facts = healthy_facts(node_hosts=(MODEL, ONE_INSTANCE))
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, facts)
    instance = f"{AT} --resource-group MC_rg-app_prod_westeurope --name aks-pool1-87752918-vmss --instance-ids 3"
    assert [(each.option, each.description, each.command) for each in finding.remedies[:3]] == [
        (1, "Cordon and drain the node of instance aks-pool1-87752918-vmss_3", None),
        (1, "Update this one instance to its scale set's model", f"az vmss update-instances {instance}"),
        (1, "and reimage it; then uncordon the node", f"az vmss reimage {instance}"),
    ]
    assert finding.remedies[3].command.startswith("az aks upgrade ")


def test_one_outdated_machine_is_named():
    machine = outdated_host("virtual-machine", "/providers/Microsoft.Compute/virtualMachines/aks-x1", "aks-x1")
    facts = healthy_facts(node_hosts=(MODEL, machine))
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, facts)
    words = "Cordon and drain the node of machine aks-x1, then reimage that one instance"
    assert (finding.remedies[0].description, finding.remedies[0].command) == (words, None)


@pytest.mark.parametrize(
    "hosts",
    [
        (scale_set(tagged_kubelet_client_id=OLD_CLIENT_ID),),
        (scale_set(tagged_kubelet_client_id=OLD_CLIENT_ID), ONE_INSTANCE),
        (MODEL, ONE_INSTANCE, scale_set("b", identities=WHY, unread=WHY, tagged_kubelet_client_id=None)),
    ],
    ids=["the model", "model and instance", "others not read"],
)
def test_the_whole_cluster_is_upgraded_where_more_than_one_node_may_be_outdated(hosts):
    finding = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, healthy_facts(node_hosts=hosts))[0]
    assert commands(finding)[0].startswith("az aks upgrade ")


@pytest.mark.parametrize(
    "facts",
    [
        service_principal_facts(),
        healthy_facts(cluster=cluster(kubelet_identity=None)),
        healthy_facts(
            cluster=cluster(service_account_pull=BY_SERVICE_ACCOUNT),
            node_hosts=(scale_set(tagged_kubelet_client_id=OLD_CLIENT_ID),),
        ),
    ],
)
def test_node_identity_does_not_apply(facts):
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, facts)
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize(
    "facts",
    [
        healthy_facts(cluster=WHY),
        healthy_facts(cluster=cluster(kubelet_identity=WHY)),
        healthy_facts(node_hosts=WHY),
        healthy_facts(node_hosts=(scale_set(), scale_set(identities=WHY, unread=WHY, tagged_kubelet_client_id=None))),
    ],
)
def test_nodes_that_could_not_be_read_are_unknown(facts):
    (finding,) = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, facts)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "some/read")


def test_outdated_nodes_are_named_beside_those_that_could_not_be_read():
    hosts = (scale_set(tagged_kubelet_client_id=OLD_CLIENT_ID), scale_set("b", identities=WHY, unread=WHY))
    findings = evaluate(nodes_were_set_up_for_the_present_kubelet_identity, healthy_facts(node_hosts=hosts))
    assert [finding.status for finding in findings] == [Status.FAIL, Status.UNKNOWN]


def test_one_changed_identity_is_one_root_cause():
    other = AssignedIdentity(OWN_ID, "p", OLD_CLIENT_ID)
    hosts = (scale_set(identities=(other,), tagged_kubelet_client_id=OLD_CLIENT_ID),)
    checks = (nodes_were_set_up_for_the_present_kubelet_identity, every_node_pool_carries_the_kubelet_identity)
    diagnosis = diagnose(checks, judge(checks, healthy_facts(node_hosts=hosts)))
    (cause,) = diagnosis.root_causes
    assert (cause.finding.outcome, cause.explains) == (
        "identity.node-identity-outdated",
        ("nodes.kubelet-identity-unassigned",),
    )


# --- service-account-pull --------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "command"), [(OWN_ID, f"az identity show --ids {OWN_ID}"), (None, None)], ids=["default", "none"]
)
def test_service_account_pull_is_a_warning(default, command):
    facts = healthy_facts(cluster=cluster(service_account_pull=ServiceAccountPull(True, default)))
    (finding,) = evaluate(pods_pull_by_the_kubelet_identity, facts)
    assert (finding.outcome, finding.status) == ("identity.service-account-pull", Status.WARN)
    assert finding.evidence["default_identity"] == default
    assert commands(finding) == [command]


@pytest.mark.parametrize("profile", [None, ServiceAccountPull(False, None)])
def test_without_service_account_pull_it_passes(profile):
    (finding,) = evaluate(
        pods_pull_by_the_kubelet_identity, healthy_facts(cluster=cluster(service_account_pull=profile))
    )
    assert finding.status is Status.PASS


@pytest.mark.parametrize(
    "facts", [healthy_facts(cluster=WHY), healthy_facts(cluster=cluster(service_account_pull=WHY))]
)
def test_a_profile_that_is_not_shown_is_unknown(facts):
    (finding,) = evaluate(pods_pull_by_the_kubelet_identity, facts)
    assert finding.status is Status.UNKNOWN
