"""Does one rule of an Azure Firewall match HTTPS to a host of the registry? Pure.

Matching has three answers, so that a rule that may match never counts as one that does or does not:
``NO`` < ``MAYBE`` < ``YES``. All conditions of a rule must hold (the least of them), one entry of a list is
enough (the most).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from ..facts import FirewallRule, Unreadable

NO, MAYBE, YES = 0, 1, 2
PORT = 443

Range = tuple[int, int]
"""First and last IPv4 address."""
Groups = Mapping[str, tuple[str, ...] | Unreadable | None]

_ALL: Range = (0, 2**32 - 1)
# Addresses that no public name of the registry leads to.
_NOT_PUBLIC = tuple(
    (int(network.network_address), int(network.broadcast_address))
    for network in map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.168.0.0/16", "224.0.0.0/3",
        ),
    )
)  # fmt: skip
# Of https://learn.microsoft.com/azure/firewall/fqdn-tags: none has customers' registries, and these have no
# storage of customers or registries either. (AKS's own images come from mcr.microsoft.com.)
_TAGS = frozenset(("azurekubernetesservice", "windowsupdate", "windowsdiagnostics", "microsoftactiveprotectionservice"))
_TAGS_WITH_STORAGE = frozenset(
    ("azurebackup", "azurehdinsight", "appserviceenvironment", "windowsvirtualdesktop", "windows365")
)
# Web categories that Microsoft may have put a registry into; it does not say which.
_LIKELY_CATEGORIES = frozenset(
    ("business", "computersandtechnology", "informationsecurity", "webrepositoryandstorage", "uncategorized", "general")
)


@dataclass(frozen=True)
class Traffic:
    """HTTPS from a node subnet to one host, as a firewall's rules see it."""

    host: str
    """With ``*`` in front where it stands for many."""
    sources: tuple[Range, ...] | None
    """Of the node subnet; ``None``: not known."""
    addresses: tuple[Range, ...] | None
    """Private ones; ``None``: public addresses that are not known."""
    service: str
    """The service tag of its public addresses, in lower case."""
    regions: frozenset[str]
    """Where those may be, in lower case."""
    all_regions: bool = True
    """They are nowhere else."""
    named_by_dns: int = YES
    """Whether a rule for the name matches by address: what the firewall's own DNS makes of it."""
    groups: Groups = field(default_factory=dict)


def matches(kind: str, rule: FirewallRule, traffic: Traffic) -> int:
    """Tell whether a ``network`` or ``application`` rule matches the traffic."""
    if kind == "network":
        conditions = (_network_protocol, _ports, _destinations, _sources)
    else:
        conditions = (_application_protocol, _targets, _confined, _sources)
    found = YES
    for condition in conditions:
        found = min(found, condition(rule, traffic))
        if found == NO:
            break
    return found


# --- both kinds ------------------------------------------------------------------------------


def _sources(rule: FirewallRule, traffic: Traffic) -> int:
    if not rule.sources and not rule.source_groups:
        return YES
    ranges, unread = _ranges(rule.sources, rule.source_groups, traffic.groups)
    if traffic.sources is None:
        return YES if _covers(ranges, (_ALL,)) else MAYBE
    return max(_overlap(ranges, traffic.sources), MAYBE if unread else NO)


def _ranges(texts: Iterable[str], group_ids: Iterable[str], groups: Groups) -> tuple[list[Range], bool]:
    """Ranges of addresses and IP groups, and whether some could not be read."""
    found = [each for each in map(as_range, texts) if each]
    unread = False
    for group_id in group_ids:
        members = groups.get(group_id.lower())
        if members is None or isinstance(members, Unreadable):
            unread = True
        else:
            found.extend(each for each in map(as_range, members) if each)
    return found, unread


def _overlap(ranges: list[Range], wanted: tuple[Range, ...]) -> int:
    if _covers(ranges, wanted):
        return YES
    touched = any(low <= last and first <= high for low, high in ranges for first, last in wanted)
    return MAYBE if touched else NO


def _covers(ranges: Iterable[Range], wanted: Iterable[Range]) -> bool:
    """Whether the ranges together hold every address that is wanted."""
    ordered = sorted(ranges)
    for first, last in wanted:
        reached = first
        for low, high in ordered:
            if low > reached:
                break
            reached = max(reached, high + 1)
        if reached <= last:
            return False
    return True


@lru_cache(maxsize=65536)
def as_range(text: str) -> Range | None:
    """An address, prefix, ``first-last`` or ``*`` as a range; ``None``: a tag, a name or IPv6."""
    if text.strip() == "*":
        return _ALL
    first, dash, last = text.partition("-")
    try:
        if dash:
            return int(IPv4Address(first.strip())), int(IPv4Address(last.strip()))
        network = IPv4Network(first.strip(), strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    return int(network.network_address), int(network.broadcast_address)


# --- network rules ---------------------------------------------------------------------------


def _network_protocol(rule: FirewallRule, traffic: Traffic) -> int:
    return YES if not rule.protocols or {each.lower() for each in rule.protocols} & {"tcp", "any"} else NO


def _ports(rule: FirewallRule, traffic: Traffic) -> int:
    return YES if not rule.ports or any(map(_has_port, rule.ports)) else NO


def _has_port(text: str) -> bool:
    first, _, last = text.strip().partition("-")
    return first == "*" or (first.isdecimal() and int(first) <= PORT <= int(last if last.isdecimal() else first))


def _destinations(rule: FirewallRule, traffic: Traffic) -> int:
    if not rule.destinations and not rule.destination_groups and not rule.fqdns:
        return YES
    ranges, unread = _ranges(rule.destinations, rule.destination_groups, traffic.groups)
    tags = [each for each in rule.destinations if as_range(each) is None]
    return max(
        _towards(ranges, traffic),
        MAYBE if unread else NO,
        max((_tag(each, traffic) for each in tags), default=NO),
        max((_resolved(each, traffic) for each in rule.fqdns), default=NO),
    )


def _towards(ranges: list[Range], traffic: Traffic) -> int:
    if traffic.addresses is not None:
        return _overlap(ranges, traffic.addresses) if traffic.addresses else MAYBE
    if _covers([*ranges, *_NOT_PUBLIC], (_ALL,)):
        return YES
    return MAYBE if any(not _covers(_NOT_PUBLIC, (each,)) for each in ranges) else NO


def _tag(text: str, traffic: Traffic) -> int:
    """A service tag, with or without a region (``AzureContainerRegistry.WestEurope``)."""
    name, _, region = text.lower().partition(".")
    if traffic.addresses is not None:
        return NO
    if name == "internet":
        return MAYBE  # not documented for Azure Firewall
    if name not in (traffic.service, "azurecloud"):
        return NO
    if not region:
        return YES
    if region not in traffic.regions:
        return NO if traffic.all_regions else MAYBE
    return YES if traffic.all_regions and traffic.regions == {region} else MAYBE


def _resolved(name: str, traffic: Traffic) -> int:
    """A name in a network rule, which stands for what the firewall resolves it to; no ``*`` is taken there."""
    if traffic.host.startswith("*"):
        return _of_many(name, traffic)
    return traffic.named_by_dns if name.lower().rstrip(".") == traffic.host else NO


# --- application rules -----------------------------------------------------------------------


def _application_protocol(rule: FirewallRule, traffic: Traffic) -> int:
    return YES if not rule.protocols or any(_is_https(each) for each in rule.protocols) else NO


def _is_https(text: str) -> bool:
    name, _, port = text.lower().partition(":")
    return name == "https" and (port or str(PORT)) == str(PORT)


def _confined(rule: FirewallRule, traffic: Traffic) -> int:
    """``destinationAddresses`` narrow an application rule; they are rarely used."""
    ranges, _ = _ranges(rule.destinations, (), traffic.groups)
    return _towards(ranges, traffic) if rule.destinations else YES


def _targets(rule: FirewallRule, traffic: Traffic) -> int:
    return max(
        max((_name(each, traffic) for each in rule.fqdns), default=NO),
        max((_fqdn_tag(each, traffic) for each in rule.fqdn_tags), default=NO),
        max((_url(each, traffic) for each in rule.target_urls), default=NO),
        MAYBE if any(each.lower() in _LIKELY_CATEGORIES for each in rule.web_categories) else NO,
    )


def _name(pattern: str, traffic: Traffic) -> int:
    wanted = pattern.lower().rstrip(".")
    if fits(wanted, traffic.host):
        return YES
    return _of_many(wanted, traffic) if traffic.host.startswith("*") else NO


def fits(pattern: str, host: str) -> bool:
    """Whether a name with ``*`` in it, which stands for any text with dots, covers a lower-case host."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == host
    if not head and "*" not in tail:
        return host.endswith(tail)
    return fnmatchcase(host, pattern.replace("[", "[[]"))


def _of_many(name: str, traffic: Traffic) -> int:
    """Whether one of the many hosts that ``*.blob...`` stands for may be meant.

    Registries keep layers in Microsoft's own accounts (``weumanaged15.blob.core.windows.net`` is one that pull
    errors show); any other account that a rule names is a customer's.
    """
    label, _, rest = name.lower().partition(".")
    return MAYBE if traffic.host == f"*.{rest}" and ("managed" in label or "*" in label) else NO


def _fqdn_tag(tag: str, traffic: Traffic) -> int:
    name = tag.lower()
    if name in _TAGS or name.startswith("office365"):
        return NO
    return NO if name in _TAGS_WITH_STORAGE and not traffic.host.startswith("*") else MAYBE


def _url(url: str, traffic: Traffic) -> int:
    """A URL applies where the firewall opens TLS, and to some paths of the host."""
    return MAYBE if _name(url.partition("://")[2].partition("/")[0] or url.partition("/")[0], traffic) else NO
