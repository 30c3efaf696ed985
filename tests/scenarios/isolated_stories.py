"""Network-isolated clusters, whose nodes get the images of AKS itself through a registry."""

from __future__ import annotations

from tests import build
from tests.azure.changes_isolated import REFUSED_BY_MIRROR
from tests.azure.state import Cloud

from .registry_stories import NOT_READ, READ_REGISTRY
from .stories import OF_PODS, story

GRANTS = (
    f"az role assignment create --assignee-object-id {build.KUBELET_OBJECT_ID} ",
    "az aks update -n prod -g rg-app --attach-acr ",
)
OF_IMAGES = tuple(
    f"image.{each}"
    for each in (
        "credential-host",
        "existence",
        "login-server",
        "platform",
        "quarantine",
        "read-lock",
        "reference",
        "regional-host",
    )
)
OF_SECRETS = tuple(
    f"pull-secret.{each}"
    for each in (
        "account", "admin", "credential", "existence", "expiry", "format", "host", "login-token", "service-principal",
        "token",
    )
)  # fmt: skip


@story(verdict="healthy", acr=None)
def isolated_cluster(cloud: Cloud) -> None:
    """A network-isolated cluster, whose bootstrap registry is right; no registry is named."""
    cloud.network_isolated()
    cloud.grant()
    cloud.node()


@story(
    verdict="broken",
    acr=None,
    root_causes=("access.pull-role-missing",),
    symptoms=("backoff-only",),
    evidence={"access.pull-role-missing": {"principal": build.KUBELET_OBJECT_ID, "registry": "contosoreg"}},
    commands=GRANTS,
)
def isolated_cluster_without_a_role(cloud: Cloud) -> None:
    """The kubelet identity has no role at the bootstrap registry, so AKS's own pods ask where there is no way to."""
    cloud.network_isolated()
    cloud.node()
    cloud.pod_of_aks()


@story(
    verdict="broken",
    acr=None,
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns={"image.existence": None},
    commands=GRANTS,
)
def isolated_cluster_refused(cloud: Cloud) -> None:
    """The same where pods report what the bootstrap registry answered."""
    cloud.network_isolated()
    cloud.node()
    cloud.pod_of_aks(REFUSED_BY_MIRROR)


@story(
    verdict="broken",
    acr=None,
    root_causes=("network.private-dns-link-missing",),
    symptoms=("backoff-only",),
)
def isolated_cluster_without_a_zone_link(cloud: Cloud) -> None:
    """The zone of the bootstrap registry is not linked to the nodes' network."""
    cloud.network_isolated()
    cloud.grant()
    cloud.node()
    for link in list(cloud.resources.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks")):
        cloud.remove(link["id"])
    cloud.pod_of_aks()


@story(verdict="broken", acr=None, root_causes=("symptom.unexplained",), symptoms=("backoff-only",))
def isolated_cluster_unexplained(cloud: Cloud) -> None:
    """Everything that was read is right, and pods of AKS fail all the same."""
    cloud.network_isolated()
    cloud.grant()
    cloud.node()
    cloud.pod_of_aks()


@story(
    verdict="inconclusive",
    acr=None,
    symptoms=("backoff-only",),
    unknowns=dict.fromkeys(
        (*NOT_READ, *OF_PODS, *OF_IMAGES, *OF_SECRETS, "image.artifact", "image.manifest", "registry.bootstrap-rule"),
        READ_REGISTRY,
    ),
)
def isolated_cluster_with_an_unseen_registry(cloud: Cloud) -> None:
    """The bootstrap registry may not be read by whoever runs the command."""
    cloud.network_isolated()
    cloud.grant()
    cloud.node()
    cloud.pod_of_aks()
    cloud.forbid("Microsoft.ContainerRegistry/registries/read")


@story(verdict="inconclusive", acr=None, unknowns={"symptom.pods": None})
def isolated_cluster_that_names_no_registry(cloud: Cloud) -> None:
    """The cluster does not show which registry its nodes get AKS's images through."""
    cloud.network_isolated()
    del cloud.cluster["properties"]["bootstrapProfile"]["containerRegistryId"]
    cloud.node()
    cloud.pod_of_aks()


@story(verdict="healthy", acr=None)
def direct_cluster_whose_own_pods_fail(cloud: Cloud) -> None:
    """Nodes get AKS's images from their own host, so that a pod that fails there is none of any registry's affair."""
    cloud.grant()
    cloud.node()
    cloud.pod_of_aks()
