"""Checks on the way to the registry: do network security groups let the nodes through?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import Any

from ...catalogue import Outcome, RemedyTemplate, check, skipped
from ...facts import Facts, Network, SecurityGroup, known
from ...model import Confidence, Finding, Remedy, Severity
from ...path import Hop, unmet, walks
from ...path.filters.security_groups import BLOCKS, free_priority
from ...quoting import fill_command
from ._findings import WAY_KEYS, findings_of

KIND = "security-group"

ALLOW = RemedyTemplate(
    "Allow TCP 443 to {destinations} before that rule: priority {priority} is free",
    "az network nsg rule create --resource-group {resource_group} --subscription {subscription} "
    "--nsg-name {group_name} --name {new_rule} --priority {priority} --direction {direction} --access Allow "
    "--protocol Tcp --source-address-prefixes '*' --destination-address-prefixes {destinations} "
    "--destination-port-ranges 443",
)

NSG_BLOCKS = Outcome(
    id=BLOCKS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} may not reach {hosts}: rule {rule} (priority {rule_priority}) of network security "
    "group {group_name} on their {attached_to} denies TCP 443 to {destinations}.",
    url="https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview",
    evidence_keys=(
        *WAY_KEYS,
        "security_group",
        "group_name",
        "resource_group",
        "subscription",
        "attached_to",
        "direction",
        "rule",
        "rule_priority",
        "rule_destinations",
        "destinations",
        "priority",
        "new_rule",
    ),
    remedies=(
        ALLOW,
        RemedyTemplate(
            "Or change rule {rule}, whose destinations are {rule_destinations}, if nothing else depends on it "
            "(https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules)"
        ),
    ),
    explains=("timeout-network", "blob-download"),
)


@check("network.security-groups", needs=("registry", "network", "cluster"), outcomes=(NSG_BLOCKS,))
def security_groups_let_the_nodes_reach_the_registry(facts: Facts) -> Iterator[Finding]:
    """The network security groups of the node subnets and interfaces allow TCP 443 to the registry.

    Nodes open connections to the registry's private endpoint, or to its public side: the service
    tag AzureContainerRegistry, and Storage for layers where there is no dedicated data endpoint.
    What a group drops ends as an i/o timeout. The subnet's group and the interface's both have to
    allow it; in each the rule with the lowest priority number that matches decides. So does the
    group on a private endpoint's own subnet, where that subnet's network policies are on.

    Decided from the groups' rules, Azure's default ones among them. The public addresses of a
    registry are not known, so a rule for an address range may match, as may one for an
    application security group, or for a part of the nodes' subnet: where such rules do not all say
    the same as the first rule that certainly matches, it is unknown. Where a route sends everything
    to an appliance, the tag VirtualNetwork may hold every address, and then Internet none.

    Sources: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
    https://learn.microsoft.com/azure/virtual-network/service-tags-overview,
    https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy,
    https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules
    """
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The network of the nodes was not asked for.")
        return
    network, found = known(facts.network), walks(facts)
    if not any(hop.kind == KIND for walk in found for hop in walk.hops):
        none = "As far as the way is known, it passes no network security group."
        yield skipped(facts.targets.cluster.id, unmet(found, none))
        return
    broken = [(walk.place.pools, hop) for walk in found for hop in walk.hops if hop.outcome == BLOCKS]
    outcomes = {NSG_BLOCKS.id: replace(NSG_BLOCKS, remedies=NSG_BLOCKS.remedies[1:])}
    for finding in findings_of(facts, outcomes, {KIND}):
        if finding.outcome is None:
            yield finding
        else:
            same = [
                hop
                for pools, hop in broken
                if list(pools) == finding.evidence["pools"]
                and hop.resource_id == finding.evidence["security_group"]
                and hop.evidence["direction"] == finding.evidence["direction"]
            ]
            yield _whole(finding, same, network)


def _whole(finding: Finding, hops: list[Hop], network: Network) -> Finding:
    """One finding for all hosts that one group bars, with a rule for each destination."""
    group = network.security_groups.get(str(finding.evidence["security_group"]).lower())
    rules = list(_new_rules(hops, group if isinstance(group, SecurityGroup) else None))
    everything = list(dict.fromkeys(each for rule in rules for each in rule["destinations"]))
    summary_of = {**finding.evidence, "destinations": everything, "priority": rules[0]["priority"]}
    whole = NSG_BLOCKS.at(finding.resource, hop=finding.hop, **{**summary_of, "new_rule": rules[0]["new_rule"]})
    repairs = (_repair({**finding.evidence, **rule}) for rule in rules)
    return replace(whole, remedies=(*repairs, *finding.remedies))


def _new_rules(hops: list[Hop], group: SecurityGroup | None) -> Iterator[dict[str, Any]]:
    """The rules to add: one for all addresses, and one for each service tag (a rule can have a single one)."""
    destinations = dict.fromkeys(tuple(hop.evidence["destinations"]) for hop in hops)
    tags = [each for each in destinations if not each[0][0].isdigit()]
    addresses = [address for each in destinations if each[0][0].isdigit() for address in each]
    before = min((hop.evidence["priority"] for hop in hops if hop.evidence["priority"] is not None), default=None)
    for wanted in (*tags, *([tuple(dict.fromkeys(addresses))] if addresses else ())):
        name = f"Allow{wanted[0]}" if wanted in tags else "AllowRegistryEndpoint"
        yield {"destinations": list(wanted), "priority": before, "new_rule": _unused(name, group)}
        if before is not None and group is not None:
            before = free_priority(group, before, hops[0].evidence["direction"])


def _unused(name: str, group: SecurityGroup | None) -> str:
    """A name that no rule has: creating one that exists replaces it."""
    taken = {rule.name.lower() for rule in group.rules} if group else set()
    return next(
        each for each in chain((name,), (f"{name}{number}" for number in count(2))) if each.lower() not in taken
    )


def _repair(values: Mapping[str, Any]) -> Remedy:
    if values["priority"] is None:
        return Remedy(
            f"No priority before rule {values['rule']} is free: move that rule to a higher number, then allow TCP 443 "
            f"to {', '.join(values['destinations'])} before it"
        )
    description = ALLOW.description.format(destinations=", ".join(values["destinations"]), priority=values["priority"])
    return Remedy(description, fill_command(ALLOW.command or "", values))
