"""The way from node pools to the registry, as a picture draws it: each hop, and what findings say of it. Pure.

Nothing is judged a second time. The hops are those of the walks that checks judge; what a hop does is what a finding
says that speaks of it, so that a picture shows no fault that no finding tells, and hides none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..arm_ids import same_id
from ..checks.network._caveats import as_pods_show
from ..checks.network._link_policies import as_pods_resolve
from ..details import Named
from ..facts import Facts, NetworkRules, NodePlace, NotKnownError, Registry, Unreadable, known
from ..model import Finding, Status
from ..path import OK, Destination, Hop, Walk, egresses, walks
from ..path.arrival import APART, ENDPOINT_MISSING, Egresses
from ..path.dns.names import KINDS as DNS
from ..path.walk import PROXY
from .probed import without_overtaken

WORKS, BLOCKS, MAY_BLOCK, UNKNOWN, NOT_APPLICABLE = "works", "blocks", "may-block", "unknown", "not-applicable"
_WORST_FIRST = (BLOCKS, UNKNOWN, MAY_BLOCK, NOT_APPLICABLE, WORKS)
_CATEGORY = "network"

_REGISTRY, _START = "registry", "node-subnet"
JUDGES: Mapping[str, tuple[str, ...]] = {
    "network.private-dns": ("private-dns-record", *sorted(DNS - {_START, "private-dns-record"})),
    "network.node-resolver": ("node-resolver",),
    "network.proxy": (PROXY,),
    "network.admin-rules": ("security-admin-rule",),
    "network.security-groups": ("security-group",),
    "network.routes": ("route",),
    "network.peerings": ("peering", "connected-group"),
    "network.firewall": ("firewall", "appliance"),
    "network.private-endpoint": ("private-endpoint",),
    "network.service-endpoint": ("service-endpoint",),
    "network.storage-policy": ("endpoint-policy",),
    "network.public-access": (_REGISTRY,),
    "network.outbound-ip": (_REGISTRY,),
    "network.client-address": (_REGISTRY,),
}
"""The kinds of hops that each check of the network speaks of, in the order in which a pull meets them.

Where no walk has such a hop, the first is the one that is drawn for what the check says.
"""
_ORDER = (_START, *(kind for kinds in JUDGES.values() for kind in kinds))
_NAMES = {
    "private-dns-record": "of the registry's names",
    "node-resolver": "LocalDNS",
    PROXY: "of the cluster",
    "security-admin-rule": "of the nodes' network",
    "security-group": "of the nodes' subnet",
    "route": "of the nodes' subnet",
    "peering": "of the nodes' network",
    "firewall": "on the way",
    "private-endpoint": "of the registry",
    "service-endpoint": "of the nodes' subnet",
    "endpoint-policy": "of the nodes' subnet",
    _REGISTRY: "and its network rules",
}
"""What a hop is called that no walk has, behind its kind."""


@dataclass(frozen=True)
class DrawnHop:
    """One thing that a pull passes."""

    kind: str
    """As of :class:`~..path.hops.Hop`, or ``node-resolver``."""
    name: str
    resource: str | None
    state: str
    """``works``, ``blocks``, ``may-block`` (a warning), ``unknown``, or ``not-applicable``: nothing judges it here."""
    why: str
    """A whole sentence."""
    rule: str | None = None
    """The rule or route that blocks, by its name; ``None``: there is none, or ``why`` tells."""
    findings: tuple[Finding, ...] = ()
    """That say so."""


@dataclass(frozen=True)
class DrawnPath:
    """The way of some node pools to one host. Pools that share all of it but their subnet are one."""

    pools: tuple[str, ...]
    """Empty: all of the cluster, which are not known."""
    subnets: tuple[str, ...]
    host: str
    leads_to: str | None
    """``private-endpoint``, ``public-endpoint`` or ``proxy``; ``None``: not known."""
    addresses: tuple[str, ...]
    """Of the private endpoint."""
    hops: tuple[DrawnHop, ...]
    """Not empty."""

    @property
    def state(self) -> str:
        """That of its worst hop."""
        return min((hop.state for hop in self.hops), key=_WORST_FIRST.index)


def drawn(facts: Facts, findings: Iterable[Finding]) -> tuple[DrawnPath, ...]:
    """The ways of all pools to all hosts of a pull, the worst first; none where no registry is named.

    ``findings`` are those of the diagnosis of these facts. Where the network was not read, there is one way, of all
    pools to the registry, that has the hops of which anything is said.
    """
    if not facts.targets.registry.is_named:
        return ()
    found = [each for each in findings if each.category == _CATEGORY]
    ways = _ways(without_overtaken(facts))
    placed: list[_Way] = [_Way(walk) for walk in ways]
    for finding in found:
        if finding.status in (Status.FAIL, Status.WARN, Status.UNKNOWN):
            for way in _concerned(finding, placed, facts):
                way.put(finding, facts)
    others = {each.check: each for each in found if each.status in (Status.PASS, Status.SKIPPED)}
    return tuple(_grouped(way.drawn(others) for way in placed if way.hops))


def _ways(facts: Facts) -> tuple[Walk, ...]:
    """The walks that checks judge, with what pods show of them."""
    try:
        network = None if facts.network is None else as_pods_resolve(facts, known(facts.network), known(facts.registry))
        found = walks(facts, network)
        if any(hop.unread is APART or hop.outcome == ENDPOINT_MISSING for walk in found for hop in walk.hops):
            found = walks(facts, network, _leaving(facts))
    except NotKnownError as unread:
        return (Walk(NodePlace((), unread.why), _host(facts), ()),)
    return found or (Walk(NodePlace((), Unreadable("not-shown", "The network was not read")), _host(facts), ()),)


def _leaving(facts: Facts) -> Egresses:
    """How nodes leave, as the checks of the registry's firewall have it."""
    try:
        rules = known(facts.registry).network_rules
        allowed = rules.ip_rules if isinstance(rules, NetworkRules) else ()
        return tuple(as_pods_show(facts, each, allowed) for each in egresses(facts))
    except NotKnownError as unread:
        return unread.why


def _host(facts: Facts) -> str:
    registry = facts.registry
    return registry.login_server if isinstance(registry, Registry) else facts.targets.registry.given


# --- which ways a finding speaks of ------------------------------------------------------


class _Way:
    """A walk, and what is said at its hops."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.hops: list[Hop] = [hop for hop in walk.hops if hop.kind != _START or hop.state != OK]
        self.said: list[list[Finding]] = [[] for _ in self.hops]

    def unsound(self, finding: Finding) -> bool:
        """Whether the walk itself has a hop that is not sound and that the finding's check speaks of."""
        return any(hop.state != OK and hop.kind in JUDGES[finding.check] for hop in self.hops)

    def at(self, finding: Finding, facts: Facts) -> int | None:
        """The hop that a finding names: that of its outcome or its reason, at its resource."""
        subnet = self.walk.place.subnet_id
        place = subnet if isinstance(subnet, str) else facts.targets.cluster.id
        for index, hop in enumerate(self.hops):
            here = (hop.resource_id or place, place)
            if _tells(hop, finding) and any(same_id(each, finding.resource) for each in here):
                return index
        return None

    def put(self, finding: Finding, facts: Facts) -> None:
        """Put a finding where it belongs: at the hop that it names, at one of its check's, or at a hop of its own."""
        index = self.at(finding, facts)
        if index is None:
            index = self._alike(finding)
        if index is None:
            kind = JUDGES[finding.check][0]
            rank = _ORDER.index(kind)
            index = next((at for at, hop in enumerate(self.hops) if _ORDER.index(hop.kind) > rank), len(self.hops))
            self.hops.insert(index, Hop(kind, _NAMES[kind], None, OK, ""))
            self.said.insert(index, [])
        self.said[index].append(finding)

    def _alike(self, finding: Finding) -> int | None:
        told = [at for at, hop in enumerate(self.hops) if finding.outcome in (hop.outcome, hop.suspected, "")]
        mine = [at for at, hop in enumerate(self.hops) if hop.kind in JUDGES[finding.check]]
        unsound = [at for at in mine if self.hops[at].state != OK]
        same = [at for at in mine if same_id(self.hops[at].resource_id or "", finding.resource)]
        named = told if finding.outcome else []
        return next((some[-1] for some in (named[:1], [*{*same} & {*unsound}], unsound[:1], same, mine) if some), None)

    def drawn(self, others: Mapping[str, Finding]) -> DrawnPath:
        """The way with the state of each hop."""
        place, destination = self.walk.place, self.walk.destination
        by_proxy = any(hop.kind == PROXY for hop in self.walk.hops)
        return DrawnPath(
            pools=place.pools,
            subnets=(place.subnet_id,) if isinstance(place.subnet_id, str) else (),
            host=self.walk.host,
            leads_to="proxy" if by_proxy else _leads_to(destination),
            addresses=destination.addresses if destination else (),
            hops=tuple(_drawn(hop, said, others) for hop, said in zip(self.hops, self.said, strict=True)),
        )


def _leads_to(destination: Destination | None) -> str | None:
    if destination is None:
        return None
    return "private-endpoint" if destination.private else "public-endpoint"


def _tells(hop: Hop, finding: Finding) -> bool:
    if finding.outcome is not None:
        return finding.outcome in (hop.outcome, hop.suspected)
    mine = hop.kind in JUDGES[finding.check]
    return mine and hop.unread is not None and hop.unread.sentence == finding.reason


def _concerned(finding: Finding, ways: Sequence[_Way], facts: Facts) -> list[_Way]:
    """The ways that a finding speaks of; never none, for a fault that is told has to show.

    Findings of faults name pools and hosts; unknowns have the reason of their hops, or are about all of a check.
    """
    if finding.status is Status.UNKNOWN:
        named = [way for way in ways if way.at(finding, facts) is not None]
        if named or finding.decisive is False:
            return named
    told = Named(finding.details)
    pools, hosts = frozenset(told.get("pools") or ()), frozenset(map(str.lower, told.get("hosts") or ()))
    theirs = [way for way in ways if pools.intersection(way.walk.place.pools)] or list(ways)
    if not hosts and finding.status is Status.UNKNOWN:
        theirs = [way for way in theirs if _is_in(way.walk, finding.resource)] or theirs
    asked = [way for way in theirs if way.walk.host.lower() in hosts] if hosts else []
    unsound = [way for way in theirs if way.unsound(finding)] if not hosts else []
    login = [way for way in theirs if way.walk.host.lower() == _host(facts).lower()]
    return asked or unsound or login or theirs


def _is_in(walk: Walk, resource: str) -> bool:
    return isinstance(walk.place.subnet_id, str) and same_id(walk.place.subnet_id, resource)


# --- what a hop does ---------------------------------------------------------------------


def _drawn(hop: Hop, said: Sequence[Finding], others: Mapping[str, Finding]) -> DrawnHop:
    state = _state(hop, said)
    worst = min(said, key=lambda each: _WORST_FIRST.index(_as_state(each)), default=None)
    if worst is not None:
        rule = Named(worst.details).get("rule") or Named(worst.details).get("route")
        text = worst.reason if worst.status is Status.UNKNOWN else worst.summary
        why = hop.why if state == WORKS and hop.why else text or hop.why
        return _hop(hop, state, why, rule if isinstance(rule, str) else None, tuple(said))
    told = [others[check] for check, kinds in JUDGES.items() if hop.kind in kinds and check in others]
    if state == NOT_APPLICABLE and told and all(each.status is Status.SKIPPED for each in told):
        return _hop(hop, state, told[0].summary, None, tuple(told))
    return _hop(hop, state, hop.why)


def _hop(hop: Hop, state: str, why: str, rule: str | None = None, said: tuple[Finding, ...] = ()) -> DrawnHop:
    return DrawnHop(hop.kind, hop.name, hop.resource_id, state, why, rule, said)


def _state(hop: Hop, said: Sequence[Finding]) -> str:
    """What findings say; of a hop of which none speaks, only the walk that it is sound."""
    told = [_as_state(each) for each in said if hop.state != OK or each.decisive is not False]
    if told:
        return min(told, key=_WORST_FIRST.index)
    return WORKS if hop.state == OK else NOT_APPLICABLE


def _as_state(finding: Finding) -> str:
    return {Status.FAIL: BLOCKS, Status.WARN: MAY_BLOCK}.get(finding.status, UNKNOWN)


# --- pools with the same way -------------------------------------------------------------


def _grouped(paths: Iterable[DrawnPath]) -> list[DrawnPath]:
    """One path for pools that differ in their subnet alone; the worst first, then by pool, the login server first."""
    found: dict[object, DrawnPath] = {}
    for path in paths:
        key = (path.host, path.leads_to, path.addresses, tuple(_looks(hop, path.subnets) for hop in path.hops))
        same = found.get(key)
        found[key] = path if same is None else _joined(same, path)
    return sorted(found.values(), key=lambda each: (_WORST_FIRST.index(each.state), each.pools))


def _looks(hop: DrawnHop, subnets: tuple[str, ...]) -> object:
    """What of a hop has to be the same; system routes are the subnet's own, and alike in all."""
    told = tuple((each.check, each.outcome, each.resource) for each in hop.findings)
    return hop.kind, hop.name, hop.resource not in subnets and hop.resource, hop.state, hop.rule, told


def _joined(one: DrawnPath, other: DrawnPath) -> DrawnPath:
    return replace(
        one,
        pools=tuple(dict.fromkeys((*one.pools, *other.pools))),
        subnets=tuple(dict.fromkeys((*one.subnets, *other.subnets))),
        hops=tuple(
            mine if mine.resource == theirs.resource else replace(mine, resource=None)
            for mine, theirs in zip(one.hops, other.hops, strict=True)
        ),
    )
