"""What was read, as frozen values.

Three answers are kept apart everywhere: a value, a definite absence (``None`` or an empty
tuple, documented at the field), and :class:`Unreadable`. A field that a response did not
show is ``Unreadable``, never a default. All times are aware and in UTC. Ids keep the casing
Azure answered with; compare them with :func:`same_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from .targets import Targets

T = TypeVar("T")


@dataclass(frozen=True)
class Unreadable:
    """A fact that could not be had, and what would make it readable.

    ``reason`` is a code: ``forbidden``, ``not-found``, ``not-shown`` (the answer lacks the
    field), ``throttled``, ``timeout``, ``unreachable``, ``server-error``, ``malformed``,
    ``unsupported``, ``not-logged-in``, ``internal-error``. ``detail`` is a clause for people.
    ``operation`` is what was tried (``Microsoft.Compute/virtualMachineScaleSets/read`` on an
    id), ``permission`` the right that would allow it.
    """

    reason: str
    detail: str
    operation: str | None = None
    permission: str | None = None

    @property
    def sentence(self) -> str:
        """The whole in words, with the missing right where there is one."""
        need = f" It needs {self.permission}." if self.permission else ""
        return f"{self.detail.rstrip('.')}.{need}"


class NotKnownError(Exception):
    """Raised by :func:`known`; carries why the fact is not there."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.sentence)
        self.why = why


def known(value: T | Unreadable) -> T:
    """Take a fact out of its envelope, or raise :class:`NotKnownError`."""
    if isinstance(value, Unreadable):
        raise NotKnownError(value)
    return value


def same_id(one: str, other: str) -> bool:
    """Compare two ARM ids. Azure answers with any casing, see managedClusters' ``resourcegroups``."""
    return one.rstrip("/").lower() == other.rstrip("/").lower()


# --- the cluster -----------------------------------------------------------------------


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


@dataclass(frozen=True)
class Cluster:
    """The managed cluster as ARM shows it."""

    id: str
    name: str
    resource_group: str
    subscription: str
    location: str
    tenant_id: str | Unreadable
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


# --- the nodes -------------------------------------------------------------------------


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
    unread: Unreadable | None = None
    """Why the hosts that this value stands for could not be listed; ``None``: it is one host."""


@dataclass(frozen=True)
class ManagedIdentity:
    """A user-assigned identity as ``Microsoft.ManagedIdentity`` shows it."""

    resource_id: str
    client_id: str
    principal_id: str
    tenant_id: str


# --- the service principal -------------------------------------------------------------


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


# --- the registry ----------------------------------------------------------------------


@dataclass(frozen=True)
class NetworkRules:
    """``networkRuleSet``."""

    default_action: str
    ip_rules: tuple[str, ...]
    subnet_ids: tuple[str, ...] | Unreadable
    """Unreadable where the answering api-version does not show virtualNetworkRules."""


@dataclass(frozen=True)
class PrivateEndpointConnection:
    """One entry of ``privateEndpointConnections``."""

    id: str
    status: str | Unreadable
    private_endpoint_id: str | None


@dataclass(frozen=True)
class Registry:
    """The registry as ARM shows it."""

    id: str
    name: str
    resource_group: str
    subscription: str
    location: str
    tenant_id: str | Unreadable
    login_server: str
    sku: str | Unreadable
    provisioning_state: str | Unreadable
    role_assignment_mode: str | Unreadable
    """``LegacyRegistryPermissions`` or ``AbacRepositoryPermissions``."""
    admin_enabled: bool | Unreadable
    anonymous_pull: bool | Unreadable
    public_network_access: str | Unreadable
    network_rules: NetworkRules | Unreadable | None
    """``None``: this SKU has no firewall (Basic, Standard)."""
    private_endpoints: tuple[PrivateEndpointConnection, ...] | Unreadable
    arm_audience_tokens: str | Unreadable
    """``azureADAuthenticationAsArmPolicy.status``: ``enabled`` or ``disabled``."""
    data_endpoint_hosts: tuple[str, ...] | Unreadable
    regional_hosts: tuple[str, ...] | Unreadable


@dataclass(frozen=True)
class CacheRule:
    """An artifact-cache rule and the health of its credential set."""

    name: str
    source: str
    target: str
    credential_set: str | None
    unhealthy: str | Unreadable | None
    """The error of its credential set; ``None``: healthy, or none is used."""


@dataclass(frozen=True)
class HealthCode:
    """One code that ``az acr check-health`` reported."""

    code: str
    message: str


@dataclass(frozen=True)
class HealthReport:
    """What ``az acr check-health`` said on this machine, its local-tool complaints dropped."""

    codes: tuple[HealthCode, ...]
    passed: tuple[str, ...]


@dataclass(frozen=True)
class CheckAcrReport:
    """What ``az aks check-acr`` said: canipull's exit code and the steps in its text."""

    exit_code: int
    failed_step: str | None
    steps: tuple[str, ...]
    message: str


# --- access ----------------------------------------------------------------------------


@dataclass(frozen=True)
class RoleAssignment:
    """One role assignment, at the registry or above it."""

    id: str
    scope: str
    role_definition_id: str
    principal_id: str
    principal_type: str | None
    condition: str | None
    created: datetime | None


@dataclass(frozen=True)
class Permission:
    """One element of a role definition's ``permissions`` (or a deny assignment's)."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str | None = None


@dataclass(frozen=True)
class RoleDefinition:
    """A built-in or custom role."""

    id: str
    name: str
    custom: bool
    permissions: tuple[Permission, ...]


@dataclass(frozen=True)
class DenyAssignment:
    """A deny assignment in force at the registry."""

    id: str
    name: str
    scope: str
    permissions: tuple[Permission, ...]
    principal_ids: tuple[str, ...]
    excluded_principal_ids: tuple[str, ...]
    everyone: bool
    """All principals (the zero GUID of type SystemDefined)."""
    condition: str | None
    applies_to_child_scopes: bool
    group_ids: tuple[str, ...] = ()
    """Which of the named and excluded principals are groups."""
    enforced: bool = True
    """``False``: ``denyAssignmentEffect`` is ``audit``, which blocks nothing."""


@dataclass(frozen=True)
class Puller:
    """The principal that pulls without a pull secret."""

    object_id: str
    client_id: str
    kind: str
    """``kubelet-identity`` or ``service-principal``."""
    name: str


@dataclass(frozen=True)
class Access:
    """Everything that decides whether the puller may pull."""

    puller: Puller | Unreadable | None
    """``None``: the cluster definitely has no principal to pull with."""
    effective: tuple[RoleAssignment, ...] | Unreadable
    """Assignments in force for the puller at the registry: direct, inherited, through groups."""
    at_scope: tuple[RoleAssignment, ...] | Unreadable
    """Every assignment in force at the registry, whoever holds it."""
    definitions: Mapping[str, RoleDefinition | Unreadable]
    """Role definitions by the lower-case GUID that ends their id."""
    denials: tuple[DenyAssignment, ...] | Unreadable
    group_ids: tuple[str, ...] | Unreadable = ()
    """Groups of the puller that hold an effective assignment."""


# --- the network -----------------------------------------------------------------------


@dataclass(frozen=True)
class Outbound:
    """How the nodes of some pools leave for the internet."""

    pools: tuple[str, ...]
    subnet_id: str | None
    path: str
    """``nat-gateway``, ``node-public-ip``, ``load-balancer``, ``firewall``, ``none`` or ``unknown``."""
    addresses: tuple[str, ...] | Unreadable
    """Public IPv4 addresses and prefixes in CIDR form."""
    service_endpoint: bool | Unreadable
    """The subnet has a service endpoint for registries: traffic arrives with a private source."""
    via: str | None = None
    """The NAT gateway or firewall whose addresses they are; ``None``: no such resource on the way."""


# --- the whole -------------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """A parsed image reference.

    ``tag`` is ``latest`` where the reference names neither tag nor digest.
    """

    host: str
    repository: str
    tag: str | None
    digest: str | None


@dataclass(frozen=True)
class Options:
    """Arguments that judgement depends on."""

    expiry_days: int = 30
    image: Image | None = None
    image_text: str | None = None
    """What the user gave as ``--image``, also where it does not parse."""


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
    outbound: tuple[Outbound, ...] | Unreadable | None
    """``None``: not read, because the registry does not filter by address."""
    check_health: HealthReport | Unreadable | None
    """``None``: not run."""
    check_acr: CheckAcrReport | Unreadable | None
    """``None``: not asked for."""
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
        access=Access(puller=why, effective=why, at_scope=why, definitions={}, denials=why, group_ids=why),
        cache_rules=why,
        outbound=why,
        check_health=why,
        check_acr=None,
        options=options,
    )
