"""Read what Kubernetes knows: nodes, containers that wait on their image, and images that were pulled.

Only what fails is read: pods by phase, others by the events that name them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from ...facts import (
    FailingContainer,
    Kubernetes,
    Node,
    Placement,
    PulledImage,
    Requirement,
    Unreadable,
)
from ...masking import masked
from ...pull_errors import classify
from ..ask.arm import Json, ReadError, in_parallel
from ..members import member
from .api import KubeApi
from .login import KUBECONFIG

WAITING_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
# Pods that are not Pending and have an event of a failed pull: containers that were added or started again.
PODS_BY_NAME = 50
# The newest suffice as evidence that a pool can pull; a busy cluster has tens of thousands.
PULLED_EVENTS = 1000
FAILURE_EVENTS = 20000

_CLUSTER = "kubernetes.azure.com/cluster"
_KINDS = (
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
)
_FIELD_PATH = re.compile(r"spec\.(?:containers|initContainers|ephemeralContainers)\{(.+)\}")
_PULLED = re.compile(r'Successfully pulled image "([^"]+)" in \d')
_ABOUT_A_PULL = re.compile(
    r"Failed to pull image|Back-off pulling image|Failed to apply default image tag|InvalidImage"
)


@dataclass(frozen=True)
class Scope:
    """The pods to look at: all, those of a namespace, or one."""

    namespace: str | None = None
    pod: str | None = None
    """With no namespace given it is looked for in ``default``, as kubectl does without a context."""


def read_kubernetes(api: KubeApi, scope: Scope) -> Kubernetes | Unreadable:
    """Read nodes, failing containers and recent pulls, at once; each may be unreadable by itself.

    Unreadable as a whole where the API server is out of reach or refuses the login.
    """
    where = replace(scope, namespace=scope.namespace or "default") if scope.pod else scope
    reads: list[Callable[[], Any]] = [
        lambda: tuple(node_from(item) for item in api.nodes()),
        lambda: _waiting_pods(api, where),
        lambda: _events(api, where, "Failed", FAILURE_EVENTS),
        lambda: _events(api, where, "BackOff", FAILURE_EVENTS),
        lambda: _events(api, where, "Pulled", PULLED_EVENTS),
        lambda: _existing(api, where),
    ]
    # Half of the time at most: pull secrets and images hang on what these answer.
    nodes, pods, failed, backed_off, pulled, exists = answers = in_parallel(reads, within=api.remaining() / 2)
    out_of_reach = next((each for each in answers if _is_whole(each)), None)
    if out_of_reach is not None and all(isinstance(each, Unreadable) for each in answers[:5]):
        return out_of_reach
    events = [event for each in (failed, backed_off) if not isinstance(each, Unreadable) for event in each]
    others: list[Json | Unreadable | None] = []
    failing: tuple[FailingContainer, ...] | Unreadable
    if isinstance(exists, Unreadable) or isinstance(pods, Unreadable):
        failing = exists if isinstance(exists, Unreadable) else pods
    else:
        others = _other_pods(api, where, pods, events)
        failing = failing_from([*pods, *(pod for pod in others if isinstance(pod, dict))], events)
    # A pod that was named is read by itself, whatever the events.
    unread = () if where.pod else (failed, backed_off, *others)
    return Kubernetes(
        nodes=nodes,
        failing=failing,
        pulled=pulled if isinstance(pulled, Unreadable) else pulled_from(pulled, nodes),
        overlooked=next((each for each in unread if isinstance(each, Unreadable)), None),
    )


def of_another_cluster(kubernetes: Kubernetes, node_group: str) -> Unreadable | None:
    """Say that nodes belong to another cluster than the one with the node resource group ``node_group``.

    A kubeconfig may be for any cluster, and another cluster's pods would tell of another fault. AKS
    labels nodes with their group, cut to the 63 characters that a label may have.
    """
    nodes = () if isinstance(kubernetes.nodes, Unreadable) else kubernetes.nodes
    groups = sorted({node.labels[_CLUSTER] for node in nodes if node.labels.get(_CLUSTER)})
    if not groups or any(node_group.lower().startswith(group.lower()) for group in groups):
        return None
    return Unreadable(
        "unsupported", f"The kubeconfig is for another cluster: its node resource group is {groups[0]}", KUBECONFIG
    )


def _is_whole(answer: Any) -> bool:
    return isinstance(answer, Unreadable) and answer.reason in ("unreachable", "timeout", "not-logged-in")


def _waiting_pods(api: KubeApi, scope: Scope) -> list[Json]:
    if scope.pod is None or scope.namespace is None:
        return list(api.pods(scope.namespace, "status.phase=Pending"))
    pod = api.pod(scope.namespace, scope.pod)
    if pod is None:
        raise ReadError(Unreadable("not-found", f"There is no pod {scope.pod} in namespace {scope.namespace}"))
    return [pod]


def _existing(api: KubeApi, scope: Scope) -> None:
    """See that the namespace exists: one that does not has no failing pods either. Not to know is no hindrance."""
    if scope.namespace is None or scope.pod is not None:
        return
    try:
        found = api.namespace(scope.namespace)
    except ReadError:
        return
    if found is None:
        raise ReadError(Unreadable("not-found", f"There is no namespace {scope.namespace}"))


def _events(api: KubeApi, scope: Scope, reason: str, most: int) -> list[Json]:
    selector = f"involvedObject.kind=Pod,reason={reason}"
    if scope.pod:
        selector += f",involvedObject.name={scope.pod}"
    return list(islice(api.events(scope.namespace, selector), most))


def _other_pods(api: KubeApi, scope: Scope, pods: list[Json], events: Iterable[Json]) -> list[Json | Unreadable | None]:
    """Pods of failed pulls that run otherwise, newest event first; ``None``: it is gone."""
    if scope.pod is not None:
        return []
    read = {_key(pod) for pod in pods}
    wanted: dict[tuple[str, str], None] = {}
    for event in sorted(events, key=_when, reverse=True):
        key = (str(member(event, "involvedObject", "namespace")), str(member(event, "involvedObject", "name")))
        if key not in read and _ABOUT_A_PULL.search(_text(event, "message")):
            wanted.setdefault(key)
    return in_parallel([_one_pod(api, *key) for key in islice(wanted, PODS_BY_NAME)])


def _one_pod(api: KubeApi, namespace: str, name: str) -> Callable[[], Json | None]:
    return lambda: api.pod(namespace, name)


# --- nodes ---------------------------------------------------------------------------------


def node_from(item: Json) -> Node:
    """Map a node; what it does not show is empty or ``None``."""
    labels = _strings(item, "metadata", "labels")
    conditions = member(item, "status", "conditions")
    ready = [each for each in _objects(conditions) if each.get("type") == "Ready"]
    return Node(
        name=_text(item, "metadata", "name"),
        pool=labels.get("kubernetes.azure.com/agentpool") or labels.get("karpenter.sh/nodepool"),
        os=labels.get("kubernetes.io/os") or _text(item, "status", "nodeInfo", "operatingSystem"),
        architecture=labels.get("kubernetes.io/arch") or _text(item, "status", "nodeInfo", "architecture"),
        windows_build=labels.get("node.kubernetes.io/windows-build"),
        kubelet_client_id=labels.get("kubernetes.azure.com/kubelet-identity-client-id") or None,
        ready=bool(ready) and ready[0].get("status") == "True",
        created=_time(member(item, "metadata", "creationTimestamp")),
        labels=labels,
    )


# --- containers that wait ------------------------------------------------------------------


def failing_from(pods: Iterable[Json], events: Iterable[Json]) -> tuple[FailingContainer, ...]:
    """The containers of ``pods`` that wait on their image, each with the text that names the cause.

    The container's status comes first, because events expire; where it only says that kubelet
    backs off, the newest ``Failed`` event of that container has the cause.
    """
    of_pods: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        key = (_text(event, "involvedObject", "namespace"), _text(event, "involvedObject", "name"))
        of_pods.setdefault(key, []).append(event)
    return tuple(container for pod in pods for container in _waiting_containers(pod, of_pods.get(_key(pod), [])))


def _waiting_containers(pod: Json, events: list[Json]) -> Iterator[FailingContainer]:
    for statuses, specs in _KINDS:
        specified = {_text(each, "name"): each for each in _objects(member(pod, "spec", specs))}
        for status in _objects(member(pod, "status", statuses)):
            if _text(status, "state", "waiting", "reason") in WAITING_REASONS:
                name = _text(status, "name")
                failing = _failing(pod, status, specified.get(name, {}), _events_of(pod, name, status, events))
                yield replace(failing, kind=specs)


def _failing(pod: Json, status: Json, spec: Json, events: list[Json]) -> FailingContainer:
    last = max(events, key=_when, default=None)
    return FailingContainer(
        namespace=_text(pod, "metadata", "namespace"),
        pod=_text(pod, "metadata", "name"),
        container=_text(status, "name"),
        image=masked(_text(spec, "image") or _text(status, "image")),
        node=_text(pod, "spec", "nodeName") or None,
        reason=_text(status, "state", "waiting", "reason"),
        message=masked(_cause(status, events)),
        count=_count(last),
        last_seen=None if last is None else _when_or_none(last),
        service_account=_text(pod, "spec", "serviceAccountName") or "default",
        pull_secrets=tuple(
            name for each in _objects(member(pod, "spec", "imagePullSecrets")) if (name := _text(each, "name"))
        ),
        pull_policy=_text(spec, "imagePullPolicy") or None,
        placement=placement_from(pod),
        owner=owner_of(pod),
        created=_time(member(pod, "metadata", "creationTimestamp")),
    )


def _cause(status: Json, events: list[Json]) -> str:
    """The text that says most about why; the waiting reason where nothing says more."""
    own = _text(status, "state", "waiting", "message")
    if own and not _says_nothing(own):
        return own
    for event in sorted(events, key=_when, reverse=True):
        told = _text(event, "message")
        if member(event, "reason") == "Failed" and told and not told.startswith("Error: ") and not _says_nothing(told):
            return told
    return own or next((_text(event, "message") for event in events), "") or _text(status, "state", "waiting", "reason")


def _says_nothing(message: str) -> bool:
    return classify(message).symptom_class in ("backoff-only", "negative")


def _events_of(pod: Json, container: str, status: Json, events: list[Json]) -> list[Json]:
    """The events about one container's image: by field path, or where there is none by the image's name."""
    uid, image = member(pod, "metadata", "uid"), _text(status, "image")
    found = []
    for event in events:
        if uid and member(event, "involvedObject", "uid") not in (None, uid):
            continue  # of an earlier pod of that name
        path = _FIELD_PATH.fullmatch(_text(event, "involvedObject", "fieldPath"))
        if path[1] == container if path else bool(image) and f'"{image}"' in _text(event, "message"):
            found.append(event)
    return found


def placement_from(pod: Json) -> Placement:
    """What a pod asks of its node: selector and required affinity."""
    affinity = member(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return Placement(
        node_selector=_strings(pod, "spec", "nodeSelector"),
        required_terms=tuple(
            tuple(
                Requirement(_text(each, "key"), _text(each, "operator"), _texts(each.get("values")))
                for kind in ("matchExpressions", "matchFields")
                for each in _objects(term.get(kind))
            )
            for term in _objects(member(affinity, "nodeSelectorTerms"))
        ),
    )


def owner_of(pod: Json) -> str | None:
    """The controller of a pod; of a replica set with a template hash, the deployment above it."""
    owners = _objects(member(pod, "metadata", "ownerReferences"))
    owner = next((each for each in owners if each.get("controller") is True), None)
    if owner is None:
        return None
    kind, name = _text(owner, "kind"), _text(owner, "name")
    template = _strings(pod, "metadata", "labels").get("pod-template-hash")
    if kind == "ReplicaSet" and template and name.endswith(f"-{template}"):
        return f"Deployment/{name.removesuffix(f'-{template}')}"
    return f"{kind}/{name}"


# --- positive evidence ---------------------------------------------------------------------


def pulled_from(events: Iterable[Json], nodes: tuple[Node, ...] | Unreadable) -> tuple[PulledImage, ...]:
    """The events of images that were really fetched: an image that was there already has no duration."""
    pools = {} if isinstance(nodes, Unreadable) else {node.name: node.pool for node in nodes}
    pulled = []
    for event in events:
        match = _PULLED.match(_text(event, "message"))
        if match:
            node = _text(event, "source", "host") or _text(event, "reportingInstance") or None
            namespace = _text(event, "involvedObject", "namespace") or None
            pod = _text(event, "involvedObject", "name") or None
            pulled.append(PulledImage(match[1], node, pools.get(node or ""), _when_or_none(event), namespace, pod))
    return tuple(pulled)


# --- members of JSON that others wrote ------------------------------------------------------

_NEVER = datetime.min.replace(tzinfo=timezone.utc)


def _key(pod: Json) -> tuple[str, str]:
    return _text(pod, "metadata", "namespace"), _text(pod, "metadata", "name")


def _when(event: Json) -> datetime:
    return _when_or_none(event) or _NEVER


def _when_or_none(event: Json) -> datetime | None:
    """When an event was last seen: kubelet writes ``lastTimestamp``, newer components a series or ``eventTime``."""
    for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",), ("metadata", "creationTimestamp")):
        time = _time(member(event, *path))
        if time is not None:
            return time
    return None


def _count(event: Json | None) -> int | None:
    for path in (("series", "count"), ("count",)):
        value = member(event, *path)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _time(value: Any) -> datetime | None:
    """Kubernetes writes seconds or six digits and a ``Z``, and there may be thousands."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _text(body: Any, *path: str) -> str:
    value = member(body, *path)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _strings(body: Any, *path: str) -> Mapping[str, str]:
    value = member(body, *path)
    return {str(key): each for key, each in value.items() if isinstance(each, str)} if isinstance(value, dict) else {}
