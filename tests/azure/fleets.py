"""Forty clusters that pull from one registry: most are well, five are broken in different ways, one may not be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests import build

from .state import Cloud

OTHER_SUBSCRIPTION = "6d2a3b71-8b4f-4c64-9e1f-3a4f2d0c8b21"
SIZE = 40
BROKEN = {
    "prod03": "access.pull-role-missing",
    "prod08": "cluster.stopped",
    "prod13": "nodes.kubelet-identity-unassigned",
    "prod21": "identity.kubelet-identity-missing",
    "prod34": "image.tag-not-found",
}
"""The cause by cluster, whose number is above 30 where it is in the other subscription."""
UNREADABLE = "prod27"


def healthy_fleet(size: int = SIZE) -> Cloud:
    """The default pair and more clusters of its kind, a few of them in another subscription."""
    cloud = Cloud()
    cloud.grant()
    for number in range(2, size + 1):
        name = f"prod{number:02}"
        subscription, group = (OTHER_SUBSCRIPTION, "rg-other") if number > 30 else (build.SUBSCRIPTION, "rg-app")
        cloud.add_cluster(name, subscription, group)
        cloud.grant(cloud.identity_of(name))
    return cloud


def mixed_fleet() -> Cloud:
    """The same with what :data:`BROKEN` and :data:`UNREADABLE` say."""
    cloud = healthy_fleet()
    lacking = cloud.identity_of("prod03")
    cloud.role_assignments = [each for each in cloud.role_assignments if each["properties"]["principalId"] != lacking]
    _stop(cloud, "prod08")
    for key, resource in cloud.resources.items():
        if key.startswith(f"{_node_group('prod13')}/providers/microsoft.compute/"):
            resource.pop("identity", None)
    cloud.remove(f"{_node_group('prod21')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/prod21-agentpool")
    _fail_a_pod(cloud, "prod34")
    cloud.fault(rf"/managedClusters/{UNREADABLE}\W", "403")
    return cloud


def _node_group(name: str) -> str:
    return f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/MC_rg-app_{name}_westeurope".lower()


def _stop(cloud: Cloud, name: str) -> None:
    (cluster,) = (each for each in cloud.resources.values() if each.get("name") == name)
    cluster["properties"]["powerState"] = {"code": "Stopped"}
    for pool in cluster["properties"]["agentPoolProfiles"]:
        pool |= {"powerState": {"code": "Stopped"}, "count": 0}


def _fail_a_pod(cloud: Cloud, name: str) -> None:
    """A pod that waits for a tag that is not there."""
    image = "contosoreg.azurecr.io/team/app:9.9"
    with within(cloud, name):
        cloud.failing_pod(image, f'failed to resolve reference "{image}": {image}: not found')


@contextmanager
def within(cloud: Cloud, name: str) -> Iterator[None]:
    """What is added to the API server meanwhile is added to that of a cluster of the fleet, not to the default one."""
    host = next(each for each in cloud.fleet if each.startswith(f"{name}-"))
    default, cloud.kubernetes = cloud.kubernetes, cloud.fleet[host]
    yield
    cloud.kubernetes = default
