"""Checks on the path to the registry: do network security groups allow the nodes' traffic?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count

from ...arm_ids import network_id_of
from ...catalogue import Outcome, check, skipped
from ...details import Details, internal
from ...effects.network.filters import group_allows
from ...facts import Facts, Network, SecurityGroup, known
from ...model import Confidence, Finding, Severity
from ...path import Hop, unmet, walks
from ...path.filters.security_groups import BLOCKS, OUT, Barred, Denial, free_priority
from ...path.managers import SECURITY, unless
from ...repairs import Step
from ._findings import Met, OnPath, Unless, finding_of, ignorance, met_hops, outcome_of

KIND = "security-group"


@dataclass(frozen=True)
class NewRule(Details):
    """A rule that allows the nodes' traffic."""

    destinations: tuple[str, ...]
    priority: int | None
    """``None``: no number before the rule that denies is free."""
    new_rule: str


@dataclass(frozen=True)
class NewRules(Details):
    """The rules to add to a group. Beside all destinations, the first rule's members are in the evidence."""

    destinations: tuple[str, ...]
    priority: int | None
    new_rule: str
    rules: tuple[NewRule, ...] = internal()

    @classmethod
    def into(cls, denial: Denial) -> NewRules:
        """What to add to the group that denies."""
        rules = tuple(_new_rules(denial))
        everything = tuple(dict.fromkeys(each for rule in rules for each in rule.destinations))
        return cls(everything, rules[0].priority, rules[0].new_rule, rules)


NSG_BLOCKS = Outcome(
    id=BLOCKS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} cannot reach {hosts}: rule {rule} (priority {rule_priority}) of network security "
    "group {group_name} on their {attached_to} denies TCP 443 to {destinations}.{unless}",
    url="https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview",
    details=(OnPath, Denial, NewRules, Unless),
    repairs=(
        Step(
            "Allow TCP 443 to {destinations} before that rule: priority {priority} is free",
            "az network nsg rule create --resource-group {resource_group} --subscription {subscription} "
            "--nsg-name {group_name} --name {new_rule} --priority {priority} --direction {direction} --access Allow "
            "--protocol Tcp --source-address-prefixes '*' --destination-address-prefixes {destinations} "
            "--destination-port-ranges 443",
            each="rules",
            instead="No priority before rule {rule} is free: move that rule to a higher number, then allow TCP 443 to "
            "{destinations} before it",
            requires=("Microsoft.Network/networkSecurityGroups/securityRules/write",),
            changes="allows TCP 443 to {destinations} from everything that uses the network security group; a service "
            "tag (AzureContainerRegistry, Storage), if listed, covers every registry or storage account in it",
            effect=group_allows,
        ),
        Step(
            "Or change rule {rule}, whose destinations are {rule_destinations}, if nothing else depends on it "
            "(https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules)"
        ),
    ),
    explains=("timeout-network", "blob-download"),
)


@check("network.security-groups", needs=("registry", "network", "cluster", "kubernetes"), outcomes=(NSG_BLOCKS,))
def security_groups_let_the_nodes_reach_the_registry(facts: Facts) -> Iterator[Finding]:
    """The network security groups of the node subnets and network interfaces allow TCP 443 to the registry.

    Nodes connect to the registry's private endpoint, or to its public endpoint: the service tag
    AzureContainerRegistry, and Storage for layers where there is no dedicated data endpoint. Traffic
    that a group denies ends as an i/o timeout. The subnet's group and the network interface's group
    both have to allow it; in each, the matching rule with the lowest priority number decides. So does
    the group on the private endpoint's own subnet, where network policies are enabled there.

    Decided from the groups' rules, including the default rules. The public addresses of a registry are
    not known, so a rule for an address range may match, as may one for an application security group,
    or for part of the node subnet: where such rules differ from the first rule that certainly matches,
    it is unknown. Where a route sends all traffic to a firewall or NVA, the tag VirtualNetwork may
    cover every address, and Internet none. The login server leads to any region that the registry is
    in, which its geo-replications tell, but for those taken out of global routing: rules for the tags
    of single regions decide together.
    cover every address, and Internet none. A security admin rule that always allows the traffic comes
    before: the groups are not asked then. Where it is not known whether one does (such rules could not
    be read, or the registry is reached at a private endpoint), a denial is an error if no Virtual
    Network Manager that could have made one is seen, or if pods report that connections time out;
    otherwise it is unknown.

    Sources: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
    https://learn.microsoft.com/azure/virtual-network/service-tags-overview,
    https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy,
    https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules,
    https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
    """
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The nodes' network was not read.")
        return
    network = known(facts.network)
    found = walks(facts)
    if not any(hop.kind == KIND for walk in found for hop in walk.hops):
        none = "As far as the path is known, it passes no network security group."
        yield skipped(facts.targets.cluster.id, unmet(found, none))
        return
    for met in met_hops(facts, {BLOCKS}, {KIND}, apart=_direction):
        denial = _denial(met.hop)
        if denial is None or outcome_of(facts, met, {BLOCKS: NSG_BLOCKS}) is None:
            yield ignorance(facts, met)
        else:
            yield finding_of(facts, met, NSG_BLOCKS, NewRules.into(denial), _unless_allowed(network, met, denial))


def _unless_allowed(network: Network | None, met: Met, denial: Denial) -> Unless:
    """Security admin rules of the nodes' network come before groups of its own, for what leaves."""
    if network is None or met.subnet is None or denial.direction != OUT:
        return Unless("")
    otherwise = "allows it always, before the group is asked,"
    return Unless(unless(network, SECURITY, network_id_of(met.subnet), otherwise=otherwise))


def _denial(hop: Hop) -> Denial | None:
    return next((each for each in hop.details if isinstance(each, Denial)), None)


def _direction(hop: Hop) -> str | None:
    """One group may bar the nodes' subnet and the endpoint's: a rule for the one does not mend the other."""
    denial = _denial(hop)
    return denial.direction if denial else None


def _new_rules(denial: Denial) -> Iterator[NewRule]:
    used: int | None = None
    for destinations, before in _wanted(denial.barred).items():
        priority = free_priority(denial.group, before if used is None else min(before, used), denial.direction)
        used = used if priority is None else priority
        name = "AllowRegistryEndpoint" if _are_addresses(destinations) else f"Allow{destinations[0]}"
        yield NewRule(destinations, priority, _unused(name, denial.group))


def _wanted(barred: tuple[Barred, ...]) -> dict[tuple[str, ...], int]:
    """The destinations of each rule to add, and what it has to come before.

    All addresses share a rule, and each service tag has its own: a rule can have a single one.
    """
    private = [each.destinations for each in barred if _are_addresses(each.destinations)]
    together = tuple(dict.fromkeys(address for addresses in private for address in addresses))
    wanted: dict[tuple[str, ...], int] = {}
    for each in barred:
        destinations = together if each.destinations in private else each.destinations
        wanted[destinations] = min(each.before, wanted.get(destinations, each.before))
    return wanted


def _are_addresses(destinations: tuple[str, ...]) -> bool:
    return destinations[0][0].isdigit()


def _unused(name: str, group: SecurityGroup) -> str:
    """A name that no rule has: creating one that exists replaces it."""
    taken = {rule.name.lower() for rule in group.rules}
    return next(
        each for each in chain((name,), (f"{name}{number}" for number in count(2))) if each.lower() not in taken
    )
