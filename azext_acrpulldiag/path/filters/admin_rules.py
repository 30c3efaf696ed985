"""Security admin rules of Virtual Network Managers on the nodes' network, for what the nodes send. Pure.

They hold for a whole network and are asked before its security groups: Deny ends it, AlwaysAllow ends it as allowed
whatever the groups say, and Allow hands on to them. Of the rules of one manager the lowest number comes first. Which of
several managers comes first (that of the higher scope) the rules do not show, nor what comes first at one number of
several collections: where such rules differ, it is not known.

Whether they govern traffic that nodes send to a private endpoint is not documented; that they do not apply to the
endpoints themselves is. What a rule would do to such traffic is therefore not known either. Source:
https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...arm_ids import group_of, name_of, network_id_of, parent_of, subscription_of
from ...details import Details, internal
from ...facts import AdminRule, Network, SecurityRule, Subnet, Unreadable
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from ..managers import SECURITY, may_manage, on_network
from .rules import ALLOW, DENY, Side, verdict_of
from .sides import nodes

BLOCKS = "network.admin-rule-blocks-registry"
KIND = "security-admin-rule"
ALWAYS = "alwaysallow"
OUT = "Outbound"
PORT = 443
FIRST = 1
"""The lowest priority number of a rule."""
# Comes after every rule: what none of them is about goes on to the security groups.
_NONE = SecurityRule("no rule", 2**31, OUT, "Allow", "*", ("*",), ("*",), ("*",), ("*",))

_UNDOCUMENTED = "whether such rules hold for traffic to a private endpoint is not documented"

End = tuple[str, Side]
"""What a rule would have to name, and the end of the connection that this is."""


@dataclass(frozen=True)
class AdminDenial(Details):
    """A security admin rule that denies TCP 443 to the registry, and where it is kept."""

    admin_rule: str
    rule: str
    rule_priority: int
    rule_destinations: tuple[str, ...]
    destinations: tuple[str, ...]
    """Where the hosts lead: addresses, or service tags."""
    network: str
    network_name: str
    collection: str
    configuration: str
    manager: str
    manager_group: str | None
    manager_subscription: str | None
    taken: tuple[int, ...] = internal()
    """Numbers that rules of the network have: in a collection each is given once."""
    names: tuple[str, ...] = internal()
    """Names that its rules have, in lower case: creating one that exists replaces it."""


@dataclass(frozen=True)
class Decided:
    """What the security admin rules of a network do to a connection."""

    access: str | None
    """``allow`` (goes on to the security groups), ``alwaysallow``, ``deny``; ``None``: it cannot be told."""
    rules: tuple[AdminRule, ...] = ()
    """Those that decide, or may; none: no rule is about it."""


def decided(rules: tuple[AdminRule, ...], source: Side, destination: Side) -> Decided:
    """Evaluate security admin rules for TCP 443 from nodes."""
    managers = dict.fromkeys(manager_of(each.id).lower() for each in rules)
    of_each = ([each for each in rules if manager_of(each.id).lower() == one] for one in managers)
    told = [_of_manager(some, source, destination) for some in of_each]
    spoken = [each for each in told if each.rules]
    if not spoken:
        return Decided(ALLOW)
    if len({each.access for each in spoken}) == 1:
        return spoken[0]
    return Decided(None, tuple(rule for each in spoken for rule in each.rules))


def _of_manager(rules: Iterable[AdminRule], source: Side, destination: Side) -> Decided:
    """Both orders that rules of one number may have."""
    by_access = sorted(rules, key=lambda each: each.rule.access)
    told = [_in_order(order, source, destination) for order in (by_access, by_access[::-1])]
    if told[0].access == told[1].access:
        return told[0]
    return Decided(None, tuple(dict.fromkeys(rule for each in told for rule in each.rules)))


def _in_order(rules: list[AdminRule], source: Side, destination: Side) -> Decided:
    own = {id(each.rule): each for each in rules}
    told = verdict_of([*(each.rule for each in rules), _NONE], OUT, source, destination, PORT)
    met = [each for each in (*told.perhaps, told.rule) if each is not None]
    if told.access == ALLOW and told.rule is _NONE:
        return Decided(ALLOW)
    return Decided(told.access, tuple(own[id(each)] for each in met if id(each) in own))


@dataclass(frozen=True)
class Ruled:
    """The hop of the security admin rules, and what they mean for the security groups behind it."""

    hop: Hop | None = None
    """``None``: no rule is about the traffic."""
    always: bool = False
    """Security groups are not asked."""
    perhaps: Unreadable | None = None
    """Why it is not known whether they are."""


def ruled(network: Network, subnet: Subnet, ends: tuple[End, ...], destination: Destination) -> Ruled:
    """Say what security admin rules do to traffic from the nodes of ``subnet`` to ``ends``."""
    network_id = network_id_of(subnet.id)
    rules = on_network(network.managed.admin_rules, network_id)
    if isinstance(rules, Unreadable):
        may = may_manage(network, network_id, SECURITY)
        state, perhaps = (UNKNOWN, rules) if may else (OK, None)
        return Ruled(Hop(KIND, name_of(network_id), network_id, state, rules.sentence, unread=rules), perhaps=perhaps)
    told = [(word, decided(rules, nodes(subnet), side)) for word, side in ends]
    for access in (DENY, None, ALWAYS, ALLOW):
        met = [each for each in told if each[1].access == access and each[1].rules]
        if met:
            return _ruled(network_id, rules, access, met, len(met) == len(told), destination)
    return Ruled()


def _ruled(
    network_id: str,
    rules: tuple[AdminRule, ...],
    access: str | None,
    met: list[tuple[str, Decided]],
    whole: bool,
    destination: Destination,
) -> Ruled:
    words, first = tuple(word for word, _ in met), met[0][1].rules[0]
    hop = Hop(KIND, first.rule.name, first.id, OK, "")
    if access is None:
        hop = _undecided(hop, met[0][1].rules, destination)
        return Ruled(hop, perhaps=hop.unread)
    if access == DENY:
        return Ruled(_denied(hop, network_id, rules, first, words, destination))
    by = f"{_named(first)} allows TCP {PORT} to {destination.host}"
    if access == ALLOW or not whole:
        return Ruled(replace(hop, why=f"{by}, if the security groups do."))
    if destination.private:
        detail = f"{_named(first)} always allows TCP {PORT} to a private endpoint of the registry, and {_UNDOCUMENTED}"
        return Ruled(
            replace(hop, why=f"{by}, if the security groups do; {_UNDOCUMENTED}."),
            perhaps=Unreadable("unsupported", detail),
        )
    return Ruled(replace(hop, why=f"{by}, whatever the security groups say."), always=True)


def _denied(
    hop: Hop,
    network_id: str,
    rules: tuple[AdminRule, ...],
    rule: AdminRule,
    words: tuple[str, ...],
    destination: Destination,
) -> Hop:
    why = f"{_named(rule)} denies TCP {PORT} to {', '.join(words)}, which {destination.host} resolves to"
    manager, collection = manager_of(rule.id), parent_of(rule.id)
    told = AdminDenial(
        admin_rule=rule.id,
        rule=rule.rule.name,
        rule_priority=rule.rule.priority,
        rule_destinations=(*rule.rule.destinations, *rule.rule.destination_groups),
        destinations=words,
        network=network_id,
        network_name=name_of(network_id),
        collection=name_of(collection),
        configuration=name_of(parent_of(collection)),
        manager=name_of(manager),
        manager_group=group_of(manager),
        manager_subscription=subscription_of(manager),
        taken=tuple(each.rule.priority for each in rules),
        names=tuple(each.rule.name.lower() for each in rules),
    )
    if not destination.private:
        return replace(hop, state=BROKEN, why=f"{why}.", outcome=BLOCKS, details=(told,))
    detail = f"{_named(rule)} denies TCP {PORT} to a private endpoint of the registry, and {_UNDOCUMENTED}"
    unread = Unreadable("unsupported", detail)
    return replace(hop, state=UNKNOWN, why=f"{why}; {_UNDOCUMENTED}.", unread=unread, suspected=BLOCKS, details=(told,))


def _undecided(hop: Hop, rules: tuple[AdminRule, ...], destination: Destination) -> Hop:
    named = ", ".join(f"{each.rule.name} ({each.rule.access} at {each.rule.priority})" for each in rules)
    why = Unreadable(
        "unsupported",
        f"Which security admin rule applies to TCP {PORT} to the registry depends on what could not be read; it may be "
        f"{named}",
    )
    said = f"It is not known which rule applies to {destination.host}: {why.sentence}"
    return replace(hop, state=UNKNOWN, why=said, unread=why)


def _named(rule: AdminRule) -> str:
    return (
        f"Security admin rule {rule.rule.name} (priority {rule.rule.priority}) of Virtual Network Manager "
        f"{name_of(manager_of(rule.id))}"
    )


def manager_of(rule_id: str) -> str:
    """The id of the manager that a rule belongs to; an id of another form as it is."""
    at = rule_id.lower().find("/securityadminconfigurations/")
    return rule_id if at < 0 else rule_id[:at]


def free_number(taken: Iterable[int], before: int) -> int | None:
    """Return the highest number below ``before`` that no rule has; ``None``: there is none."""
    used = set(taken)
    return next((number for number in range(before - 1, FIRST - 1, -1) if number not in used), None)
