"""What the Kubernetes API of the cluster shows, and whether it can be reached."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests import build
from tests.recordings import body

from .kubernetes_state import Kubernetes, Object

if TYPE_CHECKING:
    from .state import Cloud

NODE = "aks-pool1-87752918-vmss000000"
API_SERVER = r"azmk8s\.io/"
_STATUSES = {
    "containers": "containerStatuses",
    "initContainers": "initContainerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}


class KubernetesChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    @property
    def api(self: Cloud) -> Kubernetes:
        """The state of the cluster's API server."""
        if self.kubernetes is None:
            self.kubernetes = Kubernetes()
        return self.kubernetes  # type: ignore[no-any-return]

    def node(
        self: Cloud,
        name: str = NODE,
        pool: str = "pool1",
        ready: bool = True,
        client_id: str = build.KUBELET_CLIENT_ID,
        runtime: str | None = None,
        **labels: str,
    ) -> Object:
        """Add a node as AKS labels it; ``client_id`` is its kubelet identity's, ``labels`` are more labels.

        ``runtime`` is its container runtime and version, as recorded if ``None``.
        """
        item = body("k8s/nodelist_aks_amd64_2025")["items"][0]
        item["metadata"] |= {"name": name, "creationTimestamp": _time(timedelta(days=30))}
        item["metadata"]["labels"] |= {
            "kubernetes.azure.com/agentpool": pool,
            "kubernetes.azure.com/cluster": self.cluster["properties"]["nodeResourceGroup"],
            "kubernetes.azure.com/kubelet-identity-client-id": client_id,
            "kubernetes.io/hostname": name,
            **labels,
        }
        if runtime is not None:
            item["status"]["nodeInfo"]["containerRuntimeVersion"] = runtime
        for condition in item["status"]["conditions"]:
            if condition["type"] == "Ready":
                condition["status"] = "True" if ready else "False"
        return self.api.add("nodes", item)

    def failing_pod(
        self: Cloud,
        image: str = "contosoreg.azurecr.io/team/app:1.2",
        message: str = build.UNAUTHORIZED,
        *,
        name: str = "web-5d4f8c9b7-x2x9z",
        namespace: str = "web",
        container: str = "app",
        reason: str = "ErrImagePull",
        kind: str = "containers",
        node: str = NODE,
        phase: str = "Pending",
        policy: str = "IfNotPresent",
        owner: str = "web-5d4f8c9b7",
        **spec: Any,
    ) -> Object:
        """Add a pod one of whose containers waits on its image; ``spec`` are more members of the pod's."""
        item = body("k8s/podlist_image_pull_fail")["items"][0]
        item["metadata"] |= {"name": name, "namespace": namespace}
        item["metadata"].pop("uid")
        item["metadata"]["labels"]["pod-template-hash"] = owner.rpartition("-")[2]
        item["metadata"]["ownerReferences"][0] |= {"name": owner}
        item["spec"] |= {"nodeName": node, **spec}
        item["spec"]["containers"] = []
        item["spec"].setdefault(kind, []).append({"name": container, "image": image, "imagePullPolicy": policy})
        waiting = {"reason": reason, **({"message": message} if message else {})}
        status = {"name": container, "image": image, "imageID": "", "ready": False, "state": {"waiting": waiting}}
        item["status"].pop("containerStatuses")
        item["status"] |= {"phase": phase, _STATUSES[kind]: [status]}
        self.api.add("namespaces", {"metadata": {"name": namespace}})
        return self.api.add("pods", item)

    def event(
        self: Cloud,
        pod: Object,
        reason: str,
        message: str,
        *,
        container: str = "app",
        ago: timedelta = timedelta(minutes=1),
        count: int = 4,
        node: str = NODE,
        kind: str = "containers",
        since: timedelta | None = None,
    ) -> Object:
        """Add a kubelet event about a container of a pod; ``since`` is how long ago it was seen first."""
        item = body("k8s/eventlist_image_pull_fail")["items"][2]
        metadata = pod["metadata"]
        number = sum(1 for each in self.api.select("events", ""))
        item["metadata"] = {"name": f"{metadata['name']}.{number:x}", "namespace": metadata["namespace"]}
        item["involvedObject"] |= {
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "fieldPath": f"spec.{kind}{{{container}}}",
        }
        item |= {
            "reason": reason,
            "message": message,
            "count": count,
            "lastTimestamp": _time(ago),
            "firstTimestamp": _time(since or ago),
        }
        item["source"]["host"] = node
        return self.api.add("events", item)

    def pulled(
        self: Cloud,
        image: str = "contosoreg.azurecr.io/team/other:3",
        node: str = NODE,
        ago: timedelta = timedelta(minutes=5),
        already_present: bool = False,
    ) -> Object:
        """Add a running pod whose image the node has just fetched, or had already."""
        pod = {"metadata": {"name": f"fine-{len(self.api.select('pods', ''))}", "namespace": "web"}, "spec": {}}
        item = self.api.add("pods", {**pod, "status": {"phase": "Running"}})
        fetched = f'Successfully pulled image "{image}" in 3.2s (3.2s including waiting). Image size: 29112312 bytes.'
        present = f'Container image "{image}" already present on machine'
        return self.event(item, "Pulled", present if already_present else fetched, ago=ago, node=node, count=1)

    def entra_cluster(self: Cloud, local_accounts: bool = False) -> None:
        """Let the cluster sign its users in with Entra ID; kubeconfigs then name kubelogin."""
        self.cluster["properties"]["aadProfile"] = {"managed": True, "enableAzureRBAC": True, "tenantID": self.tenant}
        self.cluster["properties"]["disableLocalAccounts"] = not local_accounts

    def private_cluster(self: Cloud) -> None:
        """Give the API server a private name only, which does not answer outside its network."""
        properties = self.cluster["properties"]
        properties.pop("fqdn", None)
        properties["privateFQDN"] = "prod-dns-a1b2c3d4.0f1e2d3c.privatelink.westeurope.azmk8s.io"
        properties["apiServerAccessProfile"] = {"enablePrivateCluster": True, "privateDNSZone": "system"}
        self.silence_api_server()

    def silence_api_server(self: Cloud) -> None:
        """Let the API server take connections and never answer."""
        self.fault(API_SERVER, "timeout")

    def forbid_in_cluster(self: Cloud, *verbs_and_plurals: str) -> None:
        """Refuse ``list pods`` and the like, as Kubernetes' own access control does."""
        self.api.forbidden |= {(verb, plural) for verb, plural in map(str.split, verbs_and_plurals)}


def _time(ago: timedelta) -> str:
    return (datetime.now(timezone.utc) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
