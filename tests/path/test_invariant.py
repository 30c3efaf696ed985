"""The way that one check judges is the way that every other check judges, over networks of every kind."""

from __future__ import annotations

import base64
import pickle
import random
from collections import Counter
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import pytest

from azext_acrpulldiag.checks.network.public_side import nodes_leave_by_allowed_addresses
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import (
    Facts,
    Firewall,
    FirewallRule,
    HubRouting,
    NetworkRules,
    NodeAddresses,
    Outbound,
    PrivateEndpointConnection,
    Replication,
    RuleCollection,
    Unreadable,
    UserRoute,
)
from azext_acrpulldiag.model import Status
from azext_acrpulldiag.path import walks
from tests import build
from tests.scenarios.engines import Engine, asked
from tests.scenarios.stories import STORIES

from .invariant import End, ends_of, judged_alike, noted
from .worlds import APPLIANCE, ENDPOINT, HUB_ID, NODES_ID, RESOURCES, SHARED_ID, TABLE_ID, peered, routed

NETWORKS, SEEDS = 150, 8
NAT, FIREWALL = f"{RESOURCES}/natGateways/nat", f"{RESOURCES}/azureFirewalls/fw"
OTHER = "10.100.0.9"
BALANCED, NATTED, OWN, WALLED = ("20.1.1.1",), ("20.2.2.2",), ("20.3.3.3",), ("20.4.4.4",)
HIDDEN = Unreadable("forbidden", "no right to read it")
TAGS = ("AzureContainerRegistry", "Storage", "Sql", "AzureCloud")
REGIONS = ("", ".WestEurope", ".eastus", ".northeurope")
WIDE_RANGES = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "20.0.0.0/8", "13.64.0.0/11", "20.48.0.0/12", "10.0.0.0/8")
NARROW_RANGES = ("20.61.0.0/16", "20.61.97.0/24", "91.0.0.0/13", "20.61.97.5/32")
HOPS = (
    ("None", None),
    ("Internet", None),
    ("VirtualAppliance", APPLIANCE),
    ("VirtualAppliance", OTHER),
    ("VirtualNetworkGateway", None),
)


def routes(chance: random.Random) -> tuple[UserRoute, ...]:
    found: dict[str, UserRoute] = {}
    for _ in range(chance.choice((0, 1, 1, 2, 3, 4))):
        kind = chance.random()
        if kind < 0.35:
            prefix = chance.choice(TAGS) + chance.choice(REGIONS)
        elif kind < 0.8:
            prefix = chance.choice(WIDE_RANGES)
        else:
            prefix = chance.choice(NARROW_RANGES)
        found.setdefault(prefix.lower(), UserRoute(f"r{len(found)}", prefix, *chance.choice(HOPS)))
    if chance.random() < 0.1:
        hop = chance.choice(HOPS)
        for prefix in ("0.0.0.0/1", "128.0.0.0/1"):
            found[prefix] = UserRoute(f"half-{prefix[0]}", prefix, *hop)
    return tuple(found.values())


def replicated(*regions: str) -> tuple[Replication, ...]:
    """In these regions; the last is out of global routing where there are several."""
    return tuple(build.replication(each, global_routing=not regions[1:] or each != regions[-1]) for each in regions)


REPLICATIONS = (HIDDEN, HIDDEN, (), replicated("westeurope", "northeurope"), replicated("eastus"))


def registry(chance: random.Random) -> Any:
    host = "contosoreg.{}.data.azurecr.io".format
    hosts = chance.choice(((), (), (host("westeurope"),), (host("westeurope"), host("northeurope"))))
    sku = "Premium" if hosts else chance.choice(("Premium", "Premium", "Standard", "Basic"))
    rules = tuple(chance.sample([*BALANCED, *NATTED, *OWN, *WALLED], chance.randint(0, 4)))
    firewall = NetworkRules("Deny", rules, ()) if sku == "Premium" else None
    joined = (PrivateEndpointConnection(ENDPOINT.connection_id, "Approved", ENDPOINT.id),)
    return build.registry(
        sku=sku,
        data_endpoint_hosts=hosts,
        network_rules=firewall,
        private_endpoints=joined if chance.random() < 0.15 else (),
    )


def firewall(chance: random.Random) -> Firewall:
    everything = FirewallRule("all", ("*",), (), ("*",), (), (), (), ("TCP",), ("443",))
    collections = (RuleCollection("net", "network", True, (everything,)),) if chance.random() < 0.7 else ()
    return Firewall(FIREWALL, (APPLIANCE,), HUB_ID, None, ("/address",), None, collections)


def made(chance: random.Random) -> Facts:
    """A network with whatever a way may rest on."""
    services = ("microsoft.containerregistry",) if chance.random() < 0.1 else ()
    pairs = [(NODES_ID, HUB_ID), *([(NODES_ID, SHARED_ID)] if chance.random() < 0.5 else [])]
    found = routed(
        *routes(chance),
        networks=peered(*pairs),
        firewalls={APPLIANCE: firewall(chance), OTHER: None},
        gateway_routes=chance.random() < 0.8,
        service_endpoints=services,
    )
    key = build.SUBNET_ID.lower()
    nodes = replace(
        found.subnets[key],
        nat_gateway_id=NAT if chance.random() < 0.3 else None,
        private=chance.random() < 0.2,
    )
    inside = f"{HUB_ID}/subnets/AzureFirewallSubnet"
    hubs = {}
    if chance.random() < 0.2:
        hub_id = f"{RESOURCES}/virtualHubs/hub"
        told = chance.choice((HubRouting(hub_id, None), HubRouting(hub_id, FIREWALL, firewall(chance)), HIDDEN))
        hubs = {NODES_ID.lower(): told}
    whole = replace(
        found,
        subnets={**found.subnets, key: nodes, inside.lower(): build.subnet(inside, "10.100.0.0/26")},
        hubs=hubs,
        replications=random.Random(str(found.route_tables)).choice(REPLICATIONS),
    )
    own = chance.random() < 0.3
    outbound = Outbound(
        nodes=(NodeAddresses(("pool1",), build.SUBNET_ID, own, OWN if own else ()),),
        cluster=BALANCED,
        nat_gateways={NAT.lower(): NATTED},
        firewalls={FIREWALL.lower(): WALLED},
    )
    asked_for = registry(chance)
    joined = (ENDPOINT,) if asked_for.private_endpoints else ()
    return build.healthy_facts(registry=asked_for, network=replace(whole, endpoints=joined), outbound=outbound)


def answer_of(end: End, facts: Facts) -> str:
    """What the registry says to packets that leave there."""
    subnet, outbound = facts.network.subnets[build.SUBNET_ID.lower()], facts.outbound
    if end.next_hop == "none":
        return "none"
    if end.next_hop == "internet":
        own = OWN if outbound.nodes[0].public_ip else BALANCED
        addresses = NATTED if subnet.nat_gateway_id else own
    elif end == End("virtualappliance", APPLIANCE, True):
        addresses = WALLED
    else:
        return "unknown"
    return "admitted" if set(addresses) <= set(facts.registry.network_rules.ip_rules) else "refused"


def expected(facts: Facts) -> set[str] | None:
    """Every answer that nodes may get, over the addresses that the registry may have; ``None``: not judged."""
    if facts.registry.network_rules is None or facts.registry.private_endpoints:
        return None
    subnet = facts.network.subnets[build.SUBNET_ID.lower()]
    if subnet.service_endpoints:
        return None
    table = facts.network.route_tables.get(TABLE_ID.lower())
    hub = facts.network.hubs.get(NODES_ID.lower())
    announced = hub is not None and (isinstance(hub, Unreadable) or hub.internet is not None)
    heard = announced and (table is None or table.gateway_routes is not False)
    plain, narrow = ends_of(facts.registry, facts.network, table, heard)
    broken = any(hop.state == "broken" for walk in walks(facts)[:1] for hop in walk.hops if hop.kind == "firewall")
    counted = plain | narrow if broken or {each.next_hop for each in plain} & {"none"} else plain
    return {answer_of(each, facts) for each in counted}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_made_networks(seed: int, record_property: Any) -> None:
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    for _ in range(NETWORKS):
        facts = made(chance)
        counts += judged_alike(facts)
        answers = expected(facts)
        if answers is None:
            continue
        (finding,) = evaluate(nodes_leave_by_allowed_addresses, facts)
        counts[f"outbound-ip {finding.status.value}"] += 1
        if finding.status is Status.PASS:
            assert answers == {"admitted"}, facts.network.route_tables
        elif finding.status is Status.FAIL:
            assert answers <= {"refused", "none"}, facts.network.route_tables
        else:
            assert answers not in ({"admitted"}, {"refused"}), (facts.network.route_tables, finding.reason)
    noted(record_property, counts)
    assert counts["ways out"] > NETWORKS / 2
    assert min(counts[f"outbound-ip {status}"] for status in ("pass", "fail", "unknown")) > 0


# Modules of stories that leave the network as it is by default: but for these, all stories are networks of their own.
OF_THE_SAME_NETWORK = frozenset(
    f"tests.scenarios.{each}_stories"
    for each in (
        "access", "account_pull", "cache_rule", "identity", "image", "image_content", "image_manifest", "invoke",
        "lifetime", "renewal", "scope", "secret", "tenant", "version", "who_pulls",
    )
)  # fmt: skip
NETWORKED = [
    name
    for name, story in STORIES.items()
    if not story.starts_a_pod  # which says nothing of the network
    and (
        name == "healthy"
        or story.tell.__module__ not in OF_THE_SAME_NETWORK
        or any(outcome.startswith("network.") for outcome in story.outcomes)
    )
]


@pytest.mark.parametrize("name", NETWORKED)
def test_stories(name: str, engines: SimpleQueue[Engine], record_property: Any) -> None:
    story = STORIES[name]
    engine = engines.get()
    try:
        answer = engine.run(story.told(), **asked(story.arguments))
    finally:
        engines.put(engine)
    if "facts" not in answer:
        pytest.skip("its run reads no facts")
    facts: Facts = pickle.loads(base64.b64decode(answer["facts"]))
    noted(record_property, judged_alike(facts))
