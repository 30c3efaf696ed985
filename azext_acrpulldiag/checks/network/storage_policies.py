"""The check on service endpoint policies for storage: layers come from storage that no such policy can name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.network.registry import data_endpoints_enabled
from ...effects.network.storage import policies_removed
from ...facts import Facts, Kubernetes, Network, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...path.filters.firewall import layers_host
from ...path.filters.storage_policies import KIND, POLICY_BLOCKS, StoragePolicies
from ...pull_errors.symptoms import FailedPull, failed_pulls, pool_of
from ...quoting import quoted
from ...repairs import Step
from .._kubernetes import LONGEST_MESSAGE, pod_names
from .._named import RegistryNames
from ._findings import Met, OnPath, finding_of, ignorance, met_hops

# The SKU that has data endpoints.
_PREMIUM = "premium"


@dataclass(frozen=True)
class RefusedLayers(Details):
    """What pods report of it: by name, and in the words of the first."""

    pods: tuple[str, ...]
    message: str | None
    can_have_data_endpoints: bool = internal()
    """The registry's SKU has them."""

    @classmethod
    def by(cls, refused: Sequence[FailedPull], registry: Registry) -> RefusedLayers:
        """Describe pulls that the storage refuses; there may be none."""
        message = quoted(refused[0].container.message, LONGEST_MESSAGE) if refused else None
        premium = isinstance(registry.sku, str) and registry.sku.lower() == _PREMIUM
        return cls(pod_names(pull.container for pull in refused), message, premium)


STORAGE_POLICY_BLOCKS_LAYERS = Outcome(
    id=POLICY_BLOCKS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="{problem}",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview",
    details=(OnPath, StoragePolicies, RegistryNames, RefusedLayers),
    repairs=(
        Step(
            "Enable dedicated data endpoints, to which service endpoint policies for storage do not apply. Firewalls "
            "on the path must then allow these hosts",
            "az acr update --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--data-endpoint-enabled true",
            when="can_have_data_endpoints",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="every client of registry {registry} then downloads layers from its data endpoints",
            effect=data_endpoints_enabled,
        ),
        Step(
            "Or remove the service endpoint policies from the node subnet ({policies})",
            "az network vnet subnet update --resource-group {network_resource_group} --subscription "
            "{network_subscription} --vnet-name {network_name} --name {subnet_name} --service-endpoint-policy null",
            when="policies",
            requires=("Microsoft.Network/virtualNetworks/subnets/write",),
            changes="everything in the subnet can then reach every Azure storage account",
            effect=policies_removed,
        ),
        Step(
            "Look for a service endpoint policy on another subnet of the path, such as that of a firewall",
            when="none_found",
        ),
    ),
    explains=("blob-download",),
)


@check(
    "network.storage-policy",
    needs=("registry", "network", "cluster", "kubernetes"),
    outcomes=(STORAGE_POLICY_BLOCKS_LAYERS,),
)
def layers_may_come_from_storage(facts: Facts) -> Iterator[Finding]:
    """No service endpoint policy blocks the storage accounts that layers are downloaded from.

    A registry answers a request for a layer with a redirect to a storage account that Azure owns. A
    service endpoint policy on the node subnet allows the accounts that it names and no others, and
    Azure's own cannot be named: the manifest is pulled, and every layer ends in
    403 AuthorizationFailure (https://github.com/Azure/AKS/issues/1383).

    Decided from the service endpoint policies of each node subnet that has a service endpoint for
    storage. A policy that names no account, resource group or subscription has no effect. Aliases
    stand for the accounts of certain services, and registries are not among those documented; with
    ``/services/Azure`` or ``/services/Azure/AKS``, which may cover more, it is unknown. Does not apply
    where layers come from dedicated data endpoints or a private endpoint. A pod that reports that
    storage denied the request is proof, whatever was found.

    Source: https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview
    """
    registry = known(facts.registry)
    refused = [pull for pull in failed_pulls(facts)[0] if pull.error.mechanism == "storage-authorization"]
    yield from _not_judged(facts, registry)
    found = _blocked_ways(facts, registry)
    alone = sum(met.hop.outcome is not None for met in found) == 1
    told: set[int] = set()
    for met in found:
        if met.hop.outcome is None:
            yield ignorance(facts, met)
            continue
        mine = [pull for pull in refused if _is_of(pull, met, facts, alone)]
        told.update(id(pull) for pull in mine)
        further = RegistryNames.of(registry), RefusedLayers.by(mine, registry)
        proven = {"confidence": Confidence.OBSERVED} if mine else {}
        yield finding_of(facts, met, STORAGE_POLICY_BLOCKS_LAYERS, *further, **proven)
    rest = [pull for pull in refused if id(pull) not in told]
    if rest:
        yield _reported(rest, facts, registry)
    unread = facts.kubernetes.failing if isinstance(facts.kubernetes, Kubernetes) else facts.kubernetes
    if isinstance(unread, Unreadable):
        yield unknown(facts.targets.cluster.id, unread, decisive=False)


def _not_judged(facts: Facts, registry: Registry) -> Iterator[Finding]:
    """Why the policies of the subnets are not looked at; nothing: they are."""
    if facts.network is None:
        yield skipped(registry.id, "The nodes' network was not read.")
    elif isinstance(facts.network, Unreadable):
        yield unknown(facts.targets.cluster.id, facts.network)
    elif isinstance(registry.data_endpoint_hosts, Unreadable):
        yield unknown(registry.id, registry.data_endpoint_hosts)
    elif layers_host(registry) is None:
        yield skipped(registry.id, f"Layers of registry {registry.name} come from its dedicated data endpoints.")


def _blocked_ways(facts: Facts, registry: Registry) -> list[Met]:
    """Where layers come from storage, the policies that keep nodes from it, or may."""
    come_from_storage = isinstance(facts.network, Network) and layers_host(registry) is not None
    return met_hops(facts, {POLICY_BLOCKS}, {KIND}) if come_from_storage else []


def _is_of(pull: FailedPull, met: Met, facts: Facts, alone: bool) -> bool:
    """Whether a pod runs behind a policy; where its node is not known, it is behind the only one there is."""
    pool = pool_of(pull.container.node, facts)
    return alone if pool is None else pool in met.pools


def _reported(refused: list[FailedPull], facts: Facts, registry: Registry) -> Finding:
    """Pods whose nodes have no such policy that was read."""
    pools = sorted({pool for pull in refused if (pool := pool_of(pull.container.node, facts))})
    problem = (
        f"The storage behind registry {registry.name} denies the nodes of {', '.join(pools) or 'some pods'} "
        "(AuthorizationFailure), as it does where a service endpoint policy blocks it; none was found on their "
        "subnets."
    )
    host = layers_host(registry)
    return STORAGE_POLICY_BLOCKS_LAYERS.at(
        facts.targets.cluster.id,
        OnPath(tuple(pools), None, (host,) if host else (), ()),
        StoragePolicies(problem),
        RegistryNames.of(registry),
        RefusedLayers.by(refused, registry),
        confidence=Confidence.OBSERVED,
        seen_from=SeenFrom.KUBERNETES,
    )
