"""Read the Azure Firewalls that are next hops of routes or DNS servers, with their rules.

The chain of dependent requests is the firewalls of a subscription, then a firewall's policy with its groups,
then that policy's parent, then IP groups. Each resource is asked for once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from ...arm_ids import key_of, name_of, same_id, subscription_of
from ...facts import Firewall, RuleCollection, Unreadable, VirtualNetwork, firewall_key
from ...path.addresses import address_set, span_of
from ...path.lookups import home_of, is_virtual_hub
from ...path.routing.outbound import FIREWALL_SUBNET
from ..ask.arm import Json
from ..members import Body, mapped
from .firewall_models import Policy, addresses_of_group, firewall_from, groups_from, groups_named, in_order, policy_from
from .models import prefixes_of

Ask = Callable[[Iterable[str], Iterable[str]], Mapping[str, Any]]
"""Takes paths to GET and paths to list; answers by lower-case path: JSON, a list, ``None`` or ``Unreadable``."""
Networks = Mapping[str, VirtualNetwork | Unreadable | None]
Read = tuple[dict[str, Firewall | Unreadable | None], dict[str, tuple[str, ...] | Unreadable | None]]
"""Firewalls, and IP groups by id in lower case."""

READ_FIREWALLS = "Microsoft.Network/azureFirewalls/read"
_MOST_PARENTS = 4


def read_firewalls(ask: Ask, pairs: Iterable[tuple[str, str]], networks: Networks) -> Read:
    """Read who answers at each (network id, IPv4 address): :attr:`~.Network.firewalls`, :attr:`~.Network.ip_groups`.

    ``networks`` are those read so far, by lower-case id, with their peerings.
    """
    asked = {firewall_key(network_id, address): (network_id, address) for network_id, address in pairs}
    homes = {key: _home(network_id, address, networks) for key, (network_id, address) in asked.items()}
    answers = _beside(ask, homes.values(), [network_id for network_id, _ in asked.values()])
    return _whole(ask, {key: _at(asked[key][1], home, answers) for key, home in homes.items()})


def read_firewalls_by_id(ask: Ask, ids: Iterable[str]) -> Read:
    """Read firewalls with their rules, by id in lower case, and the IP groups that the rules name."""
    wanted = {key_of(each): each for each in ids}
    answers = ask(list(wanted.values()), []) if wanted else {}
    return _whole(
        ask,
        {
            key: None if answers[path.lower()] is None else mapped(firewall_from, answers[path.lower()], path)
            for key, path in wanted.items()
        },
    )


def _whole(ask: Ask, found: Mapping[str, Firewall | Unreadable | None]) -> Read:
    """Add the rules of policies, and read IP groups."""
    rules = _read_rules(ask, found.values())
    firewalls = {key: _with_rules(firewall, rules) for key, firewall in found.items()}
    named = [
        each for item in firewalls.values() if isinstance(item, Firewall) for each in groups_named(item.collections)
    ]
    return firewalls, _read_ip_groups(ask, named)


# --- where an address is ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """Firewalls by subscription, and firewall subnets by network, as they were answered."""

    lists: Mapping[str, tuple[Firewall, ...] | Unreadable]
    subnets: Mapping[str, tuple[str, ...] | Unreadable | None]
    """Prefixes; ``None``: the network has no such subnet."""


def _home(network_id: str, address: str, networks: Networks) -> str | Unreadable | None:
    """The network that the address lies in; ``None``: none that is reached from there."""
    network = networks.get(key_of(network_id))
    if isinstance(network, Unreadable):
        return network
    if network is None:
        return Unreadable("not-found", f"{network_id} does not exist", "Microsoft.Network/virtualNetworks/read")
    if span_of(address) is None:
        return Unreadable("malformed", f"{address} in {network_id} is not an IP address")
    return home_of(address, network)


def _beside(ask: Ask, homes: Iterable[str | Unreadable | None], askers: Iterable[str]) -> _Seen:
    known = {key_of(home): home for home in homes if isinstance(home, str)}
    # A virtual hub's network is in a subscription of Microsoft's; its firewall is in one of the customer's.
    beside = [*askers, *known.values()] if any(map(is_virtual_hub, known)) else list(known.values())
    lists = {_subscription(each): _list_path(each, "azureFirewalls") for each in beside if not is_virtual_hub(each)}
    subnets = {key: f"{home}/subnets/{FIREWALL_SUBNET}" for key, home in known.items() if not is_virtual_hub(key)}
    answers = ask(list(subnets.values()), list(lists.values()))
    return _Seen(
        {
            key: mapped(lambda items: tuple(map(firewall_from, items)), answers[path.lower()], path)
            for key, path in lists.items()
        },
        {
            key: None if answers[path.lower()] is None else mapped(_prefixes, answers[path.lower()], path)
            for key, path in subnets.items()
        },
    )


def _at(address: str, home: str | Unreadable | None, seen: _Seen) -> Firewall | Unreadable | None:
    if home is None or isinstance(home, Unreadable):
        return home
    if is_virtual_hub(home):
        return _in_a_hub(address, home, seen)
    listed = seen.lists[_subscription(home)]
    for firewall in () if isinstance(listed, Unreadable) else listed:
        if firewall.network_id and same_id(firewall.network_id, home) and address in firewall.private_ips:
            return firewall
    prefixes = seen.subnets[key_of(home)]
    # Azure puts its firewalls into a subnet of this name only, so that what is elsewhere is none of them.
    if prefixes is None or (not isinstance(prefixes, Unreadable) and not _inside(address, prefixes)):
        return None
    permission = f"{READ_FIREWALLS} at {home.partition('/providers/')[0]}"
    if isinstance(listed, Unreadable):
        detail = f"{address} in {home} may be an Azure Firewall; firewalls could not be read: {listed.detail}"
        return Unreadable(listed.reason, detail, READ_FIREWALLS, permission)
    if isinstance(prefixes, Unreadable):
        detail = f"This login sees no Azure Firewall at {address}, and {FIREWALL_SUBNET} of {home} could not be read"
        return replace(prefixes, detail=f"{detail}: {prefixes.detail}")
    # A list shows what the caller may see: it may be empty because a permission is missing.
    detail = f"{address} is in {FIREWALL_SUBNET} of {home}, but this login sees no Azure Firewall with that address"
    # https://learn.microsoft.com/azure/firewall/firewall-faq: one that was stopped gives its addresses up
    stopped = ", ".join(name_of(firewall.id) for firewall in listed if not firewall.private_ips)
    if stopped:
        detail += f"; {stopped} has no address, as a deallocated firewall"
    return Unreadable("not-shown", detail, READ_FIREWALLS, permission)


def _in_a_hub(address: str, home: str, seen: _Seen) -> Firewall | Unreadable:
    for listed in seen.lists.values():
        for firewall in () if isinstance(listed, Unreadable) else listed:
            if firewall.hub_id and address in firewall.private_ips:
                return firewall
    detail = (
        f"{address} is in the virtual hub of {home}, but this login sees no Azure Firewall of a hub with that address"
    )
    permission = f"{READ_FIREWALLS} at the subscription of the virtual hub"
    return Unreadable("not-shown", detail, READ_FIREWALLS, permission)


def _inside(address: str, prefixes: tuple[str, ...]) -> bool:
    return address_set(prefixes).covers(address_set((address,)))


def _prefixes(subnet: Json) -> tuple[str, ...]:
    properties = Body(subnet).object("properties")
    prefixes = prefixes_of(properties)
    try:
        for prefix in prefixes:
            ip_network(prefix, strict=False)
    except ValueError as error:
        raise properties.malformed("addressPrefix") from error
    return prefixes


def _subscription(resource_id: str) -> str:
    return (subscription_of(resource_id) or "").lower()


def _list_path(beside: str, collection: str) -> str:
    """The list of a subscription's resources, of the subscription that another one is in."""
    return f"/subscriptions/{subscription_of(beside)}/providers/Microsoft.Network/{collection}"


# --- its rules -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rules:
    """A policy and what is in its rule collection groups."""

    policy: Policy | Unreadable
    collections: tuple[RuleCollection, ...] | Unreadable


def _read_rules(ask: Ask, firewalls: Iterable[Firewall | Unreadable | None]) -> dict[str, _Rules]:
    """Read the policies of firewalls and those policies' parents; by policy id in lower case."""
    wanted = {each.policy_id for each in firewalls if isinstance(each, Firewall) and each.policy_id}
    read: dict[str, _Rules] = {}
    for _ in range(1 + _MOST_PARENTS):
        missing = sorted({key_of(each): each for each in wanted if key_of(each) not in read}.values())
        if not missing:
            break
        answers = ask(missing, [f"{each}/ruleCollectionGroups" for each in missing])
        read.update({key_of(each): _rules(each, answers) for each in missing})
        policies = [rules.policy for rules in read.values()]
        wanted = {each.base_id for each in policies if isinstance(each, Policy) and each.base_id}
    return read


def _rules(policy_id: str, answers: Mapping[str, Any]) -> _Rules:
    path = f"{policy_id}/ruleCollectionGroups"
    policy = mapped(policy_from, answers[policy_id.lower()], policy_id)
    items = answers[path.lower()]
    collections = mapped(groups_from, items, path)
    if isinstance(policy, Policy) and not isinstance(collections, Unreadable):
        shown = {key_of(str(item.get("id", ""))) for item in items}
        hidden = [each for each in policy.group_ids if key_of(each) not in shown]
        if hidden:
            collections = Unreadable("not-shown", f"The list {path} does not show {hidden[0]}", None)
    return _Rules(policy, collections)


def _with_rules(firewall: Firewall | Unreadable | None, read: Mapping[str, _Rules]) -> Firewall | Unreadable | None:
    """The firewall with the rules of its policy and that policy's parents, and with its DNS settings."""
    if not isinstance(firewall, Firewall) or firewall.policy_id is None:
        return firewall
    lineage = _lineage(firewall.policy_id, read)
    dns_proxy, dns_servers = _dns(lineage)
    return replace(firewall, collections=_all_collections(lineage), dns_proxy=dns_proxy, dns_servers=dns_servers)


def _lineage(policy_id: str, read: Mapping[str, _Rules]) -> list[_Rules]:
    """The policy and its parents, youngest first; the last may be one that could not be read."""
    found: list[_Rules] = []
    following: str | None = policy_id
    while following is not None:
        rules = read.get(key_of(following))
        if rules is None or rules in found:
            why = Unreadable("unsupported", f"{policy_id} has more parent policies than Azure documents")
            return [*found, _Rules(why, why)]
        found.append(rules)
        following = rules.policy.base_id if isinstance(rules.policy, Policy) else None
    return found


def _all_collections(lineage: Iterable[_Rules]) -> tuple[RuleCollection, ...] | Unreadable:
    generations: list[tuple[RuleCollection, ...]] = []
    for rules in lineage:
        if isinstance(rules.policy, Unreadable):
            return rules.policy
        if isinstance(rules.collections, Unreadable):
            return rules.collections
        generations.insert(0, rules.collections)
    return in_order(generations)


def _dns(lineage: Sequence[_Rules]) -> tuple[bool | Unreadable, tuple[str, ...] | Unreadable]:
    """Whether the DNS proxy of a policy's firewalls is on, and whom it asks.

    What a parent lends its children is documented, and DNS settings are not named there: those of a parent make it
    unknown for a policy that has none of its own. Source:
    https://learn.microsoft.com/azure/firewall-manager/policy-overview
    """
    own, *parents = (rules.policy for rules in lineage)
    if isinstance(own, Unreadable):
        return own, own
    if own.dns_proxy is not None:
        return own.dns_proxy, own.dns_servers
    parent = next((each for each in parents if isinstance(each, Unreadable) or each.dns_proxy is not None), None)
    if parent is None:
        return False, ()
    if isinstance(parent, Unreadable):
        return parent, parent
    detail = (
        f"Firewall policy {name_of(own.id)} has no DNS settings of its own, and whether those of its parent "
        f"{name_of(parent.id)} apply to it is not documented"
    )
    unsaid = Unreadable("unsupported", detail)
    return unsaid if parent.dns_proxy else False, unsaid if parent.dns_servers else ()


def _read_ip_groups(ask: Ask, named: Iterable[str]) -> dict[str, tuple[str, ...] | Unreadable | None]:
    """Read IP groups: one list for each subscription, then one by one what that does not show."""
    wanted = {key_of(each): each for each in named}
    lists = {_subscription(each): _list_path(each, "ipGroups") for each in wanted.values()}
    listed = ask([], list(lists.values())) if lists else {}
    bodies: dict[str, Any] = {}
    for items in listed.values():
        bodies.update({key_of(str(item.get("id", ""))): item for item in items} if isinstance(items, list) else {})
    missing = [path for key, path in wanted.items() if key not in bodies]
    bodies.update({key_of(path): body for path, body in ask(missing, []).items()} if missing else {})
    return {
        key: None if bodies[key] is None else mapped(addresses_of_group, bodies[key], path)
        for key, path in wanted.items()
    }
