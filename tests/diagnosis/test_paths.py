"""The ways that a picture draws: whose they are, in which order, and what is said at their hops."""

from __future__ import annotations

from dataclasses import replace

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.diagnosis.paths import JUDGES, DrawnPath, drawn
from azext_acrpulldiag.diagnosis.whole import diagnosed
from azext_acrpulldiag.facts import Facts, NodePlace, Unreadable
from azext_acrpulldiag.targets import NO_REGISTRY
from tests import build
from tests.path.worlds import guarded, rule
from tests.present.html import pages

FORBIDDEN = Unreadable("forbidden", "You may not read it", "GET", "A/b/read")


def ways(facts: Facts, *skip: str) -> tuple[DrawnPath, ...]:
    return drawn(facts, diagnosed(facts, skip).findings)


def states(path: DrawnPath) -> dict[str, str]:
    return {hop.kind: hop.state for hop in path.hops}


def test_every_check_of_the_network_has_its_place() -> None:
    assert set(JUDGES) == {checked.id for checked in ALL if checked.category == "network"}


def test_a_way_that_works() -> None:
    login, layers = ways(build.healthy_facts())
    assert (login.pools, login.host, login.leads_to, login.state) == (
        ("pool1",), "contosoreg.azurecr.io", "public-endpoint", "works",
    )  # fmt: skip
    assert [hop.kind for hop in login.hops] == ["public-dns", "route", "registry"]
    assert layers.host == "*.blob.core.windows.net"


def test_a_hop_that_blocks_names_its_rule() -> None:
    login, _ = ways(build.healthy_facts(network=guarded(rule(200, name="no-internet"))))
    (hop,) = [each for each in login.hops if each.state == "blocks"]
    assert (hop.kind, hop.name, hop.rule) == ("security-group", "nsg-nodes", "no-internet")
    assert [each.outcome for each in hop.findings] == ["network.nsg-blocks-registry"]
    assert login.state == "blocks"


def test_what_was_left_out_is_not_judged() -> None:
    login, _ = ways(build.healthy_facts(network=guarded(rule(200))), "network.security-groups")
    (hop,) = [each for each in login.hops if each.kind == "security-group"]
    assert (hop.state, hop.why) == ("not-applicable", "Left out with --skip or --only.")
    assert login.state == "not-applicable"


def test_a_network_that_was_not_read_is_one_way_that_nobody_knows() -> None:
    (only,) = ways(build.healthy_facts(network=FORBIDDEN))
    assert (only.pools, only.leads_to, only.state) == ((), None, "unknown")
    assert set(states(only).values()) == {"unknown"}
    assert [hop.kind for hop in only.hops] == sorted(states(only), key=list(_order()).index)


def _order() -> list[str]:
    return [kind for kinds in JUDGES.values() for kind in kinds]


def test_a_closed_registry_blocks_though_no_network_was_read() -> None:
    closed = build.registry(public_network_access="Disabled", private_endpoints=())
    (only,) = ways(build.healthy_facts(network=FORBIDDEN, registry=closed))
    assert states(only)["registry"] == "blocks"


def test_without_a_registry_there_is_no_way() -> None:
    facts = build.healthy_facts()
    assert ways(replace(facts, targets=replace(facts.targets, registry=NO_REGISTRY))) == ()


def test_pools_that_differ_in_their_subnet_alone_share_a_way() -> None:
    other = f"{build.SUBNET_ID}-2"
    subnets = {
        each.lower(): build.subnet(each, prefix)
        for each, prefix in ((build.SUBNET_ID, "10.224.0.0/16"), (other, "10.225.0.0/16"))
    }
    places = (NodePlace(("pool1",), build.SUBNET_ID), NodePlace(("pool2",), other))
    found = ways(build.healthy_facts(network=build.network(places=places, subnets=subnets)))
    assert [(each.pools, each.subnets) for each in found] == [(("pool1", "pool2"), (build.SUBNET_ID, other))] * 2


def test_the_worst_way_comes_first() -> None:
    found = ways(pages.large())
    assert [each.state for each in found] == ["blocks"] * 6 + ["works"] * 6
    assert {pool for each in found[:6] for pool in each.pools} == {f"pool{number}" for number in range(6, 12)}


def test_a_warning_may_block() -> None:
    login, _ = ways(build.appliance_facts())
    assert states(login)["appliance"] == "may-block"
    assert login.state == "may-block"
