"""What the Activity Log shows of the time before: which change is about the cause, and which only near it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import build
from tests.azure import secrets
from tests.azure.activity import READ
from tests.azure.changes_access import ago
from tests.azure.resources_reach import security_rule as rule
from tests.azure.state import MANAGEMENT_GROUP, Cloud

from .stories import OF_EVENTS, OF_NODES, OF_PODS, story

AT_THE_REGISTRY = "A role assignment at this scope (contosoreg) was deleted by"
LOG = "changes.activity-log"
NSG_BLOCKS, LINK_MISSING = "network.nsg-blocks-registry", "network.private-dns-link-missing"
MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
ADMIN = "contosoreg"


def _revoked(cloud: Cloud, written: float | None = 30, **changes: Any) -> None:
    """The role was taken away five minutes ago; two minutes ago a pod failed for the first time."""
    cloud.role_revoked(cloud.grant(), written=None if written is None else ago(days=written), **changes)
    _failing_pod(cloud)


def _failing_pod(cloud: Cloud) -> None:
    pod = cloud.failing_pod()
    cloud.event(pod, "Failed", build.UNAUTHORIZED, ago=timedelta(seconds=20), since=timedelta(minutes=2))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=((True, "that let this principal pull was deleted by alice@contoso.com on"),),
)
def role_assignment_deleted(cloud: Cloud) -> None:
    """AcrPull was taken away three minutes before a pod failed, and the log shows whose it was by its creation."""
    _revoked(cloud)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=((False, AT_THE_REGISTRY),),
)
def role_assignment_of_somebody_deleted(cloud: Cloud) -> None:
    """A role assignment at the registry was deleted, and the log does not show whose it was."""
    _revoked(cloud, written=None)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=((True, "minutes before the first failing pull that is known"),),
)
def role_assignment_deleted_and_told_by_the_answer(cloud: Cloud) -> None:
    """AcrPull was taken away, and the answer to that, which the log has, shows whose it was."""
    assignment = cloud.grant()
    cloud.role_revoked(assignment, response=assignment)
    _failing_pod(cloud)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=((True, "deleted by alice@contoso.com"),),
)
def role_assignment_deleted_and_a_nearer_write(cloud: Cloud) -> None:
    """AcrPull was taken away; nearer to the failure somebody tagged the registry and took another's role away."""
    _revoked(cloud)
    cloud.activity("Microsoft.ContainerRegistry/registries/write", build.REGISTRY_ID, ago(minutes=2.5), "bob")
    other = cloud.grant(principal_id=build.CONTROL_PLANE_OBJECT_ID, role=MONITORING_READER)
    cloud.role_revoked(other, ago(minutes=2.5), ago(days=3), by="bob")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=((False, "it is not known that its role let pull"),),
)
def other_role_of_the_identity_deleted(cloud: Cloud) -> None:
    """The kubelet identity never could pull, and lost Monitoring Reader at the registry just before a pod failed."""
    cloud.role_revoked(cloud.grant(role=MONITORING_READER), written=ago(days=3))
    _failing_pod(cloud)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    changes=(),
)
def role_assignment_deleted_after_the_failure(cloud: Cloud) -> None:
    """Pods had failed for a while when somebody, tidying up, took a role away at the registry."""
    cloud.role_revoked(cloud.grant(), when=ago(minutes=1), written=ago(days=3))
    _failing_pod(cloud)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns={LOG: READ},
    changes=(),
)
def activity_log_forbidden(cloud: Cloud) -> None:
    """AcrPull was taken away, and the caller may not read the Activity Log: the verdict is the same."""
    _revoked(cloud)
    cloud.forbid(READ)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns={LOG: None},
    changes=(),
)
def activity_log_throttled(cloud: Cloud) -> None:
    """AcrPull was taken away, and the Activity Log is throttled: it is asked once, and the verdict is the same."""
    _revoked(cloud)
    cloud.fault("/eventtypes/", "429-retry-after")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    changes=((True, "before now"),),
)
def role_assignment_at_a_group_deleted(cloud: Cloud) -> None:
    """AcrPull at the registry's resource group was taken away, and no pod tells since when pulls fail."""
    cloud.role_revoked(cloud.grant(scope=build.REGISTRY_ID.partition("/providers/")[0]), written=ago(days=9))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    unknowns={LOG: None},
    changes=(),
)
def role_assignment_at_a_management_group_deleted(cloud: Cloud) -> None:
    """AcrPull at a management group was taken away, of which no subscription's log tells."""
    assignment = cloud.grant(scope=MANAGEMENT_GROUP)
    cloud.role_assignments.remove(assignment)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    arguments=("--skip", "changes"),
    changes=(),
)
def changes_left_out(cloud: Cloud) -> None:
    """AcrPull was taken away, and --skip changes keeps the Activity Log from being asked."""
    _revoked(cloud)


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    changes=(
        (False, "Network security group nsg-nodes was created or changed by bob"),
        (
            False,
            "Security rule deny-out of network security group nsg-nodes was created or changed by alice@contoso.com",
        ),
    ),
)
def security_rule_added(cloud: Cloud) -> None:
    """Somebody added the security rule that denies; the group was written since, with what the log does not tell."""
    cloud.grant()
    group_id = cloud.security_group(rule("deny-out", 200, "Deny", "*"))
    kind = "Microsoft.Network/networkSecurityGroups"
    cloud.activity(f"{kind}/securityRules/write", f"{group_id}/securityRules/deny-out", ago(hours=3))
    cloud.activity(f"{kind}/write", group_id, ago(minutes=9), by="bob")


@story(
    verdict="broken",
    root_causes=(LINK_MISSING,),
    changes=((False, "Virtual network link to-nodes of private dns zone privatelink.azurecr.io was deleted by"),),
)
def private_zone_link_deleted(cloud: Cloud) -> None:
    """A link of the private zone was deleted; to which network it led is not in the log."""
    cloud.grant()
    zone_id = cloud.private_zone()
    cloud.private_endpoint(zone_id=zone_id)
    cloud.public_access(False)
    link = "Microsoft.Network/privateDnsZones/virtualNetworkLinks/delete"
    cloud.activity(link, f"{zone_id}/virtualNetworkLinks/to-nodes", ago(days=1))


@story(
    verdict="broken",
    root_causes=("pull-secret.admin-password-mismatch",),
    other_outcomes=("access.pull-role-missing", "pull-secret.credential-refused"),
    symptoms=("unauthorized-401",),
    changes=((False, "Registry contosoreg got a new password for its admin account by alice@contoso.com on"),),
)
def admin_password_regenerated(cloud: Cloud) -> None:
    """The admin account's password was regenerated, and the pull secret has the old one."""
    cloud.registry["properties"]["adminUserEnabled"] = True
    secrets.failing_pod(cloud)
    secrets.pull_secret(cloud, ADMIN, "sim-old-admin-password")
    cloud.activity("Microsoft.ContainerRegistry/registries/regenerateCredential/action", build.REGISTRY_ID)


@story(
    verdict="broken",
    root_causes=("cluster.stopped",),
    unknowns=dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS)),
    changes=((True, "Managed cluster prod was stopped by"),),
)
def cluster_stopped_by_somebody(cloud: Cloud) -> None:
    """Somebody stopped the cluster yesterday."""
    cloud.grant()
    cloud.stop_cluster()
    stop = "Microsoft.ContainerService/managedClusters/stop/action"
    cloud.activity(stop, cloud.cluster["id"], ago(days=1), by="\x1b[31mmallory")
