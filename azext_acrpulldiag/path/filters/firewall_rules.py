"""Does one rule of an Azure Firewall match HTTPS to a host of the registry? Pure.

Matching has three answers, so that a rule that may match never counts as one that does or does not:
``NO`` < ``MAYBE`` < ``YES``. All conditions of a rule must hold (the least of them), one entry of a list is
enough (the most).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ... import wildcards
from ...arm_ids import key_of
from ...facts import FirewallRule, Unreadable
from ..addresses import EVERYTHING, PUBLIC, AddressSet, address_set
from .service_tags import AZURE_CLOUD, is_known, tag_of

NO, MAYBE, YES = 0, 1, 2
PORT = 443

Groups = Mapping[str, tuple[str, ...] | Unreadable | None]

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
    sources: AddressSet | None
    """Of the node subnet; ``None``: not known."""
    addresses: AddressSet | None
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


Condition = Callable[[FirewallRule, Traffic], int]


def matches(kind: str, rule: FirewallRule, traffic: Traffic) -> int:
    """Tell whether a ``network`` or ``application`` rule matches the traffic."""
    conditions: tuple[Condition, ...]
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
    found, unread = _addresses(rule.sources, rule.source_groups, traffic.groups)
    if traffic.sources is None:
        return YES if found.covers(EVERYTHING) else MAYBE
    return max(_share(found, traffic.sources), MAYBE if unread else NO)


def _addresses(texts: tuple[str, ...], group_ids: Iterable[str], groups: Groups) -> tuple[AddressSet, bool]:
    """The addresses of a rule and its IP groups, and whether some could not be read."""
    unread = False
    for group_id in group_ids:
        members = groups.get(key_of(group_id))
        if isinstance(members, tuple):
            texts += members
        else:
            unread = True
    return addresses_of(texts), unread


# Sets are made once for many node pools and hosts: there may be thousands of rules.
@lru_cache(maxsize=65536)
def addresses_of(texts: tuple[str, ...]) -> AddressSet:
    """Join addresses, prefixes and ranges; ``*`` is every address. Tags, names and IPv6 are left out."""
    return EVERYTHING if "*" in texts else address_set(texts)


@lru_cache(maxsize=65536)
def _share(found: AddressSet, wanted: AddressSet) -> int:
    """Whether all that is wanted is there, some of it, or nothing."""
    if not wanted.spans:
        return MAYBE
    if found.covers(wanted):
        return YES
    return MAYBE if found.overlaps(wanted) else NO


# --- network rules ---------------------------------------------------------------------------


def _network_protocol(rule: FirewallRule, _: Traffic) -> int:
    return YES if not rule.protocols or {each.lower() for each in rule.protocols} & {"tcp", "any"} else NO


def _ports(rule: FirewallRule, _: Traffic) -> int:
    return YES if not rule.ports or any(map(_has_port, rule.ports)) else NO


def _has_port(text: str) -> bool:
    first, _, last = text.strip().partition("-")
    return first == "*" or (first.isdecimal() and int(first) <= PORT <= int(last if last.isdecimal() else first))


def _destinations(rule: FirewallRule, traffic: Traffic) -> int:
    if not rule.destinations and not rule.destination_groups and not rule.fqdns:
        return YES
    found, unread = _addresses(rule.destinations, rule.destination_groups, traffic.groups)
    return max(
        _share(found, PUBLIC if traffic.addresses is None else traffic.addresses),
        MAYBE if unread else NO,
        max((_tag(each, traffic) for each in rule.destinations if each[:1].isalpha()), default=NO),
        max((_resolved(each, traffic) for each in rule.fqdns), default=NO),
    )


def _tag(text: str, traffic: Traffic) -> int:
    """A service tag, with or without a region (``AzureContainerRegistry.WestEurope``)."""
    name, region = tag_of(text)
    if traffic.addresses is not None:
        return NO
    if name == "internet":
        return MAYBE  # not documented for Azure Firewall
    if name not in (traffic.service, AZURE_CLOUD):
        return NO
    if not region:
        return YES
    if region not in traffic.regions:
        return NO if traffic.all_regions and (is_known(region) or name != AZURE_CLOUD) else MAYBE
    return YES if traffic.all_regions and traffic.regions == {region} else MAYBE


def _resolved(name: str, traffic: Traffic) -> int:
    """A name in a network rule, which stands for what the firewall resolves it to; no ``*`` is taken there."""
    if traffic.host.startswith("*"):
        return _of_many(name, traffic.host)
    return traffic.named_by_dns if name.lower().rstrip(".") == traffic.host else NO


# --- application rules -----------------------------------------------------------------------


def _application_protocol(rule: FirewallRule, _: Traffic) -> int:
    return YES if not rule.protocols or any(_is_https(each) for each in rule.protocols) else NO


def _is_https(text: str) -> bool:
    name, _, port = text.lower().partition(":")
    return name == "https" and (port or str(PORT)) == str(PORT)


def _confined(rule: FirewallRule, traffic: Traffic) -> int:
    """``destinationAddresses`` narrow an application rule; they are rarely used."""
    if not rule.destinations:
        return YES
    return _share(addresses_of(rule.destinations), PUBLIC if traffic.addresses is None else traffic.addresses)


def _targets(rule: FirewallRule, traffic: Traffic) -> int:
    return max(
        _named(rule.fqdns, traffic.host),
        max((_fqdn_tag(each, traffic) for each in rule.fqdn_tags), default=NO),
        max((_url(each, traffic) for each in rule.target_urls), default=NO),
        MAYBE if any(each.lower() in _LIKELY_CATEGORIES for each in rule.web_categories) else NO,
    )


@lru_cache(maxsize=65536)
def _named(patterns: tuple[str, ...], host: str) -> int:
    wanted = [pattern.lower().rstrip(".") for pattern in patterns]
    if any(wildcards.matches(each, host) for each in wanted):
        return YES
    return max((_of_many(each, host) for each in wanted), default=NO)


def _of_many(name: str, host: str) -> int:
    """Whether one of the many hosts that a ``host`` like ``*.blob...`` stands for may be meant.

    Registries keep layers in Microsoft's own accounts (``weumanaged15.blob.core.windows.net`` is one that pull
    errors show); any other account that a rule names is a customer's.
    """
    label, _, rest = name.lower().partition(".")
    return MAYBE if host == f"*.{rest}" and ("managed" in label or "*" in label) else NO


def _fqdn_tag(tag: str, traffic: Traffic) -> int:
    name = tag.lower()
    if name in _TAGS or name.startswith("office365"):
        return NO
    return NO if name in _TAGS_WITH_STORAGE and not traffic.host.startswith("*") else MAYBE


def _url(url: str, traffic: Traffic) -> int:
    """A URL applies where the firewall opens TLS, and to some paths of the host."""
    host = url.partition("://")[2].partition("/")[0] or url.partition("/")[0]
    return MAYBE if _named((host,), traffic.host) else NO
