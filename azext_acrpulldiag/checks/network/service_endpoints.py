"""Checks on service endpoints of the node subnets: for the registry, and for the storage behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...arm_ids import same_id
from ...catalogue import Loose, Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Facts, NetworkRules, Outbound, Registry, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import unmet, walks
from ._findings import WAY_KEYS, findings_of
from ._ip_rules import allow_list

MAX_SUBNET_RULES = 100  # https://learn.microsoft.com/azure/container-registry/container-registry-vnet
_URL = "https://learn.microsoft.com/azure/container-registry/container-registry-vnet"
_KEYS = (
    *WAY_KEYS,
    "registry",
    "resource_group",
    "subscription",
    "subnet_name",
    "network_name",
    "network_resource_group",
    "network_subscription",
    "service_endpoints",
    "all_service_endpoints",
    "subnet_rules",
    "rules",
)
_ADD_RULE = RemedyTemplate(
    "Name the subnet in the registry's firewall. It takes some minutes",
    "az acr network-rule add --name {registry} --resource-group {resource_group} --subscription {subscription} "
    "--subnet {subnet}",
)

SERVICE_ENDPOINT_MISSING = Outcome(
    id="network.service-endpoint-missing",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The firewall of registry {registry} names subnet {subnet_name} of {pools}, but the subnet has no service "
    "endpoint for registries: its traffic arrives with a public address, which no rule allows.",
    url=_URL,
    evidence_keys=(*_KEYS, "addresses"),
    remedies=(
        RemedyTemplate(
            "Give the subnet the service endpoint. The list replaces the one that the subnet has "
            "({service_endpoints}), so what is there is named again; open connections to registries end once",
            "az network vnet subnet update --resource-group {network_resource_group} --subscription "
            "{network_subscription} --vnet-name {network_name} --name {subnet_name} "
            "--service-endpoints {all_service_endpoints}",
        ),
        RemedyTemplate(
            "Or allow every address that the nodes leave by (addresses in the evidence) with "
            "`az acr network-rule add --ip-address`. Service endpoints for registries are a preview that is not "
            "developed further; Azure recommends a private endpoint instead"
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)

SUBNET_NOT_ALLOWED = Outcome(
    id="network.subnet-not-allowed",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="Subnet {subnet_name} of {pools} has a service endpoint for registries, so its traffic reaches registry "
    "{registry} with private addresses, and no subnet rule of the registry's firewall names it; IP rules do not count.",
    url=_URL,
    evidence_keys=_KEYS,
    remedies=(
        _ADD_RULE,
        RemedyTemplate(
            "Or take Microsoft.ContainerRegistry off the subnet's service endpoints, and allow the address that the "
            "nodes then leave by. Azure recommends a private endpoint instead of either"
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)


@check(
    "network.service-endpoint",
    needs=("registry", "network", "cluster", "outbound"),
    outcomes=(SERVICE_ENDPOINT_MISSING, SUBNET_NOT_ALLOWED),
)
def nodes_arrive_as_the_firewall_expects(facts: Facts) -> Iterator[Finding]:
    """The registry's firewall and the node subnets agree on service endpoints.

    A subnet with the service endpoint ``Microsoft.ContainerRegistry`` reaches registries with its
    private addresses: then the firewall must name the subnet, and an IP rule is of no use. Without
    one, traffic arrives with the public address that the nodes leave by: then a rule that names
    the subnet is of no use. Either way round the registry answers 403.

    Decided from the service endpoints of each node subnet and ``virtualNetworkRules``, which only
    preview versions of the API show; where they are not shown, a subnet with the endpoint is
    unknown. A subnet that is named and lacks the endpoint is no fault where IP rules allow every
    address that its nodes leave by. Does not apply where the firewall lets every address in, where
    public access is off, or to nodes that the name leads to a private endpoint.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-vnet
    """
    registry = known(facts.registry)
    reason = _without_rules(registry)
    if reason is not None:
        yield skipped(registry.id, reason)
        return
    if facts.network is None:
        yield skipped(registry.id, "The nodes' network was not read.")
        return
    proxied = unmet(walks(facts), "")
    if proxied:
        yield skipped(registry.id, proxied)
        return
    outcomes = {each.id: each for each in (SERVICE_ENDPOINT_MISSING, SUBNET_NOT_ALLOWED)}
    for finding in findings_of(facts, outcomes, {"service-endpoint"}):
        if finding.outcome == SERVICE_ENDPOINT_MISSING.id:
            yield from _unless_admitted(finding, facts, known(registry.network_rules))
        elif finding.outcome is not None and len(finding.evidence["subnet_rules"]) >= MAX_SUBNET_RULES:
            yield replace(finding, remedies=finding.remedies[1:])
        else:
            yield finding


def _without_rules(registry: Registry) -> str | None:
    """Why the rules of the firewall do not matter; ``None``: they do. Raises where it is not known."""
    rules = known(registry.network_rules)
    if rules is None:
        return f"The SKU of registry {registry.name} has no firewall: it admits every address."
    if known(registry.public_network_access).lower() == "disabled":
        return f"Registry {registry.name} has no public access, so the rules of its firewall are idle."
    if rules.default_action.lower() == "allow":
        return f"The firewall of registry {registry.name} admits every address."
    return None


def _unless_admitted(finding: Finding, facts: Facts, rules: NetworkRules | None) -> Iterator[Finding]:
    """The subnet rule is idle; that does no harm where IP rules admit every address that the nodes leave by."""
    addresses = _addresses(finding, facts)
    if rules is not None and rules.ip_rules:
        if isinstance(addresses, Unreadable):
            yield unknown(finding.resource, addresses)
            return
        allowed = allow_list(rules.ip_rules)
        if addresses and all(allowed.covers(each) for each in addresses):
            return
        if allowed.strange:
            why = f"The IP rules {', '.join(allowed.strange)} cannot be read; they may admit what the nodes leave by"
            yield unknown(finding.resource, Unreadable("malformed", why))
            return
    shown = [] if isinstance(addresses, Unreadable) else list(addresses)
    yield replace(finding, details=(Loose({**finding.evidence, "addresses": shown}),))


def _addresses(finding: Finding, facts: Facts) -> tuple[str, ...] | Unreadable:
    """What the nodes of a finding leave by; empty: they have no public address."""
    outbound = facts.outbound
    if isinstance(outbound, Unreadable):
        return outbound
    ways = [way for way in outbound or () if _is_way_of(way, finding)]
    unread = next((way.addresses for way in ways if isinstance(way.addresses, Unreadable)), None)
    if unread is not None or not ways:
        return unread or Unreadable("not-shown", "The addresses that the nodes leave by were not read")
    return tuple(dict.fromkeys(each for way in ways for each in known(way.addresses)))


def _is_way_of(way: Outbound, finding: Finding) -> bool:
    subnet = finding.evidence["subnet"]
    here = way.subnet_id is not None and subnet is not None and same_id(way.subnet_id, subnet)
    return here and bool(set(finding.evidence["pools"]).intersection(way.pools))
