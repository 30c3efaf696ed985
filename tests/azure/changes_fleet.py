"""More clusters than one, each like the default one as it is when they are added."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from tests import build

from . import resources as make
from .kubernetes_state import Kubernetes

if TYPE_CHECKING:
    from .state import Cloud

_NODE_GROUP = build.NODE_GROUP_ID.rpartition("/")[2]


class FleetChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def add_cluster(
        self: Cloud, name: str, subscription: str = build.SUBSCRIPTION, group: str = "rg-app"
    ) -> dict[str, Any]:
        """Add a cluster with nodes, a network, an identity and an API server of its own, which may not pull yet.

        Its node resource group, ids and API server are named for it. Returns the cluster; see :meth:`identity_of`.
        """
        node_group = f"MC_{group}_{name}_westeurope"
        changes = {
            f"/subscriptions/{build.SUBSCRIPTION}": f"/subscriptions/{subscription}",
            _NODE_GROUP: node_group,
            "/resourcegroups/rg-app/": f"/resourcegroups/{group}/",
            "managedClusters/prod": f"managedClusters/{name}",
            '"name": "prod"': f'"name": "{name}"',
            "prod-dns": f"{name}-dns",
            "prod-agentpool": f"{name}-agentpool",
            make.OUTBOUND_IP: f"20.61.{len(self.fleet) // 250 + 113}.{len(self.fleet) % 250 + 1}",
        }
        for known in (build.KUBELET_OBJECT_ID, build.KUBELET_CLIENT_ID, build.CONTROL_PLANE_OBJECT_ID):
            changes[known] = _own(known, name)
        self.ensure_group(group, subscription)
        self.ensure_group(node_group, subscription)
        of_default = [each for key, each in self.resources.items() if _belongs_to_default(key)]
        for resource in [json.loads(json.dumps(each)) for each in of_default]:
            self.resources.add(make.renamed(resource, **changes))
        cluster_id = make.renamed(build.CLUSTER_ID, **changes)
        cluster: dict[str, Any] = self.resources[cluster_id]
        self.fleet[cluster["properties"]["fqdn"]] = Kubernetes()
        return cluster

    def identity_of(self: Cloud, name: str) -> str:
        """The object id of the kubelet identity of a cluster that was added."""
        return _own(build.KUBELET_OBJECT_ID, name)

    def kubernetes_of(self: Cloud, host: str) -> Kubernetes:
        """What the API server of a host keeps; a host of none that was added is the default cluster's."""
        if host in self.fleet:
            return self.fleet[host]
        if self.kubernetes is None:
            self.kubernetes = Kubernetes()
        kept: Kubernetes = self.kubernetes
        return kept


def _belongs_to_default(key: str) -> bool:
    return key == build.CLUSTER_ID.lower() or key.startswith(f"{build.NODE_GROUP_ID.lower()}/")


def _own(known: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{known}|{name}"))
