"""What the controllers of a simulated cluster do: a workload whose template changed gets its pods anew.

Stories tell of pods; the workload that owns them is here as soon as somebody asks for it by name, with the template
that such pods come from.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from .kubernetes_state import KINDS, Kubernetes, Object

# The letters of names that Kubernetes makes: no vowels, so that they form no words (apimachinery's util/rand).
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_HASHES = ("pod-template-hash", "controller-revision-hash", "pod-template-generation")
_STATEFUL_SET = "statefulsets"
_TEMPLATED = ("deployments", "daemonsets", _STATEFUL_SET, "replicasets")
_STATUSES = (
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
)


def implied(state: Kubernetes, plural: str, namespace: str, name: str) -> Object | None:
    """The workload of that name that pods say owns them; kept from then on. ``None``: none does."""
    pods = _pods_of(state, plural, namespace, name) if plural in _TEMPLATED else []
    if not pods:
        return None
    pattern = max(pods, key=lambda pod: len(pod["spec"].get("containers", ())))
    template = _template(state, pattern)
    labels = template["metadata"]["labels"] or {"app": name}
    template["metadata"]["labels"] = labels
    spec = {"replicas": len(pods), "selector": {"matchLabels": labels}, "template": template}
    if plural == "daemonsets":
        del spec["replicas"]
    metadata = {"name": name, "namespace": namespace, "generation": 1}
    return state.add(plural, {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 1}})


def rolled_out(state: Kubernetes, plural: str, workload: Object) -> None:
    """Replace the pods of a workload by pods of its template, on their nodes or on one that the template selects.

    A real rollout goes pod by pod and waits for the new ones; here it is over at once. A new pod that is still to pull
    goes on saying what the pod before it said, until the kubelet has tried it.
    """
    name, namespace = workload["metadata"]["name"], workload["metadata"]["namespace"]
    for old in _pods_of(state, plural, namespace, name):
        state.remove("pods", namespace, old["metadata"]["name"])
        state.add("pods", _successor(state, plural, workload, old))


def _pods_of(state: Kubernetes, plural: str, namespace: str, name: str) -> list[Object]:
    kind = KINDS[plural].kind
    return [pod for pod in state.select("pods", namespace) if (kind, name) in _owners(pod)]


def _owners(pod: Object) -> list[tuple[str, str]]:
    """The workloads above a pod; that of a ReplicaSet is told by its name, as Deployments make it."""
    found = []
    for owner in pod["metadata"].get("ownerReferences", ()):
        found.append((owner["kind"], owner["name"]))
        template = (pod["metadata"].get("labels") or {}).get("pod-template-hash")
        if owner["kind"] == "ReplicaSet" and template and owner["name"].endswith(f"-{template}"):
            found.append(("Deployment", owner["name"].removesuffix(f"-{template}")))
    return found


def _template(state: Kubernetes, pod: Object) -> Object:
    """The template that a pod was made of, without what admission and the scheduler added."""
    labels = {key: value for key, value in (pod["metadata"].get("labels") or {}).items() if key not in _HASHES}
    spec: Object = deepcopy(pod["spec"])
    spec.pop("nodeName", None)
    own = [each for each in spec.get("volumes", ()) if not each["name"].startswith("kube-api-access-")]
    if "volumes" in spec:
        spec["volumes"] = own
    if spec.get("imagePullSecrets") == _secrets_of_account(state, pod):
        spec.pop("imagePullSecrets", None)
    return {"metadata": {"labels": labels}, "spec": spec}


def _secrets_of_account(state: Kubernetes, pod: Object) -> list[Object]:
    account = pod["spec"].get("serviceAccountName", "default")
    found = state.objects.get(("serviceaccounts", pod["metadata"]["namespace"], account), {})
    return list(found.get("imagePullSecrets", ()))


def _successor(state: Kubernetes, plural: str, workload: Object, old: Object) -> Object:
    template = workload["spec"]["template"]
    metadata = {
        **deepcopy(template.get("metadata", {})),
        "namespace": old["metadata"]["namespace"],
        "creationTimestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    metadata |= _named(plural, workload, old)
    spec: Object = deepcopy(template["spec"])
    spec.setdefault("serviceAccountName", "default")
    pod: Object = {"metadata": metadata, "spec": spec, "status": deepcopy(old["status"])}
    # As the admission plugin ServiceAccount does: only a pod that names none gets those of its account.
    if not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = _secrets_of_account(state, pod)
    node = _node_for(state, spec, old["spec"].get("nodeName"))
    if node is None:
        pod["status"] = _unschedulable()
        return pod
    spec["nodeName"] = node
    for member, statuses in _STATUSES:
        images = {each["name"]: each["image"] for each in spec.get(member, ())}
        for status in pod["status"].get(statuses, ()):
            status["image"] = images.get(status["name"], status["image"])
            if "waiting" not in status.get("state", {}):
                status |= {"state": {"waiting": {"reason": "ContainerCreating"}}, "imageID": "", "ready": False}
    pod["status"]["phase"] = "Pending"
    return pod


def _named(plural: str, workload: Object, old: Object) -> Object:
    """The name, owner and hash of a new pod, as its controller gives them."""
    name = workload["metadata"]["name"]
    owner = {"apiVersion": "apps/v1", "controller": True, "blockOwnerDeletion": True}
    owner |= {"kind": KINDS[plural].kind, "name": name, "uid": workload["metadata"]["uid"]}
    labels = dict(workload["spec"]["template"].get("metadata", {}).get("labels") or {})
    if plural == _STATEFUL_SET:
        return {"name": old["metadata"]["name"], "labels": labels, "ownerReferences": [owner]}
    if plural == "deployments":
        digest = _letters(hashlib.sha256(json.dumps(workload["spec"]["template"], sort_keys=True).encode()).digest())
        owner |= {
            "kind": "ReplicaSet",
            "name": f"{name}-{digest[:10]}",
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, digest)),
        }
        labels["pod-template-hash"] = digest[:10]
        name = str(owner["name"])
    return {"name": f"{name}-{_letters(uuid.uuid4().bytes)[:5]}", "labels": labels, "ownerReferences": [owner]}


def _letters(content: bytes) -> str:
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in content)


def _node_for(state: Kubernetes, spec: Object, before: str | None) -> str | None:
    """Where a pod lands: on the node of the pod before it if that fits, else on the first that does."""
    wanted = spec.get("nodeSelector") or {}
    nodes = {node["metadata"]["name"]: node["metadata"].get("labels") or {} for node in state.select("nodes", "")}
    if before is not None and before not in nodes:
        return before  # a story that tells of no nodes
    fitting = [name for name, labels in nodes.items() if all(labels.get(key) == wanted[key] for key in wanted)]
    return before if before in fitting else next(iter(fitting), None)


def _unschedulable() -> Object:
    said: dict[str, Any] = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"phase": "Pending", "conditions": [said | {"message": "0/1 nodes are available."}]}
