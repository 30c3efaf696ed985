"""Node hosts: recorded scale sets, instances and machines, and what happens where a list fails."""

import re
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.azure.nodes import (
    identities_from,
    instance_from,
    machine_from,
    may_have_machines,
    pool_of,
    read_models,
    read_node_hosts,
    scale_set_from,
)
from azext_acrpulldiag.facts import AssignedIdentity, Unreadable
from tests.build import NODE_GROUP_ID, agent_pool, cluster
from tests.collect.here import azure_here
from tests.recordings import body

SCALE_SETS = f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets"
MACHINES = f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachines"
INTERFACES = f"{NODE_GROUP_ID}/providers/Microsoft.Network/networkInterfaces"
ZEROS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups"
RECORDED_GROUP = f"{ZEROS}/MC_clitest000001_cliakstest000001_westus2/providers"
RECORDED_SUBNET = f"{RECORDED_GROUP}/Microsoft.Network/virtualNetworks/aks-vnet-14326078/subnets/aks-subnet"
RECORDED_IDENTITY = (
    f"{RECORDED_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/cliakstest000001-agentpool",
    "00000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-000000000001",
)
REFUSED = (403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
ANY_NAME = re.compile("^$")


def scale_set(pool="pool1", capacity=2, **changes):
    item = body("compute/vmss_list_aks_node_rg")["value"][0]
    name = f"aks-{pool}-87752918-vmss"
    item.update(name=name, id=f"{SCALE_SETS}/{name}", **changes)
    item["tags"]["aks-managed-poolName"] = pool
    item["sku"]["capacity"] = capacity
    return item


def instance(number=0, **changes):
    item = body("compute/vmss_vms_list_aks")["value"][0]
    item.update(id=f"{SCALE_SETS}/aks-pool1-87752918-vmss/virtualMachines/{number}", **changes)
    return item


def machine(name="aks-pool1-13222729-vms1", interface="nic1", **tags):
    item = body("compute/vm_get_user_identities")
    item.update(name=name, id=f"{MACHINES}/{name}", tags=tags)
    item["properties"]["networkProfile"]["networkInterfaces"] = [{"id": f"{INTERFACES}/{interface}"}]
    return item


def interface(name="nic1", **ip):
    item = body("network/nic_get_2025_05_01")
    item.update(name=name, id=f"{INTERFACES}/{name.upper()}")
    item["properties"]["ipConfigurations"][0]["properties"].update(ip)
    return item


def listed(*items):
    return (200, {"value": list(items)})


def read(answers, seconds=20.0, **changes):
    with azure_here(answers, seconds) as (here, session):
        reader = ArmReader(session)
        models = read_models(reader, cluster(**changes))
        return models if isinstance(models, Unreadable) else read_node_hosts(reader, models), here, session


def kinds(hosts):
    return [(host.kind, host.pool, host.unread.reason if host.unread else None) for host in hosts]


# --- mapping ---------------------------------------------------------------------------


def test_maps_the_recorded_scale_set_of_an_aks_pool():
    host = scale_set_from(body("compute/vmss_list_aks_node_rg")["value"][0], "nodepool1")
    assert (host.kind, host.name, host.pool) == ("scale-set", "aks-nodepool1-87752918-vmss", "nodepool1")
    assert host.identities == (AssignedIdentity(*RECORDED_IDENTITY),)
    assert host.tagged_kubelet_client_id == "556252cf-f0a6-4392-bd99-6bf8b72a994b"
    assert host.subnet_ids == (RECORDED_SUBNET,)
    assert host.public_ip_per_node is False
    assert host.created == datetime(2025, 4, 10, 3, 50, 13, 527663, tzinfo=timezone.utc)


def test_maps_the_recorded_instance_of_an_aks_pool():
    host = instance_from(body("compute/vmss_vms_list_aks")["value"][0], "nodepool1")
    assert (host.kind, host.name) == ("instance", "aks-nodepool1-87752918-vmss_0")
    assert host.identities == (AssignedIdentity(*RECORDED_IDENTITY),)
    assert (host.subnet_ids, host.public_ip_per_node) == ((RECORDED_SUBNET,), False)
    assert host.created == datetime(2025, 4, 10, 3, 50, 13, 840111, tzinfo=timezone.utc)


def test_a_scale_set_without_identity_member_has_none():
    host = scale_set_from(body("compute/vmss_get_no_identity_2025_04_01"), "pool1")
    assert (host.identities, host.tagged_kubelet_client_id) == ((), None)


def test_all_user_assigned_identities_count_and_the_system_assigned_one_does_not():
    found = identities_from(body("compute/vmss_get_two_user_identities"))
    assert [one.client_id for one in found] == [
        "a928f3e4-e69c-4aa1-9d20-91bf945a4930",
        "f825939f-1563-41c4-9a2b-eac18c3d4d98",
    ]
    assert identities_from({"identity": {"type": "SystemAssigned", "principalId": "p"}}) == ()


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ({}, "not-shown"),
        ("UserAssigned", "malformed"),
        ({"type": "UserAssigned"}, "not-shown"),
        ({"type": "UserAssigned", "userAssignedIdentities": []}, "malformed"),
    ],
)
def test_an_identity_that_is_not_shown_whole_is_not_none(identity, reason):
    assert identities_from({"name": "x", "identity": identity}).reason == reason


def test_an_address_for_each_node_is_seen():
    item = scale_set()
    configuration = item["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
    configuration["properties"]["ipConfigurations"][0]["properties"]["publicIPAddressConfiguration"] = {"name": "pub1"}
    assert scale_set_from(item, "pool1").public_ip_per_node is True


def test_nodes_leave_by_their_primary_interface():
    item = scale_set()
    configurations = item["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    ip = {"properties": {"subnet": {"id": "/subnets/other"}}}
    configurations.append({"name": "second", "properties": {"primary": False, "ipConfigurations": [ip]}})
    assert scale_set_from(item, "pool1").subnet_ids == (RECORDED_SUBNET,)


def test_an_interface_without_a_security_group_has_none():
    assert scale_set_from(scale_set(), "pool1").security_group_ids == ()
    assert instance_from(instance(), "pool1").security_group_ids == ()


@pytest.mark.parametrize(
    ("group", "expected"),
    [({"id": "/nsg"}, ("/nsg",)), (None, ()), ({}, "not-shown"), ("/nsg", "malformed"), ({"id": 5}, "malformed")],
)
def test_the_security_group_of_an_interface_is_seen(group, expected):
    item, nic = scale_set(), interface()
    network = item["properties"]["virtualMachineProfile"]["networkProfile"]
    for one in (network["networkInterfaceConfigurations"][0], nic):
        one["properties"]["networkSecurityGroup"] = group
    machine_host = machine_from(machine(), "pool1", {nic["id"].lower(): nic})
    for host in (scale_set_from(item, "pool1"), machine_host):
        groups = host.security_group_ids
        assert (groups.reason if isinstance(groups, Unreadable) else groups) == expected


@pytest.mark.parametrize("properties", [None, {}, {"virtualMachineProfile": {"networkProfile": []}}])
def test_what_a_scale_set_does_not_show_is_unreadable(properties):
    host = scale_set_from({"id": "i", "name": "n", "properties": properties}, "pool1")
    facts = (host.subnet_ids, host.public_ip_per_node, host.created, host.security_group_ids)
    assert {fact.reason for fact in facts} == {"not-shown"}


@pytest.mark.parametrize("time", ["yesterday", 5])
def test_a_creation_time_that_is_none_is_unreadable(time):
    item = scale_set()
    item["properties"]["timeCreated"] = time
    assert scale_set_from(item, "pool1").created.reason == "malformed"


@pytest.mark.parametrize(("given", "public"), [({}, False), ({"publicIPAddress": {"id": "/pip"}}, True)])
def test_a_machine_leaves_by_its_interface(given, public):
    nic = interface(**given)
    host = machine_from(machine(), "pool1", {nic["id"].lower(): nic})
    assert (len(host.identities), host.public_ip_per_node) == (2, public)
    assert [subnet.rpartition("/")[2] for subnet in host.subnet_ids] == ["testSubnet"]


@pytest.mark.parametrize("interfaces", [{}, Unreadable("forbidden", "no")])
def test_a_machine_whose_interface_is_unknown_keeps_its_identities(interfaces):
    host = machine_from(machine(), "pool1", interfaces)
    assert len(host.identities) == 2
    assert isinstance(host.subnet_ids, Unreadable)
    assert isinstance(host.public_ip_per_node, Unreadable)


@pytest.mark.parametrize(
    ("item", "pool"),
    [
        ({"tags": {"aks-managed-poolName": "gpu"}}, "gpu"),
        ({"tags": {"AKS-MANAGED-POOLNAME": "gpu"}}, "gpu"),
        ({"tags": {"poolName": "old"}}, "old"),
        ({"tags": {"team": "x"}, "name": "jumpbox"}, None),
        ({"tags": None, "name": "x"}, None),
    ],
)
def test_the_pool_stands_in_the_tags(item, pool):
    assert pool_of(item, ANY_NAME) == pool


# --- reading ---------------------------------------------------------------------------


def test_reads_scale_sets_then_their_instances():
    found, _, session = read(
        {
            SCALE_SETS: listed(scale_set()),
            f"{SCALE_SETS}/aks-pool1-87752918-vmss/virtualMachines": listed(instance(0), instance(1)),
        }
    )
    assert kinds(found) == [("scale-set", "pool1", None), ("instance", "pool1", None), ("instance", "pool1", None)]
    assert (session.meter.requests, session.meter.longest_chain) == (2, 2)


def test_a_stopped_pool_is_not_asked_for_instances():
    found, here, _ = read({SCALE_SETS: listed(scale_set(capacity=0))})
    assert kinds(found) == [("scale-set", "pool1", None)]
    assert len(here.requests) == 1


@pytest.mark.parametrize("state", ["Deleting", "DELETING"])
def test_an_instance_that_is_being_deleted_does_not_count(state):
    going = instance(1)
    going["properties"]["provisioningState"] = state
    found, *_ = read(
        {
            SCALE_SETS: listed(scale_set()),
            f"{SCALE_SETS}/aks-pool1-87752918-vmss/virtualMachines": listed(instance(0), going),
        }
    )
    assert len(found) == 2


def test_scale_sets_of_others_are_ignored():
    theirs = scale_set("theirs", capacity=0)
    jump = {"name": "jump", "id": f"{SCALE_SETS}/jump", "sku": {"capacity": 3}}
    found, here, _ = read({SCALE_SETS: listed(theirs, jump, scale_set(capacity=0))})
    assert kinds(found) == [("scale-set", "pool1", None)]
    assert len(here.requests) == 1


def test_a_scale_set_that_lost_its_tags_is_known_by_its_name():
    found, *_ = read({SCALE_SETS: listed(scale_set(capacity=0, tags={"aks-managed-poolName": ""}))})
    assert [host.pool for host in found] == ["pool1"]


def test_instances_that_are_refused_hide_no_scale_set():
    found, *_ = read(
        {SCALE_SETS: listed(scale_set()), f"{SCALE_SETS}/aks-pool1-87752918-vmss/virtualMachines": REFUSED}
    )
    assert kinds(found) == [("scale-set", "pool1", None), ("instance", "pool1", "forbidden")]
    unread = found[1]
    assert unread.identities == unread.created == unread.security_group_ids == unread.unread
    assert unread.unread.permission == "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read"
    assert unread.subnet_ids == found[0].subnet_ids


def test_machines_that_are_refused_hide_no_scale_set():
    answers = {SCALE_SETS: listed(scale_set(capacity=0)), MACHINES: REFUSED, INTERFACES: REFUSED}
    found, *_ = read(answers, node_auto_provisioning=True)
    assert kinds(found) == [("scale-set", "pool1", None), ("virtual-machine", "", "forbidden")]
    assert found[1].unread.permission == "Microsoft.Compute/virtualMachines/read"


def test_scale_sets_that_are_refused_hide_no_machine():
    answers = {SCALE_SETS: REFUSED, MACHINES: listed(machine(poolName="pool1")), INTERFACES: listed(interface())}
    found, *_ = read(answers, agent_pools=(agent_pool(pool_type="AvailabilitySet"),))
    assert kinds(found) == [("scale-set", "", "forbidden"), ("virtual-machine", "pool1", None)]


def test_reads_the_machines_of_virtual_machine_pools_and_of_karpenter():
    karpenter = {"karpenter.azure.com_cluster": "prod", "karpenter.sh_nodepool": "general"}
    answers = {
        SCALE_SETS: listed(),
        MACHINES: listed(
            machine(**{"aks-managed-poolName": "pool1"}),
            machine("aks-general-x7k2q", **karpenter),
            machine("aks-nopool-abcde", **{"karpenter.azure.com_cluster": "prod"}),
            machine("jumpbox"),
        ),
        INTERFACES: listed(interface()),
    }
    found, _, session = read(answers, node_auto_provisioning=True)
    assert [(host.name, host.pool) for host in found] == [
        ("aks-pool1-13222729-vms1", "pool1"),
        ("aks-general-x7k2q", "general"),
        ("aks-nopool-abcde", "auto-provisioned"),
    ]
    assert (session.meter.requests, session.meter.longest_chain) == (3, 1)


def test_a_machine_that_only_its_interface_tells_of_is_not_known():
    nic = interface()
    nic["properties"]["virtualMachine"] = {"id": f"{MACHINES}/aks-general-x7k2q".upper()}
    answers = {SCALE_SETS: listed(scale_set(capacity=0)), MACHINES: listed(), INTERFACES: listed(nic)}
    hosts, *_ = read(answers, node_auto_provisioning=True)
    assert kinds(hosts)[1:] == [("virtual-machine", "", "not-found")]
    assert hosts[1].unread.permission == "Microsoft.Compute/virtualMachines/read"


@pytest.mark.parametrize(
    ("pool", "found", "right"),
    [
        (agent_pool("gpu"), [("scale-set", "gpu", "not-found")], "virtualMachineScaleSets"),
        (
            agent_pool("vms", pool_type="VirtualMachines"),
            [("virtual-machine", "vms", "not-found")],
            "virtualMachines",
        ),
        (agent_pool("vms", pool_type="VirtualMachines", count=0), [], None),
        (agent_pool("vms", pool_type="VirtualMachines", power_state="Stopped"), [], None),
    ],
)
def test_a_pool_of_which_nothing_is_shown_is_not_known(pool, found, right):
    answers = {SCALE_SETS: listed(scale_set(capacity=0)), MACHINES: listed(), INTERFACES: listed()}
    hosts, *_ = read(answers, agent_pools=(agent_pool(), pool))
    assert kinds(hosts)[1:] == found
    assert {host.unread.permission for host in hosts[1:]} == ({f"Microsoft.Compute/{right}/read"} if right else set())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"node_auto_provisioning": True}, True),
        ({"node_auto_provisioning": Unreadable("not-shown", "x")}, True),
        ({"agent_pools": Unreadable("not-shown", "x")}, True),
        ({"agent_pools": (agent_pool(), agent_pool("vms", pool_type="VirtualMachines"))}, True),
        ({"agent_pools": (agent_pool(pool_type="AvailabilitySet"),)}, True),
    ],
)
def test_machines_are_asked_for_where_there_may_be_any(changes, expected):
    assert may_have_machines(cluster(**changes)) is expected


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (REFUSED, "forbidden"),
        ((404, {"error": {"code": "ResourceGroupNotFound", "message": "no"}}), "not-found"),
        ((404, {"error": {"code": "SubscriptionNotFound", "message": "no"}}), "unsupported"),
        ((200, b"<html>"), "malformed"),
        ((200, {"value": None}), "malformed"),
        ((200, {"value": ["x"]}), "malformed"),
        ("reset", "unreachable"),
        ("drip", "timeout"),
    ],
)
def test_nothing_listed_is_unreadable_as_a_whole(answer, reason):
    found, *_ = read({SCALE_SETS: answer}, seconds=1 if reason == "timeout" else 20)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_an_unknown_node_group_is_passed_on():
    why = Unreadable("not-shown", "x")
    found, here, _ = read({}, node_resource_group=why)
    assert (found, here.requests) == (why, [])


def test_a_hundred_pools_are_read_with_bounded_parallelism():
    names = [f"p{number}" for number in range(100)]
    answers = {SCALE_SETS: listed(*(scale_set(name) for name in names))}
    for name in names:
        answers[f"{SCALE_SETS}/aks-{name}-87752918-vmss/virtualMachines"] = listed(instance())
    with azure_here(answers) as (here, session):
        here.delay = 0.02
        pools = tuple(agent_pool(name) for name in names)
        reader = ArmReader(session)
        found = read_node_hosts(reader, read_models(reader, cluster(agent_pools=pools)))
    assert len(found) == 200
    assert {host.pool for host in found} == set(names)
    assert (session.meter.requests, session.meter.longest_chain) == (101, 2)
    assert 2 <= here.most_at_once <= 32


def test_a_pools_name_is_the_profiles():
    changed = replace(agent_pool(), name="Pool1")
    found, *_ = read({SCALE_SETS: listed(scale_set(capacity=0))}, agent_pools=(changed,))
    assert [host.pool for host in found] == ["Pool1"]
