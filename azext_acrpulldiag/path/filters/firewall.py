"""Do the rules of an Azure Firewall let a pull through? Pure.

Rules are terminating: the first that matches decides. Network rules come before application rules, each kind by
priority, a parent policy's before the child's; what no rule matches is denied. The built-in rules that come last
allow platform services alone (image repository, managed disks, diagnostics, Entra ID), no registry. Sources:
https://learn.microsoft.com/azure/firewall/rule-processing, https://learn.microsoft.com/azure/firewall/infrastructure-fqdns
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...arm_ids import group_of, name_of, same_id, subscription_of
from ...facts import (
    Firewall,
    FirewallRule,
    Network,
    NodePlace,
    PrivateZone,
    Registry,
    RuleCollection,
    Subnet,
    Unreadable,
    ZoneSearch,
)
from ...model import Severity
from ..addresses import AddressSet
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .firewall_rules import MAYBE, YES, Traffic, addresses_of, matches

OUTCOME = "network.firewall-blocks-registry"
_BLOBS = {
    "azurecr.io": "*.blob.core.windows.net",
    "azurecr.us": "*.blob.core.usgovcloudapi.net",
    "azurecr.cn": "*.blob.core.chinacloudapi.cn",
}
_SERVICE, _STORAGE = "AzureContainerRegistry", "Storage"


@dataclass(frozen=True)
class Ruling:
    """What a firewall's rules say of some traffic."""

    allowed: bool | None
    """``None``: rules that may match disagree."""
    collection: RuleCollection | None
    """That decides; ``None``: no rule matches."""
    rule: FirewallRule | None
    doubtful: tuple[str, ...] = ()
    """Rules that may match and would decide otherwise."""


def layers_host(registry: Registry) -> str | None:
    """The hosts of the public storage that layers come from; ``None``: they come from data endpoints."""
    # A private endpoint brings data endpoints with it.
    if registry.data_endpoint_hosts or registry.private_endpoints:  # unreadable ones too
        return None
    return _BLOBS.get(registry.login_server.lower().partition(".")[2], _BLOBS["azurecr.io"])


def admitted(
    registry: Registry, network: Network, place: NodePlace, destination: Destination, firewall: Firewall
) -> Iterator[Hop]:
    """Say whether the firewall lets HTTPS from the nodes of ``place`` to the destination through: one hop.

    The destination may be :func:`layers_host`, too.
    """
    traffic = traffic_of(registry, network, place, destination, firewall)
    if isinstance(firewall.collections, Unreadable):
        yield _unread(firewall, destination.host, firewall.collections)
        return
    ruling = ruled(firewall.collections, traffic)
    if ruling.allowed is None:
        yield _unread(firewall, destination.host, _doubt(firewall, ruling, network))
    elif ruling.allowed:
        why = f"Firewall {name_of(firewall.id)} lets {destination.host} through by {_named(ruling)}."
        yield Hop("firewall", name_of(firewall.id), firewall.id, OK, why)
    else:
        evidence = _evidence(network, place, destination, firewall, ruling)
        why = f"{destination.host} is not let through by {evidence['reason']}."
        yield Hop("firewall", name_of(firewall.id), firewall.id, BROKEN, why, OUTCOME, evidence)


def unknown_appliance(destination: Destination, address: str, network_id: str) -> Hop:
    """The hop of an appliance that is no Azure Firewall: what it lets through is not Azure's to say.

    ``address`` is its name where it is in a virtual hub, whose id then is ``network_id``.
    """
    where = (
        f"{address} in {'virtual hub' if '/virtualhubs/' in network_id.lower() else 'network'} {name_of(network_id)}"
    )
    why = f"{where} is no Azure Firewall; whether it lets {destination.host} through cannot be read from Azure."
    evidence: dict[str, Any] = dict.fromkeys(EVIDENCE) | {
        "firewall": address,
        "blocked": [destination.host],
        "reason": f"the appliance {where}, which is no Azure Firewall: what it lets through cannot be read from Azure",
        "sources": [],
        "destinations": list(destination.addresses),
    }
    return Hop(
        "appliance",
        address,
        None,
        UNKNOWN,
        why,
        OUTCOME,
        evidence,
        Unreadable("unsupported", f"{where} is no Azure Firewall"),
        Severity.WARNING,
    )


def ruled(collections: tuple[RuleCollection, ...], traffic: Traffic) -> Ruling:
    """Find the rule that decides. Collections come in the order of processing."""
    doubts: list[tuple[bool, str]] = []
    for collection in collections:
        for rule in collection.rules:
            found = matches(collection.kind, rule, traffic)
            if found == YES:
                return _decided(collection.allows, collection, rule, doubts)
            if found == MAYBE:
                doubts.append((collection.allows, f"{rule.name} ({collection.name})"))
    return _decided(False, None, None, doubts)


def _decided(
    allows: bool, collection: RuleCollection | None, rule: FirewallRule | None, doubts: list[tuple[bool, str]]
) -> Ruling:
    against = tuple(name for action, name in doubts if action != allows)
    return Ruling(None if against else allows, collection, rule, against)


def traffic_of(
    registry: Registry, network: Network, place: NodePlace, destination: Destination, firewall: Firewall
) -> Traffic:
    """The traffic of nodes to a destination, in the firewall's terms."""
    host = destination.host.lower()
    blob = host.startswith("*")
    regions, all_regions = _regions(registry, host)
    return Traffic(
        host=host,
        sources=_sources(network, place),
        addresses=addresses_of(destination.addresses) if destination.private else None,
        service=(_STORAGE if blob else _SERVICE).lower(),
        regions=regions,
        all_regions=all_regions,
        named_by_dns=_resolved_alike(network, destination, firewall),
        groups=network.ip_groups,
    )


def _sources(network: Network, place: NodePlace) -> AddressSet | None:
    found = addresses_of(source_prefixes(network, place))
    return found if found.spans else None


def source_prefixes(network: Network, place: NodePlace) -> tuple[str, ...]:
    """Prefixes of the node subnet; empty: not known."""
    subnet = network.subnets.get(place.subnet_id.lower()) if isinstance(place.subnet_id, str) else None
    return subnet.prefixes if isinstance(subnet, Subnet) else ()


def _regions(registry: Registry, host: str) -> tuple[frozenset[str], bool]:
    """Where the host's public addresses are, and whether that is all: only Premium has replicas elsewhere.

    A data endpoint's name has its region; the login server and layers may be any replica's.
    """
    labels = host.split(".")
    if "data" in labels[2:3]:
        return frozenset((labels[1],)), True
    home = registry.location.lower().replace(" ", "")
    hosts = registry.data_endpoint_hosts if isinstance(registry.data_endpoint_hosts, tuple) else ()
    replicas = {each.lower().split(".")[1] for each in hosts if each.count(".") > 2}
    one_region = isinstance(registry.sku, str) and registry.sku.lower() != "premium"
    return frozenset((home, *replicas)), bool(replicas) or one_region


def _resolved_alike(network: Network, destination: Destination, firewall: Firewall) -> int:
    """Whether the firewall resolves the host to the addresses that nodes go to.

    Public names: it does. A private address it has only from a zone that its own network is linked to.
    """
    if not destination.addresses:
        return YES
    zones = network.zones.zones if isinstance(network.zones, ZoneSearch) else ()
    if firewall.dns_servers or firewall.network_id is None:
        return MAYBE
    linked = any(_links(zone, firewall.network_id) and _holds(zone, destination) for zone in zones)
    return YES if linked else MAYBE


def _links(zone: PrivateZone, network_id: str) -> bool:
    return isinstance(zone.links, tuple) and any(same_id(link.network_id, network_id) for link in zone.links)


def _holds(zone: PrivateZone, destination: Destination) -> bool:
    wanted = set(destination.addresses)
    return any(isinstance(held, tuple) and wanted & set(held) for held in zone.records.values())


# --- what is said of it ----------------------------------------------------------------------

EVIDENCE = (
    "firewall",
    "firewall_id",
    "firewall_group",
    "firewall_subscription",
    "policy",
    "blocked",
    "rule",
    "collection",
    "rule_kind",
    "reason",
    "sources",
    "destinations",
    "repair_policy",
    "repair_policy_group",
    "repair_policy_subscription",
    "repair_group",
    "repair_priority",
)


def _evidence(
    network: Network,
    place: NodePlace,
    destination: Destination,
    firewall: Firewall,
    ruling: Ruling,
) -> dict[str, Any]:
    policy = firewall.policy_id and name_of(firewall.policy_id)
    named = f"firewall {name_of(firewall.id)}" + (f" (policy {policy})" if policy else "")
    reason = f"{named}, which denies it by {_named(ruling)}" if ruling.rule else f"{named}, no rule of which allows it"
    tag = _STORAGE if destination.host.startswith("*") else _SERVICE
    return {
        "firewall": name_of(firewall.id),
        "firewall_id": firewall.id,
        "firewall_group": group_of(firewall.id),
        "firewall_subscription": subscription_of(firewall.id),
        "policy": policy,
        "blocked": [destination.host],
        "rule": ruling.rule.name if ruling.rule else None,
        "collection": ruling.collection.name if ruling.collection else None,
        "rule_kind": ruling.collection.kind if ruling.collection else None,
        "reason": reason,
        "sources": list(source_prefixes(network, place)),
        "destinations": list(destination.addresses) or [tag],
        **_room(firewall, ruling),
    }


def _room(firewall: Firewall, ruling: Ruling) -> dict[str, Any]:
    """Where a new collection that allows would come in time: policy, group and a free priority."""
    collections = firewall.collections if isinstance(firewall.collections, tuple) else ()
    own = [
        each for each in collections if each.group_id and same_id(_policy_of(each.group_id), str(firewall.policy_id))
    ]
    near = ruling.collection or (own[-1] if own else None)
    group = near.group_id if near else None
    policy = _policy_of(group) if group else firewall.policy_id
    kind = ruling.collection.kind if ruling.collection else "application"
    taken = {each.priority for each in collections if each.group_id == group and (group or each.kind == kind)}
    end = ruling.collection.priority if ruling.collection else 65000
    free = (number for number in range(end - 1, 99, -1) if number not in taken)
    start = (number for number in range(1000, end) if number not in taken)
    return {
        "repair_policy": policy and name_of(policy),
        "repair_policy_group": policy and group_of(policy),
        "repair_policy_subscription": policy and subscription_of(policy),
        "repair_group": group and name_of(group),
        "repair_priority": next(start, None) if ruling.collection is None else next(free, None),
    }


def _policy_of(group_id: str) -> str:
    return group_id.rsplit("/", 2)[0]


def _unread(firewall: Firewall, host: str, why: Unreadable) -> Hop:
    said = f"It is not known whether firewall {name_of(firewall.id)} lets {host} through: {why.sentence}"
    return Hop("firewall", name_of(firewall.id), firewall.id, UNKNOWN, said, unread=why)


def _doubt(firewall: Firewall, ruling: Ruling, network: Network) -> Unreadable:
    """Rules that may match; where an IP group of one could not be read, that is what is missing."""
    permission = None
    for collection in firewall.collections if isinstance(firewall.collections, tuple) else ():
        for rule in collection.rules:
            for group in (*rule.source_groups, *rule.destination_groups):
                held = network.ip_groups.get(group.lower())
                if f"{rule.name} ({collection.name})" in ruling.doubtful and isinstance(held, Unreadable):
                    permission = held.permission
    shown = ", ".join(ruling.doubtful[:3]) + (" and others" if len(ruling.doubtful) > 3 else "")
    detail = f"Whether firewall {name_of(firewall.id)} lets the nodes through depends on rules that may apply: {shown}"
    return Unreadable("unsupported" if permission is None else "forbidden", detail, None, permission)


def _named(ruling: Ruling) -> str:
    if ruling.rule is None or ruling.collection is None:
        return "no rule"
    return f"{ruling.collection.kind} rule {ruling.rule.name} of collection {ruling.collection.name}"
