"""The command lines that are measured."""

from __future__ import annotations

from dataclasses import dataclass

from tests import build
from tests.azure import resources as make

AKS_SHOW = ("aks", "show", "-g", "rg-app", "-n", "prod", "-o", "json")
ACCOUNT_SHOW = ("account", "show", "-o", "json")
DIAGNOSE = ("aks", "diagnose-pull", "-g", "rg-app", "-n", "prod", "--acr", "contosoreg", "-o", "json")
WITHOUT_CHECK_HEALTH = (*DIAGNOSE, "--skip", "registry.health")
ALL_CLUSTERS = ("aks", "diagnose-pull", "--all-clusters", "--acr", "contosoreg", "-o", "json", "--only-show-errors")
EXPLAIN = ("aks", "explain-pull-error", "-o", "json", "--file")


@dataclass(frozen=True)
class ByHand:
    """A command that the article tells its reader to run, and the cause that it is for."""

    cause: str
    arguments: tuple[str, ...]


_NODE_GROUP = build.NODE_GROUP_ID.rpartition("/")[2]
_VNET = make.VNET_ID.split("/")

# https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster
# `az aks check-acr` is left out: it starts a pod, and diagnose-pull runs it only when asked.
BY_HAND = (
    ByHand("before you begin", ("acr", "check-health", "--name", "contosoreg", "--ignore-errors", "--yes")),
    ByHand("1, solution 1", ("role", "assignment", "list", "--scope", build.REGISTRY_ID, "-o", "table")),
    ByHand("1, solution 2", (*AKS_SHOW, "--query", "servicePrincipalProfile.clientId")),
    ByHand("1, solution 2", ("ad", "app", "credential", "list", "--id", build.APP_ID, "--query", "[].endDateTime")),
    ByHand("1, solution 3", (*AKS_SHOW, "--query", "identityProfile.kubeletidentity.objectId")),
    ByHand("1, solution 3", ("role", "assignment", "list", "--scope", build.REGISTRY_ID, "--include-inherited")),
    ByHand("1, solution 4", ("vmss", "identity", "show", "-g", _NODE_GROUP, "-n", make.scale_set()["name"])),
    ByHand("1, solution 5", ("ad", "sp", "credential", "list", "--id", build.APP_ID)),
    ByHand("3, solution 1", ("network", "vnet", "peering", "list", "-g", _VNET[4], "--vnet-name", _VNET[-1])),
    ByHand("3, solution 2", ("network", "public-ip", "show", "--ids", make.OUTBOUND_IP_ID)),
)
