"""Read the managed cluster.

Read with a stable api-version. The service-account pull profile is shown by preview versions
only, so one GET with such a version runs at the same time; where none is known, it fails or
hangs, that one field is unreadable and nothing else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from functools import partial

from ...arm_ids import resource_parts
from ...facts import AgentPool, Bootstrap, Cluster, HttpProxy, KubeletIdentity, LocalDns, ServiceAccountPull, Unreadable
from ...targets import CLUSTER_TYPE, ClusterTarget
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..ask.session import Session
from ..ask.workers import Workers
from ..members import Body, maybe, or_empty, shown
from .versions import ask_in

# The oldest stable version with every member that is read of a stable answer, so that clouds which lag know it:
# agentPoolProfiles[].localDNSProfile came with 2025-09-01, httpProxyConfig.enabled with 2026-01-01,
# networkProfile.natGatewayProfile.sku with this one (specification/containerservice/.../stable in
# https://github.com/Azure/azure-rest-api-specs; azure-mgmt-containerservice 40.1.0, 41.0.0 and 41.6.0, which are made
# for these versions). Others are asked with where this one is refused, see versions.py.
API_VERSION = "2026-06-01"
# Seconds after the stable answer. Nearly every read waits for the cluster, and only one fact for this version.
PREVIEW_PATIENCE = 3.0
# The newest that the SDK has (azure-mgmt-containerservice 41.9.0b1); see versions.py for where it is not known.
PREVIEW_API_VERSION = "2026-08-02-preview"
# The first with securityProfile.serviceAccountImagePullProfile, see
# https://github.com/Azure/azure-rest-api-specs/pull/40533: in an older one its absence says nothing.
SERVICE_ACCOUNT_PULL_SINCE = "2026-01-02-preview"
GROUPS_API_VERSION = "2022-09-01"

_NEAREST = 3
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# As of azure-mgmt-containerservice's models/_enums.py, and of preview versions "block" and "managedNATGatewayV2"
# (https://learn.microsoft.com/azure/aks/outbound-rules-control-egress, .../nat-gateway).
POWER_STATES = ("Running", "Stopped")
# ManagedClusterProvisioningState is a plain string there; these are the words of
# https://learn.microsoft.com/azure/aks/cluster-extensions and of recorded answers.
CREATING = "Creating"
PROVISIONING_STATES = (
    "Succeeded", "Failed", "Canceled", CREATING, "Updating", "Upgrading", "Deleting", "Starting", "Stopping", "Scaling",
)  # fmt: skip
NO_IDENTITY, SYSTEM_ASSIGNED = "None", "SystemAssigned"
IDENTITY_TYPES = (SYSTEM_ASSIGNED, "UserAssigned", NO_IDENTITY)
POOL_TYPES = ("VirtualMachineScaleSets", "AvailabilitySet", "VirtualMachines")
POOL_MODES = ("System", "User", "Gateway")
OS_TYPES = ("Linux", "Windows")
LOCAL_DNS_MODES = ("Preferred", "Required", "Disabled")
LOCAL_DNS_STATES = ("Enabled", "Disabled")
OS_SKUS = (
    "Ubuntu", "Ubuntu2204", "Ubuntu2404", "AzureLinux", "AzureLinux3", "AzureContainerLinux", "CBLMariner",
    "Windows2019", "Windows2022", "Windows2025",
)  # fmt: skip
MANAGED_NAT_GATEWAY, MANAGED_NAT_GATEWAY_V2 = "managedNATGateway", "managedNATGatewayV2"
OUTBOUND_TYPES = (
    "loadBalancer", "userDefinedRouting", MANAGED_NAT_GATEWAY, MANAGED_NAT_GATEWAY_V2, "userAssignedNATGateway",
    "none", "block",
)  # fmt: skip
# ArtifactSource, in https://github.com/Azure/azure-rest-api-specs of Microsoft.ContainerService from 2025-02-01 on.
CACHE, DIRECT = "Cache", "Direct"
AUTO = "Auto"
PROVISIONING_MODES = ("Manual", AUTO)
# Where the addresses of each outbound type are shown; the other types leave by something that
# is not the cluster's own (a subnet's gateway, a route, nothing).
_OUTBOUND_PROFILES = {
    "loadBalancer": "loadBalancerProfile",
    MANAGED_NAT_GATEWAY: "natGatewayProfile",
    MANAGED_NAT_GATEWAY_V2: "natGatewayProfile",
}
_SERVICE_PRINCIPAL = ("properties", "servicePrincipalProfile", "clientId")
_KUBELET_IDENTITY = ("properties", "identityProfile", "kubeletidentity")
_POOLS = ("properties", "agentPoolProfiles")
_PROXY = ("properties", "httpProxyConfig")
_SERVICE_ACCOUNT_PULL = ("properties", "securityProfile", "serviceAccountImagePullProfile")


@dataclass(frozen=True)
class MissingCluster:
    """What there is instead of a cluster that does not exist; tuples are nearest first."""

    group_exists: bool | Unreadable
    clusters: tuple[tuple[str, str], ...] | Unreadable
    """(resource group, name) of the nearest clusters of the subscription."""
    groups: tuple[str, ...] | Unreadable
    """The nearest resource groups; empty where the group exists."""


def read_cluster(reader: ArmReader, target: ClusterTarget) -> Cluster | Unreadable | None:
    """GET the cluster. ``None``: Azure says that it does not exist."""
    get = partial(reader.get, target.id)
    beside = Workers(1)
    asked = beside.submit(partial(ask_in, PREVIEW_API_VERSION, get))
    beside.close()
    try:
        stable, _ = ask_in(API_VERSION, get)
    except ReadError as error:
        return error.why
    if stable is None:
        return None
    preview: Json | Unreadable | None
    version = PREVIEW_API_VERSION
    try:
        preview, version = asked.result(timeout=PREVIEW_PATIENCE)
    except ReadError as error:
        preview = error.why
    except NotYet:
        preview = Unreadable("timeout", f"Reading {target.id} with API version {version} timed out")
    if preview is None:  # the stable answer is the one that counts
        preview = Body(stable).not_shown(*_SERVICE_ACCOUNT_PULL).why
    return cluster_from(stable, home_tenant(reader.session, target.subscription), preview, version)


def cluster_from(
    answer: Json,
    subscription_tenant: str | Unreadable,
    preview: Json | Unreadable,
    preview_version: str = PREVIEW_API_VERSION,
) -> Cluster | Unreadable:
    """Map a managedClusters answer.

    ``preview`` is the same cluster as ``preview_version`` shows it.
    ``subscription_tenant`` is the tenant that its subscription is in.
    ``Unreadable``: the answer is no cluster at all.
    """
    body = Body(answer)
    cluster_id = shown(body.text, "id")
    parts = None if isinstance(cluster_id, Unreadable) else resource_parts(cluster_id)
    if isinstance(cluster_id, Unreadable) or parts is None:
        return body.malformed("id").why
    return Cluster(
        id=cluster_id,
        name=parts[2],
        resource_group=parts[1],
        subscription=parts[0],
        location=or_empty(body.text, "location"),
        tenant_id=subscription_tenant,
        identity_type=shown(_identity_type, body),
        power_state=shown(body.enum, POWER_STATES, "properties", "powerState", "code"),
        provisioning_state=shown(body.enum, PROVISIONING_STATES, "properties", "provisioningState"),
        node_resource_group=shown(body.text, "properties", "nodeResourceGroup"),
        kubelet_identity=shown(_kubelet_identity, body),
        service_principal_client_id=_service_principal(body),
        control_plane_principal_ids=shown(_control_plane, body),
        outbound_type=shown(_outbound_type, body),
        effective_outbound_ip_ids=shown(_outbound_ips, body),
        node_auto_provisioning=shown(_auto_provisioning, body),
        service_account_pull=_service_account_pull(preview, preview_version),
        agent_pools=shown(_agent_pools, body),
        http_proxy=http_proxy_from(answer, preview),
        bootstrap=shown(_bootstrap, body),
        identity_tenant_id=shown(body.text, "identity", "tenantId"),
    )


def explain_missing_cluster(reader: ArmReader, target: ClusterTarget) -> MissingCluster:
    """Look for what a cluster that does not exist may have been meant to be: names for an error message."""
    base = f"/subscriptions/{target.subscription}"
    clusters, groups = in_parallel(
        [
            lambda: ask_in(API_VERSION, partial(reader.list, f"{base}/providers/{CLUSTER_TYPE}"))[0],
            lambda: reader.list(f"{base}/resourcegroups", GROUPS_API_VERSION),
        ]
    )
    return nearest_to(target, clusters, groups)


def nearest_to(
    target: ClusterTarget, clusters: list[Json] | Unreadable | None, groups: list[Json] | Unreadable | None
) -> MissingCluster:
    """Choose the nearest names out of two lists. Those of the named group come first. Pure."""
    names = groups if isinstance(groups, Unreadable) else [str(group.get("name", "")) for group in groups or ()]
    exists: bool | Unreadable = names if isinstance(names, Unreadable) else _holds(names, target.resource_group)
    near_groups: tuple[str, ...] | Unreadable
    if isinstance(names, Unreadable):
        near_groups = names
    else:
        near_groups = () if exists is True else nearest(target.resource_group, names)
    if isinstance(clusters, Unreadable):
        return MissingCluster(exists, clusters, near_groups)
    placed = [parts for cluster in clusters or () if (parts := resource_parts(str(cluster.get("id", ""))))]
    wanted = nearest(target.name, (name for _, _, name in placed))
    found = [(group, name) for near in wanted for _, group, name in placed if name == near]
    # A name that fits exactly in another group is the nearest of all; then the group that was named.
    found.sort(key=lambda one: (one[1].lower() != target.name.lower(), one[0].lower() != target.resource_group.lower()))
    return MissingCluster(exists, tuple(found[:_NEAREST]), near_groups)


def nearest(wanted: str, names: Iterable[str], count: int = _NEAREST) -> tuple[str, ...]:
    """Return the names that resemble ``wanted``, best first, compared without regard to case."""
    by_lower: dict[str, str] = {}
    for name in names:
        by_lower.setdefault(name.lower(), name)
    return tuple(by_lower[near] for near in difflib.get_close_matches(wanted.lower(), list(by_lower), count))


def home_tenant(session: Session, subscription: str) -> str | Unreadable:
    """Return the tenant that a subscription belongs to, as the CLI's login knows it.

    For a subscription that another tenant manages (Lighthouse) ``tenantId`` is the manager's.
    """
    for known_one in session.subscriptions():
        if str(known_one.get("id", "")).lower() == subscription.lower():
            tenant = known_one.get("homeTenantId") or known_one.get("tenantId")
            if isinstance(tenant, str):
                return tenant
    return Unreadable("not-shown", f"The az login does not show the tenant of subscription {subscription}")


def _holds(names: Iterable[str], wanted: str) -> bool:
    return wanted.lower() in (name.lower() for name in names)


def _is_managed(body: Body) -> bool:
    """Tell managed identity from service principal.

    ``msi`` is a literal that AKS writes in place of the application id.
    """
    kind, client = shown(body.enum, IDENTITY_TYPES, "identity", "type"), shown(body.text, *_SERVICE_PRINCIPAL)
    named = isinstance(kind, str) and kind != NO_IDENTITY
    return named or (isinstance(client, str) and client.lower() == "msi")


def _identity_type(body: Body) -> str:
    if _is_managed(body):
        return body.enum(IDENTITY_TYPES, "identity", "type")
    body.text(*_SERVICE_PRINCIPAL)
    return "ServicePrincipal"


def _service_principal(body: Body) -> str | None:
    client = shown(body.text, *_SERVICE_PRINCIPAL)
    return None if isinstance(client, Unreadable) or _is_managed(body) else client


def _kubelet_identity(body: Body) -> KubeletIdentity | None:
    if not _is_managed(body):
        # Neither a managed identity nor a service principal: the answer tells nothing.
        if _service_principal(body) is None:
            raise body.not_shown("properties", "identityProfile")
        return None
    if maybe(body.object, "properties", "identityProfile") is None or maybe(body.object, *_KUBELET_IDENTITY) is None:
        # While a cluster is being created the profile is not there yet (recorded). An answer that shows no state
        # either proves no absence.
        state = shown(body.enum, PROVISIONING_STATES, "properties", "provisioningState")
        if isinstance(state, Unreadable) or state == CREATING:
            raise body.not_shown(*_KUBELET_IDENTITY)
        return None
    identity = body.object(*_KUBELET_IDENTITY)
    return KubeletIdentity(identity.text("resourceId"), identity.text("clientId"), identity.text("objectId"))


def _control_plane(body: Body) -> tuple[str, ...]:
    if not _is_managed(body):
        if _service_principal(body):
            return ()
        raise body.not_shown("identity")
    if shown(body.enum, IDENTITY_TYPES, "identity", "type") == SYSTEM_ASSIGNED:
        return (body.text("identity", "principalId"),)
    assigned = body.entries("identity", "userAssignedIdentities")
    return tuple(one.text("principalId") for one in assigned.values())


def _outbound_type(body: Body) -> str:
    """The word of preview versions for a second-generation NAT gateway, which version 2026-06-01 tells by its SKU.

    Source: ``ManagedClusterNATGatewayProfile.sku`` of azure-mgmt-containerservice.
    """
    kind = body.enum(OUTBOUND_TYPES, "properties", "networkProfile", "outboundType")
    sku = shown(body.text, "properties", "networkProfile", "natGatewayProfile", "sku")
    second = kind == MANAGED_NAT_GATEWAY and isinstance(sku, str) and sku.lower() == "standardv2"
    return MANAGED_NAT_GATEWAY_V2 if second else kind


def _outbound_ips(body: Body) -> tuple[str, ...]:
    profile = _OUTBOUND_PROFILES.get(_outbound_type(body))
    return body.ids("properties", "networkProfile", profile, "effectiveOutboundIPs") if profile else ()


def _auto_provisioning(body: Body) -> bool:
    return body.enum(PROVISIONING_MODES, "properties", "nodeProvisioningProfile", "mode") == AUTO


def _bootstrap(body: Body) -> Bootstrap:
    profile = body.object("properties", "bootstrapProfile")
    source = profile.enum((CACHE, DIRECT), "artifactSource")
    return Bootstrap(source, None if source == DIRECT else shown(profile.text, "containerRegistryId"))


def _service_account_pull(preview: Json | Unreadable, version: str) -> ServiceAccountPull | Unreadable | None:
    return preview if isinstance(preview, Unreadable) else shown(_service_account_profile, Body(preview), version)


def _service_account_profile(preview: Body, version: str) -> ServiceAccountPull | None:
    """A version that knows the profile leaves it out where nobody has set it, ``securityProfile`` too (recorded)."""
    properties = preview.object("properties")
    if "securityProfile" in properties.json:
        properties.object("securityProfile")
    profile = maybe(preview.object, *_SERVICE_ACCOUNT_PULL)
    if profile is not None:
        return ServiceAccountPull(profile.flag("enabled"), maybe(profile.text, "defaultManagedIdentityId"))
    if version < SERVICE_ACCOUNT_PULL_SINCE:
        raise preview.not_shown(*_SERVICE_ACCOUNT_PULL)
    return None


def http_proxy_from(answer: Json, preview: Json | Unreadable) -> HttpProxy | Unreadable | None:
    """Map ``httpProxyConfig``, which a cluster without a proxy does not have (recorded). Pure.

    Unless it says otherwise it is in force. Preview versions show what AKS itself excepts too.
    Source: https://learn.microsoft.com/azure/aks/http-proxy
    """
    return shown(_http_proxy, Body(answer), preview)


def _http_proxy(body: Body, preview: Json | Unreadable) -> HttpProxy | None:
    config = maybe(body.object, *_PROXY)
    if config is None or False in (maybe(config.flag, "enabled"), shown(Body(preview).flag, *_PROXY, "enabled")):
        return None
    http = maybe(config.text, "httpProxy")
    https = maybe(config.text, "httpsProxy") or http
    if https is None:
        return None
    return HttpProxy(
        http=None if http is None else without_user(http),
        https=without_user(https),
        no_proxy=_no_proxy(config, preview),
        trusted_ca=maybe(config.text, "trustedCa") is not None,
    )


def _no_proxy(config: Body, preview: Json | Unreadable) -> tuple[str, ...] | Unreadable:
    own = shown(config.texts, "noProxy")
    whole = shown(Body(preview).texts, *_PROXY, "effectiveNoProxy")
    if isinstance(whole, Unreadable):
        return own
    return tuple(dict.fromkeys((*(() if isinstance(own, Unreadable) else own), *whole)))


def without_user(url: str) -> str:
    """A proxy's URL without the user and password that it may carry."""
    scheme = _SCHEME.match(url)
    return (scheme[0] if scheme else "") + url[scheme.end() if scheme else 0 :].rpartition("@")[2]


def _agent_pools(body: Body) -> tuple[AgentPool, ...]:
    return tuple(_agent_pool(pool) for pool in body.objects(*_POOLS))


def _agent_pool(pool: Body) -> AgentPool:
    return AgentPool(
        name=or_empty(pool.text, "name"),
        pool_type=shown(pool.enum, POOL_TYPES, "type"),
        mode=shown(pool.enum, POOL_MODES, "mode"),
        os_type=shown(pool.enum, OS_TYPES, "osType"),
        os_sku=maybe(pool.enum, OS_SKUS, "osSKU"),
        power_state=shown(pool.enum, POWER_STATES, "powerState", "code"),
        provisioning_state=shown(pool.enum, PROVISIONING_STATES, "provisioningState"),
        node_image_version=shown(pool.text, "nodeImageVersion"),
        subnet_id=maybe(pool.text, "vnetSubnetID"),
        node_public_ip=shown(pool.flag, "enableNodePublicIP"),
        count=shown(pool.number, "count"),
        node_public_ip_prefix_id=maybe(pool.text, "nodePublicIPPrefixID"),
        local_dns=shown(_local_dns, pool),
        artifact_streaming=shown(pool.flag, "artifactStreamingProfile", "enabled"),
    )


def _local_dns(pool: Body) -> LocalDns:
    profile = pool.object("localDNSProfile")
    return LocalDns(
        mode=shown(profile.enum, LOCAL_DNS_MODES, "mode"), state=shown(profile.enum, LOCAL_DNS_STATES, "state")
    )
