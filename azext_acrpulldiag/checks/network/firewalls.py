"""Checks on the path to the registry: do the firewalls that traffic is routed through allow a pull?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalogue import Outcome, check, skipped
from ...effects._common import prepares
from ...effects.network.filters import firewall_allows
from ...facts import Facts
from ...model import Finding, Severity
from ...path import unmet, walks
from ...path.filters.firewall import OUTCOME, Blocked
from ...repairs import Step, option
from ._findings import OnPath, findings_of

KINDS = frozenset(("firewall", "appliance"))
EXTENSION = "The command is in the azure-firewall extension, which az offers to install"

_CLASSIC = "--firewall-name {firewall} --resource-group {firewall_group} --subscription {firewall_subscription} "
_POLICY = (
    "--policy-name {repair_policy} --resource-group {repair_policy_group} --subscription {repair_policy_subscription} "
)
_COLLECTION = "az network firewall policy rule-collection-group collection add-filter-collection "
_IN_GROUP = "--rule-collection-group-name {repair_group} "
_NEW_GROUP = "acr-pull"
_IN_NEW_GROUP = f"--rule-collection-group-name {_NEW_GROUP} "
_NAMED = "--name acr-pull-{repair_priority} --collection-priority {repair_priority} --action Allow "
_BY_NAME = (
    "--rule-name acr-pull --rule-type ApplicationRule --source-addresses {sources} "
    "--protocols Https=443 --target-fqdns {blocked}"
)
_BY_ADDRESS = (
    "--rule-name acr-pull --rule-type NetworkRule --source-addresses {sources} --ip-protocols TCP "
    "--destination-addresses {destinations} --destination-ports 443"
)

_CHANGE_CLASSIC = ("Microsoft.Network/azureFirewalls/write",)
_CHANGE_GROUP = ("Microsoft.Network/firewallPolicies/ruleCollectionGroups/write",)
_LET_BY_NAME = "Allow {blocked} from the node subnet with an application rule "
_LET_BY_ADDRESS = "Allow {destinations} from the node subnet with a network rule "
_NOT_ASKED = ", which denies it: application rules are not processed once a network rule matches"
_OPENS_NAMES = "allows {blocked}; *.blob.core.windows.net, if listed, covers every Azure storage account"
_OPENS_ADDRESSES = (
    "allows TCP 443 to {destinations}; a service tag (AzureContainerRegistry, Storage), if listed, covers every "
    "registry or storage account in it"
)


def _by_name(words: str, command: str, requires: tuple[str, ...], when: str = "", group: str = "") -> Step:
    """An application rule that allows the registry; in words where no number is free for it, or no subnet is known."""
    effect = firewall_allows("application", group)
    return Step(f"{words}. {EXTENSION}", command, when, "", words, requires, _OPENS_NAMES, effect)


def _by_address(words: str, command: str, requires: tuple[str, ...], when: str) -> Step:
    """A network rule, likewise."""
    effect = firewall_allows("network")
    return Step(f"{words}. {EXTENSION}", command, when, "", words, requires, _OPENS_ADDRESSES, effect)


_CLASSIC_BY_NAME = _by_name(
    _LET_BY_NAME + "of firewall {firewall}, before any rule that denies it",
    "az network firewall application-rule create " + _CLASSIC + "--collection-name acr-pull-{repair_priority} "
    "--name acr-pull --priority {repair_priority} --action Allow --source-addresses {sources} "
    "--protocols Https=443 --target-fqdns {blocked}",
    _CHANGE_CLASSIC,
    when="classic_by_name",
)
_CLASSIC_BY_ADDRESS = _by_address(
    _LET_BY_ADDRESS + "of firewall {firewall} before {rule}" + _NOT_ASKED,
    "az network firewall network-rule create " + _CLASSIC + "--collection-name acr-pull-{repair_priority} "
    "--name acr-pull --priority {repair_priority} --action Allow --source-addresses {sources} "
    "--protocols TCP --destination-addresses {destinations} --destination-ports 443",
    _CHANGE_CLASSIC,
    when="classic_by_address",
)
_POLICY_BY_NAME = _by_name(
    _LET_BY_NAME
    + "in rule collection group {repair_group} of firewall policy {repair_policy}, before any rule that denies it",
    _COLLECTION + _POLICY + _IN_GROUP + _NAMED + _BY_NAME,
    _CHANGE_GROUP,
    when="policy_by_name",
)
_POLICY_BY_ADDRESS = _by_address(
    _LET_BY_ADDRESS
    + "in rule collection group {repair_group} of firewall policy {repair_policy} before {rule}"
    + _NOT_ASKED,
    _COLLECTION + _POLICY + _IN_GROUP + _NAMED + _BY_ADDRESS,
    _CHANGE_GROUP,
    when="policy_by_address",
)
_IN_EMPTY_POLICY = option(
    Step(
        "Firewall policy {repair_policy} has no rules of its own: first create a rule collection group in it. "
        + EXTENSION,
        "az network firewall policy rule-collection-group create --name acr-pull " + _POLICY + "--priority 1000",
        requires=_CHANGE_GROUP,
        effect=prepares,
    ),
    _by_name(
        "Then allow {blocked} from the node subnet with an application rule in that group",
        _COLLECTION + _POLICY + _IN_NEW_GROUP + _NAMED + _BY_NAME,
        _CHANGE_GROUP,
        group=_NEW_GROUP,
    ),
    when="has_empty_policy",
)
_ASK = Step(
    "Ask the administrators of {firewall} whether it allows TCP 443 from the node subnet to {blocked}. "
    "`az aks check-acr` tests the connection from a node",
    when="is_foreign",
)

FIREWALL_BLOCKS = Outcome(
    id=OUTCOME,
    severity=Severity.ERROR,
    summary="Traffic from the nodes of {pools} to {blocked} goes through {reason}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules",
    details=(OnPath, Blocked),
    repairs=(_CLASSIC_BY_NAME, _CLASSIC_BY_ADDRESS, _POLICY_BY_NAME, _POLICY_BY_ADDRESS, _IN_EMPTY_POLICY, _ASK),
    explains=("timeout-network", "blob-download", "registry.check-acr-failed"),
    explains_when={"timeout-network": "beyond_layers"},
    article="4.2",
)


@check("network.firewall", needs=("registry", "network", "cluster"), outcomes=(FIREWALL_BLOCKS,))
def firewalls_let_the_registry_through(facts: Facts) -> Iterator[Finding]:
    """Every firewall on the path allows HTTPS to the registry.

    An Azure Firewall denies what no rule allows. A pull needs the login server, and for the layers
    each data endpoint, or ``*.blob.core.windows.net`` where the registry has no dedicated data
    endpoints. If only the login server is allowed, manifests are pulled and layers fail. A denied
    connection shows as ``EOF``, a connection reset or a timeout.

    Decided for every firewall that is the next hop of a route from a node subnet, from its own rules
    or its policy's. Parent policy before child policy, network rules before application rules, then
    by priority: the first rule that matches decides, by name (with wildcards), service tag or address
    range, port, protocol and source. What no rule matches is denied. The built-in rules allow
    platform services only, and the FQDN tag ``AzureKubernetesService`` has what AKS needs
    (``mcr.microsoft.com``), not your registries. Threat intelligence is not evaluated. Where the
    answer depends on a rule that may or may not apply (part of the subnet, an IP group that could not
    be read, a range of public addresses, a URL, a web category), it is unknown and names that rule. A
    network virtual appliance (NVA) is a warning: its rules cannot be read from Azure.

    Sources: https://learn.microsoft.com/azure/firewall/rule-processing,
    https://learn.microsoft.com/azure/firewall/infrastructure-fqdns,
    https://learn.microsoft.com/azure/firewall/fqdn-tags,
    https://learn.microsoft.com/azure/aks/outbound-rules-control-egress,
    https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules
    """
    yield from findings_of(facts, {OUTCOME: FIREWALL_BLOCKS}, KINDS)
    if not any(hop.kind in KINDS for walk in walks(facts) for hop in walk.hops):
        none = "As far as the path is known, no route has a firewall as its next hop."
        yield skipped(facts.targets.cluster.id, unmet(walks(facts), none))
