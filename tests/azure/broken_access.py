"""Faults of those who pull: roles, conditions, denials, identities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tests import build

from .authorization import EVERYONE, groups_of, scopes_above
from .broken import fault
from .changes_access import ago, iso
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

PULL = "Microsoft.ContainerRegistry/registries/pull/read"
READ_CONTENT = "Microsoft.ContainerRegistry/registries/repositories/content/read"


def puller(cloud: Cloud) -> str:
    """The object id of what pulls on the nodes of the default cluster; empty where there is none."""
    properties = cloud.cluster["properties"]
    kubelet = (properties.get("identityProfile") or {}).get("kubeletidentity")
    if kubelet:
        return str(kubelet["objectId"])
    app_id = (properties.get("servicePrincipalProfile") or {}).get("clientId")
    return next((str(each["id"]) for each in cloud.service_principals if each["appId"] == app_id), "")


def may_pull(cloud: Cloud, principal: str) -> bool:
    """Whether some assignment at or above the registry lets a principal pull, in the mode that the registry is in.

    Its condition, if there is one, is not looked at.
    """
    return any(_lets_pull(cloud, each) for each in assignments_of(cloud, principal))


def assignments_of(cloud: Cloud, principal: str) -> Iterator[Json]:
    """The assignments at or above the registry of a principal, and of the groups that it is in."""
    holders = {principal.lower(), *groups_of(cloud, principal)}
    above = scopes_above(cloud, cloud.registry["id"])
    for each in cloud.role_assignments:
        properties = each["properties"]
        if properties["principalId"].lower() in holders and (properties["scope"].lower().rstrip("/") or "/") in above:
            yield each


def _lets_pull(cloud: Cloud, assignment: Json) -> bool:
    """AcrPull's action in the older mode, the data action of the repositories in the newer one."""
    role = cloud.role_definitions.get(assignment["properties"]["roleDefinitionId"].rpartition("/")[2], {})
    by_repository = cloud.registry["properties"].get("roleAssignmentMode") == "AbacRepositoryPermissions"
    wanted, allowed, less = (
        (READ_CONTENT, "dataActions", "notDataActions") if by_repository else (PULL, "actions", "notActions")
    )
    return any(
        _names(part.get(allowed), wanted) and not _names(part.get(less), wanted)
        for part in role.get("properties", {}).get("permissions", ())
    )


def _names(patterns: list[str] | None, operation: str) -> bool:
    return any(fnmatchcase(operation.lower(), each.lower()) for each in patterns or ())


@fault("access.pull-role-missing", "access.pull-role-on-other-principal", "access.pull-role-wrong-mode")
def _puller_has_no_role(cloud: Cloud) -> bool:
    return not may_pull(cloud, puller(cloud))


@fault("access.recently-granted")
def _role_is_new(cloud: Cloud) -> bool:
    """Minutes ago; what is older has spread."""
    recent = iso(ago(minutes=10))
    return all(each["properties"]["createdOn"] > recent for each in assignments_of(cloud, puller(cloud)))


@fault("access.condition-excludes-repository")
def _condition_names_others(cloud: Cloud) -> bool:
    """For a repository that pods pull, no assignment is without a condition, or has one that names it."""
    held = [
        each["properties"].get("condition") for each in assignments_of(cloud, puller(cloud)) if _lets_pull(cloud, each)
    ]
    wanted = {
        match[1]
        for (plural, *_), pod in getattr(cloud.kubernetes, "objects", {}).items()
        for container in (pod["spec"]["containers"] if plural == "pods" else ())
        if (match := re.match(rf"{re.escape(cloud.login_server)}/([^:@]+)", container["image"]))
    }
    return not all(
        any(condition is None or f"'{each}'" in condition for condition in held) for each in wanted or {"team/app"}
    )


@fault("access.denied")
def _puller_is_denied(cloud: Cloud) -> bool:
    """A denial of pulls for the puller or for all, at or above the registry."""
    above, own = scopes_above(cloud, cloud.registry["id"]), puller(cloud)
    return any(
        each["properties"]["scope"].lower() in above
        and {own, EVERYONE} & {one["id"] for one in each["properties"]["principals"]}
        and own not in {one["id"] for one in each["properties"]["excludePrincipals"]}
        for each in cloud.deny_assignments
    )


@fault("access.cross-tenant")
def _identity_is_of_another_tenant(cloud: Cloud) -> bool:
    home = cloud.subscriptions[cloud.registry["id"].split("/")[2]].tenant
    identities = cloud.resources.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
    found = {
        each["properties"]["tenantId"] for each in identities if each["properties"]["principalId"] == puller(cloud)
    }
    return cloud.subscriptions[build.SUBSCRIPTION].tenant != home or bool(found - {home})


@fault("identity.kubelet-identity-missing")
def _identity_is_gone(cloud: Cloud) -> bool:
    """No identity has the object id that the cluster's profile names."""
    identities = cloud.resources.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
    return puller(cloud) not in {each["properties"]["principalId"] for each in identities}


@fault("cluster.stopped")
def _cluster_is_stopped(cloud: Cloud) -> bool:
    return bool(cloud.cluster["properties"]["powerState"]["code"] == "Stopped")


@fault("nodes.kubelet-identity-unassigned")
def _nodes_lack_the_identity(cloud: Cloud) -> bool:
    """Some scale set, instance or machine of the nodes does not have it."""
    identity = str(cloud.cluster["properties"]["identityProfile"]["kubeletidentity"]["resourceId"]).lower()
    hosts = (
        each
        for kind in ("virtualMachineScaleSets", "virtualMachineScaleSets/virtualMachines", "virtualMachines")
        for each in cloud.resources.of_type(f"Microsoft.Compute/{kind}")
    )
    return not all(
        identity in {one.lower() for one in (each.get("identity") or {}).get("userAssignedIdentities") or {}}
        for each in hosts
    )
