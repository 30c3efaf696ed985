"""Do the rules of an Azure Firewall allow a pull? Pure.

Rules are terminating: the first that matches decides. Network rules come before application rules, each kind by
priority, a parent policy's before the child's; what no rule matches is denied. The built-in rules that come last
allow platform services alone (image repository, managed disks, diagnostics, Entra ID), no registry. Sources:
https://learn.microsoft.com/azure/firewall/rule-processing, https://learn.microsoft.com/azure/firewall/infrastructure-fqdns
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arm_ids import group_of, key_of, name_of, parent_of, same_id, subscription_of
from ...details import Details
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
from ..endpoints import has_approved
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from .firewall_rules import MAYBE, YES, Traffic, addresses_of, matches
from .sides import for_want_of_regions, service_tag_of, services_of

OUTCOME = "network.firewall-blocks-registry"
_BLOBS = {
    "azurecr.io": "*.blob.core.windows.net",
    "azurecr.us": "*.blob.core.usgovcloudapi.net",
    "azurecr.cn": "*.blob.core.chinacloudapi.cn",
}


# What collections may have, and where those are put that nothing has to come before.
_FIRST, _ROOMY, _LAST = 100, 1000, 65000


@dataclass(frozen=True)
class Blocked(Details):
    """Hosts that a firewall keeps from the nodes, or may, and where a rule that allows them has its place.

    Of a network virtual appliance (NVA), all but its name is ``None``.
    """

    firewall: str
    blocked: tuple[str, ...]
    reason: str
    """The firewall, and what it has against them."""
    destinations: tuple[str, ...]
    """What the hosts resolve to: addresses, else service tags."""
    firewall_id: str | None = None
    firewall_group: str | None = None
    firewall_subscription: str | None = None
    policy: str | None = None
    rule: str | None = None
    """That denies; ``None``: none allows."""
    collection: str | None = None
    rule_kind: str | None = None
    """``network`` or ``application``."""
    sources: tuple[str, ...] = ()
    """The prefixes of the node subnet, where they are known."""
    repair_policy: str | None = None
    """Where the rule has its place, which may be a parent of the firewall's own; ``None``: the firewall is classic."""
    repair_policy_group: str | None = None
    repair_policy_subscription: str | None = None
    repair_group: str | None = None
    """``None``: the policy has no rule collection group."""
    repair_priority: int | None = None
    """``None``: no number is free before the rule that denies."""

    @property
    def beyond_layers(self) -> bool:
        """A host is blocked that manifests come from."""
        return not all(_serves_layers(host) for host in self.blocked)

    @property
    def is_foreign(self) -> bool:
        """It is no Azure Firewall."""
        return self.firewall_id is None

    @property
    def has_empty_policy(self) -> bool:
        """Its policy has no group to put rules into."""
        return self.policy is not None and self.repair_group is None

    @property
    def classic_by_name(self) -> bool:
        """Its rules are its own, and an application rule of them would be asked."""
        return self._is_classic and not self._denied_by_address

    @property
    def classic_by_address(self) -> bool:
        """Its rules are its own, and a network rule denies before application rules are asked."""
        return self._is_classic and self._denied_by_address

    @property
    def policy_by_name(self) -> bool:
        """Its policy has a group for an application rule, which would be asked."""
        return self.repair_group is not None and not self._denied_by_address

    @property
    def policy_by_address(self) -> bool:
        """A network rule of its policy denies before application rules are asked."""
        return self.repair_group is not None and self._denied_by_address

    @property
    def _is_classic(self) -> bool:
        return self.firewall_id is not None and self.policy is None

    @property
    def _denied_by_address(self) -> bool:
        return self.rule_kind == "network"


def _serves_layers(host: str) -> bool:
    return host.startswith("*") or host.split(".")[2:3] == ["data"]


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
    # An approved private endpoint brings data endpoints with it. What is not known says nothing of storage.
    if registry.data_endpoint_hosts or has_approved(registry) is not False:
        return None
    return _BLOBS.get(registry.login_server.lower().partition(".")[2], _BLOBS["azurecr.io"])


def admitted(
    registry: Registry, network: Network, place: NodePlace, destination: Destination, firewall: Firewall
) -> Iterator[Hop]:
    """Say whether the firewall allows HTTPS from the nodes of ``place`` to the destination: one hop.

    The destination may be :func:`layers_host`, too.
    """
    traffic = traffic_of(registry, network, place, destination, firewall)
    if isinstance(firewall.collections, Unreadable):
        yield _unread(firewall, destination.host, firewall.collections)
        return
    ruling = ruled(firewall.collections, traffic)
    if ruling.allowed is None:
        tags = () if destination.private else _tags(firewall, ruling)
        doubt = for_want_of_regions(_doubt(firewall, ruling, network), registry, network, tags)
        yield _unread(firewall, destination.host, doubt)
    elif ruling.allowed:
        why = f"Firewall {name_of(firewall.id)} allows {destination.host}: {_named(ruling)}."
        yield Hop("firewall", name_of(firewall.id), firewall.id, OK, why)
    else:
        told = _blocked(network, place, destination, firewall, ruling)
        why = f"Traffic to {destination.host} goes through {told.reason}."
        yield Hop("firewall", name_of(firewall.id), firewall.id, BROKEN, why, OUTCOME, details=(told,))


def unknown_appliance(destination: Destination, address: str, network_id: str) -> Hop:
    """The hop of a network virtual appliance (NVA): what it allows cannot be read from Azure.

    ``address`` is its name where it is in a virtual hub, whose id then is ``network_id``.
    """
    where = (
        f"{address} in {'virtual hub' if '/virtualhubs/' in network_id.lower() else 'network'} {name_of(network_id)}"
    )
    why = f"{where} is a network virtual appliance; whether it allows {destination.host} cannot be read from Azure."
    told = Blocked(
        firewall=address,
        blocked=(destination.host,),
        reason=f"network virtual appliance {where}; whether it allows that cannot be read from Azure",
        destinations=destination.addresses,
    )
    return Hop(
        kind="appliance",
        name=address,
        resource_id=None,
        state=UNKNOWN,
        why=why,
        outcome=OUTCOME,
        unread=Unreadable(
            "unsupported", f"{where} is a network virtual appliance, whose rules cannot be read from Azure"
        ),
        severity=Severity.WARNING,
        details=(told,),
    )


def ruled(collections: tuple[RuleCollection, ...], traffic: Traffic) -> Ruling:
    """Find the rule that decides. Collections come in the order of processing."""
    found = _ruled(collections, traffic)
    if found.allowed is not None or not traffic.all_regions or len(traffic.regions) < 2:
        return found
    apart = [_ruled(collections, replace(traffic, regions=frozenset((each,)))) for each in sorted(traffic.regions)]
    # Whichever region it is in, the same happens, though by rules of their own.
    return apart[0] if {each.allowed for each in apart} in ({True}, {False}) else found


def _ruled(collections: tuple[RuleCollection, ...], traffic: Traffic) -> Ruling:
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
    services = services_of(registry, network, destination)
    return Traffic(
        host=destination.host.lower(),
        sources=_sources(network, place),
        addresses=addresses_of(destination.addresses) if destination.private else None,
        service=service_tag_of(destination).lower(),
        regions=frozenset(services.regions),
        all_regions=services.complete,
        named_by_dns=_resolved_alike(network, destination, firewall),
        groups=network.ip_groups,
    )


def _sources(network: Network, place: NodePlace) -> AddressSet | None:
    found = addresses_of(source_prefixes(network, place))
    return found if found.spans else None


def source_prefixes(network: Network, place: NodePlace) -> tuple[str, ...]:
    """Prefixes of the node subnet; empty: not known."""
    subnet = network.subnets.get(key_of(place.subnet_id)) if isinstance(place.subnet_id, str) else None
    return subnet.prefixes if isinstance(subnet, Subnet) else ()


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


def _blocked(
    network: Network, place: NodePlace, destination: Destination, firewall: Firewall, ruling: Ruling
) -> Blocked:
    policy = firewall.policy_id and name_of(firewall.policy_id)
    named = f"firewall {name_of(firewall.id)}" + (f" (policy {policy})" if policy else "")
    reason = f"{named}, which denies it by {_named(ruling)}" if ruling.rule else f"{named}, where no rule allows it"
    group = _group_for(firewall, ruling)
    policy_id = parent_of(group) if group else firewall.policy_id
    return Blocked(
        firewall=name_of(firewall.id),
        firewall_id=firewall.id,
        firewall_group=group_of(firewall.id),
        firewall_subscription=subscription_of(firewall.id),
        policy=policy,
        blocked=(destination.host,),
        rule=ruling.rule.name if ruling.rule else None,
        collection=ruling.collection.name if ruling.collection else None,
        rule_kind=ruling.collection.kind if ruling.collection else None,
        reason=reason,
        sources=source_prefixes(network, place),
        destinations=destination.addresses or (service_tag_of(destination),),
        repair_policy=name_of(policy_id) if policy_id else None,
        repair_policy_group=group_of(policy_id) if policy_id else None,
        repair_policy_subscription=subscription_of(policy_id) if policy_id else None,
        repair_group=name_of(group) if group else None,
        repair_priority=_free_priority(firewall, ruling, group),
    )


def _group_for(firewall: Firewall, ruling: Ruling) -> str | None:
    """The rule collection group where a new collection comes in time; ``None``: there is none yet, or it is classic."""
    if ruling.collection:
        return ruling.collection.group_id
    groups = [each.group_id for each in _collections(firewall) if each.group_id]
    own = [each for each in groups if same_id(parent_of(each), firewall.policy_id or "")]
    return own[-1] if own else None


def _free_priority(firewall: Firewall, ruling: Ruling, group: str | None) -> int | None:
    """For a collection that allows: the last before the one that denies, else the first from 1000 on."""
    kind = ruling.collection.kind if ruling.collection else "application"
    near = [each for each in _collections(firewall) if key_of(each.group_id or "") == key_of(group or "")]
    taken = {each.priority for each in near if group or each.kind == kind}
    end = ruling.collection.priority if ruling.collection else _LAST
    numbers = range(end - 1, _FIRST - 1, -1) if ruling.collection else range(_ROOMY, end)
    return next((number for number in numbers if number not in taken), None)


def _collections(firewall: Firewall) -> tuple[RuleCollection, ...]:
    return firewall.collections if isinstance(firewall.collections, tuple) else ()


def _unread(firewall: Firewall, host: str, why: Unreadable) -> Hop:
    said = f"It is not known whether firewall {name_of(firewall.id)} allows {host}: {why.sentence}"
    return Hop("firewall", name_of(firewall.id), firewall.id, UNKNOWN, said, unread=why)


def _doubt(firewall: Firewall, ruling: Ruling, network: Network) -> Unreadable:
    """Rules that may match; where an IP group of one could not be read, that is what is missing."""
    permission = None
    for rule in _doubtful(firewall, ruling):
        for group in (*rule.source_groups, *rule.destination_groups):
            held = network.ip_groups.get(key_of(group))
            if isinstance(held, Unreadable):
                permission = held.permission
    shown = ", ".join(ruling.doubtful[:3]) + (" and others" if len(ruling.doubtful) > 3 else "")
    detail = f"Whether firewall {name_of(firewall.id)} allows the nodes depends on rules that may apply: {shown}"
    return Unreadable("unsupported" if permission is None else "forbidden", detail, None, permission)


def _doubtful(firewall: Firewall, ruling: Ruling) -> Iterator[FirewallRule]:
    for collection in _collections(firewall):
        yield from (rule for rule in collection.rules if f"{rule.name} ({collection.name})" in ruling.doubtful)


def _tags(firewall: Firewall, ruling: Ruling) -> Iterator[str]:
    """Where the rules in doubt lead, service tags among them; the rule that decides may be for a region, too."""
    rules = (*_doubtful(firewall, ruling), *((ruling.rule,) if ruling.rule else ()))
    return (each for rule in rules for each in rule.destinations)


def _named(ruling: Ruling) -> str:
    if ruling.rule is None or ruling.collection is None:
        return "no rule"
    return f"{ruling.collection.kind} rule {ruling.rule.name} of collection {ruling.collection.name}"
