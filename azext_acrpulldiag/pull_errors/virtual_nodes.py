"""Which failing containers are on virtual nodes, and whether who pulls there is known. Pure.

Azure Container Instances pulls for them, from outside the nodes' network: the kubelet identity, the nodes' security
groups, routes and private DNS do not matter there.
"""

from __future__ import annotations

from ..facts import PROVIDER_FAILED, FailingContainer, Kubernetes, Node, Unreadable

# virtual-kubelet gives each node of its own the first; the Helm chart "virtual nodes on Azure Container Instances",
# whose nodes pull otherwise, has its pods choose by the second. Sources: virtual-kubelet/node-cli,
# https://learn.microsoft.com/azure/aks/virtual-nodes-cli, microsoft/virtualnodesOnAzureContainerInstances
_VIRTUAL = ("type", "virtual-kubelet")
_OF_THE_CHART = ("virtualization", "virtualnode2")


def virtual_nodes(kubernetes: Kubernetes) -> dict[str, Node]:
    """The virtual nodes by name, as far as nodes were read."""
    nodes = () if isinstance(kubernetes.nodes, Unreadable) else kubernetes.nodes
    return {node.name: node for node in nodes if _has(node, _VIRTUAL) or _has(node, _OF_THE_CHART)}


def is_on_virtual_node(container: FailingContainer, nodes: dict[str, Node]) -> bool:
    """Tell whether a container was to run on one of these nodes, or its pod's reason is that of a virtual node."""
    return container.reason == PROVIDER_FAILED or (container.node or "") in nodes


def is_of_the_add_on(container: FailingContainer, nodes: dict[str, Node]) -> bool:
    """Tell whether a container on a virtual node is one of the AKS add-on's, of which it is known who pulls."""
    node = nodes.get(container.node or "")
    return container.reason == PROVIDER_FAILED and (node is None or not _has(node, _OF_THE_CHART))


def _has(node: Node, label: tuple[str, str]) -> bool:
    key, value = label
    return node.labels.get(key) == value
