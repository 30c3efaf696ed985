"""Private DNS zones with their links and records, zone groups of private endpoints, and DNS forwarding rules.

Whoever keeps an old answer, such as the resolver of a node, does so for an hour at most
(https://learn.microsoft.com/azure/aks/localdns-custom): pods whose nodes did not resolve a name that is repaired report
what was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import group_of, key_of, name_of, same_id, subscription_of
from ...facts import (
    Facts,
    Forwarding,
    ForwardingRule,
    ForwardingRuleset,
    Network,
    PrivateEndpoint,
    PrivateZone,
    Registry,
    Unreadable,
    ZoneLink,
    ZoneSearch,
)
from ...path.dns.zones import label_in, private_name, zones_of
from ...path.endpoints import addresses_for, own_hosts
from ...pull_errors.symptoms import FailedPull, pool_of
from ...repairs import Effect, UntoldError
from .._common import each
from ..workloads import pulled_where
from ._parts import in_network


def _answered_anew(effect: Effect) -> Effect:
    """An effect by which ``hosts`` resolve for nodes of ``pools``: pods there that did not resolve them are gone."""

    def both(values: Mapping[str, Any], facts: Facts) -> Facts:
        pools, hosts = values["pools"], [host.lower() for host in values["hosts"]]

        def unanswered(pull: FailedPull) -> bool:
            here = pool_of(pull.container.node, facts) in (None, *pools)
            return here and pull.symptom_class == "dns-failure" and (pull.error.host or "").lower() in hosts

        return pulled_where(effect(values, facts), unanswered)

    return both


# --- zones and links ---------------------------------------------------------------------


def zone_made(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az network private-dns zone create``: an empty zone that is linked nowhere."""
    network, registry = facts.network, facts.registry
    if not isinstance(network, Network) or not isinstance(registry, Registry):
        return facts
    search = network.zones
    if not isinstance(search, ZoneSearch) or any(same_id(zone.id, values["zone_id"]) for zone in search.zones):
        return facts
    empty = PrivateZone(values["zone_id"], values["zone"].lower(), (), {})
    made = replace(empty, records=dict.fromkeys(_labels(empty, registry, network)))
    return replace(facts, network=replace(network, zones=replace(search, zones=(*search.zones, made))))


def _labels(zone: PrivateZone, registry: Registry, network: Network) -> Mapping[str, str]:
    """The labels of the registry's names under ``privatelink`` that fall in a zone, each with its host."""
    hosts = own_hosts(registry, network.endpoints, network.replications)
    names = {private_name(registry, host): host for host in hosts}
    return {label_in(zone, name): host for name, host in names.items() if zones_of((zone,), name)}


def _in_zone(network: Network, zone_id: str, change: Callable[[PrivateZone], PrivateZone]) -> Network:
    """The network with one zone changed. Raises :class:`UntoldError` where that zone was not seen."""
    search = network.zones
    if not isinstance(search, ZoneSearch) or not any(same_id(zone.id, zone_id) for zone in search.zones):
        raise UntoldError("The private DNS zone could not be read, and so nobody can tell which records it has.")
    zones = tuple(change(zone) if same_id(zone.id, zone_id) else zone for zone in search.zones)
    return replace(network, zones=replace(search, zones=zones))


@_answered_anew
@in_network
def zone_linked(values: Mapping[str, Any], network: Network) -> Network:
    """``az network private-dns link vnet create``: ``zone_id`` answers in network ``network_id``, without fallback.

    Raises :class:`UntoldError` where its other links could not be read.
    """
    link = ZoneLink(
        id=f"{values['zone_id']}/virtualNetworkLinks/{values['link']}",
        name=values["link"],
        network_id=values["network_id"],
        falls_back=False,
        state="Completed",
    )

    def linked(zone: PrivateZone) -> PrivateZone:
        if isinstance(zone.links, Unreadable):
            raise UntoldError("To which networks the private DNS zone is linked could not be read.")
        return replace(zone, links=(*zone.links, link))

    return _in_zone(network, values["zone_id"], linked)


# --- records -----------------------------------------------------------------------------


@_answered_anew
def zone_group_made(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az network private-endpoint dns-zone-group create``: the endpoint keeps its records in zone ``zone_id``.

    They are those of the login server and of each data endpoint, with the endpoint's own addresses. Raises
    :class:`UntoldError` where these could not be read.
    """
    network, registry = facts.network, facts.registry
    if not isinstance(network, Network) or not isinstance(registry, Registry):
        return facts
    endpoint = _endpoint(network, values["endpoint_id"])
    if endpoint is None or isinstance(endpoint.addresses, Unreadable):
        raise UntoldError("The addresses of the private endpoint, which its records get, could not be read.")

    def kept(zone: PrivateZone) -> PrivateZone:
        hosts = _labels(zone, registry, network)
        found = {label: addresses_for(endpoint, registry, host) for label, host in hosts.items()}
        return replace(zone, records={**zone.records, **{label: held for label, held in found.items() if held}})

    def keeps(one: PrivateEndpoint) -> PrivateEndpoint:
        if one is not endpoint or isinstance(one.zone_ids, Unreadable):
            return one
        return replace(one, zone_ids=(*one.zone_ids, values["zone_id"]))

    with_records = _in_zone(network, values["zone_id"], kept)
    return replace(facts, network=replace(with_records, endpoints=each(network.endpoints, keeps)))


def _endpoint(network: Network, endpoint_id: str) -> PrivateEndpoint | None:
    endpoints = () if isinstance(network.endpoints, Unreadable) else network.endpoints
    return next((one for one in endpoints if one.id and same_id(one.id, endpoint_id)), None)


@_answered_anew
@in_network
def record_added(values: Mapping[str, Any], network: Network) -> Network:
    """``az network private-dns record-set a add-record``: A record ``name`` has ``address`` as well."""

    def added(zone: PrivateZone) -> PrivateZone:
        held = zone.records.get(values["name"])
        if isinstance(held, Unreadable):
            return zone
        return replace(zone, records={**zone.records, values["name"]: (*(held or ()), values["address"])})

    return _in_zone(network, values["zone_id"], added)


@_answered_anew
@in_network
def record_set(values: Mapping[str, Any], network: Network) -> Network:
    """``az network private-dns record-set a update``: A record ``name`` has its right addresses and no others."""
    right = (*values["kept"], values["add"]) if values["add"] else values["kept"]
    return _in_zone(
        network,
        values["zone_id"],
        lambda zone: replace(zone, records={**zone.records, values["name"]: tuple(right)}),
    )


# --- forwarding --------------------------------------------------------------------------


def _rule_changed(prefix: str, change: Callable[[Mapping[str, Any], ForwardingRule], ForwardingRule]) -> Effect:
    """Change a forwarding rule wherever its ruleset is linked; details whose names begin so say which it is."""

    @_answered_anew
    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        forwarding = network.forwarding
        if not isinstance(forwarding, Forwarding):
            return network
        rule_name, ruleset = values[f"{prefix}rule"].lower(), values[f"{prefix}ruleset"]
        place = values[f"{prefix}ruleset_subscription"], values[f"{prefix}ruleset_resource_group"], ruleset

        def of_rule(rule: ForwardingRule) -> ForwardingRule:
            return change(values, rule) if rule.name.lower() == rule_name else rule

        def of_ruleset(one: ForwardingRuleset) -> ForwardingRuleset:
            here = subscription_of(one.id), group_of(one.id), name_of(one.id)
            same = tuple(map(_folded, here)) == tuple(map(_folded, place))
            return replace(one, rules=each(one.rules, of_rule)) if same else one

        linked = {
            key_of(network_id): replace(found, rulesets=tuple(map(of_ruleset, found.rulesets)))
            for network_id, found in forwarding.linked.items()
        }
        return replace(network, forwarding=replace(forwarding, linked=linked))

    return effect


def _folded(part: str | None) -> str:
    return (part or "").lower()


rule_enabled = _rule_changed("disabled_", lambda _values, rule: replace(rule, enabled=True))
"""``az dns-resolver forwarding-rule update --forwarding-rule-state Enabled``, of the rule ``disabled_rule``."""

rule_led_aright = _rule_changed("", lambda values, rule: replace(rule, targets=(values["right_server"],)))
"""``az dns-resolver forwarding-rule update --target-dns-servers``: ``rule`` names ``right_server`` alone."""
