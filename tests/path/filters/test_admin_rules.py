"""Security admin rules: which decides, and what that means for the security groups behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import AdminRule, Managed, NetworkManager
from azext_acrpulldiag.path.filters.admin_rules import BLOCKS, free_number
from azext_acrpulldiag.path.filters.security_groups import BLOCKS as NSG_BLOCKS
from azext_acrpulldiag.path.filters.security_groups import filtered
from azext_acrpulldiag.path.hops import BROKEN, OK, UNKNOWN
from tests import build

from ..worlds import FORBIDDEN, LAYERS, LOGIN, NODES_ID, PRIVATE, RESOURCES, guarded, rule

MANAGER = f"{RESOURCES}/networkManagers/avnm"
COLLECTION = f"{MANAGER}/securityAdminConfigurations/baseline/ruleCollections/egress"
SEEN = NetworkManager(MANAGER, ("SecurityAdmin",), (build.SUBSCRIPTION,), False)
REGISTRY = ("AzureContainerRegistry",)
INTERNET = rule(4000, destinations=("Internet",))


def admin(priority=100, access="Deny", collection=COLLECTION, **changes):
    """A security admin rule about everything that leaves."""
    about = rule(priority, access, protocol="Any", **changes)
    return AdminRule(f"{collection}/rules/{about.name}", about)


def hops(*rules, destination=LOGIN, group=(), **changes):
    held = changes.pop("unread", None) or rules
    managed = Managed({NODES_ID.lower(): held}, managers=changes.pop("managers", None))
    network = guarded(*group, managed=managed) if group else build.network(managed=managed)
    return list(filtered(build.registry(), network, network.places[0], destination))


def only(*rules, **changes):
    (hop,) = hops(*rules, **changes)
    return hop


@pytest.mark.parametrize("destination", [LOGIN, LAYERS])
@pytest.mark.parametrize(
    "denial",
    [
        admin(),
        admin(destinations=("Internet",)),
        admin(destinations=("0.0.0.0/0",)),
        admin(destinations=("10.0.0.0/8", "AzureContainerRegistry", "storage")),
        admin(destination_ports=("80", "440-450"), sources=("10.0.0.0/8",)),
    ],
)
def test_a_denial_of_public_addresses_blocks(denial, destination):
    hop = only(denial, destination=destination)
    assert (hop.kind, hop.state, hop.outcome, hop.resource_id) == ("security-admin-rule", BROKEN, BLOCKS, denial.id)
    (told,) = hop.details
    assert (told.rule, told.rule_priority, told.manager, told.configuration, told.collection) == (
        "rule100",
        100,
        "avnm",
        "baseline",
        "egress",
    )
    assert (told.network, told.manager_group, told.manager_subscription) == (NODES_ID, "rg-net", build.SUBSCRIPTION)


@pytest.mark.parametrize(
    "other",
    [
        admin(destinations=("Sql",)),
        admin(destination_ports=("22",)),
        admin(direction="Inbound"),
        admin(destinations=("10.0.0.0/8",)),
        replace(admin(), rule=rule(100, protocol="Udp")),
        admin(sources=("10.99.0.0/16",)),
        admin(destinations=(), destination_groups=("/networkGroups/servers",)),
    ],
)
def test_a_rule_about_something_else_is_no_hop(other):
    assert hops(other) == []


def test_the_lowest_number_decides():
    allowed = admin(90, "Allow", destinations=REGISTRY)
    assert only(admin(), allowed).state == OK
    assert only(admin(80), allowed).state == BROKEN


def test_rules_of_one_number_that_differ_leave_it_open():
    hop = only(admin(), admin(100, "Allow", name="other"))
    assert (hop.state, hop.suspected, hop.details) == (UNKNOWN, None, ())
    assert "rule100 (Deny at 100)" in hop.why
    assert "other (Allow at 100)" in hop.why


def test_rules_of_several_managers_have_no_order():
    elsewhere = COLLECTION.replace("avnm", "avnm2")
    assert only(admin(), admin(10, "AlwaysAllow", elsewhere)).state == UNKNOWN
    assert only(admin(), admin(10, "Deny", elsewhere)).state == BROKEN
    assert only(admin(), admin(10, "AlwaysAllow", elsewhere, destinations=("Sql",))).state == BROKEN


def test_a_network_group_may_hold_the_nodes():
    hop = only(admin(sources=(), source_groups=("/networkGroups/spokes",)))
    assert hop.state == UNKNOWN
    assert hop.unread.reason == "unsupported"


# --- and security groups ---------------------------------------------------------------


def test_always_allow_ends_it_whatever_the_group_says():
    first, group = hops(admin(access="AlwaysAllow"), group=(INTERNET,))
    assert (first.state, group.state, group.kind) == (OK, OK, "security-group")
    assert "whatever the security groups say" in first.why
    assert group.why.startswith("It is not asked")


def test_allow_hands_on_to_the_group():
    first, group = hops(admin(access="Allow"), group=(INTERNET,))
    assert (first.state, group.state, group.outcome) == (OK, BROKEN, NSG_BLOCKS)


def test_a_denial_leaves_the_group_to_be_judged():
    first, group = hops(admin(), group=(INTERNET,))
    assert (first.outcome, group.outcome) == (BLOCKS, NSG_BLOCKS)


def test_rules_that_differ_make_the_denial_of_a_group_a_suspicion():
    first, group = hops(admin(), admin(100, "AlwaysAllow", name="other"), group=(INTERNET,))
    assert (first.state, group.state, group.suspected) == (UNKNOWN, UNKNOWN, NSG_BLOCKS)
    assert group.details


# --- private endpoints -----------------------------------------------------------------


def test_a_denial_of_an_endpoint_is_a_suspicion():
    hop = only(admin(destinations=("10.50.0.0/16",)), destination=PRIVATE)
    assert (hop.state, hop.outcome, hop.suspected) == (UNKNOWN, None, BLOCKS)
    assert hop.details[0].destinations == ("10.50.0.4",)
    assert "not documented" in hop.unread.detail


def test_always_allow_of_an_endpoint_makes_the_denial_of_a_group_a_suspicion():
    first, group = hops(admin(access="AlwaysAllow"), destination=PRIVATE, group=(rule(200, destinations=("*",)),))
    assert (first.state, group.state, group.suspected) == (OK, UNKNOWN, NSG_BLOCKS)
    assert [hop.state for hop in hops(admin(access="AlwaysAllow"), destination=PRIVATE, group=(INTERNET,))] == [
        OK,
        UNKNOWN,  # whether an endpoint's network is of the internet is not known here
    ]


# --- what was not read -----------------------------------------------------------------


def test_rules_that_may_not_be_read_are_open_where_a_manager_is_in_sight():
    first, group = hops(unread=FORBIDDEN, managers=(SEEN,), group=(INTERNET,))
    assert (first.state, first.unread) == (UNKNOWN, FORBIDDEN)
    assert (group.state, group.suspected, group.unread.permission) == (UNKNOWN, NSG_BLOCKS, FORBIDDEN.permission)


def test_and_are_passed_over_where_none_is():
    first, group = hops(unread=FORBIDDEN, managers=(), group=(INTERNET,))
    assert (first.state, first.unread) == (OK, FORBIDDEN)
    assert (group.state, group.outcome) == (BROKEN, NSG_BLOCKS)


def test_a_free_number_is_the_last_before():
    assert free_number((100, 99, 97), 100) == 98
    assert free_number((), 1) is None
    assert free_number(range(1, 5), 5) is None
