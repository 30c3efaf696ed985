"""Network security groups on the nodes' subnet and interfaces, for what the nodes send. Pure.

Both must allow it: Azure asks the interface's group and then the subnet's, after the security admin rules of the
network, which may end it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arm_ids import group_of, key_of, name_of, subscription_of
from ...details import Details, internal
from ...facts import Network, NodePlace, Registry, SecurityGroup, Subnet, Unreadable
from ..hops import BROKEN, OK, UNKNOWN, Destination, Hop
from ..lookups import looked_up, subnet_of
from .admin_rules import Ruled, ruled
from .rules import ALLOW, DENY, Side, Verdict, verdict
from .sides import for_want_of_regions, nodes, own_network, private_side, public_side, service_tag_of

BLOCKS = "network.nsg-blocks-registry"
PORT = 443
OUT, IN = "Outbound", "Inbound"
# What a user's own rule may have.
_FIRST, _LAST = 100, 4096
_UNLESS = ", unless a security admin rule allows it always, which is not known"


@dataclass(frozen=True)
class Barred:
    """What a host resolves to that a group denies, and before which rule it has to be allowed."""

    destinations: tuple[str, ...]
    """Addresses, or one service tag."""
    before: int
    """The priority of the first rule that denies one of them."""


@dataclass(frozen=True)
class Denial(Details):
    """A security group that denies TCP 443 to the registry, and the rule by which it does."""

    security_group: str
    group_name: str
    resource_group: str | None
    subscription: str | None
    attached_to: str
    """``subnet``, ``interface`` or ``endpoint's subnet``."""
    direction: str
    rule: str | None
    rule_priority: int | None
    rule_destinations: tuple[str, ...]
    group: SecurityGroup = internal()
    barred: tuple[Barred, ...] = internal()
    """One a host."""


def filtered(registry: Registry, network: Network, place: NodePlace, destination: Destination) -> Iterator[Hop]:
    """Yield one hop for each security group that filters the nodes' outbound traffic, and before them security admin
    rules.
    """
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        yield _unread("subnet", place.subnet_id if isinstance(place.subnet_id, str) else None, subnet)
        return
    ends = _ends(registry, network, place, destination)
    admin = ruled(network, subnet, ends, destination)
    if admin.hop is not None:
        yield admin.hop
    for_want_of = _for_want_of_the_network if destination.private else _for_want_of_the_regions
    for hop in _groups(network, place, subnet, ends, destination):
        yield for_want_of(_behind(admin, hop), registry, network, place)


def _behind(admin: Ruled, group: Hop) -> Hop:
    """The hop of a security group behind the security admin rules of the network."""
    if admin.always and admin.hop is not None:
        return Hop(group.kind, group.name, group.resource_id, OK, f"It is not asked: {admin.hop.why}")
    if admin.perhaps is not None and group.state == BROKEN:
        denial = f"Security group {group.name} denies TCP {PORT} to the registry{_UNLESS}"
        unread = replace(admin.perhaps, detail=f"{denial}: {admin.perhaps.detail}")
        return replace(group, state=UNKNOWN, outcome=None, suspected=BLOCKS, unread=unread)
    return group


def _groups(
    network: Network, place: NodePlace, subnet: Subnet, ends: tuple[tuple[str, Side], ...], destination: Destination
) -> Iterator[Hop]:
    if isinstance(place.interface_group_ids, Unreadable):
        yield _unread("interfaces", None, place.interface_group_ids)
    else:
        for group_id in place.interface_group_ids:
            yield group_hop(network, group_id, "interface", OUT, (nodes(subnet),), ends, destination)
    if subnet.security_group_id is not None:
        yield group_hop(network, subnet.security_group_id, "subnet", OUT, (nodes(subnet),), ends, destination)


def _for_want_of_the_regions(hop: Hop, registry: Registry, network: Network, _: NodePlace) -> Hop:
    """Say that it is the registry's regions that would tell which rule is met."""
    group = network.security_groups.get(key_of(hop.resource_id or ""))
    if hop.unread is None or hop.unread.reason != "unsupported" or not isinstance(group, SecurityGroup):
        return hop
    tags = (each for rule in group.rules for each in rule.destinations)
    return replace(hop, unread=for_want_of_regions(hop.unread, registry, network, tags))


def _for_want_of_the_network(hop: Hop, _: Registry, network: Network, place: NodePlace) -> Hop:
    """Say that it is the nodes' network that would tell which rule is met: what the tag VirtualNetwork holds there."""
    own = own_network(network, place)
    if hop.unread is None or hop.unread.reason != "unsupported" or not isinstance(own, Unreadable):
        return hop
    return replace(hop, unread=replace(own, detail=f"{hop.unread.detail}. {own.detail}"))


def _ends(
    registry: Registry, network: Network, place: NodePlace, destination: Destination
) -> tuple[tuple[str, Side], ...]:
    """What a rule would have to name to allow the destination, each as an end of a connection."""
    if destination.private:
        return tuple((each, private_side(network, place, each)) for each in destination.addresses)
    return ((service_tag_of(destination), public_side(registry, network, place, destination)),)


def group_hop(
    network: Network,
    group_id: str,
    attached_to: str,
    direction: str,
    sources: tuple[Side, ...],
    ends: tuple[tuple[str, Side], ...],
    destination: Destination,
) -> Hop:
    """Say what one security group does to traffic from ``sources`` (it may come from any) to ``ends``."""
    group = looked_up(network.security_groups, group_id, "Network security group")
    if isinstance(group, Unreadable):
        return _unread(attached_to, group_id, group)
    told = [(word, _agreed([verdict(group, direction, each, side, PORT) for each in sources])) for word, side in ends]
    denied = [each for each in told if each[1].access == DENY]
    open_ones = [each for each in told if each[1].access not in (ALLOW, DENY)]
    if denied:
        return _denied(group, attached_to, direction, denied, destination)
    if open_ones:
        return _open(group, attached_to, open_ones[0][1], destination)
    rule = told[0][1].rule if told else None
    by = f"Rule {rule.name} (priority {rule.priority})" if rule else "It"
    why = f"{by} of the {attached_to}'s group allows TCP {PORT} to {destination.host}."
    return Hop("security-group", name_of(group.id), group.id, OK, why)


def _agreed(verdicts: list[Verdict]) -> Verdict:
    """What all say, or that it cannot be told."""
    if len({each.access for each in verdicts}) == 1:
        return verdicts[0]
    rules = [each.first for each in verdicts if each.first is not None]
    return Verdict(None, rules[-1] if rules else None, tuple(rules[:-1]))


def _denied(
    group: SecurityGroup,
    attached_to: str,
    direction: str,
    denied: list[tuple[str, Verdict]],
    destination: Destination,
) -> Hop:
    rule = denied[0][1].first
    name, number = (rule.name, rule.priority) if rule else ("", _LAST)
    first = min((each.first.priority for _, each in denied if each.first is not None), default=number)
    words = tuple(word for word, _ in denied)
    denial = Denial(
        security_group=group.id,
        group_name=name_of(group.id),
        resource_group=group_of(group.id),
        subscription=subscription_of(group.id),
        attached_to=attached_to,
        direction=direction,
        rule=rule.name if rule else None,
        rule_priority=rule.priority if rule else None,
        rule_destinations=(*rule.destinations, *rule.destination_groups) if rule else (),
        group=group,
        barred=(Barred(words, first),),
    )
    return Hop(
        kind="security-group",
        name=name_of(group.id),
        resource_id=group.id,
        state=BROKEN,
        why=f"Rule {name} (priority {number}) of the {attached_to}'s group denies TCP {PORT} to {', '.join(words)}, "
        f"which {destination.host} resolves to.",
        outcome=BLOCKS,
        details=(denial,),
    )


def free_priority(group: SecurityGroup, before: int, direction: str = OUT) -> int | None:
    """Return the highest number below ``before`` that no rule of ``direction`` has; ``None``: there is none."""
    taken = {rule.priority for rule in group.rules if rule.direction.lower() == direction.lower()}
    for number in range(min(before - 1, _LAST), _FIRST - 1, -1):
        if number not in taken:
            return number
    return None


def _open(group: SecurityGroup, attached_to: str, told: Verdict, destination: Destination) -> Hop:
    rules = [each for each in (*told.perhaps, told.rule) if each is not None]
    named = ", ".join(f"{each.name} ({each.access} at {each.priority})" for each in rules) or "no rule that was read"
    name = name_of(group.id)
    settled = "Network Watcher's IP flow verify for a node" if destination.private else "A test connection from a node"
    why = Unreadable(
        "unsupported",
        f"Which rule of security group {name} on the {attached_to} applies to TCP {PORT} to the registry depends on "
        f"addresses that could not be read; it may be {named}. {settled} shows it",
    )
    return Hop(
        "security-group",
        name,
        group.id,
        UNKNOWN,
        f"It is not known which rule applies to {destination.host}: {why.sentence}",
        unread=why,
    )


def _unread(attached_to: str, resource_id: str | None, why: Unreadable) -> Hop:
    name = name_of(resource_id) if resource_id else f"security groups of the {attached_to}"
    return Hop("security-group", name, resource_id, UNKNOWN, why.sentence, unread=why)
