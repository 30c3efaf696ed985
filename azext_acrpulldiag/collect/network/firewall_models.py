"""Azure Firewalls, their policies and IP groups as Azure answers them, made values. Pure.

Functions raise as those of :mod:`.models` do, for :func:`~..members.mapped`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...arm_ids import network_id_of
from ...facts import Firewall, FirewallRule, RuleCollection, Unreadable
from ..ask.arm import Json
from ..members import Body, maybe, spelled

# As of version 2024-05-01 of
# https://github.com/Azure/azure-rest-api-specs/tree/main/specification/network/resource-manager/Microsoft.Network
_FILTER = "FirewallPolicyFilterRuleCollection"
_COLLECTION_TYPES = (_FILTER, "FirewallPolicyNatRuleCollection")
# A rule of another type is DNAT, for traffic that comes in.
_KINDS = {"NetworkRule": "network", "ApplicationRule": "application"}
_ALLOW = "Allow"
_ACTIONS = (_ALLOW, "Deny")
NETWORK_PROTOCOLS = ("TCP", "UDP", "Any", "ICMP")
APPLICATION_PROTOCOLS = ("Http", "Https", "Mssql")
_PROXY, _SERVERS = "Network.DNS.EnableProxy", "Network.DNS.Servers"


@dataclass(frozen=True)
class Policy:
    """What a firewall policy says beside its rules."""

    id: str
    base_id: str | None
    """The parent policy."""
    group_ids: tuple[str, ...]
    dns_proxy: bool | None
    """``None``: it has no DNS settings of its own."""
    dns_servers: tuple[str, ...]


def firewall_from(answer: Json) -> Firewall:
    """Map an Azure Firewall; where a policy has its rules, ``collections`` is ``()`` until that is read.

    Only the first of several ipConfigurations has the address and the subnet (recorded).
    """
    body = Body(answer)
    properties = body.object("properties")
    configurations = [item.object("properties") for item in maybe(properties.objects, "ipConfigurations") or ()]
    hub = maybe(properties.object, "hubIPAddresses")
    addresses = [maybe(item.text, "privateIPAddress") for item in (*configurations, *((hub,) if hub else ()))]
    subnets = [subnet for item in configurations if (subnet := item.reference("subnet"))]
    public = [item.reference("publicIPAddress") for item in configurations]
    policy_id = properties.reference("firewallPolicy")
    return Firewall(
        id=body.text("id"),
        private_ips=tuple(address for address in addresses if address),
        network_id=network_id_of(subnets[0]) if subnets else None,
        hub_id=properties.reference("virtualHub"),
        public_ip_ids=tuple(each for each in public if each),
        policy_id=policy_id,
        collections=() if policy_id else _classic(properties),
        dns_proxy=_setting(properties, _PROXY).lower() == "true",
        dns_servers=tuple(each.strip() for each in _setting(properties, _SERVERS).split(",") if each.strip()),
    )


def _setting(properties: Body, name: str) -> str:
    return maybe(properties.text, "additionalProperties", name) or ""


def policy_from(answer: Json) -> Policy:
    """Map a firewall policy. It shows the ids of its rule collection groups, not what is in them."""
    body = Body(answer)
    properties = body.object("properties")
    dns = maybe(properties.object, "dnsSettings")
    return Policy(
        id=body.text("id"),
        base_id=properties.reference("basePolicy"),
        group_ids=maybe(properties.ids, "ruleCollectionGroups") or (),
        dns_proxy=bool(maybe(dns.flag, "enableProxy")) if dns else None,
        dns_servers=maybe(dns.texts, "servers") or () if dns else (),
    )


def groups_from(answer: Iterable[Json]) -> tuple[RuleCollection, ...]:
    """Map a policy's rule collection groups to its filter collections: by group, then by their own priority.

    A smaller number comes first. A collection without rules filters nothing and is left out.
    """
    groups = sorted(map(Body, answer), key=lambda group: group.object("properties").number("priority"))
    return tuple(collection for group in groups for collection in _of_group(group))


def in_order(generations: Iterable[tuple[RuleCollection, ...]]) -> tuple[RuleCollection, ...]:
    """Put the collections of a policy and its parents, oldest first, in the order of processing.

    Network rules come before application rules whoever has them; within a kind, a parent's come before the
    child's. Source: https://learn.microsoft.com/azure/firewall/rule-processing
    """
    every = [collection for generation in generations for collection in generation]
    return tuple(sorted(every, key=lambda collection: collection.kind != "network"))


def addresses_of_group(answer: Json) -> tuple[str, ...]:
    """Addresses, ranges and prefixes of an IP group."""
    return Body(answer).object("properties").texts("ipAddresses")


def groups_named(collections: Iterable[RuleCollection] | Unreadable) -> Iterator[str]:
    """Yield the ids of the IP groups that rules name."""
    for collection in () if isinstance(collections, Unreadable) else collections:
        for rule in collection.rules:
            yield from rule.source_groups
            yield from rule.destination_groups


def _classic(properties: Body) -> tuple[RuleCollection, ...]:
    found = []
    for kind in ("network", "application"):
        items = [
            (item.text("name"), item.object("properties")) for item in properties.objects(f"{kind}RuleCollections")
        ]
        for name, inner in sorted(items, key=lambda item: item[1].number("priority")):
            rules = tuple(_rule(rule, kind) for rule in inner.objects("rules"))
            found.append(RuleCollection(name, kind, _allows(inner), rules, inner.number("priority")))
    return tuple(found)


def _of_group(group: Body) -> Iterator[RuleCollection]:
    collections = group.object("properties").objects("ruleCollections")
    filters = [item for item in collections if item.enum(_COLLECTION_TYPES, "ruleCollectionType") == _FILTER]
    for item in sorted(filters, key=lambda item: item.number("priority")):
        rules = maybe(item.objects, "rules")
        if rules:
            kind = _kind_of(rules[0])
            yield RuleCollection(
                name=item.text("name"),
                kind=kind,
                allows=_allows(item),
                rules=tuple(_rule(rule, kind) for rule in rules),
                priority=item.number("priority"),
                group_id=group.text("id"),
            )


def _kind_of(rule: Body) -> str:
    kind = _KINDS.get(rule.enum(_KINDS, "ruleType"))
    if kind is None:
        raise rule.malformed("ruleType")
    return kind


def _allows(body: Body) -> bool:
    return body.object("action").enum(_ACTIONS, "type") == _ALLOW


def _rule(body: Body, kind: str) -> FirewallRule:
    """Members that a rule does not use are absent or empty; both forms are recorded."""
    return FirewallRule(
        name=body.text("name"),
        sources=_texts(body, "sourceAddresses"),
        source_groups=_texts(body, "sourceIpGroups"),
        destinations=_texts(body, "destinationAddresses"),
        destination_groups=_texts(body, "destinationIpGroups"),
        fqdns=_texts(body, "targetFqdns") + _texts(body, "destinationFqdns"),
        fqdn_tags=_texts(body, "fqdnTags"),
        protocols=_protocols(body, kind),
        ports=_texts(body, "destinationPorts"),
        web_categories=_texts(body, "webCategories"),
        target_urls=_texts(body, "targetUrls"),
    )


def _protocols(rule: Body, kind: str) -> tuple[str, ...]:
    """Of network rules words, in ``ipProtocols`` or (classic) ``protocols``; of application rules objects."""
    if kind == "network":
        words = maybe(rule.texts, "ipProtocols") or maybe(rule.texts, "protocols") or ()
        return tuple(spelled(each, NETWORK_PROTOCOLS) for each in words)
    return tuple(
        f"{each.enum(APPLICATION_PROTOCOLS, 'protocolType')}:{each.number('port')}"
        for each in maybe(rule.objects, "protocols") or ()
    )


def _texts(body: Body, name: str) -> tuple[str, ...]:
    return maybe(body.texts, name) or ()
