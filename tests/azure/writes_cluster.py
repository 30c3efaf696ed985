"""What clusters do when they are started, and their pools when their images are renewed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import resources as make
from .messages import Request, Response
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
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


def _reconcile(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """What was not sent stays: clients leave out what they cannot set, in pools too. Scale sets get the identity again.

    "Reconcile" with an empty ``az aks update`` is Microsoft's remedy for one that a scale set lost:
    https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster
    """
    if old is not None:
        properties = {**copy.deepcopy(old["properties"]), **made["properties"]}
        known = {pool["name"]: pool for pool in old["properties"]["agentPoolProfiles"]}
        pools = made["properties"].get("agentPoolProfiles") or []
        done = {"provisioningState": "Succeeded"}
        properties["agentPoolProfiles"] = [{**known.get(pool["name"], {}), **pool, **done} for pool in pools]
        made["properties"] = properties
    identity = (made["properties"].get("identityProfile") or {}).get("kubeletidentity")
    for scale_set in cloud.resources.of_type(SCALE_SETS) if identity else ():
        assigned = {"principalId": identity["objectId"], "clientId": identity["clientId"]}
        scale_set["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity["resourceId"]: assigned}}
    return None


def _reset_service_principal(cloud: Cloud, request: Request, cluster: Json) -> Response | None:
    """``az aks update-credentials``: the cluster pulls as that one. Its nodes are reimaged, on the same machines."""
    cluster["properties"]["servicePrincipalProfile"] = {"clientId": (request.json or {})["clientId"]}
    return None


def _update_instances(cloud: Cloud, request: Request, scale_set: Json) -> Response | None:
    """``az vmss update-instances``: these instances are as the model says, their identities too."""
    for number in (request.json or {})["instanceIds"]:
        instance = cloud.resources[f"{scale_set['id']}/virtualMachines/{number}"]
        instance["properties"]["latestModelApplied"] = True
        instance["identity"] = copy.deepcopy(scale_set["identity"])
    return None


TYPES: dict[str, Any] = {"microsoft.containerservice/managedclusters": _reconcile}
ACTIONS: dict[tuple[str, str], Any] = {
    ("microsoft.containerservice/managedclusters", "start"): _start,
    ("microsoft.containerservice/managedclusters/agentpools", "upgradenodeimageversion"): _renew_image,
    ("microsoft.containerservice/managedclusters", "resetserviceprincipalprofile"): _reset_service_principal,
    ("microsoft.compute/virtualmachinescalesets", "manualupgrade"): _update_instances,
}
