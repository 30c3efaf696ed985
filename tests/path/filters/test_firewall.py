"""The hop of a firewall: what is said of it, and where a repair has its place."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import (
    Firewall,
    NodePlace,
    PrivateEndpointConnection,
    PrivateZone,
    RuleCollection,
    Unreadable,
    ZoneLink,
    ZoneSearch,
)
from azext_acrpulldiag.model import Severity
from azext_acrpulldiag.path import BROKEN, OK, UNKNOWN, Destination
from azext_acrpulldiag.path.filters.firewall import OUTCOME, Blocked, admitted, layers_host, unknown_appliance
from tests.build import REGISTRY_ID, SUBNET_ID, SUBSCRIPTION, network, registry, replication

from .test_firewall_rules import BLOBS, HOST, application
from .test_firewall_rules import network as network_rule

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network"
FIREWALL = f"{GROUP}/azureFirewalls/fw-hub"
POLICY, PARENT = f"{GROUP}/firewallPolicies/fwp", f"{GROUP}/firewallPolicies/base"
HUB = f"{GROUP}/virtualNetworks/vnet-hub"
PLACE = NodePlace(("pool1",), SUBNET_ID)
LOGIN = Destination(HOST)
DATA_HOST = "contosoreg.westeurope.data.azurecr.io"
FORBIDDEN = Unreadable("forbidden", "no right to read replications", None, "replications/read")


def firewall(*collections, **changes):
    return replace(Firewall(FIREWALL, ("10.100.0.4",), HUB, None, (), None, collections), **changes)


def made(kind, allows, rule, priority=200, group_id=None, name="web"):
    return RuleCollection(name, kind, allows, (rule,), priority, group_id)


def hop_of(where, destination=LOGIN, facts=None, of=None, place=PLACE):
    (hop,) = admitted(of or registry(), facts or network(), place, destination, where)
    return hop


ALLOW = made("application", True, application(fqdns=("*.azurecr.io",)))
DENY = made("application", False, application(fqdns=("*",)), 150)


def test_let_through():
    hop = hop_of(firewall(ALLOW))
    assert (hop.kind, hop.name, hop.resource_id, hop.state) == ("firewall", "fw-hub", FIREWALL, OK)
    assert (hop.outcome, hop.unread) == (None, None)
    assert "rule r of collection web" in hop.why


def test_denied_by_default():
    hop = hop_of(firewall(policy_id=POLICY))
    assert (hop.state, hop.outcome) == (BROKEN, OUTCOME)
    (told,) = hop.details
    assert (told.firewall, told.firewall_group, told.policy) == ("fw-hub", "rg-hub", "fwp")
    assert (told.blocked, told.rule, told.collection) == ((HOST,), None, None)
    assert told.sources == ("10.224.0.0/16",)


def test_denied_by_a_rule():
    hop = hop_of(firewall(DENY, ALLOW))
    assert hop.state == BROKEN
    (told,) = hop.details
    assert (told.rule, told.collection, told.rule_kind) == ("r", "web", "application")


@pytest.mark.parametrize("destination", [LOGIN, Destination(DATA_HOST), Destination(BLOBS)])
def test_rules_that_could_not_be_read(destination):
    why = Unreadable("forbidden", "no right", "op", "Microsoft.Network/firewallPolicies/read")
    hop = hop_of(firewall(collections=why, policy_id=POLICY), destination)
    assert (hop.state, hop.unread, hop.outcome) == (UNKNOWN, why, None)


def test_each_host_by_itself():
    names = firewall(ALLOW)
    assert [hop_of(names, Destination(host)).state for host in (HOST, DATA_HOST, BLOBS)] == [OK, OK, BROKEN]
    one = firewall(made("application", True, application(fqdns=(HOST,))))
    assert [hop_of(one, Destination(host)).state for host in (HOST, DATA_HOST, BLOBS)] == [OK, BROKEN, BROKEN]


def test_a_rule_for_part_of_the_subnet_is_named():
    hop = hop_of(firewall(made("application", True, application(fqdns=("*",), sources=("10.224.0.0/24",)))))
    assert hop.state == UNKNOWN
    assert "r (web)" in hop.unread.detail
    assert hop.unread.permission is None


def test_an_unread_ip_group_names_what_it_needs():
    permission = "Microsoft.Network/ipGroups/read"
    facts = network(ip_groups={"/g": Unreadable("forbidden", "no right", None, permission)})
    rule = application(fqdns=("*",), sources=(), source_groups=("/G",))
    hop = hop_of(firewall(made("application", True, rule)), facts=facts)
    assert (hop.state, hop.unread.permission) == (UNKNOWN, permission)


@pytest.mark.parametrize(
    ("place", "facts"),
    [
        (NodePlace(("pool1",), Unreadable("not-shown", "no subnet")), network()),
        (PLACE, network(subnets={})),
        (PLACE, network(subnets={SUBNET_ID.lower(): Unreadable("forbidden", "no right")})),
    ],
)
def test_a_subnet_that_is_not_known(place, facts):
    assert hop_of(firewall(ALLOW), facts=facts, place=place).state == OK
    narrow = made("application", True, application(fqdns=("*",), sources=("10.0.0.0/8",)))
    assert hop_of(firewall(narrow), facts=facts, place=place).state == UNKNOWN


# --- private endpoints ---

PRIVATE = Destination(HOST, ("10.1.0.4",))


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (network_rule(destinations=("10.1.0.0/16",)), OK),
        (network_rule(destinations=("AzureContainerRegistry",)), BROKEN),
        (network_rule(destinations=(), fqdns=(HOST,)), UNKNOWN),
    ],
)
def test_a_network_rule_towards_an_endpoint(rule, state):
    assert hop_of(firewall(made("network", True, rule)), PRIVATE).state == state


def zone(network_id):
    link = ZoneLink("/link", "link", network_id, False, "Completed")
    return PrivateZone("/zone", "privatelink.azurecr.io", (link,), {"contosoreg": ("10.1.0.4",)})


@pytest.mark.parametrize(
    ("network_id", "servers", "state"),
    [(HUB.upper(), (), OK), ("/other", (), UNKNOWN), (HUB, ("10.9.9.9",), UNKNOWN)],
)
def test_a_name_in_a_network_rule_is_what_the_firewall_resolves_it_to(network_id, servers, state):
    rule = made("network", True, network_rule(destinations=(), fqdns=(HOST,)))
    facts = network(zones=ZoneSearch((zone(network_id),), ()))
    assert hop_of(firewall(rule, dns_servers=servers), PRIVATE, facts).state == state


# --- regional tags ---


@pytest.mark.parametrize(
    ("changes", "destination", "state"),
    [
        ({"sku": "Standard"}, LOGIN, OK),
        ({"sku": "Premium"}, LOGIN, UNKNOWN),
        ({"sku": "Premium", "data_endpoint_hosts": (DATA_HOST,)}, LOGIN, OK),
        ({"sku": "Standard", "location": "eastus"}, LOGIN, BROKEN),
        ({"sku": "Premium"}, Destination(DATA_HOST), OK),
        ({"sku": "Premium"}, Destination(DATA_HOST.replace("west", "north")), BROKEN),
    ],
)
def test_a_regional_tag(changes, destination, state):
    rule = made("network", True, network_rule(destinations=("AzureContainerRegistry.WestEurope",)))
    of = registry(**{"location": "westeurope", **changes})
    assert hop_of(firewall(rule), destination, network(replications=FORBIDDEN), of).state == state


@pytest.mark.parametrize(
    ("replicas", "regions", "state"),
    [
        ((), ("WestEurope",), OK),
        ((), ("NorthEurope",), BROKEN),
        (("westeurope", "northeurope"), ("WestEurope", "NorthEurope"), OK),
        (("westeurope", "northeurope"), ("WestEurope",), UNKNOWN),
        (("westeurope", "northeurope"), ("EastUS",), BROKEN),
    ],
)
def test_tags_of_every_region_that_the_registry_is_in(replicas, regions, state):
    rules = [
        made("network", True, network_rule(destinations=(f"AzureContainerRegistry.{each}",)), name=each)
        for each in regions
    ]
    read = network(replications=tuple(map(replication, replicas)))
    assert hop_of(firewall(*rules), facts=read).state == state


def test_a_replica_out_of_routing_needs_no_tag():
    rule = made("network", True, network_rule(destinations=("AzureContainerRegistry.WestEurope",)))
    read = (replication("westeurope"), replication("northeurope", global_routing=False))
    assert hop_of(firewall(rule), facts=network(replications=read)).state == OK


def test_regions_that_may_not_be_read_are_what_is_missing():
    rule = made("network", True, network_rule(destinations=("AzureContainerRegistry.WestEurope",)))
    hop = hop_of(firewall(rule), facts=network(replications=FORBIDDEN))
    assert hop.unread.permission == FORBIDDEN.permission
    assert FORBIDDEN.detail in hop.unread.detail


# --- where a repair has its place ---


def room(*collections, policy_id=POLICY):
    (told,) = hop_of(firewall(*collections, policy_id=policy_id)).details
    return told.repair_policy, told.repair_policy_group, told.repair_group, told.repair_priority


def test_a_classic_rule_comes_before_the_one_that_denies():
    assert room(DENY, ALLOW, policy_id=None) == (None, None, None, 149)
    taken = replace(DENY, priority=149)
    assert room(DENY, taken, policy_id=None) == (None, None, None, 148)


def test_a_classic_rule_where_none_denies():
    other = made("application", True, application(fqdns=("mcr.microsoft.com",)), 1000)
    assert room(other, policy_id=None) == (None, None, None, 1001)


def test_a_rule_in_the_group_of_the_one_that_denies_also_a_parents():
    assert room(replace(DENY, group_id=f"{POLICY}/ruleCollectionGroups/g")) == ("fwp", "rg-hub", "g", 149)
    assert room(replace(DENY, group_id=f"{PARENT}/ruleCollectionGroups/h")) == ("base", "rg-hub", "h", 149)


def test_a_rule_in_the_policys_own_last_group_where_none_denies():
    rule = application(fqdns=("mcr.microsoft.com",))
    own = made("application", True, rule, 300, f"{POLICY.upper()}/ruleCollectionGroups/mine")
    taken = replace(own, priority=1000, group_id=f"{POLICY}/rulecollectiongroups/MINE")
    assert room(taken, own)[2:] == ("mine", 1001)
    inherited = replace(own, group_id=f"{PARENT}/ruleCollectionGroups/h")
    assert room(inherited, own)[2:] == ("mine", 1000)
    assert room(inherited) == ("fwp", "rg-hub", None, 1000)
    assert room() == ("fwp", "rg-hub", None, 1000)


def test_no_room_before_the_first_priority():
    assert room(replace(DENY, priority=100), policy_id=None)[3] is None


# --- the rest ---


def connection(status):
    return PrivateEndpointConnection(f"{REGISTRY_ID}/privateEndpointConnections/a", status, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data_endpoint_hosts": ()}, BLOBS),
        ({"data_endpoint_hosts": (), "login_server": "contosoreg.azurecr.us"}, "*.blob.core.usgovcloudapi.net"),
        ({"data_endpoint_hosts": (), "login_server": "contosoreg.azurecr.cn"}, "*.blob.core.chinacloudapi.cn"),
        ({"data_endpoint_hosts": (DATA_HOST,)}, None),
        ({"data_endpoint_hosts": Unreadable("not-shown", "not shown")}, None),
        ({"data_endpoint_hosts": (), "private_endpoints": Unreadable("not-shown", "not shown")}, None),
        ({"data_endpoint_hosts": (), "private_endpoints": (connection("Approved"),)}, None),
        ({"data_endpoint_hosts": (), "private_endpoints": (connection(Unreadable("not-shown", "no")),)}, None),
        ({"data_endpoint_hosts": (), "private_endpoints": (connection("Pending"), connection("Rejected"))}, BLOBS),
    ],
)
def test_where_layers_come_from(changes, expected):
    assert layers_host(registry(**changes)) == expected


def test_an_appliance_that_nobody_can_read_is_a_warning():
    hop = unknown_appliance(LOGIN, "10.100.0.9", HUB)
    assert (hop.kind, hop.state, hop.outcome, hop.severity) == ("appliance", UNKNOWN, OUTCOME, Severity.WARNING)
    (told,) = hop.details
    assert isinstance(told, Blocked)
    assert (told.firewall, told.firewall_id, told.blocked, told.is_foreign) == ("10.100.0.9", None, (HOST,), True)


def test_thousands_of_rules_are_cheap():
    names = tuple(f"host{number}.contoso.com" for number in range(50))
    sources = tuple(f"10.{number}.0.0/16" for number in range(100))
    rule = application(fqdns=names, sources=sources)
    wall = firewall(*(made("application", True, rule, 100 + number) for number in range(4000)), ALLOW)
    assert hop_of(wall).state == OK
