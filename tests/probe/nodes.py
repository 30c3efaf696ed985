"""Nodes as AKS shows them, of every kind that differs in how a pod gets onto it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.recordings import body

Json = dict[str, Any]
IMAGE = "contosoreg.azurecr.io/team/app:1.2"
SPOT = {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}
SYSTEM = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}


def node(name: str, pool: str | None = "pool1", *taints: Json, ready: bool = True, **labels: str) -> Json:
    """A node of a pool; ``labels`` have ``_`` for ``/`` nowhere: give them as a dictionary's items."""
    item: Json = body("k8s/nodelist_aks_amd64_2025")["items"][0]
    item["metadata"]["name"] = name
    shown = item["metadata"]["labels"]
    for key in ("agentpool", "kubernetes.azure.com/agentpool"):
        shown.pop(key, None)
    if pool is not None:
        shown["kubernetes.azure.com/agentpool"] = pool
    shown |= labels
    item["spec"]["taints"] = list(deepcopy(taints))
    for condition in item["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "True" if ready else "False"
    return item


def windows(name: str, *taints: Json, pool: str = "win") -> Json:
    build = {"node.kubernetes.io/windows-build": "10.0.20348"}
    return node(
        name, pool, *taints, **{"kubernetes.io/os": "windows", "kubernetes.azure.com/os-sku": "Windows2022", **build}
    )


def arm64(name: str, *taints: Json, pool: str = "arm") -> Json:
    return node(name, pool, *taints, **{"kubernetes.io/arch": "arm64"})


def provisioned(name: str, pool: str = "general", taints: tuple[Json, ...] = (), **labels: str) -> Json:
    """A node that Karpenter made."""
    return node(name, None, *taints, **{"karpenter.sh/nodepool": pool, **labels})


def with_images(item: Json, *names: str, others: int = 0, size: int = 100) -> Json:
    """The same, listing these images and so many others of ``size`` bytes."""
    listed = [{"names": [each], "sizeBytes": size} for each in names]
    listed += [{"names": [f"mcr.microsoft.com/oss/image:{number}"], "sizeBytes": size} for number in range(others)]
    item["status"]["images"] = listed
    return item
