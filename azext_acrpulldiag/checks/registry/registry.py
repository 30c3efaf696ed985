"""Checks on the registry itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...effects.cluster import node_image_upgraded
from ...effects.registry import arm_tokens_accepted
from ...facts import Facts, Unreadable, known
from ...images.node_images import node_image
from ...model import Confidence, Finding, Severity
from ...repairs import Step, option


@dataclass(frozen=True)
class State(Details):
    """The provisioning state of the registry."""

    registry: str
    registry_id: str
    subscription: str
    provisioning_state: str

    @property
    def stops_pulls(self) -> bool:
        """Whether a registry in this state serves nothing."""
        return self.provisioning_state.lower() in ("creating", "deleting")


@dataclass(frozen=True)
class OldPlugin(Details):
    """A node pool whose credential plugin asks for tokens that the registry refuses."""

    registry: str
    subscription: str
    pool: str
    node_image_version: str
    image_date: str
    plugin_change: str
    cluster: str
    resource_group: str
    cluster_subscription: str


_WHERE_NOTHING_IS_SERVED = (
    "unauthorized-401",
    "forbidden-403",
    "image-not-found",
    "dns-failure",
    "timeout-network",
    "server-error",
)
NOT_READY = Outcome(
    id="registry.not-ready",
    severity=Severity.ERROR,
    summary="The provisioning state of registry {registry} is {provisioning_state}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-faq",
    details=(State,),
    repairs=(
        option(
            Step(
                "Check whether it is Succeeded by now",
                "az acr show --name {registry} --subscription {subscription} --query provisioningState",
            ),
            Step(
                "Read what its last operations reported",
                "az monitor activity-log list --resource-id {registry_id} --offset 7d",
            ),
        ),
    ),
    explains=_WHERE_NOTHING_IS_SERVED,
    explains_when=dict.fromkeys(_WHERE_NOTHING_IS_SERVED, "stops_pulls"),
)

ARM_TOKEN_REFUSED = Outcome(
    id="registry.arm-token-refused",
    severity=Severity.WARNING,
    summary=(
        "Registry {registry} refuses tokens for Azure Resource Manager, and node pool {pool} runs node image "
        "{node_image_version}, whose credential plugin still asks for such tokens."
    ),
    url="https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm",
    confidence=Confidence.INFERRED,
    details=(OldPlugin,),
    repairs=(
        Step(
            "Upgrade the node pool to the current node image",
            "az aks nodepool upgrade --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
            "--subscription {cluster_subscription} --node-image-only",
            requires=("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",),
            changes="every node of the pool is cordoned, drained and reimaged",
            effect=node_image_upgraded,
        ),
        Step(
            "Or let the registry accept such tokens until then",
            "az acr config authentication-as-arm update --registry {registry} --subscription {subscription} "
            "--status enabled",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="the registry accepts tokens for Azure Resource Manager from everybody who may pull",
            effect=arm_tokens_accepted,
        ),
    ),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)

# The plugin asks for the registry's own audience since kubernetes-sigs/cloud-provider-azure#8593,
# merged into the release branches on this day. Which node image was the first to carry it is not
# published: images of the following weeks may or may not.
PLUGIN_CHANGE = date(2025, 3, 25)
_SURELY_CURRENT = date(2025, 7, 1)


@check("registry.provisioning", needs=("registry",), outcomes=(NOT_READY,))
def registry_is_provisioned(facts: Facts) -> Iterator[Finding]:
    """The registry is provisioned.

    A registry that is being created or deleted does not serve images. After a failed update, or
    during a routine one, it goes on serving, so that any other state than Succeeded is a warning
    that explains no failing pull. Decided from ``provisioningState``.
    """
    registry = known(facts.registry)
    state = State(registry.name, registry.id, registry.subscription, known(registry.provisioning_state))
    if state.provisioning_state.lower() != "succeeded":
        severity = Severity.ERROR if state.stops_pulls else Severity.WARNING
        yield NOT_READY.at(registry.id, state, severity=severity)


@check("registry.arm-tokens", needs=("cluster", "registry"), outcomes=(ARM_TOKEN_REFUSED,))
def nodes_need_no_arm_tokens(facts: Facts) -> Iterator[Finding]:
    """The registry accepts the tokens that the nodes ask for.

    Where authentication-as-ARM is disabled, a registry takes only tokens made for registries.
    Current node images ask for those; older ones ask for tokens for Resource Manager and get 401
    whatever their roles (https://github.com/Azure/AKS/issues/4560). Decided from the registry's
    policy and the date in each Linux or Windows pool's node image version: before the plugin
    changed it is too old; for the weeks after it that is unknown. Does not apply to clusters with a
    service principal, which send no token.
    """
    registry, cluster = known(facts.registry), known(facts.cluster)
    if known(registry.arm_audience_tokens).lower() != "disabled":
        return
    if cluster.service_principal_client_id is not None:
        yield skipped(cluster.id, "The cluster pulls as a service principal, which sends no token.")
        return
    for pool in known(cluster.agent_pools):
        resource = f"{cluster.id}/agentPools/{pool.name}"
        version = pool.node_image_version
        image = version if isinstance(version, Unreadable) else node_image(version)
        if isinstance(image, Unreadable):
            yield unknown(resource, image)
        elif image.day < PLUGIN_CHANGE:
            yield ARM_TOKEN_REFUSED.at(
                resource,
                OldPlugin(
                    registry=registry.name,
                    subscription=registry.subscription,
                    pool=pool.name,
                    node_image_version=known(version),
                    image_date=image.day.isoformat(),
                    plugin_change=PLUGIN_CHANGE.isoformat(),
                    cluster=cluster.name,
                    resource_group=cluster.resource_group,
                    cluster_subscription=cluster.subscription,
                ),
            )
        elif image.day < _SURELY_CURRENT:
            why = f"Node image {version} may have the credential plugin from before or after its change"
            yield unknown(resource, Unreadable("not-shown", why))
