"""One model of a route: what it says of a network held against concrete addresses, one by one.

The reference knows no set of addresses and no perhaps. It takes each address that a registry may have, in each
region that it may be in, and looks for the longest prefix that holds it.
The counts are printed after the tests, by a pytest plugin.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from azext_acrpulldiag.checks.network.public_side import nodes_leave_by_allowed_addresses
from azext_acrpulldiag.checks.network.routes import routes_lead_to_the_registry
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import (
    Cluster,
    Facts,
    Network,
    NetworkRules,
    Outbound,
    Registry,
    RouteTable,
    Unreadable,
    UserRoute,
)
from azext_acrpulldiag.model import Status
from azext_acrpulldiag.path import Walk, egresses, walks
from azext_acrpulldiag.path.proxy import proxy_for
from azext_acrpulldiag.path.routing.outbound import Egress
from azext_acrpulldiag.path.routing.routes import WIDE

_PROPERTY = "invariant"
_counts: Counter[str] = Counter()

PRIVATE = [IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
# Inside and outside of whatever a route may be for.
ADDRESSES = ("20.61.97.5", "20.61.1.1", "20.50.1.1", "20.5.5.5", "13.70.1.1", "52.1.1.1", "91.1.1.1", "150.1.1.1")


@dataclass(frozen=True)
class End:
    """Where a packet for one concrete address leaves the subnet."""

    next_hop: str
    address: str | None
    by_user: bool


# --- the reference ---------------------------------------------------------------------------


def ends_of(
    registry: Registry, network: Network, table: RouteTable | None, announced: bool
) -> tuple[set[End], set[End]]:
    """Where packets for the registry go, over all addresses that it may have; and over those in narrow ranges."""
    routes = table.routes if table else ()
    plain: set[End] = set()
    narrow: set[End] = set()
    for region in _regions(registry, network, routes):
        for address in _addresses(routes):
            end, length = _longest(address, region, routes, announced)
            (narrow if length is not None and length > WIDE else plain).add(end)
    return plain, narrow


def _regions(registry: Registry, network: Network, routes: Iterable[UserRoute]) -> set[str]:
    """Of a registry that does not show them: its home, each region that a route is for, and any other."""
    hosts = registry.data_endpoint_hosts if isinstance(registry.data_endpoint_hosts, tuple) else ()
    home = registry.location.lower()
    if isinstance(network.replications, tuple):
        shown = {home, *(host.split(".")[1] for host in hosts), *(each.location for each in network.replications)}
        off = {each.location for each in network.replications if each.global_routing is False}
        return shown - off or shown
    if hosts:
        return {home, *(host.split(".")[1] for host in hosts)}
    if isinstance(registry.sku, str) and registry.sku != "Premium":
        return {home}
    return {
        home,
        "elsewhere",
        *(route.prefix.lower().partition(".")[2] for route in routes if _tag(route) in _SPECIFIC),
    } - {""}


def _tag(route: UserRoute) -> str | None:
    return None if "/" in route.prefix or route.prefix[0].isdigit() else route.prefix.lower().partition(".")[0]


def _addresses(routes: Iterable[UserRoute]) -> Iterator[IPv4Address]:
    yield from map(IPv4Address, ADDRESSES)
    for route in routes:
        if _tag(route) is None and IPv4Network(route.prefix).prefixlen < 32:
            net = IPv4Network(route.prefix)
            size = net.num_addresses
            for share in (1, size // 5, size // 3, size // 2, size - 2):
                address = net[share]
                if address.is_global and not address.is_multicast and not any(address in each for each in PRIVATE):
                    yield address


_SPECIFIC = {"azurecontainerregistry": 1, "azurecloud": 0}


def _longest(address: IPv4Address, region: str, routes: Iterable[UserRoute], announced: bool) -> tuple[End, int | None]:
    """The route that a packet takes, and the length of its range. A tag is a list of ranges between wide and narrow."""
    best: tuple[tuple[int, int], End, int | None]
    best = (-1, 0), End("virtualhub" if announced else "internet", None, False), None
    for route in routes:
        tag, end = _tag(route), End(route.next_hop.lower(), route.address, True)
        if tag is not None:
            its_region = route.prefix.lower().partition(".")[2]
            if tag in _SPECIFIC and its_region in ("", region):
                best = max(best, ((20, 2 * _SPECIFIC[tag] + bool(its_region)), end, None), key=lambda each: each[0])
            continue
        net = IPv4Network(route.prefix)
        if address in net and net.prefixlen < 32:
            rank = (30 if net.prefixlen > WIDE else 10, net.prefixlen)
            best = max(best, (rank, end, net.prefixlen), key=lambda each: each[0])
    return best[1], best[2]


# --- what is said of it ----------------------------------------------------------------------


def judged_alike(facts: Facts) -> Counter[str]:
    """Assert that every check goes by the route that the reference finds; count what was looked at."""
    registry, network, cluster = facts.registry, facts.network, facts.cluster
    counts: Counter[str] = Counter()
    if not (isinstance(registry, Registry) and isinstance(network, Network) and isinstance(cluster, Cluster)):
        return counts
    counts["networks"] += 1
    counts["places"] += len(network.places)
    counts["hosts"] += len(walks(facts))
    if proxy_for(registry.login_server, cluster) is not None:
        return counts
    ways = [walk for walk in walks(facts) if walk.host == registry.login_server]
    leaving = egresses(facts) if isinstance(facts.outbound, Outbound) else ()
    for walk in ways:
        ends = _ends_at(registry, network, walk)
        if ends is None or walk.destination is None or walk.destination.private:
            continue
        counts["public ways"] += 1
        plain, narrow = ends
        _routes_are_those(walk, plain, narrow)
        for egress in leaving:
            if egress.subnet_id and egress.subnet_id.lower() == str(walk.place.subnet_id).lower():
                counts["ways out"] += 1
                _leaves_where_it_goes(facts, walk, egress, plain, narrow)
    _verdicts_agree(facts, leaving)
    return counts


def _ends_at(registry: Registry, network: Network, walk: Walk) -> tuple[set[End], set[End]] | None:
    """``None``: what decides was not read, or a service endpoint takes its place."""
    subnet = network.subnets.get(str(walk.place.subnet_id).lower())
    if subnet is None or isinstance(subnet, Unreadable) or "microsoft.containerregistry" in subnet.service_endpoints:
        return None
    network_id = subnet.id.lower().partition("/subnets/")[0]
    if network.networks.get(network_id) is None or isinstance(network.networks[network_id], Unreadable):
        return None
    table = network.route_tables.get((subnet.route_table_id or "").lower())
    if subnet.route_table_id and not isinstance(table, RouteTable):
        return None
    hub = network.hubs.get(network_id)
    announces = isinstance(hub, Unreadable) or (hub is not None and hub.internet is not None)
    heard = not isinstance(table, RouteTable) or table.gateway_routes is not False
    return ends_of(registry, network, table if isinstance(table, RouteTable) else None, announces and heard)


def _routes_are_those(walk: Walk, plain: set[End], narrow: set[End]) -> None:
    """What is said of the route holds for every address that the registry may have."""
    route = next(hop for hop in walk.hops if hop.kind == "route")
    drops = {end.next_hop in ("none", "vnetlocal") for end in plain}
    if route.outcome is not None and all(end.next_hop != "virtualappliance" for end in plain):
        assert drops == {True}, (route.why, plain)
        assert {end.next_hop for end in narrow} <= {"none", "vnetlocal"}, (route.why, narrow)
    if route.state == "ok" and all(hop.state != "broken" for hop in walk.hops):
        assert drops == {False}, (route.why, plain)
    if len(plain) == 1 and not narrow:
        (end,) = plain
        assert "depends on the registry's addresses" not in route.why, (route.why, plain)
        by_firewall = any(hop.kind in ("firewall", "appliance") for hop in walk.hops)
        if end.next_hop == "internet":
            assert not by_firewall


def _leaves_where_it_goes(facts: Facts, walk: Walk, egress: Egress, plain: set[End], narrow: set[End]) -> None:
    """The way out is behind the route that the walk took."""
    direct = [way for way in egress.ways if way.path in ("load-balancer", "node-public-ip")]
    firewalls = {hop.resource_id for hop in walk.hops if hop.kind == "firewall"}
    possible = plain | narrow
    if direct:
        assert any(end.next_hop == "internet" for end in possible), (egress.ways, egress.doubt, possible)
    for way in egress.ways:
        if way.path == "firewall":
            assert any(end.next_hop in ("virtualappliance", "virtualhub") for end in possible)
    if len(plain) == 1 and not narrow:
        (end,) = plain
        assert egress.doubt is None or end.next_hop == "virtualappliance", (egress, plain)
        assert end.next_hop != "none" or [way.path for way in egress.ways] == ["none"], (egress, plain)
        assert end.next_hop != "internet" or not any(way.path == "firewall" for way in egress.ways)
        if end.next_hop == "virtualappliance":
            assert not direct, (egress, plain)
            vias = {way.via for way in egress.ways if way.path == "firewall"}
            assert not vias or vias == firewalls, (egress, firewalls)
    if len(plain) > 1 and len({_kind(end) for end in plain}) > 1:
        assert len(egress.ways) > 1 or egress.ways[0].path == "unknown", (egress, plain)


def _kind(end: End) -> str:
    return {"internet": "internet", "none": "none"}.get(end.next_hop, "elsewhere")


def _verdicts_agree(facts: Facts, leaving: Iterable[Egress]) -> None:
    """A failure or a pass of one check rests on ways that the other does not doubt."""
    registry = facts.registry
    assert isinstance(registry, Registry)
    rules = registry.network_rules
    told = list(evaluate(nodes_leave_by_allowed_addresses, facts))
    routes = {each.resource.lower(): each.status for each in evaluate(routes_lead_to_the_registry, facts)}
    if not isinstance(rules, NetworkRules):
        return
    for finding in told:
        if finding.status is not Status.FAIL:
            continue
        assert routes.get(finding.resource.lower()) is not Status.FAIL, "a route drops what leaves by an address"
        (egress, *_) = [each for each in leaving if each.pools == tuple(finding.evidence["pools"])]
        assert all(not isinstance(way.addresses, Unreadable) for way in egress.ways), egress
        assert set(finding.evidence["uncovered"]) <= {a for way in egress.ways for a in way.addresses}


# --- the counts ------------------------------------------------------------------------------


def noted(record_property: Any, counts: Counter[str]) -> None:
    """Hand counts to the process that prints them."""
    record_property(_PROPERTY, json.dumps(counts))


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call":
        for name, value in report.user_properties:
            if name == _PROPERTY:
                _counts.update(json.loads(value))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _counts:
        terminalreporter.section("one model of a route")
        terminalreporter.write_line(", ".join(f"{count} {what}" for what, count in sorted(_counts.items())))
