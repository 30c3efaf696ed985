"""Nodes, and containers that wait on their image."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from azext_acrpulldiag.facts import FailingContainer, Kubernetes, Node, PulledImage, RefusedWorkload, RunningPod

from .ids import IMAGE, KUBELET_CLIENT_ID, NOW

UNAUTHORIZED = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to pull and unpack image '
    '"contosoreg.azurecr.io/team/app:1.2": failed to resolve image: failed to authorize: failed to fetch anonymous '
    "token: unexpected status from GET request to https://contosoreg.azurecr.io/oauth2/token?scope=repository%3Ateam"
    "%2Fapp%3Apull&service=contosoreg.azurecr.io: 401 Unauthorized"
)

UNRESOLVED_AT_NODE = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to resolve reference: failed to do request: '
    'Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp: lookup contosoreg.azurecr.io on '
    "169.254.10.10:53: no such host"
)


UNREACHABLE = (
    'failed to pull and unpack image "contosoreg.azurecr.io/team/app:1.2": failed to resolve image: failed to do '
    'request: Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp 20.61.97.5:443: i/o timeout'
)


REFUSED_BY_PROVIDER = (
    "api call to https://management.azure.com/subscriptions/0/resourceGroups/MC_prod/providers/Microsoft."
    'ContainerInstance/containerGroups/web-1: got HTTP response status code 400 error code "InaccessibleImage": The '
    "image 'contosoreg.azurecr.io/team/app:1.2' in container group 'web-1' is not accessible. Please check the image "
    "and registry credential."
)
REFUSED_BY_POLICY = (
    'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: '
    "[azurepolicy-k8sazurev2containerallowedimag-5ee1d79beab0bf8e481a] Container image "
    "contosoreg.azurecr.io/team/app:1.2 for container app has not been allowed."
)


def node(name: str = "aks-pool1-87752918-vmss000000", pool: str = "pool1", **changes: object) -> Node:
    labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.azure.com/agentpool": pool}
    return replace(
        Node(name, pool, "linux", "amd64", None, KUBELET_CLIENT_ID, True, NOW - timedelta(days=30), labels), **changes
    )


def failing(message: str = UNAUTHORIZED, **changes: object) -> FailingContainer:
    return replace(
        FailingContainer(
            namespace="web",
            pod="web-5d4f-x2x9z",
            container="app",
            image="contosoreg.azurecr.io/team/app:1.2",
            node="aks-pool1-87752918-vmss000000",
            reason="ErrImagePull",
            message=message,
            count=4,
            last_seen=NOW - timedelta(minutes=1),
            service_account="default",
            pull_secrets=(),
            pull_policy="IfNotPresent",
            owner="Deployment/web",
        ),
        **changes,
    )


def refused_workload(message: str = REFUSED_BY_POLICY, **changes: object) -> RefusedWorkload:
    refused = RefusedWorkload("web", "ReplicaSet/web-5d4f", "validation.gatekeeper.sh", message, 17, NOW)
    return replace(refused, **changes)


def kubernetes(*containers: FailingContainer, **changes: object) -> Kubernetes:
    return replace(Kubernetes(nodes=(node(),), failing=containers, pulled=()), **changes)


def pulled(**changes: object) -> PulledImage:
    """A pull of the registry's five minutes ago."""
    fetched = PulledImage("contosoreg.azurecr.io/team/other:3", "aks-pool1-87752918-vmss000000", "pool1", NOW)
    return replace(fetched, at=NOW - timedelta(minutes=5), **changes)


def running_pod(name: str = "web-1", **changes: object) -> RunningPod:
    """A pod of a deployment, with a pull secret."""
    pod = RunningPod("team", name, ("contosoreg.azurecr.io/team/app:1.2",), ("regcred",), "Deployment/web")
    return replace(pod, **changes)


def waiting_container(name: str = "web-1", image: str = IMAGE, **changes: object) -> FailingContainer:
    """A container of a deployment that backs off, on the node that :func:`node` makes."""
    backing_off = {"namespace": "shop", "reason": "ImagePullBackOff", "count": None, "last_seen": NOW}
    return failing("Back-off pulling image", **{**backing_off, "pod": name, "image": image, **changes})


def failing_container(pod: str = "web-1", **changes: object) -> FailingContainer:
    """A container that is refused though its pod names a pull secret."""
    refused = "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"
    return failing(refused, **{"namespace": "team", "pod": pod, "pull_secrets": ("regcred",), **changes})
