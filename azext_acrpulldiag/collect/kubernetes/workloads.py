"""Read what Kubernetes knows: nodes, containers that wait on their image, and images that were pulled.

Only what fails is read: pods by phase, others by the events that name them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ...facts import (
    SANDBOX,
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
from .objects import (
    count_of,
    first_or_none,
    key_of,
    objects_in,
    strings_at,
    text_at,
    texts_in,
    time_of,
    when,
    when_or_none,
)
from .owners import owner_of
from .questions import Question
from .refused import refused_from, running_of, running_pods_of
from .sandboxes import CREATE_FAILED as NO_SANDBOX
from .sandboxes import NAME as SANDBOX_NAME
from .sandboxes import sandbox_not_created
from .selected import BACKED_OFF, PENDING, PULLS, WARNINGS, asked_at_once, of_pod
from .virtual_nodes import CREATE_FAILED, containers_not_created, is_about_an_image

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
    api.ahead(*asked_at_once(where.namespace, where.pod))
    reads: list[Callable[[], Any]] = [
        lambda: tuple(node_from(item) for item in api.nodes()),
        lambda: _waiting_pods(api, where),
        lambda: _events(api, where, WARNINGS, FAILURE_EVENTS),
        lambda: _events(api, where, BACKED_OFF, FAILURE_EVENTS),
        lambda: _events(api, where, PULLS, PULLED_EVENTS),
        lambda: _existing(api, where),
    ]
    # Half of the time at most: pull secrets and images hang on what these answer.
    nodes, pods, warnings, backed_off, pulled, exists = answers = in_parallel(reads, within=api.remaining() / 2)
    out_of_reach = next((each for each in answers if _is_whole(each)), None)
    if out_of_reach is not None and all(isinstance(each, Unreadable) for each in answers[:5]):
        return out_of_reach
    if isinstance(nodes, Unreadable) and all(each == nodes for each in answers[:5]):
        return nodes  # one reason for all, such as a command in the cluster that was refused
    read = [event for each in (warnings, backed_off) if not isinstance(each, Unreadable) for event in each]
    events = [event for event in read if _is_of_a_failed_pull(event)]
    refused = warnings if isinstance(warnings, Unreadable) else refused_from(warnings)
    named = [] if where.pod or isinstance(pods, Unreadable) else _named_elsewhere(pods, events)
    api.ahead(
        *(Question("pods", *key) for key in named),
        *(() if isinstance(refused, Unreadable) else running_pods_of(refused)),
    )
    others: list[Json | Unreadable | None] = []
    failing: tuple[FailingContainer, ...] | Unreadable
    if isinstance(exists, Unreadable) or isinstance(pods, Unreadable):
        failing = exists if isinstance(exists, Unreadable) else pods
    else:
        others = in_parallel([_one_pod(api, *key) for key in named])
        failing = failing_from([*pods, *(pod for pod in others if isinstance(pod, dict))], events)
    # A pod that was named is read by itself, whatever the events.
    unread = () if where.pod else (warnings, backed_off, *others)
    return Kubernetes(
        nodes=nodes,
        failing=failing,
        pulled=pulled if isinstance(pulled, Unreadable) else pulled_from(pulled, nodes),
        overlooked=next((each for each in unread if isinstance(each, Unreadable)), None),
        refused=refused if isinstance(refused, Unreadable) else running_of(api, refused),
    )


def _is_of_a_failed_pull(event: Json) -> bool:
    """Whether kubelet, or who stands for it on a virtual node, says that a pod did not get its image."""
    if member(event, "involvedObject", "kind") not in (None, "Pod"):
        return False
    reason = member(event, "reason")
    if reason == NO_SANDBOX:
        return True  # the newest decides, also where it is of another trouble than an image
    return reason in ("Failed", "BackOff") or (reason == CREATE_FAILED and is_about_an_image(text_at(event, "message")))


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
        return list(api.pods(scope.namespace, PENDING))
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


def _events(api: KubeApi, scope: Scope, selector: str, most: int) -> list[Json]:
    return list(islice(api.events(scope.namespace, of_pod(selector, scope.pod)), most))


def _named_elsewhere(pods: list[Json], events: Iterable[Json]) -> list[tuple[str, str]]:
    """Namespace and name of pods of failed pulls that run otherwise, newest event first."""
    read = {key_of(pod) for pod in pods}
    wanted: dict[tuple[str, str], None] = {}
    for event in sorted(events, key=when, reverse=True):
        key = (str(member(event, "involvedObject", "namespace")), str(member(event, "involvedObject", "name")))
        of_provider = member(event, "reason") == CREATE_FAILED
        if key not in read and (of_provider or _ABOUT_A_PULL.search(text_at(event, "message"))):
            wanted.setdefault(key)
    return list(islice(wanted, PODS_BY_NAME))


def _one_pod(api: KubeApi, namespace: str, name: str) -> Callable[[], Json | None]:
    return lambda: api.pod(namespace, name)


# --- nodes ---------------------------------------------------------------------------------


def node_from(item: Json) -> Node:
    """Map a node; what it does not show is empty or ``None``."""
    labels = strings_at(item, "metadata", "labels")
    conditions = member(item, "status", "conditions")
    ready = [each for each in objects_in(conditions) if each.get("type") == "Ready"]
    return Node(
        name=text_at(item, "metadata", "name"),
        pool=labels.get("kubernetes.azure.com/agentpool") or labels.get("karpenter.sh/nodepool"),
        os=labels.get("kubernetes.io/os") or text_at(item, "status", "nodeInfo", "operatingSystem"),
        architecture=labels.get("kubernetes.io/arch") or text_at(item, "status", "nodeInfo", "architecture"),
        windows_build=labels.get("node.kubernetes.io/windows-build"),
        kubelet_client_id=labels.get("kubernetes.azure.com/kubelet-identity-client-id") or None,
        ready=bool(ready) and ready[0].get("status") == "True",
        created=time_of(member(item, "metadata", "creationTimestamp")),
        labels=labels,
        runtime=text_at(item, "status", "nodeInfo", "containerRuntimeVersion") or None,
    )


# --- containers that wait ------------------------------------------------------------------


def failing_from(pods: Iterable[Json], events: Iterable[Json]) -> tuple[FailingContainer, ...]:
    """The containers of ``pods`` that wait on their image, each with the text that names the cause.

    The container's status comes first, because events expire; where it only says that kubelet
    backs off, the newest ``Failed`` event of that container has the cause.
    """
    of_pods: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        key = (text_at(event, "involvedObject", "namespace"), text_at(event, "involvedObject", "name"))
        of_pods.setdefault(key, []).append(event)
    return tuple(container for pod in pods for container in _of_pod(pod, of_pods.get(key_of(pod), [])))


def _of_pod(pod: Json, events: list[Json]) -> Iterator[FailingContainer]:
    yield from _waiting_containers(pod, [each for each in events if member(each, "reason") != NO_SANDBOX])
    sandbox = sandbox_not_created(pod, events)
    if sandbox is not None:
        image, event = sandbox
        waiting = {"reason": NO_SANDBOX, "message": text_at(event, "message")}
        status: Json = {"name": SANDBOX_NAME, "state": {"waiting": waiting}}
        # Containerd fetches it before it knows of anything that the pod brings.
        yield replace(_failing(pod, status, {"image": image}, [event]), pull_secrets=(), owner=None, kind=SANDBOX)
    for specs, spec, reason, message in containers_not_created(pod, events):
        status = {"name": spec.get("name"), "state": {"waiting": {"reason": reason, "message": message}}}
        yield replace(_failing(pod, status, spec, []), kind=specs)


def _waiting_containers(pod: Json, events: list[Json]) -> Iterator[FailingContainer]:
    for statuses, specs in _KINDS:
        specified = {text_at(each, "name"): each for each in objects_in(member(pod, "spec", specs))}
        for status in objects_in(member(pod, "status", statuses)):
            if text_at(status, "state", "waiting", "reason") in WAITING_REASONS:
                name = text_at(status, "name")
                spec = specified.get(name, {})
                volumes = _image_volumes(pod, spec)
                images = [text_at(status, "image"), *(text_at(each, "image") for each in volumes)]
                failing = _failing(pod, status, spec, _events_of(pod, name, images, events))
                yield _of_volume(replace(failing, kind=specs), volumes)


def _image_volumes(pod: Json, spec: Json) -> list[Json]:
    """The images that a container mounts as volumes, each as a container's specification would show it.

    One that cannot be pulled keeps the container waiting, and its events name no container
    (https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/).
    """
    mounted = {text_at(each, "name") for each in objects_in(member(spec, "volumeMounts"))}
    return [
        {"image": text_at(each, "image", "reference"), "imagePullPolicy": text_at(each, "image", "pullPolicy")}
        for each in objects_in(member(pod, "spec", "volumes"))
        if text_at(each, "name") in mounted and text_at(each, "image", "reference")
    ]


def _of_volume(failing: FailingContainer, volumes: list[Json]) -> FailingContainer:
    """The container with the image of the volume that its text names, if it does not name the container's own."""
    if not _names(failing.message, failing.image):
        for each in volumes:
            if _names(failing.message, text_at(each, "image")):
                policy = text_at(each, "imagePullPolicy") or None
                return replace(failing, image=text_at(each, "image"), pull_policy=policy)
    return failing


def _names(message: str, image: str) -> bool:
    """Whether a text quotes an image; kubelet writes the tag that is left out."""
    return bool(image) and (f'"{image}"' in message or f'"{image}:latest"' in message)


def _failing(pod: Json, status: Json, spec: Json, events: list[Json]) -> FailingContainer:
    last = max(events, key=when, default=None)
    return FailingContainer(
        namespace=text_at(pod, "metadata", "namespace"),
        pod=text_at(pod, "metadata", "name"),
        container=text_at(status, "name"),
        image=masked(text_at(spec, "image") or text_at(status, "image")),
        node=text_at(pod, "spec", "nodeName") or None,
        reason=text_at(status, "state", "waiting", "reason"),
        message=masked(_cause(status, events)),
        count=count_of(last),
        last_seen=None if last is None else when_or_none(last),
        first_seen=min(filter(None, map(first_or_none, events)), default=None),
        service_account=text_at(pod, "spec", "serviceAccountName") or "default",
        pull_secrets=tuple(
            name for each in objects_in(member(pod, "spec", "imagePullSecrets")) if (name := text_at(each, "name"))
        ),
        pull_policy=text_at(spec, "imagePullPolicy") or None,
        placement=placement_from(pod),
        owner=owner_of(pod),
        created=time_of(member(pod, "metadata", "creationTimestamp")),
    )


def _cause(status: Json, events: list[Json]) -> str:
    """The text that says most about why; the waiting reason where nothing says more."""
    own = text_at(status, "state", "waiting", "message")
    if own and not _says_nothing(own):
        return own
    for event in sorted(events, key=when, reverse=True):
        told = text_at(event, "message")
        if member(event, "reason") == "Failed" and told and not told.startswith("Error: ") and not _says_nothing(told):
            return told
    return (
        own
        or next((text_at(event, "message") for event in events), "")
        or text_at(status, "state", "waiting", "reason")
    )


def _says_nothing(message: str) -> bool:
    return classify(message).symptom_class in ("backoff-only", "negative")


def _events_of(pod: Json, container: str, images: list[str], events: list[Json]) -> list[Json]:
    """The events about one container's images: by field path, or where there is none by an image's name."""
    uid = member(pod, "metadata", "uid")
    found = []
    for event in events:
        if uid and member(event, "involvedObject", "uid") not in (None, uid):
            continue  # of an earlier pod of that name
        path = _FIELD_PATH.fullmatch(text_at(event, "involvedObject", "fieldPath"))
        told = text_at(event, "message")
        if path[1] == container if path else any(_names(told, image) for image in images):
            found.append(event)
    return found


def placement_from(pod: Json) -> Placement:
    """What a pod asks of its node: selector and required affinity."""
    affinity = member(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return Placement(
        node_selector=strings_at(pod, "spec", "nodeSelector"),
        required_terms=tuple(
            tuple(
                Requirement(text_at(each, "key"), text_at(each, "operator"), texts_in(each.get("values")))
                for kind in ("matchExpressions", "matchFields")
                for each in objects_in(term.get(kind))
            )
            for term in objects_in(member(affinity, "nodeSelectorTerms"))
        ),
    )


# --- positive evidence ---------------------------------------------------------------------


def pulled_from(events: Iterable[Json], nodes: tuple[Node, ...] | Unreadable) -> tuple[PulledImage, ...]:
    """The events of images that were really fetched: an image that was there already has no duration."""
    pools = {} if isinstance(nodes, Unreadable) else {node.name: node.pool for node in nodes}
    pulled = []
    for event in events:
        match = _PULLED.match(text_at(event, "message"))
        if match:
            node = text_at(event, "source", "host") or text_at(event, "reportingInstance") or None
            namespace = text_at(event, "involvedObject", "namespace") or None
            pod = text_at(event, "involvedObject", "name") or None
            pulled.append(PulledImage(match[1], node, pools.get(node or ""), when_or_none(event), namespace, pod))
    return tuple(pulled)
