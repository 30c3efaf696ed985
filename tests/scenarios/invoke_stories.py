"""Clusters whose API server is asked from inside, by commands that AKS runs in them."""

from __future__ import annotations

from tests import build
from tests.azure import secrets as make
from tests.azure.commands import PERFORMANCE
from tests.azure.state import Cloud

from .kubernetes_stories import LIST_PODS
from .stories import KUBECTL, OF_EVENTS, OF_NODES, OF_PODS, story

FROM_INSIDE = ("--cluster-access", "command-invoke")
RUN = "Microsoft.ContainerService/managedClusters/runCommand/action"
ALL = (*OF_PODS, *OF_NODES, *OF_EVENTS)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401", "unauthorized-401"),
    arguments=FROM_INSIDE,
    needs=(KUBECTL,),
)
def private_cluster_from_inside(cloud: Cloud) -> None:
    """The cluster is private; commands inside it tell which pods fail, and nobody gave the identity a role."""
    cloud.private_cluster()
    cloud.node()
    cloud.failing_pod()
    pod = cloud.failing_pod(message="", reason="ImagePullBackOff", phase="Running", name="api-0")
    cloud.event(pod, "Failed", build.UNAUTHORIZED)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    arguments=(*FROM_INSIDE, "--namespace", "web"),
    needs=(KUBECTL,),
)
def entra_cluster_from_inside(cloud: Cloud) -> None:
    """The command runs as the caller where the cluster signs its users in with Entra ID."""
    cloud.private_cluster()
    cloud.entra_cluster()
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod(name="other-0", namespace="team")


@story(
    verdict="healthy",
    arguments=FROM_INSIDE,
    unknowns=dict.fromkeys(OF_PODS, LIST_PODS),
    needs=(KUBECTL,),
)
def pods_forbidden_inside(cloud: Cloud) -> None:
    """The command runs, and Kubernetes does not let it list pods."""
    cloud.grant()
    cloud.private_cluster()
    cloud.node()
    cloud.forbid_in_cluster("list pods")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    arguments=FROM_INSIDE,
    unknowns={"pull-secret.existence": None},
    needs=(KUBECTL,),
)
def pull_secret_from_inside(cloud: Cloud) -> None:
    """The failing pod brings a pull secret, which no command in the cluster may print, and the role is missing."""
    cloud.private_cluster()
    cloud.node()
    make.pull_secret(cloud, "me", "old")
    make.failing_pod(cloud)


@story(
    verdict="inconclusive",
    arguments=FROM_INSIDE,
    unknowns={"access.pull-role": None, "pull-secret.existence": None},
    needs=(KUBECTL,),
)
def pods_that_run_from_inside(cloud: Cloud) -> None:
    """The identity has no role; every pod brings a pull secret that is not read, and has just pulled with it."""
    cloud.private_cluster()
    cloud.node()
    make.pull_secret(cloud, "me", "old")
    for name in ("web-0", "web-1"):
        make.pulled(cloud, make.running_pod(cloud, name))


@story(verdict="healthy", arguments=FROM_INSIDE, unknowns=dict.fromkeys(ALL))
def commands_disabled(cloud: Cloud) -> None:
    """Commands in the cluster are switched off."""
    cloud.grant()
    cloud.private_cluster()
    cloud.cluster["properties"]["apiServerAccessProfile"]["disableRunCommand"] = True


@story(verdict="healthy", arguments=FROM_INSIDE, unknowns=dict.fromkeys(ALL, RUN))
def commands_forbidden(cloud: Cloud) -> None:
    """The caller may not run commands in the cluster."""
    cloud.grant()
    cloud.private_cluster()
    cloud.forbid(RUN)


@story(verdict="healthy", arguments=FROM_INSIDE, unknowns=dict.fromkeys(ALL))
def command_pod_cannot_pull(cloud: Cloud) -> None:
    """AKS's own pod for commands does not get its image."""
    cloud.grant()
    cloud.private_cluster()
    cloud.commands.reason = "ImagePullBackoff"


@story(verdict="healthy", arguments=FROM_INSIDE, unknowns=dict.fromkeys(ALL))
def command_pod_does_not_start(cloud: Cloud) -> None:
    """No node has room for AKS's own pod for commands."""
    cloud.grant()
    cloud.private_cluster()
    cloud.commands.error = ("KubernetesPerformanceError", PERFORMANCE)
