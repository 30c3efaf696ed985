"""Pods beside the ordinary ones: on virtual nodes, with image volumes, or refused before they exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.recordings import body

from .changes_access import ago, iso
from .kubernetes_state import Object

if TYPE_CHECKING:
    from .state import Cloud

VIRTUAL_NODE = "virtual-node-aci-linux"
NOT_ACCESSIBLE = (
    "api call to https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/"
    "MC_rg-app_prod_westeurope/providers/Microsoft.ContainerInstance/containerGroups/web-web-1?api-version=2023-05-01: "
    "got HTTP response status code 400 error code \"InaccessibleImage\": The image '{image}' in container group "
    "'web-web-1' is not accessible. Please check the image and registry credential."
)
"""What Container Instances answers without a credential, as virtual-kubelet passes it on (virtual-kubelet#192)."""


class WorkloadChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def virtual_node(self: Cloud, name: str = VIRTUAL_NODE, **labels: str) -> Object:
        """Add the node of the AKS add-on, which is in no pool; ``labels`` are more labels of it."""
        item = self.node(name)
        kept = ("kubernetes.io/arch", "kubernetes.io/os", "kubernetes.io/hostname")
        own = {"type": "virtual-kubelet", "kubernetes.azure.com/managed": "false", "kubernetes.io/role": "agent"}
        item["metadata"]["labels"] = {key: item["metadata"]["labels"][key] for key in kept} | own | labels
        return self.api.add("nodes", item)

    def refused_by_provider(
        self: Cloud, message: str | None = None, image: str = "contosoreg.azurecr.io/team/app:1.2", **changes: Any
    ) -> Object:
        """Add a pod that the provider of a virtual node did not create: it has a reason, and no container statuses."""
        pod = self.failing_pod(image, **{"node": VIRTUAL_NODE, **changes})
        for kind in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            pod["status"].pop(kind, None)
        told = NOT_ACCESSIBLE.format(image=image) if message is None else message
        pod["status"] |= {"reason": "ProviderFailed", **({"message": told} if told else {})}
        return self.api.add("pods", pod)

    def provider_event(self: Cloud, pod: Object, message: str) -> Object:
        """Add the event that virtual-kubelet writes of a pod which its provider did not create."""
        item = self.event(pod, "ProviderCreateFailed", message, node=VIRTUAL_NODE)
        item["involvedObject"].pop("fieldPath")
        return self.api.add("events", item | {"type": "Warning"})

    def mounted_image(self: Cloud, reference: str, message: str, **changes: Any) -> Object:
        """Add a pod that cannot get an image which its container mounts as a volume; its own image is there."""
        pod = self.failing_pod("mcr.microsoft.com/dotnet/runtime:8.0", message, **changes)
        pod["spec"]["volumes"] = [{"name": "model", "image": {"reference": reference, "pullPolicy": "IfNotPresent"}}]
        pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "model", "mountPath": "/model"}]
        return self.api.add("pods", pod)

    def refused_workload(self: Cloud, kind: str, name: str, text: str, namespace: str = "web") -> Object:
        """Add the event of a controller that was refused a pod, as one hears it of Gatekeeper."""
        self.api.add("namespaces", {"metadata": {"name": namespace}})
        item = body("k8s/eventlist_image_pull_fail")["items"][2]
        item["metadata"] = {"name": f"{name}.refused", "namespace": namespace}
        involved = {"kind": kind, "apiVersion": "batch/v1" if kind == "Job" else "apps/v1"}
        item["involvedObject"] = {**involved, "namespace": namespace, "name": name, "uid": f"uid-of-{name}"}
        item["source"] = {"component": f"{kind.lower()}-controller"}
        denied = f"Error creating: {text}"
        when = {"lastTimestamp": iso(ago(minutes=2))}
        item |= {"type": "Warning", "reason": "FailedCreate", "message": denied, "count": 17, **when}
        return self.api.add("events", item)

    def running_pod(self: Cloud, kind: str, owner: str, name: str, namespace: str = "web") -> Object:
        """Add a pod of a controller that runs."""
        metadata: Object = {"name": name, "namespace": namespace}
        metadata["ownerReferences"] = [{"kind": kind, "name": owner, "controller": True, "apiVersion": "apps/v1"}]
        if kind == "ReplicaSet":
            metadata["labels"] = {"pod-template-hash": owner.rpartition("-")[2]}
        return self.api.add("pods", {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}})
