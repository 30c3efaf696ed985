"""The registry, and what wrapped commands say of it."""

from __future__ import annotations

from dataclasses import dataclass

from .envelope import Unreadable

_NOT_READ = Unreadable("not-shown", "This property of the registry was not read")


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
    quarantine_policy: str | Unreadable = _NOT_READ
    """``enabled`` or ``disabled``."""
    retention_days: int | Unreadable | None = _NOT_READ
    """Days after which an untagged manifest is deleted; ``None``: it is kept."""


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
class Replication:
    """A region that the registry is in. With the first replica, its home region has an entry too (recorded)."""

    id: str
    name: str
    location: str
    """See :func:`region_key`."""
    provisioning_state: str | Unreadable
    """What became of the last operation on it; no word on whether it serves."""
    display_status: str | Unreadable
    """``Ready``, ``Syncing``, or another word of Azure's; ``Ready`` too where ``global_routing`` is off (recorded)."""
    status_message: str
    """What Azure says of that status; empty: nothing."""
    global_routing: bool | Unreadable
    """``regionEndpointEnabled``: whether the login server may lead to it. Its own hosts work either way."""


def region_key(location: str) -> str:
    """A region as it stands in hosts and service tags, in lower case: ``westeurope`` for ``West Europe``."""
    return location.lower().replace(" ", "")


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
    """0, 1 to 4 (node configuration), 10 (credential), 52 (DNS) or 60 (exchange refused)."""
    failed_step: str | None
    """In canipull's words (``Validating image pull permission``); ``None``: none failed."""
    steps: tuple[str, ...]
    """The steps with their results, in canipull's words (``...: SUCCEEDED``)."""
    message: str
    """What it said of the failure, tokens removed; empty where none failed."""
    refused_status: int | None = None
    """HTTP status of a refused exchange; ``None`` with code 60: the registry was not reached."""
