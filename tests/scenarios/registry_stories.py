"""The registry itself, where it is, and what the tools that look at it say."""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure.kubernetes import Canipull, Kubernetes
from tests.azure.state import Cloud

from .access_stories import OTHER_SUBSCRIPTION
from .stories import KUBECTL, story

HOST = "contosoreg.azurecr.io"
LABELLED_HOST = "contosoreg-h2bqfzdzd4g6c8a5.azurecr.io"
READ_REGISTRY = "Microsoft.ContainerRegistry/registries/read"
TIME = "[2026-11-22T12:00:00Z] "
RESOLVED = f"{TIME}Checking host name resolution ({HOST}): SUCCEEDED\n"
IDENTITY = f"{TIME}Validating managed identity existance: SUCCEEDED\n"
PULLS = (
    RESOLVED
    + IDENTITY
    + f"{TIME}Validating image pull permission: SUCCEEDED\n{TIME}\nYour cluster can pull images from {HOST}!\n"
)
REFUSED = (
    RESOLVED
    + IDENTITY
    + f"{TIME}Validating image pull permission: FAILED\n{TIME}ACR {HOST} rejected token exchange: ACR token exchange "
    "endpoint returned error status: 401. body: \n"
)
# Every check that hangs on the registry, with the right that would show it.
NOT_READ = dict.fromkeys(
    (
        "access.deny-assignments",
        "access.propagation",
        "access.pull-role",
        "access.tenants",
        "network.admin-rules",
        "network.client-address",
        "network.firewall",
        "network.node-resolver",
        "network.outbound-ip",
        "network.peerings",
        "network.private-dns",
        "network.private-endpoint",
        "network.proxy",
        "network.public-access",
        "network.routes",
        "network.security-groups",
        "network.service-endpoint",
        "network.storage-policy",
        "registry.arm-tokens",
        "registry.cache",
        "registry.health",
        "registry.provisioning",
        "registry.replicas",
    ),
    READ_REGISTRY,
)
CHECK_ACR = ("--check-acr", "--yes")
# Older az sends such a registry just the token that it refuses, and rightly says so.
NO_CHECK_HEALTH = ("--skip", "registry.health")


# --- where it is -----------------------------------------------------------------------


@story(verdict="healthy")
def registry_in_another_group(cloud: Cloud) -> None:
    """The registry is in another resource group."""
    cloud.registry_in("rg-elsewhere")
    cloud.grant()


@story(verdict="healthy")
def registry_in_another_subscription(cloud: Cloud) -> None:
    """The registry is named by its name, and in another subscription of the login."""
    cloud.registry_in("rg-elsewhere", OTHER_SUBSCRIPTION)
    cloud.grant()


@story(verdict="healthy", acr=HOST)
def registry_by_login_server(cloud: Cloud) -> None:
    """The registry is named by its login server."""
    cloud.grant()


@story(verdict="healthy", acr=build.REGISTRY_ID)
def registry_by_id(cloud: Cloud) -> None:
    """The registry is named by its resource ID."""
    cloud.grant()


@story(verdict="healthy", acr=build.REGISTRY_ID.upper().replace("/RESOURCEGROUPS/", "/resourcegroups/"))
def registry_by_id_in_capitals(cloud: Cloud) -> None:
    """The registry is named by its resource ID, in another casing."""
    cloud.grant()


@story(verdict="healthy", acr=LABELLED_HOST)
def registry_by_labelled_login_server(cloud: Cloud) -> None:
    """The registry's login server has a domain name label, and is what it is named by."""
    cloud.registry["properties"]["loginServer"] = LABELLED_HOST
    cloud.grant()


@story(verdict="healthy", acr=None, arguments=("--image", f"{HOST}/team/app:1.2"))
def registry_by_image(cloud: Cloud) -> None:
    """The registry is the one that the image names."""
    cloud.grant()


@story(
    verdict="inconclusive",
    acr="contosoregg",
    unknowns=NOT_READ,
)
def registry_not_found(cloud: Cloud) -> None:
    """There is no registry of that name; a near one is named, and the rest is judged."""
    cloud.grant()


@story(verdict="inconclusive", unknowns=NOT_READ)
def registry_forbidden(cloud: Cloud) -> None:
    """The caller may not read registries; the rest is judged."""
    cloud.grant()
    cloud.forbid(READ_REGISTRY)


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    acr="contosoregg",
    unknowns=NOT_READ,
)
def registry_not_found_and_identity_unassigned(cloud: Cloud) -> None:
    """There is no registry of that name, and the nodes lack the kubelet identity."""
    cloud.unassign_kubelet_identity()


# --- its state -------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("registry.not-ready",),
    evidence={"registry.not-ready": {"registry": "contosoreg", "provisioningState": "Deleting"}},
    commands=("az acr show ", "az monitor activity-log list "),
)
def registry_being_deleted(cloud: Cloud) -> None:
    """The registry is being deleted."""
    cloud.grant()
    cloud.registry_state("Deleting")


@story(
    verdict="at-risk",
    other_outcomes=("registry.not-ready",),
    evidence={"registry.not-ready": {"provisioningState": "Updating"}},
)
def registry_updating(cloud: Cloud) -> None:
    """The registry is being updated, and goes on serving."""
    cloud.grant()
    cloud.registry_state("Updating")


@story(
    verdict="at-risk",
    other_outcomes=("registry.arm-token-refused",),
    evidence={"registry.arm-token-refused": {"pool": "old", "imageDate": "2025-02-05"}},
    arguments=NO_CHECK_HEALTH,
)
def registry_refuses_arm_tokens(cloud: Cloud) -> None:
    """The registry takes no tokens for Resource Manager, and one node pool is too old to send others."""
    cloud.grant()
    cloud.arm_audience_tokens(False)
    cloud.add_pool("old", nodeImageVersion="AKSUbuntu-2204gen2containerd-202502.05.0")


@story(verdict="healthy", arguments=NO_CHECK_HEALTH)
def registry_refuses_arm_tokens_of_nobody(cloud: Cloud) -> None:
    """The registry takes no tokens for Resource Manager, and every node sends others."""
    cloud.grant()
    cloud.arm_audience_tokens(False)


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    evidence={"registry.cache-upstream": {"rule": "hub", "source": "docker.io/library/*", "target": "hub/*"}},
    commands=("az acr credential-set show ",),
)
def cache_upstream(cloud: Cloud) -> None:
    """A cache rule cannot log in to its upstream registry."""
    cloud.grant()
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy=False)


@story(verdict="healthy", arguments=("--image", f"{HOST}/team/app:1.2"))
def cache_upstream_of_another_image(cloud: Cloud) -> None:
    """A cache rule cannot log in upstream, and the image in question is not served by it."""
    cloud.grant()
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy=False)


@story(verdict="healthy")
def cache_rules(cloud: Cloud) -> None:
    """Cache rules with and without a credential set, all well."""
    cloud.grant()
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy=True)
    cloud.cache_rule("mcr", "mcr.microsoft.com/*", "mcr/*")


# --- what is seen from here ------------------------------------------------------------


@story(
    verdict="healthy",
    other_outcomes=("registry.unhealthy",),
    evidence={"registry.unhealthy": {"code": "CONNECTIVITY_FORBIDDEN_ERROR"}},
)
def refuses_this_machine(cloud: Cloud) -> None:
    """The registry refuses this machine and serves the nodes."""
    cloud.grant()
    cloud.refuse_this_machine()


@story(
    verdict="healthy",
    other_outcomes=("registry.unhealthy",),
    evidence={"registry.unhealthy": {"code": "CONNECTIVITY_REFRESH_TOKEN_ERROR"}},
)
def refuses_this_login(cloud: Cloud) -> None:
    """The registry refuses the caller, who has no role there, and serves the nodes."""
    cloud.grant()
    cloud.refuse_exchange()


# --- az aks check-acr ------------------------------------------------------------------


@story(verdict="healthy", arguments=CHECK_ACR, needs=(KUBECTL,))
def check_acr_passes(cloud: Cloud) -> None:
    """az aks check-acr says that the node can log in."""
    cloud.grant()
    cloud.kubernetes = Kubernetes(canipull=Canipull(log=PULLS))


@story(
    verdict="broken",
    root_causes=("registry.check-acr-failed",),
    evidence={
        "registry.check-acr-failed": {"exitCode": 60, "failedStep": "Validating image pull permission"},
    },
    arguments=CHECK_ACR,
    commands=("az aks check-acr ",),
    needs=(KUBECTL,),
)
def check_acr_refused(cloud: Cloud) -> None:
    """az aks check-acr says that the registry refuses the node's token."""
    cloud.grant()
    cloud.kubernetes = Kubernetes(canipull=Canipull(log=REFUSED, exit_code=60, phase="Failed"))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    other_outcomes=("registry.check-acr-failed",),
    arguments=CHECK_ACR,
    needs=(KUBECTL,),
)
def check_acr_refused_for_want_of_a_role(cloud: Cloud) -> None:
    """az aks check-acr fails, and the role that is missing explains it."""
    cloud.kubernetes = Kubernetes(canipull=Canipull(log=REFUSED, exit_code=60, phase="Failed"))


@story(
    verdict="broken",
    root_causes=("registry.check-acr-failed", "access.pull-role-missing"),
    evidence={
        "registry.check-acr-failed": {"exitCode": 52, "failedStep": f"Checking host name resolution ({HOST})"},
    },
    arguments=CHECK_ACR,
    needs=(KUBECTL,),
)
def check_acr_unresolved(cloud: Cloud) -> None:
    """az aks check-acr says that the node cannot resolve the login server, and a role is missing besides."""
    log = (
        f"{TIME}Checking host name resolution ({HOST}): FAILED\n"
        f"{TIME}Failed to resolve specified fqdn {HOST}: lookup {HOST} on 10.0.0.10:53: no such host\n"
    )
    cloud.kubernetes = Kubernetes(canipull=Canipull(log=log, exit_code=52, phase="Failed"))


@story(
    verdict="at-risk",
    other_outcomes=("registry.check-acr-failed",),
    evidence={"registry.check-acr-failed": {"exitCode": 2}},
    arguments=CHECK_ACR,
    needs=(KUBECTL,),
)
def check_acr_without_the_nodes_file(cloud: Cloud) -> None:
    """az aks check-acr cannot read the node's azure.json."""
    cloud.grant()
    log = RESOLVED + f"{TIME}Failed to read azure.json file: open /etc/kubernetes/azure.json: permission denied \n"
    cloud.kubernetes = Kubernetes(canipull=Canipull(log=log, exit_code=2, phase="Failed"))


@story(verdict="healthy", arguments=CHECK_ACR, needs=(KUBECTL,), unknowns={"registry.check-acr": ANY})
def check_acr_cannot_run(cloud: Cloud) -> None:
    """az aks check-acr is not admitted to the cluster."""
    cloud.grant()
    cloud.kubernetes = Kubernetes(denied_by='"validation.gatekeeper.sh" denied the request: no')
