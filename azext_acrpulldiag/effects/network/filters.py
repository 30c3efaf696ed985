"""Rules of security groups, Virtual Network Managers and Azure Firewalls, and service endpoints of subnets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import key_of, parent_of, same_id
from ...facts import (
    AdminRule,
    Firewall,
    FirewallRule,
    HubRouting,
    Network,
    RuleCollection,
    SecurityGroup,
    SecurityRule,
    Subnet,
    Unreadable,
)
from ...repairs import Effect
from ._parts import in_network, with_entry

_PORT = "443"


def _rule(name: str, priority: int, direction: str, destinations: tuple[str, ...]) -> SecurityRule:
    return SecurityRule(name, priority, direction, "Allow", "Tcp", ("*",), destinations, ("*",), (_PORT,))


@in_network
def group_allows(values: Mapping[str, Any], network: Network) -> Network:
    """``az network nsg rule create``: a rule of ``security_group`` that lets TCP 443 to ``destinations`` through."""
    made = _rule(values["new_rule"], values["priority"], values["direction"], tuple(values["destinations"]))
    groups = with_entry(
        network.security_groups,
        values["security_group"],
        SecurityGroup,
        lambda group: replace(group, rules=(*group.rules, made)),
    )
    return replace(network, security_groups=groups)


@in_network
def admin_rules_deployed(values: Mapping[str, Any], network: Network) -> Network:
    """A security admin configuration is deployed again, with the rules of ``new_rules``.

    They are in force wherever the rule is that denied, since they are in its collection.
    """
    denial, collection = values["admin_rule"], parent_of(values["admin_rule"])
    made = tuple(
        AdminRule(f"{collection}/rules/{one.new_rule}", _rule(one.new_rule, one.number, "Outbound", (one.destination,)))
        for one in values["new_rules"]
    )
    rules = {
        key: (*found, *made)
        if not isinstance(found, Unreadable) and any(same_id(one.id, denial) for one in found)
        else found
        for key, found in network.managed.admin_rules.items()
    }
    return replace(network, managed=replace(network.managed, admin_rules=rules))


@in_network
def service_endpoint_added(values: Mapping[str, Any], network: Network) -> Network:
    """``az network vnet subnet update --service-endpoints``: ``subnet`` has ``all_service_endpoints``."""
    services = tuple(one.lower() for one in values["all_service_endpoints"])
    subnets = with_entry(
        network.subnets, values["subnet"], Subnet, lambda subnet: replace(subnet, service_endpoints=services)
    )
    return replace(network, subnets=subnets)


# --- Azure Firewalls ---------------------------------------------------------------------


def firewall_allows(kind: str, group: str = "") -> Effect:
    """A rule collection of a firewall, or of the policy that the details ``repair_policy`` name, lets a pull through.

    ``kind`` is ``application``, for the hosts of ``blocked``, or ``network``, for ``destinations``. ``group`` is the
    rule collection group; empty: that of the detail ``repair_group``, or none, where the rules are the firewall's own.
    """

    @in_network
    def effect(values: Mapping[str, Any], network: Network) -> Network:
        name = group or values["repair_group"]
        made = RuleCollection(
            name=f"acr-pull-{values['repair_priority']}",
            kind=kind,
            allows=True,
            rules=(_firewall_rule(kind, values),),
            priority=values["repair_priority"],
            group_id=f"{_policy_id(values)}/ruleCollectionGroups/{name}" if name else None,
        )

        def changed(found: Firewall) -> Firewall:
            if isinstance(found.collections, Unreadable) or not _has(found, made, values["firewall_id"]):
                return found
            return replace(found, collections=_placed(found.collections, made))

        firewalls = {
            key: changed(found) if isinstance(found, Firewall) else found for key, found in network.firewalls.items()
        }
        hubs = {
            key: replace(hub, firewall=changed(hub.firewall))
            if isinstance(hub, HubRouting) and isinstance(hub.firewall, Firewall)
            else hub
            for key, hub in network.hubs.items()
        }
        return replace(network, firewalls=firewalls, hubs=hubs)

    return effect


def _policy_id(values: Mapping[str, Any]) -> str:
    place = f"/subscriptions/{values['repair_policy_subscription']}/resourceGroups/{values['repair_policy_group']}"
    return f"{place}/providers/Microsoft.Network/firewallPolicies/{values['repair_policy']}"


def _firewall_rule(kind: str, values: Mapping[str, Any]) -> FirewallRule:
    by_name = kind == "application"
    return FirewallRule(
        name="acr-pull",
        sources=tuple(values["sources"]),
        source_groups=(),
        destinations=() if by_name else tuple(values["destinations"]),
        destination_groups=(),
        fqdns=tuple(values["blocked"]) if by_name else (),
        fqdn_tags=(),
        protocols=("Https:443",) if by_name else ("TCP",),
        ports=() if by_name else (_PORT,),
    )


def _has(firewall: Firewall, made: RuleCollection, firewall_id: str) -> bool:
    """The rules are the firewall's own, or its policy's, or those of a parent that others have too."""
    if same_id(firewall.id, firewall_id):
        return True
    held = () if isinstance(firewall.collections, Unreadable) else firewall.collections
    return made.group_id is not None and any(same_id(one.group_id or "", made.group_id) for one in held)


def _placed(collections: tuple[RuleCollection, ...], made: RuleCollection) -> tuple[RuleCollection, ...]:
    """In the order of processing: among those of its kind in its group by priority; last of its kind in a new group."""
    own = [at for at, one in enumerate(collections) if _is_beside(one, made)]
    later = [at for at in own if collections[at].priority > made.priority]
    by_name = [at for at, one in enumerate(collections) if made.kind == "network" and one.kind == "application"]
    at = next(iter((*later, *(each + 1 for each in own[-1:]), *by_name)), len(collections))
    return (*collections[:at], made, *collections[at:])


def _is_beside(one: RuleCollection, made: RuleCollection) -> bool:
    return one.kind == made.kind and key_of(one.group_id or "") == key_of(made.group_id or "")
