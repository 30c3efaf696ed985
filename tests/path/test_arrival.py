"""Mirror of path/arrival.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.details import evidence_of
from azext_acrpulldiag.facts import NetworkRules, NodePlace, RouteTable, Unreadable, UserRoute, VirtualNetwork
from azext_acrpulldiag.path import BROKEN, OK, UNKNOWN, Destination
from azext_acrpulldiag.path.arrival import arriving
from azext_acrpulldiag.path.filters.security_groups import Barred
from azext_acrpulldiag.path.routing.outbound import Egress, WayOut
from tests.build import (
    ENDPOINT_ID,
    ENDPOINT_SUBNET_ID,
    REGISTRY_ID,
    SUBNET_ID,
    network,
    private_endpoint,
    registry,
    subnet,
)
from tests.path.worlds import GROUP_ID, TABLE_ID, group, rule

NOT_READ = Unreadable("forbidden", "no right to read it", "Microsoft.X/read", "Microsoft.X/read")
LOGIN = "contosoreg.azurecr.io"
DATA = "contosoreg.westeurope.data.azurecr.io"
SERVICE = ("microsoft.storage", "microsoft.containerregistry")


def arrived(destination=None, here=None, place=None, **changes):
    """``(kind, state, outcome)`` of every hop."""
    return [(hop.kind, hop.state, hop.outcome) for hop in hops(destination, here, place, **changes)]


def hops(destination=None, here=None, place=None, leaving=None, **changes):
    subnets = {SUBNET_ID.lower(): subnet() if here is None else here, ENDPOINT_SUBNET_ID.lower(): there()}
    found = network(subnets=subnets)
    place = place or found.places[0]
    return list(arriving(registry(**changes), found, place, destination or Destination(LOGIN), leaving))


def shown(hop):
    """What the hop carries for a finding."""
    return evidence_of(hop.details)


def there(**changes):
    """The endpoint's subnet."""
    return subnet(ENDPOINT_SUBNET_ID, "10.225.0.0/24", **changes)


def deny(*ip_rules, subnets=()):
    return NetworkRules("Deny", ip_rules, subnets)


# --- a private endpoint ----------------------------------------------------------------


def led_to(endpoint):
    return Destination(LOGIN, ("10.225.0.5",), endpoint)


def test_an_approved_endpoint_is_the_end_whatever_the_firewall():
    found = hops(led_to(private_endpoint()), public_network_access="Disabled", network_rules=deny())
    assert [(hop.kind, hop.state, hop.outcome) for hop in found] == [
        ("private-endpoint", OK, None),
        ("registry", OK, None),
    ]
    assert found[0].resource_id == ENDPOINT_ID
    assert "10.225.0.5" in found[0].why


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_an_endpoint_that_is_not_approved_is_the_end_of_the_way(status):
    assert arrived(led_to(private_endpoint(status=status))) == [("private-endpoint", BROKEN, None)]


def test_an_endpoint_whose_state_is_not_read():
    (hop,) = hops(led_to(private_endpoint(status=NOT_READ)))
    assert (hop.kind, hop.state, hop.unread) == ("private-endpoint", UNKNOWN, NOT_READ)


def test_an_address_of_nobody_that_was_read():
    (hop,) = hops(led_to(None))
    assert (hop.kind, hop.state) == ("private-endpoint", UNKNOWN)
    assert "10.225.0.5" in hop.unread.detail


# --- the security group of the endpoint's own subnet -------------------------------------

FILTERS = {"security_group_id": GROUP_ID, "endpoint_network_policies": "Enabled"}
DENIES = rule(200, direction="Inbound", name="deny-all")
BLOCKED = ("security-group", BROKEN, "network.nsg-blocks-registry")
PASSED = ("security-group", OK, None)


def entered(*rules, at=None, table=None, prefixes=("10.224.0.0/12",), **changes):
    """The hop of the group on the endpoint's subnet, or ``None``."""
    here = subnet(route_table_id=TABLE_ID if table else None)
    vnet = SUBNET_ID.rpartition("/subnets/")[0]
    found = network(
        networks={vnet.lower(): VirtualNetwork(vnet, prefixes, (), ())},
        subnets={SUBNET_ID.lower(): here, ENDPOINT_SUBNET_ID.lower(): there(**{**FILTERS, **(at or {})})},
        **{
            "security_groups": {GROUP_ID.lower(): group(*rules)},
            "route_tables": {TABLE_ID.lower(): table} if table else {},
            **changes,
        },
    )
    every = list(arriving(registry(), found, found.places[0], led_to(private_endpoint())))
    return next((hop for hop in every if hop.kind == "security-group"), None)


def in_short(hop):
    return hop and (hop.kind, hop.state, hop.outcome)


@pytest.mark.parametrize("policies", ["Enabled", "NetworkSecurityGroupEnabled", "enabled"])
def test_a_denial_at_the_endpoint(policies):
    hop = entered(DENIES, at={"endpoint_network_policies": policies})
    assert in_short(hop) == BLOCKED
    (denial,) = hop.details
    assert (hop.resource_id, denial.rule, denial.direction) == (GROUP_ID, "deny-all", "Inbound")
    assert denial.barred == (Barred(("10.225.0.5",), 200),)


@pytest.mark.parametrize("policies", ["Disabled", "RouteTableEnabled"])
def test_a_group_that_does_not_count_for_endpoints(policies):
    assert entered(DENIES, at={"endpoint_network_policies": policies}) is None


def test_a_subnet_of_an_endpoint_without_a_group():
    assert entered(at={"security_group_id": None}) is None


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (rule(100, "Allow", direction="Inbound", sources=("10.224.0.0/16",)), DENIES),
        (rule(200),),
        (rule(100, direction="Inbound", sources=("Internet",)),),
        (rule(100, direction="Inbound", destinations=("10.225.0.4",)),),
    ],
)
def test_a_group_at_the_endpoint_that_lets_the_nodes_in(rules):
    assert in_short(entered(*rules)) == PASSED


def test_policies_that_are_not_shown_make_a_denial_unknown():
    hop = entered(DENIES, at={"endpoint_network_policies": NOT_READ})
    assert (hop.state, hop.unread) == (UNKNOWN, NOT_READ)
    assert in_short(entered(at={"endpoint_network_policies": NOT_READ})) == PASSED


def test_nodes_that_the_endpoints_network_may_not_know():
    """Azure's own rules admit the network and what it is joined to; a denial of everything else is for the rest."""
    assert entered(prefixes=("10.225.0.0/24",)).state == UNKNOWN
    assert in_short(entered(DENIES, prefixes=("10.225.0.0/24",))) == BLOCKED


def by_appliance(prefix="10.225.0.0/16"):
    return RouteTable(TABLE_ID, (UserRoute("hub", prefix, "VirtualAppliance", "10.100.0.4"),), True)


def test_an_appliance_on_the_way_may_put_its_own_address():
    nodes_only = rule(100, "Allow", direction="Inbound", sources=("10.224.0.0/16",))
    assert entered(nodes_only, DENIES, table=by_appliance()).state == UNKNOWN
    assert in_short(entered(nodes_only, DENIES, table=by_appliance("10.9.0.0/16"))) == PASSED
    assert in_short(entered(DENIES, table=by_appliance())) == BLOCKED
    assert in_short(entered(table=by_appliance())) == PASSED


def test_a_route_table_that_is_not_read_may_have_an_appliance():
    nodes_only = rule(100, "Allow", direction="Inbound", sources=("10.224.0.0/16",))
    hop = entered(nodes_only, DENIES, table=by_appliance(), route_tables={TABLE_ID.lower(): NOT_READ})
    assert hop.state == UNKNOWN


@pytest.mark.parametrize("changes", [{"security_groups": {}}, {"security_groups": {GROUP_ID.lower(): NOT_READ}}])
def test_a_group_at_the_endpoint_that_is_not_read(changes):
    assert entered(**changes).state == UNKNOWN


def test_an_endpoints_subnet_that_is_not_read():
    found = network(subnets={SUBNET_ID.lower(): subnet(), ENDPOINT_SUBNET_ID.lower(): NOT_READ})
    first, *_ = arriving(registry(), found, found.places[0], led_to(private_endpoint()))
    assert (first.kind, first.state, first.unread) == ("security-group", UNKNOWN, NOT_READ)


# --- the public side -------------------------------------------------------------------


@pytest.mark.parametrize("rules", [None, NetworkRules("Allow", (), ()), NetworkRules("allow", ("20.1.1.1",), ())])
@pytest.mark.parametrize("services", [(), SERVICE])
def test_an_open_registry(rules, services):
    assert arrived(here=subnet(service_endpoints=services), network_rules=rules) == [("registry", OK, None)]


def test_an_open_registry_needs_no_subnet():
    assert arrived(here=NOT_READ) == [("registry", OK, None)]


@pytest.mark.parametrize("host", [LOGIN, DATA])
def test_public_access_that_is_off_is_broken_and_another_hops_outcome(host):
    (hop,) = hops(Destination(host), public_network_access="Disabled")
    assert (hop.kind, hop.state, hop.outcome, hop.resource_id) == ("registry", BROKEN, None, REGISTRY_ID)
    assert host in hop.why


@pytest.mark.parametrize(
    "changes",
    [
        {"public_network_access": NOT_READ},
        {"public_network_access": "SecuredByPerimeter"},
        {"network_rules": NOT_READ},
    ],
)
def test_a_public_side_that_is_not_known(changes):
    (hop,) = hops(**changes)
    assert (hop.kind, hop.state) == ("registry", UNKNOWN)
    assert hop.unread is not None


def test_a_subnet_that_is_named_and_has_the_service_endpoint():
    found = arrived(here=subnet(service_endpoints=SERVICE), network_rules=deny(subnets=(SUBNET_ID.upper(),)))
    assert found == [("service-endpoint", OK, None), ("registry", OK, None)]


@pytest.mark.parametrize("ip_rules", [(), ("20.61.112.7",)])
def test_a_subnet_with_the_service_endpoint_that_no_rule_names(ip_rules):
    (hop,) = hops(here=subnet(service_endpoints=SERVICE), network_rules=deny(*ip_rules, subnets=("/other",)))
    assert (hop.state, hop.outcome, hop.resource_id) == (BROKEN, "network.subnet-not-allowed", SUBNET_ID)
    assert shown(hop)["subnet_rules"] == ["/other"]
    assert shown(hop)["rules"] == list(ip_rules)
    assert (shown(hop)["network_name"], shown(hop)["subnet_name"]) == (
        "aks-vnet-14326078",
        "aks-subnet",
    )
    assert shown(hop)["network_resource_group"] == "MC_rg-app_prod_westeurope"


def test_subnet_rules_that_are_not_shown():
    (hop,) = hops(here=subnet(service_endpoints=SERVICE), network_rules=deny(subnets=NOT_READ))
    assert (hop.kind, hop.state, hop.unread) == ("service-endpoint", UNKNOWN, NOT_READ)


def leaving_by(*addresses, pools=("pool1",), subnet_id=SUBNET_ID):
    return (Egress(pools, subnet_id, False, (WayOut("load-balancer", addresses),)),)


@pytest.mark.parametrize("ip_rules", [(), ("20.61.112.7",)])
def test_a_subnet_that_is_named_and_lacks_the_service_endpoint(ip_rules):
    here = subnet(service_endpoints=("microsoft.storage", "microsoft.keyvault", "microsoft.unheardof"))
    rules = deny(*ip_rules, subnets=(SUBNET_ID,))
    (hop,) = hops(here=here, network_rules=rules, leaving=leaving_by("20.61.112.8", "20.61.112.7"))
    assert (hop.state, hop.outcome, hop.resource_id) == (BROKEN, "network.service-endpoint-missing", SUBNET_ID)
    # The command's list replaces the subnet's own.
    told = shown(hop)
    assert told["all_service_endpoints"] == [
        "Microsoft.ContainerRegistry",
        "Microsoft.KeyVault",
        "Microsoft.Storage",
        "microsoft.unheardof",
    ]
    assert told["addresses"] == ["20.61.112.8", "20.61.112.7"]


NAMED = deny("20.61.112.7", subnets=(SUBNET_ID,))


def test_a_subnet_that_is_named_in_vain_and_admitted_by_address():
    assert arrived(network_rules=NAMED, leaving=leaving_by("20.61.112.7")) == [("registry", OK, None)]


@pytest.mark.parametrize("leaving", [None, NOT_READ, (), leaving_by("20.61.112.7", pools=("batch",))])
def test_a_subnet_that_is_named_in_vain_and_whose_addresses_are_not_read(leaving):
    assert arrived(network_rules=NAMED, leaving=leaving) == [("service-endpoint", UNKNOWN, None)]


@pytest.mark.parametrize("subnets", [(), ("/other",), NOT_READ])
@pytest.mark.parametrize(
    ("ip_rules", "leaving", "state"),
    [
        ((), None, BROKEN),
        ((), leaving_by("20.61.112.7"), BROKEN),
        (("20.61.112.7",), None, UNKNOWN),
        (("20.61.112.7",), NOT_READ, UNKNOWN),
        (("20.61.112.7",), leaving_by("20.61.112.7"), OK),
        (("20.61.112.7",), leaving_by("20.61.112.7", "20.61.112.8"), BROKEN),
        (("20.61.112.7",), leaving_by(), BROKEN),
        (("20.61.112.7",), (*leaving_by("20.61.112.7"), *leaving_by("20.61.112.8")), BROKEN),
    ],
)
def test_by_its_public_address_a_subnet_is_judged_by_the_ip_rules(subnets, ip_rules, leaving, state):
    assert arrived(network_rules=deny(*ip_rules, subnets=subnets), leaving=leaving) == [("registry", state, None)]


def test_the_rules_are_met_where_the_login_server_is_asked():
    found = arrived(Destination(DATA), here=subnet(service_endpoints=SERVICE), network_rules=deny())
    assert found == [("registry", OK, None)]


@pytest.mark.parametrize("here", [NOT_READ, None])
def test_a_subnet_that_is_not_read(here):
    found = network(subnets={SUBNET_ID.lower(): here})
    (hop,) = arriving(registry(network_rules=deny()), found, found.places[0], Destination(LOGIN))
    assert (hop.kind, hop.state, hop.resource_id) == ("service-endpoint", UNKNOWN, SUBNET_ID)
    assert hop.unread is not None


def test_nodes_whose_subnet_is_not_known():
    (hop,) = hops(place=NodePlace(("pool1",), NOT_READ), network_rules=deny())
    assert (hop.kind, hop.state, hop.unread) == ("service-endpoint", UNKNOWN, NOT_READ)
