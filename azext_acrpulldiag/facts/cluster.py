"""The cluster, its nodes and the identities that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .envelope import Unreadable

_NOT_READ = Unreadable("not-shown", "This property was not read")


@dataclass(frozen=True)
class KubeletIdentity:
    """``identityProfile.kubeletidentity``: the identity that pulls."""

    resource_id: str
    client_id: str
    object_id: str


@dataclass(frozen=True)
class ServiceAccountPull:
    """Service-account image pull (preview): pods pull as their own identity."""

    enabled: bool
    default_identity_id: str | None


@dataclass(frozen=True)
class Bootstrap:
    """``bootstrapProfile``: where nodes get the images of AKS itself."""

    source: str
    """``Cache``: through a registry, as on network-isolated clusters; ``Direct``: from ``mcr.microsoft.com``."""
    registry_id: str | Unreadable | None
    """That registry's resource id; ``None``: there is none."""


@dataclass(frozen=True)
class HttpProxy:
    """``httpProxyConfig``, in force: what nodes and pods are told to use. No user or password of its URLs is in it."""

    http: str | None
    https: str | None
    """``httpProxy`` where no ``httpsProxy`` is given, which AKS then uses for both."""
    no_proxy: tuple[str, ...] | Unreadable
    """What the user excepts, and what AKS adds to that (``effectiveNoProxy``) where it is shown."""
    trusted_ca: bool
    """A certificate authority of the user's own is installed on the nodes."""


@dataclass(frozen=True)
class LocalDns:
    """``localDNSProfile`` of a node pool: a resolver on each node, between kubelet and the network's DNS servers."""

    mode: str | Unreadable
    """``Preferred``, ``Required`` or ``Disabled``: what is asked for."""
    state: str | Unreadable
    """``Enabled`` or ``Disabled``: what came of it."""


@dataclass(frozen=True)
class AgentPool:
    """One entry of ``agentPoolProfiles``."""

    name: str
    pool_type: str | Unreadable
    mode: str | Unreadable
    os_type: str | Unreadable
    os_sku: str | None
    power_state: str | Unreadable
    provisioning_state: str | Unreadable
    node_image_version: str | Unreadable
    subnet_id: str | None
    """``None``: AKS manages the network itself, in the node resource group."""
    node_public_ip: bool | Unreadable
    count: int | Unreadable
    node_public_ip_prefix_id: str | None = None
    """``nodePublicIPPrefixID``; ``None``: node addresses, where there are any, come from no prefix."""
    local_dns: LocalDns | Unreadable = _NOT_READ
    """Unreadable where the answer shows none: versions before 2025-09-01 do not know it."""
    artifact_streaming: bool | Unreadable = _NOT_READ
    """``artifactStreamingProfile.enabled``; Unreadable where no answer shows it: stable versions since 2026-03-01 do,
    and previews."""


@dataclass(frozen=True)
class Cluster:
    """The managed cluster as ARM shows it."""

    id: str
    name: str
    resource_group: str
    subscription: str
    location: str
    tenant_id: str | Unreadable
    """Of its subscription, as the login knows it."""
    identity_type: str | Unreadable
    """``SystemAssigned``, ``UserAssigned`` or ``ServicePrincipal``."""
    power_state: str | Unreadable
    provisioning_state: str | Unreadable
    node_resource_group: str | Unreadable
    kubelet_identity: KubeletIdentity | Unreadable | None
    """``None``: the profile definitely names none (service-principal cluster, or lost)."""
    service_principal_client_id: str | None
    """``None``: the cluster uses managed identities."""
    control_plane_principal_ids: tuple[str, ...] | Unreadable
    outbound_type: str | Unreadable
    effective_outbound_ip_ids: tuple[str, ...] | Unreadable
    node_auto_provisioning: bool | Unreadable
    service_account_pull: ServiceAccountPull | Unreadable | None
    """``None``: the answer shows the security profile and no such member in it."""
    agent_pools: tuple[AgentPool, ...] | Unreadable
    http_proxy: HttpProxy | Unreadable | None = None
    """``None``: the cluster has none, or it is switched off."""
    bootstrap: Bootstrap | Unreadable = _NOT_READ
    identity_tenant_id: str | Unreadable = _NOT_READ
    """``identity.tenantId``: where its system-assigned identity was made, whatever the subscription is in now."""


@dataclass(frozen=True)
class AssignedIdentity:
    """A user-assigned identity that a scale set, instance or VM carries."""

    resource_id: str
    principal_id: str | None
    client_id: str | None


@dataclass(frozen=True)
class NodeHost:
    """A scale set, one of its instances, or a virtual machine that nodes run on.

    ``pool`` is the node pool's name (for auto-provisioned machines Karpenter's pool).
    Where hosts could not be listed, one value with ``unread`` stands for all of them: its
    id is that of the list, its ``pool`` is empty where the list spans pools, and whatever
    else is not known of them is the same ``Unreadable``.
    """

    resource_id: str
    name: str
    kind: str
    """``scale-set``, ``instance`` or ``virtual-machine``."""
    pool: str
    identities: tuple[AssignedIdentity, ...] | Unreadable
    tagged_kubelet_client_id: str | None = None
    """Tag ``aks-managed-kubeletIdentityClientID``; ``None`` where the tag is absent."""
    subnet_ids: tuple[str, ...] | Unreadable = ()
    public_ip_per_node: bool | Unreadable = False
    created: datetime | Unreadable | None = None
    security_group_ids: tuple[str, ...] | Unreadable = ()
    """Network security groups on its primary interface."""
    capacity: int | None = None
    """Of a scale set: how many instances it is to have; ``None``: not shown, or no scale set."""
    unread: Unreadable | None = None
    """Why the hosts that this value stands for could not be listed; ``None``: it is one host."""


@dataclass(frozen=True)
class ManagedIdentity:
    """A user-assigned identity as ``Microsoft.ManagedIdentity`` shows it."""

    resource_id: str
    client_id: str
    principal_id: str
    tenant_id: str


@dataclass(frozen=True)
class PasswordCredential:
    """One client secret: never its value, only its validity."""

    key_id: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class ServicePrincipal:
    """An application id as Microsoft Graph shows it."""

    app_id: str
    object_id: str | Unreadable | None
    """The service principal's object id; ``None``: it does not exist in this tenant."""
    enabled: bool | Unreadable
    application_object_id: str | Unreadable | None
    """``None``: no application object in this tenant (deleted, or another tenant's)."""
    home_tenant_id: str | Unreadable | None
    """``appOwnerOrganizationId``: where the application object lives; ``None``: Graph names no tenant."""
    passwords: tuple[PasswordCredential, ...] | Unreadable
    """Of application and service principal together; unreadable where either's are not shown."""
    seen_passwords: tuple[PasswordCredential, ...] = ()
    """Those that were shown, where ``passwords`` is unreadable: there may be more."""
