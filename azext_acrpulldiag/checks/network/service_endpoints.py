"""Checks on service endpoints of the node subnets: for the registry, and for the storage behind it."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalogue import Outcome, check, skipped
from ...facts import Facts, NotKnownError, Registry, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import egresses, unmet, walks
from ...path.arrival import APART, ENDPOINT_MISSING, NOT_ALLOWED, LeavingBy, SubnetAtRegistry
from ...path.routing.outbound import Egress
from ...repairs import Step
from ._findings import OnPath, findings_of

_URL = "https://learn.microsoft.com/azure/container-registry/container-registry-vnet"

SERVICE_ENDPOINT_MISSING = Outcome(
    id=ENDPOINT_MISSING,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The firewall of registry {registry} names subnet {subnet_name} of {pools}, but the subnet has no service "
    "endpoint for registries: its traffic arrives with a public address, which no rule allows.",
    url=_URL,
    details=(OnPath, SubnetAtRegistry, LeavingBy),
    repairs=(
        Step(
            "Give the subnet the service endpoint. The list replaces the one that the subnet has "
            "({service_endpoints}), so what is there is named again; open connections to registries end once",
            "az network vnet subnet update --resource-group {network_resource_group} --subscription "
            "{network_subscription} --vnet-name {network_name} --name {subnet_name} "
            "--service-endpoints {all_service_endpoints}",
            requires=("Microsoft.Network/virtualNetworks/subnets/write",),
            changes="replaces the list of the subnet's service endpoints",
        ),
        Step(
            "Or allow every address that the nodes leave by (addresses in the evidence) with "
            "`az acr network-rule add --ip-address`. Service endpoints for registries are a preview that is not "
            "developed further; Azure recommends a private endpoint instead"
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)

SUBNET_NOT_ALLOWED = Outcome(
    id=NOT_ALLOWED,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="Subnet {subnet_name} of {pools} has a service endpoint for registries, so its traffic reaches registry "
    "{registry} with private addresses, and no subnet rule of the registry's firewall names it; IP rules do not count.",
    url=_URL,
    details=(OnPath, SubnetAtRegistry),
    repairs=(
        Step(
            "Name the subnet in the registry's firewall. It takes some minutes",
            "az acr network-rule add --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--subnet {subnet}",
            when="has_room",
            requires=(
                "Microsoft.ContainerRegistry/registries/write",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            ),
        ),
        Step(
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
    hops = [hop for walk in walks(facts) for hop in walk.hops if hop.kind == "service-endpoint"]
    in_vain = any(hop.outcome == ENDPOINT_MISSING or hop.unread is APART for hop in hops)
    yield from findings_of(facts, outcomes, {"service-endpoint"}, leaving=_leaving(facts) if in_vain else None)


def _leaving(facts: Facts) -> tuple[Egress, ...] | Unreadable:
    """How the nodes leave, which decides for subnets that the firewall names in vain."""
    try:
        return egresses(facts)
    except NotKnownError as unread:
        return unread.why


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
