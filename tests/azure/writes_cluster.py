"""What clusters do when they are started, and their pools when their images are renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import resources as make
from .messages import Request, Response
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

# Newer than that of ``resources.pool_profile``, of the same system.
NEWEST = "202611.08.0"


def _start(cloud: Cloud, request: Request, cluster: Json) -> Response | None:
    """``az aks start``: the cluster and its pools run again, with the nodes that a pool has by default."""
    properties = cluster["properties"]
    properties["powerState"] = {"code": "Running"}
    for pool in properties["agentPoolProfiles"]:
        pool |= {"powerState": {"code": "Running"}, "count": 2}
        for instance in make.scale_set_vms(pool["name"], pool["count"]):
            cloud.resources.add(instance)
    return None


def _renew_image(cloud: Cloud, request: Request, pool: Json) -> Response | None:
    """``az aks nodepool upgrade --node-image-only``: the newest image of the same system."""
    cluster = cloud.resources[pool["id"].rsplit("/", 2)[0]]
    for each in cluster["properties"]["agentPoolProfiles"]:
        if each["name"] == pool["name"]:
            each["nodeImageVersion"] = f"{each['nodeImageVersion'].partition('-20')[0]}-{NEWEST}"
    return None


TYPES: dict[str, Any] = {}
ACTIONS: dict[tuple[str, str], Any] = {
    ("microsoft.containerservice/managedclusters", "start"): _start,
    ("microsoft.containerservice/managedclusters/agentpools", "upgradenodeimageversion"): _renew_image,
}
