"""What Kubernetes shows: nodes, and pods that wait on their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .envelope import Unreadable

PROVIDER_FAILED = "ProviderFailed"
"""The reason of a pod that the provider behind its virtual node refused: virtual-kubelet's word."""
SANDBOX = "sandbox"
"""The kind of a failing container that is the sandbox (``pause``) of its pod, which no workload declares."""


@dataclass(frozen=True)
class Node:
    """A node as Kubernetes shows it."""

    name: str
    pool: str | None
    """Label ``kubernetes.azure.com/agentpool``, or Karpenter's ``karpenter.sh/nodepool``."""
    os: str
    """``linux`` or ``windows``."""
    architecture: str
    """``amd64`` or ``arm64``."""
    windows_build: str | None
    """``10.0.20348`` and the like; ``None`` on Linux, or where the label is absent."""
    kubelet_client_id: str | None
    """Label ``kubernetes.azure.com/kubelet-identity-client-id``; ``None`` where absent or empty."""
    ready: bool
    created: datetime | None
    labels: Mapping[str, str] = field(default_factory=dict)
    runtime: str | None = None
    """``nodeInfo.containerRuntimeVersion``: ``containerd://1.7.34-1``; ``None``: not shown."""


@dataclass(frozen=True)
class Requirement:
    """One expression of a node selector term."""

    key: str
    """A label; ``metadata.name`` asks for the node's name (pods of a DaemonSet do)."""
    operator: str
    """``In``, ``NotIn``, ``Exists``, ``DoesNotExist``, ``Gt`` or ``Lt``."""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placement:
    """What a pod asks of the node it lands on."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    required_terms: tuple[tuple[Requirement, ...], ...] = ()
    """Required node affinity: any term, all of its requirements. Empty: none is required."""


@dataclass(frozen=True)
class FailingContainer:
    """A container (init and ephemeral ones too) that waits on its image."""

    namespace: str
    pod: str
    container: str
    image: str
    node: str | None
    reason: str
    """The waiting reason: ``ErrImagePull``, ``ImagePullBackOff``, ``InvalidImageName`` ...; of a pod that has no
    statuses, since a virtual node's provider refused it, :data:`PROVIDER_FAILED`; of a pod's sandbox, which stands
    for all of its containers, ``FailedCreatePodSandBox``."""
    message: str
    """The text with the cause: of the container's status, else of its newest ``Failed`` event."""
    count: int | None
    last_seen: datetime | None
    service_account: str
    pull_secrets: tuple[str, ...]
    pull_policy: str | None
    placement: Placement = field(default_factory=Placement)
    owner: str | None = None
    """``Deployment/web`` and the like, as far as owner references tell; ``None``: a bare pod."""
    kind: str = "containers"
    """Where the pod lists it: ``containers``, ``initContainers`` or ``ephemeralContainers``; else
    :data:`SANDBOX`."""
    created: datetime | None = None
    """When the pod was created; ``None``: not shown."""
    first_seen: datetime | None = None
    """When a pull of it was first seen to fail, by the events that are left of the last hour's; ``None``: by none."""


@dataclass(frozen=True)
class PulledImage:
    """A recent ``Pulled`` event with a duration: the node really fetched the image."""

    image: str
    node: str | None
    node_pool: str | None
    at: datetime | None
    namespace: str | None = None
    """Of the pod that it was fetched for."""
    pod: str | None = None


@dataclass(frozen=True)
class RunningPod:
    """A pod that runs, and the credentials that it was given for its images."""

    namespace: str
    name: str
    images: tuple[str, ...]
    """Of all its containers, as written; of other registries, too."""
    pull_secrets: tuple[str, ...]
    """Its own, or those that it got from its service account when it was created."""
    owner: str | None = None
    """``Deployment/web`` and the like, as far as owner references tell; ``None``: a bare pod."""


@dataclass(frozen=True)
class RunningPods:
    """The pods that run, as far as one page of them shows."""

    pods: tuple[RunningPod, ...]
    complete: bool
    """Whether there are no others."""


@dataclass(frozen=True)
class RefusedWorkload:
    """A workload for which no further pod came to be, since an admission policy refused it."""

    namespace: str
    controller: str
    """Who asked for the pod: ``ReplicaSet/web-5d4f8c9b7``, ``DaemonSet/agent``, ``Job/nightly`` ..."""
    policy: str
    """The name of the webhook or policy that refused it."""
    message: str
    """What the API server answered to the controller."""
    count: int | None
    last_seen: datetime | None
    running: int | Unreadable = 0
    """Pods of the workload that run, those of a Deployment's older replica sets too."""


@dataclass(frozen=True)
class Kubernetes:
    """Everything read from the Kubernetes API; what is of other registries is in here too."""

    nodes: tuple[Node, ...] | Unreadable
    failing: tuple[FailingContainer, ...] | Unreadable
    pulled: tuple[PulledImage, ...] | Unreadable
    overlooked: Unreadable | None = None
    """Why ``failing`` may lack containers, those of pods that are not Pending; ``None``: it lacks none."""
    refused: tuple[RefusedWorkload, ...] | Unreadable = ()
    """Workloads whose pods an admission policy refused within the hour that events last."""
