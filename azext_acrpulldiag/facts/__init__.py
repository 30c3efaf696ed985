"""What was read, as frozen values.

Three answers are kept apart everywhere: a value, a definite absence (``None`` or an empty
tuple, documented at the field), and :class:`Unreadable`. A field that a response did not
show is ``Unreadable``, never a default. All times are aware and in UTC. Ids keep the casing
Azure answered with; compare them with :func:`~azext_acrpulldiag.arm_ids.same_id`. Words of Azure's
own (``Running``, ``Deny``) are spelled as it documents them, whatever the casing of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..targets import Targets
from .access import (
    Access,
    AccountIdentity,
    AccountPull,
    DenyAssignment,
    IdentityBinding,
    Permission,
    Puller,
    RoleAssignment,
    RoleDefinition,
)
from .changes import ActivityLog, Change, LogQuestion, UnreadLog
from .cluster import (
    AgentPool,
    AssignedIdentity,
    Bootstrap,
    Cluster,
    HttpProxy,
    KubeletIdentity,
    LocalDns,
    ManagedIdentity,
    NodeHost,
    PasswordCredential,
    ServiceAccountPull,
    ServicePrincipal,
)
from .envelope import CODES, NotKnownError, Unreadable, known
from .image import HostlessImage, Image, ImageLookup, ImageManifest, Layer, Offered, Platform, Refusal
from .kubernetes import (
    PROVIDER_FAILED,
    SANDBOX,
    FailingContainer,
    Kubernetes,
    Node,
    Placement,
    PulledImage,
    RefusedWorkload,
    Requirement,
    RunningPod,
    RunningPods,
)
from .network import (
    EVERYWHERE,
    AdminRule,
    ConnectedGroup,
    EndpointAddress,
    EndpointPolicy,
    Firewall,
    FirewallRule,
    Forwarding,
    ForwardingRule,
    ForwardingRuleset,
    HubRouting,
    InboundEndpoint,
    LinkedRulesets,
    Managed,
    Network,
    NetworkManager,
    NodeAddresses,
    NodePlace,
    Outbound,
    Peering,
    PrivateEndpoint,
    PrivateZone,
    RouteTable,
    RuleCollection,
    SecurityGroup,
    SecurityRule,
    Subnet,
    UserRoute,
    VirtualNetwork,
    ZoneLink,
    ZoneSearch,
    firewall_key,
)
from .probe import PoolProbe, ProbeReport, ProbeSubject
from .pull_secret import (
    ACCOUNT,
    ARGUMENT,
    FAILING_POD,
    RUNNING_POD,
    Offer,
    PullSecret,
    RegistryToken,
    RolesHeld,
    SecretEntry,
)
from .registry import (
    CacheRule,
    CheckAcrReport,
    HealthCode,
    HealthReport,
    NetworkRules,
    PrivateEndpointConnection,
    Registry,
    Replication,
    region_key,
)

__all__ = [
    "ACCOUNT",
    "ARGUMENT",
    "CODES",
    "COMMAND_INVOKE",
    "EVERYWHERE",
    "FAILING_POD",
    "PROVIDER_FAILED",
    "RUNNING_POD",
    "SANDBOX",
    "Access",
    "AccountIdentity",
    "AccountPull",
    "ActivityLog",
    "AdminRule",
    "AgentPool",
    "AssignedIdentity",
    "Bootstrap",
    "CacheRule",
    "Change",
    "CheckAcrReport",
    "Cluster",
    "ConnectedGroup",
    "DenyAssignment",
    "EndpointAddress",
    "EndpointPolicy",
    "Facts",
    "FailingContainer",
    "Firewall",
    "FirewallRule",
    "Forwarding",
    "ForwardingRule",
    "ForwardingRuleset",
    "HealthCode",
    "HealthReport",
    "HostlessImage",
    "HttpProxy",
    "HubRouting",
    "IdentityBinding",
    "Image",
    "ImageLookup",
    "ImageManifest",
    "InboundEndpoint",
    "KubeletIdentity",
    "Kubernetes",
    "Layer",
    "LinkedRulesets",
    "LocalDns",
    "LogQuestion",
    "Managed",
    "ManagedIdentity",
    "Network",
    "NetworkManager",
    "NetworkRules",
    "Node",
    "NodeAddresses",
    "NodeHost",
    "NodePlace",
    "NotKnownError",
    "Offer",
    "Offered",
    "Options",
    "Outbound",
    "PasswordCredential",
    "Peering",
    "Permission",
    "Placement",
    "Platform",
    "PoolProbe",
    "PrivateEndpoint",
    "PrivateEndpointConnection",
    "PrivateZone",
    "ProbeReport",
    "ProbeSubject",
    "PullSecret",
    "PulledImage",
    "Puller",
    "Refusal",
    "RefusedWorkload",
    "Registry",
    "RegistryToken",
    "Replication",
    "Requirement",
    "RoleAssignment",
    "RoleDefinition",
    "RolesHeld",
    "RouteTable",
    "RuleCollection",
    "RunningPod",
    "RunningPods",
    "SecretEntry",
    "SecurityGroup",
    "SecurityRule",
    "ServiceAccountPull",
    "ServicePrincipal",
    "Subnet",
    "UnreadLog",
    "Unreadable",
    "UserRoute",
    "VirtualNetwork",
    "ZoneLink",
    "ZoneSearch",
    "firewall_key",
    "known",
    "nothing_known",
    "region_key",
]


COMMAND_INVOKE = "command-invoke"
"""The value of ``--cluster-access`` with which the Kubernetes API is asked through commands inside the cluster."""


@dataclass(frozen=True)
class Options:
    """Arguments that judgement depends on."""

    expiry_days: int = 30
    image: Image | None = None
    image_text: str | None = None
    """What the user gave as ``--image``, also where it does not parse."""
    kubeconfig: str | None = None
    """What the user gave as ``--kubeconfig``."""
    context: str | None = None
    """What the user gave as ``--context``."""
    cluster_access: str = "auto"
    """What the user gave as ``--cluster-access``."""


@dataclass(frozen=True)
class Facts:
    """Everything one run knows, at one moment."""

    now: datetime
    targets: Targets
    cluster: Cluster | Unreadable
    registry: Registry | Unreadable
    node_hosts: tuple[NodeHost, ...] | Unreadable
    """Scale sets, their instances and stand-alone node machines."""
    kubelet_identity_resource: ManagedIdentity | Unreadable | None
    """The identity that the profile names, as it exists; ``None``: it is gone, or none is named."""
    service_principal: ServicePrincipal | Unreadable | None
    """``None``: the cluster uses managed identities."""
    access: Access
    cache_rules: tuple[CacheRule, ...] | Unreadable
    replications: tuple[Replication, ...] | Unreadable
    """Empty: the registry is in its home region alone."""
    outbound: Outbound | Unreadable | None
    """``None``: not read, because the registry does not filter by address."""
    check_health: HealthReport | Unreadable | None
    """``None``: not run."""
    check_acr: CheckAcrReport | Unreadable | None
    """``None``: not asked for."""
    kubernetes: Kubernetes | Unreadable | None = None
    """``None``: not asked for."""
    running: RunningPods | Unreadable | None = None
    """Read where the identity that pulls may not, and no pod of the registry is refused. ``None``: not read."""
    pull_secrets: tuple[PullSecret, ...] | Unreadable | None = None
    """Those that pods, their service accounts or an argument name. ``None``: not asked for."""
    images: tuple[ImageLookup, ...] | Unreadable | None = None
    """The images that are judged. ``None``: no image is named, by pods or an argument."""
    hostless_images: tuple[HostlessImage, ...] | Unreadable | None = None
    """Images without a host that pods wait for and that may be meant for the registry. ``None``: there are none."""
    network: Network | Unreadable | None = None
    """``None``: not asked for."""
    account_identities: tuple[AccountIdentity, ...] | Unreadable | None = None
    """Those that pods pull as, in the place of the kubelet identity; ``None``: they do not."""
    changes: ActivityLog | Unreadable | None = None
    """What the Activity Log shows of what root causes name. ``None``: not asked for."""
    probe: ProbeReport | Unreadable | None = None
    """What came of pulling the image for real. ``None``: not asked for."""
    options: Options = field(default_factory=Options)


def nothing_known(targets: Targets, options: Options, now: datetime, why: Unreadable) -> Facts:
    """The facts of a run that could read nothing at all, each for the same reason."""
    return Facts(
        now=now,
        targets=targets,
        cluster=why,
        registry=why,
        node_hosts=why,
        kubelet_identity_resource=why,
        service_principal=why,
        access=Access.unread(why),
        cache_rules=why,
        replications=why,
        outbound=why,
        check_health=why,
        check_acr=None,
        kubernetes=why,
        running=why,
        pull_secrets=why,
        images=why,
        hostless_images=why,
        network=why,
        account_identities=why,
        options=options,
    )
