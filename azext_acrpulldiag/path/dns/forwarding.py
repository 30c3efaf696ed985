"""What the DNS forwarding rulesets that are linked to a network make of a name. Pure.

Rulesets belong to Azure DNS Private Resolver. For a network, Azure's DNS takes the private zones that are linked to it
first; then the enabled rules of the rulesets that are linked to it, the one with the longest domain that the name falls
in; then public DNS. A rule for all names leaves out names that Azure reserves for its services, those of registries
among them (https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets). That a rule for the name under
``privatelink``, which public DNS leads the registry's own name on to, is met on the way is nowhere said outright; it is
what the documented designs rest on (https://learn.microsoft.com/azure/dns/private-resolver-architecture).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...arm_ids import key_of, name_of, same_id
from ...facts import (
    Forwarding,
    ForwardingRule,
    ForwardingRuleset,
    InboundEndpoint,
    LinkedRulesets,
    Network,
    Unreadable,
    VirtualNetwork,
)
from .resolvers import network_asked, network_at


@dataclass(frozen=True)
class Forwarded:
    """The rule that a name is forwarded by, and the ruleset that it is in."""

    ruleset: ForwardingRuleset
    rule: ForwardingRule


def linked_to(network: Network, network_id: str) -> LinkedRulesets | Unreadable:
    """The rulesets that are linked to a network, as far as was read."""
    forwarding = network.forwarding
    if isinstance(forwarding, Unreadable):
        return forwarding
    found = None if forwarding is None else forwarding.linked.get(key_of(network_id))
    why = f"DNS forwarding rulesets that are linked to network {name_of(network_id)} were not read"
    return Unreadable("not-shown", why) if found is None else found


def rules_for(rulesets: Iterable[ForwardingRuleset], name: str) -> tuple[Forwarded, ...]:
    """The rules that ``name`` falls in, the longest domain first, whether they are enabled or not.

    What a ruleset's rules are that could not be read is not said here.
    """
    wanted = f".{name.lower()}"
    found = [
        Forwarded(ruleset, rule)
        for ruleset in rulesets
        for rule in (() if isinstance(ruleset.rules, Unreadable) else ruleset.rules)
        if rule.domain and wanted.endswith(f".{rule.domain}")
    ]
    return tuple(sorted(found, key=lambda each: (-len(each.rule.domain), key_of(each.rule.id))))


def rule_for(linked: LinkedRulesets, name: str) -> Forwarded | Unreadable | None:
    """The rule that is in force for ``name``; ``None``: none of the rulesets that were seen has one."""
    for ruleset in linked.rulesets:
        if isinstance(ruleset.rules, Unreadable):
            return ruleset.rules
    for found in rules_for(linked.rulesets, name):
        if isinstance(found.rule.enabled, Unreadable):
            return found.rule.enabled
        if found.rule.enabled:
            return found
    return None


def as_if_enabled(network: Network, found: Forwarded) -> Network:
    """The network with a rule enabled."""
    forwarding = network.forwarding
    if not isinstance(forwarding, Forwarding):
        return network

    def enabled(ruleset: ForwardingRuleset) -> ForwardingRuleset:
        if isinstance(ruleset.rules, Unreadable) or not same_id(ruleset.id, found.ruleset.id):
            return ruleset
        return replace(
            ruleset,
            rules=tuple(replace(rule, enabled=rule.enabled or rule.id == found.rule.id) for rule in ruleset.rules),
        )

    linked = {
        key: replace(each, rulesets=tuple(map(enabled, each.rulesets))) for key, each in forwarding.linked.items()
    }
    return replace(network, forwarding=replace(forwarding, linked=linked))


def network_answering(network: Network, asking_id: str, rule: ForwardingRule, host: str) -> str | Unreadable:
    """The network as which the first DNS server of a rule answers, whose ruleset is linked to network ``asking_id``.

    The others are asked only where that is silent.

    An inbound endpoint answers as Azure's DNS of its own network. The network that forwards needs no peering with it;
    where it has one, an endpoint there is meant before others with the same address. ``host`` is what a test by hand
    would look up.
    """
    if not rule.targets:
        return Unreadable("not-shown", f"Forwarding rule {rule.name} shows no DNS server")
    address = rule.targets[0]
    own = network.networks.get(key_of(asking_id))
    near = network_at(network, own, address) if isinstance(own, VirtualNetwork) else None
    found = {key_of(each.network_id): each.network_id for each in _inbound_at(network, address)}
    if near is not None and key_of(near) in found:
        return near
    if len(found) + (near is not None) > 1:
        why = (
            f"DNS server {address} may be in any of the networks "
            f"{', '.join(sorted(map(name_of, [*found.values(), *([near] if near else [])])))}"
        )
        return Unreadable("unsupported", f"{why}; `nslookup {host}` on a node shows what it answers")
    if found:
        return next(iter(found.values()))
    if isinstance(own, VirtualNetwork) and near is not None:
        return network_asked(network, own, address, host)
    return _unseen(network, address, host)


def _inbound_at(network: Network, address: str) -> tuple[InboundEndpoint, ...]:
    forwarding = network.forwarding
    known = forwarding.inbound if isinstance(forwarding, Forwarding) else ()
    return tuple(each for each in known if address in each.addresses)


def _unseen(network: Network, address: str, host: str) -> Unreadable:
    """Why nothing is known of a server; that inbound endpoints could not be read has a remedy."""
    forwarding = network.forwarding
    unread = forwarding.inbound_unread if isinstance(forwarding, Forwarding) else None
    why = f"DNS server {address} is no inbound endpoint and in no virtual network that could be read"
    if unread is not None:
        return replace(unread, detail=f"{why}: {unread.detail}")
    by_hand = f"it may be on premises, and what it answers is not known; `nslookup {host}` on a node shows it"
    return Unreadable("unsupported", f"{why}: {by_hand}")
