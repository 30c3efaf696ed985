"""Reports of every kind that a page may have to show, each from facts, through the whole judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache

from azext_acrpulldiag.diagnosis.changed import told
from azext_acrpulldiag.diagnosis.whole import proven
from azext_acrpulldiag.facts import (
    Facts,
    Network,
    NodePlace,
    Options,
    RouteTable,
    SecurityGroup,
    Unreadable,
    UserRoute,
    VirtualNetwork,
    nothing_known,
)
from azext_acrpulldiag.report import Elapsed, Json, report_of
from azext_acrpulldiag.targets import NO_REGISTRY
from tests import build
from tests.path.worlds import HUB_ID, RESOURCES, group, rule

_FORBIDDEN = Unreadable("forbidden", "You may not read it", "GET", "Microsoft.Network/networkSecurityGroups/read")
_TIMED_OUT = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to do request: Head '
    '"https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp 20.61.97.5:443: i/o timeout'
)
_HOSTILE = "</style><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>\x1b[31m\u202e\ud800&amp;"
RIGHT_TO_LEFT = "\u05e7\u05d1\u05d5\u05e6\u05d4-\u05e8\u05d0\u05e9\u05d9\u05ea"
"""A resource group may be named so."""
POOLS = 12


def written(facts: Facts) -> Json:
    """The whole report of these facts."""
    return report_of(facts, told(proven(facts), facts, ()), Elapsed(2.34, 41, 6))


def one_cause() -> Facts:
    """Pods of one pool of two get 401, the other pulls."""
    nodes = (build.node(runtime="containerd://1.7.27-1"), build.node("aks-win-000000", "win", os="windows"))
    pods = tuple(build.failing(pod=f"web-{number}", node="aks-win-000000") for number in range(3))
    kubernetes = build.kubernetes(*pods, nodes=nodes, pulled=(build.pulled(),))
    return build.healthy_facts(access=build.access(effective=(), at_scope=()), kubernetes=kubernetes)


def several_causes() -> Facts:
    """No role, and a firewall that lets nothing through."""
    return build.firewall_facts(build.allowing("mcr.microsoft.com"), access=build.access(effective=(), at_scope=()))


def inconclusive() -> Facts:
    """Security groups that nobody may read, and pods that time out."""
    table = build.network(
        subnets={build.SUBNET_ID.lower(): build.subnet(security_group_id=f"{RESOURCES}/networkSecurityGroups/nsg")},
        security_groups={f"{RESOURCES}/networkSecurityGroups/nsg".lower(): _FORBIDDEN},
    )
    return build.healthy_facts(network=table, kubernetes=build.kubernetes(build.failing(_TIMED_OUT)))


def large() -> Facts:
    """Twelve pools in three networks around a firewall, which knows two of them; a group bars a subnet of another."""
    places, peers, networks, subnets, tables, groups = [], [], {}, {}, {}, {}
    for number in range(3):
        network_id, prefix = f"{RESOURCES}/virtualNetworks/vnet-{number}", f"10.{number}.0.0/16"
        peers.append(build.peering(HUB_ID, network_id, prefix))
        side = build.peering(network_id, HUB_ID, "10.100.0.0/16")
        networks[network_id.lower()] = VirtualNetwork(network_id, (prefix,), (), (side,))
        table = f"{RESOURCES}/routeTables/rt-{number}"
        route = UserRoute("default", "0.0.0.0/0", "VirtualAppliance", "10.100.0.4")
        tables[table.lower()] = RouteTable(table, (route,), False)
        for half in range(2):
            subnet_id = f"{network_id}/subnets/nodes-{half}"
            barred = f"{RESOURCES}/networkSecurityGroups/nsg-{number}-{half}"
            rules = (rule(200, name="no-internet"),) if (number, half) == (1, 1) else ()
            groups[barred.lower()] = group(*rules, group_id=barred)
            subnets[subnet_id.lower()] = build.subnet(
                subnet_id, f"10.{number}.{half}.0/24", security_group_id=barred, route_table_id=table
            )
            pools = tuple(f"pool{4 * number + 2 * half + each}" for each in range(2))
            places.append(NodePlace(pools, subnet_id))
    networks[HUB_ID.lower()] = VirtualNetwork(HUB_ID, ("10.100.0.0/16",), (), tuple(peers))
    return replace(_around(networks, subnets, tables, groups, tuple(places)), kubernetes=_many_nodes())


def _around(
    networks: Mapping[str, VirtualNetwork],
    subnets: Mapping[str, object],
    tables: Mapping[str, RouteTable],
    groups: Mapping[str, SecurityGroup],
    places: tuple[NodePlace, ...],
) -> Facts:
    known = build.firewall_rule(fqdns=("contosoreg.azurecr.io", "*.blob.core.windows.net"))
    rules = replace(known, sources=("10.0.0.0/16", "10.1.0.0/16"))
    found = build.firewall(replace(build.allowing("*"), rules=(rules,)), network_id=HUB_ID)
    network: Network = build.network(
        places=places,
        networks=networks,
        subnets=subnets,
        route_tables=tables,
        security_groups=groups,
        firewalls={f"{network_id} 10.100.0.4": found for network_id in networks if network_id != HUB_ID.lower()},
    )
    pools = tuple(build.agent_pool(f"pool{number}") for number in range(POOLS))
    return build.healthy_facts(network=network, cluster=build.cluster(agent_pools=pools))


def _many_nodes() -> object:
    """A node a pool of several kinds; on the pools of the third network pods time out."""
    nodes = tuple(
        build.node(f"aks-pool{number}-0", f"pool{number}", runtime=f"containerd://1.7.{20 + number % 2}-1")
        for number in range(POOLS)
    )
    pods = tuple(
        build.failing(_TIMED_OUT, pod=f"web-{number}", node=f"aks-pool{number}-0") for number in range(8, POOLS)
    )
    fetched = tuple(
        replace(build.pulled(), node=f"aks-pool{number}-0", node_pool=f"pool{number}") for number in range(4)
    )
    return build.kubernetes(*pods, nodes=nodes, pulled=fetched)


def hostile() -> Facts:
    """Names and messages that want to be more than text."""
    pods = (build.failing(f"{_HOSTILE} {'x' * 3000}", pod=_HOSTILE, image=f"contosoreg.azurecr.io/{_HOSTILE}"),)
    nodes = (build.node(pool=_HOSTILE, runtime=_HOSTILE),)
    cluster = build.cluster(name=_HOSTILE, agent_pools=(build.agent_pool(_HOSTILE),))
    facts = build.healthy_facts(kubernetes=build.kubernetes(*pods, nodes=nodes), cluster=cluster)
    return replace(facts, access=build.access(effective=(), at_scope=()))


def right_to_left() -> Facts:
    """A cluster, a pool and a group with Hebrew names."""
    pods = (build.failing(pod=RIGHT_TO_LEFT, namespace=RIGHT_TO_LEFT),)
    nodes = (build.node(pool=RIGHT_TO_LEFT),)
    network = build.network(places=(NodePlace((RIGHT_TO_LEFT, "pool1"), build.SUBNET_ID),))
    facts = build.healthy_facts(kubernetes=build.kubernetes(*pods, nodes=nodes), network=network)
    return replace(
        facts,
        cluster=build.cluster(name=RIGHT_TO_LEFT, resource_group=RIGHT_TO_LEFT),
        access=build.access(effective=(), at_scope=()),
    )


def nothing_read() -> Facts:
    """A login that may not even read the cluster."""
    return nothing_known(build.healthy_facts().targets, Options(), build.NOW, _FORBIDDEN)


def no_registry() -> Facts:
    """No registry was named, and no failing pod names one."""
    facts = build.healthy_facts()
    return replace(facts, targets=replace(facts.targets, registry=NO_REGISTRY))


def crowded() -> Facts:
    """Five thousand pods that fail on a hundred pools of fifty nodes."""
    nodes = tuple(build.node(f"aks-pool{number % 100}-{number}", f"pool{number % 100}") for number in range(5000))
    pods = tuple(
        build.failing(
            _TIMED_OUT,
            pod=f"web-5d4f8c9b7-{number:05}",
            namespace=f"team-{number % 50}",
            image=f"contosoreg.azurecr.io/team-{number % 50}/app:{number % 20}",
            node=nodes[number].name,
            last_seen=build.NOW - timedelta(seconds=number % 60),
        )
        for number in range(5000)
    )
    network = build.network(places=(NodePlace(tuple(f"pool{each}" for each in range(100)), build.SUBNET_ID),))
    return build.healthy_facts(network=network, kubernetes=build.kubernetes(*pods, nodes=nodes))


KINDS: Mapping[str, Callable[[], Facts]] = {
    "one cause": one_cause,
    "several causes": several_causes,
    "healthy": build.healthy_facts,
    "inconclusive": inconclusive,
    "12 pools": large,
    "hostile names": hostile,
    "right to left": right_to_left,
    "nothing read": nothing_read,
    "no registry": no_registry,
}


@cache
def reported(kind: str) -> Json:
    """The report of a kind, made once."""
    return written(KINDS[kind]())
