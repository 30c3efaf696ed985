"""The check on service endpoint policies for storage: layers come from storage that no such policy can name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...catalogue import Loose, Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Facts, Kubernetes, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...path.filters.firewall import layers_host
from ...path.filters.storage_policies import KIND, POLICY_BLOCKS
from ...pull_errors.symptoms import FailedPull, failed_pulls, pool_of
from ...quoting import printable
from ._findings import WAY_KEYS, findings_of

_LONGEST_MESSAGE = 400
_MOST_PODS = 10

STORAGE_POLICY_BLOCKS_LAYERS = Outcome(
    id=POLICY_BLOCKS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="{problem}",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview",
    evidence_keys=(
        *WAY_KEYS,
        "problem",
        "registry",
        "resource_group",
        "subscription",
        "subnet_name",
        "network_name",
        "network_resource_group",
        "network_subscription",
        "policies",
        "allowed",
        "pods",
        "message",
    ),
    remedies=(
        RemedyTemplate(
            "Let layers come from the registry's own data endpoints, which no policy for storage is about. Firewalls "
            "on the way must then let those through",
            "az acr update --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--data-endpoint-enabled true",
        ),
        RemedyTemplate(
            "Or take the policies off the node subnet ({policies}): its nodes then reach every storage account",
            "az network vnet subnet update --resource-group {network_resource_group} --subscription "
            "{network_subscription} --vnet-name {network_name} --name {subnet_name} --service-endpoint-policy null",
        ),
        RemedyTemplate(
            "Look for a service endpoint policy on the subnet that the traffic leaves by: that of a firewall, for one"
        ),
    ),
    explains=("blob-download",),
)
_DATA_ENDPOINTS, _TAKE_OFF, _ELSEWHERE = range(3)
# The SKU that has data endpoints.
_PREMIUM = "premium"


@check(
    "network.storage-policy",
    needs=("registry", "network", "cluster", "kubernetes"),
    outcomes=(STORAGE_POLICY_BLOCKS_LAYERS,),
)
def layers_may_come_from_storage(facts: Facts) -> Iterator[Finding]:
    """No service endpoint policy keeps the nodes from the storage that layers come from.

    A registry answers a request for a layer with a redirect to a storage account that Azure owns.
    A service endpoint policy on the node subnet lets traffic through to the accounts that it names
    and to no other, and those cannot be named: the manifest is found, and every layer ends in
    403 AuthorizationFailure (https://github.com/Azure/AKS/issues/1383).

    Decided from the policies of each node subnet that has the service endpoint for storage they
    need. One that names no account, resource group or subscription is not in effect. Aliases stand
    for the accounts of certain services, and registries are none of those that are documented;
    with ``/services/Azure`` or ``/services/Azure/AKS``, which may hold more, it is unknown. Does not
    apply where layers come from the registry's data endpoints or a private endpoint. What pods
    report of storage that refuses them is proof, whatever was found.

    Source: https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview
    """
    registry = known(facts.registry)
    refused = [pull for pull in failed_pulls(facts)[0] if pull.error.mechanism == "storage-authorization"]
    found = list(_judged(facts, registry))
    failures = [finding for finding in found if finding.outcome]
    told: set[int] = set()
    for finding in found:
        mine = [pull for pull in refused if finding.outcome and _is_of(pull, finding, facts, alone=len(failures) == 1)]
        told.update(id(pull) for pull in mine)
        yield _proven(finding, mine) if mine else finding
    rest = [pull for pull in refused if id(pull) not in told]
    if rest:
        yield _reported(rest, facts, registry)
    unread = facts.kubernetes.failing if isinstance(facts.kubernetes, Kubernetes) else facts.kubernetes
    if isinstance(unread, Unreadable):
        yield unknown(facts.targets.cluster.id, unread, decisive=False)


def _judged(facts: Facts, registry: Registry) -> Iterator[Finding]:
    if facts.network is None:
        yield skipped(registry.id, "The nodes' network was not read.")
    elif isinstance(facts.network, Unreadable):
        yield unknown(facts.targets.cluster.id, facts.network)
    elif isinstance(registry.data_endpoint_hosts, Unreadable):
        yield unknown(registry.id, registry.data_endpoint_hosts)
    elif layers_host(registry) is None:
        yield skipped(registry.id, f"Layers of registry {registry.name} come from its data endpoints.")
    else:
        for finding in findings_of(facts, {POLICY_BLOCKS: STORAGE_POLICY_BLOCKS_LAYERS}, {KIND}):
            yield _with(finding, registry, _DATA_ENDPOINTS, _TAKE_OFF) if finding.outcome else finding


def _of(registry: Registry) -> dict[str, Any]:
    return {
        "registry": registry.name,
        "resource_group": registry.resource_group,
        "subscription": registry.subscription,
    }


def _is_of(pull: FailedPull, finding: Finding, facts: Facts, alone: bool) -> bool:
    """Whether a pod runs on the nodes of a finding; where its node is not known, it is of the only one there is."""
    pool = pool_of(pull.container.node, facts)
    return alone if pool is None else pool in finding.evidence["pools"]


def _proven(finding: Finding, refused: list[FailedPull]) -> Finding:
    evidence = {**finding.evidence, "pods": _pods(refused), "message": _message(refused)}
    return replace(finding, details=(Loose(evidence),), confidence=Confidence.OBSERVED)


def _reported(refused: list[FailedPull], facts: Facts, registry: Registry) -> Finding:
    """Pods whose nodes have no such policy that was read."""
    pools = sorted({pool for pull in refused if (pool := pool_of(pull.container.node, facts))})
    problem = (
        f"The storage behind registry {registry.name} refuses the nodes of {', '.join(pools) or 'some pods'} "
        "(AuthorizationFailure), as it does where a service endpoint policy keeps traffic from it; none was found on "
        "their subnets."
    )
    finding = STORAGE_POLICY_BLOCKS_LAYERS.at(
        facts.targets.cluster.id,
        confidence=Confidence.OBSERVED,
        pools=pools,
        subnet=None,
        hosts=[layers_host(registry)] if layers_host(registry) else [],
        path=[],
        problem=problem,
        subnet_name=None,
        network_name=None,
        network_resource_group=None,
        network_subscription=None,
        policies=[],
        allowed=[],
        pods=_pods(refused),
        message=_message(refused),
        **_of(registry),
    )
    return replace(_with(finding, registry, _DATA_ENDPOINTS, _ELSEWHERE), seen_from=SeenFrom.KUBERNETES)


def _with(finding: Finding, registry: Registry, *kept: int) -> Finding:
    """Keep some remedies; data endpoints where the registry's SKU has them."""
    has_them = isinstance(registry.sku, str) and registry.sku.lower() == _PREMIUM
    chosen = [at for at in kept if at != _DATA_ENDPOINTS or has_them]
    return replace(finding, remedies=tuple(finding.remedies[at] for at in chosen))


def _pods(refused: list[FailedPull]) -> list[str]:
    return sorted({f"{pull.container.namespace}/{pull.container.pod}" for pull in refused})[:_MOST_PODS]


def _message(refused: list[FailedPull]) -> str:
    return printable(refused[0].container.message[:_LONGEST_MESSAGE])
