"""What becomes of a pod that somebody creates without a node: it is placed, and the kubelet there pulls its images.

A node is one of those that the story tells of, and what its kubelet meets is the story's to say (:class:`Pulling`, by
the name of a node or of its pool). Nothing of an image runs here: once it is there, the container starts or does not,
as its command is one that exists (``/`` begins no file of an image that a story knows of) or not.

Texts and members are those of https://github.com/kubernetes/kubernetes: ``pkg/scheduler/framework/types.go``
(FitError), ``pkg/kubelet/images/image_manager.go`` (events of pulls), ``pkg/kubelet/kuberuntime`` (StartError),
``pkg/kubelet/eviction`` and ``pkg/kubelet/lifecycle/predicate.go`` (pods that a kubelet refuses).
"""

from __future__ import annotations

import re
import threading
import time
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timezone

from .kubernetes_state import Kubernetes, Object, Pulling

_BLOCKS = ("NoSchedule", "NoExecute")
_EXISTS = re.compile(r"/(?:bin|usr|app)/")
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class _Place:
    """A pod by its key, and the object that was created under it: another of that name is another pod."""

    namespace: str
    name: str
    uid: str


def placed(state: Kubernetes, pod: Object) -> None:
    """Let scheduler and kubelet act on a pod that was just created, beside whoever asks."""
    if pod["spec"].get("nodeName") or not state.select("nodes", ""):
        return
    metadata = pod["metadata"]
    if pod["spec"].get("schedulingGates"):
        said = "Scheduling is blocked due to non-empty scheduling gates"
        gated = deepcopy(pod)
        gated["status"]["conditions"] = [_condition("PodScheduled", "False", "SchedulingGated", said)]
        state.update("pods", gated)
        return
    place = _Place(metadata["namespace"], metadata["name"], metadata["uid"])
    threading.Thread(target=_play, args=(state, place), daemon=True).start()


def defaulted(pod: Object) -> Object:
    """The pod as the API server stores it: its service account, and what kubelet reads, filled in."""
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("restartPolicy", "Always")
    for container in spec["containers"]:
        container.setdefault("imagePullPolicy", "IfNotPresent")
    pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}
    return pod


def _play(state: Kubernetes, place: _Place) -> None:
    pod = _live(state, place)
    if pod is None:
        return
    node, objections = _node_for(state, pod)
    if node is None:
        count = len(state.select("nodes", ""))
        told = ", ".join(f"{number} {why}" for why, number in sorted(objections.items()))
        said = f"0/{count} nodes are available: {told}. preemption: 0/{count} nodes are available."
        _change(state, place, status={"conditions": [_condition("PodScheduled", "False", "Unschedulable", said)]})
        _event(state, place, "FailedScheduling", said, "Warning", component="default-scheduler")
        if not _is_pinned(pod):
            state.scaled_up.append(place.name)  # the cluster autoscaler looks for pods that a new node would take
        return
    _change(state, place, node=node["metadata"]["name"], status={"conditions": [_condition("PodScheduled", "True")]})
    _event(state, place, "Scheduled", f"Successfully assigned {place.namespace}/{place.name} to the node", component="")
    _pull(state, place, node["metadata"]["name"], _pulling_on(state, node))


def _pull(state: Kubernetes, place: _Place, node: str, how: Pulling) -> None:
    pod = _live(state, place)
    if pod is None:
        return
    if how.refuses:
        reason, message = how.refuses
        _change(state, place, status={"phase": "Failed", "reason": reason, "message": message})
        return
    container = pod["spec"]["containers"][0]
    image = container["image"]
    _waits(state, place, container, "ContainerCreating")
    _event(state, place, "Pulling", f'Pulling image "{image}"', node=node, container=container["name"])
    began = time.monotonic()
    while how.never_ends or time.monotonic() - began < how.seconds:
        time.sleep(_LOOK_SECONDS)
        if _live(state, place) is None:
            return
        if _is_over(pod):
            _change(state, place, status={"phase": "Failed", "reason": "DeadlineExceeded", "message": _PAST_DEADLINE})
            return
        if how.evicts and time.monotonic() - began >= how.seconds:
            _change(state, place, status={"phase": "Failed", "reason": "Evicted", "message": how.evicts})
            return
    if how.message is not None:
        _fails(state, place, node, container, how.message)
        return
    took = f"{max(how.seconds, 0.2):.3f}s".rstrip("0")
    said = f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: {how.size} bytes.'
    _event(state, place, "Pulled", said, node=node, container=container["name"])
    _starts(state, place, node, container, how)


_PAST_DEADLINE = "Pod was active on the node longer than the specified deadline"


def _fails(state: Kubernetes, place: _Place, node: str, container: Object, message: str) -> None:
    """The pull fails, and kubelet backs off at once, as far as anybody looks."""
    image = container["image"]
    whole = f'Failed to pull image "{image}": {message}'
    for said in (whole, "Error: ErrImagePull"):
        _event(state, place, "Failed", said, "Warning", node=node, container=container["name"])
    _waits(state, place, container, "ErrImagePull", message)


def _starts(state: Kubernetes, place: _Place, node: str, container: Object, how: Pulling) -> None:
    """What follows once the image is there; of a command that does not exist, nothing but an error."""
    if how.config_error:
        _event(state, place, "Failed", f"Error: {how.config_error}", "Warning", node=node, container=container["name"])
        _waits(state, place, container, "CreateContainerConfigError", how.config_error)
        return
    image_id = f"{container['image'].partition('@')[0].rpartition(':')[0]}@sha256:{'1' * 64}"
    command = (container.get("command") or ["/app/run"])[0]
    if _EXISTS.match(command):
        state.started.append(place.name)
        status: Object = {"running": {"startedAt": _now()}}
        phase = "Running"
    else:
        message = (
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
            f'failed: unable to start container process: error during container init: exec: "{command}": stat '
            f"{command}: no such file or directory"
        )
        ended = {"exitCode": 128, "reason": "StartError", "message": message, "startedAt": "1970-01-01T00:00:00Z"}
        status = {"terminated": ended | {"finishedAt": _now()}}
        phase = "Failed"
        _event(state, place, "Failed", f"Error: {message}", "Warning", node=node, container=container["name"])
    shown = _container(container, status) | {"imageID": image_id}
    _change(state, place, status={"phase": phase, "containerStatuses": [shown]})


# --- where a pod goes --------------------------------------------------------------------


def _node_for(state: Kubernetes, pod: Object) -> tuple[Object | None, dict[str, int]]:
    """A node that takes the pod, or how many nodes have what against it."""
    objections: dict[str, int] = {}
    for node in state.select("nodes", ""):
        why = _objection(state, node, pod)
        if why is None:
            return node, {}
        objections[why] = objections.get(why, 0) + 1
    return None, objections


def _objection(state: Kubernetes, node: Object, pod: Object) -> str | None:
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    affinity = spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    selector = spec.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return "node(s) didn't match Pod's node affinity/selector"
    if affinity and not any(_fits(node, term) for term in affinity["nodeSelectorTerms"]):
        return "node(s) didn't match Pod's node affinity/selector"
    taints = [each for each in node.get("spec", {}).get("taints") or () if each["effect"] in _BLOCKS]
    if node.get("spec", {}).get("unschedulable"):
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    for taint in taints:
        if not any(_tolerates(each, taint) for each in spec.get("tolerations") or ()):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    full = _pulling_on(state, node).full
    return f"Insufficient {full}" if full else None


def _fits(node: Object, term: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    values = [(each, node["metadata"]["name"]) for each in term.get("matchFields", ())]
    values += [(each, labels.get(each["key"], "")) for each in term.get("matchExpressions", ())]
    return all((value in each["values"]) == (each["operator"] == "In") for each, value in values)


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return bool(toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""))


def _is_pinned(pod: Object) -> bool:
    """Whether it asks for one node by its name, so that no other node could help it."""
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", ())
    return bool(terms) and all(
        any(each["key"] == "metadata.name" for each in term.get("matchFields", ())) for term in terms
    )


def _pulling_on(state: Kubernetes, node: Object) -> Pulling:
    labels = node["metadata"].get("labels") or {}
    pool = labels.get("kubernetes.azure.com/agentpool") or labels.get("karpenter.sh/nodepool") or ""
    return state.pulling.get(node["metadata"]["name"]) or state.pulling.get(pool) or Pulling()


# --- what is written of it ---------------------------------------------------------------


def _live(state: Kubernetes, place: _Place) -> Object | None:
    found = state.objects.get(("pods", place.namespace, place.name))
    return deepcopy(found) if found is not None and found["metadata"]["uid"] == place.uid else None


def _change(state: Kubernetes, place: _Place, status: Object, node: str | None = None) -> None:
    pod = _live(state, place)
    if pod is None:
        return
    if node is not None:
        pod["spec"]["nodeName"] = node
    conditions = {each["type"]: each for each in pod["status"].get("conditions", ())}
    conditions |= {each["type"]: each for each in status.get("conditions", ())}
    pod["status"] |= {**status, "conditions": list(conditions.values())}
    state.update_if_there("pods", pod)


def _waits(state: Kubernetes, place: _Place, container: Object, reason: str, message: str | None = None) -> None:
    waiting = {"reason": reason} | ({"message": message} if message else {})
    _change(state, place, status={"containerStatuses": [_container(container, {"waiting": waiting})]})


def _container(container: Object, status: Object) -> Object:
    shown = {"name": container["name"], "image": container["image"], "imageID": "", "ready": False}
    return shown | {"restartCount": 0, "started": False, "lastState": {}, "state": status}


def _condition(kind: str, status: str, reason: str = "", message: str = "") -> Object:
    said = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": _now()}
    return said | ({"reason": reason, "message": message} if reason else {})


def _event(
    state: Kubernetes,
    place: _Place,
    reason: str,
    message: str,
    kind: str = "Normal",
    *,
    node: str | None = None,
    container: str | None = None,
    component: str = "kubelet",
) -> None:
    about: Object = {"kind": "Pod", "namespace": place.namespace, "name": place.name, "uid": place.uid}
    if container is not None:
        about["fieldPath"] = f"spec.containers{{{container}}}"
    metadata = {"name": f"{place.name}.{time.monotonic_ns():x}", "namespace": place.namespace}
    times = {"firstTimestamp": _now(), "lastTimestamp": _now(), "count": 1}
    source = {"component": component} | ({"host": node} if node else {})
    said = {"involvedObject": about, "reason": reason, "message": message, "type": kind, "source": source}
    if _live(state, place) is not None:
        state.add("events", {"metadata": metadata, **said, **times})


def _is_over(pod: Object) -> bool:
    """Whether the pod's own deadline has passed; it counts from when kubelet saw it first."""
    seconds = pod["spec"].get("activeDeadlineSeconds")
    made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"].replace("Z", "+00:00"))
    return seconds is not None and (datetime.now(timezone.utc) - made).total_seconds() > seconds


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
