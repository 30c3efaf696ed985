"""Mirror of checks/nodes.py: one healthy set of facts, one change a case."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.identity.node_hosts import every_node_pool_carries_the_kubelet_identity as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import AssignedIdentity, ServiceAccountPull, Unreadable
from azext_acrpulldiag.model import Severity, Status
from tests.build import (
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    NODE_GROUP_ID,
    SUBSCRIPTION,
    agent_pool,
    cluster,
    healthy_facts,
    scale_set,
    service_principal_facts,
)

AT = f"--subscription {SUBSCRIPTION}"

OTHER = AssignedIdentity(
    f"{NODE_GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/omsagent", "p", "c"
)
KUBELET = AssignedIdentity(IDENTITY_ID, KUBELET_OBJECT_ID, KUBELET_CLIENT_ID)
FORBIDDEN = Unreadable("forbidden", "HTTP 403", "op", "Microsoft.Compute/virtualMachineScaleSets/read")


def instance(number, pool="pool1", identities=(KUBELET,)):
    model = scale_set(pool)
    path = f"{model.resource_id}/virtualMachines/{number}"
    return replace(model, kind="instance", resource_id=path, name=f"{model.name}_{number}", identities=identities)


def machine(name, pool, identities=(KUBELET,)):
    path = f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachines/{name}"
    return replace(scale_set(pool), kind="virtual-machine", resource_id=path, name=name, identities=identities)


def unread(kind, pool, why=FORBIDDEN):
    path = f"{NODE_GROUP_ID}/{kind}/{pool}"
    return replace(scale_set(pool), kind=kind, resource_id=path, pool=pool, identities=why, created=why, unread=why)


def judge(*hosts, **changes):
    pools = changes.pop("agent_pools", tuple(agent_pool(name) for name in sorted({h.pool for h in hosts if h.pool})))
    return evaluate(check, healthy_facts(cluster=cluster(agent_pools=pools, **changes), node_hosts=hosts))


@pytest.mark.parametrize("written", [IDENTITY_ID, IDENTITY_ID.lower(), IDENTITY_ID.upper()])
def test_passes_whatever_the_casing_azure_answers_with(written):
    (finding,) = judge(scale_set(identities=(replace(KUBELET, resource_id=written),)), instance(0))
    assert finding.status is Status.PASS


@pytest.mark.parametrize(
    "hosts",
    [
        (scale_set(identities=(OTHER, KUBELET)), instance(0, identities=(KUBELET, OTHER))),
        (scale_set(),),
        (machine("vms1", "pool1"), machine("vms2", "pool1")),
    ],
    ids=["beside others", "scaled to zero", "virtual machines"],
)
def test_passes_for_healthy_look_alikes(hosts):
    (finding,) = judge(*hosts)
    assert finding.status is Status.PASS


def test_names_only_the_pool_that_lost_it():
    (finding,) = judge(scale_set("pool1"), scale_set("gpu", identities=(OTHER,)))
    assert (finding.outcome, finding.status) == ("nodes.kubelet-identity-unassigned", Status.FAIL)
    assert finding.resource == scale_set("gpu").resource_id
    assert {key: finding.evidence[key] for key in ("pool", "identity", "lacking", "assigned")} == {
        "pool": "gpu",
        "identity": IDENTITY_ID,
        "lacking": [scale_set("gpu").name],
        "assigned": [OTHER.resource_id],
    }
    assert [remedy.command for remedy in finding.remedies] == [
        f"az aks update --resource-group rg-app --name prod {AT} --yes"
    ]


def test_one_finding_a_pool_however_many_hosts():
    findings = judge(
        scale_set(identities=()), instance(0, identities=()), instance(1, identities=()), scale_set("b", identities=())
    )
    assert [finding.evidence["pool"] for finding in findings] == ["b", "pool1"]
    assert len(findings[1].evidence["lacking"]) == 3


def test_an_instance_may_lack_what_its_model_has():
    (finding,) = judge(scale_set(), instance(0), instance(3, identities=()), instance(7, identities=(OTHER,)))
    assert finding.evidence["where"] == "2 of 3 instances"
    assert finding.remedies[1].command == (
        f"az vmss update-instances {AT} --resource-group MC_rg-app_prod_westeurope "
        "--name aks-pool1-87752918-vmss --instance-ids 3 7"
    )


def test_a_model_may_lack_what_its_instances_have():
    (finding,) = judge(scale_set(identities=()), instance(0))
    assert finding.status is Status.FAIL
    assert finding.evidence["where"] == "its scale set aks-pool1-87752918-vmss"


def test_auto_provisioned_machines_are_judged():
    (finding,) = judge(scale_set(), machine("a", "general"), machine("b", "general", ()), agent_pools=(agent_pool(),))
    assert (finding.evidence["pool"], finding.evidence["lacking"]) == ("general", ["b"])
    assert finding.evidence["where"] == "1 of 2 machines"


def test_instances_of_several_scale_sets_are_brought_to_their_models_by_hand():
    ours = instance(0, identities=())
    other = replace(ours, resource_id=ours.resource_id.replace("vmss/virtual", "vmss2/virtual"))
    (finding,) = judge(scale_set(), ours, other)
    assert [(each.option, each.step, each.command is None) for each in finding.remedies] == [
        (1, 1, False),
        (1, 2, True),
    ]


def test_hosts_belong_to_one_pool_whatever_casing_their_tags_have():
    (finding,) = judge(scale_set("pool1"), replace(instance(0, identities=()), pool="Pool1"))
    assert finding.evidence["where"] == "1 of 1 instance"
    assert finding.evidence["hosts_read"] == 2


@pytest.mark.parametrize(("pool", "state"), [("pool1", "Stopped"), ("Pool1", "stopped")])
def test_a_stopped_pool_is_a_warning(pool, state):
    stopped = agent_pool(pool, power_state=state, count=0)
    (finding,) = judge(scale_set(identities=()), agent_pools=(stopped,))
    assert (finding.status, finding.severity) == (Status.WARN, Severity.WARNING)


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (service_principal_facts(), "service principal"),
        (
            healthy_facts(
                cluster=cluster(service_account_pull=ServiceAccountPull(True, None)),
                node_hosts=(scale_set(identities=()),),
            ),
            "service account",
        ),
        (healthy_facts(cluster=cluster(kubelet_identity=None)), "no kubelet identity"),
    ],
)
def test_does_not_apply_where_another_identity_pulls(facts, word):
    (finding,) = evaluate(check, facts)
    assert finding.status is Status.SKIPPED
    assert word in finding.reason


@pytest.mark.parametrize("profile", [ServiceAccountPull(False, None), Unreadable("not-shown", "x"), None])
def test_applies_unless_service_account_pull_is_known_to_be_on(profile):
    (finding,) = judge(scale_set(identities=()), service_account_pull=profile)
    assert finding.status is Status.FAIL


@pytest.mark.parametrize(
    "facts",
    [
        healthy_facts(cluster=FORBIDDEN),
        healthy_facts(cluster=cluster(kubelet_identity=FORBIDDEN)),
        healthy_facts(node_hosts=FORBIDDEN),
        healthy_facts(node_hosts=(scale_set(identities=FORBIDDEN),)),
        healthy_facts(node_hosts=(scale_set(), unread("instance", "pool1"))),
        healthy_facts(node_hosts=(scale_set(), unread("virtual-machine", ""))),
    ],
)
def test_what_could_not_be_read_is_unknown(facts):
    (finding,) = evaluate(check, facts)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, FORBIDDEN.permission)


def test_what_was_read_is_judged_beside_what_was_not():
    findings = judge(scale_set(identities=()), unread("virtual-machine", ""), agent_pools=(agent_pool(),))
    assert {finding.status for finding in findings} == {Status.FAIL, Status.UNKNOWN}


def test_a_hundred_refusals_are_one_unknown():
    names = [f"p{number}" for number in range(100)]
    hosts = [host for name in names for host in (scale_set(name), unread("instance", name))]
    (finding,) = judge(*hosts)
    assert finding.status is Status.UNKNOWN
    assert "99 more" in finding.summary
