"""Is there anything running that could pull?"""

from __future__ import annotations

from tests.azure.state import Cloud

from .stories import OF_EVENTS, OF_NODES, OF_PODS, story


@story(
    verdict="broken",
    root_causes=("cluster.stopped",),
    evidence={"cluster.stopped": {"cluster": "prod", "powerState": "Stopped"}},
    commands=("az aks start --resource-group rg-app --name prod",),
    unknowns=dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS)),
)
def cluster_stopped(cloud: Cloud) -> None:
    """The cluster is stopped."""
    cloud.grant()
    cloud.stop_cluster()


@story(
    verdict="at-risk",
    other_outcomes=("cluster.not-ready",),
    evidence={"cluster.not-ready": {"part": "cluster", "name": "prod", "provisioningState": "Failed"}},
)
def cluster_failed(cloud: Cloud) -> None:
    """The last operation on the cluster failed."""
    cloud.grant()
    cloud.cluster["properties"]["provisioningState"] = "Failed"


@story(
    verdict="at-risk",
    other_outcomes=("cluster.not-ready",),
    evidence={"cluster.not-ready": {"part": "node pool", "name": "edge", "provisioningState": "Failed"}},
)
def node_pool_failed(cloud: Cloud) -> None:
    """The last operation on one node pool failed."""
    cloud.grant()
    cloud.add_pool("edge", provisioningState="Failed")


@story(verdict="healthy")
def cluster_upgrading(cloud: Cloud) -> None:
    """The cluster is being upgraded, which stops no pull."""
    cloud.grant()
    cloud.cluster["properties"]["provisioningState"] = "Upgrading"


@story(verdict="healthy")
def several_pools(cloud: Cloud) -> None:
    """Several node pools, one of them stopped and one of Windows, and nothing is wrong."""
    cloud.grant()
    cloud.add_pool("edge")
    cloud.add_pool("idle", count=0, powerState={"code": "Stopped"})
    cloud.add_pool(
        "win", osType="Windows", osSKU="Windows2022", nodeImageVersion="AKSWindows-2022-containerd-20348.3091.260210"
    )
