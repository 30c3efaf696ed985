"""Read which DNS forwarding rulesets are linked to networks, their rules, and the inbound endpoints of resolvers.

A network's own list of its rulesets takes an action that Reader has not. Where it is refused, the rulesets that
Resource Graph shows are asked for their links; those of other subscriptions stay unseen. Rulesets are regional
(https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets). Inbound endpoints are read where a rule is
for the registry's names, and then the networks of the servers that it names are looked at as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ...arm_ids import key_of, network_id_of, subscription_of
from ...facts import (
    Forwarding,
    ForwardingRule,
    ForwardingRuleset,
    InboundEndpoint,
    LinkedRulesets,
    Network,
    Registry,
    Unreadable,
)
from ...path.dns.forwarding import network_answering, rules_for
from ...path.dns.resolvers import networks_asked
from ...path.dns.zones import private_name
from ...path.endpoints import own_hosts
from ..ask.arm import ArmReader, Json, ReadError, by_key
from ..ask.once import Once
from ..members import Body, mapped, maybe, or_empty, shown
from .private_zones import REGIONS_LATER, RESOLVER_TYPE, RULESET_TYPE, FoundZones

# The oldest that has all that is read, so that sovereign clouds, which lag, know it.
# https://github.com/Azure/azure-rest-api-specs/tree/main/specification/dnsresolver/resource-manager
RESOLVER_API = "2022-07-01"
RULE_STATES = ("Enabled", "Disabled")
OWN_LIST = "listDnsForwardingRulesets"
# Of inbound endpoints that forward to each other, as in path/dns.
_LONGEST_CHAIN = 3

Ids = tuple[str, ...]


def read_forwarding(
    reader: ArmReader,
    once: Once,
    network: Network,
    registry: Registry,
    graph: FoundZones | Unreadable,
) -> Forwarding:
    """Read what DNS Private Resolver makes of the registry's names, in the networks that are asked for the nodes.

    ``graph`` is what Resource Graph shows. Where it shows nothing, rulesets and resolvers are looked for in the
    subscriptions of the registry and of those networks.
    """
    search = _Search(reader, once, network, registry, graph)
    new = {key_of(each): each for each in networks_asked(network, registry.login_server)}
    for _ in range(_LONGEST_CHAIN):
        search.look_at(new)
        new = {key_of(each): each for each in search.networks_named() if key_of(each) not in search.linked}
        if not new:
            break
    return search.found


@dataclass
class _Search:
    """What has been read so far."""

    reader: ArmReader
    once: Once
    network: Network
    registry: Registry
    graph: FoundZones | Unreadable
    linked: dict[str, LinkedRulesets] = field(default_factory=dict)
    inbound: tuple[InboundEndpoint, ...] = ()
    inbound_unread: Unreadable | None = None
    _rows: dict[str, tuple[tuple[Json, ...], Unreadable | None]] = field(default_factory=dict)
    _links: dict[str, Ids | Unreadable] = field(default_factory=dict)
    _rulesets: dict[str, ForwardingRuleset] = field(default_factory=dict)
    _looked_for_inbound: bool = False

    @property
    def found(self) -> Forwarding:
        """As a fact."""
        return Forwarding(self.linked, self.inbound, self.inbound_unread)

    def look_at(self, networks: Mapping[str, str]) -> None:
        """Read the rulesets that are linked to networks (ids by key), with their rules."""
        own = by_key({key: partial(_own_list, self.reader, network_id) for key, network_id in networks.items()})
        refused = {networks[key]: why for key, why in own.items() if isinstance(why, Unreadable)}
        if refused:
            self._read_links(refused)
        ids = {key: self._ids(networks[key], found) for key, found in own.items()}
        self._read_rules([each for found, _ in ids.values() for each in found])
        for key, (found, unread) in ids.items():
            why = own[key]
            rulesets = tuple(self._rulesets[key_of(each)] for each in found)
            self.linked[key] = LinkedRulesets(rulesets, why if isinstance(why, Unreadable) else None, unread)

    def networks_named(self) -> Ids:
        """The networks, as far as they are known, of the servers that rules for the registry's names forward to."""
        rules = {
            (key, found.rule)
            for key, linked in self.linked.items()
            for name in self._names
            for found in rules_for(linked.rulesets, name)
        }
        if rules and not self._looked_for_inbound:
            self._looked_for_inbound = True
            self._read_inbound()
        seen = replace(self.network, forwarding=self.found)
        homes = (network_answering(seen, key, rule, self.registry.login_server) for key, rule in rules)
        return tuple(sorted(home for home in homes if isinstance(home, str)))

    @property
    def _names(self) -> Ids:
        hosts = own_hosts(self.registry, self.network.endpoints, REGIONS_LATER)
        return (*hosts, *(private_name(self.registry, host) for host in hosts))

    def _ids(self, network_id: str, own: Ids | Unreadable) -> tuple[Ids, Unreadable | None]:
        """The rulesets linked to a network, and why not all that this login sees could be looked at."""
        if not isinstance(own, Unreadable):
            return own, None
        _, unseen = self._visible(RULESET_TYPE)
        links = {each: self._links[each] for each in self._near(network_id)}
        found = tuple(each for each, to in links.items() if not isinstance(to, Unreadable) and key_of(network_id) in to)
        unread = next((to for to in links.values() if isinstance(to, Unreadable)), None)
        return found, unread or (own if unseen else None)

    def _near(self, network_id: str) -> tuple[str, ...]:
        """Ids of the rulesets that this login sees and that may be linked to a network: those of its region."""
        network = self.once.ask([network_id])[key_of(network_id)]
        region = _region(network) if isinstance(network, dict) else ""
        rows, _ = self._visible(RULESET_TYPE)
        return tuple(str(row["id"]) for row in rows if not region or _region(row) in ("", region))

    def _read_links(self, network_ids: Iterable[str]) -> None:
        wanted = {each: each for network_id in network_ids for each in self._near(network_id)}
        new = [each for each in wanted if each not in self._links]
        answers = by_key({each: partial(_list, self.reader, f"{each}/virtualNetworkLinks") for each in new})
        for each in new:
            answer = answers[each]  # None: the ruleset is gone
            self._links[each] = () if answer is None else mapped(links_from, answer, f"{each}/virtualNetworkLinks")

    def _read_rules(self, ruleset_ids: Iterable[str]) -> None:
        new = {key_of(each): each for each in ruleset_ids if key_of(each) not in self._rulesets}
        answers = by_key({key: partial(_list, self.reader, f"{each}/forwardingRules") for key, each in new.items()})
        for key, each in new.items():
            rules = mapped(rules_from, answers[key], f"{each}/forwardingRules")
            self._rulesets[key] = ForwardingRuleset(each, rules)

    def _read_inbound(self) -> None:
        rows, self.inbound_unread = self._visible(RESOLVER_TYPE)
        ids = [str(row["id"]) for row in rows]
        answers = by_key({each: partial(_list, self.reader, f"{each}/inboundEndpoints") for each in ids})
        found = {each: mapped(inbound_from, answers[each], f"{each}/inboundEndpoints") for each in ids}
        unread = [each for each in found.values() if isinstance(each, Unreadable)]
        self.inbound_unread = unread[0] if unread else self.inbound_unread
        self.inbound = tuple(one for each in found.values() if not isinstance(each, Unreadable) for one in each)

    def _visible(self, resource_type: str) -> tuple[tuple[Json, ...], Unreadable | None]:
        """Rows of all resources of a type that this login sees, and why there may be more of them."""
        if resource_type not in self._rows:
            self._rows[resource_type] = self._look_for(resource_type)
        return self._rows[resource_type]

    def _look_for(self, resource_type: str) -> tuple[tuple[Json, ...], Unreadable | None]:
        graph = self.graph
        if isinstance(graph, FoundZones) and graph.unread is None:
            return (graph.rulesets if resource_type == RULESET_TYPE else graph.resolvers), None
        near = (self.registry.id, *networks_asked(self.network, self.registry.login_server))
        owners = {subscription_of(each) for each in near} - {None}
        paths = {each: f"/subscriptions/{each}/providers/{resource_type}" for each in owners}
        answers = by_key({each: partial(_list, self.reader, path) for each, path in paths.items()})
        rows = (row for answer in answers.values() for row in (answer if isinstance(answer, list) else ()))
        why = graph if isinstance(graph, Unreadable) else graph.unread
        return tuple(row for row in rows if isinstance(row.get("id"), str)), why


def _own_list(reader: ArmReader, network_id: str) -> Ids:
    path = f"{network_id}/{OWN_LIST}"
    found = mapped(linked_from, reader.post(path, RESOLVER_API), path)
    if isinstance(found, Unreadable):
        raise ReadError(found)
    return found


def _list(reader: ArmReader, path: str) -> list[Json] | None:
    return reader.list(path, RESOLVER_API)


def _region(resource: Json) -> str:
    return or_empty(Body(resource).text, "location").replace(" ", "").lower()


# --- mapping ---------------------------------------------------------------------------


def linked_from(answer: Json) -> Ids:
    """Map a network's own list of rulesets: their ids."""
    body = Body(answer, OWN_LIST)
    if maybe(body.text, "nextLink") is not None:
        raise body.malformed("nextLink")  # a page further is asked for with a verb that is not documented
    return tuple(item.text("id") for item in body.objects("value"))


def links_from(answer: Iterable[Json]) -> Ids:
    """Map a ruleset's links: the keys of the virtual networks."""
    return tuple(key_of(Body(item).text("properties", "virtualNetwork", "id")) for item in answer)


def rules_from(answer: Iterable[Json]) -> tuple[ForwardingRule, ...]:
    """Map the rules of a ruleset."""
    return tuple(_rule(Body(item)) for item in answer)


def _rule(body: Body) -> ForwardingRule:
    state = shown(body.enum, RULE_STATES, "properties", "forwardingRuleState")
    targets = tuple(each.text("ipAddress") for each in body.objects("properties", "targetDnsServers"))
    if not targets:
        raise body.not_shown("properties", "targetDnsServers")
    return ForwardingRule(
        id=body.text("id"),
        name=body.text("name"),
        domain=body.text("properties", "domainName").rstrip(".").lower(),
        enabled=state if isinstance(state, Unreadable) else state == "Enabled",
        targets=targets,
    )


def inbound_from(answer: Iterable[Json]) -> tuple[InboundEndpoint, ...]:
    """Map the inbound endpoints of a resolver; one that has no address yet answers nobody."""
    return tuple(_inbound(Body(item)) for item in answer)


def _inbound(body: Body) -> InboundEndpoint:
    configurations = body.objects("properties", "ipConfigurations")
    if not configurations:
        raise body.not_shown("properties", "ipConfigurations")
    addresses = [maybe(each.text, "privateIpAddress") for each in configurations]
    return InboundEndpoint(
        id=body.text("id"),
        network_id=network_id_of(configurations[0].text("subnet", "id")),
        addresses=tuple(each for each in addresses if each),
    )
