from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.access.grants import ABAC_MODE
from azext_acrpulldiag.effects.identity import (
    identity_assigned,
    identity_given_to_nodes,
    identity_made,
    instances_updated,
    nodes_given_the_secret,
    principal_enabled,
    principal_made,
    secret_added,
)
from azext_acrpulldiag.facts import (
    AssignedIdentity,
    CheckAcrReport,
    Facts,
    KubeletIdentity,
    ManagedIdentity,
    NodeHost,
    PasswordCredential,
    Unreadable,
)
from azext_acrpulldiag.repairs import UntoldError
from tests import build

from .trying import HEALTHY, first_steps, leads_to, not_told

UNREAD = Unreadable("forbidden", "no")
ENDED = PasswordCredential("key-1", build.NOW - timedelta(days=400), build.NOW - timedelta(days=35))
UNDER = {"app_id": build.APP_ID}


def waiting(facts: Facts) -> Facts:
    """The same, and a pod that is refused."""
    return replace(facts, kubernetes=build.kubernetes(build.failing()))


# --- service principals ------------------------------------------------------------------


def of_principal(*hosts: NodeHost, **changes: object) -> Facts:
    facts = build.service_principal_facts(build.service_principal(**changes))
    return waiting(replace(facts, node_hosts=hosts or facts.node_hosts))


def test_a_service_principal_that_is_enabled_again_pulls():
    assert leads_to(of_principal(enabled=False), "identity.service-principal-disabled") == HEALTHY


def test_a_service_principal_is_enabled_wherever_it_is_read():
    facts = build.application_secret_facts(build.service_principal(enabled=False))
    after = principal_enabled(UNDER, replace(facts, service_principal=build.service_principal(enabled=False)))
    assert after.service_principal.enabled is True
    assert after.pull_secrets[0].entries[0].principal.enabled is True
    other = principal_enabled({"app_id": "another"}, facts)
    assert other.pull_secrets == facts.pull_secrets


@pytest.mark.parametrize("passwords", [(), (ENDED,)])
def test_a_new_secret_that_the_nodes_get_lets_them_pull(passwords):
    facts = of_principal(instance(created=build.NOW - timedelta(days=90)), passwords=passwords)
    assert leads_to(facts, "identity.service-principal-secret-expired") == HEALTHY


def test_a_new_secret_is_valid_beyond_the_days_to_be_warned_of():
    ends = PasswordCredential("key-1", build.NOW - timedelta(days=300), build.NOW + timedelta(days=3))
    facts = build.service_principal_facts(build.service_principal(passwords=(ends,)))
    assert leads_to(facts, "identity.service-principal-secret-expiring") == HEALTHY


def test_nodes_that_get_the_valid_secret_pull():
    fresh = PasswordCredential("key-2", build.NOW - timedelta(days=2), build.NOW + timedelta(days=300))
    old = instance(created=build.NOW - timedelta(days=90))
    assert leads_to(of_principal(old, passwords=(fresh,)), "identity.service-principal-secret-replaced") == HEALTHY


def test_the_secret_is_new_to_the_nodes_until_they_get_it():
    old = instance(created=build.NOW - timedelta(days=90))
    after = secret_added(UNDER, of_principal(old, passwords=(ENDED,)))
    assert min(one.start for one in after.service_principal.passwords[1:]) > old.created
    assert nodes_given_the_secret(UNDER, after).node_hosts[0].created == build.NOW


def test_secrets_and_nodes_that_were_not_read_stay_unread():
    unread = build.scale_set(name="", kind="instance", created=UNREAD, unread=UNREAD)
    facts = of_principal(unread, passwords=UNREAD, seen_passwords=(ENDED,))
    after = nodes_given_the_secret(UNDER, secret_added(UNDER, facts))
    assert after.service_principal.passwords == UNREAD
    assert len(after.service_principal.seen_passwords) == 2
    assert after.node_hosts == (unread,)
    assert nodes_given_the_secret(UNDER, replace(facts, node_hosts=UNREAD)).node_hosts == UNREAD


@pytest.mark.parametrize("mode", ["LegacyRegistryPermissions", ABAC_MODE, UNREAD])
def test_a_service_principal_that_is_made_again_needs_a_role(mode):
    lost = replace(build.service_principal_facts(), registry=build.registry(role_assignment_mode=mode))
    facts = replace(
        lost,
        service_principal=build.service_principal(object_id=None, enabled=UNREAD),
        access=replace(lost.access, puller=None, effective=()),
    )
    assert leads_to(facts, "identity.service-principal-not-found") == HEALTHY
    made = principal_made(UNDER, facts)
    assert made.access.puller.object_id == made.service_principal.object_id
    assert made.access.effective == ()


def test_without_its_application_no_service_principal_is_made():
    gone = build.service_principal_facts(build.service_principal(object_id=None, application_object_id=None))
    assert "application" in not_told(gone, "identity.service-principal-not-found")
    no_application = build.service_principal_facts(build.service_principal(application_object_id=None))
    commands = [each.command for each in first_steps(no_application, "identity.service-principal-not-found").values()]
    assert not [each for each in commands if each.startswith("az ad sp create ")]


# --- managed identities ------------------------------------------------------------------

OWN = (
    f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-ids"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
)
OF_OWN = {"identity": OWN}
MISSING = "identity.kubelet-identity-missing"


def instance(number: int = 0, **changes: object) -> NodeHost:
    model = build.scale_set()
    path = f"{model.resource_id}/virtualMachines/{number}"
    return replace(model, kind="instance", resource_id=path, name=f"{model.name}_{number}", **changes)


def own_identity(there: ManagedIdentity | None, **changes: object) -> Facts:
    """A kubelet identity of the user's own, which is not what the cluster's profile says."""
    named = KubeletIdentity(OWN, build.KUBELET_CLIENT_ID, build.KUBELET_OBJECT_ID)
    carried = (AssignedIdentity(OWN, build.KUBELET_OBJECT_ID, build.KUBELET_CLIENT_ID),)
    hosts = (build.scale_set(identities=carried), instance(identities=carried))
    return waiting(
        build.healthy_facts(
            cluster=build.cluster(kubelet_identity=named), node_hosts=hosts, kubelet_identity_resource=there, **changes
        )
    )


def test_an_identity_that_is_made_again_and_given_to_the_nodes_pulls():
    assert leads_to(own_identity(None), MISSING) == HEALTHY


def test_an_identity_with_other_ids_is_given_to_the_nodes():
    there = ManagedIdentity(OWN, "other-client", "other-object", build.TENANT)
    facts = own_identity(there)
    assert leads_to(facts, MISSING) == HEALTHY
    after = identity_given_to_nodes(OF_OWN, facts)
    assert after.cluster.kubelet_identity == KubeletIdentity(OWN, "other-client", "other-object")
    assert {host.tagged_kubelet_client_id for host in after.node_hosts} == {"other-client"}
    assert after.kubernetes.nodes[0].kubelet_client_id == "other-client"


def test_an_identity_keeps_the_roles_that_it_has_by_its_own_id():
    there = ManagedIdentity(OWN, "other-client", "other-object", build.TENANT)
    theirs = build.assignment(principal="Other-Object")
    held = build.access(build.assignment(), at_scope=(build.assignment(), theirs))
    assert identity_given_to_nodes(OF_OWN, own_identity(there, access=held)).access.effective == (theirs,)
    unread = build.access(at_scope=UNREAD)
    assert identity_given_to_nodes(OF_OWN, own_identity(there, access=unread)).access.effective == UNREAD


def test_an_identity_is_made_in_the_tenant_of_its_subscription():
    facts = own_identity(None)
    assert identity_made(OF_OWN, facts).kubelet_identity_resource.tenant_id == build.TENANT
    of_registry = replace(facts, registry=build.registry(subscription="Other", tenant_id="theirs"))
    elsewhere = {"identity": OWN.replace(build.SUBSCRIPTION, "other")}
    assert identity_made(elsewhere, of_registry).kubelet_identity_resource.tenant_id == "theirs"
    with pytest.raises(UntoldError, match="tenant"):
        identity_made(elsewhere, facts)


def test_what_is_not_known_of_an_identity_is_not_made_up():
    unread = replace(own_identity(None), cluster=replace(own_identity(None).cluster, tenant_id=UNREAD), registry=UNREAD)
    with pytest.raises(UntoldError, match="tenant"):
        identity_made(OF_OWN, unread)
    with pytest.raises(UntoldError, match="ids"):
        identity_given_to_nodes(OF_OWN, replace(own_identity(None), kubelet_identity_resource=UNREAD))


def test_what_aks_makes_again_nobody_can_tell():
    facts = replace(build.healthy_facts(), kubelet_identity_resource=None)
    assert not_told(facts, MISSING).startswith("AKS makes the identity again")


UNASSIGNED = "nodes.kubelet-identity-unassigned"


@pytest.mark.parametrize("kinds", [("scale-set",), ("instance",), ("scale-set", "instance"), ("virtual-machine",)])
def test_hosts_that_are_given_the_identity_again_pull(kinds):
    hosts = (build.scale_set(), instance(0), instance(1), build.scale_set(kind="virtual-machine", name="vm"))
    lacking = tuple(replace(host, identities=()) if host.kind in kinds else host for host in hosts)
    assert leads_to(waiting(build.healthy_facts(node_hosts=lacking)), UNASSIGNED) == HEALTHY


def test_only_the_pool_that_was_named_is_given_the_identity():
    values = {"pool": "POOL1", "instance_ids": ("0",)}
    hosts = (build.scale_set(identities=()), instance(0, identities=()), instance(1, identities=()))
    other = build.scale_set("pool2", identities=())
    facts = build.healthy_facts(node_hosts=(*hosts, other))
    by_aks = identity_assigned(values, facts)
    assert [bool(host.identities) for host in by_aks.node_hosts] == [True, False, False, False]
    assert [bool(host.identities) for host in instances_updated(values, by_aks).node_hosts] == [
        True,
        True,
        False,
        False,
    ]


def test_hosts_that_were_not_read_stay_unread():
    facts = build.healthy_facts(node_hosts=(build.scale_set(identities=UNREAD),))
    assert identity_assigned({"pool": "pool1"}, facts) == facts
    unread = build.healthy_facts(cluster=build.cluster(kubelet_identity=UNREAD))
    assert identity_assigned({"pool": "pool1"}, unread) == unread


def test_nodes_that_are_made_again_are_not_told_of():
    outdated = build.healthy_facts(node_hosts=(build.scale_set(tagged_kubelet_client_id="former"),))
    assert "Nodes are made again only" in not_told(outdated, "identity.node-identity-outdated")


def test_a_credential_that_a_node_was_refused_is_judged_anew():
    refused = CheckAcrReport(10, "Validating", (), "no", None)
    facts = build.healthy_facts(node_hosts=(build.scale_set(identities=()),), check_acr=refused)
    assert leads_to(facts, UNASSIGNED) == HEALTHY
