"""Azure Firewalls, their policies and IP groups as Azure answers them, made values. Pure.

Functions raise as those of :mod:`.network` do, for :func:`~.network.mapped`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...arm_ids import network_id_of
from ...facts import Firewall, FirewallRule, RuleCollection, Unreadable
from ..ask.arm import Json

# Recorded and official examples spell them so; a collection of another type is DNAT, for traffic that comes in.
_KINDS = {"networkrule": "network", "applicationrule": "application"}
_FILTER = "firewallpolicyfilterrulecollection"
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


def firewall_from(body: Json) -> Firewall:
    """Map an Azure Firewall; where a policy has its rules, ``collections`` is ``()`` until that is read.

    Only the first of several ipConfigurations has the address and the subnet (recorded).
    """
    properties = body["properties"]
    configurations = [item["properties"] for item in properties.get("ipConfigurations") or ()]
    hub = properties.get("hubIPAddresses") or {}
    subnets = [item["subnet"]["id"] for item in configurations if item.get("subnet")]
    policy = properties.get("firewallPolicy")
    extra = properties.get("additionalProperties") or {}
    return Firewall(
        id=str(body["id"]),
        private_ips=tuple(
            str(item["privateIPAddress"]) for item in (*configurations, hub) if item.get("privateIPAddress")
        ),
        network_id=network_id_of(subnets[0]) if subnets else None,
        hub_id=_reference(properties.get("virtualHub")),
        public_ip_ids=tuple(item["publicIPAddress"]["id"] for item in configurations if item.get("publicIPAddress")),
        policy_id=_reference(policy),
        collections=() if policy else _classic(properties),
        dns_proxy=str(extra.get(_PROXY, "")).lower() == "true",
        dns_servers=tuple(each.strip() for each in str(extra.get(_SERVERS, "")).split(",") if each.strip()),
    )


def policy_from(body: Json) -> Policy:
    """Map a firewall policy. It shows the ids of its rule collection groups, not what is in them."""
    properties = body["properties"]
    dns = properties.get("dnsSettings")
    return Policy(
        id=str(body["id"]),
        base_id=_reference(properties.get("basePolicy")),
        group_ids=tuple(str(item["id"]) for item in properties.get("ruleCollectionGroups") or ()),
        dns_proxy=bool(dns.get("enableProxy")) if dns else None,
        dns_servers=tuple(dns.get("servers") or ()) if dns else (),
    )


def groups_from(items: Iterable[Json]) -> tuple[RuleCollection, ...]:
    """Map a policy's rule collection groups to its filter collections: by group, then by their own priority.

    A smaller number comes first. A collection without rules filters nothing and is left out.
    """
    groups = sorted(items, key=lambda item: int(item["properties"]["priority"]))
    return tuple(collection for group in groups for collection in _of_group(group))


def in_order(generations: Iterable[tuple[RuleCollection, ...]]) -> tuple[RuleCollection, ...]:
    """Put the collections of a policy and its parents, oldest first, in the order of processing.

    Network rules come before application rules whoever has them; within a kind, a parent's come before the
    child's. Source: https://learn.microsoft.com/azure/firewall/rule-processing
    """
    every = [collection for generation in generations for collection in generation]
    return tuple(sorted(every, key=lambda collection: collection.kind != "network"))


def addresses_of_group(body: Json) -> tuple[str, ...]:
    """Addresses, ranges and prefixes of an IP group."""
    return tuple(str(address) for address in body["properties"]["ipAddresses"])


def groups_named(collections: Iterable[RuleCollection] | Unreadable) -> Iterator[str]:
    """Yield the ids of the IP groups that rules name."""
    for collection in () if isinstance(collections, Unreadable) else collections:
        for rule in collection.rules:
            yield from rule.source_groups
            yield from rule.destination_groups


def _classic(properties: Json) -> tuple[RuleCollection, ...]:
    found = []
    for kind in ("network", "application"):
        for item in sorted(properties[f"{kind}RuleCollections"], key=lambda item: int(item["properties"]["priority"])):
            inner = item["properties"]
            rules = tuple(_rule(rule) for rule in inner["rules"])
            found.append(RuleCollection(item["name"], kind, _allows(inner), rules, int(inner["priority"])))
    return tuple(found)


def _of_group(group: Json) -> Iterator[RuleCollection]:
    filters = [item for item in group["properties"]["ruleCollections"] if item["ruleCollectionType"].lower() == _FILTER]
    for item in sorted(filters, key=lambda item: int(item["priority"])):
        rules = item.get("rules") or ()
        if rules:
            yield RuleCollection(
                name=str(item["name"]),
                kind=_KINDS[rules[0]["ruleType"].lower()],
                allows=_allows(item),
                rules=tuple(_rule(rule) for rule in rules),
                priority=int(item["priority"]),
                group_id=str(group["id"]),
            )


def _allows(body: Json) -> bool:
    return bool(body["action"]["type"].lower() == "allow")


def _rule(body: Json) -> FirewallRule:
    """Members that a rule does not use are absent or empty; both forms are recorded."""
    protocols = body.get("protocols") or body.get("ipProtocols") or ()
    return FirewallRule(
        name=str(body["name"]),
        sources=_texts(body, "sourceAddresses"),
        source_groups=_texts(body, "sourceIpGroups"),
        destinations=_texts(body, "destinationAddresses"),
        destination_groups=_texts(body, "destinationIpGroups"),
        fqdns=_texts(body, "targetFqdns") + _texts(body, "destinationFqdns"),
        fqdn_tags=_texts(body, "fqdnTags"),
        protocols=tuple(each if isinstance(each, str) else _application_protocol(each) for each in protocols),
        ports=_texts(body, "destinationPorts"),
        web_categories=_texts(body, "webCategories"),
        target_urls=_texts(body, "targetUrls"),
    )


def _application_protocol(body: Mapping[str, Any]) -> str:
    return f"{body['protocolType']}:{body['port']}"


def _texts(body: Json, member: str) -> tuple[str, ...]:
    return tuple(str(item) for item in body.get(member) or ())


def _reference(body: Json | None) -> str | None:
    return str(body["id"]) if body else None
