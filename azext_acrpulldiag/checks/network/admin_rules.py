"""Checks on the path to the registry: do security admin rules of a Virtual Network Manager allow the nodes' traffic?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count

from ...arm_ids import network_id_of
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects._common import prepares
from ...effects.network.filters import admin_rules_deployed
from ...facts import AdminRule, Facts, Network, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import OK, Walk, unmet, walks
from ...path.filters.admin_rules import BLOCKS, KIND, AdminDenial, free_number
from ...path.lookups import subnet_of
from ...path.managers import on_network
from ...pull_errors.symptoms import symptoms_of
from ...repairs import Step, option
from ._findings import OnPath, Unless, finding_of, ignorance, met_hops, outcome_of

_UNDOCUMENTED = (
    " Whether such a rule holds for traffic to a private endpoint is not documented; that pods' connections time out "
    "speaks for it."
)


@dataclass(frozen=True)
class NewAdminRule(Details):
    """A security admin rule that hands the nodes' traffic on to the security groups."""

    destination: str
    kind: str
    """``ServiceTag`` or ``IPPrefix``."""
    number: int | None
    """``None``: no number before the rule that denies is free."""
    new_rule: str


@dataclass(frozen=True)
class NewAdminRules(Details):
    """The rules to add beside the one that denies."""

    new_rules: tuple[NewAdminRule, ...] = internal()

    @classmethod
    def beside(cls, denial: AdminDenial) -> NewAdminRules:
        """One for each destination, each with a number of its own."""
        rules: list[NewAdminRule] = []
        for destination in denial.destinations:
            taken = (*denial.taken, *(each.number for each in rules if each.number is not None))
            is_tag = not destination[0].isdigit()
            number = free_number(taken, denial.rule_priority)
            name = _unused(
                f"Allow{destination}" if is_tag else "AllowRegistryEndpoint",
                {*denial.names, *(each.new_rule.lower() for each in rules)},
            )
            rules.append(NewAdminRule(destination, "ServiceTag" if is_tag else "IPPrefix", number, name))
        return cls(tuple(rules))


def _unused(name: str, taken: Collection[str]) -> str:
    return next(
        each for each in chain((name,), (f"{name}{number}" for number in count(2))) if each.lower() not in taken
    )


ADMIN_RULE_BLOCKS = Outcome(
    id=BLOCKS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} cannot reach {hosts}: security admin rule {rule} (priority {rule_priority}) of "
    "Virtual Network Manager {manager} denies TCP 443 from network {network_name} to {destinations}, whatever its "
    "security groups allow.{unless}",
    url="https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins",
    details=(OnPath, AdminDenial, NewAdminRules, Unless),
    repairs=(
        option(
            Step(
                "Have the owner of Virtual Network Manager {manager} add a rule with a lower number that leaves TCP "
                "443 to {destination} to the security groups: {number} is free (the command is in the extension "
                "virtual-network-manager)",
                "az network manager security-admin-config rule-collection rule create --network-manager-name {manager} "
                "--resource-group {manager_group} --subscription {manager_subscription} --configuration-name "
                "{configuration} --rule-collection-name {collection} --rule-name {new_rule} --kind Custom --protocol "
                "Tcp --access Allow --priority {number} --direction Outbound --sources address-prefix-type=IPPrefix "
                "address-prefix='*' --destinations address-prefix-type={kind} address-prefix={destination} "
                "--dest-port-ranges 443",
                each="new_rules",
                instead="No number before rule {rule} is free: have the owner of Virtual Network Manager {manager} "
                "give that rule a higher one, and allow TCP 443 to {destination} before it",
                requires=("Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules/write",),
                changes="leaves TCP 443 to every address of {destination} to the security groups, in all networks that "
                "rule collection {collection} applies to",
                effect=prepares,
            ),
            Step(
                "Then have configuration {configuration} deployed again to the network's region: a changed rule takes "
                "effect only then. A deployment takes away what it does not name, so it has to name every security "
                "admin configuration that is deployed there "
                "(https://learn.microsoft.com/azure/virtual-network-manager/concept-deployments)",
                effect=admin_rules_deployed,
            ),
        ),
        Step(
            "Or have the owner change rule {rule}, whose destinations are {rule_destinations}, or take network "
            "{network_name} out of the network groups that it applies to, and deploy again"
        ),
    ),
    explains=("timeout-network", "blob-download"),
)


@check("network.admin-rules", needs=("registry", "network", "cluster", "kubernetes"), outcomes=(ADMIN_RULE_BLOCKS,))
def admin_rules_let_the_nodes_reach_the_registry(facts: Facts) -> Iterator[Finding]:
    """No security admin rule of a Virtual Network Manager denies the nodes TCP 443 to the registry.

    Such rules hold for all of a virtual network, and are asked before its network security groups:
    whatever those allow, traffic that a security admin rule denies ends as an i/o timeout.

    Decided from the security admin rules that are in force on the nodes' networks, the lowest number
    first, for the service tag AzureContainerRegistry, and Storage for layers where there is no dedicated
    data endpoint. What is not known of a rule is handled as in security groups: the public addresses of
    a registry, and who is in a network group. Where several managers have rules about the registry that
    differ, it is unknown which comes first. Whether these rules hold for traffic to a private endpoint
    is not documented, so a rule that denies it is reported only where pods report that connections time
    out; otherwise it is unknown. Rules that could not be read leave the verdict open where the login
    sees a Virtual Network Manager that could have made some, or where pods fail.

    Source: https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
    """
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The nodes' network was not read.")
        return
    network = known(facts.network)
    found = walks(facts)
    governed = [walk for walk in found if network is not None and _rules_of(network, walk) != ()]
    nowhere = governed and all(walk.destination is None for walk in governed)
    reason = unmet(found, "It is not known what the registry's names resolve to." if nowhere else "")
    if reason:
        yield skipped(facts.targets.cluster.id, reason)
        return
    yield from _unplaced(facts, governed)
    for met in met_hops(facts, {BLOCKS}, {KIND}):
        denial = next((each for each in met.hop.details if isinstance(each, AdminDenial)), None)
        if denial is None or outcome_of(facts, met, {BLOCKS: ADMIN_RULE_BLOCKS}) is None:
            yield ignorance(facts, met)
        else:
            caveat = Unless(_UNDOCUMENTED if met.hop.outcome is None else "")
            yield finding_of(facts, met, ADMIN_RULE_BLOCKS, NewAdminRules.beside(denial), caveat)
    yield from _unread(facts)


def _rules_of(network: Network, walk: Walk) -> tuple[AdminRule, ...] | Unreadable:
    """The security admin rules of the network that a way begins in; why that is not known stands for them, too."""
    subnet_id = walk.place.subnet_id
    if isinstance(subnet_id, Unreadable):
        return subnet_id
    return on_network(network.managed.admin_rules, network_id_of(subnet_id))


def _unplaced(facts: Facts, governed: Iterable[Walk]) -> Iterator[Finding]:
    """Nodes whose subnet could not be read, so that it is not known which of the rules they meet."""
    network = known(facts.network)
    found = [subnet_of(network, walk.place) for walk in governed] if network is not None else []
    for why in dict.fromkeys(each for each in found if isinstance(each, Unreadable)):
        yield unknown(facts.targets.cluster.id, why)


def _unread(facts: Facts) -> Iterator[Finding]:
    """Rules that could not be read, and no manager in sight that could have made any: no preflight is left open."""
    unread = {
        (hop.resource_id or facts.targets.cluster.id, hop.unread): None
        for walk in walks(facts)
        for hop in walk.hops
        if hop.kind == KIND and hop.state == OK and hop.unread is not None
    }
    for resource_id, why in unread:
        yield unknown(resource_id, why, decisive=None if symptoms_of(facts)[0] else False)
