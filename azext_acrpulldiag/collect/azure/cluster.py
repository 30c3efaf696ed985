"""Read the managed cluster.

Read with the stable api-version. The service-account pull profile is shown by preview versions
only, so one GET with such a version runs at the same time; where it is refused, fails or
hangs, that one field is unreadable and nothing else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...arm_ids import resource_parts
from ...facts import AgentPool, Cluster, HttpProxy, KubeletIdentity, ServiceAccountPull, Unreadable, known
from ...targets import CLUSTER_TYPE, ClusterTarget
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..ask.session import Session
from ..ask.workers import Workers
from ..members import ids, malformed, member, not_shown, objects, shown, text, texts

API_VERSION = "2026-06-01"
# Seconds after the stable answer. Nearly every read waits for the cluster, and only one fact for this version.
PREVIEW_PATIENCE = 3.0
# securityProfile.serviceAccountImagePullProfile came with 2026-01-02-preview, see
# https://github.com/Azure/azure-rest-api-specs/pull/40533; this one is the newest in the reference.
PREVIEW_API_VERSION = "2026-03-02-preview"
GROUPS_API_VERSION = "2022-09-01"

_NEAREST = 3
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Where the addresses of each outbound type are shown; the other types leave by something that
# is not the cluster's own (a subnet's gateway, a route, nothing).
_OUTBOUND_PROFILES = {
    "loadbalancer": "loadBalancerProfile",
    "managednatgateway": "natGatewayProfile",
    "managednatgatewayv2": "natGatewayProfile",
}


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
    beside = Workers(1)
    asked = beside.submit(partial(reader.get, target.id, PREVIEW_API_VERSION))
    beside.close()
    try:
        stable = reader.get(target.id, API_VERSION)
    except ReadError as error:
        return error.why
    if stable is None:
        return None
    preview: Json | Unreadable | None
    try:
        preview = asked.result(timeout=PREVIEW_PATIENCE)
    except ReadError as error:
        preview = error.why
    except NotYet:
        preview = Unreadable("timeout", f"{target.id} as version {PREVIEW_API_VERSION} shows it did not come in time")
    if preview is None:  # the stable answer is the one that counts
        preview = not_shown(stable, "properties", "securityProfile", "serviceAccountImagePullProfile")
    return cluster_from(stable, home_tenant(reader.session, target.subscription), preview)


def cluster_from(body: Json, subscription_tenant: str | Unreadable, preview: Json | Unreadable) -> Cluster | Unreadable:
    """Map a managedClusters answer.

    ``preview`` is the same cluster as a version shows it that knows service-account pull.
    ``subscription_tenant`` stands in where the cluster has no identity that names its tenant.
    ``Unreadable``: the answer is no cluster at all.
    """
    parts = resource_parts(body["id"]) if isinstance(body.get("id"), str) else None
    if parts is None:
        return malformed(body, "id")
    tenant = text(body, "identity", "tenantId")
    return Cluster(
        id=body["id"],
        name=parts[2],
        resource_group=parts[1],
        subscription=parts[0],
        location=str(body.get("location") or ""),
        tenant_id=subscription_tenant if isinstance(tenant, Unreadable) else tenant,
        identity_type=_identity_type(body),
        power_state=text(body, "properties", "powerState", "code"),
        provisioning_state=text(body, "properties", "provisioningState"),
        node_resource_group=text(body, "properties", "nodeResourceGroup"),
        kubelet_identity=_kubelet_identity(body),
        service_principal_client_id=_service_principal(body),
        control_plane_principal_ids=_control_plane(body),
        outbound_type=text(body, "properties", "networkProfile", "outboundType"),
        effective_outbound_ip_ids=_outbound_ips(body),
        node_auto_provisioning=_auto_provisioning(body),
        service_account_pull=_service_account_pull(preview),
        agent_pools=_agent_pools(body),
        http_proxy=http_proxy_from(body, preview),
    )


def explain_missing_cluster(reader: ArmReader, target: ClusterTarget) -> MissingCluster:
    """Look for what a cluster that does not exist may have been meant to be: names for an error message."""
    base = f"/subscriptions/{target.subscription}"
    clusters, groups = in_parallel(
        [
            lambda: reader.list(f"{base}/providers/{CLUSTER_TYPE}", API_VERSION),
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
    return Unreadable("not-shown", f"The login of the CLI does not say which tenant subscription {subscription} is of")


def _holds(names: Iterable[str], wanted: str) -> bool:
    return wanted.lower() in (name.lower() for name in names)


def _is_managed(body: Json) -> bool:
    """Tell managed identity from service principal.

    ``msi`` is a literal that AKS writes in place of the application id.
    """
    kind = member(body, "identity", "type")
    named = isinstance(kind, str) and kind.lower() != "none"
    return named or str(member(body, "properties", "servicePrincipalProfile", "clientId")).lower() == "msi"


def _identity_type(body: Json) -> str | Unreadable:
    if _is_managed(body):
        return text(body, "identity", "type")
    client = text(body, "properties", "servicePrincipalProfile", "clientId")
    return client if isinstance(client, Unreadable) else "ServicePrincipal"


def _service_principal(body: Json) -> str | None:
    client = member(body, "properties", "servicePrincipalProfile", "clientId")
    return client if isinstance(client, str) and not _is_managed(body) else None


def _kubelet_identity(body: Json) -> KubeletIdentity | Unreadable | None:
    if not _is_managed(body):
        # Neither a managed identity nor a service principal: the answer tells nothing.
        if _service_principal(body) is None:
            return not_shown(body, "properties", "identityProfile")
        return None
    if member(body, "properties", "identityProfile", "kubeletidentity") is None:
        return _absent_kubelet_identity(body)
    found = [
        text(body, "properties", "identityProfile", "kubeletidentity", name)
        for name in ("resourceId", "clientId", "objectId")
    ]
    missing = next((value for value in found if isinstance(value, Unreadable)), None)
    return missing or KubeletIdentity(*(known(value) for value in found))


def _absent_kubelet_identity(body: Json) -> Unreadable | None:
    """``None`` where the answer is whole without it; one that shows no state either proves no absence."""
    profile = shown(body, dict, "properties", "identityProfile")
    if isinstance(profile, Unreadable) and profile.reason == "malformed":
        return profile
    state = text(body, "properties", "provisioningState")
    # While a cluster is being created the profile is not there yet (recorded).
    if isinstance(state, Unreadable) or state.lower() == "creating":
        return not_shown(body, "properties", "identityProfile", "kubeletidentity")
    return None


def _control_plane(body: Json) -> tuple[str, ...] | Unreadable:
    if not _is_managed(body):
        return () if _service_principal(body) else not_shown(body, "identity")
    if str(member(body, "identity", "type")).lower() == "systemassigned":
        principal = text(body, "identity", "principalId")
        return principal if isinstance(principal, Unreadable) else (principal,)
    assigned = shown(body, dict, "identity", "userAssignedIdentities")
    if isinstance(assigned, Unreadable):
        return assigned
    principals = [member(one, "principalId") for one in assigned.values()]
    if not all(isinstance(one, str) for one in principals):
        return not_shown(body, "identity", "userAssignedIdentities", "principalId")
    return tuple(principals)


def _outbound_ips(body: Json) -> tuple[str, ...] | Unreadable:
    kind = text(body, "properties", "networkProfile", "outboundType")
    if isinstance(kind, Unreadable):
        return kind
    profile = _OUTBOUND_PROFILES.get(kind.lower())
    return ids(body, "properties", "networkProfile", profile, "effectiveOutboundIPs") if profile else ()


def _auto_provisioning(body: Json) -> bool | Unreadable:
    mode = text(body, "properties", "nodeProvisioningProfile", "mode")
    return mode if isinstance(mode, Unreadable) else mode.lower() == "auto"


def _service_account_pull(body: Json | Unreadable) -> ServiceAccountPull | Unreadable | None:
    if isinstance(body, Unreadable):
        return body
    profile = shown(body, dict, "properties", "securityProfile")
    if isinstance(profile, Unreadable):
        return profile
    found = profile.get("serviceAccountImagePullProfile")
    if found is None:
        return None
    enabled = shown(found, bool, "enabled")
    if isinstance(enabled, Unreadable):
        return not_shown(body, "properties", "securityProfile", "serviceAccountImagePullProfile", "enabled")
    default = member(found, "defaultManagedIdentityId")
    return ServiceAccountPull(enabled, default if isinstance(default, str) and default else None)


def http_proxy_from(body: Json, preview: Json | Unreadable) -> HttpProxy | Unreadable | None:
    """Map ``httpProxyConfig``, which a cluster without a proxy does not have (recorded). Pure.

    Unless it says otherwise it is in force. Preview versions show what AKS itself excepts too.
    Source: https://learn.microsoft.com/azure/aks/http-proxy
    """
    if member(body, "properties", "httpProxyConfig") is None:
        return None
    config = shown(body, dict, "properties", "httpProxyConfig")
    if isinstance(config, Unreadable):
        return config
    if config.get("enabled") is False:
        return None
    proxies = [config.get("httpProxy"), config.get("httpsProxy") or config.get("httpProxy")]
    if not all(proxy is None or isinstance(proxy, str) for proxy in proxies):
        return malformed(body, "properties", "httpProxyConfig")
    http, https = (without_user(proxy) if proxy else None for proxy in proxies)
    if http is None and https is None:
        return None
    return HttpProxy(http, https, _no_proxy(body, preview), bool(config.get("trustedCa")))


def _no_proxy(body: Json, preview: Json | Unreadable) -> tuple[str, ...] | Unreadable:
    own = texts(body, "properties", "httpProxyConfig", "noProxy")
    whole = texts(preview, "properties", "httpProxyConfig", "effectiveNoProxy")
    if isinstance(whole, Unreadable):
        return own
    return tuple(dict.fromkeys((*(() if isinstance(own, Unreadable) else own), *whole)))


def without_user(url: str) -> str:
    """A proxy's URL without the user and password that it may carry."""
    scheme = _SCHEME.match(url)
    return (scheme[0] if scheme else "") + url[scheme.end() if scheme else 0 :].rpartition("@")[2]


def _agent_pools(body: Json) -> tuple[AgentPool, ...] | Unreadable:
    found = objects(body, "properties", "agentPoolProfiles")
    if isinstance(found, Unreadable):
        return found
    return tuple(_agent_pool(pool) for pool in found)


def _agent_pool(pool: dict[str, Any]) -> AgentPool:
    os_sku, subnet = pool.get("osSKU"), pool.get("vnetSubnetID")
    return AgentPool(
        name=str(pool.get("name") or ""),
        pool_type=text(pool, "type"),
        mode=text(pool, "mode"),
        os_type=text(pool, "osType"),
        os_sku=os_sku if isinstance(os_sku, str) else None,
        power_state=text(pool, "powerState", "code"),
        provisioning_state=text(pool, "provisioningState"),
        node_image_version=text(pool, "nodeImageVersion"),
        subnet_id=subnet if isinstance(subnet, str) and subnet else None,
        node_public_ip=shown(pool, bool, "enableNodePublicIP"),
        count=shown(pool, int, "count"),
    )
