"""Checks on service endpoints of the node subnets: for the registry, and for the storage behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...catalogue import Outcome, check, skipped
from ...effects.network.filters import service_endpoint_added
from ...effects.network.registry import subnet_allowed
from ...facts import Facts, NotKnownError, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...path import egresses, unmet, walks
from ...path.arrival import APART, ENDPOINT_MISSING, NOT_ALLOWED, LeavingBy, SubnetAtRegistry
from ...path.routing.outbound import Egress
from ...repairs import Step
from ._caveats import as_pods_show
from ._clients import came_by_private_addresses
from ._findings import Met, OnPath, finding_of, ignorance, met_hops

_URL = "https://learn.microsoft.com/azure/container-registry/container-registry-vnet"

SERVICE_ENDPOINT_MISSING = Outcome(
    id=ENDPOINT_MISSING,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The firewall of registry {registry} allows subnet {subnet_name} of {pools}, but the subnet has "
    "no service endpoint Microsoft.ContainerRegistry: its traffic has a public source address, which no rule allows.",
    url=_URL,
    details=(OnPath, SubnetAtRegistry, LeavingBy),
    repairs=(
        Step(
            "Add the service endpoint to the subnet. The command sets the whole list, so it repeats the current "
            "service endpoints ({service_endpoints})",
            "az network vnet subnet update --resource-group {network_resource_group} --subscription "
            "{network_subscription} --vnet-name {network_name} --name {subnet_name} "
            "--service-endpoints {all_service_endpoints}",
            requires=("Microsoft.Network/virtualNetworks/subnets/write",),
            changes="replaces the subnet's list of service endpoints and closes its open connections to registries",
            effect=service_endpoint_added,
        ),
        Step(
            "Or allow every outbound IP of the nodes (addresses in the evidence) with "
            "`az acr network-rule add --ip-address`. Service endpoints for registries are a preview that is no longer "
            "developed; Azure recommends a private endpoint instead"
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)

SUBNET_NOT_ALLOWED = Outcome(
    id=NOT_ALLOWED,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="Subnet {subnet_name} of {pools} has the service endpoint Microsoft.ContainerRegistry, so its "
    "traffic has private source addresses. No subnet rule of registry {registry} allows it, and IP rules do not apply.",
    url=_URL,
    details=(OnPath, SubnetAtRegistry),
    repairs=(
        Step(
            "Allow the subnet in the registry's firewall. The change takes a few minutes",
            "az acr network-rule add --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--subnet {subnet}",
            when="has_room",
            requires=(
                "Microsoft.ContainerRegistry/registries/write",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            ),
            effect=subnet_allowed,
        ),
        Step(
            "Or remove Microsoft.ContainerRegistry from the subnet's service endpoints, and allow the outbound IP that "
            "the nodes then have. Azure recommends a private endpoint instead of either"
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)


@check(
    "network.service-endpoint",
    needs=("registry", "network", "cluster", "outbound", "kubernetes"),
    outcomes=(SERVICE_ENDPOINT_MISSING, SUBNET_NOT_ALLOWED),
)
def nodes_arrive_as_the_firewall_expects(facts: Facts) -> Iterator[Finding]:
    """The registry's firewall and the node subnets agree on service endpoints.

    A subnet with the service endpoint ``Microsoft.ContainerRegistry`` reaches registries with its
    private addresses: then a subnet rule of the registry's firewall must allow it, and IP rules do not
    apply. Without the service endpoint, traffic arrives from the nodes' outbound IP: then subnet rules
    do not apply. In both cases the registry answers 403.

    Decided from the service endpoints of each node subnet and ``virtualNetworkRules``, which only
    preview versions of the API show; where they are not shown, a subnet with the service endpoint is
    unknown, unless the registry's own 403 to its nodes names a private address: then no rule allows it, observed. A
    subnet that is allowed but has no service endpoint is no fault where IP rules allow
    every outbound IP of its nodes. Does not apply where the firewall allows every address, where
    public network access is disabled, or to nodes for which the name resolves to a private endpoint.

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
    leaving = _leaving(facts) if in_vain else None
    for met in met_hops(facts, outcomes, {"service-endpoint"}, leaving=leaving):
        yield _judged(facts, registry, met, outcomes)


def _judged(facts: Facts, registry: Registry, met: Met, outcomes: Mapping[str, Outcome]) -> Finding:
    """A subnet whose nodes the registry refuses by a private address is not allowed, whether its rules show or not."""
    proven = NOT_ALLOWED in (met.hop.outcome, met.hop.suspected)
    if proven and came_by_private_addresses(facts, registry, met.pools):
        seen = {"confidence": Confidence.OBSERVED, "seen_from": SeenFrom.KUBERNETES}
        return finding_of(facts, met, SUBNET_NOT_ALLOWED, **seen)
    return ignorance(facts, met) if met.hop.outcome is None else finding_of(facts, met, outcomes[met.hop.outcome])


def _leaving(facts: Facts) -> tuple[Egress, ...] | Unreadable:
    """How the nodes leave, which decides for subnets that the firewall names in vain."""
    try:
        rules = known(known(facts.registry).network_rules)
        return tuple(as_pods_show(facts, each, rules.ip_rules if rules else ()) for each in egresses(facts))
    except NotKnownError as unread:
        return unread.why


def _without_rules(registry: Registry) -> str | None:
    """Why the rules of the firewall do not matter; ``None``: they do. Raises where it is not known."""
    rules = known(registry.network_rules)
    if rules is None:
        return f"The SKU of registry {registry.name} has no firewall: every address is allowed."
    if known(registry.public_network_access).lower() == "disabled":
        return f"Registry {registry.name} has public network access disabled, so its firewall rules have no effect."
    if rules.default_action.lower() == "allow":
        return f"The firewall of registry {registry.name} allows every address."
    return None
